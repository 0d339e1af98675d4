//! Reads and writes files inside a zone from the global zone.
//!
//! Invariant: no symbolic link below the zone's root is ever followed. Otherwise root in the zone could redirect a write of zmgr's
//! to the host.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Code, Error, Result};

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The root of a zone's file system. Paths are absolute, as the zone sees them.
#[derive(Debug)]
pub struct ZoneRoot {
    directory: OwnedFd,
    path: PathBuf,
}

impl ZoneRoot {
    /// Returns the root of the zone at this path of the process's file system.
    pub(super) fn open(zonepath: &Path) -> Result<ZoneRoot> {
        let path = zonepath.join("root");
        let open = || {
            let zone = rustix::fs::open(zonepath, DIRECTORY, Mode::empty())?;
            rustix::fs::openat(&zone, "root", DIRECTORY, Mode::empty())
        };
        let directory = open().map_err(|error| Error::io("open", &path, error.into()))?;
        Ok(ZoneRoot { directory, path })
    }

    /// Returns the content of a file; `None` if it does not exist. More than `limit` bytes is an error.
    pub fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let (parent, name) = match self.parent(path)? {
            Some(found) => found,
            None => return Ok(None),
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&parent, &*name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.error("open", path, error)),
        };
        let metadata = file.metadata().map_err(|error| Error::io("look at", self.shown(path), error))?;
        if !metadata.is_file() {
            return Err(self.refused(path, "it is not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::io("read", self.shown(path), error))?;
        if bytes.len() as u64 > limit {
            return Err(self.refused(path, &format!("it is larger than {limit} bytes")));
        }
        Ok(Some(bytes))
    }

    /// Returns true if something exists there; a symbolic link counts as itself.
    pub fn exists(&self, path: &str) -> Result<bool> {
        let Some((parent, name)) = self.parent(path)? else { return Ok(false) };
        match rustix::fs::statat(&parent, &*name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.error("look at", path, error)),
        }
    }

    /// Writes a file atomically, with exactly this mode, owned by the caller. May be interrupted and repeated.
    pub fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.put(path, bytes, mode, None)
    }

    /// Replaces a text with the result of `change`; `None` keeps it. An existing file keeps its mode and owner, a new one gets this
    /// mode. Returns true if anything was written.
    pub fn edit(
        &self,
        path: &str,
        limit: u64,
        mode: u32,
        change: impl FnOnce(Option<&str>) -> Option<String>,
    ) -> Result<bool> {
        let now = self.read_text(path, limit)?;
        let Some(text) = change(now.as_deref()) else { return Ok(false) };
        let mut old = None;
        if now.is_some()
            && let Some((parent, name)) = self.parent(path)?
        {
            let stat = rustix::fs::statat(&parent, &*name, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| self.error("look at", path, error))?;
            old = Some(stat);
        }
        let mode = old.map_or(mode, |stat| stat.st_mode & 0o7777);
        self.put(path, text.as_bytes(), mode, old.map(|stat| (stat.st_uid, stat.st_gid)))?;
        Ok(true)
    }

    /// Returns the content of a file if it is text.
    pub fn read_text(&self, path: &str, limit: u64) -> Result<Option<String>> {
        match self.read(path, limit)?.map(String::from_utf8) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(self.refused(path, "it is not text")),
        }
    }

    fn put(&self, path: &str, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<()> {
        let Some((parent, name)) = self.parent(path)? else {
            return Err(self.error("write", path, Errno::NOENT));
        };
        let temporary = format!(".{}.zmgr", name.to_string_lossy());
        let failed = |error| self.error("write", path, error);
        match rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(failed(error)),
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode as _);
        let file = rustix::fs::openat(&parent, &temporary, flags, mode).map_err(failed)?;
        // Independent of the caller's umask.
        if let Some((user, group)) = owner {
            own(&file, user, group).map_err(failed)?;
        }
        rustix::fs::fchmod(&file, mode).map_err(failed)?;
        let mut file = File::from(file);
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| {
            rustix::fs::renameat(&parent, &temporary, &parent, &*name)?;
            // Without this, a loss of power could restore the old name.
            rustix::fs::fsync(&parent)?;
            Ok(())
        });
        renamed.map_err(|error: io::Error| {
            // The first error is reported.
            let _ = rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty());
            Error::io("write", self.shown(path), error)
        })
    }

    /// Makes a private directory of the caller, mode 0700, whatever its mode was before.
    pub fn make_private_directory(&self, path: &str) -> Result<()> {
        let directory = self.directories(path, 0o700)?;
        let mode = Mode::from_raw_mode(0o700);
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        own(&directory, user, group)
            .and_then(|()| rustix::fs::fchmod(&directory, mode))
            .map_err(|error| self.error("make private", path, error))
    }

    fn directories(&self, path: &str, mode: u32) -> Result<OwnedFd> {
        let mut directory = self.directory.try_clone().map_err(|error| Error::io("open", &self.path, error))?;
        for part in self.parts(path)? {
            let mode = Mode::from_raw_mode(mode as _);
            let made = match rustix::fs::mkdirat(&directory, part, mode) {
                Ok(()) => true,
                Err(Errno::EXIST) => false,
                Err(error) => return Err(self.error("make", path, error)),
            };
            let next = rustix::fs::openat(&directory, part, DIRECTORY, Mode::empty())
                .map_err(|error| self.error("open", path, error))?;
            if made {
                // Independent of the umask, and flushed against a loss of power.
                rustix::fs::fchmod(&next, mode)
                    .and_then(|()| rustix::fs::fsync(&directory))
                    .map_err(|error| self.error("make", path, error))?;
            }
            directory = next;
        }
        Ok(directory)
    }

    /// Removes a file or a link, not its target; a missing one is fine.
    pub fn remove(&self, path: &str) -> Result<()> {
        let Some((parent, name)) = self.parent(path)? else { return Ok(()) };
        match rustix::fs::unlinkat(&parent, &*name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.error("remove", path, error)),
        }
    }

    /// Returns true if it is a directory, and not a link to one.
    pub fn is_directory(&self, path: &str) -> Result<bool> {
        let Some((parent, name)) = self.parent(path)? else { return Ok(false) };
        match rustix::fs::statat(&parent, &*name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.error("look at", path, error)),
        }
    }

    /// Returns the opened parent directory and the last name; `None` if a directory on the path is missing.
    fn parent<'p>(&self, path: &'p str) -> Result<Option<(OwnedFd, std::borrow::Cow<'p, OsStr>)>> {
        let parts = self.parts(path)?;
        let Some((name, above)) = parts.split_last() else {
            return Err(self.refused(path, "it is not the path of a file"));
        };
        let mut directory = self.directory.try_clone().map_err(|error| Error::io("open", &self.path, error))?;
        for part in above {
            directory = match rustix::fs::openat(&directory, *part, DIRECTORY, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    return Err(
                        self.refused(path, &format!("{:?} on the path is not a directory", part.to_string_lossy()))
                    );
                }
                Err(error) => return Err(self.error("open", path, error)),
            };
        }
        Ok(Some((directory, std::borrow::Cow::Borrowed(*name))))
    }

    fn parts<'p>(&self, path: &'p str) -> Result<Vec<&'p OsStr>> {
        let mut parts = Vec::new();
        for component in Path::new(path).components() {
            match component {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(part) => parts.push(part),
                _ => return Err(self.refused(path, "it contains `..`")),
            }
        }
        Ok(parts)
    }

    fn shown(&self, path: &str) -> PathBuf {
        self.path.join(path.trim_start_matches('/'))
    }

    fn error(&self, doing: &str, path: &str, error: Errno) -> Error {
        match error {
            Errno::LOOP => self.refused(path, "it is a symbolic link"),
            error => Error::io(doing, self.shown(path), error.into()),
        }
    }

    fn refused(&self, path: &str, why: &str) -> Error {
        Error::new(Code::Io, format!("{} is not touched: {why}", self.shown(path).display()))
    }
}

/// Changes the owner of a file if necessary.
fn own(file: &impl std::os::fd::AsFd, user: u32, group: u32) -> rustix::io::Result<()> {
    let stat = rustix::fs::fstat(file)?;
    if (stat.st_uid, stat.st_gid) == (user, group) {
        return Ok(());
    }
    rustix::fs::fchown(file, Some(rustix::fs::Uid::from_raw(user)), Some(rustix::fs::Gid::from_raw(group)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn zone() -> (tempfile::TempDir, ZoneRoot) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("root/etc")).unwrap();
        let root = ZoneRoot::open(dir.path()).unwrap();
        (dir, root)
    }

    #[test]
    fn reads_and_writes() {
        let (dir, root) = zone();
        assert_eq!(root.read("/etc/nodename", 100).unwrap(), None);
        assert_eq!(root.read("/no/such", 100).unwrap(), None);
        root.write("/etc/nodename", b"web01\n", 0o644).unwrap();
        assert_eq!(root.read("/etc/nodename", 100).unwrap().unwrap(), b"web01\n");
        assert!(root.read("/etc/nodename", 3).is_err());
        fs::create_dir_all(dir.path().join("root/root/.ssh")).unwrap();
        root.write("/root/.ssh/authorized_keys", b"key\n", 0o600).unwrap();
        let path = dir.path().join("root/root/.ssh/authorized_keys");
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(root.exists("/etc/nodename").unwrap() && root.is_directory("/etc").unwrap());
        root.remove("/etc/nodename").unwrap();
        root.remove("/etc/nodename").unwrap();
        assert!(!root.exists("/etc/nodename").unwrap());
        assert_eq!(fs::read_dir(dir.path().join("root/etc")).unwrap().count(), 0);
    }

    #[test]
    fn follows_no_link() {
        let (dir, root) = zone();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("shadow"), "secret").unwrap();
        symlink(outside.path(), dir.path().join("root/var")).unwrap();
        symlink(outside.path().join("shadow"), dir.path().join("root/etc/nodename")).unwrap();
        assert!(root.read("/var/shadow", 100).is_err());
        assert!(root.read("/etc/nodename", 100).is_err());
        assert!(root.write("/var/shadow", b"x", 0o644).is_err());
        assert!(root.read("/etc/../../etc", 100).is_err());
        root.write("/etc/nodename", b"web01\n", 0o644).unwrap();
        assert_eq!(fs::read(outside.path().join("shadow")).unwrap(), b"secret");
        assert!(fs::symlink_metadata(dir.path().join("root/etc/nodename")).unwrap().is_file());
        symlink("/etc", dir.path().join("root/link")).unwrap();
        assert!(!root.is_directory("/link").unwrap());
    }

    #[test]
    fn an_edited_file_keeps_its_mode() {
        let (dir, root) = zone();
        assert!(root.edit("/etc/new", 100, 0o640, |now| Some(format!("{now:?}"))).unwrap());
        let path = dir.path().join("root/etc/new");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode()), ("None", 0o640));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(!root.edit("/etc/new", 100, 0o640, |_| None).unwrap());
        assert!(root.edit("/etc/new", 100, 0o640, |_| Some("x".into())).unwrap());
        assert_eq!(mode(), 0o604);
        fs::write(&path, [0xff]).unwrap();
        assert!(root.edit("/etc/new", 100, 0o640, |_| Some("x".into())).is_err());
        fs::create_dir_all(dir.path().join("root/root/.ssh")).unwrap();
        root.make_private_directory("/root/.ssh").unwrap();
        let ssh = fs::metadata(dir.path().join("root/root/.ssh")).unwrap();
        assert_eq!(ssh.permissions().mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_root_that_is_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        symlink("/etc", dir.path().join("root")).unwrap();
        assert!(ZoneRoot::open(dir.path()).is_err());
    }
}
