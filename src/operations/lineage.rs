//! Clones and their sources within one operation, the zones that boot after others, and the turns that follow.
//!
//! Invariant: pure. A source is booted only once its clones have been built: zoneadm clones a zone that is down. A zone that comes
//! after others is booted only once they are up; it is built without waiting for them.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Cycle, Need, Order, Relation};
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
    /// The zones that it comes after, if the operation boots it, or boots it again.
    pub(crate) after: Option<Vec<ZoneName>>,
}

/// The zones of an operation, in the order of the request.
#[derive(Debug, Default)]
pub(crate) struct Lineage(pub(crate) Vec<Member>);

/// The sources among the zones that an operation builds or removes, each with its clones among them, and the order of its boots.
#[derive(Debug, Default)]
pub(crate) struct Clones {
    sources: BTreeMap<ZoneName, Source>,
    /// Each zone that is booted after others, with those.
    after: BTreeMap<ZoneName, Vec<ZoneName>>,
    /// Zones whose boot is a turn of its own.
    later: BTreeSet<ZoneName>,
}

#[derive(Debug)]
struct Source {
    brand: String,
    clones: Vec<ZoneName>,
}

impl Clones {
    /// Returns the clones of this zone that the operation builds, or removes, as well.
    pub(crate) fn of(&self, source: &ZoneName) -> &[ZoneName] {
        self.sources.get(source).map(|source| source.clones.as_slice()).unwrap_or_default()
    }

    /// Returns the brand of a zone that the operation builds before its clones.
    pub(crate) fn brand_of(&self, source: &ZoneName) -> Option<&str> {
        self.sources.get(source).map(|source| source.brand.as_str())
    }

    /// Returns true if the zone is booted in a turn of its own, after it is built.
    pub(crate) fn boots_later(&self, zone: &ZoneName) -> bool {
        self.later.contains(zone)
    }

    /// Returns true if another zone is booted only once the services of this one are up.
    pub(crate) fn is_awaited(&self, zone: &ZoneName) -> bool {
        self.after.values().any(|others| others.contains(zone))
    }

    /// Returns true if the operation boots this zone after the other one.
    pub(crate) fn boots_before(&self, zone: &ZoneName, other: &ZoneName) -> bool {
        self.after.get(zone).is_some_and(|others| others.contains(other))
    }

    /// Returns what a plan says of the boot of this zone, if that comes after its clones or after other zones.
    pub(crate) fn notes(&self, zone: &ZoneName) -> Vec<String> {
        let names = |zones: &[ZoneName]| zones.iter().map(ZoneName::as_str).collect::<Vec<_>>().join(", ");
        let clones = self.of(zone);
        let cloned =
            (!clones.is_empty()).then(|| format!("{zone} is booted after it has been cloned: {}", names(clones)));
        let after = self.after.get(zone).map(|others| format!("{zone} is booted after {}", names(others)));
        cloned.into_iter().chain(after).collect()
    }
}

/// The turns of an operation that builds zones.
pub(crate) struct Building {
    pub(super) names: Vec<ZoneName>,
    /// The zones, then the boots.
    pub(super) order: Order,
    /// The places of the zones that are booted in a turn of their own.
    pub(super) boots: Vec<usize>,
    /// The places of the zones that each is booted after.
    pub(super) after: BTreeMap<usize, Vec<usize>>,
    /// The places of zones that would be booted after each other.
    pub(super) circles: Vec<Vec<usize>>,
}

impl Lineage {
    /// Returns the lineage of zones that have nothing to do with each other.
    pub(crate) fn unrelated(names: &[ZoneName]) -> Lineage {
        let member = |name: &ZoneName| Member {
            name: name.clone(),
            brand: String::new(),
            source: None,
            is_built: true,
            after: None,
        };
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
        let mut after: BTreeMap<ZoneName, Vec<ZoneName>> = BTreeMap::new();
        for (zone, other) in self.boot_pairs() {
            after.entry(self.0[zone].name.clone()).or_default().push(self.0[other].name.clone());
        }
        let is_built = |name: &ZoneName| self.0.iter().any(|member| member.name == *name && member.is_built);
        let later = after.keys().filter(|name| is_built(name)).chain(clones.keys()).cloned().collect();
        Clones { sources: clones, after, later }
    }

    /// Returns the places of each zone that the operation boots after another, and of that one.
    fn boot_pairs(&self) -> Vec<(usize, usize)> {
        let boots: BTreeMap<&ZoneName, usize> = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, member)| member.after.is_some())
            .map(|(at, member)| (&member.name, at))
            .collect();
        let of = |(at, member): (usize, &Member)| -> Vec<(usize, usize)> {
            let others = member.after.iter().flatten().filter_map(|other| boots.get(other));
            others.map(|other| (at, *other)).collect()
        };
        self.0.iter().enumerate().flat_map(of).collect()
    }

    /// Returns the turns of an operation that builds these zones: a clone comes after its source, the boot of a source after its
    /// clones, and the boot of a zone after the boots of those that it comes after.
    ///
    /// Errors: `config` if zones are to be cloned from each other.
    pub(crate) fn building(&self) -> Result<Building> {
        let relation = self.relation();
        // A golden zone is never booted.
        let clones: Vec<(usize, usize)> = relation
            .pairs()
            .iter()
            .filter(|(_, source, need)| *need == Need::Success && !is_golden_name(self.0[*source].name.as_str()))
            .map(|(clone, source, _)| (*clone, *source))
            .collect();
        let mut pairs = self.boot_pairs();
        let followers = pairs.iter().map(|(zone, _)| *zone).filter(|zone| self.0[*zone].is_built);
        let boots: BTreeSet<usize> = clones.iter().map(|(_, source)| *source).chain(followers).collect();
        let boots: Vec<usize> = boots.into_iter().collect();
        let count = self.0.len();
        let last = |zone: usize| boots.iter().position(|boot| *boot == zone).map_or(zone, |boot| count + boot);
        let mut waits: Vec<(usize, usize, Need)> = relation.up().collect();
        waits.extend(boots.iter().map(|zone| (last(*zone), *zone, Need::Success)));
        waits.extend(clones.iter().map(|(clone, source)| (last(*source), *clone, Need::End)));
        let mut circles = Vec::new();
        loop {
            let after = pairs.iter().map(|(zone, other)| (last(*zone), last(*other), Need::Success));
            match Order::new(count + boots.len(), waits.iter().copied().chain(after)) {
                Ok(order) => {
                    let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                    pairs.iter().for_each(|(zone, other)| after.entry(*zone).or_default().push(*other));
                    return Ok(Building { names: self.names(), order, boots, after, circles });
                }
                Err(Cycle(places)) => {
                    let is_in = |zone: usize| places.contains(&last(zone));
                    let before = pairs.len();
                    pairs.retain(|(zone, other)| !(is_in(*zone) && is_in(*other)));
                    if pairs.len() == before {
                        return Err(self.circle(&places));
                    }
                    let zones = (0..count).filter(|zone| is_in(*zone));
                    circles.push(zones.collect());
                }
            }
        }
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
