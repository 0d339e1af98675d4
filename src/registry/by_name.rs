//! A fast map of entries by name: each load of the registry inserts thousands.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::codec::checksum;
use super::summary::EntryKind;

/// Positions of entries by the hash of kind and name. Two names may share a hash, so callers compare the name.
pub(super) type ByName = HashMap<u32, u32, BuildHasherDefault<AsIs>>;

/// Uses a key as its own hash.
#[derive(Debug, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = checksum(bytes);
    }

    fn write_u32(&mut self, key: u32) {
        // The map uses the highest bits as well as the lowest.
        self.0 = u64::from(key) << 32 | u64::from(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Returns the key of an entry.
pub(super) fn name_key(kind: EntryKind, name: &[u8]) -> u32 {
    (checksum(name) >> 16) as u32 ^ kind as u32
}
