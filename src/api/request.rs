//! A request with everything that zmgr chose pinned: enough to plan it again.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::api::{
    ApplyOptions, CreateOptions, DestroyOptions, HaltOptions, ImportOptions, ReinstallOptions, RenameOptions,
};

/// A request for one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Create the zone.
    Create {
        /// The caller's options.
        options: CreateOptions,
        /// What zmgr chose.
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
    },
    /// Make the host match the zone's files.
    Apply {
        /// The caller's options.
        options: ApplyOptions,
        /// What zmgr chose, by net.
        nets: BTreeMap<String, PinnedNet>,
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
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Request::Create { .. } => "create",
            Request::Destroy { .. } => "destroy",
            Request::Reinstall { .. } => "reinstall",
            Request::Boot {} => "boot",
            Request::Shutdown { .. } => "shutdown",
            Request::Rename { .. } => "rename",
            Request::Forget {} => "forget",
            Request::Import { .. } => "import",
            Request::Apply { .. } => "apply",
        }
    }

    /// Returns the result for the zone, in a word.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Request::Create { .. } => "created",
            Request::Destroy { .. } => "destroyed",
            Request::Reinstall { .. } => "reinstalled",
            Request::Boot {} => "booted",
            Request::Shutdown { .. } => "shut-down",
            Request::Rename { .. } => "renamed",
            Request::Forget {} => "forgotten",
            Request::Import { .. } => "adopted",
            Request::Apply { .. } => "applied",
        }
    }
}

/// What zmgr chose for a new zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Pinned {
    /// Id of the entry.
    pub id: String,
    /// The time of creation, RFC 3339.
    pub created: String,
    /// What each net was given.
    pub nets: BTreeMap<String, PinnedNet>,
}

/// What zmgr chose for one net of a new zone.
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
