//! Gives a zone another name: on the host, in its entry and in every file that names it.
//!
//! Invariant: until everything has the new name, the entry says which names change; every step can be undone, and nothing is lost in
//! either direction.

mod plan;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::{Context, Locks};
use super::entries::entry;
use super::executor::{self, Purpose};
use super::jobs::{EventSender, run_jobs};
use super::journal::{Journal, Note};
use super::membership::{Membership, Wanted};
use super::{preconditions, view};
use crate::api::{Action, Change, Operation, Outcome, Plan, RenameOptions, Report, RunOptions, Zone};
use crate::documents::resolve::effective;
use crate::error::{Code, Error, Result};
use crate::registry::{Registry, Wait};
use crate::value::name::ZoneName;
use plan::RenamePlan;

pub(crate) use steps::steps;

/// Result of a rename.
const DONE: Action = Action::Renamed;

/// Plans to rename a zone. Changes nothing.
pub(crate) fn plan_rename(context: &Context, from: &ZoneName, to: &ZoneName, options: &RenameOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    Ok(Plan::new(Operation::Rename, vec![plan::plan(context, &config_tree, from, to, options)?.change]))
}

/// Renames a zone.
pub(crate) fn rename(
    context: &Context,
    from: &ZoneName,
    to: &ZoneName,
    options: &RenameOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let outcomes = run_jobs(vec![()], run, |(), events| {
        let (result, notes) = match rename_one(context, &config_tree, from, to, options, None, events) {
            Ok((zone, notes)) => (Ok(Some(zone)), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        Outcome::new(from.to_string(), DONE, result, notes)
    });
    Ok(Report { outcomes: outcomes? })
}

/// Checks that a planned rename is still the approved one.
pub(crate) fn confirm(
    context: &Context,
    config_tree: &ConfigTree,
    from: &ZoneName,
    to: &str,
    options: &RenameOptions,
    change: &Change,
) -> Result<()> {
    let planned = plan::plan(context, config_tree, from, &ZoneName::new(to)?, options);
    confirmed(planned, Some(change), |planned| &planned.change).map(drop)
}

/// Renames one zone; with `approved`, only if the plan is still the same. Returns the zone under its new name, and notes for the
/// user.
pub(crate) fn rename_one(
    context: &Context,
    config_tree: &ConfigTree,
    from: &ZoneName,
    to: &ZoneName,
    options: &RenameOptions,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<(Zone, Vec<String>)> {
    // Planned first: taking locks creates files, and the plan says which zones' files change too.
    let zones = plan::plan(&context.with_cancel(events), config_tree, from, to, options).map(|planned| planned.zones);
    let zones = confirmed_zones(zones, approved)?;
    let wait = config_tree.config.lock_timeout;
    let locks = context.lock_all(&zones, wait, wait, events)?;
    let done = rename_locked(context, config_tree, (from, to), options, approved, &locks, events);
    context.release(locks);
    done
}

/// A plan that cannot be made again is stale.
fn confirmed_zones(zones: Result<BTreeSet<ZoneName>>, approved: Option<&Change>) -> Result<BTreeSet<ZoneName>> {
    match approved {
        Some(_) => zones.map_err(super::confirm::not_planned),
        None => zones,
    }
}

fn rename_locked(
    context: &Context,
    config_tree: &ConfigTree,
    (from, to): (&ZoneName, &ZoneName),
    options: &RenameOptions,
    approved: Option<&Change>,
    locks: &BTreeMap<ZoneName, Locks>,
    events: &EventSender,
) -> Result<(Zone, Vec<String>)> {
    let planned = plan::plan(&context.with_cancel(events), config_tree, from, to, options);
    let planned = confirmed(planned, approved, |planned| &planned.change)?;
    let (Some(own), Some(id)) = (locks.get(from), planned.entry.id.clone()) else {
        return Err(Error::new(Code::RecoveryNeeded, format!("the entry of {from} has a state but no id")));
    };
    if let Some(zone) = planned.zones.iter().find(|zone| !locks.contains_key(*zone)) {
        let message = format!("{zone} was made a clone of {from} in the meantime");
        return Err(Error::new(Code::Busy, message).with_help("run the command again"));
    }
    reserve(context, config_tree, &planned, own, to, events)?;
    let step_context = context.step_context(config_tree, from, own, events)?;
    step_context.start(Some(&planned.change));
    step_context.made.recorded(&planned.entry);
    step_context.plan_steps(planned.steps.len());
    let mut journal = Journal::new(&context.registry, from, id).renaming(to);
    let result = executor::change(&step_context, &mut journal, &planned.steps, Purpose::Rename)
        .and_then(|()| journal.note(Note::Ready));
    if let Some((membership, wanted)) = membership(context, config_tree, &planned)? {
        // The name that the zone does not have now is free for other hosts.
        let now = entry(context, to).or_else(|_| entry(context, from)).ok();
        membership.settle(&wanted, now.as_ref());
    }
    result?;
    Ok((renamed(context, config_tree, to)?, planned.change.notes))
}

/// Returns what both names of the zone need in the store; `None` if that is nothing.
fn membership(
    context: &Context,
    config_tree: &ConfigTree,
    planned: &RenamePlan,
) -> Result<Option<(Membership, Wanted)>> {
    let Some(membership) = context.membership(config_tree)? else { return Ok(None) };
    Ok(membership.wanted(&planned.entry).map(|wanted| (membership, wanted)))
}

/// Writes the intent: from here on the new names are held.
fn reserve(
    context: &Context,
    config_tree: &ConfigTree,
    planned: &RenamePlan,
    locks: &Locks,
    to: &ZoneName,
    events: &EventSender,
) -> Result<()> {
    let mut pulse = || events.cancel_requests() == 0;
    if let Some((membership, wanted)) = membership(context, config_tree, planned)? {
        return membership.reserve(
            &context.registry,
            &planned.host_usage,
            &mut pulse,
            |session| preconditions::unregistered(session.allocator(), to),
            |()| vec![wanted.clone()],
            |session, ()| {
                let new = planned.document.with(planned.entry.clone())?;
                session.reserve_zone(&locks.zone, Some(&planned.document), &new)
            },
        );
    }
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let host_usage = planned.host_usage.clone();
    let mut session = context.registry.reserving(config_tree.pools.clone(), host_usage, &mut wait)?;
    preconditions::unregistered(session.allocator(), to)?;
    let new = planned.document.with(planned.entry.clone())?;
    session.reserve_zone(&locks.zone, Some(&planned.document), &new)?;
    session.commit()
}

/// Returns the zone under its current name.
pub(crate) fn renamed(context: &Context, config_tree: &ConfigTree, name: &ZoneName) -> Result<Zone> {
    let status = context.host.zone_state(name)?.map(|zone| zone.state.status());
    let entry = entry(context, name)?;
    let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry).ok();
    view::read(&context.registry, name, spec.as_ref(), status)
}

/// Returns the zones whose entries name any of these zones.
pub(crate) fn referring(registry: &Registry, names: &[&ZoneName]) -> Result<BTreeSet<ZoneName>> {
    let mut zones = BTreeSet::new();
    for name in names {
        zones.extend(super::references::find(registry, name, names)?.into_iter().filter_map(|found| found.zone));
    }
    Ok(zones)
}
