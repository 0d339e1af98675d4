//! Sets whether the host boots the zone: on at the end of a creation, off at the beginning of a destruction.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::zonecfg;
use crate::value::name::ZoneName;

/// Sets a zone's autoboot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Autoboot {
    pub(crate) zone: ZoneName,
    pub(crate) on: bool,
}

impl Step for Autoboot {
    fn kind(&self) -> StepKind {
        if self.on { StepKind::Autoboot } else { StepKind::AutobootOff }
    }

    fn planned(&self) -> PlannedStep {
        let undo = zonecfg::set_autoboot(&self.zone, !self.on);
        planned(self, &zonecfg::set_autoboot(&self.zone, self.on), Vec::new(), Some(&undo))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let now = step_context.host.zone_config(self.zone.as_str())?.map(|config| config.autoboot);
        Ok(if now == Some(self.on) { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(zonecfg::set_autoboot(&self.zone, self.on))?;
        if self.probe(step_context)? == Probe::Done { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // A zone whose creation is rolled back is removed completely.
        match self.on {
            true => Ok(()),
            false => Autoboot { zone: self.zone.clone(), on: true }.run(step_context),
        }
    }
}
