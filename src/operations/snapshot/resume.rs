//! Resumes or undoes an operation on a snapshot that a killed zmgr left.
//!
//! Invariant: the id of the step in the journal names the operation, its snapshot and, for a switch, both boot environments.

use std::time::Duration;

use super::deleting;
use super::rolling_back::{self, Parts};
use super::taking;
use super::work::Subject;
use super::zone_data::ZoneData;
use crate::api::StepKind;
use crate::documents::config::Timeouts;
use crate::documents::document::Document;
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{EntryState, SNAPSHOT, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::host::Host;
use crate::operations::context::Context;
use crate::operations::executor::{self, Purpose};
use crate::operations::journal::Journal;
use crate::operations::step_context::StepContext;
use crate::operations::steps::{Boot, Step, Switch};
use crate::operations::taken::Taken;
use crate::operations::{entries, power};
use crate::value::name::SnapshotLabel;

/// The step at which an operation on a snapshot stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stopped {
    kind: Option<StepKind>,
    label: Option<SnapshotLabel>,
    /// The old and the new boot environment of a switch.
    environments: Option<(String, String)>,
    id: String,
}

/// Progress of an interrupted operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// True if something was done on the host that it is better to complete.
    pub(crate) has_begun: bool,
    /// True if it cannot be undone.
    pub(crate) is_final: bool,
    /// True if the zone must be down for the rest.
    pub(crate) needs_down: bool,
}

impl Stopped {
    /// Returns the step in an entry's journal, if the operation is on a snapshot.
    pub(crate) fn at(entry: &ZoneEntry) -> Option<Stopped> {
        let id = entry.state.as_ref().and_then(EntryState::step)?.strip_prefix(SNAPSHOT)?;
        let parts: Vec<&str> = id.split(':').collect();
        let environments = match parts.as_slice() {
            ["shutdown" | "clone-environment" | "deactivate" | "activate" | "mount", _, old, new] => {
                Some(((*old).to_owned(), (*new).to_owned()))
            }
            _ => None,
        };
        Some(Stopped {
            kind: parts[0].parse().ok(),
            label: parts.get(1).and_then(|label| label.parse().ok()),
            environments,
            id: id.to_owned(),
        })
    }

    /// Looks at the host for how far it had come.
    pub(crate) fn progress(&self, host: &Host, entry: &ZoneEntry) -> Result<Progress> {
        let taken = Taken::of(host, entry.snapshots.iter())?;
        let record = entry.snapshots.iter().find(|record| Some(&record.label) == self.label.as_ref());
        let has_all = record.is_some_and(|record| taken.has_all(record));
        let progress = |has_begun, is_final, needs_down| Progress { has_begun, is_final, needs_down };
        Ok(match self.kind {
            Some(StepKind::Copy | StepKind::Take) => progress(has_all, false, false),
            Some(StepKind::Delete | StepKind::DropRoot | StepKind::Forget) => progress(!has_all, !has_all, false),
            Some(StepKind::Discard) => {
                let is_gone = !entry.snapshots.iter().all(|record| taken.has_all(record));
                progress(is_gone, is_gone, is_gone)
            }
            Some(StepKind::Discarded | StepKind::RollBack) => progress(true, true, true),
            Some(StepKind::Deactivate | StepKind::Activate | StepKind::Mount) => progress(true, false, true),
            Some(StepKind::Boot) => progress(true, true, false),
            _ => progress(false, false, false),
        })
    }
}

/// The unfinished operation.
pub(crate) struct Unfinished<'a> {
    pub(crate) context: &'a Context,
    pub(crate) limits: &'a Timeouts,
    pub(crate) entry: &'a ZoneEntry,
    pub(crate) zone: &'a HostZone,
    pub(crate) stopped: &'a Stopped,
}

impl Unfinished<'_> {
    /// Completes the operation, and boots the zone if it ran before.
    pub(crate) fn finish(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>) -> Result<()> {
        let steps = self.steps()?;
        executor::run(step_context, journal, executor::each(&steps), Purpose::Resume)?;
        let limit: Duration = self.limits.boot;
        let boot = self.entry.intent.running.then(|| Boot { zone: self.entry.name.clone(), limit });
        executor::finish(step_context, journal, boot.as_ref())?;
        if boot.is_some() { power::after_boot(self.context, step_context, limit) } else { Ok(()) }
    }

    /// Undoes the operation from the step in the journal down.
    pub(crate) fn undo(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>) -> Result<()> {
        let steps = self.steps()?;
        let at = steps.iter().position(|step| step.id() == self.stopped.id).unwrap_or(steps.len().saturating_sub(1));
        if steps.is_empty() {
            return executor::finish(step_context, journal, None);
        }
        executor::roll_back(step_context, journal, &steps, at)
    }

    /// Returns the steps of the operation, as far as something is left of them.
    fn steps(&self) -> Result<Vec<Box<dyn Step>>> {
        let (host, entry) = (&self.context.host, self.entry);
        let kind = self.stopped.kind;
        let Some(label) = self.stopped.label.as_ref().filter(|_| kind != Some(StepKind::Boot)) else {
            return Ok(Vec::new());
        };
        let Some(record) = entry.snapshots.iter().find(|record| record.label == *label) else {
            let message = format!("the entry of {} does not record the snapshot {label} of its operation", entry.name);
            return Err(Error::new(Code::RecoveryNeeded, message)
                .with_help(format!("it was edited: check zones/{}.kdl", entry.name)));
        };
        let taken = Taken::of(host, entry.snapshots.iter())?;
        match kind {
            Some(StepKind::Delete | StepKind::DropRoot | StepKind::Forget) => {
                return deleting::resumed(self.context, entry, record, &taken);
            }
            Some(StepKind::Copy | StepKind::Take) => {
                let data = ZoneData::of(host, self.zone)?;
                return taking::steps(self.context, &self.subject(record)?, record.clone(), &data);
            }
            _ => {}
        }
        let parts = Parts { context: self.context, zone: &entry.name, label, limits: self.limits };
        let (of, steps) = match &self.stopped.environments {
            Some((old, new)) => {
                let switch = self.switch(&parts, record, &taken, old, new)?;
                (switch.of.clone(), rolling_back::steps_of(&switch))
            }
            None => (label.to_string(), self.back(&parts, record, &taken)?),
        };
        let down = entry.intent.running.then(|| Box::new(parts.shut_down(of)) as Box<dyn Step>);
        Ok(down.into_iter().chain(steps).collect())
    }

    /// Returns the switch, even if none of the two boot environments is active.
    fn switch(&self, parts: &Parts<'_>, record: &TakenSnapshot, taken: &Taken, old: &str, new: &str) -> Result<Switch> {
        let data = ZoneData::half_switched(&self.context.host, self.zone)?;
        let Some(snapshot) = taken.parts(record).next() else {
            return Err(Error::new(Code::RecoveryNeeded, format!("the host lacks the snapshot {}", record.label))
                .with_help(format!("check the boot environments of {}", self.entry.name)));
        };
        let name = |base: &str| format!("{}/{base}", data.environments_below);
        Ok(parts.switch(&data, &snapshot.name, &name(old), &name(new)))
    }

    /// Returns the steps that roll the datasets back. Later snapshots of other programs, taken in the meantime, are refused by ZFS.
    fn back(&self, parts: &Parts<'_>, record: &TakenSnapshot, taken: &Taken) -> Result<Vec<Box<dyn Step>>> {
        let data = ZoneData::of(&self.context.host, self.zone)?;
        let is_later = |other: &&TakenSnapshot| {
            let found = taken.parts(record).flat_map(|part| taken.later_than(part));
            let later: Vec<&str> = found.map(|later| later.guid.as_str()).collect();
            let gone = !taken.has_any(other) && other.created >= record.created && other.label != record.label;
            gone || taken.parts(other).any(|part| later.contains(&part.guid.as_str()))
        };
        let later: Vec<&TakenSnapshot> = self.entry.snapshots.iter().filter(is_later).collect();
        Ok(parts.back(&data, record, &later, taken))
    }

    /// Returns the zone without the snapshot that is being taken.
    fn subject(&self, record: &TakenSnapshot) -> Result<Subject> {
        let document = entries::document(self.context, &self.entry.name)?;
        let mut entry = document.value.clone();
        entry.snapshots.retain(|known| known.label != record.label);
        let document: Document<ZoneEntry> = document.with(entry)?;
        let Some(id) = self.entry.id.clone() else {
            return Err(Error::new(Code::Internal, "an entry without id"));
        };
        Ok(Subject { document, id, zone: self.zone.clone() })
    }
}
