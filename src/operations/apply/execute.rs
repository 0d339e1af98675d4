//! Applies the plan of one zone, under its locks.
//!
//! Invariant: the host is changed first, `applied` is written afterwards.

use super::application::{Application, Pinned, plan, plan_of};
use crate::api::{Action, ApplyOptions, Change, Request, Zone};
use crate::documents::zone::{Before, Intent, Pending, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::host::Host;
use crate::operations::config_tree::ConfigTree;
use crate::operations::confirm::confirmed;
use crate::operations::context::{Context, Locks, Snapshots};
use crate::operations::executor::{self, Failure, Purpose};
use crate::operations::jobs::EventSender;
use crate::operations::journal::{Journal, Note};
use crate::operations::plumb_links::plumb_links;
use crate::operations::power::{self, Power};
use crate::operations::step_context::StepContext;
use crate::operations::steps::Step;
use crate::operations::zone_comparison::{ZoneComparison, comparisons};
use crate::operations::{entries, pending, preconditions, view};
use crate::registry::Wait;
use crate::value::name::ZoneName;

/// Action taken, the resulting zone, and notes for the user.
pub(crate) fn apply_one(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    comparison: ZoneComparison<'_>,
    options: &ApplyOptions,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<(Action, Zone, Vec<String>)> {
    let name = comparison.spec.name.clone();
    let is_lost = comparison.host.is_none();
    let source = comparison.spec.clone_from.as_ref().filter(|_| is_lost).map(|source| source.value.clone());
    if approved.is_none() && !comparison.needs_reservation() {
        // Most zones need nothing, and no lock to find that out.
        let status = comparison.host.as_ref().map(|(zone, _)| zone.state.status());
        let spec = comparison.spec.clone();
        let application = plan(&context.with_cancel(events), config_tree, snapshots, None, comparison, options, None)?;
        if application.is_nothing() && !application.is_outdated() {
            let mut zone = view::of_entry(&application.entry, Some(&spec), status);
            zone.pending = application.changes.pending.iter().flat_map(Pending::texts).collect();
            return Ok((Action::Unchanged, zone, application.change.notes));
        }
    }
    let locks = context.lock_with_source(&name, source.as_ref(), config_tree.config.lock_timeout, events)?;
    let mut again = comparisons(context, config_tree, snapshots, std::slice::from_ref(&name))?;
    let Some((_, comparison)) = again.pop() else {
        return Err(Error::new(Code::Internal, "a zone that was named is not there"));
    };
    let comparison = comparison?;
    let membership = context.membership(config_tree)?;
    let before = membership.as_ref().and_then(|membership| membership.wanted(comparison.entry()));
    let application =
        reserve(&context.with_cancel(events), config_tree, snapshots, &locks, comparison, options, approved, events)?;
    let step_context = context.step_context(config_tree, &name, &locks, events)?;
    step_context.start(Some(&application.change));
    step_context.boots_later.set(application.changes.rebuild && snapshots.clones().boots_later(&name));
    step_context.is_awaited.set(snapshots.clones().is_awaited(&name));
    carry_out(context, config_tree, &application, &step_context)?;
    drop(step_context);
    if let (Some(membership), Some(before)) = (&membership, &before) {
        membership.settle(before, entries::entry(context, &name).ok().as_ref());
    }
    let found = context.host.zone_state(&name)?;
    let status = found.as_ref().map(|zone| zone.state.status());
    let mut zone = view::read(&context.registry, &name, view::spec(&context.registry, &name).ok().as_ref(), status)?;
    zone.pending = pending::texts(&context.host, &entries::entry(context, &name)?, found.as_ref())?;
    let action = match (application.changes.rebuild, application.is_nothing()) {
        (true, _) => Action::Recreated,
        (false, true) => Action::Unchanged,
        (false, false) => Action::Applied,
    };
    Ok((action, zone, application.change.notes))
}

/// Plans under the locks; when this returns, everything chosen is in the entry.
#[expect(clippy::too_many_arguments, reason = "each is another thing that the plan rests on")]
fn reserve(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    locks: &Locks,
    comparison: ZoneComparison<'_>,
    options: &ApplyOptions,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<Application> {
    let pinned = approved.and_then(Pinned::of);
    if !comparison.needs_reservation() {
        let planned = plan(context, config_tree, snapshots, None, comparison, options, pinned);
        return confirmed(planned, approved, |application| &application.change);
    }
    let mut pulse = || events.cancel_requests() == 0;
    if let Some(membership) = context.membership(config_tree)? {
        let name = comparison.spec.name.clone();
        let mut application = membership.reserve(
            &context.registry,
            &snapshots.host_usage,
            &mut pulse,
            |session| {
                let mut again = comparisons(context, config_tree, snapshots, std::slice::from_ref(&name))?;
                let Some((_, comparison)) = again.pop() else {
                    return Err(Error::new(Code::Internal, "a zone that was named is not there"));
                };
                let planned =
                    plan(context, config_tree, snapshots, Some(session.allocator()), comparison?, options, pinned);
                confirmed(planned, approved, |application| &application.change)
            },
            |application| membership.wanted(&application.entry).into_iter().collect(),
            |session, application| {
                let new = application.old.with(application.entry.clone())?;
                session.reserve_zone(&locks.zone, Some(&application.old), &new)
            },
        )?;
        application.old = application.old.with(application.entry.clone())?;
        return Ok(application);
    }
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let mut session = context.registry.reserving(config_tree.pools.clone(), snapshots.host_usage.clone(), &mut wait)?;
    let planned = plan(context, config_tree, snapshots, Some(session.allocator()), comparison, options, pinned);
    let mut application = confirmed(planned, approved, |application| &application.change)?;
    let new = application.old.with(application.entry.clone())?;
    session.reserve_zone(&locks.zone, Some(&application.old), &new)?;
    session.commit()?;
    application.old = new;
    Ok(application)
}

fn carry_out(
    context: &Context,
    config_tree: &ConfigTree,
    application: &Application,
    step_context: &StepContext<'_>,
) -> Result<()> {
    let Some(id) = application.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&context.registry, step_context.zone, id);
    step_context.made.recorded(&application.entry);
    step_context.plan_steps(count(application));
    if let Some(snapshot) = &application.snapshot {
        snapshot.run(context, step_context)?;
    }
    if application.changes.rebuild {
        rebuild(application, step_context, journal)?;
        return match application.changes.boot.as_ref().filter(|_| !step_context.boots_later.get()) {
            Some(boot) => power::after_boot(context, step_context, boot.limit),
            None => Ok(()),
        };
    }
    let changed = note_pending(&journal, application).and_then(|()| {
        executor::run(step_context, &mut journal, executor::each(&application.changes.steps), Purpose::Apply)
    });
    if let Err(error) = changed {
        return Err(match note_changed(&journal, application, &step_context.host) {
            Ok(()) => error,
            Err(also) => error.with_detail(also.to_detail()),
        });
    }
    if !application.changes.reboot {
        unlink(step_context, &mut journal, application)?;
    }
    if !application.changes.cold.is_empty() {
        return change_while_down(context, config_tree, application, step_context, journal);
    }
    note_applied(&journal, application)?;
    if !application.changes.reboot {
        return plumb(step_context, &journal, application);
    }
    let limits = config_tree.config.timeouts;
    step_context.next_step("reboot");
    power::act(step_context, &application.entry, Power::Reboot { force: false }, limits.shutdown + limits.boot)?;
    booted(context, step_context, &journal)?;
    plumb(step_context, &journal, application)?;
    unlink(step_context, &mut journal, application)?;
    power::settled_after_boot(context, step_context, limits.boot)
}

/// Records the changes that will wait for a boot. Once the configuration is changed, nothing on the host shows that the running zone
/// lacks them.
fn note_pending(journal: &Journal<'_>, application: &Application) -> Result<()> {
    let pending = &application.changes.pending;
    if pending.is_none() || *pending == application.entry.pending {
        return Ok(());
    }
    journal.edit(|entry| entry.pending.clone_from(pending))
}

/// Records the changes that do wait for a boot after a step has failed.
fn note_changed(journal: &Journal<'_>, application: &Application, host: &Host) -> Result<()> {
    let (Some((zone, from)), true) = (&application.changes.found, application.changes.pending.is_some()) else {
        return Ok(());
    };
    let Some(to) = host.zone_config(zone.name.as_str())? else { return Ok(()) };
    let before = pending::current(host, &application.entry, Some(zone))?;
    let pending = pending::after(host, before, zone, from, &to)?;
    journal.edit(|entry| entry.pending.clone_from(&pending))
}

/// Returns the number of steps that are announced.
fn count(application: &Application) -> usize {
    if application.changes.rebuild {
        return application.changes.steps.len() + usize::from(application.changes.boot.is_some());
    }
    let down = match (application.changes.reboot, application.changes.cold.len()) {
        (false, _) => 0,
        (true, 0) => 1,
        (true, cold) => cold + 2,
    };
    let first = application.snapshot.as_ref().map_or(0, |snapshot| snapshot.change.steps.len());
    first + application.changes.steps.len() + application.changes.unlinks.len() + application.changes.plumb.len() + down
}

/// Builds a zone that the host no longer has.
fn rebuild(application: &Application, step_context: &StepContext<'_>, mut journal: Journal<'_>) -> Result<()> {
    if let Some(membership) = &step_context.membership {
        membership.ensure(&application.entry)?;
    }
    step_context.made.forget_zonepath();
    journal.keep(&step_context.made);
    journal.uninstalled();
    journal.intend(Intent {
        before: Some(Before::Ready),
        boot: Some(application.changes.boot.is_some()),
        ..Intent::default()
    });
    executor::create(step_context, &mut journal, &application.changes.steps, Purpose::Create, Failure::Keep)?;
    note_applied(&journal, application)?;
    executor::finish(step_context, &mut journal, application.changes.boot.as_ref())
}

/// Shuts the zone down for what needs it to be down, and boots it again.
fn change_while_down(
    context: &Context,
    config_tree: &ConfigTree,
    application: &Application,
    step_context: &StepContext<'_>,
    journal: Journal<'_>,
) -> Result<()> {
    if !application.changes.reboot {
        return plumb(step_context, &journal, application);
    }
    let limits = config_tree.config.timeouts;
    let act = |what: Power, limit| power::act(step_context, &application.entry, what, limit);
    preconditions::before_boot(&step_context.host, step_context.zone, true)?;
    // Noted, so that a zone that was shut down comes up again, even if zmgr dies first.
    let mut journal = journal.applying();
    journal.intend(Intent { running: true, ..Intent::default() });
    step_context.next_step("shutdown");
    journal.note(Note::Creating { step: "shutdown" })?;
    let changed = act(Power::Shutdown { force: false }, limits.shutdown)
        .and_then(|_| {
            executor::run(step_context, &mut journal, executor::each(&application.changes.cold), Purpose::ApplyDown)
        })
        .and_then(|()| unlink(step_context, &mut journal, application))
        .and_then(|()| note_applied(&journal, application));
    // Cancelled twice: recovery boots it.
    if changed.as_ref().is_err_and(|error| error.code() == Code::Cancelled) {
        step_context.undoing();
    }
    // It was running before, so it is booted again whatever happened to its links.
    step_context.next_step("boot");
    journal.note(Note::Creating { step: "boot" })?;
    let booted = act(Power::Boot, limits.boot);
    if booted.as_ref().is_err_and(|error| error.code() == Code::Cancelled) {
        return booted.and(changed);
    }
    journal.note(Note::Ready)?;
    changed?;
    booted.map_err(|error| error.with_help(format!("fix the cause, then run `zmgr boot {}`", step_context.zone)))?;
    plumb(step_context, &journal, application)?;
    power::settled_after_boot(context, step_context, limits.boot)
}

/// Boots a zone that was down for a change when zmgr died, after the rest of the change.
pub(crate) fn finish(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
) -> Result<()> {
    match left_to_do(context, config_tree, entry) {
        Ok(application) => carry_out(context, config_tree, &application, step_context)?,
        // A user has edited it in the meantime. It is booted as it is, and `apply` reports the difference.
        Err(error) => step_context.warn(format!(
            "the rest of the changes to {} could not be applied: {}",
            step_context.zone,
            error.message()
        )),
    }
    if entry.intent.running {
        step_context.next_step("boot");
        journal.note(Note::Creating { step: "boot" })?;
        power::act(step_context, entry, Power::Boot, config_tree.config.timeouts.boot)?;
    }
    journal.note(Note::Ready)?;
    if entry.intent.running {
        power::after_boot(context, step_context, config_tree.config.timeouts.boot)?;
    }
    Ok(())
}

/// Returns what is left of a change, without taking the zone down again.
fn left_to_do(context: &Context, config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<Application> {
    let snapshots = context.snapshot()?;
    let Some((_, comparison)) = comparisons(context, config_tree, &snapshots, std::slice::from_ref(&entry.name))?.pop()
    else {
        return Err(Error::new(Code::Internal, "a zone that was named is not there"));
    };
    let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
    plan_of(context, config_tree, &snapshots, Some(&mut allocator), comparison?, &ApplyOptions::new(), None)
}

/// Makes the zone plumb the links that it got, and records the links on which that failed.
fn plumb(step_context: &StepContext<'_>, journal: &Journal<'_>, application: &Application) -> Result<()> {
    let left = plumb_links(step_context, &application.changes.applied.nets, &application.changes.plumb, |id| {
        step_context.next_step(id)
    })?;
    if left.is_empty() {
        return Ok(());
    }
    journal.edit(|entry| {
        if let Some(applied) = &mut entry.applied {
            applied.plumb_links.extend(left.iter().cloned());
        }
    })
}

fn unlink(step_context: &StepContext<'_>, journal: &mut Journal<'_>, application: &Application) -> Result<()> {
    executor::run(
        step_context,
        journal,
        application.changes.unlinks.iter().map(|step| step as &dyn Step),
        Purpose::Unlink,
    )
}

/// Records what the host has now.
fn note_applied(journal: &Journal<'_>, application: &Application) -> Result<()> {
    let is_down = !application.changes.cold.is_empty();
    journal.edit(|entry| {
        entry.applied = Some(Box::new(application.changes.applied.clone()));
        entry.pending = application.changes.pending.clone().filter(|_| !is_down);
    })
}

/// Drops the changes that waited for the boot that just happened.
fn booted(context: &Context, step_context: &StepContext<'_>, journal: &Journal<'_>) -> Result<()> {
    let zone = context.host.zone_state(step_context.zone)?;
    pending::clear(&context.host, journal, &entries::entry(context, step_context.zone)?, zone.as_ref())
}

/// Checks that a planned application is still current.
pub(crate) fn confirm(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    name: &ZoneName,
    change: &Change,
) -> Result<()> {
    let (Request::Apply { options, .. }, Some(pinned)) = (&change.request, Pinned::of(change)) else {
        return Err(Error::new(Code::Internal, "no change to apply"));
    };
    let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
    for (_, comparison) in comparisons(context, config_tree, snapshots, std::slice::from_ref(name))? {
        let planned = comparison.and_then(|comparison| {
            plan(context, config_tree, snapshots, Some(&mut allocator), comparison, options, Some(pinned))
        });
        match planned {
            // A zone that could not be created: it is not created now either.
            Err(error) if change.steps.is_empty() && error.code() == Code::WrongState => {}
            // Nothing was planned, because of an error that still exists.
            Err(error) if change.steps.is_empty() => {
                let now = super::left_alone(name, options, &error);
                confirmed(Ok(now), Some(change), |now| now)?;
            }
            planned => {
                confirmed(planned, Some(change), |application| &application.change)?;
            }
        }
    }
    Ok(())
}

/// Runs a planned application.
pub(crate) fn apply_planned(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    name: &ZoneName,
    change: &Change,
    events: &EventSender,
) -> Result<Option<Zone>> {
    let Request::Apply { options, .. } = &change.request else {
        return Err(Error::new(Code::Internal, "no change to apply"));
    };
    let mut comparisons = comparisons(context, config_tree, snapshots, std::slice::from_ref(name))?;
    let Some((_, comparison)) = comparisons.pop() else { return Ok(None) };
    apply_one(context, config_tree, snapshots, comparison?, options, Some(change), events)
        .map(|(_, zone, _)| Some(zone))
}
