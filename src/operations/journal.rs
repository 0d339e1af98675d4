//! The journal: what is being done to a zone, noted in its registry entry before it is done.
//!
//! Invariant: an entry is only changed while it has the id that the work began with; a name used again is somebody else's work.

use std::cell::RefCell;

use super::data::Made;
use super::files::read_document;
use crate::document::Document;
use crate::error::{Code, Error, Result};
use crate::name::ZoneName;
use crate::registry::Registry;
use crate::zone::{Before, EntryId, EntryState, Intent, MadeDataset, ZoneEntry};

/// The journal of one zone, written under that zone's lock.
pub(crate) struct Journal<'a> {
    registry: &'a Registry,
    zone: &'a ZoneName,
    id: EntryId,
    /// Noted with the next note: the uuid of the installation, or that there is none.
    uuid: Option<Option<String>>,
    /// Noted with the next note: the datasets that zmgr made for the zone.
    datasets: Option<Vec<MadeDataset>>,
    /// What stands before the steps of a creation.
    work: &'static str,
    /// Noted with the next note: what the work was asked to do.
    intent: Option<Intent>,
    /// The entry as it was written last, so that it is not read again while nobody else has changed it.
    last: RefCell<Option<Document<ZoneEntry>>>,
}

/// What stands before the steps of a reinstallation: a zone that was whole is not taken back like one that never was.
pub(crate) const REINSTALL: &str = "reinstall:";

/// What stands before the steps for which a running zone is taken down and brought up again: what they change is never taken back.
pub(crate) const APPLY: &str = "apply:";

/// Where the work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note<'a> {
    /// This step is about to be done.
    Creating { step: &'a str },
    /// The steps up to this one are about to be undone.
    Undoing { step: &'a str },
    /// All is done.
    Ready,
    /// This step of a destruction is about to be done.
    Destroying { step: &'a str },
    /// It was given up at this step.
    Failed { step: &'a str },
    /// It was given up at the step noted last.
    GivenUp,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(registry: &'a Registry, zone: &'a ZoneName, id: EntryId) -> Self {
        Journal { registry, zone, id, uuid: None, datasets: None, work: "", intent: None, last: RefCell::default() }
    }

    /// The same for work on a zone that was whole before.
    pub(crate) fn reinstalling(self) -> Self {
        Journal { work: REINSTALL, ..self }
    }

    /// The same while a running zone is down for what is applied to it.
    pub(crate) fn applying(self) -> Self {
        Journal { work: APPLY, ..self }
    }

    /// Has the uuid of the zone's installation noted with the next note, where there is one.
    pub(crate) fn installed(&mut self, uuid: Option<String>) {
        self.uuid = uuid.map(Some).or(self.uuid.take());
    }

    /// Has it noted with the next note that the installation noted so far is gone.
    pub(crate) fn uninstalled(&mut self) {
        self.uuid = Some(None);
    }

    /// Has the datasets that zmgr made noted with the next note, if that has changed.
    pub(crate) fn keep(&mut self, made: &Made) {
        if let Some(datasets) = made.changed() {
            self.datasets = Some(datasets);
        }
    }

    /// Notes at once which datasets zmgr made, if that has changed.
    pub(crate) fn note_made(&mut self, made: &Made) -> Result<()> {
        match made.changed() {
            Some(datasets) => self.edit(|entry| entry.datasets.clone_from(&datasets)),
            None => Ok(()),
        }
    }

    /// Has what the work was asked to do noted with the next note.
    pub(crate) fn intend(&mut self, intent: Intent) {
        self.intent = Some(intent);
    }

    /// Notes where the work stands; on disk when it returns.
    pub(crate) fn note(&self, note: Note<'_>) -> Result<()> {
        self.edit(|entry| {
            let named = |step: &str| format!("{}{step}", self.work);
            entry.state = Some(match note {
                Note::Creating { step } => EntryState::Creating { step: named(step), undo: false },
                Note::Undoing { step } => EntryState::Creating { step: named(step), undo: true },
                Note::Ready => EntryState::Ready,
                Note::Destroying { step } => EntryState::Destroying { step: step.to_owned() },
                Note::Failed { step } => EntryState::Failed { step: named(step) },
                Note::GivenUp => {
                    let step = entry.state.as_ref().and_then(EntryState::step).unwrap_or_default();
                    EntryState::Failed { step: step.to_owned() }
                }
            });
            match (note, self.intent) {
                (Note::Ready, _) => entry.intent = Intent::default(),
                (_, Some(intent)) => entry.intent = intent,
                (_, None) => {}
            }
            if let Some(uuid) = &self.uuid {
                entry.uuid.clone_from(uuid);
            }
            if let Some(datasets) = &self.datasets {
                entry.datasets.clone_from(datasets);
            }
        })
    }

    /// Changes the entry in other ways.
    pub(crate) fn edit(&self, change: impl Fn(&mut ZoneEntry)) -> Result<()> {
        let path = self.registry.tree().zone(self.zone);
        self.registry
            .change(&path, |bytes| {
                let last = self.last.take().filter(|last| last.text().as_bytes() == bytes);
                let document = self.mine(last.map_or_else(|| Document::parse(&path, bytes), Ok)?)?;
                let mut entry = document.value.clone();
                change(&mut entry);
                let changed = document.with(entry)?;
                let bytes = changed.text().as_bytes().to_vec();
                self.last.replace(Some(changed));
                Ok(bytes)
            })
            .map_err(|error| self.gone(error))
    }

    /// Whether somebody has removed the entry.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.registry.tree().zone(self.zone).try_exists(), Ok(false))
    }

    /// Ends a creation that was taken back: the entry goes, or becomes again what it was before. A person's wish keeps what was
    /// chosen for it.
    pub(crate) fn take_back(&self) -> Result<()> {
        let path = self.registry.tree().zone(self.zone);
        let before = match read_document(self.registry.tree(), &path)? {
            Some(bytes) => self.mine(Document::parse(&path, &bytes)?)?.value.intent.before,
            None => return Ok(()),
        };
        match before {
            None => self.remove(),
            Some(Before::Ready) => self.note(Note::Ready),
            Some(Before::Desired) => self.edit(|entry| {
                (entry.id, entry.uuid, entry.created, entry.origin) = (None, None, None, None);
                (entry.state, entry.intent, entry.applied) = (None, Intent::default(), None);
                entry.datasets.clear();
            }),
        }
    }

    /// Removes the entry: the last step of all work that leaves nothing.
    pub(crate) fn remove(&self) -> Result<()> {
        let path = self.registry.tree().zone(self.zone);
        // Another process may have removed it: that is the wanted end.
        let Some(bytes) = read_document(self.registry.tree(), &path)? else { return Ok(()) };
        self.mine(Document::parse(&path, &bytes)?)?;
        self.registry.remove(&path)
    }

    fn mine(&self, document: Document<ZoneEntry>) -> Result<Document<ZoneEntry>> {
        if document.value.id.as_ref() == Some(&self.id) {
            return Ok(document);
        }
        Err(Error::new(
            Code::RecoveryNeeded,
            format!("the entry of {} is another one than the work began with", self.zone),
        )
        .with_help(format!("look at {}: somebody edited or replaced it meanwhile", document.path().display())))
    }

    fn gone(&self, error: Error) -> Error {
        if error.code() != Code::NotFound {
            return error;
        }
        Error::new(Code::RecoveryNeeded, format!("the entry of {} was removed while it was being worked on", self.zone))
            .with_help(format!(
                "zmgr import {0} adopts the zone if the host has it; zmgr create {0} begins anew if not",
                self.zone
            ))
            .with_source(error)
    }
}
