//! A zone's configuration: the typed document that `zonecfg` edits and the other commands read.
//!
//! Invariant: a [`Document`] in hand keeps to the document type (`dtd`), and what is saved reads back as the same document.
//!
//! [source: libzonecfg.c; recorded: zone_xml_after of zonecfg.jsonl]

mod dtd;
mod error;
mod templates;
mod tree;
mod xml;

pub(crate) use error::Error;
pub(crate) use templates::install_templates;
pub(crate) use tree::Element;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use super::Machine;

/// The directory of the configurations, the templates and the index.
pub(crate) const CONFIG_ROOT: &str = "/etc/zones";

/// One zone's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// The `zone` element.
    pub(crate) zone: Element,
}

/// True if a zone shares the host's network stack or has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IpType {
    Shared,
    Exclusive,
}

impl IpType {
    /// The word in documents and in `zonecfg`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            IpType::Shared => "shared",
            IpType::Exclusive => "exclusive",
        }
    }
}

/// The absolute path, on the machine, of the document of this zone or template.
pub(crate) fn path(name: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let mut file = name.to_vec();
    file.extend_from_slice(b".xml");
    std::path::Path::new(CONFIG_ROOT).join(std::ffi::OsStr::from_bytes(&file))
}

/// Reads a saved document. The library on a host waits for the writer of a FIFO, which is not simulated: it is not a document.
fn read(machine: &Machine, name: &[u8]) -> io::Result<Vec<u8>> {
    // Opening a FIFO must not wait either.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(machine.path(path(name)))?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    // A limit keeps the library from asking for the size once more.
    file.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Document {
    /// Reads a document from its bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Document, Error> {
        xml::read(bytes).map(|zone| Document { zone }).ok_or(Error::InvalidDocument)
    }

    /// Reads a saved document that is well-formed but does not keep to the document type.
    pub(crate) fn load_invalid(machine: &Machine, name: &[u8]) -> Option<Document> {
        let bytes = read(machine, name).ok()?;
        xml::well_formed(&bytes).map(|zone| Document { zone })
    }

    /// Reads the saved document of a zone or template.
    pub(crate) fn load(machine: &Machine, name: &[u8]) -> Result<Document, Error> {
        match read(machine, name) {
            Ok(bytes) => Document::parse(&bytes),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
                    Err(Error::NoZone)
                }
                _ => Err(Error::InvalidDocument),
            },
        }
    }

    /// Puts the document in place under the zone's name by one rename. The index is not touched.
    pub(crate) fn save(&self, machine: &Machine, name: &[u8]) -> Result<(), Error> {
        let bytes = self.to_xml().ok_or(Error::SavingFile)?;
        machine.replace(path(name), &bytes).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Error::Access,
            _ => Error::MiscFs,
        })
    }

    /// The document's bytes; none when a value cannot be written as XML.
    pub(crate) fn to_xml(&self) -> Option<Vec<u8>> {
        xml::write(&self.zone)
    }

    /// An attribute of the zone, with the document type's default, as the library fetches it into a buffer of `size` bytes.
    pub(crate) fn fetch(&self, attribute: &str, size: usize) -> Result<&[u8], Error> {
        fetch(&self.zone, attribute, size)
    }

    /// An attribute of the zone, empty when there is none.
    pub(crate) fn get(&self, attribute: &str) -> &[u8] {
        self.zone.written(attribute).unwrap_or_default()
    }

    /// The zone's path, empty when none was set.
    pub(crate) fn zonepath(&self) -> &[u8] {
        self.get("zonepath")
    }

    /// The brand as written: empty means the default brand.
    pub(crate) fn brand(&self) -> &[u8] {
        self.get("brand")
    }

    /// Returns true if the zone boots with the host.
    pub(crate) fn autoboot(&self) -> bool {
        self.get("autoboot") == b"true"
    }

    /// The IP type; an absent or empty one means shared.
    pub(crate) fn ip_type(&self) -> Result<IpType, Error> {
        match self.fetch("ip-type", 10)? {
            b"" | b"shared" => Ok(IpType::Shared),
            b"exclusive" => Ok(IpType::Exclusive),
            _ => Err(Error::Invalid),
        }
    }

    /// The resources of this element name (`filesystem`, `network`, `device`, `rctl`, `attr`, `dataset`, …), in order.
    pub(crate) fn resources<'a>(&'a self, element: &'a str) -> impl Iterator<Item = &'a Element> {
        self.zone.children_named(element)
    }

    /// The value of the `attr` resource of this name.
    pub(crate) fn attr(&self, name: &str) -> Option<&[u8]> {
        self.resources("attr").find(|e| e.written("name") == Some(name.as_bytes()))?.written("value")
    }
}

/// An attribute as the library fetches it into a buffer of `size` bytes (one of them for the final NUL).
pub(crate) fn fetch<'a>(element: &'a Element, attribute: &str, size: usize) -> Result<&'a [u8], Error> {
    let value = element
        .written(attribute)
        .or_else(|| dtd::default(&element.name, attribute).map(str::as_bytes))
        .ok_or(Error::BadProperty)?;
    if value.len() >= size { Err(Error::TooBig) } else { Ok(value) }
}
