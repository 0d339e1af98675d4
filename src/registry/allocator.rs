//! Records which holder has which address, link name and MAC address, from the registry, the pools and the host together.
//!
//! Invariant: whatever may be held counts as held. An address is held as long as a zone's desired state, its applied state, its
//! configuration on the host or the running zone has it. Anything that is not known to be on another segment counts, and while a
//! file cannot be read the pools allocate nothing.

mod beside;
mod claim;
mod collected;
mod names;
mod own;

pub(super) use beside::Beside;
pub(crate) use claim::By;
pub(super) use claim::Claim;
pub use claim::HeldBy;
pub use own::AddressOwner;
pub(super) use own::in_use;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use claim::{OwnedClaim, rank};
use collected::Collected;

use super::elsewhere::Elsewhere;
use super::host_usage::HostUsage;
use super::pools::{self, Pools, Segment};
use super::snapshot::{Entry, Snapshot, Unreadable};
use super::summary::{EntryKind, EntrySummary, NetSummary};
use super::{Registry, Tree};
use crate::documents::pool::{Pool, Strategy};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::ipam::{self, Family, Space};
use crate::schema::did_you_mean;
use crate::value::name::PoolName;

pub(crate) use names::nested;
use names::{Names, Places};
pub(crate) use own::gains;

/// Holders of addresses, link names and MAC addresses, and the allocator of new ones.
#[derive(Debug)]
pub struct Allocator {
    pub(super) tree: Tree,
    pub(super) pools: Arc<Pools>,
    pub(super) host_usage: Arc<HostUsage>,
    /// Zones of the host that may hold any address.
    unknown_zones: Vec<Diagnostic>,
    /// Addresses and MAC addresses that other hosts of the fleet hold.
    pub(super) elsewhere: Arc<Elsewhere>,
    pub(super) snapshot: Snapshot,
    /// Nets that zones have on the host and no entry holds.
    beside: Vec<Beside>,
    spaces: HashMap<PoolName, Arc<Space>>,
    used: HashMap<(PoolName, Family), Used>,
    /// Last address allocated from each pool with `strategy "next"`.
    pub(super) last_given: HashMap<(PoolName, Family), u128>,
    names: Collected<Names>,
    places: Collected<Places>,
    /// Every claim by its address.
    by_address: Collected<HashMap<IpAddr, Vec<OwnedClaim>>>,
    /// True if an entry was replaced since these were collected: what is in them is confirmed before it counts.
    is_stale: bool,
}

/// Addresses in use in a pool's networks, as unsorted numbers.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) numbers: Vec<u128>,
    /// Creation time and address number of the newest entry with an address of this pool.
    pub(super) newest: Option<(String, u128)>,
}

impl Registry {
    /// Loads the current state. Takes no lock and writes nothing, so the result may be outdated when it is used: for plans and
    /// reports.
    pub fn allocator(&self, pools: Arc<Pools>, host_usage: impl Into<Arc<HostUsage>>) -> Result<Allocator> {
        let mut snapshot = self.snapshot()?;
        if let Some((kind, summary)) = self.instead() {
            snapshot.replace(kind, &summary);
        }
        // Reports look up every entry.
        snapshot.map_names();
        let mut allocator = Allocator::new(self.tree().clone(), snapshot, pools, host_usage.into())?;
        allocator.last_given = self.last_given(&allocator.pools);
        Ok(allocator)
    }
}

impl Allocator {
    pub(super) fn new(
        tree: Tree,
        snapshot: Snapshot,
        pools: Arc<Pools>,
        host_usage: Arc<HostUsage>,
    ) -> Result<Allocator> {
        let overlaps = pools::overlaps(&pools);
        if let Some(first) = overlaps.first() {
            return Err(Error::new(Code::Config, first.message.clone()).with_details(overlaps));
        }
        let mut snapshot = snapshot;
        if host_usage.zones().next().is_some() {
            // Each of them is searched for among the entries.
            snapshot.map_names();
        }
        let beside = beside::find(&snapshot, &host_usage);
        let unknown_zones = host_usage.unknown().collect();
        Ok(Allocator {
            tree,
            pools,
            host_usage,
            unknown_zones,
            elsewhere: Arc::default(),
            snapshot,
            beside,
            spaces: HashMap::new(),
            used: HashMap::new(),
            last_given: HashMap::new(),
            names: Collected::default(),
            places: Collected::default(),
            by_address: Collected::default(),
            is_stale: false,
        })
    }

    /// Sets what other hosts of the fleet hold. In their segments, free addresses are then chosen at random.
    pub(crate) fn set_elsewhere(&mut self, elsewhere: Arc<Elsewhere>) {
        if !elsewhere.is_empty() {
            self.elsewhere = elsewhere;
            self.forget();
        }
    }

    /// Returns true if other hosts hold addresses in the segment of a pool, so that they probably look for one at the same time.
    pub(super) fn is_contested(&self, pool: &Pool) -> bool {
        pool.segment.as_ref().is_some_and(|segment| self.elsewhere.of(&segment.value).next().is_some())
    }

    /// Returns the entries.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Returns the nets that zones have on the host and no entry holds.
    pub(super) fn beside(&self) -> &[Beside] {
        &self.beside
    }

    /// Returns the files whose addresses are unknown: they are unreadable, were never read, and the host usage does not include the
    /// zone. A new host usage that covers these zones may resolve it.
    pub fn unknown(&self) -> impl Iterator<Item = &Unreadable> {
        self.snapshot.unreadable().iter().filter(|unreadable| self.is_unknown(unreadable))
    }

    pub(super) fn is_unknown(&self, unreadable: &Unreadable) -> bool {
        let host_zones = unreadable.file.kind == EntryKind::Zone && self.host_usage.knows(&unreadable.file.name);
        !unreadable.known && !host_zones
    }

    /// Returns true if a zone may hold any address: its file or its document on the host cannot be read. A new host usage may tell
    /// which addresses it holds.
    pub(crate) fn has_unknown_zone(&self) -> bool {
        !self.unknown_zones.is_empty() || self.unknown().any(|unknown| unknown.file.kind == EntryKind::Zone)
    }

    /// Returns the zones of the host whose addresses are unknown because the host's documents of them cannot be read.
    pub(super) fn unknown_zones(&self) -> &[Diagnostic] {
        &self.unknown_zones
    }

    /// Returns the names of all pools.
    pub fn pool_names(&self) -> Vec<PoolName> {
        self.pools.keys().cloned().collect()
    }

    /// Returns a pool by name.
    pub(super) fn pool(&self, name: &PoolName) -> Result<&Pool> {
        self.pools.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.pools.keys().map(PoolName::as_str).collect();
            let help = match (did_you_mean(name.as_str(), known.iter().copied()), known.as_slice()) {
                (Some(near), _) => format!("did you mean {near:?}?"),
                (None, []) => format!("create a pool first: {}", self.tree.pool(name).display()),
                (None, known) => format!("the pools are {}", known.join(", ")),
            };
            Error::new(Code::NotFound, format!("pool {:?} does not exist", name.as_str())).with_help(help)
        })
    }

    pub(super) fn space(&mut self, name: &PoolName) -> Result<Arc<Space>> {
        if let Some(space) = self.spaces.get(name) {
            return Ok(Arc::clone(space));
        }
        let space = Arc::new(self.pools.space(self.pool(name)?));
        self.spaces.insert(name.clone(), Arc::clone(&space));
        Ok(space)
    }

    /// Returns the path of an entry's file.
    pub(super) fn file(&self, kind: EntryKind, name: &str) -> PathBuf {
        self.tree.directory(kind.directory()).join(format!("{name}.kdl"))
    }

    pub(super) fn held_by(&self, kind: EntryKind, name: &str) -> HeldBy {
        let (name, file) = (name.to_owned(), self.file(kind, name));
        match kind {
            EntryKind::Zone => HeldBy::Zone { name, file },
            EntryKind::Reservation => HeldBy::Reservation { name, file },
        }
    }

    /// Calls `each` with every claim on an address that cannot also be used on segment `there`, or on any address if no segment is
    /// given. No other function decides what is in use.
    pub(super) fn each_claim<'s>(&'s self, there: Option<Segment<'_>>, mut each: impl FnMut(IpAddr, Claim<'s>)) {
        // Most entries have the same router.
        let mut last_router = None;
        self.each_claim_on(None, there, |address, claim| {
            let router = (address, claim.segment.parts(), claim.held);
            if !claim.router || claim.summary.is_none() || last_router.replace(router) != Some(router) {
                each(address, claim);
            }
        });
    }

    /// Calls `each` with every claim, or with those on one address: nearly no net has it, and the segments of the others do not
    /// matter. Each entry with the same router claims it.
    fn each_claim_on<'s>(
        &'s self,
        wanted: Option<IpAddr>,
        there: Option<Segment<'_>>,
        mut each: impl FnMut(IpAddr, Claim<'s>),
    ) {
        let is_wanted = |address: IpAddr| wanted.is_none_or(|wanted| wanted == address);
        let meets = |segment: &Segment<'_>| there.is_none_or(|there| there.meets(segment));
        for entry in self.snapshot.entries() {
            let summary = entry.summary;
            let by = By::entry(summary.kind, summary.name);
            for net in summary.all_nets() {
                if wanted.is_some() && !net.addresses().any(|(a, gateway)| is_wanted(a.addr()) || gateway == wanted) {
                    continue;
                }
                let same = there.is_some_and(|there| there.pool.is_some() && there.pool == net.pool);
                // Decoding the links is the most expensive part, and they do not matter if the pool is the same.
                let segment =
                    if same { Segment::from_parts(net.pool, None, None) } else { Segment::of_net(&self.pools, &net) };
                if !same && !meets(&segment) {
                    continue;
                }
                let held = net.held();
                for (address, gateway) in net.addresses() {
                    if is_wanted(address.addr()) {
                        each(address.addr(), Claim { by, segment, held, router: false, summary: Some(summary) });
                    }
                    // A router that the pool does not list still has its address.
                    if let Some(gateway) = gateway.filter(|gateway| is_wanted(*gateway)) {
                        each(gateway, Claim { by, segment, held, router: true, summary: Some(summary) });
                    }
                }
            }
        }
        self.each_claim_besides_entries(wanted, there, &mut each);
    }

    /// Calls `each` with the claims of the host, its unregistered nets, other hosts of the fleet and gateways.
    fn each_claim_besides_entries<'s>(
        &'s self,
        wanted: Option<IpAddr>,
        there: Option<Segment<'_>>,
        each: &mut impl FnMut(IpAddr, Claim<'s>),
    ) {
        let is_wanted = |address: IpAddr| wanted.is_none_or(|wanted| wanted == address);
        let meets = |segment: &Segment<'_>| there.is_none_or(|there| there.meets(segment));
        for Beside { zone, net, .. } in &self.beside {
            let segment = self.wire_beside(net);
            for (address, _) in net.addresses.iter().filter(|(address, _)| is_wanted(address.addr()) && meets(&segment))
            {
                each(address.addr(), Claim { by: By::Zone(zone), segment, held: true, router: false, summary: None });
            }
        }
        for (address, object) in self.host_addresses().filter(|(address, _)| is_wanted(*address)) {
            let segment = self.wire_of_object(object);
            if meets(&segment) {
                each(address, Claim { by: By::Host(object), segment, held: true, router: false, summary: None });
            }
        }
        for pool in self.pools.values().filter(|_| !self.elsewhere.is_empty()) {
            let segment = Segment::of(pool);
            let Some(name) = pool.segment.as_ref().filter(|_| meets(&segment)) else { continue };
            for (address, holder) in self.elsewhere.of(name).filter(|(address, _)| is_wanted(*address)) {
                each(address, Claim { by: By::Fleet(holder), segment, held: true, router: false, summary: None });
            }
        }
        for other in self.pools.values() {
            let segment = Segment::of(other);
            let gateways = other.networks.iter().filter_map(|network| network.gateway);
            for gateway in gateways.filter(|gateway| is_wanted(*gateway) && meets(&segment)) {
                let by = By::Gateway(other.name.as_str());
                each(gateway, Claim { by, segment, held: true, router: true, summary: None });
            }
        }
    }

    /// Returns the segment of a net that a zone has on the host. A link that the host did not list may lead anywhere.
    fn wire_beside<'s>(&'s self, net: &'s NetSummary) -> Segment<'s> {
        net.stub.as_deref().map_or_else(Segment::default, |stub| Segment::of_link(stub, net.vlan))
    }

    /// Returns the addresses of the host itself, each with its address object. Addresses of running shared-IP zones belong to those
    /// zones.
    fn host_addresses(&self) -> impl Iterator<Item = (IpAddr, &str)> {
        let shared = self.host_usage.zones().filter(|zone| zone.shared);
        let of_zones: HashSet<IpAddr> = shared
            .flat_map(|zone| zone.nets())
            .flat_map(|net| net.addresses())
            .map(|(address, _)| address.addr())
            .collect();
        let all = self.host_usage.addresses().map(|(address, object)| (address.addr(), object));
        all.filter(move |(address, _)| !of_zones.contains(address))
    }

    fn wire_of_object<'s>(&'s self, object: &'s str) -> Segment<'s> {
        let link = link_of(object);
        if let Some((over, vlan)) = self.host_usage.vnic(link) {
            return Segment::of_link(over, vlan);
        }
        match self.host_usage.has_link(link) {
            true => Segment::of_link(link, None),
            false => Segment::default(),
        }
    }

    /// Returns the numbers in use in a pool; collected once and cached.
    pub(super) fn used(&mut self, name: &PoolName, family: Family) -> Result<&Used> {
        let key = (name.clone(), family);
        if !self.used.contains_key(&key) {
            let space = self.space(name)?;
            let pool = self.pool(name)?;
            let networks: Vec<ipam::Interval> =
                space.blocks.iter().filter(|b| b.family() == family).map(ipam::Block::interval).collect();
            let mut used = Used { numbers: Vec::with_capacity(self.snapshot.len() + 16), newest: None };
            let next = pool.strategy == Strategy::Next;
            let mut newest: Option<(&str, u128)> = None;
            self.each_claim(Some(Segment::of(pool)), |address, claim| {
                let number = ipam::number(address);
                if Family::of(address) != family || !networks.iter().any(|n| n.contains(number)) {
                    return;
                }
                used.numbers.push(number);
                if next
                    && let Some(summary) = claim.summary.filter(|_| !claim.router)
                    && claim.segment.pool == Some(name.as_str())
                {
                    newest = newest.max(Some((summary.created().unwrap_or_default(), number)));
                }
            });
            used.newest = newest.map(|(created, number)| (created.to_owned(), number));
            self.used.insert(key.clone(), used);
        }
        Ok(&self.used[&key])
    }

    /// Returns the holder that conflicts with `own`, an entry or a zone that is to become one: any other holder, or a desired state
    /// older than its own. If several conflict, the choice is deterministic.
    pub(super) fn holder(&mut self, there: Segment<'_>, address: IpAddr, own: (EntryKind, &str)) -> Option<HeldBy> {
        let mut by_address = std::mem::take(&mut self.by_address);
        let collected = by_address.ask(|| {
            let mut all: HashMap<IpAddr, Vec<OwnedClaim>> = HashMap::new();
            let mut add = |address, claim: Claim<'_>| all.entry(address).or_default().push(OwnedClaim::new(&claim));
            self.each_claim_on(None, None, &mut add);
            all
        });
        let mut found: Option<By<'_>> = None;
        let take =
            |by: By<'_>, held: bool| -> bool { by != By::entry(own.0, own.1) && (held || self.is_older(by, own)) };
        match collected {
            Some(all) => {
                for claim in all.get(&address).into_iter().flatten().filter(|claim| there.meets(&claim.segment())) {
                    if take(claim.by(), claim.held) && (!self.is_stale || self.still_makes(claim, address)) {
                        found = Some(found.map_or(claim.by(), |found| found.min(claim.by())));
                    }
                }
            }
            None => self.each_claim_on(Some(address), Some(there), |_, claim| {
                if take(claim.by, claim.held) {
                    found = Some(found.map_or(claim.by, |found| found.min(claim.by)));
                }
            }),
        }
        let found = found.map(|by| self.say(by));
        self.by_address = by_address;
        found
    }

    /// Returns true if a claim that was collected is still made.
    fn still_makes(&self, claim: &OwnedClaim, address: IpAddr) -> bool {
        let mut still = false;
        let of_entry = match claim.by() {
            By::Zone(name) => self.snapshot.entry(EntryKind::Zone, name),
            By::Reservation(name) => self.snapshot.entry(EntryKind::Reservation, name),
            By::Host(_) | By::Gateway(_) | By::Fleet(_) => return true,
        };
        for net in of_entry.iter().flat_map(|entry| entry.summary.all_nets()) {
            let has = net.addresses().any(|(held, gateway)| held.addr() == address || gateway == Some(address));
            let is_same = Segment::of_net(&self.pools, &net).parts() == claim.segment().parts();
            still |= has && is_same && net.held() == claim.held;
        }
        let of_host = |beside: &Beside| {
            By::Zone(&beside.zone) == claim.by() && beside.net.addresses.iter().any(|(held, _)| held.addr() == address)
        };
        still || self.beside.iter().any(of_host)
    }

    /// Returns true if this entry's desired state is older than that of `own`, which may not have an entry yet.
    pub(super) fn is_older(&self, by: By<'_>, own: (EntryKind, &str)) -> bool {
        let By::Zone(name) = by else { return true };
        let (other, own) = (self.snapshot.entry(EntryKind::Zone, name), self.snapshot.entry(own.0, own.1));
        match (other, own) {
            (Some(other), Some(own)) => rank(&other.summary) < rank(&own.summary),
            _ => true,
        }
    }

    /// Names a holder.
    pub(super) fn say(&self, by: By<'_>) -> HeldBy {
        match by {
            By::Zone(name) => {
                let unreadable = self.snapshot.unreadable().iter();
                let mut unreadable = unreadable.filter(|each| each.file.kind == EntryKind::Zone);
                match self.snapshot.entry(EntryKind::Zone, name) {
                    None if !unreadable.any(|each| each.file.name == name) => HeldBy::HostZone(name.to_owned()),
                    _ => self.held_by(EntryKind::Zone, name),
                }
            }
            By::Reservation(name) => self.held_by(EntryKind::Reservation, name),
            By::Host(object) => HeldBy::Host(object.to_owned()),
            By::Gateway(pool) => HeldBy::Gateway(pool.to_owned()),
            By::Fleet(holder) => HeldBy::Fleet(holder.to_owned()),
        }
    }

    /// Finds one entry; uses an index after the first few searches.
    pub fn find(&mut self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        self.snapshot.find(kind, name)
    }

    /// Adds an entry that is only planned, so that the next choice differs.
    pub fn plan_entry(&mut self, entry: &ZoneEntry) {
        self.put(EntryKind::Zone, &EntrySummary::from(entry));
    }

    /// Adds an entry that is being made or planned; replaces an entry of the same name.
    pub(super) fn put(&mut self, kind: EntryKind, summary: &EntrySummary) {
        let pools = Arc::clone(&self.pools);
        let before = self.snapshot.find(kind, &summary.name).map(|entry| entry.summary.to_summary());
        self.snapshot.replace(kind, summary);
        if let Some(before) = before {
            self.take_out(&before);
        }
        let Some(view) = self.snapshot.last() else { return };
        for ((name, family), used) in &mut self.used {
            let Some(pool) = pools.get(name) else { continue };
            for net in view.all_nets().filter(|net| Segment::of(pool).meets(&Segment::of_net(&pools, net))) {
                for (address, gateway) in net.addresses() {
                    for held in [Some(address.addr()), gateway].into_iter().flatten() {
                        if Family::of(held) == *family {
                            used.numbers.push(ipam::number(held));
                        }
                    }
                    if Family::of(address.addr()) == *family && net.pool == Some(name.as_str()) {
                        let newest = (view.created().unwrap_or_default().to_owned(), ipam::number(address.addr()));
                        used.newest = used.newest.take().max(Some(newest));
                    }
                }
            }
        }
        if let Some(names) = self.names.made() {
            view.all_nets().for_each(|net| names.take_in(net.links()));
        }
        if let Some(places) = self.places.made() {
            places.take_in(&view);
        }
        if let Some(all) = self.by_address.made() {
            for net in view.all_nets() {
                let (by, segment) = (By::entry(view.kind, view.name), Segment::of_net(&pools, &net));
                for (address, gateway) in net.addresses() {
                    for (held, router) in [(Some(address.addr()), false), (gateway, true)] {
                        let claim = Claim { by, segment, held: net.held(), router, summary: None };
                        if let Some(held) = held {
                            all.entry(held).or_default().push(OwnedClaim::new(&claim));
                        }
                    }
                }
            }
        }
    }

    /// Takes the addresses of an entry that was replaced out of those in use. Its claims, links and MAC addresses stay collected.
    fn take_out(&mut self, before: &EntrySummary) {
        self.is_stale = true;
        let pools = Arc::clone(&self.pools);
        self.used.retain(|(name, family), used| {
            let Some(pool) = pools.get(name) else { return false };
            let is_here = |net: &&NetSummary| Segment::of(pool).meets(&Segment::of_summary(&pools, net));
            let nets = before.nets.iter().chain(&before.applied).filter(is_here);
            let addresses = nets.flat_map(|net| &net.addresses).map(|(address, _)| address.addr());
            for number in addresses.filter(|address| Family::of(*address) == *family).map(ipam::number) {
                if let Some(at) = used.numbers.iter().position(|known| *known == number) {
                    used.numbers.swap_remove(at);
                }
                // Which is the newest now is found out by collecting them again.
                if used.newest.as_ref().is_some_and(|(_, newest)| *newest == number) {
                    return false;
                }
            }
            true
        });
    }

    fn forget(&mut self) {
        self.is_stale = false;
        self.used.clear();
        self.names.forget();
        self.places.forget();
        self.by_address.forget();
    }

    /// Drops an entry that is gone.
    pub(super) fn drop_entry(&mut self, kind: EntryKind, name: &str) {
        if self.snapshot.remove(kind, name) {
            self.forget();
        }
    }

    /// Fails if an unreadable file may hold any address.
    pub(super) fn refuse_unknown(&self, pool: &PoolName) -> Result<()> {
        if let Some(first) = self.unknown_zones.first() {
            let message = format!("cannot allocate from pool {:?}: {}", pool.as_str(), first.message);
            let help = first.help.clone().unwrap_or_default();
            return Err(Error::new(Code::Io, message).with_help(help).with_details(self.unknown_zones.clone()));
        }
        let unknown: Vec<&Unreadable> = self.unknown().collect();
        let Some(first) = unknown.first() else { return Ok(()) };
        let details: Vec<Diagnostic> = unknown.iter().flat_map(|u| u.faults.clone()).collect();
        let message = format!(
            "cannot allocate from pool {:?}: {} cannot be read, so its addresses are unknown",
            pool.as_str(),
            first.file.path.display()
        );
        Err(Error::new(Code::Config, message)
            .with_help("fix the file, or delete it if the zone is gone from the host")
            .with_details(details))
    }
}

/// Returns the link of an address object: `net0` of `net0/v4`.
pub(super) fn link_of(object: &str) -> &str {
    object.split_once('/').map_or(object, |(link, _)| link)
}

#[cfg(test)]
mod tests;
