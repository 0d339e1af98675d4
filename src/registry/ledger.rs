//! Who holds what, at one moment: the snapshot, the pools and the survey of the host taken together.
//!
//! Invariant: an address that anybody may hold is held. What is not known to be on another wire counts, and a file that nobody
//! can read keeps the pools from giving anything.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::facts::{EntryKind, Facts, FactsRef, LinksRef, NetRef};
use super::pools::{self, Pools, Wire};
use super::snapshot::{Entry, Snapshot, Unreadable};
use super::survey::{Survey, SurveyHolder};
use super::{Registry, Tree};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::ipam::{self, Family, Space};
use crate::name::PoolName;
use crate::pool::{Pool, Strategy};
use crate::zone::ZoneEntry;

/// Who holds what.
#[derive(Debug)]
pub struct Ledger {
    pub(super) tree: Tree,
    pub(super) pools: Arc<Pools>,
    pub(super) survey: Survey,
    pub(super) snapshot: Snapshot,
    spaces: HashMap<PoolName, Arc<Space>>,
    used: HashMap<(PoolName, Family), Used>,
    names: Option<Names>,
    /// How often a link or MAC address was asked for.
    asked: usize,
    /// What the survey saw each zone hold, once somebody has asked.
    surveyed: Option<HashMap<String, Vec<IpAddr>>>,
    /// How often each address is spoken of, on whatever wire, once somebody has asked.
    mentions: Option<HashMap<IpAddr, usize>>,
}

/// What of a pool's networks is in use, as numbers in no order.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) numbers: Vec<u128>,
    /// The newest entry's address of this pool: when it was made, and the number.
    pub(super) newest: Option<(String, u128)>,
}

/// Links and MAC addresses that somebody has.
#[derive(Debug, Default)]
struct Names {
    links: HashSet<Box<str>>,
    macs: HashSet<[u8; 6]>,
}

impl Names {
    fn take_in(&mut self, net: LinksRef<'_>) {
        self.links.extend(net.vnic.into_iter().chain(net.physical).map(Box::from));
        self.macs.extend(net.mac);
    }
}

/// Who holds an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HeldBy {
    /// A zone of the registry.
    Zone {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
    },
    /// A reservation.
    Reservation {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
    },
    /// The host itself, by this address object.
    Host(String),
    /// A zone of the host that is not in the registry.
    HostZone(String),
    /// The gateway of a pool.
    Gateway(String),
}

impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldBy::Zone { name, file } => write!(f, "zone {name} ({})", file.display()),
            HeldBy::Reservation { name, file } => write!(f, "reservation {name} ({})", file.display()),
            HeldBy::Host(object) => write!(f, "the host itself ({object})"),
            HeldBy::HostZone(name) => write!(f, "zone {name}, which is not in the registry"),
            HeldBy::Gateway(pool) => write!(f, "the gateway of pool {pool}"),
        }
    }
}

impl Registry {
    /// Who holds what now. Takes no lock and writes nothing, so it may be old when it is used: for plans and reports.
    pub fn ledger(&self, pools: Arc<Pools>, survey: Survey) -> Result<Ledger> {
        Ledger::new(self.tree().clone(), self.snapshot()?, pools, survey)
    }
}

impl Ledger {
    pub(super) fn new(tree: Tree, snapshot: Snapshot, pools: Arc<Pools>, survey: Survey) -> Result<Ledger> {
        let overlaps = pools::overlaps(&pools);
        if let Some(first) = overlaps.first() {
            return Err(Error::new(Code::Config, first.message.clone()).with_details(overlaps));
        }
        let mut snapshot = snapshot;
        if !survey.zones.is_empty() {
            // For each of them it is asked whether it is registered by now.
            snapshot.map_names();
        }
        Ok(Ledger {
            tree,
            pools,
            survey,
            snapshot,
            spaces: HashMap::new(),
            used: HashMap::new(),
            names: None,
            asked: 0,
            surveyed: None,
            mentions: None,
        })
    }

    /// The entries.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The files whose addresses nobody knows: unreadable, never read, and the survey has no such zone. A survey that looks for
    /// these zones may help.
    pub fn unknown(&self) -> impl Iterator<Item = &Unreadable> {
        self.snapshot.unreadable().iter().filter(|unreadable| self.is_unknown(unreadable))
    }

    pub(super) fn is_unknown(&self, unreadable: &Unreadable) -> bool {
        let surveyed = unreadable.file.kind == EntryKind::Zone && self.survey.knows(&unreadable.file.name);
        !unreadable.known && !surveyed
    }

    /// The names of all pools.
    pub fn pool_names(&self) -> Vec<PoolName> {
        self.pools.keys().cloned().collect()
    }

    /// A pool by its name.
    pub(super) fn pool(&self, name: &PoolName) -> Result<&Pool> {
        self.pools.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.pools.keys().map(PoolName::as_str).collect();
            let help = match known.as_slice() {
                [] => format!("there are no pools yet; write {}", self.tree.pool(name).display()),
                known => format!("the pools are {}", known.join(", ")),
            };
            Error::new(Code::NotFound, format!("there is no pool {name}")).with_help(help)
        })
    }

    pub(super) fn space(&mut self, name: &PoolName) -> Result<Arc<Space>> {
        if let Some(space) = self.spaces.get(name) {
            return Ok(Arc::clone(space));
        }
        let space = Arc::new(pools::space(self.pool(name)?));
        self.spaces.insert(name.clone(), Arc::clone(&space));
        Ok(space)
    }

    /// The path of an entry's file.
    pub(super) fn file(&self, kind: EntryKind, name: &str) -> PathBuf {
        self.tree.folder(kind.folder()).join(format!("{name}.kdl"))
    }

    pub(super) fn held_by(&self, kind: EntryKind, name: &str) -> HeldBy {
        let (name, file) = (name.to_owned(), self.file(kind, name));
        match kind {
            EntryKind::Zone => HeldBy::Zone { name, file },
            EntryKind::Reservation => HeldBy::Reservation { name, file },
        }
    }

    /// Calls `each` with every address that nobody else can have there, and its holder. The one function that knows what is in use.
    pub(super) fn each_held<'s>(&'s self, there: Wire<'_>, mut each: impl FnMut(IpAddr, Holding<'s>)) {
        let mut router = None;
        for entry in self.snapshot.entries() {
            let facts = entry.facts;
            for net in facts.nets() {
                let same = there.pool.is_some() && there.pool == net.pool;
                if !same && !there.meets(&Wire::of_net(&self.pools, &net)) {
                    continue;
                }
                for (address, gateway) in net.addresses() {
                    each(address.addr(), Holding::Entry(facts, net));
                    // A router that the pool does not know of has its address all the same. Most entries have one and the same.
                    if let Some(gateway) = gateway.filter(|gateway| router.replace(*gateway) != Some(*gateway)) {
                        each(gateway, Holding::EntryGateway(facts.kind, facts.name));
                    }
                }
            }
        }
        for (address, holder) in &self.survey.addresses {
            match holder {
                // What the registry says of its zones is the truth; the survey may be older.
                SurveyHolder::Zone(name) if self.snapshot.is_registered(name) => {}
                SurveyHolder::Zone(name) => each(address.addr(), Holding::HostZone(name)),
                SurveyHolder::Host(object) => each(address.addr(), Holding::Host(object)),
            }
        }
        for other in self.pools.values().filter(|other| there.meets(&Wire::of(other))) {
            for gateway in other.networks.iter().filter_map(|network| network.gateway) {
                each(gateway, Holding::Gateway(other.name.as_str()));
            }
        }
    }

    /// How often an entry to come, as a zone that is not registered yet, was seen to hold this address: so often it is its own.
    pub(super) fn surveyed(&mut self, (kind, name): (EntryKind, &str), address: IpAddr) -> usize {
        if kind != EntryKind::Zone || self.survey.zones.is_empty() || self.snapshot.is_registered(name) {
            return 0;
        }
        let Ledger { survey, surveyed, .. } = self;
        let surveyed = surveyed.get_or_insert_with(|| {
            let mut all: HashMap<String, Vec<IpAddr>> = HashMap::new();
            for (address, holder) in &survey.addresses {
                if let SurveyHolder::Zone(zone) = holder {
                    all.entry(zone.clone()).or_default().push(address.addr());
                }
            }
            all
        });
        surveyed.get(name).map_or(0, |held| held.iter().filter(|held| **held == address).count())
    }

    /// How often this address is spoken of, on whatever wire.
    pub(super) fn mentions(&mut self, address: IpAddr) -> usize {
        if self.mentions.is_none() {
            let mut all = HashMap::new();
            self.each_held(Wire::default(), |address, _| *all.entry(address).or_default() += 1);
            self.mentions = Some(all);
        }
        self.mentions.as_ref().and_then(|all| all.get(&address)).copied().unwrap_or(0)
    }

    /// The numbers in use in a pool, gathered once and kept.
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
            self.each_held(Wire::of(pool), |address, holding| {
                let number = ipam::number(address);
                if Family::of(address) != family || !networks.iter().any(|n| n.contains(number)) {
                    return;
                }
                used.numbers.push(number);
                if next
                    && let Holding::Entry(facts, net) = holding
                    && net.pool == Some(name.as_str())
                {
                    newest = newest.max(Some((facts.created().unwrap_or_default(), number)));
                }
            });
            used.newest = newest.map(|(created, number)| (created.to_owned(), number));
            self.used.insert(key.clone(), used);
        }
        Ok(&self.used[&key])
    }

    /// Who holds an address there, other than the entry `but`.
    pub(super) fn holder(&self, there: Wire<'_>, address: IpAddr, but: Option<(EntryKind, &str)>) -> Option<HeldBy> {
        let mut found = None;
        self.each_held(there, |held, holding| {
            let own = match holding {
                Holding::Entry(facts, _) => but == Some((facts.kind, facts.name)),
                Holding::EntryGateway(kind, name) => but == Some((kind, name)),
                Holding::HostZone(name) => but == Some((EntryKind::Zone, name)),
                _ => false,
            };
            if held == address && !own && found.is_none() {
                found = Some(holding);
            }
        });
        found.map(|holding| self.say(holding))
    }

    pub(super) fn say(&self, holding: Holding<'_>) -> HeldBy {
        match holding {
            Holding::Entry(facts, _) => self.held_by(facts.kind, facts.name),
            Holding::EntryGateway(kind, name) => self.held_by(kind, name),
            Holding::Host(object) => HeldBy::Host(object.to_owned()),
            Holding::HostZone(name) => HeldBy::HostZone(name.to_owned()),
            Holding::Gateway(pool) => HeldBy::Gateway(pool.to_owned()),
        }
    }

    /// Every link and MAC address, once so much was asked for that gathering them costs less than looking at all entries each time.
    fn names(&mut self) -> Option<&Names> {
        const FEW: usize = 8;
        let Ledger { snapshot, survey, names, asked, .. } = self;
        *asked += 1;
        if names.is_none() && *asked > FEW {
            let mut all = Names::default();
            snapshot.entries().flat_map(|entry| entry.facts.nets()).for_each(|net| all.take_in(net.links()));
            all.links.extend(survey.links.iter().map(|link| Box::from(link.as_str())));
            all.macs.extend(&survey.macs);
            *names = Some(all);
        }
        names.as_ref()
    }

    fn any_net(&self, holds: impl Fn(NetRef<'_>) -> bool) -> bool {
        self.snapshot.entries().flat_map(|entry| entry.facts.nets()).any(holds)
    }

    /// One entry, found at once after the first few searches.
    pub fn find(&mut self, kind: EntryKind, name: &str) -> Option<Entry<'_>> {
        self.snapshot.find(kind, name)
    }

    /// Whether an entry or the host has a link of this name.
    pub fn has_link(&mut self, name: &str) -> bool {
        match self.names() {
            Some(names) => names.links.contains(name),
            None => self.survey.links.iter().any(|link| link == name) || self.any_net(|net| net.has_link(name)),
        }
    }

    /// Whether an entry or the host has this MAC address.
    pub fn has_mac(&mut self, mac: [u8; 6]) -> bool {
        match self.names() {
            Some(names) => names.macs.contains(&mac),
            None => self.survey.macs.contains(&mac) || self.any_net(|net| net.mac() == Some(mac)),
        }
    }

    /// Takes in an entry that is only planned, so that what is chosen next is not the same.
    pub fn plan_entry(&mut self, entry: &ZoneEntry) {
        self.put(EntryKind::Zone, &Facts::from(entry));
    }

    /// Takes in an entry that is made now, or planned, in place of any that it had of this name.
    pub(super) fn put(&mut self, kind: EntryKind, facts: &Facts) {
        let pools = Arc::clone(&self.pools);
        let was_there = self.snapshot.replace(kind, facts);
        if was_there {
            // What it held before is no longer held: gathered anew when next asked for.
            self.forget();
            return;
        }
        let Some(view) = self.snapshot.last() else { return };
        for ((name, family), used) in &mut self.used {
            let Some(pool) = pools.get(name) else { continue };
            for net in view.nets().filter(|net| Wire::of(pool).meets(&Wire::of_net(&pools, net))) {
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
        if let Some(names) = &mut self.names {
            view.nets().for_each(|net| names.take_in(net.links()));
        }
        if let Some(mentions) = &mut self.mentions {
            for (address, gateway) in view.nets().flat_map(|net| net.addresses()) {
                for held in [Some(address.addr()), gateway].into_iter().flatten() {
                    *mentions.entry(held).or_default() += 1;
                }
            }
        }
    }

    fn forget(&mut self) {
        self.used.clear();
        (self.names, self.mentions) = (None, None);
    }

    /// Drops an entry that is gone.
    pub(super) fn drop_entry(&mut self, kind: EntryKind, name: &str) {
        if self.snapshot.remove(kind, name) {
            self.forget();
        }
    }

    /// Refuses where a file that nobody can read may hold anything.
    pub(super) fn refuse_unknown(&self, pool: &PoolName) -> Result<()> {
        let unknown: Vec<&Unreadable> = self.unknown().collect();
        let Some(first) = unknown.first() else { return Ok(()) };
        let details: Vec<Diagnostic> = unknown.iter().flat_map(|u| u.faults.clone()).collect();
        let message = format!(
            "pool {pool} gives no address: {} cannot be read, and it is not known which addresses it holds",
            first.file.path.display()
        );
        Err(Error::new(Code::Config, message)
            .with_help("mend the file; if nothing of it is left on the host, remove it")
            .with_details(details))
    }
}

/// Why an address is in use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holding<'a> {
    /// An entry and its net.
    Entry(FactsRef<'a>, NetRef<'a>),
    /// The router of an entry's net.
    EntryGateway(EntryKind, &'a str),
    Host(&'a str),
    HostZone(&'a str),
    Gateway(&'a str),
}

#[cfg(test)]
mod tests {
    use super::super::Asker;
    use super::super::facts::NetFacts;
    use super::*;
    use crate::document::Document;
    use proptest::prelude::*;
    use std::path::Path;

    const POOL: &str = "pool \"p\" {\n    network \"10.4.0.0/28\"\n    gateway \"10.4.0.1\"\n    stub \"stub0\"\n}\n";

    fn address(n: u8) -> IpAddr {
        IpAddr::from([10, 4, 0, n])
    }

    fn facts(name: &str, n: u8, in_pool: bool) -> Facts {
        let (pool, stub) = if in_pool { (Some("p".to_owned()), None) } else { (None, Some("stub0".to_owned())) };
        let net = NetFacts { pool, stub, addresses: vec![(address(n).into(), None)], ..NetFacts::default() };
        Facts { name: name.to_owned(), nets: vec![net], ..Facts::default() }
    }

    fn held() -> impl proptest::strategy::Strategy<Value = Vec<(usize, u8)>> {
        proptest::collection::vec((0..4usize, 2..8u8), 0..6)
    }

    proptest! {
        /// What counting says, a look at every holder says too.
        #[test]
        fn only_what_is_nobody_elses_is_free(entries in held(), surveyed in held(), put in held(), ask in (0..4usize, 2..8u8), in_pool: bool) {
            let name = |n: usize| ["a", "b", "c", "d"][n];
            let pool: Pool = Document::parse(Path::new("p.kdl"), POOL.as_bytes()).unwrap().value;
            let mut snapshot = Snapshot::default();
            for (zone, n) in entries {
                snapshot.replace(EntryKind::Zone, &facts(name(zone), n, in_pool));
            }
            let addresses = surveyed.iter().map(|(zone, n)| (address(*n).into(), SurveyHolder::Zone(name(*zone).to_owned())));
            let zones = surveyed.iter().map(|(zone, _)| name(*zone).to_owned()).collect();
            let survey = Survey { addresses: addresses.collect(), zones, ..Survey::default() };
            let pools = Arc::new(Pools::from([(pool.name.clone(), pool.clone())]));
            let mut ledger = Ledger::new(Tree::new("/t"), snapshot, pools, survey).unwrap();
            let (asker, wanted) = (Asker { kind: EntryKind::Zone, name: name(ask.0) }, address(ask.1));
            // So that what was counted is brought up to date too.
            ledger.check_wanted(&pool.name, wanted, asker).ok();
            ledger.mentions(wanted);
            for (zone, n) in put {
                ledger.put(EntryKind::Zone, &facts(name(zone), n, in_pool));
            }
            let own = (EntryKind::Zone, asker.name);
            let holder = ledger.holder(Wire::of(&pool), wanted, Some(own));
            let checked = ledger.check_wanted(&pool.name, wanted, asker);
            prop_assert_eq!(checked.is_err(), holder.is_some(), "{:?}", checked);
            if ledger.mentions(wanted) <= ledger.surveyed(own, wanted) {
                prop_assert_eq!(holder, None);
            }
        }
    }
}
