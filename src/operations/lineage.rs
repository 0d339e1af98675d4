//! Clones and their sources within one operation, and the turns that follow.
//!
//! Invariant: pure. A source is booted only once its clones have been built: zoneadm clones a zone that is down.

use std::collections::BTreeMap;

use super::order::{Need, Order, Relation};
use crate::documents::zone::{ZoneEntry, is_golden_name};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::value::name::ZoneName;
use crate::value::source::Sourced;

/// A zone of an operation.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: ZoneName,
    pub(crate) brand: String,
    /// The zone that it is cloned from.
    pub(crate) source: Option<Sourced<ZoneName>>,
    /// The operation installs it.
    pub(crate) is_built: bool,
}

/// The zones of an operation, in the order of the request.
#[derive(Debug, Default)]
pub(crate) struct Lineage(pub(crate) Vec<Member>);

/// The sources among the zones that an operation builds or removes, each with its clones among them.
#[derive(Debug, Default)]
pub(crate) struct Clones(BTreeMap<ZoneName, Source>);

#[derive(Debug)]
struct Source {
    brand: String,
    clones: Vec<ZoneName>,
}

impl Clones {
    /// Returns the clones of this zone that the operation builds, or removes, as well.
    pub(crate) fn of(&self, source: &ZoneName) -> &[ZoneName] {
        self.0.get(source).map(|source| source.clones.as_slice()).unwrap_or_default()
    }

    /// Returns the brand of a zone that the operation builds before its clones.
    pub(crate) fn brand_of(&self, source: &ZoneName) -> Option<&str> {
        self.0.get(source).map(|source| source.brand.as_str())
    }

    /// Returns what a plan says of the boot of this zone, if that comes after its clones.
    pub(crate) fn note(&self, source: &ZoneName) -> Option<String> {
        let clones: Vec<&str> = self.of(source).iter().map(ZoneName::as_str).collect();
        (!clones.is_empty()).then(|| format!("{source} is booted after it has been cloned: {}", clones.join(", ")))
    }
}

/// The turns of an operation that builds zones.
pub(crate) struct Building {
    pub(super) names: Vec<ZoneName>,
    /// The zones, then the boots.
    pub(super) order: Order,
    /// The places of the sources that are booted after their clones.
    pub(super) boots: Vec<usize>,
}

impl Lineage {
    /// Returns the lineage of zones that have nothing to do with each other.
    pub(crate) fn unrelated(names: &[ZoneName]) -> Lineage {
        let member =
            |name: &ZoneName| Member { name: name.clone(), brand: String::new(), source: None, is_built: true };
        Lineage(names.iter().map(member).collect())
    }

    /// Returns the names of the zones.
    pub(crate) fn names(&self) -> Vec<ZoneName> {
        self.0.iter().map(|member| member.name.clone()).collect()
    }

    fn relation(&self) -> Relation {
        let built: BTreeMap<&ZoneName, bool> = self.0.iter().map(|member| (&member.name, member.is_built)).collect();
        Relation::of(&self.names(), |at| {
            let member = &self.0[at];
            // The source of a zone that was built long ago does not matter to it.
            let source = member.source.as_ref().filter(|_| member.is_built).map(|source| source.value.clone());
            source.map(|source| {
                let need = if built.get(&source) == Some(&true) { Need::Success } else { Need::End };
                (source, need)
            })
        })
    }

    /// Returns the sources that the operation builds or removes.
    pub(crate) fn clones(&self) -> Clones {
        let mut clones: BTreeMap<ZoneName, Source> = BTreeMap::new();
        for (clone, source, _) in self.relation().pairs().iter().filter(|(clone, source, _)| clone != source) {
            let member = &self.0[*source];
            if member.is_built {
                let source = Source { brand: member.brand.clone(), clones: Vec::new() };
                clones.entry(member.name.clone()).or_insert(source).clones.push(self.0[*clone].name.clone());
            }
        }
        Clones(clones)
    }

    /// Returns the turns of an operation that builds these zones: a clone comes after its source, and the boot of a source after its
    /// clones.
    ///
    /// Errors: `config` if zones are to be cloned from each other.
    pub(crate) fn building(&self) -> Result<Building> {
        let relation = self.relation();
        let mut waits: Vec<(usize, usize, Need)> = relation.up().collect();
        let mut boots: BTreeMap<usize, usize> = BTreeMap::new();
        for &(clone, source, need) in relation.pairs() {
            // A golden zone is never booted.
            if need == Need::Success && !is_golden_name(self.0[source].name.as_str()) {
                let next = self.0.len() + boots.len();
                let boot = *boots.entry(source).or_insert_with(|| {
                    waits.push((next, source, Need::Success));
                    next
                });
                waits.push((boot, clone, Need::End));
            }
        }
        let mut places: Vec<(usize, usize)> = boots.into_iter().map(|(source, boot)| (boot, source)).collect();
        places.sort_unstable();
        let boots: Vec<usize> = places.into_iter().map(|(_, source)| source).collect();
        let order = Order::new(self.0.len() + boots.len(), waits).map_err(|cycle| self.circle(&cycle.0))?;
        Ok(Building { names: self.names(), order, boots })
    }

    /// Returns the turns of an operation that removes these zones: a source comes after its clones.
    pub(crate) fn removing(&self) -> Removing {
        let count = self.0.len();
        // The records of existing zones may be wrong: then they go in the order of the request.
        let order = Order::new(count, self.relation().down()).unwrap_or_else(|_| Order::any(count));
        Removing { names: self.names(), order }
    }

    /// The error for zones that are to be cloned from each other, with the places that say so.
    fn circle(&self, at: &[usize]) -> Error {
        let members: Vec<&Member> = at.iter().filter_map(|at| self.0.get(*at)).collect();
        let names: Vec<&str> = members.iter().chain(members.first()).map(|member| member.name.as_str()).collect();
        let what = match members.as_slice() {
            [one] => format!("zone {} would be cloned from itself", one.name),
            _ => format!("zones would be cloned from each other in a circle: {}", names.join(" → ")),
        };
        let places = members.iter().filter_map(|member| Some((member, member.source.as_ref()?)));
        let details = places.map(|(member, source)| {
            let message = format!("{}: zone {} is cloned from {}", source.source, member.name, source.value);
            Diagnostic::new("circle", message)
        });
        Error::new(Code::Config, what)
            .with_details(details.collect())
            .with_help("give one of them `install` instead of `clone-from`")
    }
}

/// Returns the zone that a built zone was cloned from.
pub(crate) fn source_of(entry: &ZoneEntry) -> Option<Sourced<ZoneName>> {
    let applied = entry.applied.as_deref().map(|applied| &applied.settings);
    applied.unwrap_or(&entry.settings).clone_from.clone()
}

/// The turns of an operation that removes zones.
pub(crate) struct Removing {
    pub(super) names: Vec<ZoneName>,
    pub(super) order: Order,
}

impl Removing {
    /// Returns these, one for each zone, in the order of their turns.
    pub(crate) fn sorted<T>(&self, items: Vec<T>) -> Vec<T> {
        self.order.sorted(items)
    }
}

impl Building {
    /// Returns these, one for each zone, in the order of their turns.
    pub(crate) fn sorted<T>(&self, items: Vec<T>) -> Vec<T> {
        self.order.sorted(items)
    }
}
