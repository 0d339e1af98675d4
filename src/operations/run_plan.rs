//! Runs an approved plan: everything is planned again from its requests, and only the same steps are run.
//!
//! Invariant: nothing in a plan is executed; it is only compared. If any part of it is stale at the start, nothing is done, and
//! later changes are detected under each zone's lock.

use std::collections::BTreeMap;

use super::boot_order::BootOrder;
use super::clones;
use super::config_tree::ConfigTree;
use super::confirm::{AGAIN, confirmed, not_planned};
use super::context::{Context, Snapshots};
use super::create::{self, failure};
use super::create_plan;
use super::destroy;
use super::impact::Removal;
use super::jobs::{EventSender, before};
use super::lineage::Lineage;
use super::prepare;
use super::reinstall::Sources;
use super::zone_comparison::comparisons;
use super::{apply, forget, golden, golden_install, power_order, refresh, reinstall, rename, snapshot, update};
use crate::api::{
    Action, ApplyOptions, Change, CreateOptions, Operation, Outcome, Pinned, Plan, ReinstallOptions, Report, Request,
    RunOptions, Zone,
};
use crate::documents::zone::is_golden_name;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::value::name::ZoneName;

/// State that the changes of a plan are planned from, read and queried before any lock.
struct RunContext {
    /// For creations and reinstallations, if there are any.
    sources: Sources,
    config_tree: ConfigTree,
    removal: Removal,
    lineage: Lineage,
    /// For applies, if there are any.
    snapshots: Option<Snapshots>,
}

/// Runs a plan.
pub(crate) fn run(context: &Context, plan: &Plan, run: &mut RunOptions<'_>) -> Result<Report> {
    let changes = checked(plan)?;
    if matches!(plan.operation, Operation::Boot | Operation::Shutdown) {
        return power_order::run_planned(context, &changes, run);
    }
    if plan.operation == Operation::Refresh {
        return refresh::run_planned(context, &changes, run);
    }
    let run_context = before(run, |events| {
        let context = &context.with_cancel(events);
        let run_context = RunContext::load(context, plan.operation, &changes)?;
        run_context.confirm_all(context, &changes)?;
        Ok(run_context)
    })?;
    let on_failure = failure(run.on_failure, &run_context.config_tree);
    let work = |(name, change): (ZoneName, &Change), events: &EventSender| {
        if let (Request::Create { options, pinned }, Some(prepared), true) =
            (&change.request, &run_context.sources.prepared, is_golden_name(name.as_str()))
        {
            let approved = Some((change, pinned));
            return golden_install::install(context, prepared, &name, options, on_failure, approved, events);
        }
        let result = run_context.work(context, &name, change, on_failure, events);
        let nothing = change.steps.is_empty() && matches!(change.request, Request::Apply { .. });
        let action = if nothing { Action::Unchanged } else { change.request.done() };
        let notes = change.notes.iter().cloned().chain(events.take_notes()).collect();
        Outcome::new(name.to_string(), action, result, notes)
    };
    let outcomes = match plan.operation {
        Operation::Destroy => run_context.lineage.removing().run(changes, Action::Destroyed, run, work),
        Operation::Detach => run_context.lineage.removing().run(changes, Action::Detached, run, work),
        _ => run_context.lineage.building()?.run((context, &run_context.config_tree), changes, run, work),
    };
    Ok(Report { outcomes: outcomes? })
}

/// Returns what the zones of a plan to apply are cloned from, as the files say now.
fn lineage(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: Option<&Snapshots>,
    changes: &[(ZoneName, &Change)],
) -> Result<Lineage> {
    let names: Vec<ZoneName> = changes.iter().map(|(name, _)| name.clone()).collect();
    let (Some(snapshots), false) = (snapshots, names.is_empty()) else { return Ok(Lineage::unrelated(&names)) };
    let compared: BTreeMap<_, _> = comparisons(context, config_tree, snapshots, &names)?.into_iter().collect();
    let zones = names.iter().map(|name| (name, compared.get(name).and_then(|comparison| comparison.as_ref().ok())));
    Ok(apply::lineage(zones, &apply_options(changes).unwrap_or_default()))
}

/// Returns the zones that are created, except golden ones.
fn creations<'a>(changes: &[(ZoneName, &'a Change)]) -> Vec<(ZoneName, &'a CreateOptions)> {
    let creation = |(name, change): &(ZoneName, &'a Change)| match &change.request {
        Request::Create { options, .. } if !is_golden_name(name.as_str()) => Some((name.clone(), options)),
        _ => None,
    };
    changes.iter().filter_map(creation).collect()
}

/// Returns the options of a plan to reinstall.
fn reinstall_options<'a>(changes: &[(ZoneName, &'a Change)]) -> Option<&'a ReinstallOptions> {
    changes.iter().find_map(|(_, change)| match &change.request {
        Request::Reinstall { options, .. } => Some(options),
        _ => None,
    })
}

/// Returns the options of a plan to apply.
fn apply_options(changes: &[(ZoneName, &Change)]) -> Option<ApplyOptions> {
    changes.iter().find_map(|(_, change)| match &change.request {
        Request::Apply { options, .. } => Some(options.clone()),
        _ => None,
    })
}

/// Returns the changes by name; names must be valid and unique, and every change must belong to the plan's operation.
fn checked(plan: &Plan) -> Result<Vec<(ZoneName, &Change)>> {
    if plan.zmgr != env!("CARGO_PKG_VERSION") {
        let message =
            format!("the plan is stale: zmgr {} made it, and this is {}", plan.zmgr, env!("CARGO_PKG_VERSION"));
        return Err(Error::new(Code::StalePlan, message).with_help(AGAIN));
    }
    let wrong = |message: String| Error::new(Code::InvalidArgument, message);
    let mut names = BTreeMap::new();
    let mut changes = Vec::with_capacity(plan.changes.len());
    for change in &plan.changes {
        let name = ZoneName::new(change.zone.as_str())?;
        if names.insert(name.clone(), ()).is_some() {
            return Err(wrong(format!("the plan has two changes of zone {name}")));
        }
        let operation = change.request.operation();
        let may_differ = match plan.operation {
            Operation::Apply => true,
            Operation::Refresh | Operation::Reinstall => is_golden_name(name.as_str()),
            _ => false,
        };
        if plan.operation != operation && !may_differ {
            return Err(wrong(format!("a plan to {} asks to {operation} {name}", plan.operation)));
        }
        changes.push((name, change));
    }
    Ok(changes)
}

impl RunContext {
    fn load(context: &Context, operation: Operation, changes: &[(ZoneName, &Change)]) -> Result<Self> {
        let names: Vec<ZoneName> = changes.iter().map(|(name, _)| name.clone()).collect();
        let config_tree = ConfigTree::load(context.registry.tree())?;
        let applies = changes.iter().any(|(_, change)| matches!(change.request, Request::Apply { .. }));
        let snapshots = if applies { Some(context.snapshot()?) } else { None };
        let rebuilt = match &snapshots {
            Some(snapshots) => apply::rebuilt::specs(
                &comparisons(context, &config_tree, snapshots, &names)?,
                &apply_options(changes).unwrap_or_default(),
            ),
            None => Vec::new(),
        };
        let creations = creations(changes);
        let prepared = match (operation, creations.as_slice(), rebuilt.as_slice()) {
            (_, [], []) => None,
            (Operation::Apply, creations, rebuilt) => Some(prepare::prepare_unbuilt(context, creations, rebuilt)),
            (Operation::Attach, creations, _) => Some(prepare::prepare_attach(context, creations)),
            (_, creations, _) => Some(prepare::prepare(context, creations)),
        };
        let prepared = prepared.transpose().map_err(not_planned)?;
        if let (Some(snapshots), Some(prepared)) = (&snapshots, &prepared) {
            apply::rebuilt::set_goldens(snapshots, prepared, &rebuilt);
        }
        let sources = match operation {
            Operation::Reinstall => Sources::choose(context, &config_tree, &names)?,
            _ => Sources { prepared },
        };
        if let Some(prepared) = &sources.prepared {
            golden::check_planned(&prepared.goldens, &names)?;
        }
        let run_context = RunContext {
            snapshots,
            sources,
            config_tree,
            removal: Removal::default(),
            lineage: Lineage::unrelated(&names),
        };
        run_context.in_order(context, operation, changes)
    }

    /// Adds what the zones are cloned from and in which order they boot.
    fn in_order(mut self, context: &Context, operation: Operation, changes: &[(ZoneName, &Change)]) -> Result<Self> {
        let config_tree = &self.config_tree;
        let names = self.lineage.names();
        match operation {
            Operation::Create => {}
            Operation::Apply => {
                let prepared = self.sources.prepared.as_ref();
                let known = self.snapshots.as_ref().or(prepared.map(|prepared| &prepared.snapshots));
                self.lineage = lineage(context, config_tree, known, changes)?;
            }
            Operation::Reinstall => {
                self.lineage = clones::of_entries(context, &names);
                if let Some(options) = reinstall_options(changes) {
                    self.lineage = reinstall::in_order(context, config_tree, self.lineage, options)?;
                }
                self.lineage = self.sources.relate(self.lineage);
                self.removal = Removal::inspect(context, config_tree, &self.lineage)?;
            }
            Operation::Destroy | Operation::Detach => {
                self.lineage = clones::of_entries(context, &names);
                self.removal = Removal::inspect(context, config_tree, &self.lineage)?;
            }
            _ => self.removal.boot_order = BootOrder::load(context, config_tree)?.without(&names),
        }
        self.lineage = self.sources.relate(self.lineage);
        if let Some(snapshots) = &self.snapshots {
            let _ = snapshots.clones.set(self.lineage.clones());
        }
        Ok(self)
    }

    /// Checks that every change is still the approved one.
    fn confirm_all(&self, context: &Context, changes: &[(ZoneName, &Change)]) -> Result<()> {
        let mut allocator = match &self.sources.prepared {
            Some(prepared) => Some(
                context
                    .registry
                    .allocator(prepared.config_tree.pools.clone(), prepared.snapshots.host_usage.clone())?,
            ),
            None => None,
        };
        let mut stale: Vec<Error> = Vec::new();
        for (name, change) in changes {
            let confirmed = match (&change.request, &self.sources.prepared, &mut allocator) {
                (Request::Create { options, pinned }, Some(prepared), Some(allocator)) => {
                    let planned = create_plan::plan(&prepared.inputs(context), allocator, name, options, Some(pinned));
                    confirmed(planned, Some(change), |creation| &creation.change)
                        .map(|creation| allocator.plan_entry(&creation.entry))
                }
                (Request::Create { .. }, ..) => Err(Error::new(Code::Internal, "a creation without inputs")),
                (Request::Destroy { options }, ..) => {
                    let planned = destroy::plan_destruction(context, &self.config_tree, &self.removal, name, options);
                    confirmed(planned, Some(change), |destruction| &destruction.change).map(drop)
                }
                (Request::Reinstall { options, snapshot }, ..) => {
                    let (config_tree, found) = (&self.config_tree, (&self.removal, &self.sources));
                    let planned = reinstall::plan(context, config_tree, found, name, (options, snapshot.as_deref()));
                    confirmed(planned, Some(change), |reinstallation| &reinstallation.change).map(drop)
                }
                (Request::Rename { to, options }, ..) => {
                    rename::confirm(context, &self.config_tree, name, to, options, change)
                }
                (
                    request @ (Request::SnapshotCreate { .. }
                    | Request::SnapshotDelete { .. }
                    | Request::SnapshotRollback { .. }),
                    ..,
                ) => {
                    let planned = snapshot::plan(context, &self.config_tree, name, request);
                    confirmed(planned, Some(change), |work| &work.change).map(drop)
                }
                (Request::Update { options, snapshot }, ..) => {
                    let planned = update::plan(context, &self.config_tree, name, options, snapshot.as_deref());
                    confirmed(planned, Some(change), |update| &update.change).map(drop)
                }
                (Request::Forget {}, ..) => confirmed(
                    forget::plan(context, &self.config_tree, &self.removal.boot_order, name),
                    Some(change),
                    |change| change,
                )
                .map(drop),
                (Request::Import { .. } | Request::Boot {} | Request::Shutdown { .. }, ..) => Err(elsewhere(change)),
                (Request::Apply { .. }, ..) => match &self.snapshots {
                    Some(snapshots) => apply::confirm(context, &self.config_tree, snapshots, name, change),
                    None => Err(elsewhere(change)),
                },
            };
            match confirmed {
                Err(error) if error.code() == Code::StalePlan => stale.push(error),
                confirmed => confirmed?,
            }
        }
        let of = changes.len();
        match stale.len() {
            0 => Ok(()),
            1 if of == 1 => Err(stale.remove(0)),
            n => {
                let details = stale.iter().map(|error| Diagnostic::new("stale-plan", error.message())).collect();
                let message = format!("{n} of {of} changes are stale, the first: {}", stale[0].message());
                Err(Error::new(Code::StalePlan, message).with_details(details).with_help(AGAIN))
            }
        }
    }

    /// Makes one change, planned again under the zone's locks.
    fn work(
        &self,
        context: &Context,
        name: &ZoneName,
        change: &Change,
        on_failure: super::executor::Failure,
        events: &EventSender,
    ) -> Result<Option<Zone>> {
        match &change.request {
            Request::Create { options, pinned } => {
                let Some(prepared) = &self.sources.prepared else {
                    return Err(Error::new(Code::Internal, "a creation without inputs"));
                };
                let approved: Option<(&Change, &Pinned)> = Some((change, pinned));
                create::create_one(context, prepared, name, options, on_failure, approved, events).map(Some)
            }
            Request::Destroy { options } => {
                destroy::destroy_one(context, &self.config_tree, &self.removal, name, options, Some(change), events)
                    .map(|_| None)
            }
            Request::Reinstall { options, snapshot } => {
                let (config_tree, found) = (&self.config_tree, (&self.removal, &self.sources));
                let options = (options, snapshot.as_deref());
                reinstall::reinstall_one(context, config_tree, found, name, options, Some(change), events).map(Some)
            }
            Request::Rename { to, options } => {
                let to = ZoneName::new(to.as_str())?;
                rename::rename_one(context, &self.config_tree, name, &to, options, Some(change), events)
                    .map(|(zone, _)| Some(zone))
            }
            Request::Update { options, snapshot } => {
                let (action, zone, notes) = update::update_one(
                    context,
                    &self.config_tree,
                    name,
                    (options, snapshot.as_deref()),
                    on_failure,
                    Some(change),
                    events,
                )?;
                notes.into_iter().for_each(|note| events.note(note));
                if action == Action::Unchanged {
                    events.note(format!("{name} has no updates"));
                }
                Ok(Some(zone))
            }
            Request::Forget {} => {
                forget::forget_one(context, &self.config_tree, &self.removal.boot_order, name, Some(change), events)
                    .map(|_| None)
            }
            request @ (Request::SnapshotCreate { .. }
            | Request::SnapshotDelete { .. }
            | Request::SnapshotRollback { .. }) => {
                snapshot::work_on(context, &self.config_tree, name, request, Some(change), events)
                    .map(|(zone, _)| Some(zone))
            }
            Request::Import { .. } | Request::Boot {} | Request::Shutdown { .. } => Err(elsewhere(change)),
            Request::Apply { .. } if change.steps.is_empty() => Ok(None),
            Request::Apply { .. } => match &self.snapshots {
                Some(snapshots) => apply::apply_planned(context, &self.config_tree, snapshots, name, change, events),
                None => Err(elsewhere(change)),
            },
        }
    }
}

/// Returns the error for a change of an operation that runs its plans itself.
fn elsewhere(change: &Change) -> Error {
    let what = format!("the change of {} does not belong to this operation", change.zone);
    Error::new(Code::InvalidArgument, what)
}
