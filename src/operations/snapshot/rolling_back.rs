//! Rolls a zone back to a snapshot.
//!
//! Invariant: only what zmgr took is destroyed, and only if it is asked for. If something else is in the way, a zone with boot
//! environments switches to a new one that is cloned from the snapshot; the others are refused.

use std::path::Path;

use super::changes;
use super::deleting;
use super::work::{Subject, Work, change, recorded, subject, unfinished_subject};
use super::zone_data::{ZoneData, excluded};
use crate::api::{Request, RollbackOptions, StepKind};
use crate::documents::config::Timeouts;
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zfs::Snapshot;
use crate::exec::zoneadm::ZoneState;
use crate::host::Root;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::Context;
use crate::operations::files::read_document;
use crate::operations::preconditions;
use crate::operations::steps::{Boot, CloneEnvironment, MountEnvironment, RollBack, SetActive, ShutDown, Step, Switch};
use crate::operations::taken::Taken;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Plans to roll a zone back to a snapshot.
pub(crate) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    label: &SnapshotLabel,
    options: &RollbackOptions,
) -> Result<Work> {
    plan_for(context, config_tree, subject(context, name)?, label, options)
}

/// Plans the end of an operation that failed: the zone, which is down, goes back to the snapshot that was taken first, and is
/// booted if it was running.
pub(crate) fn plan_return(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    label: &SnapshotLabel,
    boot: Option<&Boot>,
) -> Result<Work> {
    let subject = unfinished_subject(context, name)?;
    let work = plan_for(context, config_tree, subject, label, &RollbackOptions::new())?;
    Ok(Work { running: boot.is_some(), boot: boot.cloned(), ..work })
}

fn plan_for(
    context: &Context,
    config_tree: &ConfigTree,
    subject: Subject,
    label: &SnapshotLabel,
    options: &RollbackOptions,
) -> Result<Work> {
    let name = &subject.document.value.name;
    let entry = &subject.document.value;
    let record = recorded(entry, label)?;
    let running = match subject.zone.state {
        ZoneState::Installed => false,
        ZoneState::Running => true,
        state => {
            let message = format!("{name} is {state}; a zone can be rolled back while it is installed or running");
            return Err(Error::new(Code::WrongState, message).with_help(format!("run `zmgr halt {name}` first")));
        }
    };
    let data = ZoneData::of(&context.host, &subject.zone)?;
    let taken = Taken::inspect(&context.host, std::iter::once(data.base.as_str()))?;
    let way = Way::find(name, entry, record, &data, &taken, options.force)?;
    if running {
        preconditions::before_boot(&context.host, name, true)?;
    }
    let limits = &config_tree.config.timeouts;
    let parts = Parts { context, zone: name, label, limits };
    let down = |of: String| running.then(|| Box::new(parts.shut_down(of)) as Box<dyn Step>);
    let (steps, first_final) = match &way {
        Way::Back { later } => {
            let steps = parts.back(&data, record, later, &taken);
            (down(label.to_string()).into_iter().chain(steps).collect::<Vec<_>>(), usize::from(running))
        }
        Way::Switch { to } => {
            let switch = parts.switch(&data, &to.name, &data.base, &free_environment(&data));
            let steps: Vec<_> = down(switch.of.clone()).into_iter().chain(steps_of(&switch)).collect();
            let count = steps.len();
            (steps, count)
        }
    };
    let boot = running.then(|| Boot { zone: name.clone(), limit: limits.boot });
    let notes = notes(context, &subject, &way, &data, record)?;
    let planned = steps.iter().map(|step| step.planned()).chain(boot.iter().map(|boot| boot.planned())).collect();
    let request = Request::SnapshotRollback { label: label.to_string(), options: options.clone() };
    let change = change(context, &subject, request, planned, notes, options.unproven)?;
    Ok(Work { entry: entry.clone(), steps, first_final, claim: None, running, boot, change })
}

/// Way in which a zone gets its files back.
#[derive(Debug)]
enum Way<'a> {
    /// Its datasets are rolled back; these later snapshots are destroyed first.
    Back { later: Vec<&'a TakenSnapshot> },
    /// It switches to a boot environment that is cloned from this snapshot.
    Switch { to: &'a Snapshot },
}

impl<'a> Way<'a> {
    fn find(
        name: &ZoneName,
        entry: &'a ZoneEntry,
        record: &'a TakenSnapshot,
        data: &ZoneData,
        taken: &'a Taken,
        force: bool,
    ) -> Result<Way<'a>> {
        let label = &record.label;
        if !taken.has_all(record) {
            let missing = record.parts.iter().filter(|part| taken.part(record, part).is_none());
            let names: Vec<String> = missing.map(|part| format!("{}@{}", part.dataset, record.name)).collect();
            let message = format!("snapshot {label} of {name} is not complete: the host lacks {}", names.join(", "));
            return Err(Error::new(Code::WrongState, message)
                .with_help(format!("choose another one of `zmgr snapshot list {name}`")));
        }
        let at: Vec<&Snapshot> = taken.parts(record).collect();
        let moved =
            data.parts.len() != at.len() || !at.iter().all(|part| data.parts.iter().any(|own| own == part.dataset()));
        let later: Vec<&Snapshot> = at.iter().flat_map(|part| taken.later_than(part)).collect();
        let records: Vec<Option<&TakenSnapshot>> =
            later.iter().map(|later| taken.record_of(&entry.snapshots, later)).collect();
        let is_foreign = |(later, record): (&&Snapshot, &Option<&TakenSnapshot>)| {
            (record.is_none() || !later.clones.is_empty() || later.holds > 0).then(|| later.name.clone())
        };
        let in_the_way: Vec<String> = later.iter().zip(&records).filter_map(is_foreign).collect();
        if moved || !in_the_way.is_empty() {
            return match (data.root, at.as_slice()) {
                (Root::Environment, [one]) => Ok(Way::Switch { to: one }),
                _ => Err(blocked(name, record, moved, &in_the_way)),
            };
        }
        let mut own: Vec<&TakenSnapshot> = Vec::new();
        for record in records.into_iter().flatten() {
            if !own.iter().any(|known| known.label == record.label) {
                deleting::check_deletable(name, record, taken)?;
                own.push(record);
            }
        }
        if !own.is_empty() && !force {
            let labels: Vec<&str> = own.iter().map(|record| record.label.as_str()).collect();
            let message =
                format!("{name} has later snapshots, which a rollback to {label} destroys: {}", labels.join(", "));
            return Err(Error::new(Code::WrongState, message)
                .with_details(labels.iter().map(|label| Diagnostic::new("snapshot", *label)).collect())
                .with_help(format!("use --force, or roll back to {}", labels.last().copied().unwrap_or_default())));
        }
        Ok(Way::Back { later: own })
    }
}

/// The error for a zone whose brand has no boot environments to switch between.
fn blocked(name: &ZoneName, record: &TakenSnapshot, moved: bool, in_the_way: &[String]) -> Error {
    let label = &record.label;
    let error = match in_the_way {
        [] if moved => Error::new(
            Code::WrongState,
            format!("snapshot {label} of {name} is not of the datasets that the zone has now"),
        ),
        _ => Error::new(
            Code::WrongState,
            format!(
                "{name} cannot be rolled back to {label}: later snapshots are not zmgr's, or in use: {}",
                in_the_way.join(", ")
            ),
        ),
    };
    error.with_details(in_the_way.iter().map(|later| Diagnostic::new("snapshot", later.clone())).collect()).with_help(
        "copy files from the snapshot's directory .zfs/snapshot, or destroy the later snapshots if nothing needs them",
    )
}

/// Returns the name of a boot environment that the zone does not have yet.
fn free_environment(data: &ZoneData) -> String {
    let names = (1..).map(|n| format!("{}/zbe-{n}", data.environments_below));
    names.into_iter().find(|name| !data.environments.contains(name)).unwrap_or_default()
}

/// Inputs of the steps.
pub(super) struct Parts<'a> {
    pub(super) context: &'a Context,
    pub(super) zone: &'a ZoneName,
    pub(super) label: &'a SnapshotLabel,
    pub(super) limits: &'a Timeouts,
}

impl Parts<'_> {
    pub(super) fn shut_down(&self, of: String) -> ShutDown {
        ShutDown { of, zone: self.zone.clone(), limit: self.limits.shutdown, boot_limit: self.limits.boot }
    }

    /// Returns the steps that roll the datasets back. None of them can be undone.
    pub(super) fn back(
        &self,
        data: &ZoneData,
        record: &TakenSnapshot,
        later: &[&TakenSnapshot],
        taken: &Taken,
    ) -> Vec<Box<dyn Step>> {
        let label = self.label;
        let (kinds, prefix) = ([StepKind::Discard, StepKind::Discarded], format!("{label}:"));
        let mut steps: Vec<Box<dyn Step>> = Vec::new();
        for later in later {
            steps.extend(deleting::steps(self.context, self.zone, later, taken, kinds, &prefix));
        }
        let mut found: Vec<&Snapshot> = taken.parts(record).collect();
        found.sort_by(|a, b| a.dataset().cmp(b.dataset()));
        for part in found {
            let below = part.dataset().strip_prefix(&data.base).unwrap_or_default().trim_start_matches('/');
            let more = if below.is_empty() { String::new() } else { format!(":{below}") };
            let subject = format!("{label}{more}");
            steps.push(Box::new(RollBack { subject, snapshot: part.name.clone(), guid: part.guid.clone() }));
        }
        steps
    }

    /// Returns the switch to a boot environment `new`, cloned from a snapshot.
    pub(super) fn switch(&self, data: &ZoneData, snapshot: &str, old: &str, new: &str) -> Switch {
        let base = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        Switch {
            zone: self.zone.clone(),
            of: format!("{}:{}:{}", self.label, base(old), base(new)),
            snapshot: snapshot.to_owned(),
            parent: data.parent.clone(),
            old: old.to_owned(),
            new: new.to_owned(),
            limit: self.limits.command,
        }
    }
}

/// Returns the steps of a switch.
pub(super) fn steps_of(switch: &Switch) -> Vec<Box<dyn Step>> {
    vec![
        Box::new(CloneEnvironment(switch.clone())),
        Box::new(SetActive { switch: switch.clone(), new: false }),
        Box::new(SetActive { switch: switch.clone(), new: true }),
        Box::new(MountEnvironment(switch.clone())),
    ]
}

/// Returns what a rollback does and does not change.
fn notes(
    context: &Context,
    subject: &Subject,
    way: &Way<'_>,
    data: &ZoneData,
    record: &TakenSnapshot,
) -> Result<Vec<String>> {
    let entry = &subject.document.value;
    let name = &entry.name;
    let mut notes = Vec::new();
    match way {
        Way::Back { later } => {
            let label = &record.label;
            notes.push(format!("what was written to the files of {name} since {} ({label}) is lost", record.created));
            notes.extend(later.iter().map(|later| format!("the later snapshot {} is destroyed", later.label)));
        }
        Way::Switch { to } => {
            let why = match to.dataset() == data.base {
                true => "its snapshots are in the way of a rollback".to_owned(),
                false => format!("the snapshot is of {}", to.dataset()),
            };
            notes.push(format!(
                "{} stays as it is, as a boot environment of {name} that is not active: {why}",
                data.base
            ));
        }
    }
    let config = context.host.zone_config(name.as_str())?;
    notes.extend(excluded(config.as_ref()).iter().map(|what| format!("{what} is not rolled back")));
    if data.is_linked {
        notes.push(format!(
            "the packages of {name} may then be older than the host's: run `pkg update -r` on the host if it reports so"
        ));
    }
    let tree = context.registry.tree();
    let path = tree.snapshot(name, &record.label);
    notes.extend(file_changes(&path, read_document(tree, &path)?.as_deref(), entry));
    Ok(notes)
}

/// Describes how the zone's file differs from the copy that was kept with the snapshot.
fn file_changes(path: &Path, copy: Option<&[u8]>, entry: &ZoneEntry) -> Option<String> {
    let name = &entry.name;
    match changes::since(path, copy, entry) {
        None => Some(format!("no copy of zones/{name}.kdl was kept with the snapshot")),
        Some(lines) if lines.is_empty() => None,
        Some(lines) => {
            Some(format!("zones/{name}.kdl has changed since the snapshot and stays as it is: {}", lines.join("; ")))
        }
    }
}
