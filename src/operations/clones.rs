//! Clones and their sources within one operation: which comes first, and what of a source waits for its clones.
//!
//! Invariant: a zone whose predecessor failed is not started. A source is booted only once its clones have been built: zoneadm clones
//! a zone that is down. Until then its entry says that it is to be booted, so `recover` does it if zmgr dies.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::boot_order::{circle, not_up};
use super::config_tree::ConfigTree;
use super::context::Context;
use super::entries;
use super::executor;
use super::jobs::{EventSender, Reported, run_in_order};
use super::journal::{Journal, REINSTALL};
use super::lineage::{Building, Lineage, Member, Removing, source_of};
use super::order::{Need, Order, Relation};
use super::steps::Boot;
use super::{identity, power, view};
use crate::api::{Action, Outcome, RunOptions, Zone, ZoneStatus};
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::value::name::ZoneName;

/// Returns the lineage of zones that are to be removed or installed again. A zone whose entry cannot be read has none; the error is
/// reported at its turn.
pub(crate) fn of_entries(context: &Context, names: &[ZoneName]) -> Lineage {
    let member = |name: &ZoneName| {
        // One zone alone waits for nothing.
        let entry = (names.len() > 1).then(|| entries::entry(context, name).ok()).flatten();
        let brand = entry.as_ref().and_then(|entry| entry.settings.brand.as_ref().map(|brand| brand.value.clone()));
        let source = entry.as_ref().and_then(source_of).filter(|source| source.value != *name);
        Member { name: name.clone(), brand: brand.unwrap_or_default(), source, is_built: true, after: None }
    };
    Lineage(names.iter().map(member).collect())
}

/// Returns the order in which interrupted operations are ended. Each is tried, whatever becomes of the others.
pub(crate) fn recovery(context: &Context, names: &[ZoneName]) -> Order {
    let count = names.len();
    if count < 2 {
        return Order::any(count);
    }
    let entries: Vec<Option<ZoneEntry>> = names.iter().map(|name| entries::entry(context, name).ok()).collect();
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

impl Removing {
    /// Works on each zone when its turn comes.
    pub(crate) fn run<T: Send>(
        &self,
        items: Vec<T>,
        action: Action,
        run: &mut RunOptions<'_>,
        work: impl Fn(T, &EventSender) -> Outcome + Sync,
    ) -> Result<Vec<Outcome>> {
        let total = items.len();
        let items = items.into_iter().enumerate().collect();
        run_in_order(items, total, &self.order, run, |(at, item): (usize, T), blocked, events| match blocked {
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
    /// Works on each zone when its turn comes, and boots those that are booted later: sources once they have been cloned, and zones
    /// that come after others once those are up.
    pub(crate) fn run<T: Send>(
        &self,
        (context, config_tree): (&Context, &ConfigTree),
        items: Vec<T>,
        run: &mut RunOptions<'_>,
        work: impl Fn(T, &EventSender) -> Outcome + Sync,
    ) -> Result<Vec<Outcome>> {
        let count = items.len();
        let failed: Mutex<BTreeSet<usize>> = Mutex::default();
        let has_failed = |zone: usize| failed.lock().unwrap_or_else(PoisonError::into_inner).contains(&zone);
        let turns = items.into_iter().map(Some).chain(self.boots.iter().map(|_| None)).enumerate().collect();
        let turn = |(at, item): (usize, Option<T>), blocked: Option<usize>, events: &EventSender| match item {
            Some(item) => {
                let other = blocked.map(|turn| self.zone_of(turn));
                let outcome = match other.filter(|other| self.boots.contains(&at) || !self.comes_after(at, *other)) {
                    Some(other) => {
                        let (name, other) = (&self.names[at], &self.names[other]);
                        let why = format!("{other}, which it is cloned from, failed");
                        outcome(name, Action::Failed, Err(not_started(name, other, &why, events)))
                    }
                    // A zone with a turn of its own for its boot needs the others only then.
                    None => match self.obstacle((context, config_tree), at, other, events) {
                        Some(error) if !self.boots.contains(&at) => {
                            outcome(&self.names[at], Action::Failed, Err(error))
                        }
                        _ => work(item, events),
                    },
                };
                if outcome.result.is_err() {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
                }
                // One that is booted later is finished then.
                let last = outcome.result.is_err() || !self.boots.contains(&at);
                Turn { outcome, last }
            }
            None => {
                let zone = self.zone_of(at);
                let name = &self.names[zone];
                if has_failed(zone) {
                    let not_built = Err(Error::new(Code::WrongState, "not built"));
                    return Turn { outcome: outcome(name, Action::Failed, not_built), last: false };
                }
                let other = blocked.map(|turn| self.zone_of(turn));
                let booted = match self.obstacle((context, config_tree), zone, other, events) {
                    None => boot(context, config_tree, name, (true, self.is_awaited(zone)), events),
                    Some(error) => boot(context, config_tree, name, (false, false), events).and(Err(error)),
                };
                let booted = outcome(name, Action::Booted, booted);
                Turn { outcome: Outcome { notes: events.take_notes(), ..booted }, last: true }
            }
        };
        let turns = run_in_order(turns, count, &self.order, run, turn)?;
        let mut outcomes: Vec<Outcome> = turns.into_iter().map(|turn| turn.outcome).collect();
        for (booted, &source) in outcomes.split_off(count).into_iter().zip(&self.boots) {
            if outcomes[source].result.is_ok() {
                if booted.result.is_err() {
                    outcomes[source].action = Action::Failed;
                }
                outcomes[source].result = booted.result;
                outcomes[source].notes.extend(booted.notes);
            }
        }
        Ok(outcomes)
    }
}

impl Building {
    /// Returns the place of the zone whose turn this is.
    fn zone_of(&self, turn: usize) -> usize {
        turn.checked_sub(self.names.len()).map_or(turn, |boot| self.boots[boot])
    }

    fn comes_after(&self, zone: usize, other: usize) -> bool {
        self.after.get(&zone).is_some_and(|others| others.contains(&other))
    }

    fn is_awaited(&self, zone: usize) -> bool {
        self.after.values().any(|others| others.contains(&zone))
    }

    /// Returns why this zone is not booted: it would wait for itself, or one that it comes after is not up. What counts is the state of
    /// the zone that failed, not why it failed.
    fn obstacle(
        &self,
        (context, config_tree): (&Context, &ConfigTree),
        zone: usize,
        failed: Option<usize>,
        events: &EventSender,
    ) -> Option<Error> {
        if let Some(places) = self.circles.iter().find(|places| places.contains(&zone)) {
            let names: Vec<&ZoneName> = places.iter().map(|place| &self.names[*place]).collect();
            return Some(circle(context, config_tree, &names));
        }
        let (name, other) = (&self.names[zone], &self.names[failed?]);
        match context.with_cancel(events).host.zone_state(other) {
            Ok(Some(found)) if found.state == ZoneState::Running => None,
            Ok(_) => Some(not_up(name, other)),
            Err(error) => Some(error),
        }
    }
}

/// Result of a zone's turn.
struct Turn {
    outcome: Outcome,
    /// True if the zone has no other turn.
    last: bool,
}

impl Reported for Turn {
    fn outcomes(&self) -> &[Outcome] {
        if self.last { std::slice::from_ref(&self.outcome) } else { &[] }
    }

    fn is_ok(&self) -> bool {
        self.outcome.result.is_ok()
    }
}

/// Ends the work on a zone that was left to be booted: boots it, and waits for its services if other zones do. Does nothing if its
/// entry does not say that it is to be booted.
fn boot(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    (goes_up, is_awaited): (bool, bool),
    events: &EventSender,
) -> Result<Option<Zone>> {
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    let entry = entries::entry(context, name)?;
    let step = entry.state.as_ref().and_then(EntryState::step).unwrap_or_default();
    let (Some(id), "boot") = (entry.id.clone(), step.strip_prefix(REINSTALL).unwrap_or(step)) else {
        // Another process has ended it.
        return view::read(&context.registry, name, None, None).map(Some);
    };
    if let Some(zone) = context.host.zone_state(name)? {
        identity::same_installation(&entry, &zone)?;
    }
    let mut journal = Journal::new(&context.registry, name, id);
    if step.starts_with(REINSTALL) {
        journal = journal.reinstalling();
    }
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.start(None);
    step_context.made.recorded(&entry);
    step_context.plan_steps(1);
    step_context.is_awaited.set(is_awaited);
    let limit = config_tree.config.timeouts.boot;
    let boot = goes_up.then(|| Boot { zone: name.clone(), limit });
    executor::finish(&step_context, &mut journal, boot.as_ref())?;
    if boot.is_some() {
        power::after_boot(context, &step_context, limit)?;
    }
    let spec = view::spec(&context.registry, name).ok();
    let status = if boot.is_some() { ZoneStatus::Running } else { ZoneStatus::Installed };
    view::read(&context.registry, name, spec.as_ref(), Some(status)).map(Some)
}

fn outcome(name: &ZoneName, action: Action, result: Result<Option<Zone>>) -> Outcome {
    Outcome::new(name.to_string(), action, result, Vec::new())
}

fn not_started(name: &ZoneName, other: &ZoneName, why: &str, events: &EventSender) -> Error {
    let code = if events.cancel_requests() > 0 { Code::Cancelled } else { Code::WrongState };
    Error::new(code, format!("zone {name} was not started: {why}"))
        .with_help(format!("fix what is wrong with {other}, then run the command again"))
}
