//! Reads zone entries.

use super::context::Context;
use super::files::{read_document, unknown_zone};
use crate::documents::document::Document;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::registry::Registry;
use crate::value::name::ZoneName;

/// Reads the entry of this zone.
pub(crate) fn entry(context: &Context, name: &ZoneName) -> Result<ZoneEntry> {
    Ok(document(context, name)?.value)
}

/// Reads the entry of this zone, with its text.
pub(crate) fn document(context: &Context, name: &ZoneName) -> Result<Document<ZoneEntry>> {
    document_in(&context.registry, name)
}

/// Reads the entry of a zone of this registry, with its text.
pub(crate) fn document_in(registry: &Registry, name: &ZoneName) -> Result<Document<ZoneEntry>> {
    let path = registry.tree().zone(name);
    match read_document(registry.tree(), &path)? {
        Some(bytes) => Document::<ZoneEntry>::parse(&path, &bytes),
        None => Err(unknown_zone(registry.tree(), name.as_str())),
    }
}
