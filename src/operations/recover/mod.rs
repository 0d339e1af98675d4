//! Recovery: resumes or rolls back the operations that a killed or failed zmgr left unfinished.
//!
//! Invariant: an active zone is never undone, and what others made or finished stays as it is. A recovery may itself be killed and
//! repeated.

mod decision;
mod find;
mod rename;

use super::config_tree::ConfigTree;
use super::context::{Context, Locks};
use super::create_plan::Arrival;
use super::entries::entry;
use super::executor::{self, Purpose};
use super::host_assets::HostAssets;
use super::jobs::{EventSender, before, run_in_order};
use super::journal::{Journal, Note, REINSTALL};
use super::snapshot::{Stopped, Unfinished};
use super::step_context::StepContext;
use super::steps::{Boot, Step};
use super::update::StoppedUpdate;
use super::{apply, clones, create_plan, destroy, golden, origins, pending, power, reinstall, snapshot, view};
use crate::api::{Action, DestroyOptions, Outcome, RecoverOptions, Report, RunOptions, StepKind, Zone, ZoneStatus};
use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::ScriptFile;
use crate::registry::EntryKind;
use crate::value::name::ZoneName;
use decision::{Journal as Position, RecoverMode, RecoveryAction, advice, decide};
use find::Findings;

/// Result of recovering one zone.
enum Done {
    /// There was nothing to do.
    Nothing(Zone),
    /// It would have to be installed, and that was not wanted.
    Skipped(Zone),
    /// The operation was completed.
    Finished(Zone),
    /// Its destruction was rolled back.
    Restored(Zone),
    /// Its creation was rolled back.
    Undone,
    /// Its destruction was completed.
    Destroyed,
}

/// Recovers these zones, or every zone that is not `ready` if none is named.
pub(crate) fn recover(
    context: &Context,
    names: &[ZoneName],
    options: &RecoverOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let mode = match (options.resume, options.roll_back) {
        (true, true) => {
            return Err(Error::new(Code::InvalidArgument, "resume and roll back exclude each other"));
        }
        (true, false) => RecoverMode::Resume,
        (false, true) => RecoverMode::RollBack,
        (false, false) => RecoverMode::LeastLoss,
    };
    let config_tree = ConfigTree::load(context.registry.tree())?;
    context.clear_up(&config_tree)?;
    let whole = names.is_empty();
    let names = if whole { unfinished(context)? } else { names.to_vec() };
    let names = rename::once_each(context, names);
    let order = clones::recovery(context, &names);
    let total = names.len();
    let outcomes = run_in_order(names, total, &order, run, |name, _, events| {
        let done = recover_one(context, &config_tree, &name, (mode, options), events);
        let (action, result) = match done {
            Ok(Done::Nothing(zone)) => (Action::Unchanged, Ok(Some(zone))),
            Ok(Done::Skipped(zone)) => (Action::Skipped, Ok(Some(zone))),
            Ok(Done::Finished(zone)) => (Action::Finished, Ok(Some(zone))),
            Ok(Done::Restored(zone)) => (Action::Restored, Ok(Some(zone))),
            Ok(Done::Undone) => (Action::Undone, Ok(None)),
            Ok(Done::Destroyed) => (Action::Destroyed, Ok(None)),
            Err(error) => (Action::Failed, Err(error)),
        };
        Outcome::new(name.to_string(), action, result, events.take_notes())
    });
    let mut outcomes = outcomes?;
    if let Some(membership) = context.membership(&config_tree)?.filter(|_| whole) {
        let swept = before(run, |events| {
            let host_usage = context.with_cancel(events).snapshot()?.host_usage;
            membership.sweep(&context.registry, &host_usage, &mut || events.cancel_requests() == 0)
        });
        match (swept, outcomes.first_mut()) {
            (Ok(notes), first) => {
                notes.iter().for_each(|note| tracing::warn!("{note}"));
                if let Some(first) = first {
                    first.notes.extend(notes);
                }
            }
            // The zones are recovered; only claims that no entry has may be left.
            (Err(error), Some(first)) => first.notes.push(format!("claims were not compared: {}", error.message())),
            (Err(error), None) => return Err(error),
        }
    }
    Ok(Report { outcomes })
}

/// Returns the zones with an unfinished operation.
fn unfinished(context: &Context) -> Result<Vec<ZoneName>> {
    let snapshot = context.registry.snapshot()?;
    let mut names: Vec<ZoneName> = snapshot
        .entries()
        .filter(|entry| entry.summary.kind == EntryKind::Zone && entry.unreadable.is_none())
        .filter(|entry| entry.summary.state().is_some_and(|state| !matches!(state, "ready" | "detached" | "newer")))
        .filter_map(|entry| ZoneName::new(entry.summary.name).ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn recover_one(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    (mode, options): (RecoverMode, &RecoverOptions),
    events: &EventSender,
) -> Result<Done> {
    let before = entry(context, name)?;
    if before.is_newer() {
        let message = format!("cannot recover {name}: its entry was written by a newer zmgr");
        return Err(Error::new(Code::Config, message).with_help("use that zmgr, or a later one"));
    }
    if let Some(renaming) = &before.renaming {
        return rename::recover(context, config_tree, (&before, renaming), mode, options.wait, events);
    }
    let is_built_again = find::is_reinstallation(&before) || find::is_rebuild(&before);
    let golden = match is_built_again {
        true => reinstall::golden_to_resume(&context.with_cancel(events), config_tree, &before)?,
        false => None,
    };
    let locks = lock(context, config_tree, (&before, golden.as_ref()), options.wait, events)?;
    // The previous holder of the lock may have completed the operation.
    let entry = match entry(context, name) {
        Err(error) if error.code() == Code::NotFound => {
            locks.retire();
            // Another process completed it in the same direction.
            return Ok(match before.state {
                Some(EntryState::Destroying { .. }) => Done::Destroyed,
                _ => Done::Undone,
            });
        }
        entry => entry?,
    };
    let asking = context.with_cancel(events);
    let Some(journal_says) = find::journal(&entry) else {
        let spec = view::desired(config_tree, &entry);
        let zone = asking.host.zone_state(name)?;
        let pending = pending::texts(&asking.host, &entry, zone.as_ref())?;
        let status = zone.map(|zone| zone.state.status());
        return Ok(Done::Nothing(Zone { pending, ..view::of_entry(&entry, spec.as_ref(), status) }));
    };
    let id = super::identity::id_of(&entry)?;
    let (mut spec, lacking) = find::mode(config_tree, &entry)?;
    let is_from_golden = golden.is_some();
    if let Some(golden) = golden {
        spec.clone_from = Some(golden.into());
    }
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.made.recorded(&entry);
    step_context.start(None);
    ScriptFile::remove_left(&step_context.scratch, name)?;
    let mut journal = Journal::new(&context.registry, name, id);
    if find::is_reinstallation(&entry) {
        journal = journal.reinstalling();
    } else if find::is_application(&entry) {
        journal = journal.applying();
    }
    let (stopped, update) = (Stopped::at(&entry), StoppedUpdate::at(&entry));
    if update.is_some() {
        journal = journal.updating();
    }
    let journal_says = match &stopped {
        Some(stopped) => {
            journal = journal.on_snapshot();
            Position::Snapshot(stopped.progress(&asking.host, &entry)?)
        }
        None => journal_says,
    };
    let findings = find::inspect(&asking, &entry, &spec)?;
    let work =
        Work { context, config_tree, entry: &entry, spec: &spec, findings: &findings, is_from_golden, stopped, update };
    let done = match decide(journal_says, &findings.found, mode) {
        RecoveryAction::Finish if options.skip_installs && work.installs() => work.skip(events).map(Done::Skipped),
        RecoveryAction::Refuse(why) => {
            Err(Error::new(Code::RecoveryNeeded, format!("{name}: {why}")).with_help(match work.is_destruction() {
                true => format!("check the zone; run `zmgr destroy {name}` to remove it anyway"),
                false => advice(name, |mode| decide(journal_says, &findings.found, mode)),
            }))
        }
        RecoveryAction::Undo => work.undo(&step_context, &mut journal).map(|()| Done::Undone),
        RecoveryAction::Finish => work.finish(&step_context, &mut journal, lacking),
        RecoveryAction::Restore => work.restore(&step_context, &mut journal).map(Done::Restored),
    };
    drop(step_context);
    if let Ok(Done::Undone | Done::Destroyed) = done
        && !context.registry.tree().zone(name).exists()
    {
        locks.retire();
    }
    done
}

/// Takes the zone's locks, and its source's if it is a clone. Without `wait` they are tried once, so that a running operation is
/// not disturbed.
fn lock(
    context: &Context,
    config_tree: &ConfigTree,
    (entry, golden): (&ZoneEntry, Option<&ZoneName>),
    wait: bool,
    events: &EventSender,
) -> Result<Locks> {
    let timeout = if wait { config_tree.config.timeouts.install } else { std::time::Duration::ZERO };
    // If the spec is unknown, nothing is cloned either.
    let recorded = || reinstall::desired(config_tree, entry).ok().and_then(|spec| spec.clone_from);
    let source = golden.cloned().or_else(|| recorded().map(|source| source.value));
    context.lock_with_source_for(&entry.name, source.as_ref(), timeout, timeout, events).map_err(|error| {
        let step = entry.state.as_ref().and_then(EntryState::step).unwrap_or_default();
        match error.code() {
            Code::Busy => error.with_context(format!("{} is unfinished at step {step}", entry.name)),
            _ => error,
        }
    })
}

/// The unfinished operation of a zone.
struct Work<'a> {
    context: &'a Context,
    config_tree: &'a ConfigTree,
    entry: &'a ZoneEntry,
    spec: &'a ZoneSpec,
    findings: &'a Findings,
    /// It is built again, from a golden zone.
    is_from_golden: bool,
    /// The step at which an operation on a snapshot stopped.
    stopped: Option<Stopped>,
    /// The step at which an update of packages stopped.
    update: Option<StoppedUpdate>,
}

impl Work<'_> {
    /// Returns true if resuming the operation installs the zone.
    fn installs(&self) -> bool {
        let whole = self
            .findings
            .zone
            .as_ref()
            .is_some_and(|zone| !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete));
        !self.is_destruction() && !find::is_application(self.entry) && (!whole || self.has_old_files())
    }

    /// Returns true if the files of the zone are those that it is to be reinstalled without.
    fn has_old_files(&self) -> bool {
        let step = self.entry.state.as_ref().and_then(EntryState::step).unwrap_or_default();
        step.strip_prefix(REINSTALL).is_some_and(reinstall::is_down)
    }

    /// Returns true if the old files of the zone, or what they were cloned from, may not be gone completely.
    fn is_emptying(&self) -> bool {
        let step = self.entry.state.as_ref().and_then(EntryState::step).unwrap_or_default();
        step.strip_prefix(REINSTALL).and_then(StepKind::of_id).is_some_and(reinstall::empties)
    }

    /// Leaves the operation unfinished, with a note.
    fn skip(&self, events: &EventSender) -> Result<Zone> {
        let name = &self.entry.name;
        events.note(format!("{name} has to be installed: run `zmgr recover {name}`"));
        let status = self.findings.zone.as_ref().map(|zone| zone.state.status());
        view::read(&self.context.registry, name, Some(self.spec), status)
    }

    fn is_destruction(&self) -> bool {
        matches!(self.entry.state, Some(EntryState::Destroying { .. }))
    }

    fn undo(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>) -> Result<()> {
        let steps = create_plan::steps_to_undo(self.entry, self.spec, self.config_tree, self.context.host.dialect())?;
        journal.installed(self.findings.uuid.clone());
        // The journal, or the user, decided that it may be removed.
        step_context.installation.replace(Some(self.findings.uuid.clone()));
        executor::roll_back(step_context, journal, &steps, steps.len() - 1)
    }

    /// `lacking`: error of the files, which matters only to an installation.
    fn finish(
        &self,
        step_context: &StepContext<'_>,
        journal: &mut Journal<'_>,
        lacking: Option<Error>,
    ) -> Result<Done> {
        if self.is_destruction() {
            let steps = destroy::steps(
                &self.context.registry,
                self.config_tree,
                self.entry,
                self.findings.zone.as_ref(),
                self.findings.autoboot,
                &DestroyOptions::new().keep_data(self.entry.intent.keep_data).purge(self.entry.intent.purge),
            );
            if self.entry.intent.keep_entry {
                executor::detach(step_context, journal, &steps)?;
                return view::read(&self.context.registry, &self.entry.name, Some(self.spec), None).map(Done::Finished);
            }
            return executor::destroy(step_context, journal, &steps).map(|()| Done::Destroyed);
        }
        if let Some(unfinished) = self.unfinished_snapshot() {
            unfinished.finish(step_context, journal)?;
            return self.as_it_is().map(Done::Finished);
        }
        if let Some(update) = &self.update {
            update.finish(self.context, self.config_tree, self.entry, step_context, journal)?;
            return self.as_it_is().map(Done::Finished);
        }
        if find::is_application(self.entry) {
            apply::finish(self.context, self.config_tree, self.entry, step_context, journal)?;
            let status = self.context.host.zone_state(&self.entry.name)?.map(|zone| zone.state.status());
            let spec = view::spec(&self.context.registry, &self.entry.name).ok();
            return view::read(&self.context.registry, &self.entry.name, spec.as_ref(), status).map(Done::Finished);
        }
        lacking.map_or(Ok(()), Err)?;
        if let Some(membership) = &step_context.membership {
            membership.ensure(self.entry)?;
        }
        journal.installed(self.findings.uuid.clone());
        let steps = if find::is_reinstallation(self.entry) {
            // Planned first: if a key or publisher is missing, the old files stay.
            let steps = create_plan::installation(
                self.spec,
                self.config_tree,
                self.context.host.dialect(),
                &self.host_assets()?,
                Arrival::Installed { again: true },
            )?;
            if let Some(zone) = &self.findings.zone {
                self.empty(step_context, journal, zone)?;
            }
            let is_kept = self.entry.intent.keep_root;
            let snapshots = (!is_kept).then(|| destroy::drop_snapshots(&self.context.registry, self.entry)).flatten();
            snapshots.into_iter().chain(steps).collect()
        } else {
            self.creation()?
        };
        executor::run(step_context, journal, executor::each(&steps), Purpose::Resume)?;
        if steps.iter().any(|step| step.kind() == StepKind::Clone) {
            origins::cloned(step_context, &self.spec.brand.value)?;
        }
        if find::is_reinstallation(self.entry) || find::is_rebuild(self.entry) && self.is_from_golden {
            create_plan::note_installed(journal, self.spec)?;
        }
        let limit = self.config_tree.config.timeouts.boot;
        let boot = self.boots().then(|| Boot { zone: self.entry.name.clone(), limit });
        executor::finish(step_context, journal, boot.as_ref())?;
        if boot.is_some() {
            power::after_boot(self.context, step_context, limit)?;
        }
        let status = if boot.is_some() { ZoneStatus::Running } else { ZoneStatus::Installed };
        view::read(&self.context.registry, &self.entry.name, Some(self.spec), Some(status)).map(Done::Finished)
    }

    /// Returns the steps that keep the old root of a zone that is reinstalled; none if it is not kept.
    fn kept_root(&self, zone: &HostZone) -> Result<Vec<Box<dyn Step>>> {
        if !self.entry.intent.keep_root {
            return Ok(Vec::new());
        }
        let limit = self.config_tree.config.timeouts.command;
        Ok(snapshot::resume_keeping(self.context, limit, self.entry, zone)?.steps)
    }

    /// Completes the part of a reinstallation up to the removal of the zone's old files, if it is not done.
    fn empty(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>, zone: &HostZone) -> Result<()> {
        let whole = !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete);
        if whole && !self.has_old_files() {
            return Ok(());
        }
        if whole {
            let down =
                destroy::down(self.config_tree, self.entry, zone, self.findings.autoboot, &DestroyOptions::new());
            let (down, emptying) = reinstall::parted(down);
            let kept = self.kept_root(zone)?;
            let steps = executor::each(&down).chain(executor::each(&kept)).chain(executor::each(&emptying));
            executor::run(step_context, journal, steps, Purpose::Empty)?;
        } else if self.is_emptying() {
            let mut left = destroy::down(self.config_tree, self.entry, zone, false, &DestroyOptions::new());
            left.retain(|step| reinstall::empties(step.kind()));
            executor::run(step_context, journal, executor::each(&left), Purpose::Empty)?;
        }
        journal.uninstalled();
        Ok(())
    }

    /// Leaves a complete zone `ready`, running if it was running, and booting with the host if it did before.
    fn restore(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>) -> Result<Zone> {
        if let Some(unfinished) = self.unfinished_snapshot() {
            unfinished.undo(step_context, journal)?;
            return self.as_it_is();
        }
        if let Some(update) = &self.update {
            update.undo(self.context, self.config_tree, self.entry, step_context, journal)?;
            return self.as_it_is();
        }
        if let Some(zone) = self.findings.zone.as_ref().filter(|_| self.entry.intent.keep_root) {
            executor::undo_all(step_context, 0, &self.kept_root(zone)?)?;
            journal.keep(&step_context.made);
        }
        if let Some(zone) = self.findings.zone.as_ref().filter(|_| self.entry.intent.keep_data) {
            let options = DestroyOptions::new().keep_data(true);
            let down = destroy::down(self.config_tree, self.entry, zone, false, &options);
            executor::undo_all(step_context, 0, &down)?;
        }
        if self.spec.host_autoboot() && !self.findings.autoboot {
            let autoboot = super::steps::Autoboot { zone: self.entry.name.clone(), on: true };
            executor::run(step_context, journal, [&autoboot as &dyn Step], Purpose::Restore)?;
        }
        let limit = self.config_tree.config.timeouts.boot;
        let boot = self.entry.intent.running.then(|| Boot { zone: self.entry.name.clone(), limit });
        if let Some(boot) = &boot {
            executor::boot_again(step_context, journal, boot, self.config_tree.config.timeouts.shutdown)?;
        }
        journal.note(Note::Ready)?;
        let status = self.context.host.zone_state(&self.entry.name)?.map(|zone| zone.state.status());
        view::read(&self.context.registry, &self.entry.name, Some(self.spec), status)
    }

    fn unfinished_snapshot(&self) -> Option<Unfinished<'_>> {
        let (stopped, zone) = (self.stopped.as_ref()?, self.findings.zone.as_ref()?);
        let limits = &self.config_tree.config.timeouts;
        Some(Unfinished { context: self.context, limits, entry: self.entry, zone, stopped })
    }

    /// Returns the zone as the host has it now.
    fn as_it_is(&self) -> Result<Zone> {
        let status = self.context.host.zone_state(&self.entry.name)?.map(|zone| zone.state.status());
        view::read(&self.context.registry, &self.entry.name, Some(self.spec), status)
    }

    fn creation(&self) -> Result<Vec<Box<dyn Step>>> {
        let (dialect, files) = (self.context.host.dialect(), Arrival::of(&self.entry.intent));
        let steps = create_plan::steps(self.spec, self.config_tree, dialect, &self.host_assets()?, files)?;
        let mut steps = create_plan::after_snapshot(self.entry, steps);
        steps.extend(golden::seal(self.entry));
        Ok(steps)
    }

    fn host_assets(&self) -> Result<HostAssets> {
        HostAssets::of(&self.context.host, self.config_tree, self.spec)
    }

    fn boots(&self) -> bool {
        self.entry.intent.boot.unwrap_or(self.spec.autoboot.value)
    }
}
