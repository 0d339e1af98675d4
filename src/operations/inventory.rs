//! Host state that preconditions need, queried once however many zones are checked.
//!
//! Invariant: nothing is remembered longer than the host snapshot that it belongs to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::made;
use super::used_datasets::{UsedDataset, used_by};
use crate::error::Result;
use crate::exec::ipadm::HostAddress;
use crate::exec::zfs::{self, Dataset};
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::parse_xml;
use crate::host::{Host, HostSnapshot, LinkState};

/// A dataset that a zone has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Delegation {
    pub(crate) zone: String,
    pub(crate) dataset: UsedDataset,
}

/// Answers that go with one host snapshot.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The datasets of each pool, by name; none for a pool that the host does not have.
    pools: Mutex<BTreeMap<String, Arc<BTreeMap<String, Dataset>>>>,
    /// The datasets that the zones of the host have.
    delegations: OnceLock<Vec<Delegation>>,
    /// True if the datasets of a pool are listed at once from the beginning, false if the first are asked for by themselves.
    lists: bool,
    /// Number of datasets that were asked for by themselves.
    asked: AtomicUsize,
}

impl Answers {
    /// Prepares for preconditions of so many zones.
    pub(crate) fn for_zones(&mut self, zones: usize) {
        self.lists = zones > FEW;
    }
}

/// The host, as preconditions see it.
#[derive(Clone, Copy)]
pub(crate) struct Inventory<'a> {
    pub(crate) host: &'a Host,
    /// The snapshot that answers; without one, the host is asked about each thing.
    snapshot: Option<(&'a HostSnapshot, &'a Answers)>,
}

/// For more zones than this, listing a pool costs less than asking for each dataset.
const FEW: usize = 4;

/// Number of datasets that are asked for by themselves before a pool is listed: a zone may have thousands.
const FEW_DATASETS: usize = 32;

impl<'a> Inventory<'a> {
    /// Asks the host about each thing, as it is now: for one zone.
    pub(crate) fn now(host: &'a Host) -> Self {
        Inventory { host, snapshot: None }
    }

    /// Asks a snapshot, and the host for what the snapshot does not have.
    pub(crate) fn of(host: &'a Host, state: &'a HostSnapshot, answers: &'a Answers) -> Self {
        Inventory { host, snapshot: Some((state, answers)) }
    }

    /// Returns the answers to take a dataset from, unless it is to be asked for by itself.
    fn listed(&self) -> Option<&'a Answers> {
        let many = |answers: &&Answers| answers.lists || answers.asked.fetch_add(1, Ordering::Relaxed) >= FEW_DATASETS;
        self.snapshot.map(|(_, answers)| answers).filter(many)
    }

    /// Returns every zone, the global one among them.
    pub(crate) fn zones(&self) -> Result<Cow<'a, [HostZone]>> {
        match self.snapshot {
            Some((state, _)) => Ok(Cow::Borrowed(&state.zones)),
            None => self.host.zones().map(Cow::Owned),
        }
    }

    /// Returns the datasets that the zones of the host have.
    pub(crate) fn delegations(&self, zones: &[HostZone]) -> Cow<'a, [Delegation]> {
        match self.snapshot {
            Some((_, answers)) => Cow::Borrowed(answers.delegations.get_or_init(|| delegations_of(self.host, zones))),
            None => Cow::Owned(delegations_of(self.host, zones)),
        }
    }

    /// Returns the dataset of this name, if the host has it.
    pub(crate) fn dataset(&self, name: &str) -> Result<Option<Dataset>> {
        match self.listed() {
            Some(answers) => Ok(self.pool_of(answers, name)?.get(name).cloned()),
            None => made::find(self.host, name),
        }
    }

    /// Returns the datasets that this one lies in, then those that lie in it, itself among them.
    pub(crate) fn around(&self, dataset: &str) -> Result<Vec<Dataset>> {
        let mut above: Vec<&str> = Vec::new();
        while let Some((name, _)) = above.last().unwrap_or(&dataset).rsplit_once('/') {
            above.push(name);
        }
        let mut found = Vec::new();
        let Some(answers) = self.listed() else {
            for name in above {
                found.extend(made::find(self.host, name)?);
            }
            let completed = self.host.question(&zfs::list_filesystems_below(dataset))?;
            if completed.success() {
                found.extend(zfs::parse_list(&completed)?);
            }
            return Ok(found);
        };
        let pool = self.pool_of(answers, dataset)?;
        found.extend(above.iter().filter_map(|name| pool.get(*name)).cloned());
        found.extend(pool.get(dataset).cloned());
        let prefix = format!("{dataset}/");
        let below = pool.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        found.extend(below.map(|(_, dataset)| dataset.clone()));
        Ok(found)
    }

    /// Returns what the link of this name is.
    pub(crate) fn link(&self, name: &str) -> Result<LinkState> {
        let Some((state, _)) = self.snapshot else { return self.host.link_state(name) };
        Ok(match (state.vnic(name), state.link(name)) {
            (Some(vnic), _) => LinkState::Vnic(vnic.clone()),
            (None, Some(link)) => LinkState::Other(link.clone()),
            (None, None) => LinkState::Absent,
        })
    }

    /// Returns an address that the host itself has on this interface.
    pub(crate) fn address_on(&self, interface: &str) -> Result<Option<HostAddress>> {
        let addresses = match self.snapshot {
            Some((state, _)) => Cow::Borrowed(&state.addresses),
            None => Cow::Owned(self.host.addresses()?),
        };
        let on = |address: &&HostAddress| address.object.split('/').next() == Some(interface);
        Ok(addresses.iter().find(on).cloned())
    }

    /// Returns the datasets of the pool that this one is in: one command for each pool.
    fn pool_of(&self, answers: &Answers, name: &str) -> Result<Arc<BTreeMap<String, Dataset>>> {
        let pool = name.split('/').next().unwrap_or_default();
        // Held while the host answers, so that others wait for the answer instead of asking too.
        let mut pools = answers.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = pools.get(pool) {
            return Ok(Arc::clone(known));
        }
        let completed = self.host.question(&zfs::list_filesystems_below(pool))?;
        let listed = if completed.success() { zfs::parse_list(&completed)? } else { Vec::new() };
        let found = Arc::new(listed.into_iter().map(|dataset| (dataset.name.clone(), dataset)).collect());
        pools.insert(pool.to_owned(), Arc::clone(&found));
        Ok(found)
    }
}

/// Returns the datasets of the host's zones, from their configurations. Only those that name a dataset are parsed.
fn delegations_of(host: &Host, zones: &[HostZone]) -> Vec<Delegation> {
    let mut found = Vec::new();
    for zone in zones.iter().filter(|zone| zone.name != "global") {
        // An unreadable one is reported by the operations on that zone.
        let Ok(Some(text)) = host.zone_text(&zone.name) else { continue };
        if (text.contains("<dataset") || text.contains("<filesystem"))
            && let Ok(config) = parse_xml(&text)
        {
            let of = |dataset| Delegation { zone: zone.name.clone(), dataset };
            found.extend(used_by(&config).into_iter().map(of));
        }
    }
    found
}
