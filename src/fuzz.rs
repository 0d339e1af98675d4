//! Targets for fuzzing: plain functions over bytes, which neither panic nor hang nor end the process, whatever the bytes are.
//!
//! `tests/rust/documents.rs` replays their corpus; a fuzzer calls them with its own bytes.

use std::path::Path;

use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::reservation::Reservation;
use crate::documents::template::Template;
use crate::documents::zone::ZoneEntry;

/// A function over bytes.
pub type Target = fn(&[u8]);

/// Every target and its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("config", |bytes| read::<Config>(bytes)),
    ("template", |bytes| read::<Template>(bytes)),
    ("pool", |bytes| read::<Pool>(bytes)),
    ("zone", |bytes| read::<ZoneEntry>(bytes)),
    ("publisher", |bytes| read::<Publisher>(bytes)),
    ("reservation", |bytes| read::<Reservation>(bytes)),
];

/// Parses a document; if it is valid, writes it, parses it again, and changes it into itself.
fn read<T: Kind>(bytes: &[u8]) {
    // The file's stem is the first name in the bytes, so that an otherwise valid text is not refused.
    let text = String::from_utf8_lossy(bytes);
    let stem = text.split('"').nth(1).filter(|name| !name.contains(['/', '\0'])).unwrap_or("fuzz");
    let path = &*Path::new("fuzz").join(format!("{stem}.kdl"));
    let Ok(document) = Document::<T>::parse(path, bytes) else { return };
    if !document.value.newer() {
        let again = Document::create(path, document.value.clone());
        assert!(again.is_ok(), "what was read cannot be written: {:?} in {text}", again.err());
        assert!(document.with(document.value.clone()).is_ok_and(|same| same.text() == document.text()));
    }
}
