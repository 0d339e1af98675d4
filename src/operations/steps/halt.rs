//! Halts a zone before it is removed.

use std::time::Duration;

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::zoneadm;
use crate::value::name::ZoneName;

/// Halts a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Halt {
    pub(crate) zone: ZoneName,
    /// Time limit.
    pub(crate) limit: Duration,
}

impl Step for Halt {
    fn kind(&self) -> StepKind {
        StepKind::Halt
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zoneadm::halt(&self.zone, self.limit), Vec::new(), Some(&zoneadm::boot(&self.zone, self.limit)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let active = step_context.host.zone_state(&self.zone)?.is_some_and(|zone| zone.state.is_active());
        Ok(if active { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(zoneadm::halt(&self.zone, self.limit))?;
        if self.probe(step_context)? == Probe::Done { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        // After a crash it is unknown whether it was running; a zone that is down loses nothing, one that is booted against the
        // administrator's will may.
        Ok(())
    }
}
