//! The templates that `zonecfg create` starts from, which lie among the zones' documents.
//!
//! [source: SUNWblank.xml, SUNWdefault.xml and the templates of the brands; recorded: create-*]

use std::io;

use super::super::Machine;
use super::super::dialect::Template;
use super::{Document, Element, path};

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
pub(crate) fn install_templates(machine: &Machine) -> io::Result<()> {
    for template in machine.line().templates {
        if let Some(bytes) = template.document().to_xml() {
            machine.replace(path(template.name.as_bytes()), &bytes)?;
        }
    }
    Ok(())
}
