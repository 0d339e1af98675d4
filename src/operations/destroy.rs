//! Destroys zones: everything of the zone that zmgr may remove, in an order that never leaves a dangling reference.

use std::collections::BTreeMap;

use serde_json::Value;

use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::Context;
use super::create_plan::vnics;
use super::data;
use super::entries::entry;
use super::executor;
use super::impact::{self, DestroyImpact, Removal};
use super::jobs::{EventSender, before};
use super::journal::{APPLY, Journal, Note, REINSTALL};
use super::step_context::StepContext;
use super::steps::{Autoboot, DropOrigin, DropSnapshots, Halt, PurgeDataset, Step, Unconfigure, Uninstall, Unlink};
use super::{clones, evidence, golden, identity, kept, purgeable};
use crate::api::{
    Action, Basis, Change, DestroyOptions, EventKind, Operation, Outcome, Plan, PlannedStep, Report, Request,
    RunOptions, StepKind,
};
use crate::documents::zone::{EntryState, Intent, SNAPSHOT, UPDATE, ZoneEntry};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zfs::Dataset;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::registry::{Registry, Wait};
use crate::value::EntryId;
use crate::value::name::ZoneName;

/// A planned destruction.
pub(crate) struct Destruction {
    /// Id of the entry to remove.
    pub(crate) id: EntryId,
    pub(crate) steps: Vec<Box<dyn Step>>,
    /// The entry as it was planned from.
    pub(crate) entry: ZoneEntry,
    /// The dataset of the zone's files.
    pub(crate) dataset: Option<Dataset>,
    /// True if the zone is active now.
    pub(crate) running: bool,
    pub(crate) change: Change,
}

/// The zone as the host has it.
pub(crate) struct Found {
    pub(crate) zone: HostZone,
    /// Its configuration.
    pub(crate) autoboot: bool,
    pub(crate) impact: DestroyImpact,
}

/// Plans the destruction of a zone, as the registry and the host have it now. `release`: its claims end with it.
pub(crate) fn plan(
    registry: &Registry,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    found: Option<&Found>,
    release: bool,
    options: &DestroyOptions,
) -> Result<Destruction> {
    let name = &entry.name;
    let host = found.map(|found| &found.zone);
    destroyable(config_tree, entry, host, options)?;
    if entry.id.is_none() && entry.state.is_none() {
        return Err(Error::new(Code::WrongState, format!("{name} has not been created yet"))
            .with_help(format!("remove zones/{name}.kdl")));
    }
    let id = identity::id_of(entry)?;
    if options.keep_entry {
        identity::settled(entry)?;
    }
    let mut notes = Vec::new();
    if let Some(Found { zone, impact, .. }) = found {
        if options.keep_data {
            impact.check_detachable(name)?;
        } else {
            data::check_ours(&entry.datasets, name, impact.dataset())?;
            impact.check_destroyable(name, options.force, options.purge)?;
        }
        notes = impact.notes(&zone.zonepath, options.keep_data);
    }
    if entry.state == Some(EntryState::Detached) {
        notes.extend(kept_files(entry));
    }
    if options.keep_data && !options.keep_entry {
        notes.extend(entry.snapshots.iter().map(|record| {
            format!(
                "snapshot {} stays ({}), and its copy of the zone's file in snapshots/{name}",
                record.label, record.name
            )
        }));
    }
    let left = entry.nets.iter().filter(|net| !net.managed).filter_map(|net| net.vnic.as_ref());
    notes.extend(left.map(|vnic| format!("the VNIC {vnic} is kept: zmgr did not create it")));
    let autoboot = found.is_some_and(|found| found.autoboot);
    let steps = steps(registry, config_tree, entry, host, autoboot, options);
    let mut summary = BTreeMap::new();
    summary.insert(format!("zone {name}"), host.map_or("absent", |zone| zone.state.as_str()).to_owned());
    let last = if options.keep_entry { StepKind::Detached } else { StepKind::Forget };
    let forget = PlannedStep::of_entry(last, name.as_str());
    let release = (release && !options.keep_entry).then(|| PlannedStep::writing(StepKind::Release, Vec::new()));
    let change = Change {
        zone: name.to_string(),
        entry_id: id.to_string(),
        request: Request::Destroy { options: options.clone() },
        spec: Value::Null,
        steps: steps.iter().map(|step| step.planned()).chain(release).chain([forget]).collect(),
        notes,
        basis: Basis { documents: BTreeMap::new(), entry: id.to_string(), host: summary },
    };
    let dataset = found.and_then(|found| found.impact.dataset().cloned());
    let entry = entry.clone();
    Ok(Destruction { id, steps, entry, dataset, running: host.is_some_and(|zone| zone.state.is_active()), change })
}

/// Returns the steps from this state of the host to nothing.
pub(crate) fn steps(
    registry: &Registry,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    host: Option<&HostZone>,
    autoboot: bool,
    options: &DestroyOptions,
) -> Vec<Box<dyn Step>> {
    let name = &entry.name;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    if let Some(zone) = host {
        steps = down(config_tree, entry, zone, autoboot, options);
        steps.push(Box::new(Unconfigure { zone: name.clone(), zonepath: zone.zonepath.clone() }));
    } else if let (Some(EntryState::Destroying { .. }), Some(zonepath)) = (&entry.state, &entry.zonepath) {
        // A killed zonecfg may have left the zone's document.
        steps.push(Box::new(Unconfigure { zone: name.clone(), zonepath: zonepath.value.clone() }));
    }
    if options.purge {
        let made = entry.datasets.iter().filter(|made| made.is_delegated());
        steps.extend(made.map(|made| Box::new(PurgeDataset(made.clone())) as Box<dyn Step>));
    }
    if !options.keep_data {
        steps.extend(drop_snapshots(registry, entry));
    }
    steps.extend(vnics(&entry.nets).into_iter().map(|vnic| Box::new(Unlink { vnic }) as Box<dyn Step>));
    steps
}

/// Returns the step that destroys what is left of the zone's snapshots, if it has any.
pub(crate) fn drop_snapshots(registry: &Registry, entry: &ZoneEntry) -> Option<Box<dyn Step>> {
    let (registry, zone) = (registry.clone(), entry.name.clone());
    let records = entry.snapshots.clone();
    (!records.is_empty()).then(|| Box::new(DropSnapshots { registry, zone, records }) as Box<dyn Step>)
}

/// Returns the steps until the zone's files are gone.
pub(crate) fn down(
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    zone: &HostZone,
    autoboot: bool,
    options: &DestroyOptions,
) -> Vec<Box<dyn Step>> {
    let name = &entry.name;
    let limits = config_tree.config.timeouts;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    if autoboot {
        steps.push(Box::new(Autoboot { zone: name.clone(), on: false }));
    }
    if zone.state.is_active() {
        steps.push(Box::new(Halt { zone: name.clone(), limit: limits.shutdown }));
    }
    if zone.state != ZoneState::Configured {
        steps.push(Box::new(Uninstall {
            zone: name.clone(),
            zonepath: zone.zonepath.clone(),
            keep_data: options.keep_data,
            purge: options.purge,
            uuid: entry.uuid.clone(),
            limit: limits.install,
        }));
    }
    if !options.keep_data {
        let origins = entry.datasets.iter().filter(|made| made.is_snapshot());
        steps.extend(origins.map(|origin| Box::new(DropOrigin(origin.clone())) as Box<dyn Step>));
    }
    steps
}

fn destroyable(
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    host: Option<&HostZone>,
    options: &DestroyOptions,
) -> Result<()> {
    let name = &entry.name;
    if options.keep_data && options.purge {
        return Err(Error::new(Code::InvalidArgument, "keep-data and purge contradict each other")
            .with_help("give one of the two"));
    }
    if entry.is_newer() {
        return Err(Error::new(Code::Config, format!("the entry of {name} was written by a newer zmgr")));
    }
    if entry.state == Some(EntryState::Detached) && !options.keep_data {
        return Err(Error::new(Code::WrongState, format!("{name} is detached; its files would stay behind"))
            .with_details(kept_files(entry).into_iter().map(|note| Diagnostic::new("kept", note)).collect())
            .with_help(format!("run `zmgr attach {name}` first to destroy them, or pass --keep-data to leave them")));
    }
    if let Some(EntryState::Creating { step, .. }) = &entry.state
        && !step.starts_with(REINSTALL)
        && !step.starts_with(APPLY)
        && !step.starts_with(SNAPSHOT)
        && !step.starts_with(UPDATE)
    {
        return Err(Error::new(Code::RecoveryNeeded, format!("the creation of {name} is unfinished"))
            .with_help(format!("run `zmgr recover {name}` first")));
    }
    if let (Some(source), false) = (config_tree.protection(entry), options.force || options.keep_entry) {
        return Err(Error::new(Code::WrongState, format!("{name} is protected ({source})"))
            .with_help(format!("use --force, or run `zmgr set {name} protected=false` first")));
    }
    host.map_or(Ok(()), |zone| identity::same_installation(entry, zone))
}

/// Describes the files of a detached zone.
fn kept_files(entry: &ZoneEntry) -> Option<String> {
    let made = entry.datasets.iter().find(|made| made.zonepath)?;
    let path = entry.zonepath.as_ref().map(|path| path.value.as_str()).unwrap_or_default();
    Some(format!("its files stay in {path} ({})", made.name))
}

/// Handles a failure of a detach: as long as the zone is installed, it is restored.
fn unchanged(step_context: &StepContext<'_>, journal: &Journal<'_>, destruction: &Destruction, error: Error) -> Error {
    step_context.undoing();
    let restored = || -> Result<bool> {
        match step_context.host.zone_state(step_context.zone)? {
            Some(zone) if zone.state == ZoneState::Installed => {}
            _ => return Ok(false),
        }
        step_context.emit(EventKind::Undoing);
        executor::undo_all(step_context, 0, &destruction.steps)?;
        journal.note(Note::Ready)?;
        Ok(true)
    };
    match restored() {
        Ok(true) => error.with_context(format!("detaching {} failed; the zone is unchanged", step_context.zone)),
        Ok(false) => error,
        Err(also) => error.with_detail(also.to_detail()).with_help(format!("run `zmgr recover {}`", step_context.zone)),
    }
}

/// Plans to detach these zones. Changes nothing.
pub(crate) fn plan_detach(context: &Context, names: &[ZoneName]) -> Result<Plan> {
    let plan = plan_destroy(context, names, &DestroyOptions::detach())?;
    Ok(Plan::new(Operation::Detach, plan.changes))
}

/// Detaches zones: their files and their entries stay.
pub(crate) fn detach(context: &Context, names: &[ZoneName], run: &mut RunOptions<'_>) -> Result<Report> {
    destroy(context, names, &DestroyOptions::detach(), run)
}

/// Plans to destroy these zones. Changes nothing.
pub(crate) fn plan_destroy(context: &Context, names: &[ZoneName], options: &DestroyOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let lineage = clones::of_entries(context, names);
    let removal = Removal::inspect(context, &config_tree, &lineage)?;
    let changes = names
        .iter()
        .map(|name| Ok(plan_destruction(context, &config_tree, &removal, name, options)?.change))
        .collect::<Result<Vec<_>>>()?;
    Ok(Plan::new(Operation::Destroy, lineage.removing().sorted(changes)))
}

pub(crate) fn plan_destruction(
    context: &Context,
    config_tree: &ConfigTree,
    removal: &Removal,
    name: &ZoneName,
    options: &DestroyOptions,
) -> Result<Destruction> {
    let entry = entry(context, name)?;
    let release =
        context.membership(config_tree).ok().flatten().is_some_and(|membership| membership.wanted(&entry).is_some());
    if entry.is_golden() {
        golden::check_unused(context, name, removal.clones.of(name))?;
    }
    if options.purge {
        purgeable::check(context, &entry)?;
    }
    let Some(zone) = context.host.zone_state(name)? else {
        if options.keep_entry && entry.state == Some(EntryState::Ready) {
            return Err(Error::new(Code::WrongState, format!("the host does not have zone {name}"))
                .with_help(format!("run `zmgr apply --recreate {name}` to create it again")));
        }
        if let Some(zonepath) = &entry.zonepath
            && let Some(other) = identity::renamed(&context.host, &zonepath.value)?
        {
            return Err(Error::new(
                Code::RecoveryNeeded,
                format!("zone {} on the host has the zonepath {} of {name}", other.name, other.zonepath),
            )
            .with_help(format!(
                "it was renamed outside zmgr: rename it back with `zonecfg -z {} set zonename={name}`",
                other.name
            )));
        }
        let planned = plan(&context.registry, config_tree, &entry, None, release, options)?;
        return finished(context, planned, removal, (name, entry.brand()), options);
    };
    if options.keep_entry && identity::settled(&entry).is_ok() {
        identity::same_installation(&entry, &zone)?;
        kept::check_detachable(&context.host, &zone, &removal.mounts)?;
    }
    let config = context.host.zone_config(name.as_str())?;
    let mut impact = impact::inspect(&context.host, &zone, config.as_ref(), &removal.mounts)?;
    impact.leave_out(removal.clones.of(name));
    impact.know(&entry.snapshots, &context.host)?;
    if options.purge {
        impact.purge(&entry.datasets);
    }
    let autoboot = config.is_some_and(|config| config.autoboot);
    let brand = zone.brand.clone();
    let found = Found { zone, autoboot, impact };
    let mut planned = plan(&context.registry, config_tree, &entry, Some(&found), release, options)?;
    if options.keep_entry && kept::needs_root(&context.host, &brand) {
        planned
            .change
            .notes
            .push(format!("boot environments of the host that are made while {name} is detached have no copy of it"));
    }
    finished(context, planned, removal, (name, Some(&brand)), options)
}

/// Adds to a plan what is known of more than the zone itself: what comes after it, and the evidence for its steps.
fn finished(
    context: &Context,
    mut planned: Destruction,
    removal: &Removal,
    (name, brand): (&ZoneName, Option<&str>),
    options: &DestroyOptions,
) -> Result<Destruction> {
    planned.change.notes.extend(removal.boot_order.note(name));
    let what = if options.keep_entry { "attached" } else { "there" };
    planned.change.notes.extend(removal.environment.as_ref().map(|environment| environment.note(name, what)));
    evidence::annotate(&mut planned.change, &context.host, brand, options.unproven)?;
    Ok(planned)
}

/// Destroys zones.
pub(crate) fn destroy(
    context: &Context,
    names: &[ZoneName],
    options: &DestroyOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let done = if options.keep_entry { Action::Detached } else { Action::Destroyed };
    let lineage = clones::of_entries(context, names);
    let removal = match before(run, |events| Removal::inspect(&context.with_cancel(events), &config_tree, &lineage)) {
        Ok(removal) => removal,
        Err(error) => return Report::called_off(names, done, error),
    };
    let outcomes = lineage.removing().run(names.to_vec(), done, run, |name, events| {
        let (result, notes) = match destroy_one(context, &config_tree, &removal, &name, options, None, events) {
            Ok(notes) => (Ok(None), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        Outcome::new(name.to_string(), done, result, notes)
    });
    // Best effort: a stale index entry only costs time.
    let _ = context.registry.clear_up(&mut Wait::none());
    Ok(Report { outcomes: outcomes? })
}

/// Destroys one zone; with `approved`, only if the plan is still the same. Returns notes for the user.
pub(crate) fn destroy_one(
    context: &Context,
    config_tree: &ConfigTree,
    removal: &Removal,
    name: &ZoneName,
    options: &DestroyOptions,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<Vec<String>> {
    // Checked first: taking a lock creates a file, even for a name that no zone has.
    entry(context, name)?;
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    let planned = plan_destruction(&context.with_cancel(events), config_tree, removal, name, options);
    let destruction = match confirmed(planned, approved, |destruction| &destruction.change) {
        Err(error) if !context.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        planned => planned?,
    };
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.start(Some(&destruction.change));
    let mut journal = Journal::new(&context.registry, name, destruction.id.clone());
    step_context.made.recorded(&destruction.entry);
    data::adopt(&step_context, destruction.dataset.as_ref());
    journal.keep(&step_context.made);
    // A destruction that is resumed knows from its entry what the zone was before it first began.
    if matches!(entry(context, name)?.state, None | Some(EntryState::Ready)) {
        journal.intend(Intent {
            running: destruction.running,
            keep_data: options.keep_data,
            purge: options.purge,
            keep_entry: options.keep_entry,
            ..Intent::default()
        });
    }
    step_context.plan_steps(destruction.steps.len());
    let result = match options.keep_entry {
        true => executor::detach(&step_context, &mut journal, &destruction.steps)
            .map_err(|error| unchanged(&step_context, &journal, &destruction, error)),
        false => executor::destroy(&step_context, &mut journal, &destruction.steps),
    };
    drop(step_context);
    if result.is_ok() && !options.keep_entry {
        locks.retire();
    }
    result.map(|()| destruction.change.notes)
}
