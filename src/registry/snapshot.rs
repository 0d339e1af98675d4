//! The registry at one moment: the summary of each entry, from the index if the file has not changed, otherwise from the file.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use super::by_name::{ByName, name_key};
use super::codec::Encoder;
use super::entry_file::{EntryFile, Unknown};
use super::index::{Directories, Index, Stamp, Writer};
use super::lock::RegistryLock;
use super::read::{Read, Share};
use super::summary::{EntryKind, EntrySummary, SummaryView};
use super::sweep::{Differs, Listing};
use super::tree::temp_of;
use super::{Registry, Tree, Wait};
use crate::error::{Diagnostic, Result};

/// A file of the registry that cannot be read or is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub file: EntryFile,
    /// Its errors.
    pub faults: Vec<Diagnostic>,
    /// True if its addresses are known nevertheless, from its last valid record.
    pub known: bool,
}

/// All entries of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    index: Arc<Index>,
    /// Encoded summaries of files that were read now.
    fresh: Vec<u8>,
    stamps: Vec<Stamp>,
    slots: Vec<Slot>,
    unreadable: Vec<Unreadable>,
    /// Files whose temporary file was seen.
    temps: Vec<EntryFile>,
    /// Stamps of directories before they were read, if they contain only files that the index can name.
    directories: Directories,
    /// Change time of each directory before its files were read.
    opened: [(i64, i64); EntryKind::ALL.len()],
    /// Number of files that had to be read plus records of files that are gone.
    misses: usize,
    /// Number of files listed of each kind, because the directory's stamp did not match the index.
    listed: [usize; EntryKind::ALL.len()],
    searches: usize,
    by_name: Option<ByName>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    summary: Place,
    unreadable: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Index(u32),
    /// Range in `fresh`, and the position of the file's stamp in `stamps`.
    Fresh(u32, u32, Option<u32>),
    Gone,
}

/// An entry of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its summary, from its file or, if the file is unreadable, from its last valid record.
    pub summary: SummaryView<'a>,
    /// Errors of its file, if any.
    pub unreadable: Option<&'a Unreadable>,
}

impl Snapshot {
    /// Returns all entries with a known summary, in no particular order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().filter_map(|slot| self.at(slot))
    }

    /// Returns an entry.
    pub fn entry(&self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        self.at(&self.slots[self.lookup(kind, name)?])
    }

    /// Returns the approximate number of entries.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns all files that cannot be read or are not valid.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Adds an entry that this process makes; replaces an entry of the same name. Returns true if there was one.
    pub(super) fn replace(&mut self, kind: EntryKind, summary: &EntrySummary) -> bool {
        let was_there = self.remove(kind, &summary.name);
        let place = self.encode(kind, summary);
        let at = self.slots.len() as u32;
        self.slots.push(Slot { summary: place, unreadable: None });
        if let Some(by_name) = &mut self.by_name {
            by_name.insert(name_key(kind, summary.name.as_bytes()), at);
        }
        was_there
    }

    /// Returns the entry that was added last.
    pub(super) fn last(&self) -> Option<SummaryView<'_>> {
        self.slots.last().and_then(|slot| self.summary(slot))
    }

    /// Drops an entry. Returns true if there was one.
    pub(super) fn remove(&mut self, kind: EntryKind, name: &str) -> bool {
        // Its directory is about to change.
        self.directories[kind as usize] = None;
        let Some(at) = self.position(kind, name) else { return false };
        // The key stays: another name may have the same one.
        self.slots[at].summary = Place::Gone;
        true
    }

    /// Finds one entry; uses a map after the first few searches.
    pub(super) fn find(&mut self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        let at = self.position(kind, name)?;
        self.at(&self.slots[at])
    }

    fn position(&mut self, kind: EntryKind, name: &str) -> Option<usize> {
        // A few scans of all entries cost less than a map of thousands.
        const LINEAR_MAX: usize = 8;
        self.searches += 1;
        if self.searches > LINEAR_MAX {
            self.map_names();
        }
        self.lookup(kind, name)
    }

    fn lookup(&self, kind: EntryKind, name: &str) -> Option<usize> {
        let is_it =
            |slot: &Slot| self.bytes(slot).is_some_and(|summary| SummaryView::is_of(summary, kind, name.as_bytes()));
        if let Some(by_name) = &self.by_name {
            let at = *by_name.get(&name_key(kind, name.as_bytes()))? as usize;
            if is_it(&self.slots[at]) {
                return Some(at);
            }
        }
        // Another name may have the same key.
        self.slots.iter().position(is_it)
    }

    /// Builds the name index for O(1) lookups.
    pub(super) fn map_names(&mut self) {
        if self.by_name.is_some() {
            return;
        }
        let mut by_name = ByName::with_capacity_and_hasher(self.slots.len(), <_>::default());
        for (at, slot) in self.slots.iter().enumerate() {
            if let Some(summary) = self.summary(slot) {
                by_name.insert(name_key(summary.kind, summary.name.as_bytes()), at as u32);
            }
        }
        self.by_name = Some(by_name);
    }

    fn at(&self, slot: &Slot) -> Option<Entry<'_>> {
        Some(Entry { summary: self.summary(slot)?, unreadable: slot.unreadable.map(|n| &self.unreadable[n as usize]) })
    }

    fn summary(&self, slot: &Slot) -> Option<SummaryView<'_>> {
        SummaryView::decode(self.bytes(slot)?)
    }

    fn bytes(&self, slot: &Slot) -> Option<&[u8]> {
        match slot.summary {
            Place::Index(record) => Some(self.index.encoded(record as usize)),
            Place::Fresh(start, end, _) => Some(&self.fresh[start as usize..end as usize]),
            Place::Gone => None,
        }
    }

    /// Adds files that were read now.
    fn take(&mut self, entries: &[Unknown], Share { bytes, reads }: Share) {
        let start = self.fresh.len();
        self.fresh.extend_from_slice(&bytes);
        for (entry, read) in entries.iter().zip(reads) {
            match read {
                Read::Gone => {}
                Read::Good(at, stamp) => {
                    // Files of 4 GiB in all do not fit into memory either.
                    let (from, to) = ((start + at.start) as u32, (start + at.end) as u32);
                    let summary = Place::Fresh(from, to, Some(self.stamps.len() as u32));
                    self.stamps.push(stamp);
                    self.slots.push(Slot { summary, unreadable: None });
                }
                Read::Bad(file, faults) => {
                    match entry.record {
                        Some(record) => {
                            let unreadable = Some(self.unreadable.len() as u32);
                            self.slots.push(Slot { summary: Place::Index(record as u32), unreadable });
                        }
                        // It is in the directory, and no record names it.
                        None => self.directories[file.kind as usize] = None,
                    }
                    self.unreadable.push(Unreadable { file, faults, known: entry.record.is_some() });
                }
            }
        }
    }

    fn encode(&mut self, kind: EntryKind, summary: &EntrySummary) -> Place {
        let mut encoder = Encoder { bytes: std::mem::take(&mut self.fresh) };
        let start = encoder.bytes.len();
        summary.encode(kind, &mut encoder);
        self.fresh = encoder.bytes;
        Place::Fresh(start as u32, self.fresh.len() as u32, None)
    }

    /// Returns true if writing a new index costs less than keeping the old one, which means reading the changed files again each
    /// time, or listing a directory each time that has come to rest. Reading a file costs about as much as writing a hundred
    /// records, so the sum over many loads is smallest near the square root; listing costs about as much as writing.
    fn index_is_worn(&self, at_rest: (i64, i64)) -> bool {
        const MAX_AGE_ENTRIES: usize = 512;
        let rests = |kind: EntryKind| self.directories[kind as usize].is_some_and(|stamp| stamp.before(at_rest));
        self.misses * self.misses * 50 > self.slots.len()
            || EntryKind::ALL.into_iter().any(|kind| self.listed[kind as usize] > MAX_AGE_ENTRIES && rests(kind))
    }

    /// Returns the bytes of an index of this snapshot. `at_rest`: only files of each kind unchanged since before this moment are trusted.
    fn to_index(&self, at_rest: [(i64, i64); EntryKind::ALL.len()]) -> Vec<u8> {
        let mut writer = Writer::new();
        let mut counts = [0; EntryKind::ALL.len()];
        for slot in &self.slots {
            let Some(kind) = self.summary(slot).map(|summary| summary.kind) else { continue };
            counts[kind as usize] += 1;
            match slot.summary {
                Place::Gone => {}
                Place::Index(record) => writer.copy(self.index.raw(record as usize)),
                Place::Fresh(start, end, stamp) => {
                    let stamp = stamp.map(|n| self.stamps[n as usize]);
                    let stamp = stamp.filter(|stamp| stamp.before(at_rest[kind as usize]));
                    // A file without a stamp keeps its record in case it becomes unreadable; no file has that stamp.
                    writer.add(stamp.unwrap_or(Stamp::NONE), &self.fresh[start as usize..end as usize]);
                }
            }
        }
        for kind in EntryKind::ALL {
            let stamp = self.directories[kind as usize].filter(|stamp| stamp.before(at_rest[kind as usize]));
            if let Some(stamp) = stamp {
                writer.directory(kind, stamp, counts[kind as usize]);
            }
        }
        writer.into_bytes()
    }
}

/// Describes a file whose name no entry can have. Its content is unknown.
fn odd(tree: &Tree, kind: EntryKind, name: &OsStr) -> Unreadable {
    let path = tree.directory(kind.directory()).join(name);
    let shown = name.to_string_lossy();
    let fault = Diagnostic::new("name", format!("the file name {shown:?} is not UTF-8"))
        .at_path(&path)
        .with_help("rename the file after the entry in it, or remove it");
    let file = EntryFile { kind, name: shown.trim_end_matches(".kdl").to_owned(), path };
    Unreadable { file, faults: vec![fault], known: false }
}

/// Without a lock there is no time: no file counts as at rest.
const NEVER: (i64, i64) = (i64::MIN, 0);

/// Returns the files that the index does not know. A directory lists its files in much the same order each time, so the records
/// after the last match are tried first.
fn unknown_to(index: &Index, records: &[usize], listed: Vec<(String, bool)>) -> Vec<(String, bool)> {
    /// Number of records to try: as many consecutive files may be gone.
    const LOOKAHEAD: usize = 4;
    let mut next = 0;
    let mut far = listed;
    far.retain(|(name, _)| {
        let ahead = &records[next..records.len().min(next + LOOKAHEAD)];
        let found = ahead.iter().position(|record| index.name(*record) == name.as_bytes());
        next += found.map_or(0, |n| n + 1);
        found.is_none()
    });
    if !far.is_empty() {
        let known: HashSet<&[u8]> = records.iter().map(|record| index.name(*record)).collect();
        far.retain(|(name, _)| !known.contains(name.as_bytes()));
        // On some file systems, listing a directory while files in it are renamed returns one twice.
        far.sort_unstable();
        far.dedup_by(|a, b| a.0 == b.0);
    }
    far
}

impl Registry {
    /// Loads the current registry: checks each file once, and reads those that differ from the index. Takes no lock and writes
    /// nothing.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let index = self.remembered.read(self.tree());
        let mut snapshot = Snapshot { slots: Vec::with_capacity(index.len() + 16), ..Snapshot::default() };
        let mut unknown: Vec<Unknown> = Vec::new();
        for kind in EntryKind::ALL {
            let records = index.of_kind(kind);
            let Some(directory) = self.open_entries(kind)? else {
                snapshot.misses += records.len();
                continue;
            };
            let listing =
                if index.directory(kind) == Some(directory.stamp) { Listing::default() } else { directory.list()? };
            snapshot.listed[kind as usize] = listing.documents.len();
            snapshot.opened[kind as usize] = directory.stamp.changed();
            // A directory with a file that no record can name is listed each time.
            let all_named = listing.temps.is_empty() && listing.odd.is_empty();
            snapshot.directories[kind as usize] = Some(directory.stamp).filter(|_| all_named);
            snapshot.unreadable.extend(listing.odd.iter().map(|name| odd(self.tree(), kind, name)));
            snapshot.temps.extend(listing.temps.iter().map(|name| EntryFile::new(self.tree(), kind, name)));
            // Every file in the index is checked by name, whatever the listing contains: on some file systems, listing a directory
            // while files in it are renamed omits one, and no address may be overlooked.
            let mut differs = self.find_changed(&directory, &index, &records)?.into_iter().peekable();
            for &record in &records {
                match differs.next_if(|(differing, _)| *differing == record) {
                    None => snapshot.slots.push(Slot { summary: Place::Index(record as u32), unreadable: None }),
                    Some((_, Differs::Changed)) => {
                        let name = index.summary(record).map_or_else(String::new, |summary| summary.name.to_owned());
                        unknown.push(Unknown { kind, name, regular: false, record: Some(record) });
                    }
                    Some((_, Differs::Gone)) => snapshot.misses += 1,
                }
            }
            let new = unknown_to(&index, &records, listing.documents);
            unknown.extend(new.into_iter().map(|(name, regular)| Unknown { kind, name, regular, record: None }));
        }
        unknown.sort_unstable_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        snapshot.misses += unknown.len();
        snapshot.index = index;
        let mut left = unknown.as_slice();
        for share in self.read_all(&unknown) {
            let (read, rest) = left.split_at(share.reads.len());
            snapshot.take(read, share);
            left = rest;
        }
        Ok(snapshot)
    }

    /// Loads the current registry, and keeps what was read in memory for the next load of this process, as if it were in the index.
    ///
    /// A file counts as at rest if its directory changed later, and before the file was read: the clock of the file system was past the
    /// file's times then, so a further change is visible.
    pub(crate) fn snapshot_for_more(&self) -> Result<Snapshot> {
        /// Number of files whose second reading costs more than this.
        const MANY: usize = 64;
        let snapshot = self.snapshot()?;
        if snapshot.misses >= MANY && snapshot.index_is_worn(NEVER) {
            self.remembered.keep(self.tree(), snapshot.to_index(snapshot.opened));
        }
        Ok(snapshot)
    }

    /// Cleans up after dead processes; the registry lock is held.
    pub(super) fn clear_temps(&self, snapshot: &Snapshot) -> Result<()> {
        for file in &snapshot.temps {
            // A reservation's temporary file belongs to this lock. A zone's belongs to the zone's lock, whose holder may be
            // working.
            let ours = match file.kind {
                EntryKind::Reservation => None,
                EntryKind::Zone => match file.name.parse().map(|name| self.lock_zone(&name, &mut Wait::none())) {
                    Ok(Ok(lock)) => Some(lock),
                    _ => continue,
                },
            };
            self.sweep_temp(&file.path)?;
            drop(ours);
        }
        for derived in [self.tree().index(), self.tree().host_usage()] {
            self.sweep_temp(&derived)?;
        }
        Ok(())
    }

    /// Writes a new index if that is worthwhile; the registry lock is held.
    pub(super) fn renew_index(&self, snapshot: &Snapshot, lock: &RegistryLock) {
        if let Ok(at_rest) = lock.taken_at()
            && snapshot.index_is_worn(at_rest)
        {
            // The index is derived: a disk without space for it costs time, but no answer.
            let _ = self.replace_derived(&self.tree().index(), &[&snapshot.to_index([at_rest; EntryKind::ALL.len()])]);
        }
    }

    /// Removes temporary files of dead processes, and writes a new index without entries that are gone if that is worthwhile.
    pub fn clear_up(&self, wait: &mut Wait<'_>) -> Result<()> {
        let snapshot = self.snapshot()?;
        let derived = [self.tree().index(), self.tree().host_usage()];
        let left = |path: &PathBuf| temp_of(path).is_some_and(|temp| temp.symlink_metadata().is_ok());
        if snapshot.temps.is_empty() && !snapshot.index_is_worn(NEVER) && !derived.iter().any(left) {
            return Ok(());
        }
        let lock = self.lock_registry(wait)?;
        let snapshot = self.snapshot()?;
        self.clear_temps(&snapshot)?;
        self.renew_index(&snapshot, &lock);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Tree, WriteHook};
    use std::path::Path;

    fn zone(root: &Path, name: &str) {
        std::fs::write(root.join(format!("zones/{name}.kdl")), format!("zone {name:?} {{\n}}\n")).unwrap();
    }

    /// Returns a registry of two zones with an index, after a rest.
    fn indexed(root: &Path) -> Registry {
        std::fs::create_dir(root.join("zones")).unwrap();
        ["a", "b"].iter().for_each(|name| zone(root, name));
        let registry = Registry::new(Tree::new(root), "test", WriteHook::none());
        index(&registry);
        registry
    }

    /// Waits until files that are written from here on are newer than those written before.
    fn tick(registry: &Registry) {
        let path = registry.tree().root().join("tick");
        let written = || {
            std::fs::write(&path, "tick").unwrap();
            std::fs::metadata(&path).unwrap().modified().unwrap()
        };
        let before = written();
        while written() <= before {
            std::thread::yield_now();
        }
    }

    fn index(registry: &Registry) {
        tick(registry);
        let lock = registry.lock_registry(&mut Wait::none()).unwrap();
        let snapshot = registry.snapshot().unwrap();
        let bytes = snapshot.to_index([lock.taken_at().unwrap(); EntryKind::ALL.len()]);
        registry.replace_derived(&registry.tree().index(), &[&bytes]).unwrap();
    }

    #[test]
    fn a_directory_is_listed_only_after_a_change() {
        let root = tempfile::tempdir().unwrap();
        let registry = indexed(root.path());
        let listed = || registry.snapshot().unwrap().listed[EntryKind::Zone as usize];
        assert_eq!(listed(), 0, "two files, and both are known");
        zone(root.path(), "c");
        assert_eq!(listed(), 3);
        index(&registry);
        assert_eq!(listed(), 0);
        std::fs::write(root.path().join("zones/a.kdl"), "zone \"a\" {\n    format 1\n}\n").unwrap();
        let snapshot = registry.snapshot().unwrap();
        assert_eq!((snapshot.listed, snapshot.misses), ([0, 0], 1), "an edit is seen without a listing");
    }

    #[test]
    fn a_file_is_read_once_by_a_process_if_it_was_at_rest() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("zones")).unwrap();
        let registry = Registry::new(Tree::new(root.path()), "test", WriteHook::none());
        let names: Vec<String> = (0..100).map(|n| format!("z{n}")).collect();
        names.iter().for_each(|name| zone(root.path(), name));
        tick(&registry);
        let last_change = || zone(root.path(), "last");
        last_change();
        assert_eq!(registry.snapshot_for_more().unwrap().misses, 101);
        let again = registry.snapshot().unwrap();
        assert_eq!((again.misses, again.entries().count()), (1, 101), "the last one may change again at the same time");
        std::fs::write(root.path().join("zones/z7.kdl"), "zone \"z7\" {\n    format 1\n}\n").unwrap();
        std::fs::remove_file(root.path().join("zones/z8.kdl")).unwrap();
        let after = registry.snapshot().unwrap();
        assert_eq!((after.misses, after.entries().count()), (3, 100));
        // Another process writes the index, which knows more.
        index(&Registry::new(Tree::new(root.path()), "other", WriteHook::none()));
        assert_eq!(registry.snapshot().unwrap().misses, 0);
    }

    #[test]
    fn a_directory_with_a_file_without_a_record_is_listed_each_time() {
        for left in ["broken.kdl", ".a.kdl.tmp"] {
            let root = tempfile::tempdir().unwrap();
            let registry = indexed(root.path());
            std::fs::write(root.path().join("zones").join(left), "zone {").unwrap();
            index(&registry);
            assert!(registry.snapshot().unwrap().listed[EntryKind::Zone as usize] >= 2, "{left}");
        }
    }

    #[test]
    fn found_by_name_whatever_the_number_of_searches() {
        let root = tempfile::tempdir().unwrap();
        let registry = indexed(root.path());
        let mut snapshot = registry.snapshot().unwrap();
        for n in 0..20 {
            assert_eq!(snapshot.find(EntryKind::Zone, "b").unwrap().summary.name, "b", "{n}");
            assert!(snapshot.find(EntryKind::Reservation, "b").is_none());
            let name = format!("new{n}");
            snapshot.replace(EntryKind::Zone, &EntrySummary { name: name.clone(), ..EntrySummary::default() });
            assert!(snapshot.find(EntryKind::Zone, &name).is_some());
            assert!(snapshot.remove(EntryKind::Zone, &name));
            assert!(snapshot.find(EntryKind::Zone, &name).is_none());
        }
    }
}
