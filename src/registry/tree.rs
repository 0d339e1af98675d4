//! Paths below the root.
//!
//! Invariant: only this module joins names to the root, and it accepts checked names only, so no path can leave the tree.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::file::{self, Links};
use crate::kdl_util::{Trust, check_above, check_directory, check_owner, read_file, read_regular};
use crate::value::name::{PoolName, PublisherName, ReservationName, SnapshotLabel, TemplateName, ZoneName};

/// The root of the files and the paths below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: PathBuf,
    trust: Trust,
    /// Root of the host whose tree it is, if that is known.
    host_root: Option<PathBuf>,
    /// A file as it would be after a change.
    instead: Option<Arc<(PathBuf, Vec<u8>)>>,
}

/// Suffix of zonecfg scripts.
pub(super) const SCRIPT: &str = ".zonecfg";

/// A directory of configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Directory {
    /// `templates/`
    Templates,
    /// `pools/`
    Pools,
    /// `publishers/`
    Publishers,
    /// `zones/`, the registry.
    Zones,
    /// `reservations/`, also part of the registry.
    Reservations,
}

impl Directory {
    /// All directories of configuration files.
    pub const ALL: [Directory; 5] =
        [Directory::Templates, Directory::Pools, Directory::Publishers, Directory::Zones, Directory::Reservations];

    /// Returns its name below the root.
    pub const fn name(self) -> &'static str {
        match self {
            Directory::Templates => "templates",
            Directory::Pools => "pools",
            Directory::Publishers => "publishers",
            Directory::Zones => "zones",
            Directory::Reservations => "reservations",
        }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Tree {
    /// Returns the tree below this root. Reads nothing.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Tree { root: root.into(), trust: Trust::Guarded, host_root: None, instead: None }
    }

    /// Returns the tree of the host whose files are below this directory.
    #[must_use]
    pub fn of_host(mut self, host_root: impl Into<PathBuf>) -> Self {
        self.host_root = Some(host_root.into());
        self
    }

    /// Returns the name that the host gives itself in `/etc/nodename`, if the host is known and has one.
    pub fn nodename(&self) -> Option<String> {
        /// Host names end at 255 bytes.
        const LIMIT: u64 = 1024;
        let path = self.host_root.as_ref()?.join("etc/nodename");
        let text = file::read_text(&path, Links::Follow, LIMIT).ok()?;
        let name = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
        Some(name.to_owned())
    }

    /// Returns a tree that does not check the owners of its files, for a simulated machine.
    #[must_use]
    pub fn of_anyone(mut self) -> Self {
        self.trust = Trust::Anyone;
        self
    }

    /// Returns the tree as it would be if one configuration file had this text.
    #[must_use]
    pub(super) fn with_text(&self, path: &Path, bytes: &[u8]) -> Self {
        Tree { instead: Some(Arc::new((path.to_owned(), bytes.to_vec()))), ..self.clone() }
    }

    /// Returns the file that is not read from disk, and its bytes.
    pub(super) fn instead(&self) -> Option<(&Path, &[u8])> {
        self.instead.as_ref().map(|instead| (instead.0.as_path(), instead.1.as_slice()))
    }

    /// Returns the bytes of a configuration file. `not-found` if nothing is there; `config` if it is not a regular file, is too
    /// large, or, as root, if it or a directory on the way to it may have been written by others.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        if let Some((_, bytes)) = self.instead().filter(|(instead, _)| *instead == path) {
            return Ok(bytes.to_vec());
        }
        self.check_way(path)?;
        Ok(read_file(path, self.trust)?.0)
    }

    /// Like [`Tree::read`], for a file that is about to be written: also refuses a symbolic link.
    pub(super) fn read_to_change(&self, path: &Path) -> Result<(Vec<u8>, Metadata)> {
        self.check_way(path)?;
        read_regular(path, self.trust)
    }

    /// Opens a file below `.zmgr/`. `None` for anything that zmgr did not put there: as root, what others may have written.
    pub(super) fn open_state(&self, path: &Path) -> Option<(File, Metadata)> {
        self.check_directory(&self.state()).ok()?;
        let (file, meta) = file::open(path, Links::Refuse).ok()?;
        check_owner(path, &meta, self.trust).ok()?;
        Some((file, meta))
    }

    /// As root, checks that other users cannot put files into the directories that the holder of this lock relies on.
    pub(super) fn check_for_lock(&self) -> Result<()> {
        if !self.trust.is_checked() {
            return Ok(());
        }
        self.check_directory(&self.root)?;
        for directory in
            [self.state(), self.locks(), self.directory(Directory::Zones), self.directory(Directory::Reservations)]
        {
            if_there(self.check_directory(&directory))?;
        }
        Ok(())
    }

    /// Checks the directories between the root and this file, and those above the root.
    fn check_way(&self, path: &Path) -> Result<()> {
        if !self.trust.is_checked() {
            return Ok(());
        }
        if_there(self.check_directory(&self.root))?;
        match path.parent().filter(|parent| *parent != self.root) {
            Some(parent) => if_there(self.check_directory(parent)),
            None => Ok(()),
        }
    }

    /// Reads a file and its metadata from before it was read. `regular`: it was a regular file a moment ago.
    pub(super) fn read_entry(&self, path: &Path, regular: bool) -> Result<(Vec<u8>, Metadata)> {
        if regular { read_regular(path, self.trust) } else { read_file(path, self.trust) }
    }

    /// As root, checks that other users cannot have written to a directory.
    pub fn check_directory(&self, path: &Path) -> Result<()> {
        check_directory(path, self.trust)?;
        if path == self.root { check_above(path, self.trust) } else { Ok(()) }
    }

    /// Returns the root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `config.kdl`
    pub fn config(&self) -> PathBuf {
        self.root.join("config.kdl")
    }

    /// Returns a directory of configuration files.
    pub fn directory(&self, directory: Directory) -> PathBuf {
        self.root.join(directory.name())
    }

    /// Returns the sorted names of the files in this directory; none if it is missing. Includes names that are not UTF-8, so that
    /// reading the file reports them.
    pub fn documents(&self, directory: Directory) -> Result<Vec<OsString>> {
        let path = self.directory(directory);
        let failed = |error| Error::io("read", &path, error);
        let instead = self.instead().filter(|(instead, _)| instead.parent() == Some(&path));
        let mut names: Vec<OsString> =
            instead.and_then(|(instead, _)| instead.file_name()).map(OsStr::to_owned).into_iter().collect();
        match std::fs::read_dir(&path) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry.map_err(failed)?.file_name();
                    if stem_of(&name).is_some() || is_odd_document(&name) {
                        names.push(name);
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// `zones/NAME.kdl`
    pub fn zone(&self, name: &ZoneName) -> PathBuf {
        self.document(Directory::Zones, name.as_str())
    }

    /// `snapshots/`: zones' files as they were when snapshots were taken.
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// `snapshots/NAME/LABEL.kdl`
    pub fn snapshot(&self, name: &ZoneName, label: &SnapshotLabel) -> PathBuf {
        self.snapshots().join(name.as_str()).join(format!("{label}.kdl"))
    }

    /// `reservations/NAME.kdl`
    pub fn reservation(&self, name: &ReservationName) -> PathBuf {
        self.document(Directory::Reservations, name.as_str())
    }

    /// `pools/NAME.kdl`
    pub fn pool(&self, name: &PoolName) -> PathBuf {
        self.document(Directory::Pools, name.as_str())
    }

    /// `templates/NAME.kdl`
    pub fn template(&self, name: &TemplateName) -> PathBuf {
        self.document(Directory::Templates, name.as_str())
    }

    /// `publishers/NAME.kdl`
    pub fn publisher(&self, name: &PublisherName) -> PathBuf {
        self.document(Directory::Publishers, name.as_str())
    }

    fn document(&self, directory: Directory, name: &str) -> PathBuf {
        self.directory(directory).join(format!("{name}.kdl"))
    }

    /// `.zmgr/`: locks and derived files.
    pub fn state(&self) -> PathBuf {
        self.root.join(".zmgr")
    }

    /// `.zmgr/locks/`
    pub fn locks(&self) -> PathBuf {
        self.state().join("locks")
    }

    /// The registry lock. No zone's lock can have its name: those end in `.lock` and `.child`.
    pub fn registry_lock(&self) -> PathBuf {
        self.locks().join("registry")
    }

    /// The fleet lock.
    pub(super) fn fleet_lock(&self) -> PathBuf {
        self.locks().join("fleet")
    }

    /// The lock of one zone.
    pub fn zone_lock(&self, name: &ZoneName) -> PathBuf {
        self.locks().join(format!("{name}.lock"))
    }

    /// The lock held by the commands that run for a zone, which outlives the zmgr that started them.
    pub fn child_lock(&self, name: &ZoneName) -> PathBuf {
        self.locks().join(format!("{name}.child"))
    }

    /// The script that zonecfg reads while a zone is configured.
    pub(super) fn script(&self, name: &ZoneName) -> PathBuf {
        self.state().join(format!("{name}{SCRIPT}"))
    }

    /// The derived index.
    pub fn index(&self) -> PathBuf {
        self.state().join("index.v1")
    }

    /// The last host usage.
    pub fn host_usage(&self) -> PathBuf {
        self.state().join("host.v1")
    }

    /// The last address allocated from each pool with `strategy "next"`.
    pub(super) fn last_given(&self) -> PathBuf {
        self.state().join("last.v1")
    }
}

/// Returns the temporary file of a configuration or state file: `.X.tmp` beside `X`. `None` for a path without a file name.
pub fn temp_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let mut temp = std::ffi::OsString::from(".");
    temp.push(name);
    temp.push(".tmp");
    Some(path.with_file_name(temp))
}

/// Returns the stem of a configuration file's name: `web01` of `web01.kdl`. `None` for everything else, including hidden files.
pub fn stem_of(file_name: &OsStr) -> Option<&str> {
    file_name.to_str()?.strip_suffix(".kdl").filter(|stem| !stem.is_empty() && !stem.starts_with('.'))
}

/// Returns true if this is the name of a configuration file that no entry can have, because it is not UTF-8.
pub(super) fn is_odd_document(file_name: &OsStr) -> bool {
    let bytes = file_name.as_bytes();
    file_name.to_str().is_none() && bytes.ends_with(b".kdl") && !bytes.starts_with(b".")
}

/// Ignores a missing file.
fn if_there(checked: Result<()>) -> Result<()> {
    checked.or_else(|error| if error.code() == Code::NotFound { Ok(()) } else { Err(error) })
}

/// Returns the name of the file that this temporary file belongs to: `web01` of `.web01.kdl.tmp`.
pub fn stem_of_temp(file_name: &OsStr) -> Option<&str> {
    file_name.to_str()?.strip_prefix('.')?.strip_suffix(".kdl.tmp").filter(|stem| !stem.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temp_files_are_never_documents() {
        let tree = Tree::new("/etc/zmgr");
        let zone = tree.zone(&ZoneName::new("a.kdl.tmp").unwrap());
        assert_eq!(zone, Path::new("/etc/zmgr/zones/a.kdl.tmp.kdl"));
        let temp = temp_of(&zone).unwrap();
        assert_eq!(temp, Path::new("/etc/zmgr/zones/.a.kdl.tmp.kdl.tmp"));
        assert_eq!(stem_of(zone.file_name().unwrap()), Some("a.kdl.tmp"));
        assert_eq!(stem_of(temp.file_name().unwrap()), None);
        assert_eq!(stem_of_temp(temp.file_name().unwrap()), Some("a.kdl.tmp"));
    }

    #[test]
    fn locks_do_not_collide() {
        let tree = Tree::new("/r");
        let name = |n: &str| ZoneName::new(n).unwrap();
        let mut paths = vec![tree.registry_lock()];
        for zone in ["registry", "a", "a.lock", "a.child", "registry.lock"] {
            paths.extend([tree.zone_lock(&name(zone)), tree.child_lock(&name(zone))]);
        }
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
