//! What was asked, with everything that zmgr chose pinned: enough to plan again.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::manager::{ApplyOptions, CreateOptions, DestroyOptions, ImportOptions, ReinstallOptions};

/// What was asked of one zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// Create it.
    Create {
        /// As the caller said.
        options: CreateOptions,
        /// As zmgr chose.
        pinned: Pinned,
    },
    /// Destroy it.
    Destroy {
        /// As the caller said.
        options: DestroyOptions,
    },
    /// Install it again.
    Reinstall {
        /// As the caller said.
        options: ReinstallOptions,
    },
    /// Bring the host to its files.
    Apply {
        /// As the caller said.
        options: ApplyOptions,
        /// By net that was given something now: what.
        nets: BTreeMap<String, PinnedNet>,
    },
    /// Remove its entry, and nothing else.
    Forget {},
    /// Adopt it.
    Import {
        /// As the caller said.
        options: ImportOptions,
        /// The entry's id; empty where the zone is left alone.
        id: String,
        /// The time of adoption, RFC 3339.
        created: String,
    },
}

impl Request {
    /// The operation that asks for it.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Request::Create { .. } => "create",
            Request::Destroy { .. } => "destroy",
            Request::Reinstall { .. } => "reinstall",
            Request::Forget {} => "forget",
            Request::Import { .. } => "import",
            Request::Apply { .. } => "apply",
        }
    }

    /// What has become of the zone once it is done, in a word.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Request::Create { .. } => "created",
            Request::Destroy { .. } => "destroyed",
            Request::Reinstall { .. } => "reinstalled",
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
    /// The entry's id.
    pub id: String,
    /// The time of creation, RFC 3339.
    pub created: String,
    /// By net: what it was given.
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
