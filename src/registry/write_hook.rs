//! A hook called around every change that the registry makes to the file system, so that tests can simulate a crash at each.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A change to the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FsChange {
    /// A directory is created.
    MakeDirectory,
    /// An empty file is created.
    Create,
    /// Content, mode and owner are set on a file that is not read yet.
    Write,
    /// A file is flushed to disk.
    SyncFile,
    /// A file gets a second name.
    Link,
    /// A file replaces another.
    Rename,
    /// A name is removed.
    Unlink,
    /// A directory is flushed to disk.
    SyncDirectory,
}

/// Before or after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookPoint {
    /// The change has not happened yet.
    Before,
    /// The change has happened.
    After,
}

/// Observes each change. An error makes the call fail with it, as if the change had failed; an observer that fails from some point
/// on leaves the disk as a crash at that point would.
pub trait WriteObserver: Send + Sync {
    /// Called around each change of `path`.
    fn at(&self, when: HookPoint, change: FsChange, path: &Path) -> io::Result<()>;
}

/// An optional observer.
#[derive(Clone, Default)]
pub struct WriteHook(Option<Arc<dyn WriteObserver>>);

impl WriteHook {
    /// Returns a hook without an observer.
    pub fn none() -> Self {
        WriteHook(None)
    }

    /// Returns a hook with this observer.
    pub fn new(observer: Arc<dyn WriteObserver>) -> Self {
        WriteHook(Some(observer))
    }

    /// Makes a change and calls the observer.
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
