//! The entries as the last commit of this process left them, for a choice that is checked again before it is written.

use std::sync::PoisonError;

use super::Registry;
use super::index::Stamp;
use super::lock::RegistryLock;
use super::snapshot::Snapshot;
use super::summary::EntryKind;

/// The entries as a commit left them.
#[derive(Debug)]
pub(super) struct Committed {
    snapshot: Snapshot,
    /// Stamps of the directories after the commit, by kind of entry.
    directories: Vec<Option<Stamp>>,
}

impl Registry {
    /// Keeps the entries as a commit left them; the registry lock is held.
    pub(super) fn keep_committed(&self, snapshot: Snapshot, _lock: &RegistryLock) {
        let committed = self.directory_stamps().map(|directories| Committed { snapshot, directories });
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = committed;
    }

    /// Returns the entries as the last commit of this process left them, unless files were added or removed since; the next caller gets
    /// none. A file that was edited in place goes unnoticed, and so may one that another process adds at the same moment.
    pub(super) fn take_committed(&self) -> Option<Snapshot> {
        let last = self.committed.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (self.directory_stamps()? == last.directories).then_some(last.snapshot)
    }

    /// Returns the stamp of each directory of entries, if they can be opened.
    fn directory_stamps(&self) -> Option<Vec<Option<Stamp>>> {
        let stamp = |kind| Some(self.open_entries(kind).ok()?.map(|directory| directory.stamp));
        EntryKind::ALL.into_iter().map(stamp).collect()
    }
}
