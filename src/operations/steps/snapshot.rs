//! Takes and deletes snapshots of a zone, and keeps copies of its file beside them.

use super::{Probe, Step, StepContext, kept_root, planned, with_files, without_command};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::documents::snapshot::{SnapshotPart, TakenSnapshot};
use crate::error::Result;
use crate::exec::{Invocation, zfs};
use crate::operations::taken::Taken;
use crate::registry::Registry;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Returns the path of the copy below the root.
fn copy_of(zone: &ZoneName, label: &SnapshotLabel) -> String {
    format!("snapshots/{zone}/{label}.kdl")
}

/// Keeps a copy of the zone's file.
#[derive(Debug)]
pub(crate) struct KeepCopy {
    pub(crate) registry: Registry,
    pub(crate) zone: ZoneName,
    pub(crate) label: SnapshotLabel,
    pub(crate) text: String,
}

impl Step for KeepCopy {
    fn kind(&self) -> StepKind {
        StepKind::Copy
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.label)
    }

    fn planned(&self) -> PlannedStep {
        without_command(self, copy_of(&self.zone, &self.label))
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(Probe::Absent)
    }

    fn run(&self, _: &StepContext<'_>) -> Result<()> {
        self.registry.keep_copy(&self.zone, &self.label, self.text.as_bytes())
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let claim = step_context.made.snapshots().into_iter().find(|record| record.label == self.label);
        if let Some(claim) = claim {
            // The snapshot could not be destroyed: both stay, for the next recovery.
            if Taken::of(&step_context.host, std::iter::once(&claim))?.has_any(&claim) {
                return Ok(());
            }
            step_context.made.forget_snapshot(&self.label);
        }
        self.registry.drop_copy(&self.zone, &self.label)
    }
}

/// Takes a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakeSnapshot {
    pub(crate) record: TakenSnapshot,
    /// The dataset above all others of the snapshot.
    pub(crate) base: String,
    /// Those below are in it too.
    pub(crate) recursive: bool,
}

impl TakeSnapshot {
    fn target(&self) -> String {
        format!("{}@{}", self.base, self.record.name)
    }

    fn taken(&self, step_context: &StepContext<'_>) -> Result<Taken> {
        Taken::of(&step_context.host, std::iter::once(&self.record))
    }

    /// Returns the record with the guids.
    fn with_guids(&self, taken: &Taken) -> TakenSnapshot {
        let part = |part: &SnapshotPart| SnapshotPart {
            guid: taken.part(&self.record, part).map(|found| found.guid.clone()),
            ..part.clone()
        };
        TakenSnapshot { parts: self.record.parts.iter().map(part).collect(), ..self.record.clone() }
    }
}

impl Step for TakeSnapshot {
    fn kind(&self) -> StepKind {
        StepKind::Take
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.record.label)
    }

    fn planned(&self) -> PlannedStep {
        let undo = zfs::destroy_snapshot(&self.target(), self.recursive);
        planned(self, &zfs::take(&self.target(), self.recursive), Vec::new(), Some(&undo))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let taken = self.taken(step_context)?;
        if !taken.has_all(&self.record) {
            return Ok(if taken.has_any(&self.record) { Probe::Partial } else { Probe::Absent });
        }
        // zmgr died before it could record the guids.
        step_context.made.took(self.with_guids(&taken));
        Ok(Probe::Done)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(zfs::take(&self.target(), self.recursive))?;
        let taken = self.taken(step_context)?;
        if !ended.success() || !taken.has_all(&self.record) {
            return Err(ended.error());
        }
        step_context.made.took(self.with_guids(&taken));
        Ok(())
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        if self.taken(step_context)?.has_any(&self.record) {
            let ended = step_context.run_locked(zfs::destroy_snapshot(&self.target(), self.recursive))?;
            if self.taken(step_context)?.has_any(&self.record) {
                return Err(ended.error());
            }
        }
        step_context.made.forget_snapshot(&self.record.label);
        Ok(())
    }
}

/// Destroys parts of a snapshot that zmgr took: those of one dataset and, with `recursive`, of the datasets below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeleteSnapshot {
    pub(crate) kind: StepKind,
    /// Unique within the plan.
    pub(crate) subject: String,
    pub(crate) record: TakenSnapshot,
    /// The dataset that the parts are on now.
    pub(crate) base: String,
    pub(crate) recursive: bool,
    /// Guids of the parts.
    pub(crate) guids: Vec<String>,
}

impl DeleteSnapshot {
    fn command(&self) -> Invocation {
        zfs::destroy_snapshot(&format!("{}@{}", self.base, self.record.name), self.recursive)
    }

    fn is_there(&self, step_context: &StepContext<'_>) -> Result<bool> {
        let taken = Taken::inspect(&step_context.host, std::iter::once(self.base.as_str()))?;
        Ok(taken.parts(&self.record).any(|part| self.guids.contains(&part.guid)))
    }
}

impl Step for DeleteSnapshot {
    fn kind(&self) -> StepKind {
        self.kind
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind, self.subject)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(if self.is_there(step_context)? { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(self.command())?;
        if self.is_there(step_context)? { Err(ended.error()) } else { Ok(()) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Drops the record of a snapshot that is gone, and the copy of the zone's file.
#[derive(Debug)]
pub(crate) struct ForgetSnapshot {
    pub(crate) kind: StepKind,
    /// Unique within the plan.
    pub(crate) subject: String,
    pub(crate) registry: Registry,
    pub(crate) zone: ZoneName,
    pub(crate) label: SnapshotLabel,
}

impl Step for ForgetSnapshot {
    fn kind(&self) -> StepKind {
        self.kind
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind, self.subject)
    }

    fn planned(&self) -> PlannedStep {
        without_command(self, copy_of(&self.zone, &self.label))
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(Probe::Absent)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        step_context.made.forget_snapshot(&self.label);
        self.registry.drop_copy(&self.zone, &self.label)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Moves the copies of a zone's file to the directory of its new name.
#[derive(Debug)]
pub(crate) struct MoveCopies {
    pub(crate) registry: Registry,
    pub(crate) from: ZoneName,
    pub(crate) to: ZoneName,
    pub(crate) labels: Vec<SnapshotLabel>,
}

impl MoveCopies {
    fn move_all(&self, from: &ZoneName, to: &ZoneName) -> Result<()> {
        self.labels.iter().try_for_each(|label| self.registry.move_copy(from, to, label))
    }
}

impl Step for MoveCopies {
    fn kind(&self) -> StepKind {
        StepKind::Copies
    }

    fn planned(&self) -> PlannedStep {
        let copies = self.labels.iter().map(|label| copy_of(&self.to, label));
        with_files(self, copies.map(|path| PlannedFile { path, text: String::new() }).collect())
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(Probe::Absent)
    }

    fn run(&self, _: &StepContext<'_>) -> Result<()> {
        self.move_all(&self.from, &self.to)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        self.move_all(&self.to, &self.from)
    }
}

/// Destroys what is left of a removed zone's snapshots, its old roots, and the copies of its file. Most went with the zone's datasets;
/// the host may have moved some to the dataset of a clone.
#[derive(Debug)]
pub(crate) struct DropSnapshots {
    pub(crate) registry: Registry,
    pub(crate) zone: ZoneName,
    pub(crate) records: Vec<TakenSnapshot>,
}

impl Step for DropSnapshots {
    fn kind(&self) -> StepKind {
        StepKind::DropSnapshots
    }

    fn planned(&self) -> PlannedStep {
        let copies = self.records.iter().map(|record| copy_of(&self.zone, &record.label));
        with_files(self, copies.map(|path| PlannedFile { path, text: String::new() }).collect())
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(if step_context.made.snapshots().is_empty() { Probe::Done } else { Probe::Absent })
    }

    fn prepare(&self, step_context: &StepContext<'_>) -> Result<()> {
        kept_root::record_origins(step_context)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        kept_root::drop_all(step_context)?;
        let taken = Taken::of(&step_context.host, self.records.iter())?;
        for record in &self.records {
            for part in taken.parts(record) {
                if part.clones.is_empty() {
                    let ended = step_context.run_locked(zfs::destroy_snapshot(&part.name, false))?;
                    ended.success().then_some(()).ok_or_else(|| ended.error())?;
                } else {
                    let clones = part.clones.join(", ");
                    step_context.warn_and_note(format!("snapshot {} stays: {clones} was cloned from it", part.name));
                }
            }
            self.registry.drop_copy(&self.zone, &record.label)?;
        }
        for record in &self.records {
            step_context.made.forget_snapshot(&record.label);
        }
        Ok(())
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
