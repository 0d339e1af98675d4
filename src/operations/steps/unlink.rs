//! Deletes a VNIC that zmgr made.

use super::{Probe, Step, StepContext, Vnic, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::dladm;

/// Deletes a VNIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unlink {
    pub(crate) vnic: Vnic,
}

impl Step for Unlink {
    fn kind(&self) -> StepKind {
        StepKind::Unlink
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.vnic.net)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &dladm::delete_vnic(&self.vnic.name), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match self.vnic.inspect(step_context)? {
            Probe::Absent => Probe::Done,
            Probe::Done | Probe::Partial => Probe::Absent,
            // The link of that name is not the one that zmgr made: ours is gone, and this one stays.
            Probe::Foreign(what) => {
                step_context.warn(format!("{what}; it is left alone"));
                Probe::Done
            }
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.vnic.undo(step_context)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
