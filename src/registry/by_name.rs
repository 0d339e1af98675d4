//! Entries by name, fast: thousands are put in for every look at the registry.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::codec::checksum;
use super::summary::EntryKind;

/// Places of entries by the key of kind and name, which is a good hash already. Two names may have one key: whoever finds a place
/// looks at the name there.
pub(super) type ByName = HashMap<u32, u32, BuildHasherDefault<AsIs>>;

/// Takes a key as its own hash.
#[derive(Debug, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = checksum(bytes);
    }

    fn write_u32(&mut self, key: u32) {
        // The map looks at the highest bits as well as at the lowest.
        self.0 = u64::from(key) << 32 | u64::from(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The key of an entry.
pub(super) fn name_key(kind: EntryKind, name: &[u8]) -> u32 {
    (checksum(name) >> 16) as u32 ^ kind as u32
}
