//! Locks: who may change what, across processes and threads.
//!
//! Invariant: locks are taken in one order, zones by name, then the fleet lock, then the registry, and the holder of the registry
//! lock neither waits for another lock nor runs a command nor asks a store. A lock is an open file; it is released when the last process that has it open ends.

use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::write_hook::FsChange;
use super::{Registry, Tree};
use crate::error::{Code, Error, Result};
use crate::file::{self, Links, Refused};
use crate::value::name::ZoneName;

/// Time to wait for a lock, and a callback that cancels the wait.
pub struct Wait<'a> {
    timeout: Duration,
    pulse: Option<&'a mut dyn FnMut() -> bool>,
}

impl<'a> Wait<'a> {
    /// Fails at once if another process has the lock.
    pub fn none() -> Self {
        Wait { timeout: Duration::ZERO, pulse: None }
    }

    /// Waits up to this long.
    pub fn up_to(timeout: Duration) -> Self {
        Wait { timeout, pulse: None }
    }

    /// Calls this every few milliseconds; `false` ends the wait with `cancelled`.
    #[must_use]
    pub fn pulse(mut self, pulse: &'a mut dyn FnMut() -> bool) -> Self {
        self.pulse = Some(pulse);
        self
    }
}

/// Holder of a lock, as it recorded itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Process id.
    pub pid: u32,
    /// Command of the process.
    pub command: String,
    /// Time since when it holds the lock, RFC 3339.
    pub since: String,
}

impl LockHolder {
    fn to_text(&self) -> String {
        format!("pid {}\ncommand {}\nsince {}\n", self.pid, self.command, self.since)
    }

    /// Parses a lock file; `None` unless it is complete, as a holder writes it after taking the lock.
    fn from_text(text: &str) -> Option<LockHolder> {
        let mut lines = text.lines();
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ').map(str::to_owned);
        Some(LockHolder { pid: value("pid")?.parse().ok()?, command: value("command")?, since: value("since")? })
    }
}

/// The lock of one zone: only its holder changes the zone's entry or operates on the zone.
#[derive(Debug)]
pub struct ZoneLock {
    name: ZoneName,
    held: Held,
}

impl ZoneLock {
    /// Returns the zone's name.
    pub fn name(&self) -> &ZoneName {
        &self.name
    }

    /// Releases the lock and removes its file, for a zone that is gone.
    pub fn retire(self) {
        self.held.retire();
    }
}

/// A zone's lock shared with other readers of the zone: the source of a clone.
#[derive(Debug)]
pub struct SharedZoneLock {
    _held: Held,
}

/// The right to start commands for a zone. Each command holds a lock of its own: the empty file at [`ChildLock::path`] is its
/// standard input, and stays locked until the command and all its descendants are gone.
///
/// zmgr itself holds none of these locks while the command runs: a process that the caller forks at that time would inherit them
/// and keep them for its whole life.
#[derive(Debug)]
pub struct ChildLock {
    path: PathBuf,
}

impl ChildLock {
    /// Returns the file that commands get as their standard input.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the lock file, for a zone that is gone.
    pub fn retire(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The fleet lock: while a process holds it, no other of this host claims anything in the store that hosts share.
#[derive(Debug)]
pub struct FleetLock {
    _held: Held,
}

/// The lock of the registry: only its holder adds entries or changes reservations.
#[derive(Debug)]
pub struct RegistryLock {
    held: Held,
}

impl RegistryLock {
    /// File system time at which the lock was taken, as (seconds, nanoseconds).
    pub(super) fn taken_at(&self) -> io::Result<(i64, i64)> {
        let meta = self.held.file.metadata()?;
        Ok((meta.mtime(), meta.mtime_nsec()))
    }
}

#[derive(Debug)]
struct Held {
    file: File,
    path: PathBuf,
    /// Id of the process that took the lock.
    pid: u32,
}

impl Held {
    fn retire(self) {
        // A process that waits on this file sees that it is no longer at its path, and opens the new one.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing is not enough: a process forked in between has the same open file and would keep the lock. Such a process itself
        // must not unlock what its parent still needs.
        if self.pid == std::process::id() {
            let _ = self.file.unlock();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exclusive,
    Shared,
    /// Exclusive, and the file stays empty.
    Child,
}

impl Registry {
    /// Takes the lock of one zone, and cleans up after a holder that died.
    pub fn lock_zone(&self, name: &ZoneName, wait: &mut Wait<'_>) -> Result<ZoneLock> {
        let what = format!("zone {name}");
        let held = self.lock(&self.tree().zone_lock(name), Kind::Exclusive, &what, wait)?;
        self.sweep_temp(&self.tree().zone(name))?;
        self.sweep(&self.tree().script(name))?;
        Ok(ZoneLock { name: name.clone(), held })
    }

    /// Takes a zone's lock together with other readers: the zone does not change in the meantime.
    pub fn lock_zone_shared(&self, name: &ZoneName, wait: &mut Wait<'_>) -> Result<SharedZoneLock> {
        let what = format!("zone {name}");
        let held = self.lock(&self.tree().zone_lock(name), Kind::Shared, &what, wait)?;
        Ok(SharedZoneLock { _held: held })
    }

    /// Waits until no command is running for this zone. The zone's own lock comes first, and keeps other processes from starting
    /// one.
    pub fn lock_child(&self, name: &ZoneName, wait: &mut Wait<'_>) -> Result<ChildLock> {
        let what = format!("zone {name}");
        let path = self.tree().child_lock(name);
        drop(self.lock(&path, Kind::Child, &what, wait)?);
        Ok(ChildLock { path })
    }

    /// Takes the fleet lock. Zone locks come first, the registry lock later.
    pub fn lock_fleet(&self, wait: &mut Wait<'_>) -> Result<FleetLock> {
        let held = self.lock(&self.tree().fleet_lock(), Kind::Exclusive, "the fleet", wait)?;
        Ok(FleetLock { _held: held })
    }

    /// Takes the registry lock. Zone locks come first.
    pub fn lock_registry(&self, wait: &mut Wait<'_>) -> Result<RegistryLock> {
        let held = self.lock(&self.tree().registry_lock(), Kind::Exclusive, "the registry", wait)?;
        Ok(RegistryLock { held })
    }

    /// Returns the holder of a zone's lock, if it is recorded and still alive.
    pub fn zone_holder(&self, name: &ZoneName) -> Option<LockHolder> {
        let path = self.tree().zone_lock(name);
        let (file, _) = file::open(&path, Links::Refuse).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => read_holder(&path),
            Ok(()) => {
                // Unlocked here: a process forked in between would keep it.
                let _ = file.unlock();
                None
            }
            Err(TryLockError::Error(_)) => None,
        }
    }

    /// Removes zonecfg scripts of killed processes, except those of zones that another process is working on.
    pub fn clear_scripts(&self) -> Result<()> {
        let directory = self.tree().state();
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("read", &directory, error)),
        };
        for entry in entries {
            let file = entry.map_err(|error| Error::io("read", &directory, error))?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(super::tree::SCRIPT));
            let Some(Ok(name)) = name.map(ZoneName::new) else { continue };
            // Taking the lock removes the script. A busy zone needs its script.
            match self.lock_zone(&name, &mut Wait::none()) {
                Err(error) if error.code() != Code::Busy => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes the lock files of zones that have no entry, except those that another process holds.
    pub fn clear_locks(&self) -> Result<()> {
        let directory = self.tree().locks();
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("read", &directory, error)),
        };
        for entry in entries {
            let file = entry.map_err(|error| Error::io("read", &directory, error))?.file_name();
            let name =
                file.to_str().and_then(|file| file.strip_suffix(".lock").or_else(|| file.strip_suffix(".child")));
            let Some(Ok(name)) = name.map(ZoneName::new) else { continue };
            if self.tree().zone(&name).symlink_metadata().is_ok() {
                continue;
            }
            let Ok(zone) = self.lock_zone(&name, &mut Wait::none()) else { continue };
            let Ok(child) = self.lock_child(&name, &mut Wait::none()) else { continue };
            // Checked again: an entry is made under the zone's lock.
            if self.tree().zone(&name).symlink_metadata().is_err() {
                child.retire();
                zone.retire();
            }
        }
        Ok(())
    }

    fn lock(&self, path: &Path, kind: Kind, what: &str, wait: &mut Wait<'_>) -> Result<Held> {
        self.tree().check_for_lock()?;
        let since = Instant::now();
        let mut pause = Duration::from_micros(500);
        loop {
            let file = self.open_lock(path)?;
            let attempt = match kind {
                Kind::Shared => file.try_lock_shared(),
                Kind::Exclusive | Kind::Child => file.try_lock(),
            };
            match attempt {
                Ok(()) => {
                    if !still_at(&file, path)? {
                        continue;
                    }
                    let mut held = Held { file, path: path.to_owned(), pid: std::process::id() };
                    if kind != Kind::Child {
                        // Only used for the message of `busy`; a full disk must not prevent locking.
                        let _ = self.sign(&mut held);
                    }
                    return Ok(held);
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
            }
            if let Some(pulse) = &mut wait.pulse
                && !pulse()
            {
                return Err(Error::new(Code::Cancelled, format!("stopped while waiting for the lock of {what}")));
            }
            let left = wait.timeout.saturating_sub(since.elapsed());
            if left.is_zero() {
                return Err(busy(what, kind, read_holder(path), wait.timeout));
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(8));
        }
    }

    fn open_lock(&self, path: &Path) -> Result<File> {
        let access = OFlags::RDWR | OFlags::CREATE;
        let open = || file::open_with(path, Links::Refuse, access, Mode::from(0o600));
        let opened = match open() {
            Err(Refused::Absent) => {
                self.make_state_directories()?;
                open()
            }
            other => other,
        };
        opened.map(|(file, _)| file).map_err(|why| why.error("open the lock", path))
    }

    /// Creates `.zmgr/` and its fixed content. Only the owner may open lock files: a process that can open one can lock it.
    fn make_state_directories(&self) -> Result<()> {
        let tree: &Tree = self.tree();
        for (directory, mode) in [(tree.state(), 0o755), (tree.locks(), 0o700)] {
            let made =
                self.write_hook().make(FsChange::MakeDirectory, &directory, || file::make_directory(&directory, mode));
            match made {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(Error::new(Code::NotFound, format!("no tree at {}", tree.root().display()))
                        .with_help("run `zmgr init` to create one"));
                }
                Err(error) => return Err(Error::io("make the directory", &directory, error)),
                Ok(()) => {}
            }
        }
        let ignore = tree.state().join(".gitignore");
        if !ignore.exists() {
            // Only a convenience for trees under git: ignore a failure.
            let access = OFlags::WRONLY | OFlags::CREATE;
            if let Ok((mut file, _)) = file::open_with(&ignore, Links::Refuse, access, Mode::from(0o644)) {
                let _ = rustix::fs::fchmod(&file, Mode::from(0o644));
                let _ = file.write_all(b"*\n");
            }
        }
        Ok(())
    }

    fn sign(&self, held: &mut Held) -> io::Result<()> {
        let holder = LockHolder {
            pid: std::process::id(),
            command: self.command().replace(|c: char| c.is_control(), " "),
            since: super::now(),
        };
        // The rest of a longer text is cut off last: emptying the file first would make some file systems write it out when it is
        // closed. A concurrent reader reads three lines, and those are ours.
        let text = holder.to_text();
        held.file.rewind()?;
        held.file.write_all(text.as_bytes())?;
        match held.file.metadata()?.len() > text.len() as u64 {
            true => held.file.set_len(text.len() as u64),
            false => Ok(()),
        }
    }
}

/// Returns true if the locked file is still the one at its path.
fn still_at(file: &File, path: &Path) -> Result<bool> {
    let ours = file.metadata().map_err(|error| Error::io("inspect the lock", path, error))?;
    match std::fs::symlink_metadata(path) {
        Ok(theirs) => Ok(ours.dev() == theirs.dev() && ours.ino() == theirs.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("inspect the lock", path, error)),
    }
}

fn read_holder(path: &Path) -> Option<LockHolder> {
    LockHolder::from_text(&file::read_text(path, Links::Refuse, 64 << 10).ok()?)
}

fn busy(what: &str, kind: Kind, holder: Option<LockHolder>, waited: Duration) -> Error {
    let message = match (kind, holder) {
        (Kind::Child, _) => format!("a command started for {what} is still running"),
        (_, Some(holder)) => format!(
            "{what} is busy: process {} ({}) has had its lock since {}",
            holder.pid, holder.command, holder.since
        ),
        (_, None) => format!("{what} is busy: another process has its lock"),
    };
    let waited = if waited.is_zero() {
        "zmgr did not wait (`lock-timeout` is 0)".to_owned()
    } else {
        format!("zmgr waited {} s (`lock-timeout` in config.kdl)", waited.as_secs_f32())
    };
    Error::new(Code::Busy, message).with_help(format!("try again when it is done; {waited}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::WriteHook;

    fn registry(root: &Path) -> Registry {
        Registry::new(Tree::new(root), "test run", WriteHook::none())
    }

    fn name(n: &str) -> ZoneName {
        ZoneName::new(n).unwrap()
    }

    #[test]
    fn busy_names_the_holder() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let held = registry.lock_zone(&name("web"), &mut Wait::none()).unwrap();
        let error = registry.lock_zone(&name("web"), &mut Wait::none()).unwrap_err();
        assert_eq!(error.code(), Code::Busy);
        assert!(error.message().contains(&format!("process {} (test run)", std::process::id())), "{error}");
        assert!(registry.zone_holder(&name("web")).is_some());
        registry.lock_zone(&name("db"), &mut Wait::none()).unwrap();
        drop(held);
        assert!(registry.zone_holder(&name("web")).is_none());
        registry.lock_zone(&name("web"), &mut Wait::none()).unwrap();
    }

    #[test]
    fn a_retired_lock_is_not_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let first = registry.lock_zone(&name("web"), &mut Wait::none()).unwrap();
        std::thread::scope(|scope| {
            let (asking, asked) = std::sync::mpsc::channel();
            let registry = &registry;
            let waiting = scope.spawn(move || {
                // Asked while it waits.
                let mut pulse = || asking.send(()).is_ok();
                registry.lock_zone(&name("web"), &mut Wait::up_to(Duration::from_secs(20)).pulse(&mut pulse))
            });
            asked.recv().unwrap();
            first.retire();
            let second = waiting.join().unwrap().unwrap();
            assert_eq!(registry.lock_zone(&name("web"), &mut Wait::none()).unwrap_err().code(), Code::Busy);
            drop(second);
        });
    }

    #[test]
    fn a_command_keeps_its_lock() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let child = registry.lock_child(&name("web"), &mut Wait::none()).unwrap();
        let stdin = || {
            let file = File::open(child.path()).unwrap();
            file.lock_shared().unwrap();
            file
        };
        let mut command = std::process::Command::new("cat").stdin(stdin()).spawn().unwrap();
        assert!(command.wait().unwrap().success(), "its standard input is empty");
        let mut command = std::process::Command::new("sleep").arg("60").stdin(stdin()).spawn().unwrap();
        assert_eq!(registry.lock_child(&name("web"), &mut Wait::none()).unwrap_err().code(), Code::Busy);
        command.kill().unwrap();
        command.wait().unwrap();
        registry.lock_child(&name("web"), &mut Wait::none()).unwrap();
    }

    #[test]
    fn a_process_forked_meanwhile_does_not_keep_a_lock() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let zone = registry.lock_zone(&name("web"), &mut Wait::none()).unwrap();
        let tree = registry.lock_registry(&mut Wait::none()).unwrap();
        let child = registry.lock_child(&name("web"), &mut Wait::none()).unwrap();
        // Simulates a fork: the same open files in another process.
        let copies = [zone.held.file.try_clone().unwrap(), tree.held.file.try_clone().unwrap()];
        drop((zone, tree, child));
        registry.lock_zone(&name("web"), &mut Wait::none()).unwrap();
        registry.lock_registry(&mut Wait::none()).unwrap();
        drop(copies);
    }

    #[test]
    fn waiting_can_be_called_off() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let _held = registry.lock_registry(&mut Wait::none()).unwrap();
        let mut asked = 0;
        let mut pulse = || {
            asked += 1;
            asked < 3
        };
        let error = registry.lock_registry(&mut Wait::up_to(Duration::from_secs(60)).pulse(&mut pulse)).unwrap_err();
        assert_eq!((error.code(), asked), (Code::Cancelled, 3));
    }

    #[test]
    fn shared_with_readers_alone() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(root.path());
        let first = registry.lock_zone_shared(&name("golden"), &mut Wait::none()).unwrap();
        let second = registry.lock_zone_shared(&name("golden"), &mut Wait::none()).unwrap();
        assert_eq!(registry.lock_zone(&name("golden"), &mut Wait::none()).unwrap_err().code(), Code::Busy);
        drop((first, second));
        registry.lock_zone(&name("golden"), &mut Wait::none()).unwrap();
    }

    #[test]
    fn without_a_tree() {
        let root = tempfile::tempdir().unwrap();
        let registry = registry(&root.path().join("missing"));
        assert_eq!(registry.lock_registry(&mut Wait::none()).unwrap_err().code(), Code::NotFound);
    }
}
