//! Where a process can die: a hook called round every change that the registry makes to the file system.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A change to the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FsChange {
    /// A folder is made.
    MakeDirectory,
    /// An empty file is made.
    Create,
    /// Bytes, mode and owner are given to a file that nobody reads yet.
    Write,
    /// A file is flushed to disk.
    SyncFile,
    /// A file gets a second name.
    Link,
    /// A file takes the place of another.
    Rename,
    /// A name is removed.
    Unlink,
    /// A folder is flushed to disk.
    SyncDirectory,
}

/// Before or after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookPoint {
    /// Nothing has happened yet.
    Before,
    /// It has happened.
    After,
}

/// Looks at each change. An error stops the call with it, as if the change had failed; one that fails from some point on for ever
/// leaves the disk as a death of the process at that point would.
pub trait WriteObserver: Send + Sync {
    /// Called round each change, `path` being what it changes.
    fn at(&self, when: HookPoint, change: FsChange, path: &Path) -> io::Result<()>;
}

/// An observer, or none.
#[derive(Clone, Default)]
pub struct WriteHook(Option<Arc<dyn WriteObserver>>);

impl WriteHook {
    /// Nobody looks.
    pub fn none() -> Self {
        WriteHook(None)
    }

    /// This one looks.
    pub fn new(observer: Arc<dyn WriteObserver>) -> Self {
        WriteHook(Some(observer))
    }

    /// Makes a change, observed.
    pub fn make<T>(&self, change: FsChange, path: &Path, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let Some(observer) = &self.0 else { return make() };
        observer.at(HookPoint::Before, change, path)?;
        let made = make()?;
        observer.at(HookPoint::After, change, path)?;
        Ok(made)
    }
}

impl fmt::Debug for WriteHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Points(observed)" } else { "Points" })
    }
}
