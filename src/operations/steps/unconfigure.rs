//! Deletes the configuration of a zone whose files are gone.

use super::configure::delete;
use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg;
use crate::operations::identity;
use crate::value::name::ZoneName;

/// Deletes a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unconfigure {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
}

impl Step for Unconfigure {
    fn kind(&self) -> StepKind {
        StepKind::Unconfigure
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zonecfg::delete(&self.zone), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_state(&self.zone)?.map(|zone| zone.state) {
            None => match identity::renamed(&step_context.host, &self.zonepath)? {
                Some(other) => Probe::Foreign(format!("zone {} was renamed to {}", self.zone, other.name)),
                None => match step_context.host.zone_config(self.zone.as_str())? {
                    Some(left) if left.zonepath == self.zonepath => Probe::Absent,
                    _ => Probe::Done,
                },
            },
            Some(ZoneState::Configured) => Probe::Absent,
            Some(state) => Probe::Foreign(format!("the zone {} is {} again", self.zone, state.as_str())),
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.probe(step_context)? {
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Done => Ok(()),
            Probe::Absent | Probe::Partial => {
                step_context.host.remove_if_empty(&self.zonepath);
                delete(step_context, &self.zone)
            }
        }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
