//! Destroys a delegated dataset that zmgr made for the zone, with all that is in it.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::zone::MadeDataset;
use crate::error::Result;
use crate::exec::zfs;
use crate::operations::made;

/// A dataset that goes with its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PurgeDataset(pub(crate) MadeDataset);

impl Step for PurgeDataset {
    fn kind(&self) -> StepKind {
        StepKind::Purge
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.0.name)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zfs::destroy_whole(&self.0.name), Vec::new(), None)
    }

    /// A dataset of the same name that has another guid is the administrator's, and stays.
    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let found = made::find(&step_context.host, &self.0.name)?;
        let is_ours = found.is_some_and(|found| self.0.guid.as_ref().is_some_and(|guid| *guid == found.guid));
        Ok(if is_ours { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(zfs::destroy_whole(&self.0.name))?;
        if self.probe(step_context)? != Probe::Done {
            return Err(ended.error());
        }
        step_context.made.forget(&self.0.name);
        Ok(())
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
