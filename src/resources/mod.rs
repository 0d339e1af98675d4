//! What templates, zones, zonecfg and import all speak of: the resources of a zone, a file a family.
//!
//! Invariant: within one kind of keyed resource each key stands once.

mod devices;
mod identity;
mod limits;
mod storage;

pub use devices::Device;
pub use identity::{Admin, Attr, AttrValue, SecurityFlags};
pub use limits::{Action, Alias, CappedCpu, CappedMemory, DedicatedCpu, Privilege, Rctl, RctlValue, Size};
pub use storage::{Dataset, Fs};

use serde::{Deserialize, Serialize};

use crate::source::Sourced;

/// The resources and properties of a zone other than its nets and those that zmgr sets for itself (brand, zonepath, autoboot,
/// ip-type).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Resources {
    /// File systems, by the directory within the zone.
    pub fs: Vec<Sourced<Fs>>,
    /// Delegated ZFS datasets, by name.
    pub datasets: Vec<Sourced<Dataset>>,
    /// Devices, by what they match.
    pub devices: Vec<Sourced<Device>>,
    /// Attributes, by name.
    pub attrs: Vec<Sourced<Attr>>,
    /// Resource controls, by name.
    pub rctls: Vec<Sourced<Rctl>>,
    /// Who may administer the zone, by user.
    pub admins: Vec<Sourced<Admin>>,
    /// Limits of memory.
    pub capped_memory: Option<Sourced<CappedMemory>>,
    /// A limit of processor time.
    pub capped_cpu: Option<Sourced<CappedCpu>>,
    /// Processors of its own.
    pub dedicated_cpu: Option<Sourced<DedicatedCpu>>,
    /// Shares of the fair share scheduler.
    pub cpu_shares: Option<Sourced<u64>>,
    /// Most lightweight processes.
    pub max_lwps: Option<Sourced<u64>>,
    /// Most processes.
    pub max_processes: Option<Sourced<u64>>,
    /// Most System V shared memory.
    pub max_shm_memory: Option<Sourced<Size>>,
    /// Most shared memory ids.
    pub max_shm_ids: Option<Sourced<u64>>,
    /// Most message queue ids.
    pub max_msg_ids: Option<Sourced<u64>>,
    /// Most semaphore ids.
    pub max_sem_ids: Option<Sourced<u64>>,
    /// The host id that the zone sees.
    pub hostid: Option<Sourced<String>>,
    /// Arguments of each boot.
    pub bootargs: Option<Sourced<String>>,
    /// The privileges that the zone is limited to.
    pub limitpriv: Option<Sourced<String>>,
    /// The scheduling class.
    pub scheduling_class: Option<Sourced<String>>,
    /// The types of file systems that the zone may mount.
    pub fs_allowed: Option<Sourced<Vec<String>>>,
    /// The resource pool (zonecfg's property `pool`).
    pub resource_pool: Option<Sourced<String>>,
    /// Security flags.
    pub security_flags: Option<Sourced<SecurityFlags>>,
}
