//! The datasets that zmgr made for a zone, and the snapshots that it took of it.

use std::cell::{Cell, RefCell};

use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{MadeDataset, ZoneEntry};
use crate::error::Result;
use crate::exec::zfs::{self, Dataset};
use crate::host::Host;
use crate::value::name::SnapshotLabel;

/// The datasets that zmgr made for a zone and its snapshots, as an operation learns of them; the journal writes them with its next
/// record.
#[derive(Debug, Default)]
pub(crate) struct Made {
    datasets: RefCell<Vec<MadeDataset>>,
    snapshots: RefCell<Vec<TakenSnapshot>>,
    is_changed: Cell<bool>,
}

impl Made {
    /// Takes over what the entry records.
    pub(crate) fn recorded(&self, entry: &ZoneEntry) {
        self.datasets.replace(entry.datasets.clone());
        self.snapshots.replace(entry.snapshots.clone());
    }

    /// Returns what the entry must record, if that has changed since the last call.
    pub(crate) fn changed(&self) -> Option<(Vec<MadeDataset>, Vec<TakenSnapshot>)> {
        self.is_changed.take().then(|| (self.datasets.borrow().clone(), self.snapshots.borrow().clone()))
    }

    /// Records a snapshot that is about to be taken, or was taken.
    pub(crate) fn took(&self, taken: TakenSnapshot) {
        let mut snapshots = self.snapshots.borrow_mut();
        match snapshots.iter_mut().find(|known| known.label == taken.label) {
            Some(known) => *known = taken,
            None => snapshots.push(taken),
        }
        self.is_changed.set(true);
    }

    /// Drops the record of a snapshot.
    pub(crate) fn forget_snapshot(&self, label: &SnapshotLabel) {
        let mut snapshots = self.snapshots.borrow_mut();
        let before = snapshots.len();
        snapshots.retain(|taken| taken.label != *label);
        self.is_changed.set(self.is_changed.get() || snapshots.len() != before);
    }

    /// Returns the recorded snapshots.
    pub(crate) fn snapshots(&self) -> Vec<TakenSnapshot> {
        self.snapshots.borrow().clone()
    }

    /// Records that this dataset is about to be made and did not exist before.
    pub(crate) fn claim(&self, name: &str, zonepath: bool) {
        self.put(MadeDataset { name: name.to_owned(), guid: None, zonepath });
    }

    /// Records the guid of a dataset that was made.
    pub(crate) fn made(&self, found: &Dataset, zonepath: bool) {
        self.put(MadeDataset { name: found.name.clone(), guid: Some(found.guid.clone()), zonepath });
    }

    /// Drops a dataset that is gone, or was not made in the end.
    pub(crate) fn forget(&self, name: &str) {
        let mut datasets = self.datasets.borrow_mut();
        let before = datasets.len();
        datasets.retain(|made| made.name != name);
        self.is_changed.set(self.is_changed.get() || datasets.len() != before);
    }

    /// Drops the dataset of the zonepath, which the host has lost together with the zone.
    pub(crate) fn forget_zonepath(&self) {
        if let Some(made) = self.of_zonepath() {
            self.forget(&made.name);
        }
    }

    /// Returns the record of this dataset.
    pub(crate) fn find(&self, name: &str) -> Option<MadeDataset> {
        self.datasets.borrow().iter().find(|made| made.name == name).cloned()
    }

    /// Returns the record of the zonepath's dataset.
    pub(crate) fn of_zonepath(&self) -> Option<MadeDataset> {
        self.datasets.borrow().iter().find(|made| made.zonepath).cloned()
    }

    /// Returns the records of snapshots that cloning the zone made of its source.
    pub(crate) fn origins(&self) -> Vec<MadeDataset> {
        self.datasets.borrow().iter().filter(|made| made.is_snapshot()).cloned().collect()
    }

    fn put(&self, made: MadeDataset) {
        let mut datasets = self.datasets.borrow_mut();
        // In its place, so that the order does not depend on where an operation was interrupted.
        let is_it = |known: &MadeDataset| known.name == made.name || known.zonepath && made.zonepath;
        match datasets.iter().position(is_it) {
            Some(at) => {
                datasets[at] = made.clone();
                let mut place = 0..;
                datasets.retain(|known| place.next() == Some(at) || !is_it(known));
            }
            None => datasets.push(made),
        }
        self.is_changed.set(true);
    }

    /// Sets the guid of each claimed dataset, or drops it if it was never made: an earlier run was killed in between.
    pub(crate) fn settle(&self, host: &Host) -> Result<()> {
        let open: Vec<MadeDataset> =
            self.datasets.borrow().iter().filter(|made| made.guid.is_none()).cloned().collect();
        for claim in open {
            match find(host, &claim.name)? {
                Some(found) => self.made(&found, claim.zonepath),
                None => self.forget(&claim.name),
            }
        }
        Ok(())
    }
}

/// Returns the dataset of this name.
pub(crate) fn find(host: &Host, name: &str) -> Result<Option<Dataset>> {
    let completed = host.question(&zfs::list_one(name))?;
    if !completed.success() {
        return Ok(None);
    }
    Ok(zfs::parse_list(&completed)?.into_iter().find(|dataset| dataset.name == name))
}
