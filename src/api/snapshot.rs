//! Snapshots of zones, as callers see them.

use super::setters::setters;
use serde::{Deserialize, Serialize};

/// A snapshot that zmgr took of a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let snapshot: Snapshot = manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
/// let part: &SnapshotDataset = &snapshot.datasets[0];
/// assert!(part.name.starts_with("rpool/zones/web01/ROOT/zbe@zmgr-") && part.found);
/// assert_eq!(snapshot.state, SnapshotState::Complete);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Snapshot {
    /// The zone.
    pub zone: String,
    /// Its label.
    pub label: String,
    /// Its name on the host, behind the `@`.
    pub name: String,
    /// When it was taken, RFC 3339, UTC.
    pub created: String,
    /// State on the host.
    pub state: SnapshotState,
    /// Its parts.
    pub datasets: Vec<SnapshotDataset>,
    /// Bytes that only it holds; `None` if the host lacks it.
    pub used: Option<u64>,
    /// Bytes that it refers to; `None` if the host lacks it.
    pub referenced: Option<u64>,
    /// Parts of the zone that are not in it: delegated datasets, file systems that are mounted into the zone.
    pub excluded: Vec<String>,
}

/// The snapshot of one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SnapshotDataset {
    /// Its name, `DATASET@NAME`: where it is now, or where it was taken if the host lacks it.
    pub name: String,
    /// Its guid; `None` if zmgr died while it was taken.
    pub guid: Option<String>,
    /// True if the host has it.
    pub found: bool,
}

/// State of a snapshot on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SnapshotState {
    /// The host has all of it.
    Complete,
    /// The host has a part of it: it cannot be rolled back to.
    Partial,
    /// The host has nothing of it.
    Missing,
}

impl SnapshotState {
    /// Every state.
    pub const ALL: [SnapshotState; 3] = [SnapshotState::Complete, SnapshotState::Partial, SnapshotState::Missing];

    /// Returns its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SnapshotState::Complete => "complete",
            SnapshotState::Partial => "partial",
            SnapshotState::Missing => "missing",
        }
    }
}

impl std::fmt::Display for SnapshotState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Options of a rollback.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// # manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
/// let options = RollbackOptions::new().force(true).unproven(false);
/// manager.roll_back("web01", "before", &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RollbackOptions {
    /// True to destroy later snapshots that zmgr took, which are in the way.
    pub force: bool,
    /// True to act on a real host even if what a step does is only inferred; see [`explain_brand`](crate::explain_brand).
    pub unproven: bool,
}

impl RollbackOptions {
    /// Rolls back only if nothing is in the way.
    pub fn new() -> Self {
        RollbackOptions::default()
    }

    setters! {
        /// Sets whether later snapshots that zmgr took are destroyed.
        force: bool;
        /// Sets whether a step is run on a real host even if what it does is only inferred.
        unproven: bool;
    }
}
