//! The registry: the files below the root are the only record of which zone has which name, address, link and MAC address.
//!
//! Invariant: the files are authoritative. Locks, the index and the host usage below `.zmgr/` can be deleted while no zmgr is
//! running, and no answer changes.

mod allocator;
mod by_name;
mod choose;
mod codec;
mod collisions;
mod committed;
mod copies;
mod elsewhere;
mod entry_file;
mod host_usage;
mod index;
mod last;
mod lock;
mod pool_usage;
mod pools;
mod read;
mod report;
mod reserve;
mod snapshot;
mod summary;
mod sweep;
mod tree;
mod write;
mod write_hook;

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

pub use allocator::AddressOwner;
pub use allocator::{Allocator, HeldBy};
pub(crate) use allocator::{By, gains, nested};
pub use choose::AddressRequest;
pub(crate) use collisions::{Collision, What};
pub use elsewhere::Elsewhere;
pub use entry_file::EntryFile;
pub use host_usage::{HostUsage, ZoneUsage};
pub use lock::{ChildLock, FleetLock, LockHolder, RegistryLock, SharedZoneLock, Wait, ZoneLock};
pub use pool_usage::{AddressStanding, HeldAddress, PoolUsage};
pub(crate) use pools::overlapping;
pub use pools::{Pools, overlaps, space};
pub use reserve::{Allocation, Session};
pub use snapshot::{Entry, Snapshot, Unreadable};
pub use summary::{EntryKind, EntrySummary, LinksView, NetSummary, NetView, PendingSummary, SummaryView};
pub use tree::{Directory, Tree, stem_of, stem_of_temp, temp_of};
pub use write_hook::{FsChange, HookPoint, WriteHook, WriteObserver};

use crate::parallel;
use committed::Committed;
use index::Remembered;

/// The registry of one tree. Cheap to create; reads nothing until it is needed.
#[derive(Debug, Clone)]
pub struct Registry {
    tree: Tree,
    command: String,
    write_hook: WriteHook,
    alone: bool,
    /// The last index that was read, shared by all clones.
    remembered: Arc<Remembered>,
    /// The entries as the last remembered commit left them, shared by all clones.
    committed: Arc<Mutex<Option<Committed>>>,
}

impl Registry {
    /// Returns the registry of this tree. `command` describes this process to others that wait for its locks.
    pub fn new(tree: Tree, command: impl Into<String>, write_hook: WriteHook) -> Self {
        let (remembered, committed) = Default::default();
        Registry { tree, command: command.into(), write_hook, alone: false, remembered, committed }
    }

    /// Returns the registry as it would be if one configuration file had this text.
    #[must_use]
    pub(crate) fn with_text(&self, path: &std::path::Path, bytes: &[u8]) -> Self {
        let (remembered, committed) = Default::default();
        Registry { tree: self.tree.with_text(path, bytes), remembered, committed, ..self.clone() }
    }

    /// Returns a registry that spawns no threads, for reading while something else is waited for.
    #[must_use]
    pub fn alone(&self) -> Self {
        Registry { alone: true, ..self.clone() }
    }

    /// Returns the number of threads to use for `count` items if each thread should get at least `per_thread`.
    pub(crate) fn threads(&self, count: usize, per_thread: usize) -> usize {
        if self.alone { 1 } else { parallel::threads_for(count, per_thread) }
    }

    /// Returns the paths.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    fn command(&self) -> &str {
        &self.command
    }

    fn write_hook(&self) -> &WriteHook {
        &self.write_hook
    }
}

/// Returns the current time as written in files: RFC 3339, UTC, whole seconds.
pub fn now() -> String {
    rfc3339(SystemTime::now())
}

/// If the clock is far off, as on a machine with an empty battery, returns the nearest time that can be written.
fn rfc3339(time: SystemTime) -> String {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    };
    // RFC 3339 has years of four digits.
    const YEAR_0: i64 = -62_167_219_200;
    const YEAR_9999: i64 = 253_402_207_199;
    let time = jiff::Timestamp::from_second(seconds.clamp(YEAR_0, YEAR_9999)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_written_and_read_again() {
        let far = Duration::from_secs(400_000_000_000);
        assert_eq!(rfc3339(UNIX_EPOCH), "1970-01-01T00:00:00Z");
        for (time, year) in
            [(UNIX_EPOCH - far, "0000-"), (UNIX_EPOCH - Duration::from_secs(1), "1969-"), (UNIX_EPOCH + far, "9999-")]
        {
            let text = rfc3339(time);
            assert!(text.starts_with(year) && text.parse::<jiff::Timestamp>().is_ok(), "{text}");
        }
    }
}
