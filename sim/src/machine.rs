//! The machine: a directory that looks like the root of an illumos host, and its dialect.
//!
//! Invariant: every change of the machine's state is one rename or one unlink, so that a death at any instant leaves the
//! state before or after it. Nothing is ever synced: a pretend machine need not survive a power cut.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::dialect::Line;
use super::record::Record;
use super::{Dialect, Error};

/// Everything that is the simulation's own (locks, temporary files, counters, faults) lies here, below the machine's root.
const OWN: &str = ".zmgr/sim";
const IDENTITY: &str = "machine";
const POLL: Duration = Duration::from_millis(10);

/// A simulated machine. Holds no state in memory: several processes may act on one directory at once.
#[derive(Debug, Clone)]
pub struct Machine {
    root: PathBuf,
    dialect: Dialect,
}

impl Machine {
    /// The machine in `root` as it is about to be made.
    pub(crate) fn unborn(root: PathBuf, dialect: Dialect) -> Machine {
        Machine { root, dialect }
    }

    /// Writes what makes a directory a machine.
    pub(crate) fn identify(&self) -> io::Result<()> {
        let mut identity = Record::default();
        identity.push("format", "1");
        identity.push("dialect", self.dialect.name());
        self.replace_own(IDENTITY, identity.text().as_bytes())
    }

    /// Returns true if the directory is a machine.
    pub(crate) fn is_identified(&self) -> bool {
        self.own(IDENTITY).exists()
    }

    /// The machine in `root`.
    pub fn open(root: &Path) -> Result<Machine, Error> {
        let absolute = match fs::canonicalize(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::NotAMachine(root.to_owned())),
            resolved => resolved.map_err(|source| Error::io(root, source))?,
        };
        let identity = Record::read(&absolute.join(OWN).join(IDENTITY)).map_err(|source| Error::io(root, source))?;
        let dialect = identity.as_ref().and_then(|record| record.get("dialect")).and_then(Dialect::from_name);
        match dialect {
            Some(dialect) => Ok(Machine { root: absolute, dialect }),
            None => Err(Error::NotAMachine(root.to_owned())),
        }
    }

    /// The machine's root directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The line of illumos that it speaks.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Dialect: the features of its distribution, and how they are printed.
    pub(crate) fn line(&self) -> &'static Line {
        self.dialect.line()
    }

    /// Returns the path, on the host that runs the simulation, of an absolute path of the machine; never above the machine's root.
    pub(crate) fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let mut place = self.root.clone();
        let mut depth = 0;
        for component in absolute.as_ref().components() {
            match component {
                Component::Normal(name) => {
                    place.push(name);
                    depth += 1;
                }
                Component::ParentDir if depth > 0 => {
                    place.pop();
                    depth -= 1;
                }
                _ => {}
            }
        }
        place
    }

    /// A path in the simulation's own corner.
    pub(crate) fn own(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(OWN).join(name)
    }

    /// Takes the simulation's lock of this name, waiting for it; it is given back when the guard goes.
    pub(crate) fn lock(&self, name: &str) -> io::Result<File> {
        let file = self.lock_file(name)?;
        file.lock()?;
        Ok(file)
    }

    /// As `lock`, but gives up with `None` once `stop` says so: for locks that are held for as long as an install.
    pub(crate) fn lock_unless(&self, name: &str, stop: &dyn Fn() -> bool) -> io::Result<Option<File>> {
        let file = self.lock_file(name)?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if stop() => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn lock_file(&self, name: &str) -> io::Result<File> {
        let path = self.own("locks").join(name);
        let open = || File::options().create(true).truncate(false).write(true).open(&path);
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(self.own("locks"))?;
                open()
            }
            opened => opened,
        }
    }

    /// Puts `bytes` in place of the file at this absolute path of the machine, by one rename.
    pub(crate) fn replace(&self, absolute: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let (temporary, mut file) = self.make_temporary(|path| File::create_new(path))?;
        let written = allocate(&file, bytes.len()).and_then(|()| file.write_all(bytes));
        drop(file);
        let replaced = written.and_then(|()| fs::rename(&temporary, self.path(absolute)));
        replaced.inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Replaces a file of the simulation itself.
    pub(crate) fn replace_own(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.replace(Path::new(OWN).join(name), bytes)
    }

    /// Removes what processes that are gone left half-written.
    pub(crate) fn clear_temporary(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.own("tmp"))? {
            let entry = entry?;
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| Pid::from_raw(name.split('.').next()?.parse().ok()?));
            if process.is_none_or(|process| test_kill_process(process) == Err(Errno::SRCH)) {
                match entry.file_type()?.is_dir() {
                    true => fs::remove_dir_all(entry.path())?,
                    false => fs::remove_file(entry.path())?,
                }
            }
        }
        Ok(())
    }

    /// A new directory that will be renamed into place.
    pub(crate) fn temporary_directory(&self) -> io::Result<PathBuf> {
        self.make_temporary(|path| fs::create_dir(path)).map(|(path, ())| path)
    }

    /// A path that something will be moved to; no other process or thread gets the same.
    pub(crate) fn temporary(&self) -> io::Result<PathBuf> {
        let directory = self.own("tmp");
        if !directory.is_dir() {
            fs::create_dir_all(&directory)?;
        }
        self.temporary_name()
    }

    fn temporary_name(&self) -> io::Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Process ids are not unique where containers share a directory.
        static SALT: OnceLock<u64> = OnceLock::new();
        let salt = match SALT.get() {
            Some(salt) => *salt,
            None => {
                let mut fresh = [0; 8];
                getrandom::fill(&mut fresh).map_err(io::Error::other)?;
                *SALT.get_or_init(|| u64::from_ne_bytes(fresh))
            }
        };
        let (process, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Ok(self.own(format!("tmp/{process}.{next}.{salt:016x}")))
    }

    fn make_temporary<T>(&self, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
        let path = self.temporary_name()?;
        let made = match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(self.own("tmp"))?;
                make(&path)
            }
            made => made,
        };
        Ok((path, made?))
    }

    /// Sets a counter of the simulation's own. The lock that goes with it is held.
    pub(crate) fn set_counter(&self, name: &str, value: u64) -> io::Result<()> {
        // Always as long, and by one write, so a death leaves the old or the new.
        let text = format!("{value:020}\n");
        let file = File::options().create(true).truncate(false).write(true).open(self.own(name))?;
        file.write_at(text.as_bytes(), 0).map(drop)
    }

    /// The number that a counter was set to last; 0 where it never was.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        fs::read_to_string(self.own(name)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }
}

/// Gives a new file its place on the disk before it is written. Where that is left to the file system's own time, renaming the
/// file over another makes ext4 write it out at once, which takes longer than all the rest.
#[cfg(target_os = "linux")]
fn allocate(file: &File, length: usize) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    if length > 0 {
        // Not every file system can, and none must.
        let _ = fallocate(file, FallocateFlags::empty(), 0, length as u64);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &File, _: usize) -> io::Result<()> {
    Ok(())
}

/// The lock of one zone's: told apart by a hash (FNV-1a), so that no file speaks of a zone that is long gone.
pub(crate) fn lock_of_zone(what: &str, zone: &str) -> String {
    format!("{what}-{:016x}", hash(zone))
}

/// FNV-1a of a text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A name as one component of a path: `/` and `%` are escaped.
pub(crate) fn component(name: &str) -> String {
    let escaped = name.replace('%', "%25").replace('/', "%2f");
    match escaped.as_str() {
        "" => "%".into(),
        "." => "%2e".into(),
        ".." => "%2e%2e".into(),
        _ => escaped,
    }
}

/// The name that `component` made this of.
pub(crate) fn from_component(escaped: &OsStr) -> Option<String> {
    let escaped = escaped.to_str()?;
    if escaped == "%" {
        return Some(String::new());
    }
    Some(escaped.replace("%2e", ".").replace("%2f", "/").replace("%25", "%"))
}
