//! The resources of a zone, shared by templates, zones, zonecfg and import: one file per family.
//!
//! Invariant: within one kind of keyed resource each key is unique.

mod devices;
mod identity;
mod limits;
mod single;
mod spelling;
mod storage;

pub use devices::Device;
pub use identity::{Admin, Attr, AttrValue, SecurityFlags};
pub use limits::{CappedMemory, DedicatedCpu, Rctl, RctlAction, RctlPrivilege, RctlValue};
pub(crate) use single::{Single, Slot, Zonecfg};
pub(crate) use spelling::setting_of;
pub use storage::{Dataset, Fs};

use serde::{Deserialize, Serialize};

use Zonecfg::{Control, Property};
use single::{SingleValue, resources};

use crate::documents::document::Reader;
use crate::kdl_util::Node;
use crate::schema::singles;
use crate::value::source::Sourced;
use crate::value::{CappedCpu, Size};

singles! { resources
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
    struct Resources {
        /// File systems, by the directory within the zone.
        fs: Vec<Sourced<Fs>>,
        /// Delegated ZFS datasets, by name.
        datasets: Vec<Sourced<Dataset>>,
        /// Devices, by pattern.
        devices: Vec<Sourced<Device>>,
        /// Attributes, by name.
        attrs: Vec<Sourced<Attr>>,
        /// Resource controls, by name.
        rctls: Vec<Sourced<Rctl>>,
        /// Administrators, by user.
        admins: Vec<Sourced<Admin>>,
        /// Limits of memory.
        capped_memory: Option<Sourced<CappedMemory>>,
        /// A limit of processor time.
        capped_cpu: Option<Sourced<CappedCpu>>,
        /// Dedicated processors.
        dedicated_cpu: Option<Sourced<DedicatedCpu>>,
    }
    more {
        /// Security flags.
        security_flags: Option<Sourced<SecurityFlags>>,
    }
}

impl Resources {
    /// Reads the resources of a body and ignores other nodes.
    pub(crate) fn decode(body: &Node, reader: &mut Reader<'_>) -> Resources {
        let mut found = Resources::default();
        found.singles_mut().for_each(|(single, slot)| slot.decode(single, body, reader));
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
        nodes.extend(self.singles().filter_map(|(single, slot)| slot.encode(single)));
        nodes.extend(self.security_flags.iter().map(|flags| flags.encode()));
    }
}
