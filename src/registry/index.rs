//! The derived index `.zmgr/index.v1`: what each file of the registry said when it was last read.
//!
//! Invariant: a record counts only where inode, size and both times of the file are those of the record, where the file had been
//! at rest before the sweep that wrote the record, and where the record's checksum holds. So the index may be lost, cut off,
//! damaged or of another version: files are read again, and no answer changes.

use std::ops::Range;
use std::path::Path;

use super::by_name::{ByName, name_key};
use super::codec::{Decoder, Encoder, checksum};
use super::facts::{EntryKind, FactsRef};

/// The first line. Another version of zmgr may read other things out of a file, so its records are not ours.
const HEADER: &str = concat!("zmgr index 1 ", env!("CARGO_PKG_VERSION"), "\n");

/// Length of what follows it, and the checksum of that.
const PREFIX: usize = 4 + 8;

/// What the file system says of a file, by which a change is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    mtime: (i64, i64),
    ctime: (i64, i64),
}

impl Stamp {
    // The types of the fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Stamp {
        Stamp {
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            mtime: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            ctime: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Whether the file was at rest before this moment. One that was not may change once more without its times showing it.
    pub(super) fn before(&self, moment: (i64, i64)) -> bool {
        self.mtime < moment && self.ctime < moment
    }

    fn encode(&self, e: &mut Encoder) {
        e.fixed(self.inode.to_le_bytes());
        e.fixed(self.size.to_le_bytes());
        for (seconds, nanoseconds) in [self.mtime, self.ctime] {
            e.fixed(seconds.to_le_bytes());
            e.fixed((nanoseconds as i32).to_le_bytes());
        }
    }

    fn decode(d: &mut Decoder<'_>) -> Option<Stamp> {
        let time =
            |d: &mut Decoder<'_>| Some((i64::from_le_bytes(d.fixed()?), i64::from(i32::from_le_bytes(d.fixed()?))));
        Some(Stamp {
            inode: u64::from_le_bytes(d.fixed()?),
            size: u64::from_le_bytes(d.fixed()?),
            mtime: time(d)?,
            ctime: time(d)?,
        })
    }
}

/// An index in memory, each record of it sound.
#[derive(Debug, Default)]
pub(super) struct Index {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

#[derive(Debug, Clone)]
struct Record {
    stamp: Stamp,
    /// From its length on.
    whole: Range<usize>,
    /// Where its facts begin.
    facts: usize,
    kind: EntryKind,
    name: Range<usize>,
}

impl Index {
    /// Reads the file. Whatever cannot be read is not there.
    pub(super) fn read(path: &Path) -> Index {
        std::fs::read(path).map(Index::from_bytes).unwrap_or_default()
    }

    fn from_bytes(bytes: Vec<u8>) -> Index {
        let mut records = Vec::new();
        if bytes.starts_with(HEADER.as_bytes()) {
            let mut at = HEADER.len();
            while let Some(whole) = record_at(&bytes, at) {
                at = whole.end;
                // A damaged record is skipped; the ones after it are found if its length is sound.
                if let Some(record) = sound(&bytes, whole) {
                    records.push(record);
                }
            }
        }
        Index { bytes, records }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn stamp(&self, record: usize) -> Stamp {
        self.records[record].stamp
    }

    /// The facts of a record; they decoded once, so they do again.
    pub(super) fn facts(&self, record: usize) -> Option<FactsRef<'_>> {
        let record = self.records.get(record)?;
        FactsRef::decode(&self.bytes[record.facts..record.whole.end])
    }

    /// Whether a record is of this entry.
    fn is(&self, record: usize, kind: EntryKind, name: &str) -> bool {
        let record = self.records.get(record);
        record.is_some_and(|r| r.kind == kind && self.bytes[r.name.clone()] == *name.as_bytes())
    }

    /// A record as it lies in the file.
    pub(super) fn raw(&self, record: usize) -> &[u8] {
        &self.bytes[self.records[record].whole.clone()]
    }

    pub(super) fn finder(&self) -> Finder<'_> {
        Finder { index: self, next: 0, by_name: None }
    }
}

fn record_at(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let mut d = Decoder { bytes: bytes.get(at..)? };
    let length = u32::from_le_bytes(d.fixed()?) as usize;
    let end = at.checked_add(PREFIX)?.checked_add(length)?;
    (end <= bytes.len()).then_some(at..end)
}

fn sound(bytes: &[u8], whole: Range<usize>) -> Option<Record> {
    let content = &bytes[whole.start + PREFIX..whole.end];
    let mut d = Decoder { bytes: &bytes[whole.start + 4..] };
    if u64::from_le_bytes(d.fixed()?) != checksum(content) {
        return None;
    }
    let mut d = Decoder { bytes: content };
    let stamp = Stamp::decode(&mut d)?;
    let facts = whole.end - d.bytes.len();
    let FactsRef { kind, name, .. } = FactsRef::decode(d.bytes)?;
    let start = FactsRef::NAME_AT + usize::from(name.len() >= 0x80);
    Some(Record { stamp, facts, kind, name: facts + start..facts + start + name.len(), whole })
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
            for (at, record) in index.records.iter().enumerate() {
                by_name.insert(name_key(record.kind, &index.bytes[record.name.clone()]), at);
            }
            by_name
        });
        let at = *by_name.get(&name_key(kind, name.as_bytes()))?;
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
        stamp.encode(e);
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
        Stamp { inode: n, size: n + 1, mtime: (n as i64, 5), ctime: (n as i64, 999_999_999) }
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
                (0..index.records.len()).map(|n| (index.stamp(n), index.facts(n).unwrap().to_facts())).collect()
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
