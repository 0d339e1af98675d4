//! Boots the zone.

use std::time::Duration;

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::zoneadm::{self, ZoneState};
use crate::value::name::ZoneName;

/// Boots a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Boot {
    pub(crate) zone: ZoneName,
    /// Time limit.
    pub(crate) limit: Duration,
}

impl Step for Boot {
    fn kind(&self) -> StepKind {
        StepKind::Boot
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zoneadm::boot(&self.zone, self.limit), Vec::new(), Some(&zoneadm::halt(&self.zone, self.limit)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_state(&self.zone)?.map(|zone| zone.state) {
            Some(ZoneState::Running) => Probe::Done,
            Some(state) if state.is_active() => Probe::Partial,
            _ => Probe::Absent,
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.attempt(zoneadm::boot(&self.zone, self.limit))?;
        if self.probe(step_context)? == Probe::Done { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
