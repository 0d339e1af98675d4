//! A request with everything that zmgr chose pinned: enough to plan it again.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::api::{
    Action, ApplyOptions, CreateOptions, DestroyOptions, HaltOptions, ImportOptions, Operation, ReinstallOptions,
    RenameOptions, RollbackOptions, UpdateOptions,
};

/// A request for one zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
/// let Request::Create { pinned, .. } = &plan.changes[0].request else { return Err("not a creation".into()) };
/// let Pinned { nets, .. } = pinned;
/// let net: &PinnedNet = &nets["internal"];
/// assert_eq!(net.vnic.as_deref(), Some("web01_0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Create the zone.
    Create {
        /// The caller's options.
        options: CreateOptions,
        /// Choices that zmgr made.
        pinned: Pinned,
    },
    /// Destroy the zone.
    Destroy {
        /// The caller's options.
        options: DestroyOptions,
    },
    /// Reinstall the zone.
    Reinstall {
        /// The caller's options.
        options: ReinstallOptions,
        /// Time of the snapshot that keeps the old root, RFC 3339; `None` if it is not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        snapshot: Option<String>,
    },
    /// Make the host match the zone's files.
    Apply {
        /// The caller's options.
        options: ApplyOptions,
        /// Choices that zmgr made, by net.
        nets: BTreeMap<String, PinnedNet>,
        /// When the snapshot is taken that comes first, RFC 3339, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        snapshot: Option<String>,
    },
    /// Take a snapshot of the zone.
    SnapshotCreate {
        /// Its label.
        label: String,
        /// When it is taken, RFC 3339.
        created: String,
    },
    /// Delete a snapshot of the zone.
    SnapshotDelete {
        /// Its label.
        label: String,
    },
    /// Roll the zone back to a snapshot.
    SnapshotRollback {
        /// Its label.
        label: String,
        /// The caller's options.
        options: RollbackOptions,
    },
    /// Update the zone's packages.
    Update {
        /// The caller's options.
        options: UpdateOptions,
        /// When the snapshot is taken that comes first, RFC 3339, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        snapshot: Option<String>,
    },
    /// Boot the zone.
    Boot {},
    /// Shut the zone down.
    Shutdown {
        /// The caller's options.
        options: HaltOptions,
    },
    /// Give the zone another name.
    Rename {
        /// The new name.
        to: String,
        /// The caller's options.
        options: RenameOptions,
    },
    /// Remove the zone's entry only.
    Forget {},
    /// Adopt the zone.
    Import {
        /// The caller's options.
        options: ImportOptions,
        /// Id of the entry; empty if the zone is left alone.
        id: String,
        /// The time of adoption, RFC 3339.
        created: String,
    },
}

impl Request {
    /// Returns the operation of the request.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Request::Create { options, .. } if options.attach.is_some() => Operation::Attach,
            Request::Create { .. } => Operation::Create,
            Request::Destroy { options } if options.keep_entry => Operation::Detach,
            Request::Destroy { .. } => Operation::Destroy,
            Request::Reinstall { .. } => Operation::Reinstall,
            Request::Update { .. } => Operation::Update,
            Request::Boot {} => Operation::Boot,
            Request::Shutdown { .. } => Operation::Shutdown,
            Request::Rename { .. } => Operation::Rename,
            Request::Forget {} => Operation::Forget,
            Request::Import { .. } => Operation::Import,
            Request::Apply { .. } => Operation::Apply,
            Request::SnapshotCreate { .. } => Operation::SnapshotCreate,
            Request::SnapshotDelete { .. } => Operation::SnapshotDelete,
            Request::SnapshotRollback { .. } => Operation::SnapshotRollback,
        }
    }

    /// Returns what it does to the zone.
    pub(crate) fn done(&self) -> Action {
        match self {
            Request::Create { options, .. } if options.attach.is_some() => Action::Attached,
            Request::Create { .. } => Action::Created,
            Request::Destroy { options } if options.keep_entry => Action::Detached,
            Request::Destroy { .. } => Action::Destroyed,
            Request::Reinstall { .. } => Action::Reinstalled,
            Request::Update { .. } => Action::Updated,
            Request::Boot {} => Action::Booted,
            Request::Shutdown { .. } => Action::ShutDown,
            Request::Rename { .. } => Action::Renamed,
            Request::Forget {} => Action::Forgotten,
            Request::Import { .. } => Action::Adopted,
            Request::Apply { .. } => Action::Applied,
            Request::SnapshotCreate { .. } => Action::SnapshotTaken,
            Request::SnapshotDelete { .. } => Action::SnapshotDeleted,
            Request::SnapshotRollback { .. } => Action::RolledBack,
        }
    }
}

/// Choices that zmgr made for a new zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pinned {
    /// Id of the entry.
    pub id: String,
    /// The time of creation, RFC 3339.
    pub created: String,
    /// Choices for each net.
    pub nets: BTreeMap<String, PinnedNet>,
}

/// Choices that zmgr made for one net of a new zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PinnedNet {
    /// Interface addresses, IPv4 first.
    pub addresses: Vec<IpNet>,
    /// The VNIC.
    pub vnic: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
}
