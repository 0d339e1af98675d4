//! Makes the claims of this host those of its entries.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use super::{Claimed, Membership, Wanted, taken};
use crate::error::Result;
use crate::fleet::{StoreKey, StoreRecord};
use crate::registry::{HostUsage, Registry};
use crate::value::EntryId;

impl Membership {
    /// Makes the claims of this host those of its entries: releases claims that no entry has and no zone of the host uses, and claims
    /// what entries of an old backup have lost. Returns notes about what stays and what others hold.
    ///
    /// `host_usage` was taken before; with the fleet lock, no claim is on its way to its entry.
    pub(crate) fn sweep(
        &self,
        registry: &Registry,
        host_usage: &HostUsage,
        pulse: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<String>> {
        let _lock = self.lock(registry, pulse)?;
        let member = self.member()?;
        let records = self.read("")?;
        let snapshot = registry.snapshot()?;
        if let Some(unreadable) = snapshot.unreadable().first() {
            let path = unreadable.file.path.display();
            return Ok(vec![format!("no claims are released: {path} cannot be read, so its addresses are unknown")]);
        }
        let mut own: BTreeMap<EntryId, Own> = BTreeMap::new();
        for entry in snapshot.entries() {
            if let Some(wanted) = self.wanted_of(&entry.summary) {
                let settled = entry.summary.state().is_none_or(|state| state == "ready");
                own.insert(wanted.entry.clone(), Own { wanted, settled });
            }
        }
        let mut notes = self.release_left(&member.host, &own, &records, host_usage)?;
        notes.extend(self.claim_missing(&own, &records)?);
        Ok(notes)
    }

    /// Releases the claims of this host that no entry has and nothing on the host uses. Returns notes about those that stay.
    fn release_left(
        &self,
        host: &str,
        own: &BTreeMap<EntryId, Own>,
        records: &[StoreRecord],
        host_usage: &HostUsage,
    ) -> Result<Vec<String>> {
        let used = Used::of(host_usage);
        let (mut notes, mut gone) = (Vec::new(), BTreeMap::<EntryId, Vec<StoreKey>>::new());
        for record in records {
            let Some(claim) = record.claim().filter(|claim| claim.host == host) else { continue };
            match own.get(&claim.entry) {
                // An unfinished operation may hold more than its entry says.
                Some(Own { wanted, settled }) if wanted.keys.contains(&record.key) || !settled => {}
                _ if used.contains(&record.key) => {
                    notes.push(format!("{} stays claimed: a zone of the host uses it and no entry has it", record.key));
                }
                _ => gone.entry(claim.entry.clone()).or_default().push(record.key.clone()),
            }
        }
        for (entry, keys) in gone {
            self.release_keys(&entry, keys)?;
        }
        Ok(notes)
    }

    /// Claims what settled entries need and have not claimed. Returns notes about what others hold.
    fn claim_missing(&self, own: &BTreeMap<EntryId, Own>, records: &[StoreRecord]) -> Result<Vec<String>> {
        let claimed: HashSet<(&EntryId, &StoreKey)> =
            records.iter().filter_map(|record| Some((&record.claim()?.entry, &record.key))).collect();
        let mut notes = Vec::new();
        for Own { wanted, .. } in own.values().filter(|own| own.settled) {
            if !wanted.keys.iter().all(|key| claimed.contains(&(&wanted.entry, key)))
                && let Claimed::Held(held) = self.claim(wanted)?
            {
                let error = taken(&held);
                notes.push(format!("{} {}: {}", wanted.kind.as_str(), wanted.name, error.message()));
            }
        }
        Ok(notes)
    }
}

/// An entry of this host and what it needs in the store.
struct Own {
    wanted: Wanted,
    /// False while an operation on it is unfinished.
    settled: bool,
}

/// Addresses, MAC addresses and zone names that the host uses, as sets: a store may hold claims of thousands of zones.
struct Used<'u> {
    addresses: HashSet<IpAddr>,
    macs: HashSet<[u8; 6]>,
    zones: HashSet<&'u str>,
}

impl<'u> Used<'u> {
    fn of(host_usage: &'u HostUsage) -> Self {
        let nets = || host_usage.zones().flat_map(|zone| zone.nets());
        let of_zones = nets().flat_map(|net| net.addresses()).map(|(held, _)| held.addr());
        let of_host = host_usage.addresses().map(|(held, _)| held.addr());
        Used {
            addresses: of_zones.chain(of_host).collect(),
            macs: nets().filter_map(|net| net.mac()).chain(host_usage.macs()).collect(),
            zones: host_usage.zones().map(|zone| zone.name).collect(),
        }
    }

    /// Returns true if the host or one of its zones uses what a key stands for.
    fn contains(&self, key: &StoreKey) -> bool {
        match key {
            StoreKey::Ip { address, .. } => self.addresses.contains(address),
            StoreKey::Mac { mac, .. } => self.macs.contains(&mac.bytes()),
            StoreKey::Zone(name) => self.zones.contains(name.as_str()),
            StoreKey::Host(_) | StoreKey::Pool(_) => false,
        }
    }
}
