//! Installs packages of publishers that the install hook does not know, once they are set.
//!
//! The step is not taken back: a zone that is taken back goes whole.

use std::time::Duration;

use super::publishers::{Image, failure, not_mounted};
use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::environment::Environment;
use crate::error::Result;
use crate::exec::{Invocation, pkg};

/// Packages to install into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddPackages {
    pub(crate) image: Image,
    pub(crate) packages: Vec<String>,
    /// Time limit.
    pub(crate) limit: Duration,
    /// Variables that pkg finds in its environment.
    pub(crate) environment: Environment,
}

impl AddPackages {
    fn command(&self) -> Invocation {
        pkg::install(&self.image.root(), &self.packages, self.limit).with_environment(&self.environment)
    }
}

impl Step for AddPackages {
    fn kind(&self) -> StepKind {
        StepKind::Packages
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        if !step_context.host.zone_root(&self.image.zonepath)?.is_directory("/var/pkg")? {
            return Err(not_mounted(&self.image.zone, &self.image.zonepath));
        }
        let listed = step_context.attempt(pkg::list(&self.image.root(), &self.packages))?;
        Ok(if listed.success() { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_logged(self.command())?;
        if ended.success() || pkg::had_nothing_to_do(&ended) { Ok(()) } else { Err(failure(&ended)) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
