//! Checks each file of the registry once. Files in the index are checked by name; a directory is listed only if its content changed
//! since the index was written.

use std::ffi::{CStr, OsString};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::Registry;
use super::index::{Index, Stamp};
use super::summary::EntryKind;
use super::tree::{is_odd_document, stem_of, stem_of_temp};
use crate::error::{Error, Result};
use crate::parallel;

/// An open directory of entries, with its stamp when it was opened.
pub(super) struct EntryDirectory {
    path: PathBuf,
    directory: OwnedFd,
    pub(super) stamp: Stamp,
}

/// Content of a directory.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Files by stem, and whether each is a regular file.
    pub(super) documents: Vec<(String, bool)>,
    /// Files with a temporary file.
    pub(super) temps: Vec<String>,
    /// File names that are not UTF-8, so that no entry can have them.
    pub(super) odd: Vec<OsString>,
}

/// Difference between a file and the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Differs {
    Changed,
    Gone,
}

/// Minimum number of files per thread: checking them takes several times as long as starting the thread.
const MIN_PER_THREAD: usize = 256;

impl Registry {
    /// Opens the directory of one kind of entry. A missing one is empty.
    pub(super) fn open_entries(&self, kind: EntryKind) -> Result<Option<EntryDirectory>> {
        let path = self.tree().directory(kind.directory());
        let failed = |errno: Errno| Error::io("list", &path, errno.into());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(errno)),
        };
        self.tree().check_directory(&path)?;
        let stamp = Stamp::of(&rustix::fs::fstat(&directory).map_err(failed)?);
        Ok(Some(EntryDirectory { path, directory, stamp }))
    }

    /// Checks the files of these records of the index in their directory, in parallel if there are many, because nearly all the
    /// time of a load is spent here. Returns those that differ from the index, in order.
    pub(super) fn find_changed(
        &self,
        directory: &EntryDirectory,
        index: &Index,
        records: &[usize],
    ) -> Result<Vec<(usize, Differs)>> {
        let find_change = |share: &[usize]| {
            let mut found = Vec::new();
            let mut name = Vec::new();
            for &record in share {
                name.clear();
                name.extend_from_slice(index.name(record));
                name.extend_from_slice(b".kdl\0");
                match directory.find_change(&name) {
                    Ok(Some(stamp)) if index.has_stamp(record, &stamp) => {}
                    Ok(Some(_)) => found.push((record, Differs::Changed)),
                    Ok(None) => found.push((record, Differs::Gone)),
                    Err(errno) => return Err(errno),
                }
            }
            Ok(found)
        };
        let mut found = Vec::new();
        for share in parallel::shares(records, self.threads(records.len(), MIN_PER_THREAD), find_change) {
            found.append(&mut share.map_err(|errno| directory.failed(errno))?);
        }
        Ok(found)
    }
}

impl EntryDirectory {
    fn failed(&self, errno: Errno) -> Error {
        Error::io("list", &self.path, errno.into())
    }

    /// Lists the directory.
    pub(super) fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        let failed = |error| Error::io("list", &self.path, error);
        for entry in std::fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if let Some(stem) = stem_of(&name) {
                // Most file systems return it with the name.
                let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
                listing.documents.push((stem.to_owned(), regular));
            } else if let Some(stem) = stem_of_temp(&name) {
                listing.temps.push(stem.to_owned());
            } else if is_odd_document(&name) {
                listing.odd.push(name);
            }
        }
        Ok(listing)
    }

    /// Checks one file; [`Stamp::NONE`] for a dangling link, `None` if there is none.
    fn find_change(&self, name: &[u8]) -> std::result::Result<Option<Stamp>, Errno> {
        // No file name contains a NUL byte.
        let Ok(name) = CStr::from_bytes_with_nul(name) else { return Ok(None) };
        match rustix::fs::statat(&self.directory, name, AtFlags::empty()) {
            Ok(stat) => Ok(Some(Stamp::of(&stat))),
            Err(Errno::NOENT) => match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Ok(Some(Stamp::NONE)),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(errno),
            },
            Err(Errno::LOOP) => Ok(Some(Stamp::NONE)),
            Err(errno) => Err(errno),
        }
    }
}
