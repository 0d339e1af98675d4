//! Makes a zone's files what they were: rolls its datasets back, or switches to a boot environment that is cloned from the snapshot.

use std::time::Duration;

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::zfs;
use crate::exec::zoneadm;
use crate::operations::made;
use crate::value::name::ZoneName;

/// Rolls one dataset back to its last snapshot. To do so again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RollBack {
    /// Unique within the plan.
    pub(crate) subject: String,
    /// `DATASET@NAME`
    pub(crate) snapshot: String,
    pub(crate) guid: String,
}

impl Step for RollBack {
    fn kind(&self) -> StepKind {
        StepKind::RollBack
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.subject)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zfs::roll_back(&self.snapshot), Vec::new(), None)
    }

    /// No property tells.
    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(Probe::Absent)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let found = made::find(&step_context.host, &self.snapshot)?;
        if found.is_none_or(|found| found.guid != self.guid) {
            let message = format!("snapshot {} is gone, or is another one now", self.snapshot);
            return Err(Error::new(Code::RecoveryNeeded, message)
                .with_help("check the snapshots of the zone's datasets with `zfs list -t snapshot`"));
        }
        let ended = step_context.run_locked(zfs::roll_back(&self.snapshot))?;
        if ended.success() { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// The boot environments of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Switch {
    pub(crate) zone: ZoneName,
    /// Subject of the operation, for the ids: the label and both environments.
    pub(crate) of: String,
    /// `DATASET@NAME`
    pub(crate) snapshot: String,
    /// Uuid of the host's boot environment.
    pub(crate) parent: String,
    /// The one that is active now.
    pub(crate) old: String,
    /// The one that is cloned from the snapshot.
    pub(crate) new: String,
    /// Time limit for mounting.
    pub(crate) limit: Duration,
}

impl Switch {
    /// Mounts the environment that is active.
    fn mount(&self, step_context: &StepContext<'_>, active: &str) -> Result<()> {
        let ended = step_context.run_locked(zoneadm::sysboot(&self.zone, self.limit))?;
        let found = step_context.host.environment(active)?;
        if found.is_some_and(|found| found.mounted) {
            return Ok(());
        }
        Err(ended.error().with_help(format!("end what uses the zone's root, then run `zmgr recover {}`", self.zone)))
    }
}

/// Clones the snapshot as a boot environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CloneEnvironment(pub(crate) Switch);

impl Step for CloneEnvironment {
    fn kind(&self) -> StepKind {
        StepKind::CloneEnvironment
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.0.of)
    }

    fn planned(&self) -> PlannedStep {
        let command = zfs::clone_environment(&self.0.snapshot, &self.0.new, &self.0.parent);
        planned(self, &command, Vec::new(), Some(&zfs::destroy_one(&self.0.new)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match made::find(&step_context.host, &self.0.new)? {
            None => Probe::Absent,
            Some(found) if found.origin.as_deref() == Some(&self.0.snapshot) => Probe::Done,
            Some(found) => Probe::Foreign(format!("dataset {} was not cloned from {}", found.name, self.0.snapshot)),
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let command = zfs::clone_environment(&self.0.snapshot, &self.0.new, &self.0.parent);
        let ended = step_context.run_locked(command)?;
        if self.probe(step_context)? == Probe::Done { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        if self.probe(step_context)? != Probe::Done {
            return Ok(());
        }
        let ended = step_context.run_locked(zfs::destroy_one(&self.0.new))?;
        if self.probe(step_context)? == Probe::Done { Err(ended.error()) } else { Ok(()) }
    }
}

/// Makes one of the two environments active, or inactive. The old one first: with none active, one command repairs the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetActive {
    pub(crate) switch: Switch,
    /// The new one becomes active; otherwise the old one becomes inactive.
    pub(crate) new: bool,
}

impl SetActive {
    fn environment(&self) -> &str {
        if self.new { &self.switch.new } else { &self.switch.old }
    }

    fn set(&self, step_context: &StepContext<'_>, active: bool) -> Result<()> {
        let ended = step_context.run_locked(zfs::set_active(self.environment(), active))?;
        let found = step_context.host.environment(self.environment())?;
        if found.is_some_and(|found| found.active == active) { Ok(()) } else { Err(ended.error()) }
    }
}

impl Step for SetActive {
    fn kind(&self) -> StepKind {
        if self.new { StepKind::Activate } else { StepKind::Deactivate }
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.switch.of)
    }

    fn planned(&self) -> PlannedStep {
        let undo = zfs::set_active(self.environment(), !self.new);
        planned(self, &zfs::set_active(self.environment(), self.new), Vec::new(), Some(&undo))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.environment(self.environment())? {
            None => Probe::Foreign(format!("boot environment {} is gone", self.environment())),
            Some(found) if found.active == self.new => Probe::Done,
            Some(_) => Probe::Absent,
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.set(step_context, self.new)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        if step_context.host.environment(self.environment())?.is_none_or(|found| found.active != self.new) {
            return Ok(());
        }
        self.set(step_context, !self.new)?;
        // With the old one active again, its root goes back to its place.
        if self.new { Ok(()) } else { self.switch.mount(step_context, &self.switch.old) }
    }
}

/// Mounts the new environment at the zone's root, as the host's boot does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MountEnvironment(pub(crate) Switch);

impl Step for MountEnvironment {
    fn kind(&self) -> StepKind {
        StepKind::Mount
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.0.of)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zoneadm::sysboot(&self.0.zone, self.0.limit), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let found = step_context.host.environment(&self.0.new)?;
        Ok(if found.is_some_and(|found| found.mounted) { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.0.mount(step_context, &self.0.new)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
