//! Clones and their sources within one operation: which comes first, and what of a source waits for its clones.
//!
//! Invariant: a zone whose predecessor failed is not started. A source is booted only once its clones have been built: zoneadm clones
//! a zone that is down. Until then its entry says that it is to be booted, so `recover` does it if zmgr dies.

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
use crate::value::name::ZoneName;

/// Returns the lineage of zones that are to be removed or installed again. A zone whose entry cannot be read has none; the error is
/// reported at its turn.
pub(crate) fn of_entries(context: &Context, names: &[ZoneName]) -> Lineage {
    let member = |name: &ZoneName| {
        // One zone alone waits for nothing.
        let entry = (names.len() > 1).then(|| entries::entry(context, name).ok()).flatten();
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
        let turn = |(at, item): (usize, Option<T>), blocked: Option<usize>, events: &EventSender| match item {
            Some(item) => {
                let outcome = match blocked {
                    None => work(item, events),
                    Some(other) => {
                        let (name, other) = (&self.names[at], &self.names[other]);
                        let why = format!("{other}, which it is cloned from, failed");
                        outcome(name, Action::Failed, Err(not_started(name, other, &why, events)))
                    }
                };
                // One that is booted later is finished then.
                let last = outcome.result.is_err() || !self.boots.contains(&at);
                Turn { outcome, last }
            }
            None => {
                let name = &self.names[self.boots[at - count]];
                match blocked {
                    None => {
                        let booted = outcome(name, Action::Booted, boot(context, config_tree, name, events));
                        Turn { outcome: Outcome { notes: events.take_notes(), ..booted }, last: true }
                    }
                    Some(_) => {
                        let not_built = Err(Error::new(Code::WrongState, "not built"));
                        Turn { outcome: outcome(name, Action::Failed, not_built), last: false }
                    }
                }
            }
        };
        let turns = run_in_order(turns, count, &self.order, run, turn)?;
        let mut outcomes: Vec<Outcome> = turns.into_iter().map(|turn| turn.outcome).collect();
        for (booted, &source) in outcomes.split_off(count).into_iter().zip(&self.boots) {
            if outcomes[source].result.is_ok() {
                outcomes[source].result = booted.result;
                outcomes[source].notes.extend(booted.notes);
            }
        }
        Ok(outcomes)
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

/// Boots a source whose clones have been built, if its entry says that it is to be booted.
fn boot(context: &Context, config_tree: &ConfigTree, name: &ZoneName, events: &EventSender) -> Result<Option<Zone>> {
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
    let boot = Boot { zone: name.clone(), limit: config_tree.config.timeouts.boot };
    let booted = executor::finish(&step_context, &mut journal, Some(&boot))
        .and_then(|()| power::after_boot(context, &step_context, config_tree.config.timeouts.boot));
    booted?;
    let spec = view::spec(&context.registry, name).ok();
    view::read(&context.registry, name, spec.as_ref(), Some(ZoneStatus::Running)).map(Some)
}

fn outcome(name: &ZoneName, action: Action, result: Result<Option<Zone>>) -> Outcome {
    Outcome::new(name.to_string(), action, result, Vec::new())
}

fn not_started(name: &ZoneName, other: &ZoneName, why: &str, events: &EventSender) -> Error {
    let code = if events.cancel_requests() > 0 { Code::Cancelled } else { Code::WrongState };
    Error::new(code, format!("zone {name} was not started: {why}"))
        .with_help(format!("fix what is wrong with {other}, then run the command again"))
}
