//! The status of a fleet, as callers see it: members, shared pools, claims and problems.

use serde::Serialize;

use super::keys::{StoreKey, StoreRecord};
use crate::error::Diagnostic;
use crate::value::name::PoolName;
use crate::value::word_enum;

/// A fleet, as its store and this host see it at one moment.
///
/// ```no_run
/// # use zmgr::*;
/// let manager = Manager::open("/etc/zmgr")?;
/// let status: FleetStatus = manager.fleet_status()?;
/// println!("{} of fleet {}: {} hosts", status.host, status.fleet, status.hosts.len());
/// for problem in &status.problems {
///     println!("{problem}");
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetStatus {
    /// Name of the fleet.
    pub fleet: String,
    /// Name of this host.
    pub host: String,
    /// True if this host is a member.
    pub joined: bool,
    /// Members, and hosts that hold something, by name.
    pub hosts: Vec<FleetHost>,
    /// Shared pools of this tree and of the store, by name.
    pub pools: Vec<FleetPool>,
    /// Addresses, MAC addresses and names that are held, by key.
    pub claims: Vec<FleetClaim>,
    /// Claims of this host that no entry has, entries whose claims are missing or held by others, pools that differ.
    #[serde(serialize_with = "diagnostics")]
    pub problems: Vec<Diagnostic>,
}

fn diagnostics<S: serde::Serializer>(all: &[Diagnostic], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(Diagnostic::to_json))
}

/// A host of a fleet.
///
/// ```no_run
/// # use zmgr::*;
/// # let manager = Manager::open("/etc/zmgr")?;
/// for host in manager.fleet_status()?.hosts {
///     let host: FleetHost = host;
///     println!("{} holds {} addresses and names", host.name, host.claims);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetHost {
    /// Its name.
    pub name: String,
    /// Time at which it joined, RFC 3339; `None` if it is not a member but still holds something.
    pub joined: Option<String>,
    /// Number of addresses, MAC addresses and zone names that it holds.
    pub claims: usize,
}

/// A pool that hosts of a fleet share.
///
/// ```no_run
/// # use zmgr::*;
/// # let manager = Manager::open("/etc/zmgr")?;
/// let differs = |pool: &FleetPool| pool.digest.is_some() && pool.stored.is_some() && pool.digest != pool.stored;
/// assert!(!manager.fleet_status()?.pools.iter().any(differs));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetPool {
    /// Its name.
    pub name: PoolName,
    /// Its segment, if this tree has the pool.
    pub segment: Option<String>,
    /// Digest of this tree's definition.
    pub digest: Option<String>,
    /// Digest of the fleet's definition; `None` until something is allocated.
    pub stored: Option<String>,
    /// Host that wrote the fleet's definition.
    pub written_by: Option<String>,
}

word_enum! {
    /// Kind of something that an entry of a host holds in a fleet.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!("mac".parse(), Ok(FleetClaimKind::Mac));
    /// ```
    FleetClaimKind {
        /// An address of a segment.
        Address "address",
        /// A MAC address of a segment.
        Mac "mac",
        /// The name of a zone.
        Zone "zone",
    }
}

/// Something that an entry of a host holds in a fleet.
///
/// ```no_run
/// # use zmgr::*;
/// # let manager = Manager::open("/etc/zmgr")?;
/// let free: Vec<FleetClaim> = manager.fleet_forget("h3")?;
/// println!("{} addresses and names are free", free.len());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetClaim {
    /// Kind of what is held.
    pub kind: FleetClaimKind,
    /// The address or name.
    pub value: String,
    /// The segment of an address.
    pub segment: Option<String>,
    /// Host that holds it; `None` if its value cannot be read.
    pub host: Option<String>,
    /// Zone or reservation that holds it, such as `zone web01`.
    pub holder: Option<String>,
}

impl FleetStatus {
    /// Returns the status as JSON, as `zmgr fleet status --json` prints it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl FleetClaim {
    /// Returns what this record of the store holds; `None` for hosts and pools.
    pub(crate) fn of(record: &StoreRecord) -> Option<FleetClaim> {
        let (kind, value, segment) = match &record.key {
            StoreKey::Ip { segment, address } => (FleetClaimKind::Address, address.to_string(), Some(segment.clone())),
            StoreKey::Mac { segment, mac } => (FleetClaimKind::Mac, mac.to_string(), Some(segment.clone())),
            StoreKey::Zone(name) => (FleetClaimKind::Zone, name.to_string(), None),
            StoreKey::Host(_) | StoreKey::Pool(_) => return None,
        };
        let held = record.claim();
        Some(FleetClaim {
            kind,
            value,
            segment,
            host: held.map(|claim| claim.host.clone()),
            holder: held.map(|claim| format!("{} {}", claim.kind.as_str(), claim.name)),
        })
    }
}
