//! Makes a dataset that the zone gets delegated. Taken back while nothing was put into it; later only `destroy` with `purge` does.

use super::{Floor, Phase, PlannedStep, Probe, Step, planned};
use crate::error::Result;
use crate::exec::zfs;
use crate::lifecycle::data;
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
        planned(self.id(), &self.command(), Vec::new(), Some(&zfs::destroy_one(&self.0.name)))
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        let found = floor.attempt(zfs::list_one(&self.0.name))?;
        Ok(if found.success() { Probe::Done } else { Probe::Absent })
    }

    fn prepare(&self, floor: &Floor<'_>) -> Result<()> {
        if data::find(&floor.host, &self.0.name)?.is_none() {
            floor.made.claim(&self.0.name, false);
        }
        Ok(())
    }

    fn run(&self, floor: &Floor<'_>) -> Result<()> {
        let made = floor.attempt_held(self.command())?;
        match data::find(&floor.host, &self.0.name)? {
            Some(found) if made.success() => {
                floor.made.made(&found, false);
                Ok(())
            }
            // Another process has made it since: it will do, but it is not zmgr's.
            Some(_) => {
                floor.made.forget(&self.0.name);
                Ok(())
            }
            None => Err(made.error()),
        }
    }

    fn undo(&self, floor: &Floor<'_>) -> Result<()> {
        let Some(made) = floor.made.find(&self.0.name).filter(|made| !made.zonepath) else { return Ok(()) };
        match data::find(&floor.host, &self.0.name)? {
            Some(found) if made.guid.as_ref().is_none_or(|guid| *guid == found.guid) => {
                // Not recursive: what has snapshots or datasets below it is in use.
                let ended = floor.attempt_held(zfs::destroy_one(&self.0.name))?;
                if !ended.success() && data::find(&floor.host, &self.0.name)?.is_some() {
                    return Err(ended.error());
                }
            }
            _ => {}
        }
        floor.made.forget(&self.0.name);
        Ok(())
    }
}
