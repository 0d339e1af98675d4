//! The snapshots of zones, as the host has them now.
//!
//! Invariant: a recorded snapshot is identified by its guid, wherever the host has moved it. Only one that zmgr died taking has none
//! yet, and goes by its name, which nothing else has.

use std::collections::BTreeSet;

use crate::documents::snapshot::{SnapshotPart, TakenSnapshot};
use crate::error::Result;
use crate::exec::zfs::{self, Snapshot};
use crate::host::Host;

/// All snapshots of some pools; those of one dataset in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Taken(Vec<Snapshot>);

impl Taken {
    /// Lists the snapshots of the pools of these datasets.
    pub(crate) fn inspect<'d>(host: &Host, datasets: impl Iterator<Item = &'d str>) -> Result<Taken> {
        let pools: BTreeSet<&str> = datasets.map(|dataset| dataset.split('/').next().unwrap_or(dataset)).collect();
        let mut taken = Taken::default();
        for pool in pools {
            taken.0.extend(zfs::parse_snapshots(&host.ask(&zfs::list_snapshots(pool))?)?);
        }
        Ok(taken)
    }

    /// Lists the snapshots of the pools that these records name.
    pub(crate) fn of<'r>(host: &Host, records: impl Iterator<Item = &'r TakenSnapshot>) -> Result<Taken> {
        let parts = records.flat_map(|record| &record.parts);
        Taken::inspect(host, parts.map(|part| part.dataset.as_str()))
    }

    /// Returns a part of a recorded snapshot.
    pub(crate) fn part(&self, record: &TakenSnapshot, part: &SnapshotPart) -> Option<&Snapshot> {
        match &part.guid {
            Some(guid) => self.0.iter().find(|found| found.guid == *guid),
            None => {
                let name = format!("{}@{}", part.dataset, record.name);
                self.0.iter().find(|found| found.name == name)
            }
        }
    }

    /// Returns the parts of a recorded snapshot that the host has.
    pub(crate) fn parts<'t>(&'t self, record: &'t TakenSnapshot) -> impl Iterator<Item = &'t Snapshot> {
        record.parts.iter().filter_map(|part| self.part(record, part))
    }

    /// Returns true if the host has every part of it.
    pub(crate) fn has_all(&self, record: &TakenSnapshot) -> bool {
        self.parts(record).count() == record.parts.len()
    }

    /// Returns true if the host has a part of it.
    pub(crate) fn has_any(&self, record: &TakenSnapshot) -> bool {
        self.parts(record).next().is_some()
    }

    /// Returns the snapshots of the same dataset that were taken after this one.
    pub(crate) fn later_than<'t>(&'t self, snapshot: &'t Snapshot) -> impl Iterator<Item = &'t Snapshot> {
        let of_dataset = self.0.iter().filter(|found| found.dataset() == snapshot.dataset());
        of_dataset.skip_while(|found| found.guid != snapshot.guid).skip(1)
    }

    /// Returns true if any dataset has a snapshot of this name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.0.iter().any(|found| found.name.split_once('@').is_some_and(|(_, found)| found == name))
    }

    /// Returns the record with this snapshot among its parts.
    pub(crate) fn record_of<'r>(&self, records: &'r [TakenSnapshot], snapshot: &Snapshot) -> Option<&'r TakenSnapshot> {
        records.iter().find(|record| self.parts(record).any(|part| part.guid == snapshot.guid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, guid: &str) -> Snapshot {
        let text = format!("{name}\t1\t{guid}\t0\t0\t0\t\n");
        zfs::parse_snapshot_lines(&text).unwrap().remove(0)
    }

    fn record(name: &str, dataset: &str, guid: Option<&str>) -> TakenSnapshot {
        let id = "5f0c1234aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
        let datasets = [dataset.to_owned()];
        let mut record = TakenSnapshot::claim(&id, "a".parse().unwrap(), "2026-03-22T12:14:09Z", &datasets);
        name.clone_into(&mut record.name);
        record.parts[0].guid = guid.map(str::to_owned);
        record
    }

    #[test]
    fn a_snapshot_is_found_where_the_host_moved_it() {
        let taken = Taken(vec![found("p/other@z-1", "71"), found("p/w@z-2", "72"), found("p/w@y", "73")]);
        let moved = record("z-1", "p/w", Some("71"));
        assert_eq!(taken.parts(&moved).next().unwrap().name, "p/other@z-1");
        let replaced = record("z-2", "p/w", Some("99"));
        assert!(!taken.has_any(&replaced), "another snapshot of that name is not it");
        let claimed = record("z-2", "p/w", None);
        assert!(taken.has_all(&claimed));
        let first = taken.parts(&claimed).next().unwrap();
        assert_eq!(taken.later_than(first).map(|later| later.name.as_str()).collect::<Vec<_>>(), ["p/w@y"]);
        assert_eq!(taken.record_of(&[replaced, claimed.clone()], first), Some(&claimed));
    }
}
