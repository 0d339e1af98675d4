//! The registry at one moment: every entry's facts, from the index where the file has not changed, from the file otherwise.

use std::path::PathBuf;

use super::by_name::{ByName, name_key};
use super::codec::Encoder;
use super::facts::{EntryKind, Facts, FactsRef};
use super::index::{Index, Stamp, Writer};
use super::lock::RegistryLock;
use super::read::Read;
use super::sweep::Seen;
use super::tree::temp_of;
use super::{Registry, Wait};
use crate::error::{Diagnostic, Result};

/// A file of the registry that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// Zone or reservation.
    pub kind: EntryKind,
    /// Its name, from the file's.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// A file of the registry that cannot be read as what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub file: EntryFile,
    /// What is wrong with it.
    pub faults: Vec<Diagnostic>,
    /// Whether its addresses are known nevertheless, from its last good record.
    pub known: bool,
}

/// Every entry of the registry.
#[derive(Debug, Default)]
pub struct Snapshot {
    index: Index,
    /// Facts of files that were read now, encoded.
    fresh: Vec<u8>,
    stamps: Vec<Stamp>,
    slots: Vec<Slot>,
    unreadable: Vec<Unreadable>,
    /// Documents whose temp file was seen.
    temps: Vec<EntryFile>,
    misses: usize,
    by_name: Option<ByName>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    facts: Place,
    unreadable: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Index(u32),
    /// From here to there in `fresh`, and which of `stamps` is its file's.
    Fresh(u32, u32, Option<u32>),
    Gone,
}

/// One entry of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What its file says, or its last good record where the file is unreadable.
    pub facts: FactsRef<'a>,
    /// What is wrong with its file, where something is.
    pub unreadable: Option<&'a Unreadable>,
}

impl Snapshot {
    /// Every entry whose facts are known, in no particular order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().filter_map(|slot| self.at(slot))
    }

    /// One entry.
    pub fn entry(&self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        self.entries().find(|e| e.facts.kind == kind && e.facts.name == name)
    }

    /// How many entries there are, about.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Every file that cannot be read as what it is.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Takes in an entry as this process makes it, in place of any of its name. Whether there was one.
    pub(super) fn replace(&mut self, kind: EntryKind, facts: &Facts) -> bool {
        let was_there = self.remove(kind, &facts.name);
        let place = self.encode(kind, facts, None);
        let at = self.slots.len() as u32;
        self.slots.push(Slot { facts: place, unreadable: None });
        self.by_name().insert(name_key(kind, facts.name.as_bytes()), at);
        was_there
    }

    /// The entry that was taken in last.
    pub(super) fn last(&self) -> Option<FactsRef<'_>> {
        self.slots.last().and_then(|slot| self.facts(slot))
    }

    /// Drops an entry. Whether there was one.
    pub(super) fn remove(&mut self, kind: EntryKind, name: &str) -> bool {
        let Some(at) = self.position(kind, name) else { return false };
        // The key stays: another name may have the same.
        self.slots[at].facts = Place::Gone;
        true
    }

    /// One entry, found at once after the first search.
    pub(super) fn find(&mut self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        let at = self.position(kind, name)?;
        self.at(&self.slots[at])
    }

    fn position(&mut self, kind: EntryKind, name: &str) -> Option<usize> {
        let is_it = |facts: FactsRef<'_>| facts.kind == kind && facts.name == name;
        let at = *self.by_name().get(&name_key(kind, name.as_bytes()))? as usize;
        if self.facts(&self.slots[at]).is_some_and(is_it) {
            return Some(at);
        }
        // Another name with the same key.
        self.slots.iter().position(|slot| self.facts(slot).is_some_and(is_it))
    }

    fn by_name(&mut self) -> &mut ByName {
        if self.by_name.is_none() {
            let mut by_name = ByName::with_capacity_and_hasher(self.slots.len(), <_>::default());
            for (at, slot) in self.slots.iter().enumerate() {
                if let Some(facts) = self.facts(slot) {
                    by_name.insert(name_key(facts.kind, facts.name.as_bytes()), at as u32);
                }
            }
            self.by_name = Some(by_name);
        }
        self.by_name.get_or_insert_default()
    }

    fn at(&self, slot: &Slot) -> Option<Entry<'_>> {
        Some(Entry { facts: self.facts(slot)?, unreadable: slot.unreadable.map(|n| &self.unreadable[n as usize]) })
    }

    fn facts(&self, slot: &Slot) -> Option<FactsRef<'_>> {
        match slot.facts {
            Place::Index(record) => self.index.facts(record as usize),
            Place::Fresh(start, end, _) => FactsRef::decode(&self.fresh[start as usize..end as usize]),
            Place::Gone => None,
        }
    }

    /// Takes in a file that was read now.
    fn take(&mut self, file: EntryFile, record: Option<usize>, stamp: Option<Stamp>, read: Read) {
        match read {
            Read::Gone => {}
            Read::Good(facts) => {
                let facts = self.encode(file.kind, &facts, stamp);
                self.slots.push(Slot { facts, unreadable: None });
            }
            Read::Bad(faults) => {
                if let Some(record) = record {
                    let unreadable = Some(self.unreadable.len() as u32);
                    self.slots.push(Slot { facts: Place::Index(record as u32), unreadable });
                }
                self.unreadable.push(Unreadable { file, faults, known: record.is_some() });
            }
        }
    }

    fn encode(&mut self, kind: EntryKind, facts: &Facts, stamp: Option<Stamp>) -> Place {
        let mut encoder = Encoder { bytes: std::mem::take(&mut self.fresh) };
        let start = encoder.bytes.len();
        facts.encode(kind, &mut encoder);
        self.fresh = encoder.bytes;
        self.stamps.extend(stamp);
        let stamp = stamp.map(|_| self.stamps.len() as u32 - 1);
        // Documents of 4 GiB in all do not fit into memory either.
        Place::Fresh(start as u32, self.fresh.len() as u32, stamp)
    }

    /// Whether writing the index anew costs less than reading the changed files again each time. Reading one costs about as much as
    /// writing four hundred records, so the sum of both over many loads is smallest near the square root.
    fn index_is_worn(&self) -> bool {
        self.misses * self.misses * 200 > self.slots.len()
    }

    /// The bytes of an index that says what this snapshot knows. `at_rest`: the moment before which a file must have been left alone.
    fn to_index(&self, at_rest: (i64, i64)) -> Vec<u8> {
        let mut writer = Writer::new();
        for slot in &self.slots {
            match slot.facts {
                Place::Gone => {}
                Place::Index(record) => writer.copy(self.index.raw(record as usize)),
                Place::Fresh(start, end, stamp) => {
                    let stamp = stamp.map(|n| self.stamps[n as usize]).filter(|stamp| stamp.before(at_rest));
                    // What has none is kept for the day on which the file cannot be read; no file has that stamp.
                    writer.add(stamp.unwrap_or(Stamp::NONE), &self.fresh[start as usize..end as usize]);
                }
            }
        }
        writer.into_bytes()
    }
}

impl Registry {
    /// The registry as it is now: one look at each file, and a reading of those that are not as the index knows them. Takes no
    /// lock and writes nothing.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let index = Index::read(&self.tree().index());
        let mut seen = vec![false; index.len()];
        let mut unknown: Vec<(EntryFile, Option<usize>, Option<Stamp>)> = Vec::new();
        let mut snapshot = Snapshot { slots: Vec::with_capacity(index.len() + 16), ..Snapshot::default() };
        let mut finder = index.finder();
        let mut far: Vec<(EntryKind, String, Option<Stamp>)> = Vec::new();
        let mut note =
            |snapshot: &mut Snapshot, kind, name: &str, record: Option<usize>, stamp: Option<Stamp>| match record {
                Some(record) if std::mem::replace(&mut seen[record], true) => {}
                Some(record) if stamp.as_ref().is_some_and(|stamp| index.has_stamp(record, stamp)) => {
                    snapshot.slots.push(Slot { facts: Place::Index(record as u32), unreadable: None });
                }
                _ => unknown.push((self.entry_file(kind, name), record, stamp)),
            };
        for kind in EntryKind::ALL {
            self.sweep(kind, |found| match found {
                Seen::Document(name, stamp) => match finder.find_near(kind, name) {
                    Some(record) => note(&mut snapshot, kind, name, Some(record), stamp),
                    None => far.push((kind, name.to_owned(), stamp)),
                },
                Seen::Temp(name) => snapshot.temps.push(self.entry_file(kind, name)),
            })?;
        }
        for (kind, name, stamp) in far {
            let record = finder.find_far(kind, &name);
            note(&mut snapshot, kind, &name, record, stamp);
        }
        // Listing a folder while files in it are renamed leaves one out on some file systems. What the index knows is asked for by
        // name, so that no address is overlooked.
        for record in (0..index.len()).filter(|&record| !seen[record]) {
            let Some(facts) = index.facts(record) else { continue };
            if let Some(stamp) = self.look_at(facts.kind, facts.name)? {
                unknown.push((self.entry_file(facts.kind, facts.name), Some(record), stamp));
            }
        }
        unknown.sort_by(|(a, ..), (b, ..)| a.path.cmp(&b.path));
        unknown.dedup_by(|(a, ..), (b, ..)| a.path == b.path);
        let known = seen.iter().filter(|seen| **seen).count();
        snapshot.misses = unknown.len() + (index.len() - known.min(index.len()));
        snapshot.index = index;
        let files: Vec<EntryFile> = unknown.iter().map(|(file, ..)| file.clone()).collect();
        for ((file, record, stamp), read) in unknown.into_iter().zip(super::read::read_all(self.tree(), &files)) {
            snapshot.take(file, record, stamp, read);
        }
        Ok(snapshot)
    }

    /// Under the registry lock: clears away what dead processes left.
    pub(super) fn clear_temps(&self, snapshot: &Snapshot) -> Result<()> {
        for file in &snapshot.temps {
            // A reservation's temp belongs to this lock. A zone's belongs to the zone's, whose holder may be at work.
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
        for derived in [self.tree().index(), self.tree().survey()] {
            self.sweep_temp(&derived)?;
        }
        Ok(())
    }

    /// Under the registry lock: writes the index anew where that pays.
    pub(super) fn renew_index(&self, snapshot: &Snapshot, lock: &RegistryLock) {
        if snapshot.index_is_worn()
            && let Ok(at_rest) = lock.taken_at()
        {
            // The index is derived: a disk without room for it costs time, no answer.
            let _ = self.replace_derived(&self.tree().index(), &[&snapshot.to_index(at_rest)]);
        }
    }

    /// Clears away what dead processes left of documents, and the index's memory of entries that are gone where that pays.
    pub fn clear_up(&self, wait: &mut Wait<'_>) -> Result<()> {
        let snapshot = self.snapshot()?;
        let derived = [self.tree().index(), self.tree().survey()];
        let left = |path: &PathBuf| temp_of(path).is_some_and(|temp| temp.symlink_metadata().is_ok());
        if snapshot.temps.is_empty() && !snapshot.index_is_worn() && !derived.iter().any(left) {
            return Ok(());
        }
        let lock = self.lock_registry(wait)?;
        let snapshot = self.snapshot()?;
        self.clear_temps(&snapshot)?;
        self.renew_index(&snapshot, &lock);
        Ok(())
    }

    fn entry_file(&self, kind: EntryKind, name: &str) -> EntryFile {
        let path = self.tree().folder(kind.folder()).join(format!("{name}.kdl"));
        EntryFile { kind, name: name.to_owned(), path }
    }
}
