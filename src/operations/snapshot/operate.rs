//! The operations on snapshots: planned alone, or planned and run under the zone's locks.

use std::sync::{Mutex, PoisonError};

use super::work::Work;
use super::{deleting, listing, rolling_back, taking};
use crate::api::{Action, Change, Outcome, Plan, Report, Request, RollbackOptions, RunOptions, Snapshot, Zone};
use crate::error::{Code, Error, Result};
use crate::operations::config_tree::ConfigTree;
use crate::operations::confirm::confirmed;
use crate::operations::context::Context;
use crate::operations::jobs::{EventSender, before, run_jobs};
use crate::operations::{entries, power, view};
use crate::registry::now;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Plans what this request asks for.
pub(crate) fn plan(context: &Context, config_tree: &ConfigTree, name: &ZoneName, request: &Request) -> Result<Work> {
    match request {
        Request::SnapshotCreate { label, created } => taking::plan(context, name, Some(label), created),
        Request::SnapshotDelete { label } => deleting::plan(context, name, &SnapshotLabel::new(label.as_str())?),
        Request::SnapshotRollback { label, options } => {
            rolling_back::plan(context, config_tree, name, &SnapshotLabel::new(label.as_str())?, options)
        }
        other => Err(Error::new(Code::Internal, format!("{} is not an operation on a snapshot", other.operation()))),
    }
}

fn plan_of(work: Work) -> Plan {
    let operation = work.change.request.operation();
    Plan::new(operation, vec![work.change])
}

/// Plans to take a snapshot. Changes nothing.
pub(crate) fn plan_create(context: &Context, name: &ZoneName, label: Option<&str>) -> Result<Plan> {
    taking::plan(context, name, label, &now()).map(plan_of)
}

/// Plans to delete a snapshot. Changes nothing.
pub(crate) fn plan_delete(context: &Context, name: &ZoneName, label: &SnapshotLabel) -> Result<Plan> {
    deleting::plan(context, name, label).map(plan_of)
}

/// Plans to roll a zone back. Changes nothing.
pub(crate) fn plan_roll_back(
    context: &Context,
    name: &ZoneName,
    label: &SnapshotLabel,
    options: &RollbackOptions,
) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    rolling_back::plan(context, &config_tree, name, label, options).map(plan_of)
}

/// Takes a snapshot.
pub(crate) fn create(
    context: &Context,
    name: &ZoneName,
    label: Option<&str>,
    run: &mut RunOptions<'_>,
) -> Result<Snapshot> {
    let config_tree = before(run, |_| ConfigTree::load(context.registry.tree()))?;
    let taken = Mutex::new(None);
    let outcomes = run_jobs(vec![name.clone()], run, |name, events| {
        let planned = |context: &Context| taking::plan(context, &name, label, &now());
        let result = carry_out(context, &config_tree, &name, None, events, planned).and_then(|work| {
            if let Request::SnapshotCreate { label, .. } = &work.change.request {
                taken.lock().unwrap_or_else(PoisonError::into_inner).replace(label.clone());
            }
            zone(context, &name)
        });
        let (result, notes) = (result.map(Some), events.take_notes());
        Outcome::new(name.to_string(), Action::SnapshotTaken, result, notes)
    });
    Report { outcomes: outcomes? }.into_result()?;
    match taken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(label) => listing::one(context, name, &SnapshotLabel::new(label)?),
        None => Err(Error::new(Code::Internal, "no snapshot was taken")),
    }
}

/// Returns the zone as it is now.
fn zone(context: &Context, name: &ZoneName) -> Result<Zone> {
    let status = context.host.zone_state(name)?.map(|zone| zone.state.status());
    let spec = view::spec(&context.registry, name).ok();
    view::read(&context.registry, name, spec.as_ref(), status)
}

/// Deletes a snapshot.
pub(crate) fn delete(
    context: &Context,
    name: &ZoneName,
    label: &SnapshotLabel,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    operate(context, name, &Request::SnapshotDelete { label: label.to_string() }, run)
}

/// Rolls a zone back.
pub(crate) fn roll_back(
    context: &Context,
    name: &ZoneName,
    label: &SnapshotLabel,
    options: &RollbackOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let request = Request::SnapshotRollback { label: label.to_string(), options: options.clone() };
    operate(context, name, &request, run)
}

fn operate(context: &Context, name: &ZoneName, request: &Request, run: &mut RunOptions<'_>) -> Result<Report> {
    let config_tree = match before(run, |_| ConfigTree::load(context.registry.tree())) {
        Ok(config_tree) => config_tree,
        Err(error) => return Report::called_off(&[name], request.done(), error),
    };
    let outcomes = run_jobs(vec![name.clone()], run, |name, events| {
        let (result, mut notes) = match work_on(context, &config_tree, &name, request, None, events) {
            Ok((zone, notes)) => (Ok(Some(zone)), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        notes.extend(events.take_notes());
        Outcome::new(name.to_string(), request.done(), result, notes)
    });
    Ok(Report { outcomes: outcomes? })
}

/// Makes one change of an approved plan, or one that was just asked for. Returns the zone, and what the plan noted.
pub(crate) fn work_on(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    request: &Request,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<(Zone, Vec<String>)> {
    let planned = |context: &Context| plan(context, config_tree, name, request);
    let work = carry_out(context, config_tree, name, approved, events, planned)?;
    Ok((zone(context, name)?, work.change.notes))
}

/// Plans under the zone's locks and runs the plan; with `approved`, only if it is still the same.
fn carry_out(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    approved: Option<&Change>,
    events: &EventSender,
    planned: impl Fn(&Context) -> Result<Work>,
) -> Result<Work> {
    // Checked first: taking a lock creates a file, even for a name that no zone has.
    entries::entry(context, name)?;
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    let work = match confirmed(planned(&context.with_cancel(events)), approved, |work| &work.change) {
        Err(error) if !context.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        work => work?,
    };
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    work.run_alone(context, &step_context)?;
    if let Some(boot) = &work.boot {
        power::after_boot(context, &step_context, boot.limit)?;
    }
    Ok(work)
}
