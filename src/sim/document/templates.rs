//! The templates that `zonecfg create` starts from, which lie among the zones' documents.

use std::io;

use super::super::{Dialect, Machine};
use super::{Document, Element, path};

/// A template of a distribution: its name, its brand, and the IP type where it is not shared.
struct Template {
    name: &'static str,
    brand: &'static str,
    exclusive: bool,
    dialects: &'static [Dialect],
}

use Dialect::{Illumos, OmniOs, OpenIndiana, SmartOs};

/// The stock templates of each line of illumos. `SUNWdefault` is what a bare `create` uses, and its brand is the default brand.
const TEMPLATES: &[Template] = &[
    Template { name: "SUNWblank", brand: "ipkg", exclusive: false, dialects: &[Illumos, OpenIndiana] },
    Template { name: "SUNWdefault", brand: "ipkg", exclusive: false, dialects: &[Illumos, OpenIndiana] },
    Template { name: "SUNWipkg", brand: "ipkg", exclusive: false, dialects: &[Illumos, OpenIndiana] },
    Template { name: "OInlipkg", brand: "nlipkg", exclusive: false, dialects: &[OpenIndiana] },
    Template { name: "SUNWblank", brand: "ipkg", exclusive: true, dialects: &[OmniOs] },
    Template { name: "SUNWdefault", brand: "ipkg", exclusive: true, dialects: &[OmniOs] },
    Template { name: "SUNWipkg", brand: "ipkg", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIipkg", brand: "ipkg", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIlipkg", brand: "lipkg", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIsparse", brand: "sparse", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIpkgsrc", brand: "pkgsrc", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIillumos", brand: "illumos", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIlx", brand: "lx", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIbhyve", brand: "bhyve", exclusive: true, dialects: &[OmniOs] },
    Template { name: "OMNIkvm", brand: "kvm", exclusive: true, dialects: &[OmniOs] },
    Template { name: "SUNWblank", brand: "joyent", exclusive: false, dialects: &[SmartOs] },
    Template { name: "SUNWdefault", brand: "joyent", exclusive: false, dialects: &[SmartOs] },
];

impl Template {
    /// The template's document. Its own name and path are left empty until a zone is made from it.
    fn document(&self) -> Document {
        let mut zone = Element::new("zone")
            .with("name", "default")
            .with("zonepath", "")
            .with("autoboot", "false")
            .with("brand", self.brand);
        if self.exclusive {
            zone.set("ip-type", "exclusive");
        }
        Document { zone }
    }
}

/// Writes the templates of the machine's dialect into a new machine.
pub(in crate::sim) fn install_templates(machine: &Machine) -> io::Result<()> {
    for template in TEMPLATES.iter().filter(|t| t.dialects.contains(&machine.dialect())) {
        if let Some(bytes) = template.document().to_xml() {
            machine.replace(path(template.name.as_bytes()), &bytes)?;
        }
    }
    Ok(())
}
