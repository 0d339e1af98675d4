//! The resources of a zone, shared by templates, zones, zonecfg and import: one file per family.
//!
//! Invariant: within one kind of keyed resource each key is unique.

mod devices;
mod identity;
mod limits;
mod storage;

pub use devices::Device;
pub use identity::{Admin, Attr, AttrValue, SecurityFlags};
pub(crate) use limits::Alias;
pub use limits::{CappedMemory, DedicatedCpu, Rctl, RctlAction, RctlPrivilege, RctlValue};
pub use storage::{Dataset, Fs};

use serde::{Deserialize, Serialize};

use crate::documents::document::{Reader, scalar};
use crate::kdl_util::Node;
use crate::value::source::Sourced;
use crate::value::{CappedCpu, Size};

/// The resources and properties of a zone except its nets and those that zmgr sets itself (brand, zonepath, autoboot, ip-type).
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let text = b"template \"small\" {\n    capped-memory physical=\"1G\"\n}\n";
/// let template: Template = Document::parse("small.kdl".as_ref(), text)?.value;
/// let resources: &Resources = &template.settings.resources;
/// assert!(resources.capped_memory.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Resources {
    /// File systems, by the directory within the zone.
    pub fs: Vec<Sourced<Fs>>,
    /// Delegated ZFS datasets, by name.
    pub datasets: Vec<Sourced<Dataset>>,
    /// Devices, by pattern.
    pub devices: Vec<Sourced<Device>>,
    /// Attributes, by name.
    pub attrs: Vec<Sourced<Attr>>,
    /// Resource controls, by name.
    pub rctls: Vec<Sourced<Rctl>>,
    /// Administrators, by user.
    pub admins: Vec<Sourced<Admin>>,
    /// Limits of memory.
    pub capped_memory: Option<Sourced<CappedMemory>>,
    /// A limit of processor time.
    pub capped_cpu: Option<Sourced<CappedCpu>>,
    /// Dedicated processors.
    pub dedicated_cpu: Option<Sourced<DedicatedCpu>>,
    /// Shares of the fair share scheduler.
    pub cpu_shares: Option<Sourced<u64>>,
    /// Maximum number of lightweight processes.
    pub max_lwps: Option<Sourced<u64>>,
    /// Maximum number of processes.
    pub max_processes: Option<Sourced<u64>>,
    /// Maximum amount of System V shared memory.
    pub max_shm_memory: Option<Sourced<Size>>,
    /// Maximum number of shared memory ids.
    pub max_shm_ids: Option<Sourced<u64>>,
    /// Maximum number of message queue ids.
    pub max_msg_ids: Option<Sourced<u64>>,
    /// Maximum number of semaphore ids.
    pub max_sem_ids: Option<Sourced<u64>>,
    /// The host id that the zone sees.
    pub hostid: Option<Sourced<String>>,
    /// Arguments of each boot.
    pub bootargs: Option<Sourced<String>>,
    /// The zone's maximum set of privileges.
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

impl Resources {
    /// Reads the resources of a body and ignores other nodes.
    pub(crate) fn decode(body: &Node, reader: &mut Reader<'_>) -> Resources {
        let mut found = Resources {
            cpu_shares: reader.number(body, "cpu-shares"),
            max_lwps: reader.number(body, "max-lwps"),
            max_processes: reader.number(body, "max-processes"),
            max_shm_memory: reader.parsed(body, "max-shm-memory"),
            max_shm_ids: reader.number(body, "max-shm-ids"),
            max_msg_ids: reader.number(body, "max-msg-ids"),
            max_sem_ids: reader.number(body, "max-sem-ids"),
            hostid: reader.text_of(body, "hostid"),
            bootargs: reader.text_of(body, "bootargs"),
            limitpriv: reader.text_of(body, "limitpriv"),
            scheduling_class: reader.text_of(body, "scheduling-class"),
            fs_allowed: reader.list(body, "fs-allowed"),
            resource_pool: reader.text_of(body, "resource-pool"),
            ..Resources::default()
        };
        for node in body.nodes() {
            let source = reader.source(node);
            match node.name.as_str() {
                "fs" => found.fs.extend(Fs::decode(node).map(|fs| Sourced::new(fs, source))),
                "dataset" => found.datasets.extend(Dataset::decode(node).map(|dataset| Sourced::new(dataset, source))),
                "device" => found.devices.extend(node.text().map(|pattern| Sourced::new(Device::new(pattern), source))),
                "attr" => found.attrs.extend(Attr::decode(node, reader.faults).map(|attr| Sourced::new(attr, source))),
                "rctl" => found.rctls.extend(Rctl::decode(node).map(|rctl| Sourced::new(rctl, source))),
                "admin" => found.admins.extend(Admin::decode(node).map(|admin| Sourced::new(admin, source))),
                "capped-memory" => {
                    found.capped_memory = Some(Sourced::new(CappedMemory::decode(node, reader.faults), source));
                }
                "capped-cpu" => found.capped_cpu = CappedCpu::decode(node).map(|cpu| Sourced::new(cpu, source)),
                "dedicated-cpu" => {
                    found.dedicated_cpu = DedicatedCpu::decode(node).map(|cpu| Sourced::new(cpu, source))
                }
                "security-flags" => found.security_flags = Some(Sourced::new(SecurityFlags::decode(node), source)),
                _ => {}
            }
        }
        found
    }

    /// Returns its nodes, in the order of the reference page.
    pub(crate) fn encode(&self, nodes: &mut Vec<Node>) {
        nodes.extend(self.fs.iter().map(|fs| fs.encode()));
        nodes.extend(self.datasets.iter().map(|dataset| dataset.encode()));
        nodes.extend(self.devices.iter().map(|device| Node::new("device").arg(device.pattern.as_str())));
        nodes.extend(self.attrs.iter().map(|attr| attr.encode()));
        nodes.extend(self.rctls.iter().map(|rctl| rctl.encode()));
        nodes.extend(self.admins.iter().map(|admin| admin.encode()));
        nodes.extend(self.capped_memory.iter().map(|memory| memory.encode()));
        nodes.extend(self.capped_cpu.iter().map(|cpu| Node::new("capped-cpu").prop("ncpus", cpu.to_string())));
        nodes.extend(
            self.dedicated_cpu
                .iter()
                .map(|cpu| Node::new("dedicated-cpu").prop("ncpus", cpu.ncpus()).prop_if("importance", cpu.importance)),
        );
        nodes.extend(scalar("cpu-shares", &self.cpu_shares));
        nodes.extend(scalar("max-lwps", &self.max_lwps));
        nodes.extend(scalar("max-processes", &self.max_processes));
        nodes.extend(self.max_shm_memory.iter().map(|size| Node::new("max-shm-memory").arg(size.to_string())));
        nodes.extend(scalar("max-shm-ids", &self.max_shm_ids));
        nodes.extend(scalar("max-msg-ids", &self.max_msg_ids));
        nodes.extend(scalar("max-sem-ids", &self.max_sem_ids));
        nodes.extend(scalar("hostid", &self.hostid));
        nodes.extend(scalar("bootargs", &self.bootargs));
        nodes.extend(scalar("limitpriv", &self.limitpriv));
        nodes.extend(scalar("scheduling-class", &self.scheduling_class));
        nodes.extend(
            self.fs_allowed
                .iter()
                .filter(|types| !types.is_empty())
                .map(|types| Node::new("fs-allowed").args(types.iter().map(String::as_str))),
        );
        nodes.extend(scalar("resource-pool", &self.resource_pool));
        nodes.extend(self.security_flags.iter().map(|flags| flags.encode()));
    }
}
