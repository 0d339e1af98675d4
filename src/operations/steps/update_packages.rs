//! Fetches the catalogs of a zone's image, and updates its packages in place.
//!
//! An image that is not in use gets no new boot environment: only a snapshot brings the old packages back.

use std::time::Duration;

use super::publishers::{Image, failure, not_mounted};
use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::environment::Environment;
use crate::error::Result;
use crate::exec::{Invocation, pkg};
use crate::value::name::SnapshotLabel;

/// Fetches the catalogs of the image's publishers: an update with those that it has would end well if no publisher answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefreshCatalogs {
    pub(crate) image: Image,
    /// Variables that pkg finds in its environment.
    pub(crate) environment: Environment,
}

impl RefreshCatalogs {
    fn command(&self) -> Invocation {
        pkg::refresh(&self.image.root()).with_environment(&self.environment)
    }
}

impl Step for RefreshCatalogs {
    fn kind(&self) -> StepKind {
        StepKind::Refresh
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(Probe::Absent)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(self.command())?;
        if ended.success() { Ok(()) } else { Err(failure(&ended)) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Updates all packages of the image. To do so again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpdatePackages {
    pub(crate) image: Image,
    /// The snapshot that was taken first, if one was.
    pub(crate) label: Option<SnapshotLabel>,
    /// The zone runs meanwhile.
    pub(crate) running: bool,
    /// Time limit.
    pub(crate) limit: Duration,
    /// Variables that pkg finds in its environment.
    pub(crate) environment: Environment,
}

impl UpdatePackages {
    fn command(&self) -> Invocation {
        pkg::update(&self.image.root(), self.limit).with_environment(&self.environment)
    }
}

impl Step for UpdatePackages {
    fn kind(&self) -> StepKind {
        if self.running { StepKind::PackagesRunning } else { StepKind::Packages }
    }

    fn id(&self) -> String {
        let kind = self.kind();
        self.label.as_ref().map_or_else(|| kind.to_string(), |label| format!("{kind}:{label}"))
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    /// Only pkg knows, and running it again is the way to ask.
    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        if !step_context.host.zone_root(&self.image.zonepath)?.is_directory("/var/pkg")? {
            return Err(not_mounted(&self.image.zone, &self.image.zonepath));
        }
        Ok(Probe::Absent)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_logged(self.command())?;
        if ended.success() || pkg::had_nothing_to_do(&ended) { Ok(()) } else { Err(failure(&ended)) }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
