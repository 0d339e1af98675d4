//! Destroys a snapshot of its source that cloning the zone made, once the zone is gone.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::zone::MadeDataset;
use crate::error::Result;
use crate::exec::zfs;
use crate::operations::origins;

/// A snapshot that the uninstall of its clone leaves on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DropOrigin(pub(crate) MadeDataset);

impl Step for DropOrigin {
    fn kind(&self) -> StepKind {
        StepKind::Origin
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.0.name)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zfs::destroy_one(&self.0.name), Vec::new(), None)
    }

    /// A snapshot of the same name that has another guid is the administrator's, and one with clones is in use: both stay.
    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(if origins::is_left(step_context, &self.0)? { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        origins::drop_one(step_context, &self.0)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
