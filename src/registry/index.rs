//! The derived index `.zmgr/index.v1`: what each file of the registry said when it was last read.
//!
//! Invariant: a record counts only where inode, size and both times of the file are those of the record, where the file had been
//! at rest before the sweep that wrote the record, and where the record's checksum holds. So the index may be lost, cut off,
//! damaged or of another version: files are read again, and no answer changes.

use std::path::Path;

use super::by_name::{ByName, name_key};
use super::codec::{Decoder, Encoder, checksum};
use super::facts::{EntryKind, FactsRef};

/// The first line. Another version of zmgr may read other things out of a file, so its records are not ours.
const HEADER: &str = concat!("zmgr index 1 ", env!("CARGO_PKG_VERSION"), "\n");

/// Length of what follows it, and the checksum of that.
const PREFIX: usize = 4 + 8;

/// What the file system says of a file, by which a change is noticed: inode, size, times of modification and of change. As it lies
/// in a record, so that thousands are compared without being decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([u8; Stamp::SIZE]);

impl Stamp {
    const SIZE: usize = 8 + 8 + 2 * TIME;

    /// The stamp of no file.
    pub(super) const NONE: Stamp = Stamp([0; Stamp::SIZE]);

    // The types of the fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Stamp {
        let mut stamp = [0; Stamp::SIZE];
        stamp[..8].copy_from_slice(&(stat.st_ino as u64).to_le_bytes());
        stamp[8..16].copy_from_slice(&(stat.st_size as u64).to_le_bytes());
        let times =
            [(stat.st_mtime as i64, stat.st_mtime_nsec as i64), (stat.st_ctime as i64, stat.st_ctime_nsec as i64)];
        for ((seconds, nanoseconds), at) in times.into_iter().zip(stamp[16..].chunks_exact_mut(TIME)) {
            at[..8].copy_from_slice(&seconds.to_le_bytes());
            at[8..].copy_from_slice(&(nanoseconds as u32).to_le_bytes());
        }
        Stamp(stamp)
    }

    /// Whether the file was at rest before this moment. One that was not may change once more without its times showing it.
    pub(super) fn before(&self, moment: (i64, i64)) -> bool {
        self.0[16..].chunks_exact(TIME).all(|time| {
            let (seconds, nanoseconds) = time.split_at(8);
            let seconds = i64::from_le_bytes(seconds.try_into().unwrap_or_default());
            let nanoseconds = u32::from_le_bytes(nanoseconds.try_into().unwrap_or_default());
            (seconds, i64::from(nanoseconds)) < moment
        })
    }
}

/// Bytes of a time: seconds and nanoseconds.
const TIME: usize = 8 + 4;

/// An index in memory, each record of it sound. Only where the records lie is kept beside the bytes: memory that is touched for the
/// first time costs more than looking into it.
#[derive(Debug, Default)]
pub(super) struct Index {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

/// From its length on to its end.
#[derive(Debug, Clone, Copy)]
struct Record {
    start: u32,
    end: u32,
}

impl Index {
    /// Reads the file. Whatever cannot be read is not there.
    pub(super) fn read(path: &Path) -> Index {
        std::fs::read(path).map(Index::from_bytes).unwrap_or_default()
    }

    fn from_bytes(bytes: Vec<u8>) -> Index {
        // A record of a zone has some 180 bytes.
        let mut records = Vec::with_capacity(bytes.len() / 128);
        if bytes.starts_with(HEADER.as_bytes()) && u32::try_from(bytes.len()).is_ok() {
            let mut at = HEADER.len();
            while let Some(end) = end_of(&bytes, at) {
                // A damaged record is skipped; the ones after it are found if its length is sound.
                if is_sound(&bytes[at..end]) {
                    records.push(Record { start: at as u32, end: end as u32 });
                }
                at = end;
            }
        }
        Index { bytes, records }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether the file is as it was when this record was made.
    pub(super) fn has_stamp(&self, record: usize, stamp: &Stamp) -> bool {
        self.raw(record)[PREFIX..].starts_with(&stamp.0)
    }

    /// The facts of a record; they decoded once, so they do again.
    pub(super) fn facts(&self, record: usize) -> Option<FactsRef<'_>> {
        FactsRef::decode(self.raw(record).get(PREFIX + Stamp::SIZE..)?)
    }

    /// Whether a record is of this entry.
    fn is(&self, record: usize, kind: EntryKind, name: &str) -> bool {
        self.raw(record).get(PREFIX + Stamp::SIZE..).is_some_and(|facts| FactsRef::is_of(facts, kind, name.as_bytes()))
    }

    /// A record as it lies in the file; empty where there is none.
    pub(super) fn raw(&self, record: usize) -> &[u8] {
        self.records.get(record).map_or(&[], |r| &self.bytes[r.start as usize..r.end as usize])
    }

    pub(super) fn finder(&self) -> Finder<'_> {
        Finder { index: self, next: 0, by_name: None }
    }
}

/// Where the record ends that begins here, as far as there is a whole one.
fn end_of(bytes: &[u8], at: usize) -> Option<usize> {
    let mut d = Decoder { bytes: bytes.get(at..)? };
    let length = u32::from_le_bytes(d.fixed()?) as usize;
    at.checked_add(PREFIX)?.checked_add(length).filter(|end| *end <= bytes.len())
}

/// Whether a record is as it was written.
fn is_sound(record: &[u8]) -> bool {
    let mut d = Decoder { bytes: &record[4..] };
    let content = &record[PREFIX..];
    d.fixed().map(u64::from_le_bytes) == Some(checksum(content))
        && content.get(Stamp::SIZE..).is_some_and(|facts| FactsRef::decode(facts).is_some())
}

/// Finds records by name. A folder lists its files in much the same order each time, so the records that follow the last one found
/// are tried first.
pub(super) struct Finder<'a> {
    index: &'a Index,
    next: usize,
    by_name: Option<ByName>,
}

/// How many records are tried: as many files may have gone one after the other.
const AHEAD: usize = 4;

impl<'a> Finder<'a> {
    /// The record that is where it was last time, or near.
    pub(super) fn find_near(&mut self, kind: EntryKind, name: &str) -> Option<usize> {
        let found = (self.next..self.next + AHEAD).find(|&at| self.index.is(at, kind, name))?;
        self.next = found + 1;
        Some(found)
    }

    /// The record, wherever it is.
    pub(super) fn find_far(&mut self, kind: EntryKind, name: &str) -> Option<usize> {
        let index = self.index;
        let by_name = self.by_name.get_or_insert_with(|| {
            let mut by_name = ByName::with_capacity_and_hasher(index.len(), <_>::default());
            for at in 0..index.len() {
                if let Some(facts) = index.facts(at) {
                    by_name.insert(name_key(facts.kind, facts.name.as_bytes()), at as u32);
                }
            }
            by_name
        });
        let at = *by_name.get(&name_key(kind, name.as_bytes()))? as usize;
        // Another name may have the same key; not to find a record only costs a reading of the file.
        index.is(at, kind, name).then_some(at)
    }
}

/// The bytes of a new index.
pub(super) struct Writer {
    encoder: Encoder,
}

impl Writer {
    pub(super) fn new() -> Writer {
        Writer { encoder: Encoder { bytes: HEADER.as_bytes().to_vec() } }
    }

    /// Takes over a record of the old index.
    pub(super) fn copy(&mut self, raw: &[u8]) {
        self.encoder.bytes.extend_from_slice(raw);
    }

    /// Adds a record of these encoded facts.
    pub(super) fn add(&mut self, stamp: Stamp, facts: &[u8]) {
        let e = &mut self.encoder;
        let start = e.bytes.len();
        e.fixed([0; PREFIX]);
        e.fixed(stamp.0);
        e.bytes.extend_from_slice(facts);
        let content = &e.bytes[start + PREFIX..];
        let (length, sum) = (content.len(), checksum(content));
        // A document has at most 1 MiB, so the length fits; one that did not would only not be found again.
        e.bytes[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
        e.bytes[start + 4..start + PREFIX].copy_from_slice(&sum.to_le_bytes());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.encoder.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::facts::{Facts, tests::any_facts};
    use proptest::prelude::*;

    fn stamp(n: u64) -> Stamp {
        Stamp([n as u8 + 1; Stamp::SIZE])
    }

    fn written(all: &[Facts]) -> Vec<u8> {
        let mut writer = Writer::new();
        for (n, facts) in all.iter().enumerate() {
            let mut encoder = Encoder::default();
            facts.encode(EntryKind::Zone, &mut encoder);
            writer.add(stamp(n as u64), &encoder.bytes);
        }
        writer.into_bytes()
    }

    proptest! {
        #[test]
        fn records_come_back_or_are_missing(all in proptest::collection::vec(any_facts(), 1..6), at in any::<prop::sample::Index>(), mask in 1u8.., cut in any::<bool>()) {
            let bytes = written(&all);
            let read = |bytes: Vec<u8>| -> Vec<(Stamp, Facts)> {
                let index = Index::from_bytes(bytes);
                {
                    let stamp_of = |n: usize| Stamp(index.raw(n)[PREFIX..PREFIX + Stamp::SIZE].try_into().unwrap());
                    (0..index.len()).map(|n| (stamp_of(n), index.facts(n).unwrap().to_facts())).collect()
                }
            };
            let expected: Vec<_> = all.iter().enumerate().map(|(n, f)| (stamp(n as u64), f.clone())).collect();
            prop_assert_eq!(&read(bytes.clone()), &expected);
            let mut damaged = bytes;
            let at = at.index(damaged.len());
            if cut {
                damaged.truncate(at);
            } else {
                damaged[at] ^= mask;
            }
            // Whatever is found in a damaged index was written so.
            let found = read(damaged);
            prop_assert!(found.len() < expected.len());
            prop_assert!(found.iter().all(|record| expected.contains(record)));
        }
    }

    #[test]
    fn found_in_any_order() {
        let all: Vec<Facts> =
            ["c", "a", "b"].iter().map(|n| Facts { name: (*n).to_owned(), ..Facts::default() }).collect();
        let index = Index::from_bytes(written(&all));
        let mut finder = index.finder();
        assert_eq!(finder.find_near(EntryKind::Zone, "c"), Some(0));
        assert_eq!(finder.find_near(EntryKind::Zone, "x"), None);
        assert_eq!(finder.find_near(EntryKind::Zone, "b"), Some(2));
        assert_eq!(finder.find_near(EntryKind::Zone, "a"), None);
        assert_eq!(finder.find_far(EntryKind::Zone, "a"), Some(1));
        assert_eq!(finder.find_far(EntryKind::Reservation, "a"), None);
    }
}
