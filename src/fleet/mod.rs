//! Compares the trees of several hosts: finds addresses and MAC addresses that are held twice in the fleet.
//!
//! Reads files only. It needs no host, no store and no illumos, so it can run where the trees are kept in git.

mod check;
mod keys;
#[cfg(feature = "internals")]
mod memory;
mod status;
mod store;
mod tree;

pub use keys::{ClaimKind, StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord, StoreValue};
#[cfg(feature = "internals")]
pub use memory::{Disturbance, MemoryStore, StoreCall};
pub use status::{FleetClaim, FleetClaimKind, FleetHost, FleetPool, FleetStatus};
pub use store::{MAX_STORE_KEYS, Store, StoreAnswer, StoreRefusal};

use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Serialize;

use crate::error::{Code, Diagnostic, Error, Result};
use crate::value::address::MacAddr;
use tree::HostTree;

/// The trees of a fleet, one per host, as read at one moment.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # for host in ["h1", "h2"] {
/// #     let manager = Manager::builder().simulate(dir.path().join(host)).build()?;
/// #     manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// # }
/// let trees = ["h1", "h2"].map(|host| dir.path().join(host).join("etc/zmgr"));
/// let fleet = Fleet::read(&trees)?;
/// // Both hosts allocated the first address of the pool that they share.
/// let twice = fleet.check();
/// assert!(twice.iter().any(|found| found.message.starts_with("address 10.1.0.10 is held twice")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Fleet {
    hosts: Vec<HostTree>,
}

/// One zone of a fleet.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let fleet = Fleet::read([manager.root()])?;
/// let zone: &FleetZone = fleet.zones().next().expect("one zone");
/// assert_eq!((zone.name.as_str(), zone.addresses[0].to_string().as_str()), ("web01", "10.1.0.10/24"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetZone {
    /// Name of its host: the node `host` of that tree's `config.kdl`, otherwise the path of the tree.
    pub host: String,
    /// Name of the zone.
    pub name: String,
    /// Id of its entry, if it has one.
    pub id: Option<String>,
    /// Its template.
    pub template: Option<String>,
    /// Desired and applied addresses, with prefix length, without duplicates.
    pub addresses: Vec<IpNet>,
    /// MAC addresses of its VNICs.
    pub macs: Vec<MacAddr>,
    /// Its file.
    pub file: PathBuf,
}

impl Fleet {
    /// Reads these trees (directories such as `/etc/zmgr`), one per host. The owners of their files are not checked.
    ///
    /// A file that cannot be read is reported by [`check`](Self::check) and hides nothing else.
    ///
    /// Errors: `invalid-argument` if no tree is named, `not-found` if one does not exist, `io`.
    pub fn read<P: AsRef<Path>>(trees: impl IntoIterator<Item = P>) -> Result<Fleet> {
        let hosts: Vec<HostTree> =
            trees.into_iter().map(|root| HostTree::read(root.as_ref())).collect::<Result<_>>()?;
        if hosts.is_empty() {
            return Err(Error::new(Code::InvalidArgument, "cannot compare trees: none was named")
                .with_help("name the directory of each host's tree"));
        }
        Ok(Fleet { hosts })
    }

    /// Returns the zones of all hosts, by host in the order of the trees, then by name.
    pub fn zones(&self) -> impl Iterator<Item = &FleetZone> {
        self.hosts.iter().flat_map(|host| &host.zones)
    }

    /// Returns all problems: an error for each address or MAC address that two holders have, each pool whose networks or shares
    /// differ between hosts and each unreadable file; a warning for each address in the share of another host and each zone name
    /// that two hosts use. With `unique-names` in any config.kdl, such a name is an error. Zones that others are cloned
    /// from may have one name on all hosts.
    ///
    /// Pools of one name count as one network.
    pub fn check(&self) -> Vec<Diagnostic> {
        check::check(&self.hosts)
    }
}
