//! Clones and their sources within one operation: which comes first, and what of a source waits for its clones.
//!
//! Invariant: a zone whose predecessor failed is not started. A source is booted only once its clones have been built: zoneadm clones
//! a zone that is down. Until then its entry says that it is to be booted, so `recover` does it if zmgr dies.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use super::context::Context;
use super::jobs::{EventSender, run_in_order};
use super::order::{Need, Order, Relation};
use super::recover;
use crate::api::Outcome;
use crate::api::{RunOptions, Zone};
use crate::documents::zone::{EntryState, ZoneEntry};
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
    names: Vec<ZoneName>,
    /// The zones, then the boots.
    order: Order,
    /// The places of the sources that are booted after their clones.
    boots: Vec<usize>,
}

impl Lineage {
    /// Returns the lineage of zones that have nothing to do with each other.
    pub(crate) fn unrelated(names: &[ZoneName]) -> Lineage {
        let member =
            |name: &ZoneName| Member { name: name.clone(), brand: String::new(), source: None, is_built: true };
        Lineage(names.iter().map(member).collect())
    }

    fn names(&self) -> Vec<ZoneName> {
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
            if need == Need::Success {
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
        // What is recorded of zones that exist may be wrong: then they go in the order of the request.
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
fn source_of(entry: &ZoneEntry) -> Option<Sourced<ZoneName>> {
    let applied = entry.applied.as_deref().map(|applied| &applied.settings);
    applied.unwrap_or(&entry.settings).clone_from.clone()
}

/// Returns the lineage of zones that are to be removed or installed again. A zone whose entry cannot be read has none; the error is
/// reported at its turn.
pub(crate) fn of_entries(context: &Context, names: &[ZoneName]) -> Lineage {
    let member = |name: &ZoneName| {
        // One zone alone waits for nothing.
        let entry = (names.len() > 1).then(|| super::create_destroy::entry(context, name).ok()).flatten();
        let brand = entry.as_ref().and_then(|entry| entry.settings.brand.as_ref().map(|brand| brand.value.clone()));
        let source = entry.as_ref().and_then(source_of).filter(|source| source.value != *name);
        Member { name: name.clone(), brand: brand.unwrap_or_default(), source, is_built: true }
    };
    Lineage(names.iter().map(member).collect())
}

/// Returns the order in which interrupted operations are ended. Each is tried, whatever becomes of the others.
pub(crate) fn recovery(context: &Context, names: &[ZoneName]) -> Order {
    let count = names.len();
    if count < 2 {
        return Order::any(count);
    }
    let entries: Vec<Option<ZoneEntry>> =
        names.iter().map(|name| super::create_destroy::entry(context, name).ok()).collect();
    let relation = Relation::of(names, |at| {
        let source = entries[at].as_ref().and_then(source_of);
        source.filter(|source| source.value != names[at]).map(|source| (source.value, Need::End))
    });
    // A source that goes away, or only has to be booted, comes after its clones.
    let comes_last = |at: usize| match entries[at].as_ref().and_then(|entry| entry.state.as_ref()) {
        Some(EntryState::Destroying { .. }) => true,
        Some(EntryState::Creating { step, undo }) => *undo || step == "boot" || step.ends_with(":boot"),
        _ => false,
    };
    let waits = relation.pairs().iter().map(|&(clone, source, need)| match comes_last(source) {
        true => (source, clone, need),
        false => (clone, source, need),
    });
    Order::new(count, waits).unwrap_or_else(|_| Order::any(count))
}

/// The turns of an operation that removes zones.
pub(crate) struct Removing {
    names: Vec<ZoneName>,
    order: Order,
}

impl Removing {
    /// Returns these, one for each zone, in the order of their turns.
    pub(crate) fn sorted<T>(&self, items: Vec<T>) -> Vec<T> {
        self.order.sorted(items)
    }

    /// Works on each zone when its turn comes.
    pub(crate) fn run<T: Send>(
        &self,
        items: Vec<T>,
        action: &str,
        run: &mut RunOptions<'_>,
        work: impl Fn(T, &EventSender) -> Outcome + Sync,
    ) -> Result<Vec<Outcome>> {
        let items = items.into_iter().enumerate().collect();
        run_in_order(items, &self.order, run, |(at, item): (usize, T), blocked, events| match blocked {
            None => work(item, events),
            Some(other) => {
                let (name, other) = (&self.names[at], &self.names[other]);
                let why = format!("{other}, which is cloned from it, is still there");
                outcome(name, action, Err(not_started(name, other, &why, events)))
            }
        })
    }
}

impl Building {
    /// Returns these, one for each zone, in the order of their turns.
    pub(crate) fn sorted<T>(&self, items: Vec<T>) -> Vec<T> {
        self.order.sorted(items)
    }

    /// Works on each zone when its turn comes, and boots sources once they have been cloned.
    pub(crate) fn run<T: Send>(
        &self,
        (context, config_tree): (&Context, &ConfigTree),
        items: Vec<T>,
        run: &mut RunOptions<'_>,
        work: impl Fn(T, &EventSender) -> Outcome + Sync,
    ) -> Result<Vec<Outcome>> {
        let count = items.len();
        let turns = items.into_iter().map(Some).chain(self.boots.iter().map(|_| None)).enumerate().collect();
        let mut outcomes =
            run_in_order(turns, &self.order, run, |(at, item): (usize, Option<T>), blocked, events| match item {
                Some(item) => match blocked {
                    None => work(item, events),
                    Some(other) => {
                        let (name, other) = (&self.names[at], &self.names[other]);
                        let why = format!("{other}, which it is cloned from, failed");
                        outcome(name, "failed", Err(not_started(name, other, &why, events)))
                    }
                },
                None => {
                    let name = &self.names[self.boots[at - count]];
                    match blocked {
                        None => {
                            let booted = outcome(name, "booted", boot(context, config_tree, name, events));
                            Outcome { notes: events.take_notes(), ..booted }
                        }
                        Some(_) => outcome(name, "failed", Err(Error::new(Code::WrongState, "not built"))),
                    }
                }
            })?;
        for (booted, &source) in outcomes.split_off(count).into_iter().zip(&self.boots) {
            if outcomes[source].result.is_ok() {
                outcomes[source].result = booted.result;
                outcomes[source].notes.extend(booted.notes);
            }
        }
        Ok(outcomes)
    }
}

/// Boots a source whose clones have been built, if it is to be booted.
fn boot(context: &Context, config_tree: &ConfigTree, name: &ZoneName, events: &EventSender) -> Result<Option<Zone>> {
    recover::resume(context, config_tree, name, events).map(Some).map_err(|error| {
        error
            .with_context(format!("{name} is built but could not be booted"))
            .with_help(format!("run `zmgr recover {name}`, or `zmgr boot {name}`"))
    })
}

fn outcome(name: &ZoneName, action: &str, result: Result<Option<Zone>>) -> Outcome {
    Outcome { name: name.to_string(), action: action.to_owned(), result, notes: Vec::new() }
}

fn not_started(name: &ZoneName, other: &ZoneName, why: &str, events: &EventSender) -> Error {
    let code = if events.cancel_requests() > 0 { Code::Cancelled } else { Code::WrongState };
    Error::new(code, format!("zone {name} was not started: {why}"))
        .with_help(format!("fix what is wrong with {other}, then run the command again"))
}
