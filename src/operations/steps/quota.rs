//! Sets the quota of a delegated dataset.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::{Invocation, zfs};
use crate::value::Size;

/// Sets or removes a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) dataset: String,
    pub(crate) quota: Option<Size>,
}

impl Quota {
    fn command(&self) -> Invocation {
        zfs::set_quota(&self.dataset, self.quota.map(Size::bytes))
    }
}

impl Step for Quota {
    fn kind(&self) -> StepKind {
        StepKind::Quota
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.dataset)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        // Setting it again costs nothing.
        Ok(Probe::Absent)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(self.command())?;
        if ended.success() { Ok(()) } else { Err(ended.error()) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
