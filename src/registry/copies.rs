//! Copies of zones' files, kept beside the snapshots that zmgr takes of them: `snapshots/NAME/LABEL.kdl`.
//!
//! Invariant: a copy is written and removed under its zone's lock. It is for reading: nothing depends on it.

use std::io;
use std::path::Path;

use super::Registry;
use super::write_hook::FsChange;
use crate::error::{Error, Result};
use crate::value::name::{SnapshotLabel, ZoneName};

impl Registry {
    /// Keeps a copy of a zone's file. Replaces one that an earlier zone of this name left.
    pub fn keep_copy(&self, zone: &ZoneName, label: &SnapshotLabel, bytes: &[u8]) -> Result<()> {
        let path = self.tree().snapshot(zone, label);
        if self.tree().read(&path).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        self.make_directory(&self.tree().snapshots())?;
        if let Some(directory) = path.parent() {
            self.make_directory(directory)?;
        }
        self.remove(&path)?;
        self.create(&path, bytes)
    }

    /// Removes a copy, and the directories that are then empty. A missing one is not an error.
    pub fn drop_copy(&self, zone: &ZoneName, label: &SnapshotLabel) -> Result<()> {
        let path = self.tree().snapshot(zone, label);
        self.sweep_temp(&path)?;
        self.remove(&path)?;
        for directory in path.ancestors().skip(1).take(2) {
            self.remove_if_empty(directory)?;
        }
        Ok(())
    }

    /// Moves a copy to the directory of another zone: the new name of its zone. A missing one is not an error.
    pub fn move_copy(&self, zone: &ZoneName, to: &ZoneName, label: &SnapshotLabel) -> Result<()> {
        let (path, new) = (self.tree().snapshot(zone, label), self.tree().snapshot(to, label));
        if !path.exists() {
            // An earlier run may have moved the last one.
            return path.parent().map_or(Ok(()), |directory| self.remove_if_empty(directory));
        }
        if let Some(directory) = new.parent() {
            self.make_directory(directory)?;
        }
        self.write_hook()
            .make(FsChange::Rename, &new, || std::fs::rename(&path, &new))
            .map_err(|error| Error::io("rename", &path, error))?;
        self.sync_directory_of(&new)?;
        path.parent().map_or(Ok(()), |directory| self.remove_if_empty(directory))
    }

    fn remove_if_empty(&self, directory: &Path) -> Result<()> {
        match self.write_hook().make(FsChange::Unlink, directory, || std::fs::remove_dir(directory)) {
            Ok(()) => self.sync_directory_of(directory),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Ok(()),
            Err(error) => Err(Error::io("remove", directory, error)),
        }
    }
}
