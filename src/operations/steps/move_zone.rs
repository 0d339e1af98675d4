//! Moves a zone to another zonepath on the same dataset; undone by moving it back.

use std::time::Duration;

use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::{zfs, zoneadm};
use crate::operations::{data, made};
use crate::value::name::ZoneName;

/// Moves a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MoveZone {
    pub(crate) zone: ZoneName,
    pub(crate) from: String,
    pub(crate) to: String,
    /// Name of the dataset that is mounted at the zonepath; it keeps its name.
    pub(crate) dataset: String,
    /// Time limit.
    pub(crate) limit: Duration,
}

impl MoveZone {
    fn reversed(&self) -> MoveZone {
        MoveZone { from: self.to.clone(), to: self.from.clone(), ..self.clone() }
    }

    /// Returns how far the zone has come from `from` to `to`. zoneadm mounts the dataset there first and writes the path then.
    fn progress(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else {
            return Ok(Probe::Foreign(format!("the zone {} has vanished from the host", self.zone)));
        };
        let dataset = made::find(&step_context.host, &self.dataset)?;
        let is_at = |path: &str| dataset.as_ref().is_some_and(|found| found.mountpoint.as_deref() == Some(path));
        Ok(match zone.zonepath {
            path if path == self.to && is_at(&self.to) => Probe::Done,
            path if path == self.from && is_at(&self.from) => Probe::Absent,
            path if path == self.from && is_at(&self.to) => Probe::Partial,
            path => Probe::Foreign(format!("the zonepath of {} is {path}, and its dataset is elsewhere", self.zone)),
        })
    }

    /// Mounts the dataset at `path` again, as if it had never been elsewhere.
    fn mount_at(&self, step_context: &StepContext<'_>, path: &str) -> Result<()> {
        let is_default = data::dataset_name(&step_context.host, path)?.as_deref() == Some(&*self.dataset);
        let command = match is_default {
            true => zfs::inherit_mountpoint(&self.dataset),
            false => zfs::set_mountpoint(&self.dataset, path),
        };
        let ended = step_context.run_locked(command)?;
        let found = made::find(&step_context.host, &self.dataset)?;
        if found.is_some_and(|found| found.mountpoint.as_deref() == Some(path)) { Ok(()) } else { Err(ended.error()) }
    }

    fn go(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.progress(step_context)? {
            Probe::Done => return Ok(()),
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Partial => self.mount_at(step_context, &self.from)?,
            Probe::Absent => {}
        }
        let ended = step_context.run_locked(zoneadm::move_to(&self.zone, &self.to, self.limit))?;
        match self.progress(step_context)? {
            Probe::Done => Ok(()),
            _ if ended.success() => Err(Error::new(
                Code::CommandFailed,
                format!("zoneadm did not move {} from {} to {}", self.zone, self.from, self.to),
            )
            .with_command(ended.failed())),
            _ => Err(ended.error()),
        }
    }
}

impl Step for MoveZone {
    fn kind(&self) -> StepKind {
        StepKind::Move
    }

    fn planned(&self) -> PlannedStep {
        let command = |path: &str| zoneadm::move_to(&self.zone, path, self.limit);
        planned(self, &command(&self.to), Vec::new(), Some(&command(&self.from)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        self.progress(step_context)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.go(step_context)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // Under its old name the zone was never moved.
        if step_context.host.zone_state(&self.zone)?.is_none() {
            return Ok(());
        }
        match self.progress(step_context)? {
            Probe::Absent => {}
            Probe::Partial => self.mount_at(step_context, &self.from)?,
            Probe::Done => {
                self.reversed().go(step_context)?;
                self.mount_at(step_context, &self.from)?;
            }
            Probe::Foreign(what) => return Err(foreign(what)),
        }
        // zoneadm makes the directory before it looks at anything else.
        step_context.host.remove_if_empty(&self.to);
        Ok(())
    }
}
