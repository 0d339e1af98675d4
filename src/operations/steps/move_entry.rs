//! Gives a zone's entry the zone's new name: a new file with the same text, then the old one goes; undone in the same way.
//!
//! Invariant: while both files exist, the one under the old name counts.

use super::{Probe, Step, StepContext, foreign, with_files};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::documents::document::Document;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::operations::files::read_document;
use crate::registry::Registry;
use crate::value::EntryId;
use crate::value::name::ZoneName;

/// Renames an entry.
#[derive(Debug, Clone)]
pub(crate) struct MoveEntry {
    pub(crate) registry: Registry,
    pub(crate) from: ZoneName,
    pub(crate) to: ZoneName,
    pub(crate) id: EntryId,
}

/// Files and records under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Ours,
    Other,
}

impl MoveEntry {
    fn find(&self, name: &ZoneName) -> Result<Found> {
        let path = self.registry.tree().zone(name);
        let Some(bytes) = read_document(self.registry.tree(), &path)? else { return Ok(Found::Nothing) };
        let entry = Document::<ZoneEntry>::parse(&path, &bytes)?.value;
        Ok(if entry.id.as_ref() == Some(&self.id) { Found::Ours } else { Found::Other })
    }

    fn rename(&self, from: &ZoneName, to: &ZoneName) -> Result<()> {
        let (old, new) = (self.registry.tree().zone(from), self.registry.tree().zone(to));
        self.registry.copy(&old, &new, |bytes| {
            let document = Document::<ZoneEntry>::parse(&old, bytes)?;
            let renamed = ZoneEntry { name: to.clone(), ..document.value.clone() };
            Ok(document.moved(&new, renamed)?.text().as_bytes().to_vec())
        })?;
        self.registry.remove(&old)
    }

    fn taken(&self, name: &ZoneName) -> String {
        format!("{} is the entry of another zone", self.registry.tree().zone(name).display())
    }
}

impl Step for MoveEntry {
    fn kind(&self) -> StepKind {
        StepKind::Entry
    }

    fn planned(&self) -> PlannedStep {
        let file = |name: &ZoneName| PlannedFile { path: format!("zones/{name}.kdl"), text: String::new() };
        with_files(self, vec![file(&self.from), file(&self.to)])
    }

    fn probe(&self, _: &StepContext<'_>) -> Result<Probe> {
        Ok(match (self.find(&self.from)?, self.find(&self.to)?) {
            (_, Found::Other) => Probe::Foreign(self.taken(&self.to)),
            (Found::Other, _) => Probe::Foreign(self.taken(&self.from)),
            (Found::Nothing, Found::Ours) => Probe::Done,
            (Found::Ours, Found::Ours) => Probe::Partial,
            (_, Found::Nothing) => Probe::Absent,
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.probe(step_context)? {
            Probe::Done => Ok(()),
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Absent | Probe::Partial => self.rename(&self.from, &self.to),
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.probe(step_context)? {
            Probe::Absent => Ok(()),
            Probe::Partial => self.registry.remove(&self.registry.tree().zone(&self.to)),
            Probe::Done => self.rename(&self.to, &self.from),
            // The new name has the entry of another zone, and this one still has its old name.
            Probe::Foreign(_) if self.find(&self.from)? == Found::Ours => Ok(()),
            Probe::Foreign(what) => Err(foreign(what)),
        }
    }
}
