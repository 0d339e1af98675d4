//! Makes a dataset that the zone gets delegated. It is never taken back: what is delegated is the administrator's.

use super::{Floor, Phase, PlannedStep, Probe, Step, planned};
use crate::error::Result;
use crate::exec::zfs;
use crate::resources::Dataset;

/// A dataset to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MakeDataset(pub(crate) Dataset);

impl MakeDataset {
    fn command(&self) -> crate::exec::Invocation {
        zfs::create_delegated(&self.0.name, self.0.quota.map(|quota| quota.bytes()))
    }
}

impl Step for MakeDataset {
    fn id(&self) -> String {
        format!("dataset:{}", self.0.name)
    }

    fn phase(&self) -> Phase {
        Phase::Links
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &self.command(), Vec::new(), None)
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        let found = floor.attempt(zfs::list_one(&self.0.name))?;
        Ok(if found.success() { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, floor: &Floor<'_>) -> Result<()> {
        let made = floor.attempt_held(self.command())?;
        // Somebody who made it meanwhile did what was wanted.
        if made.success() || self.probe(floor)? == Probe::Done { Ok(()) } else { Err(made.error()) }
    }

    fn undo(&self, _: &Floor<'_>) -> Result<()> {
        Ok(())
    }
}
