//! The derived index `.zmgr/index.v1`: what each file of the registry contained when it was last read.
//!
//! Invariant: a record counts only if inode, size and both times of the file match, the file had been at rest before the scan that
//! wrote the record, and the record's checksum is correct. The same applies to a directory: while its stamp matches, it contains
//! only what the records name. So the index may be lost, truncated, damaged or of another version: files are read again, and no
//! answer changes.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

use super::codec::{Decoder, Encoder, checksum};
use super::summary::{EntryKind, SummaryView};
use super::tree::Tree;
use crate::file;

/// The first line. Another version of zmgr may extract other data from a file, so its records are not used.
const HEADER: &str = concat!("zmgr index 5 ", env!("CARGO_PKG_VERSION"), "\n");

/// Length of the payload, and its checksum.
const PREFIX: usize = 4 + 8;

/// File metadata that reveals a change: inode, size, modification time, change time. Encoded as in a record, so that thousands are
/// compared without decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([u8; Stamp::SIZE]);

impl Stamp {
    const SIZE: usize = 8 + 8 + 2 * TIME;

    /// The stamp of no file.
    pub(super) const NONE: Stamp = Stamp([0; Stamp::SIZE]);

    // The types of the fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn of(stat: &rustix::fs::Stat) -> Stamp {
        let mtime = (stat.st_mtime as i64, stat.st_mtime_nsec as i64);
        let ctime = (stat.st_ctime as i64, stat.st_ctime_nsec as i64);
        Stamp::from_parts(stat.st_ino as u64, stat.st_size as u64, [mtime, ctime])
    }

    pub(super) fn of_file(meta: &Metadata) -> Stamp {
        let times = [(meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec())];
        Stamp::from_parts(meta.ino(), meta.size(), times)
    }

    fn from_parts(inode: u64, size: u64, times: [(i64, i64); 2]) -> Stamp {
        let mut stamp = [0; Stamp::SIZE];
        stamp[..8].copy_from_slice(&inode.to_le_bytes());
        stamp[8..16].copy_from_slice(&size.to_le_bytes());
        for ((seconds, nanoseconds), at) in times.into_iter().zip(stamp[16..].chunks_exact_mut(TIME)) {
            at[..8].copy_from_slice(&seconds.to_le_bytes());
            at[8..].copy_from_slice(&(nanoseconds as u32).to_le_bytes());
        }
        Stamp(stamp)
    }

    /// Returns the change time, which programs cannot set: seconds and nanoseconds.
    pub(super) fn changed(&self) -> (i64, i64) {
        let [.., time] = self.times();
        time
    }

    fn times(&self) -> [(i64, i64); 2] {
        let mut times = [(0, 0); 2];
        for (at, bytes) in times.iter_mut().zip(self.0[16..].chunks_exact(TIME)) {
            let (seconds, nanoseconds) = bytes.split_at(8);
            let seconds = i64::from_le_bytes(seconds.try_into().unwrap_or_default());
            let nanoseconds = u32::from_le_bytes(nanoseconds.try_into().unwrap_or_default());
            *at = (seconds, i64::from(nanoseconds));
        }
        times
    }

    /// Returns true if the file was at rest before this moment. One that was not may change again without a visible change of its
    /// times.
    pub(super) fn before(&self, moment: (i64, i64)) -> bool {
        self.times().iter().all(|time| *time < moment)
    }
}

/// Bytes of a time: seconds and nanoseconds.
const TIME: usize = 8 + 4;

/// Stamp of the directory of each kind of entry, if known.
pub(super) type Directories = [Option<Stamp>; EntryKind::ALL.len()];

/// An index in memory with valid records only. Keeps the offsets of the records beside the bytes: touching new memory costs more
/// than reading them.
#[derive(Debug, Default)]
pub(super) struct Index {
    bytes: Vec<u8>,
    records: Vec<Record>,
    directories: Directories,
}

/// Its bytes from its length field on.
#[derive(Debug, Clone, Copy)]
struct Record {
    start: u32,
    end: u32,
}

impl Index {
    fn from_bytes(bytes: Vec<u8>) -> Index {
        // A record of a zone has about 180 bytes.
        let mut records = Vec::with_capacity(bytes.len() / 128);
        let mut directories = Directories::default();
        let mut counts = [0; EntryKind::ALL.len()];
        if bytes.starts_with(HEADER.as_bytes()) && u32::try_from(bytes.len()).is_ok() {
            let mut at = HEADER.len();
            while let Some(end) = end_of(&bytes, at) {
                // A damaged record is skipped; the ones after it are found if its length is valid.
                match Content::of(&bytes[at..end]) {
                    Some(Content::Entry(kind)) => {
                        records.push(Record { start: at as u32, end: end as u32 });
                        counts[kind as usize] += 1;
                    }
                    Some(Content::Directory(kind, stamp, count)) if count == counts[kind as usize] => {
                        directories[kind as usize] = Some(stamp);
                    }
                    Some(Content::Directory(..)) | None => {}
                }
                at = end;
            }
        }
        Index { bytes, records, directories }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns true if the file is unchanged since this record was made. [`Stamp::NONE`] belongs to no file, so it matches nothing.
    pub(super) fn has_stamp(&self, record: usize, stamp: &Stamp) -> bool {
        *stamp != Stamp::NONE && self.raw(record)[PREFIX..].starts_with(&stamp.0)
    }

    /// Returns the summary in a record; it was decoded once, so it decodes again.
    pub(super) fn summary(&self, record: usize) -> Option<SummaryView<'_>> {
        SummaryView::decode(self.encoded(record))
    }

    /// Returns the encoded summary in a record.
    pub(super) fn encoded(&self, record: usize) -> &[u8] {
        self.raw(record).get(PREFIX + Stamp::SIZE..).unwrap_or_default()
    }

    /// Returns the name of the entry in a record.
    pub(super) fn name(&self, record: usize) -> &[u8] {
        SummaryView::name_bytes(self.encoded(record)).unwrap_or_default()
    }

    /// Returns the records of one kind of entry.
    pub(super) fn of_kind(&self, kind: EntryKind) -> Vec<usize> {
        (0..self.len()).filter(|record| self.encoded(*record).first() == Some(&(kind as u8))).collect()
    }

    /// Returns the stamp of the directory of this kind when it contained only the files of the records.
    pub(super) fn directory(&self, kind: EntryKind) -> Option<Stamp> {
        self.directories[kind as usize]
    }

    /// Returns a record as encoded; empty if there is none.
    pub(super) fn raw(&self, record: usize) -> &[u8] {
        self.records.get(record).map_or(&[], |r| &self.bytes[r.start as usize..r.end as usize])
    }
}

/// Largest file that is read. An index of 8,191 zones has about 4 MiB.
const LIMIT: u64 = 256 << 20;

/// The last index that was read or made, and the stamp of the index file at that time, if there was one. An older one would also be
/// correct, since each record is compared with its file; it would only know less.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Option<(Option<Stamp>, Arc<Index>)>>);

impl Remembered {
    /// Returns the index in this file, and reads it if it changed since the last call. What cannot be read is left out.
    pub(super) fn read(&self, tree: &Tree) -> Arc<Index> {
        let open = tree.open_state(&tree.index());
        let stamp = open.as_ref().map(|(_, meta)| Stamp::of_file(meta));
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = last.as_ref().filter(|(of, _)| *of == stamp) {
            return Arc::clone(index);
        }
        let read = open.and_then(|(file, meta)| file::read_to_limit(&file, &meta, LIMIT).ok());
        let index = Arc::new(read.map(Index::from_bytes).unwrap_or_default());
        *last = Some((stamp, Arc::clone(&index)));
        index
    }

    /// Keeps the bytes of an index that was made in memory, until the index file changes.
    pub(super) fn keep(&self, tree: &Tree, bytes: Vec<u8>) {
        let stamp = tree.open_state(&tree.index()).map(|(_, meta)| Stamp::of_file(&meta));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((stamp, Arc::new(Index::from_bytes(bytes))));
    }
}

/// Returns the end of the record that begins here, if it is complete.
fn end_of(bytes: &[u8], at: usize) -> Option<usize> {
    let mut d = Decoder { bytes: bytes.get(at..)? };
    let length = u32::from_le_bytes(d.fixed()?) as usize;
    at.checked_add(PREFIX)?.checked_add(length).filter(|end| *end <= bytes.len())
}

/// Subject of a record.
enum Content {
    Entry(EntryKind),
    /// A directory, preceded by this number of records of its entries.
    Directory(EntryKind, Stamp, u32),
}

/// First byte of a directory record, followed by the kind; no summary begins with it.
const DIRECTORY: u8 = 0xff;

impl Content {
    /// Decodes a record; `None` if it is not as it was written.
    fn of(record: &[u8]) -> Option<Content> {
        let mut d = Decoder { bytes: &record[4..] };
        let sum = u64::from_le_bytes(d.fixed()?);
        if sum != checksum(d.bytes) {
            return None;
        }
        let stamp = Stamp(d.fixed()?);
        if let [DIRECTORY, kind, count @ ..] = d.bytes {
            let kind = EntryKind::ALL.into_iter().find(|each| *each as u8 == *kind)?;
            return Some(Content::Directory(kind, stamp, u32::from_le_bytes(count.try_into().ok()?)));
        }
        SummaryView::decode(d.bytes).map(|summary| Content::Entry(summary.kind))
    }
}

/// Returns the bytes of a new index.
pub(super) struct Writer {
    encoder: Encoder,
}

impl Writer {
    pub(super) fn new() -> Writer {
        Writer { encoder: Encoder { bytes: HEADER.as_bytes().to_vec() } }
    }

    /// Adds the stamp of a directory that contains only the files of the `count` records before.
    pub(super) fn directory(&mut self, kind: EntryKind, stamp: Stamp, count: u32) {
        let [a, b, c, d] = count.to_le_bytes();
        self.add(stamp, &[DIRECTORY, kind as u8, a, b, c, d]);
    }

    /// Copies a record of the old index.
    pub(super) fn copy(&mut self, raw: &[u8]) {
        self.encoder.bytes.extend_from_slice(raw);
    }

    /// Adds a record with this encoded summary.
    pub(super) fn add(&mut self, stamp: Stamp, summary: &[u8]) {
        let e = &mut self.encoder;
        let start = e.bytes.len();
        e.fixed([0; PREFIX]);
        e.fixed(stamp.0);
        e.bytes.extend_from_slice(summary);
        let content = &e.bytes[start + PREFIX..];
        let (length, sum) = (content.len(), checksum(content));
        // A configuration file has at most 1 MiB, so the length fits; a longer one would only not be found again.
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
    use crate::registry::summary::{EntrySummary, tests::any_summary};
    use proptest::prelude::*;

    fn stamp(n: u64) -> Stamp {
        Stamp([n as u8 + 1; Stamp::SIZE])
    }

    fn written(all: &[EntrySummary]) -> Vec<u8> {
        let mut writer = Writer::new();
        for (n, summary) in all.iter().enumerate() {
            let mut encoder = Encoder::default();
            summary.encode(EntryKind::Zone, &mut encoder);
            writer.add(stamp(n as u64), &encoder.bytes);
        }
        writer.into_bytes()
    }

    proptest! {
        #[test]
        fn records_come_back_or_are_missing(all in proptest::collection::vec(any_summary(), 1..6), at in any::<prop::sample::Index>(), mask in 1u8.., cut in any::<bool>()) {
            let bytes = written(&all);
            let read = |bytes: Vec<u8>| -> Vec<(Stamp, EntrySummary)> {
                let index = Index::from_bytes(bytes);
                {
                    let stamp_of = |n: usize| Stamp(index.raw(n)[PREFIX..PREFIX + Stamp::SIZE].try_into().unwrap());
                    (0..index.len()).map(|n| (stamp_of(n), index.summary(n).unwrap().to_summary())).collect()
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
            // Anything found in a damaged index was written once.
            let found = read(damaged);
            prop_assert!(found.len() < expected.len());
            prop_assert!(found.iter().all(|record| expected.contains(record)));
        }
    }

    #[test]
    fn a_directory_is_trusted_only_while_no_record_is_missing() {
        let all = ["a", "b"].map(|name| EntrySummary { name: name.to_owned(), ..EntrySummary::default() });
        let mut writer = Writer { encoder: Encoder { bytes: written(&all) } };
        writer.directory(EntryKind::Zone, stamp(7), 2);
        let bytes = writer.into_bytes();
        let index = Index::from_bytes(bytes.clone());
        assert_eq!((index.directory(EntryKind::Zone), index.directory(EntryKind::Reservation)), (Some(stamp(7)), None));
        assert_eq!(index.of_kind(EntryKind::Zone), [0, 1]);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Index::from_bytes(flipped).directory(EntryKind::Zone), None, "byte {at}");
            assert_eq!(Index::from_bytes(bytes[..at].to_vec()).directory(EntryKind::Zone), None, "cut off at {at}");
        }
        let first = end_of(&bytes, HEADER.len()).unwrap();
        let lacks_one = [&bytes[..HEADER.len()], &bytes[first..]].concat();
        assert_eq!(Index::from_bytes(lacks_one).directory(EntryKind::Zone), None);
    }
}
