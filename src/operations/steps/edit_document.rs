//! Changes the name of a zone in a file that names it; undone by changing it back.

use std::time::Duration;

use super::{Probe, Step, StepContext, with_files};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::error::{Code, Result};
use crate::operations::references::Reference;
use crate::registry::{Registry, Wait};
use crate::value::name::ZoneName;

/// Changes a name in a file.
#[derive(Debug, Clone)]
pub(crate) struct EditDocument {
    pub(crate) registry: Registry,
    pub(crate) reference: Reference,
    pub(crate) from: ZoneName,
    pub(crate) to: ZoneName,
    /// Text of the file afterwards, for display.
    pub(crate) text: String,
    /// Time to wait for the registry's lock.
    pub(crate) wait: Duration,
}

impl EditDocument {
    fn replace(&self, from: &ZoneName, to: &ZoneName) -> Result<()> {
        // An entry is changed under its zone's lock, and every other file under the registry's.
        let lock = match self.reference.zone {
            Some(_) => None,
            None => {
                let lock = self.registry.lock_registry(&mut Wait::up_to(self.wait))?;
                self.registry.sweep_temp(&self.reference.path)?;
                Some(lock)
            }
        };
        let changed = self.registry.change(&self.reference.path, |bytes| self.reference.renamed(bytes, from, to));
        drop(lock);
        match changed {
            // A file that is gone names no zone.
            Err(error) if error.code() == Code::NotFound => Ok(()),
            changed => changed,
        }
    }
}

impl Step for EditDocument {
    fn kind(&self) -> StepKind {
        StepKind::Document
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.reference.shown)
    }

    fn planned(&self) -> PlannedStep {
        with_files(self, vec![PlannedFile { path: self.reference.shown.clone(), text: self.text.clone() }])
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(match self.reference.names(&self.registry, &self.from)? {
            true => Probe::Absent,
            false => Probe::Done,
        })
    }

    fn run(&self, _: &StepContext<'_>) -> Result<()> {
        self.replace(&self.from, &self.to)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        self.replace(&self.to, &self.from)
    }
}
