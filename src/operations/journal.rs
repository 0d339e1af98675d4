//! The journal: each step of an operation, recorded in the zone's registry entry before it runs.
//!
//! Invariant: an entry is changed only while it has the id that the operation began with; a name used again belongs to another
//! operation.

use std::cell::RefCell;
use std::path::PathBuf;

use super::files::read_document;
use super::made::Made;
use super::plumb_links::has_ipadm;
use super::renamed_entry;
use crate::documents::document::Document;
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{APPLYING, Before, EntryState, Intent, MadeDataset, SNAPSHOT, UPDATE, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::registry::Registry;
use crate::value::EntryId;
use crate::value::name::ZoneName;

/// The journal of one zone, written under that zone's lock.
pub(crate) struct Journal<'a> {
    registry: &'a Registry,
    zone: &'a ZoneName,
    /// The other name of a zone that is being renamed: the entry is under one of the two.
    other: Option<ZoneName>,
    id: EntryId,
    /// For the next record: the uuid of the installation, or that there is none.
    uuid: Option<Option<String>>,
    /// For the next record: the datasets that zmgr made for the zone, and its snapshots.
    made: Option<(Vec<MadeDataset>, Vec<TakenSnapshot>)>,
    /// Prefix of the steps, depending on the operation.
    work: &'static str,
    /// For the next record: the options of the operation.
    intent: Option<Intent>,
    /// The entry as it was last written, so that it is not read again unless it has changed.
    last: RefCell<Option<Document<ZoneEntry>>>,
}

/// Prefix of the steps of a reinstallation: a complete zone is not undone like one that never existed.
pub(crate) const REINSTALL: &str = "reinstall:";

/// Prefix of the steps for which a running zone is taken down and booted again: their changes are never undone.
pub(crate) const APPLY: &str = APPLYING;

/// Prefix of the steps of a rename.
pub(crate) const RENAME: &str = "rename:";

/// Position of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note<'a> {
    /// This step is about to run.
    Creating { step: &'a str },
    /// The steps up to this one are about to be undone.
    Undoing { step: &'a str },
    /// The operation is complete.
    Ready,
    /// This step of a destruction is about to run.
    Destroying { step: &'a str },
    /// It stopped at this step.
    Failed { step: &'a str },
    /// It stopped at the step recorded last.
    GivenUp,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(registry: &'a Registry, zone: &'a ZoneName, id: EntryId) -> Self {
        Journal {
            registry,
            zone,
            other: None,
            id,
            uuid: None,
            made: None,
            work: "",
            intent: None,
            last: RefCell::default(),
        }
    }

    /// Opens the journal of an operation on a complete zone.
    pub(crate) fn reinstalling(self) -> Self {
        Journal { work: REINSTALL, ..self }
    }

    /// Opens the journal of a running zone that is down for a change.
    pub(crate) fn applying(self) -> Self {
        Journal { work: APPLY, ..self }
    }

    /// Opens the journal of a rename. The entry may be under either name; while both files exist, the first one counts.
    pub(crate) fn renaming(self, to: &ZoneName) -> Self {
        Journal { work: RENAME, other: Some(to.clone()), ..self }
    }

    /// Returns the entry's file.
    fn path(&self) -> PathBuf {
        let tree = self.registry.tree();
        let own = tree.zone(self.zone);
        match self.other.as_ref().map(|other| tree.zone(other)) {
            Some(other) if !own.exists() => other,
            _ => own,
        }
    }

    /// Opens the journal of an operation on a snapshot of a complete zone.
    pub(crate) fn on_snapshot(self) -> Self {
        Journal { work: SNAPSHOT, ..self }
    }

    /// Opens the journal of an update of packages.
    pub(crate) fn updating(self) -> Self {
        Journal { work: UPDATE, ..self }
    }

    /// Records the uuid of the zone's installation with the next record, if there is one.
    pub(crate) fn installed(&mut self, uuid: Option<String>) {
        self.uuid = uuid.map(Some).or(self.uuid.take());
    }

    /// Records with the next record that the installation is gone.
    pub(crate) fn uninstalled(&mut self) {
        self.uuid = Some(None);
    }

    /// Records with the next record which datasets zmgr made and which snapshots it took, if that has changed.
    pub(crate) fn keep(&mut self, made: &Made) {
        if let Some(made) = made.changed() {
            self.made = Some(made);
        }
    }

    /// Records at once which datasets zmgr made and which snapshots it took, if that has changed.
    pub(crate) fn note_made(&mut self, made: &Made) -> Result<()> {
        match made.changed() {
            Some((datasets, snapshots)) => self.edit(|entry| {
                entry.datasets.clone_from(&datasets);
                entry.snapshots.clone_from(&snapshots);
            }),
            None => Ok(()),
        }
    }

    /// Records the options of the operation with the next record.
    pub(crate) fn intend(&mut self, intent: Intent) {
        self.intent = Some(intent);
    }

    /// Records the position of the operation; on disk when it returns.
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
                (Note::Ready, _) => {
                    entry.intent = Intent::default();
                    settle_name(entry);
                }
                (_, Some(intent)) => entry.intent = intent,
                (_, None) => {}
            }
            if let Some(uuid) = &self.uuid {
                entry.uuid.clone_from(uuid);
            }
            if let Some((datasets, snapshots)) = &self.made {
                entry.datasets.clone_from(datasets);
                entry.snapshots.clone_from(snapshots);
            }
        })
    }

    /// Changes the entry in other ways.
    pub(crate) fn edit(&self, change: impl Fn(&mut ZoneEntry)) -> Result<()> {
        let path = self.path();
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

    /// Returns the entry; `None` if it was removed.
    pub(crate) fn entry(&self) -> Result<Option<ZoneEntry>> {
        let path = self.path();
        match read_document(self.registry.tree(), &path)? {
            Some(bytes) => Ok(Some(self.mine(Document::parse(&path, &bytes)?)?.value)),
            None => Ok(None),
        }
    }

    /// Returns true if the entry was removed.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.path().try_exists(), Ok(false))
    }

    /// Ends a creation that was rolled back: removes the entry, or restores what it was before. A user's file keeps what was chosen
    /// for it.
    pub(crate) fn take_back(&self) -> Result<()> {
        let path = self.path();
        let before = match read_document(self.registry.tree(), &path)? {
            Some(bytes) => self.mine(Document::parse(&path, &bytes)?)?.value.intent.before,
            None => return Ok(()),
        };
        match before {
            None => self.remove(),
            Some(Before::Ready) => self.note(Note::Ready),
            Some(Before::Detached) => self.detached(),
            Some(Before::Desired) => self.edit(|entry| {
                (entry.id, entry.uuid, entry.created, entry.origin) = (None, None, None, None);
                (entry.state, entry.intent, entry.applied) = (None, Intent::default(), None);
                entry.datasets.clear();
                entry.snapshots.clear();
            }),
        }
    }

    /// Records that the zone's files are kept and that the host does not have it.
    pub(crate) fn detached(&self) -> Result<()> {
        self.edit(|entry| {
            (entry.state, entry.intent) = (Some(EntryState::Detached), Intent::default());
            (entry.uuid, entry.pending) = (None, None);
            if let Some((datasets, snapshots)) = &self.made {
                entry.datasets.clone_from(datasets);
                entry.snapshots.clone_from(snapshots);
            }
            // One that was to be taken first, and was not.
            entry.snapshots.retain(TakenSnapshot::is_taken);
        })
    }

    /// Removes the entry: the last step of every operation that leaves nothing.
    pub(crate) fn remove(&self) -> Result<()> {
        let path = self.registry.tree().zone(self.zone);
        // Another process may have removed it, which is the intended result.
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
            format!("the entry of {} is not the one that the operation began with", self.zone),
        )
        .with_help(format!("look at {}: it was edited or replaced in the meantime", document.path().display())))
    }

    fn gone(&self, error: Error) -> Error {
        if error.code() != Code::NotFound {
            return error;
        }
        Error::new(Code::RecoveryNeeded, format!("the entry of {} was removed during the operation", self.zone))
            .with_help(format!(
                "run `zmgr import {0}` if the host has the zone, or `zmgr create {0}` if not",
                self.zone
            ))
            .with_source(error)
    }
}

/// Ends a rename: the entry describes the zone under the name that it has.
fn settle_name(entry: &mut ZoneEntry) {
    if let Some(renaming) = entry.renaming.take() {
        if entry.name == renaming.to {
            // Its boots make interfaces on new links only if zmgr asks for them, and a zone without files has its first boot ahead.
            let unplumbed = entry.uuid.is_some() && has_ipadm(entry);
            renamed_entry::complete(&renaming, entry, unplumbed);
        } else {
            renamed_entry::revert(&renaming, entry);
        }
    }
}
