//! Brands of the machine, and the brand of a zone.
//!
//! [source: libbrand.c; zone_get_brand of libzonecfg.c; recorded: brand-*, glob-brand-*]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::Machine;
use crate::document::{Document, Error};

const DIRECTORY: &str = "/usr/lib/brand";
const SIZE: usize = super::resources::NAME;
/// Brand of a document from before there were brands.
pub(super) const NATIVE: &[u8] = b"native";

/// The zone's brand; that of SUNWdefault where the document has none.
pub(super) fn of(machine: &Machine, document: &Document) -> Result<Vec<u8>, Error> {
    match document.fetch("brand", SIZE)? {
        b"" => default(machine),
        brand => Ok(brand.to_vec()),
    }
}

fn default(machine: &Machine) -> Result<Vec<u8>, Error> {
    let template = Document::load(machine, b"SUNWdefault")?;
    Ok(match template.fetch("brand", SIZE)? {
        b"" => NATIVE.to_vec(),
        brand => brand.to_vec(),
    })
}

/// The brand of a saved zone.
pub(super) fn of_saved(machine: &Machine, zone: &[u8]) -> Result<Vec<u8>, Error> {
    if zone == b"global" { default(machine) } else { of(machine, &Document::load(machine, zone)?) }
}

fn read(machine: &Machine, brand: &[u8], file: &str) -> Option<String> {
    if brand.is_empty() || brand.len() >= SIZE || brand.contains(&0) {
        return None;
    }
    let directory: PathBuf = Path::new(DIRECTORY).join(
        Path::new(OsStr::from_bytes(brand))
            .strip_prefix("/")
            .ok()
            .map_or_else(|| PathBuf::from(OsStr::from_bytes(brand)), Path::to_path_buf),
    );
    std::fs::read_to_string(machine.path(directory.join(file))).ok()
}

/// An attribute of the root of one of the brand's two files.
fn attribute(machine: &Machine, brand: &[u8], file: &str, name: &str) -> Option<String> {
    let text = read(machine, brand, file)?;
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&text, options).ok()?;
    Some(document.root_element().attribute(name).unwrap_or_default().to_owned())
}

/// Returns true if the brand's files are there and are the brand's.
pub(super) fn exists(machine: &Machine, brand: &[u8]) -> bool {
    let named = attribute(machine, brand, "config.xml", "name");
    named.is_some_and(|name| name.as_bytes() == brand) && attribute(machine, brand, "platform.xml", "name").is_some()
}

/// Returns true if zones of the brand can have a network stack of their own.
pub(super) fn allows_exclusive_ip(machine: &Machine, brand: &[u8]) -> bool {
    attribute(machine, brand, "platform.xml", "allow-exclusive-ip").as_deref() == Some("true")
}
