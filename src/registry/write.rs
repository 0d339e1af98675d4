//! Crash-safe changes of configuration files: a crash at any instant leaves a change undone or done.
//!
//! Invariant: the name of a configuration file refers to a complete, flushed file or to none. The temporary file of `X` is `.X.tmp`
//! beside it and belongs to the holder of X's lock, so the next holder may remove it. A symbolic link in place of a file is never
//! written through.

use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

use super::Registry;
use super::tree::temp_of;
use super::write_hook::FsChange;
use crate::error::{Code, Error, Result};

/// Mode of a new file, whatever the umask: everyone who may enter the tree can read it.
const DOCUMENT_MODE: u32 = 0o644;

/// Mode of a new directory of configuration files.
const DIRECTORY_MODE: u32 = 0o755;

/// A new file that is not visible yet.
#[derive(Debug)]
#[must_use = "link the file to make it visible"]
pub(super) struct Staged {
    temp: PathBuf,
    pub(super) path: PathBuf,
}

impl Registry {
    /// Writes a file that must not exist yet: completely or not at all, and flushed when this returns.
    ///
    /// Fails with `exists` if anything is there.
    pub fn create(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let staged = self.stage(path, bytes)?;
        if let Err(error) = self.sync_staged(&staged) {
            self.unstage(&staged);
            return Err(error);
        }
        self.link(&staged)?;
        self.sync_directory_of(path).inspect_err(|_| {
            // A failed write must leave nothing. The first error is reported.
            let _ = self.unlink(path);
        })
    }

    /// Writes a new file that is not visible yet. Several may be staged and then flushed together.
    pub(super) fn stage(&self, path: &Path, bytes: &[u8]) -> Result<Staged> {
        self.make_directory_for(path)?;
        let (temp, _) = self.write_temp(path, bytes, None)?;
        Ok(Staged { temp, path: path.to_owned() })
    }

    /// Flushes a staged document.
    pub(super) fn sync_staged(&self, staged: &Staged) -> Result<()> {
        self.write_hook()
            .make(FsChange::SyncFile, &staged.temp, || File::open(&staged.temp)?.sync_all())
            .map_err(|error| Error::io("flush", &staged.path, error))
    }

    /// Gives a staged and flushed file its name. The directory still has to be flushed.
    pub(super) fn link(&self, Staged { temp, path }: &Staged) -> Result<()> {
        let linked = self.write_hook().make(FsChange::Link, path, || std::fs::hard_link(temp, path));
        // A temporary file that stays belongs to the next holder of the lock, who removes it. It must not turn a completed change
        // into a failure: the file is in its place.
        let _ = self.unlink(temp);
        match linked {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::new(Code::Exists, format!("{} already exists", path.display())))
            }
            Err(error) => Err(Error::io("write", path, error)),
        }
    }

    /// Drops a staged file.
    pub(super) fn unstage(&self, staged: &Staged) {
        // A temporary file that stays belongs to the next holder of the lock.
        let _ = self.unlink(&staged.temp);
    }

    /// Flushes the directory of a file.
    pub(super) fn sync_directory_of(&self, path: &Path) -> Result<()> {
        let Some(directory) = path.parent() else { return Ok(()) };
        self.write_hook()
            .make(FsChange::SyncDirectory, directory, || File::open(directory)?.sync_all())
            .map_err(|error| Error::io("flush", directory, error))
    }

    /// Changes a file: `edit` gets its bytes and returns the new ones. Mode and owner stay. If the file was changed at the same
    /// time (an editor takes no lock), `edit` is called again with the new content.
    ///
    /// Fails with `not-found` if there is none; `wrong-state` if it is not a regular file.
    pub fn change(&self, path: &Path, mut edit: impl FnMut(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
        loop {
            let (before, meta) = self.read_to_change(path)?;
            let after = edit(&before)?;
            if after == before {
                return Ok(());
            }
            let (temp, file) = self.write_temp(path, &after, Some(&meta))?;
            let synced = self.write_hook().make(FsChange::SyncFile, &temp, || file.sync_all());
            if let Err(error) = synced {
                let _ = self.unlink(&temp);
                return Err(Error::io("flush", path, error));
            }
            let now = self.read_to_change(path);
            if !matches!(&now, Ok((bytes, _)) if *bytes == before) {
                let _ = self.unlink(&temp);
                now?;
                continue;
            }
            let renamed = self.write_hook().make(FsChange::Rename, path, || std::fs::rename(&temp, path));
            if let Err(error) = renamed {
                let _ = self.unlink(&temp);
                return Err(Error::io("write", path, error));
            }
            return self.sync_directory_of(path);
        }
    }

    /// Writes a new file with the mode and owner of another: `edit` gets the bytes of that one and returns those of the new one.
    /// Flushed when this returns.
    ///
    /// Fails with `exists` if anything is at the new path; `not-found` if nothing is at the old one.
    pub fn copy(&self, from: &Path, to: &Path, edit: impl FnOnce(&[u8]) -> Result<Vec<u8>>) -> Result<()> {
        let (before, meta) = self.read_to_change(from)?;
        let (temp, _) = self.write_temp(to, &edit(&before)?, Some(&meta))?;
        let staged = Staged { temp, path: to.to_owned() };
        if let Err(error) = self.sync_staged(&staged) {
            self.unstage(&staged);
            return Err(error);
        }
        self.link(&staged)?;
        let is_current = matches!(self.read_to_change(from), Ok((now, _)) if now == before);
        let kept = match is_current {
            true => self.sync_directory_of(to),
            false => Err(Error::new(Code::Busy, format!("{} was changed by another process", from.display()))
                .with_help("try again")),
        };
        kept.inspect_err(|_| {
            // A failed write must leave nothing. The first error is reported.
            let _ = self.unlink(to);
        })
    }

    /// Removes a file, flushed when this returns. A missing file is not an error.
    pub fn remove(&self, path: &Path) -> Result<()> {
        match self.unlink(path) {
            Ok(()) => self.sync_directory_of(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io("remove", path, error)),
        }
    }

    /// Removes the temporary file of a dead holder of the file's lock.
    pub(crate) fn sweep_temp(&self, path: &Path) -> Result<()> {
        temp_of(path).map_or(Ok(()), |temp| self.sweep(&temp))
    }

    /// Removes a file that a dead holder of a lock may have left.
    pub(super) fn sweep(&self, left: &Path) -> Result<()> {
        match std::fs::symlink_metadata(left) {
            Err(_) => Ok(()),
            Ok(_) => match self.unlink(left) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", left, error)),
                _ => Ok(()),
            },
        }
    }

    /// Replaces a derived file: completely or not at all, but not flushed.
    pub(super) fn replace_derived(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        let Some(temp) = temp_of(path) else { return Ok(()) };
        let mut file = self.create_temp(&temp)?;
        let written =
            self.write_hook().make(FsChange::Write, &temp, || parts.iter().try_for_each(|p| file.write_all(p)));
        drop(file);
        let replaced =
            written.and_then(|()| self.write_hook().make(FsChange::Rename, path, || std::fs::rename(&temp, path)));
        if replaced.is_err() {
            let _ = self.unlink(&temp);
        }
        replaced
    }

    /// Makes a directory of the tree, readable by everyone whatever the umask is. One that exists stays as it is.
    pub fn make_directory(&self, path: &Path) -> Result<()> {
        let made = self.write_hook().make(FsChange::Create, path, || {
            std::fs::create_dir(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(DIRECTORY_MODE))
        });
        match made {
            Ok(()) => self.sync_directory_of(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(error) => Err(Error::io("make", path, error)),
        }
    }

    /// Makes the directory of a new document if it is missing: git keeps no empty directories.
    fn make_directory_for(&self, path: &Path) -> Result<()> {
        match path.parent() {
            Some(directory) if directory.parent() == Some(self.tree().root()) && !directory.exists() => {
                self.make_directory(directory)
            }
            _ => Ok(()),
        }
    }

    fn write_temp(&self, path: &Path, bytes: &[u8], like: Option<&Metadata>) -> Result<(PathBuf, File)> {
        let temp = temp_of(path).ok_or_else(|| {
            Error::new(Code::InvalidArgument, format!("{} is not the path of a file", path.display()))
        })?;
        let written = self.create_temp(&temp).and_then(|mut file| {
            self.write_hook().make(FsChange::Write, &temp, || {
                if let Some(meta) = like {
                    let now = file.metadata()?;
                    if (now.uid(), now.gid()) != (meta.uid(), meta.gid()) {
                        std::os::unix::fs::fchown(&file, Some(meta.uid()), Some(meta.gid()))?;
                    }
                    file.set_permissions(std::fs::Permissions::from_mode(meta.mode() & 0o7777))?;
                }
                file.write_all(bytes)
            })?;
            Ok(file)
        });
        match written {
            Ok(file) => Ok((temp, file)),
            Err(error) => {
                let _ = self.unlink(&temp);
                Err(Error::io("write", path, error))
            }
        }
    }

    fn create_temp(&self, temp: &Path) -> io::Result<File> {
        let create = || -> io::Result<File> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode(DOCUMENT_MODE as _);
            let file = retry_on_intr(|| rustix::fs::open(temp, flags, mode))?;
            retry_on_intr(|| rustix::fs::fchmod(&file, mode)).inspect_err(|_| {
                let _ = std::fs::remove_file(temp);
            })?;
            Ok(file.into())
        };
        match self.write_hook().make(FsChange::Create, temp, create) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The lock is held, so no other process is writing it.
                self.unlink(temp)?;
                self.write_hook().make(FsChange::Create, temp, create)
            }
            other => other,
        }
    }

    fn read_to_change(&self, path: &Path) -> Result<(Vec<u8>, Metadata)> {
        self.tree().read_to_change(path).map_err(|error| not_written(path, error))
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.write_hook().make(FsChange::Unlink, path, || std::fs::remove_file(path))
    }
}

/// Explains why a file is not written: nothing is written through a link, or over what is not a file.
fn not_written(path: &Path, error: Error) -> Error {
    let is = |code: &str| matches!(error.details(), [detail] if detail.code == code);
    if is("not-a-file") {
        let what = if path.is_symlink() { "a symbolic link" } else { "not a regular file" };
        return Error::new(Code::WrongState, format!("{} is {what}, which zmgr does not write", path.display()))
            .with_help("replace it with a regular file, or edit the target of the link");
    }
    if error.code() == Code::NotFound {
        return Error::new(Code::NotFound, format!("{} does not exist", path.display()));
    }
    error
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::registry::{HookPoint, Tree, WriteHook, WriteObserver};

    fn registry(root: &Path, write_hook: WriteHook) -> Registry {
        Registry::new(Tree::new(root), "test", write_hook)
    }

    /// Allows `left` changes and none after, like a crash.
    struct DiesAfter {
        left: AtomicUsize,
    }

    impl WriteObserver for DiesAfter {
        fn at(&self, when: HookPoint, _: FsChange, _: &Path) -> io::Result<()> {
            let alive = |n: usize| if when == HookPoint::Before { n.checked_sub(1) } else { Some(n) };
            match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, alive) {
                Ok(_) => Ok(()),
                Err(_) => Err(io::Error::other("dead")),
            }
        }
    }

    fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|e| e.path().is_file());
        entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
    }

    /// Runs `act` in a fresh directory with a crash at each of its changes. Returns the content each time, first before the first
    /// change, last without a crash.
    fn deaths(
        prepare: &[(&str, &str)],
        act: impl Fn(&Registry, &Path) -> Result<()>,
    ) -> Vec<BTreeMap<String, Vec<u8>>> {
        let mut seen = Vec::new();
        for left in 0.. {
            let root = tempfile::tempdir().unwrap();
            for (name, text) in prepare {
                std::fs::write(root.path().join(name), text).unwrap();
            }
            let observer = Arc::new(DiesAfter { left: AtomicUsize::new(left) });
            let done = act(&registry(root.path(), WriteHook::new(observer)), &root.path().join("x.kdl"));
            seen.push(files(root.path()));
            if done.is_ok() {
                // The next holder leaves nothing behind in any case.
                return seen;
            }
            registry(root.path(), WriteHook::none()).sweep_temp(&root.path().join("x.kdl")).unwrap();
            assert!(files(root.path()).keys().all(|name| name == "x.kdl"), "a death after {left} changes");
        }
        unreachable!()
    }

    fn document(files: &BTreeMap<String, Vec<u8>>) -> Option<&str> {
        files.get("x.kdl").map(|bytes| std::str::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_new_document_is_whole_or_absent() {
        let seen = deaths(&[], |registry, path| registry.create(path, b"new"));
        assert!(seen.len() > 5);
        assert!(seen.iter().all(|files| matches!(document(files), None | Some("new"))));
        assert_eq!(seen.last().unwrap().keys().collect::<Vec<_>>(), ["x.kdl"]);
    }

    #[test]
    fn a_changed_document_is_the_old_or_the_new() {
        let seen = deaths(&[("x.kdl", "old")], |registry, path| registry.change(path, |_| Ok(b"new".to_vec())));
        assert!(seen.iter().all(|files| matches!(document(files), Some("old" | "new"))));
        assert_eq!(document(seen.last().unwrap()), Some("new"));
        assert_eq!(seen.last().unwrap().len(), 1);
    }

    #[test]
    fn a_removed_document_is_gone() {
        let seen = deaths(&[("x.kdl", "old")], |registry, path| registry.remove(path));
        assert!(seen.iter().all(|files| matches!(document(files), None | Some("old"))));
        assert_eq!(document(seen.last().unwrap()), None);
    }

    #[test]
    fn a_name_is_given_once() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path(), WriteHook::none());
        let path = root.path().join("x.kdl");
        registry.create(&path, b"first").unwrap();
        assert_eq!(registry.create(&path, b"second").unwrap_err().code(), Code::Exists);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(files(root.path()).len(), 1);
    }

    #[test]
    fn an_edit_between_is_not_lost() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path(), WriteHook::none());
        let path = root.path().join("x.kdl");
        std::fs::write(&path, "one").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let mut asked = 0;
        registry
            .change(&path, |bytes| {
                asked += 1;
                if asked == 1 {
                    std::fs::write(&path, "by hand").unwrap();
                }
                Ok([bytes, b" and more"].concat())
            })
            .unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), asked), ("by hand and more", 2));
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_link_is_not_written_through() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path(), WriteHook::none());
        std::fs::write(root.path().join("elsewhere"), "theirs").unwrap();
        let path = root.path().join("x.kdl");
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_eq!(registry.change(&path, |_| Ok(vec![])).unwrap_err().code(), Code::WrongState);
        assert_eq!(registry.create(&path, b"").unwrap_err().code(), Code::Exists);
        // A link planted as the temporary file is removed, not followed.
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", root.path().join(".x.kdl.tmp")).unwrap();
        registry.create(&path, b"ours").unwrap();
        assert_eq!(std::fs::read_to_string(root.path().join("elsewhere")).unwrap(), "theirs");
        assert_eq!(files(root.path()).len(), 2);
    }
}
