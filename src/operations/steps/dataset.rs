//! Creates a dataset that is delegated to the zone. Undone while it is empty; later only `destroy` with `purge` removes it.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::resources::Dataset;
use crate::error::Result;
use crate::exec::zfs;
use crate::operations::made;

/// Creates a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MakeDataset(pub(crate) Dataset);

impl MakeDataset {
    fn command(&self) -> crate::exec::Invocation {
        zfs::create_delegated(&self.0.name, self.0.quota.map(|quota| quota.bytes()))
    }
}

impl Step for MakeDataset {
    fn kind(&self) -> StepKind {
        StepKind::Dataset
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.0.name)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), Some(&zfs::destroy_one(&self.0.name)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let found = step_context.attempt(zfs::list_one(&self.0.name))?;
        Ok(if found.success() { Probe::Done } else { Probe::Absent })
    }

    fn prepare(&self, step_context: &StepContext<'_>) -> Result<()> {
        if made::find(&step_context.host, &self.0.name)?.is_none() {
            step_context.made.claim(&self.0.name, false);
        }
        Ok(())
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let made = step_context.run_locked(self.command())?;
        match made::find(&step_context.host, &self.0.name)? {
            Some(found) if made.success() => {
                step_context.made.made(&found, false);
                Ok(())
            }
            // Another process has made it since: it is usable, but it is not zmgr's.
            Some(_) => {
                step_context.made.forget(&self.0.name);
                Ok(())
            }
            None => Err(made.error()),
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let Some(made) = step_context.made.find(&self.0.name).filter(|made| !made.zonepath) else { return Ok(()) };
        match made::find(&step_context.host, &self.0.name)? {
            Some(found) if made.guid.as_ref().is_none_or(|guid| *guid == found.guid) => {
                // Not recursive: a dataset with snapshots or children is in use.
                let ended = step_context.run_locked(zfs::destroy_one(&self.0.name))?;
                if !ended.success() && made::find(&step_context.host, &self.0.name)?.is_some() {
                    return Err(ended.error());
                }
            }
            _ => {}
        }
        step_context.made.forget(&self.0.name);
        Ok(())
    }
}
