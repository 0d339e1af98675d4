//! Reports on pools: usage, holders and problems.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use super::allocator::{Allocator, By, Claim, HeldBy, link_of};
use super::pools::Segment;
use super::summary::EntryKind;
use crate::documents::document::json;
use crate::documents::pool::{PoolNetwork, PoolShare};
use crate::error::{Diagnostic, Result};
use crate::ipam::{AddressClass, AddressRange, AddressUse, Classes, Family, Space, Usage, number};
use crate::value::address::MacAddr;
use crate::value::name::PoolName;

/// Usage of a pool and the holders of its addresses.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let usage: PoolUsage = manager.pool_usage("internal")?;
/// assert_eq!((usage.networks[0].network, usage.stub.as_deref()), ("10.1.0.0/24".parse()?, Some("stub0")));
/// for HeldAddress { address, by, .. } in &usage.holders {
///     if let HeldBy::Zone { name, file } = by {
///         println!("{address}: {name}, as {} says", file.display());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolUsage {
    /// The pool.
    pub pool: PoolName,
    /// Its networks, as its file says.
    pub networks: Vec<PoolNetwork>,
    /// The link below the VNICs, if the file says it.
    pub stub: Option<String>,
    /// VLAN of the VNICs, if the file says it.
    pub vlan: Option<u16>,
    /// Usage of each of its families, IPv4 first. Of a pool with shares, only this host's share counts.
    pub families: Vec<Usage>,
    /// Name of this host, if the pool has shares and the name is known.
    pub host: Option<String>,
    /// The shares of all hosts.
    pub shares: Vec<PoolShare>,
    /// Every held address in its networks, ascending, IPv4 first, including gateways and addresses allocated before its networks
    /// changed.
    pub holders: Vec<HeldAddress>,
    /// Further sources of held addresses: unreadable files (the pool allocates nothing until they are fixed), and as a warning a host that
    /// could not be queried.
    pub unknown: Vec<Diagnostic>,
}

/// An address and its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldAddress {
    /// The address.
    pub address: IpAddr,
    /// Its holder.
    pub by: HeldBy,
    /// True if the pool could allocate it. False if the address was held before the pool changed.
    pub in_range: bool,
}

/// Status of an address in one of a pool's networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressStanding {
    /// The pool can allocate it.
    Free,
    /// The pool could allocate it if it were not held.
    Held,
    /// The network's own address.
    Network,
    /// The network's broadcast address.
    Broadcast,
    /// The anycast address of the network's routers.
    Anycast,
    /// The network's gateway.
    Gateway,
    /// It is excluded.
    Excluded,
    /// It is reserved for one owner.
    Reserved,
    /// It is not in a range.
    OutOfRange,
    /// It is not in a share of this host.
    OutOfShare,
}

impl AddressStanding {
    /// All of them.
    pub const ALL: [AddressStanding; 10] = [
        AddressStanding::Free,
        AddressStanding::Held,
        AddressStanding::Network,
        AddressStanding::Broadcast,
        AddressStanding::Anycast,
        AddressStanding::Gateway,
        AddressStanding::Excluded,
        AddressStanding::Reserved,
        AddressStanding::OutOfRange,
        AddressStanding::OutOfShare,
    ];

    /// Returns its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            AddressStanding::Free => "free",
            AddressStanding::Held => "held",
            AddressStanding::Network => "network",
            AddressStanding::Broadcast => "broadcast",
            AddressStanding::Anycast => "anycast",
            AddressStanding::Gateway => "gateway",
            AddressStanding::Excluded => "excluded",
            AddressStanding::Reserved => "reserved",
            AddressStanding::OutOfRange => "out-of-range",
            AddressStanding::OutOfShare => "out-of-share",
        }
    }
}

impl PoolUsage {
    /// Returns the report as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "pool": self.pool.as_str(),
            "networks": json::of(&self.networks),
            "stub": self.stub,
            "vlan": self.vlan,
            "families": self.families.iter().map(family_json).collect::<Vec<_>>(),
            "host": self.host,
            "shares": self.shares,
            "holders": self.holders.iter().map(HeldAddress::to_json).collect::<Vec<_>>(),
            "unknown": self.unknown.iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
        })
    }
}

fn family_json(usage: &Usage) -> serde_json::Value {
    // Most JSON readers are limited to u64.
    let count = |n: u128| u64::try_from(n).map_or_else(|_| n.to_string().into(), serde_json::Value::from);
    let run = |run: AddressRange, taken_for: Option<AddressUse>| {
        let mut json = serde_json::json!({
            "first": run.first.to_string(), "last": run.last.to_string(), "count": count(run.count),
        });
        if let Some(taken_for) = taken_for {
            json["taken-for"] = taken_for.as_str().into();
        }
        json
    };
    serde_json::json!({
        "family": usage.family.to_string().to_lowercase(),
        "total": count(usage.total),
        "used": count(usage.used()),
        "percent": usage.percent(),
        "zones": count(usage.zones),
        "reservations": count(usage.reservations),
        "host": count(usage.host),
        "fleet": count(usage.fleet),
        "gateways": count(usage.gateways),
        "excluded": count(usage.excluded),
        "reserved": count(usage.reserved),
        "free": count(usage.free),
        "outside": count(usage.outside),
        "largest-free": usage.largest_free.map(|free| run(free, None)),
        "map": usage.map.iter().map(|part| run(part.range, Some(part.taken_for))).collect::<Vec<_>>(),
    })
}

impl HeldAddress {
    /// Returns the address and its holder as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let (kind, name) = match &self.by {
            HeldBy::Zone { name, .. } => ("zone", name),
            HeldBy::Reservation { name, .. } => ("reservation", name),
            HeldBy::Host(name) => ("host", name),
            HeldBy::HostZone(name) => ("host-zone", name),
            HeldBy::Gateway(name) => ("gateway", name),
            HeldBy::Fleet(holder) => ("fleet", holder),
        };
        serde_json::json!({
            "address": self.address.to_string(), "kind": kind, "name": name, "in-range": self.in_range,
        })
    }
}

impl Allocator {
    /// Returns the usage of a pool and the holders of its addresses.
    pub fn pool_usage(&mut self, name: &PoolName) -> Result<PoolUsage> {
        let space = self.space(name)?;
        let pool = self.pool(name)?;
        let holdings = self.holdings(pool);
        let classes = Classes::of(&space);
        let mut holders = Vec::new();
        let mut before: BTreeSet<IpAddr> = BTreeSet::new();
        self.each_claim(Some(Segment::of(pool)), |address, claim| {
            // The router of an entry's net appears in its pool or nowhere else.
            let named = claim.router
                && claim.summary.is_some()
                && pool.networks.iter().any(|network| network.gateway == Some(address));
            let inside = classes.has(address);
            let left = !inside && !claim.router && claim.segment.pool == Some(name.as_str());
            if (inside && !named) || left {
                let classify = classes.classify(address, owner_of(&claim));
                let in_range = matches!(classify, AddressClass::Candidate | AddressClass::Gateway);
                holders.push(HeldAddress { address, by: self.say(claim.by), in_range });
            }
            if left {
                before.insert(address);
            }
        });
        holders.sort_by(|a: &HeldAddress, b| (a.address, &a.by).cmp(&(b.address, &b.by)));
        holders.dedup();
        let usage = |family: Family| {
            let mut usage = space.usage(family, &holdings);
            usage.outside += before.iter().filter(|address| Family::of(**address) == family).count() as u128;
            usage
        };
        let divided = pool.shares().next().is_some();
        Ok(PoolUsage {
            pool: name.clone(),
            networks: pool.networks.clone(),
            stub: pool.stub.as_ref().map(|stub| stub.value.clone()),
            vlan: pool.vlan.as_ref().map(|vlan| vlan.value),
            families: space.families().map(usage).collect(),
            host: self.pools.host().filter(|_| divided).map(str::to_owned),
            shares: pool.shares().cloned().collect(),
            holders,
            unknown: self.unknown_details(),
        })
    }

    /// Returns what a pool says of an address in one of its networks.
    pub(crate) fn standing(&mut self, name: &PoolName, address: IpAddr) -> Result<AddressStanding> {
        let space = self.space(name)?;
        Ok(match space.classify(address, None) {
            AddressClass::Candidate => match self.used(name, Family::of(address))?.numbers.contains(&number(address)) {
                true => AddressStanding::Held,
                false => AddressStanding::Free,
            },
            AddressClass::Network => AddressStanding::Network,
            AddressClass::Broadcast => AddressStanding::Broadcast,
            AddressClass::Anycast => AddressStanding::Anycast,
            AddressClass::Gateway => AddressStanding::Gateway,
            AddressClass::Excluded => AddressStanding::Excluded,
            AddressClass::Reserved(_) => AddressStanding::Reserved,
            AddressClass::OutOfShare => AddressStanding::OutOfShare,
            AddressClass::OutOfRange | AddressClass::Elsewhere => AddressStanding::OutOfRange,
        })
    }

    /// Returns problems with the addresses of one pool, or of all: held twice, held against the pool's rules, of an unknown pool,
    /// of no pool, or unknown. For all pools, also checks links and MAC addresses.
    pub fn check_addresses(&self, only: Option<&PoolName>) -> Result<Vec<Diagnostic>> {
        let only = only.map(|name| self.pool(name)).transpose()?;
        let concerns = |address: IpAddr, segment: &Segment<'_>| match only {
            None => true,
            Some(pool) => {
                segment.pool == Some(pool.name.as_str())
                    || (segment.meets(&Segment::of(pool)) && pool.network_of(address).is_some())
            }
        };
        let mut found = Vec::new();
        for Collision { what, first, second, wires } in self.collisions() {
            let wanted = match &what {
                What::Address(address) => wires.iter().any(|segment| concerns(*address, segment)),
                _ => only.is_none(),
            };
            if wanted {
                let message = format!("{what} is held twice: by {} and by {}", self.say(first), self.say(second));
                let fault = Diagnostic::new("held-twice", message).with_help(what.help());
                let file = [second, first].into_iter().find_map(|by| self.file_of(by));
                found.push(match file {
                    Some(file) => fault.at_path(file),
                    None => fault,
                });
            }
        }
        let spaces: HashMap<&str, Space> =
            self.pools.values().map(|p| (p.name.as_str(), self.pools.space(p))).collect();
        let mut of_entries: BTreeMap<(Family, u128, By<'_>), (IpAddr, Segment<'_>)> = BTreeMap::new();
        self.each_claim(None, |address, claim| {
            if claim.summary.is_some() && !claim.router && concerns(address, &claim.segment) {
                of_entries.entry((Family::of(address), number(address), claim.by)).or_insert((address, claim.segment));
            }
        });
        let classes: HashMap<&str, Classes<'_>> =
            spaces.iter().map(|(name, space)| (*name, Classes::of(space))).collect();
        for ((_, _, by), (address, segment)) in of_entries {
            found.extend(self.against_the_rules(address, segment, by, &classes));
        }
        for unreadable in self.snapshot.unreadable() {
            let known = if self.is_unknown(unreadable) {
                "its addresses are unknown, so no pool allocates an address"
            } else {
                "its last known addresses count as held"
            };
            let message = format!("{} cannot be read; {known}", unreadable.file.path.display());
            found.push(Diagnostic::new("unreadable", message).at_path(&unreadable.file.path));
        }
        found.extend(self.host_usage.unread());
        Ok(found)
    }

    /// Returns the errors of the files that may hold any address.
    fn unknown_details(&self) -> Vec<Diagnostic> {
        let of_files = self.unknown().flat_map(|unreadable| unreadable.faults.clone());
        of_files.chain(self.unknown_zones().iter().cloned()).collect()
    }

    /// Returns everything that two holders have and only one can have, in a fixed order. Each comes with the rightful holder and
    /// the colliding one: of two equals, the first by kind and name.
    pub(crate) fn collisions(&self) -> Vec<Collision<'_>> {
        let mut found = self.address_collisions();
        found.extend(self.name_collisions());
        found
    }

    fn address_collisions(&self) -> Vec<Collision<'_>> {
        let mut all: Vec<(IpAddr, Claim<'_>)> = Vec::new();
        self.each_claim(None, |address, claim| {
            let gateway = matches!(claim.by, By::Gateway(_));
            if !claim.router || gateway {
                all.push((address, claim));
            }
        });
        all.sort_by_key(|(address, claim)| (Family::of(*address), number(*address), claim.by, !claim.held));
        let mut found = Vec::new();
        for same in all.chunk_by(|a, b| a.0 == b.0) {
            let mut pairs: BTreeSet<(By<'_>, By<'_>)> = BTreeSet::new();
            let mut before = Before::default();
            for (n, (address, later)) in same.iter().enumerate() {
                let mut reported = 0;
                for earlier in before.near(&later.segment).into_iter().map(|at| &same[at].1) {
                    let collide = earlier.by != later.by
                        && earlier.segment.meets(&later.segment)
                        && self.is_ours(earlier.by, later.by)
                        && !self.is_router(earlier, later)
                        && pairs.insert((earlier.by, later.by));
                    if collide {
                        let (first, second) = self.in_order((earlier.by, earlier.held), (later.by, later.held));
                        let wires = [earlier.segment, later.segment];
                        found.push(Collision { what: What::Address(*address), first, second, wires });
                        reported += 1;
                    }
                    if reported == MAX_REPORTED {
                        break;
                    }
                }
                before.add(n, later.segment);
            }
        }
        found
    }

    /// Returns true if an entry of the registry is involved. Collisions between unregistered holders are not reported.
    fn is_ours(&self, a: By<'_>, b: By<'_>) -> bool {
        [a, b].into_iter().any(|by| match by {
            By::Zone(name) => self.snapshot.entry(EntryKind::Zone, name).is_some(),
            By::Reservation(_) => true,
            By::Host(_) | By::Gateway(_) | By::Fleet(_) => false,
        })
    }

    /// Returns true if one of them is a gateway and the other is the zone that serves as this router: it was not created with the
    /// address, and uses no other router there.
    fn is_router(&self, a: &Claim<'_>, b: &Claim<'_>) -> bool {
        let (a, b) = if matches!(a.by, By::Gateway(_)) { (a, b) } else { (b, a) };
        if !matches!(a.by, By::Gateway(_)) {
            return false;
        }
        match (b.by, b.summary.map(|summary| summary.to_summary())) {
            (By::Gateway(_) | By::Host(_) | By::Fleet(_), _) => true,
            (By::Zone(_), Some(summary)) => {
                let routed = summary.nets.iter().chain(&summary.applied).any(|net| {
                    let ours = a.segment.pool.is_none() || net.pool.as_deref() == a.segment.pool;
                    ours && net.addresses.iter().any(|(_, gateway)| gateway.is_some())
                });
                !routed && summary.origin.as_deref() != Some("create")
            }
            (By::Zone(_), None) => true,
            (By::Reservation(_), _) => false,
        }
    }

    /// Orders two holders of the same thing, the rightful one first: held before only desired, an older desired state before a
    /// younger one, otherwise by kind and name.
    fn in_order<'s>(&self, a: (By<'s>, bool), b: (By<'s>, bool)) -> (By<'s>, By<'s>) {
        let zone = |by: By<'s>| if let By::Zone(name) = by { Some(name) } else { None };
        let swap = match (a.1, b.1) {
            (false, true) => true,
            (false, false) => match (zone(a.0), zone(b.0)) {
                (Some(_), Some(name)) => !self.is_older(a.0, (EntryKind::Zone, name)),
                _ => false,
            },
            _ => false,
        };
        if swap { (b.0, a.0) } else { (a.0, b.0) }
    }

    /// Returns links and MAC addresses that two zones have.
    fn name_collisions(&self) -> Vec<Collision<'_>> {
        /// Use of a link by a zone.
        #[derive(Clone, Copy, PartialEq)]
        enum Use {
            Own,
            Shared,
        }
        let mut links: BTreeMap<&str, BTreeMap<By<'_>, (Use, bool)>> = BTreeMap::new();
        let mut macs: BTreeMap<[u8; 6], BTreeMap<By<'_>, bool>> = BTreeMap::new();
        for entry in self.snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone) {
            let by = By::Zone(entry.summary.name);
            let shared = entry.summary.shared() == Some(true);
            for net in entry.summary.all_nets().map(|net| net.links()) {
                let physical = net.physical.map(|link| (link, if shared { Use::Shared } else { Use::Own }));
                let uses = net.vnic.map(|link| (link, Use::Own)).into_iter().chain(physical);
                for (link, how) in uses {
                    let known = links.entry(link).or_default().entry(by).or_insert((how, net.held));
                    known.1 |= net.held;
                }
                if let Some(mac) = net.mac {
                    *macs.entry(mac).or_default().entry(by).or_insert(net.held) |= net.held;
                }
            }
        }
        for beside in self.beside() {
            let by = By::Zone(&beside.zone);
            let how = if beside.shared { Use::Shared } else { Use::Own };
            for link in beside.net.vnic.iter().chain(&beside.net.physical) {
                links.entry(link).or_default().insert(by, (how, true));
            }
            if let Some(mac) = beside.net.mac {
                macs.entry(mac).or_default().insert(by, true);
            }
        }
        for (mac, users) in &mut macs {
            users.extend(self.elsewhere.of_mac(*mac).map(|holder| (By::Fleet(holder), true)));
        }
        // The host's own use of a link conflicts with a zone that uses the link exclusively.
        let whole = if self.host_usage.addresses.is_empty() { HashSet::new() } else { self.taken_whole() };
        for (_, object) in &self.host_usage.addresses {
            if let Some(users) = links.get_mut(link_of(object))
                && users.values().any(|(how, _)| *how == Use::Own)
                && whole.contains(link_of(object))
            {
                users.insert(By::Host(object), (Use::Shared, true));
            }
        }
        let mut found = Vec::new();
        for (link, users) in &links {
            let users: Vec<(By<'_>, (Use, bool))> = users.iter().map(|(by, how)| (*by, *how)).collect();
            for (n, (later, (how, held))) in users.iter().enumerate() {
                let earlier = users[..n].iter().filter(|(_, (other, _))| [*how, *other] != [Use::Shared; 2]);
                let earlier = earlier.filter(|(by, _)| self.is_ours(*by, *later)).take(MAX_REPORTED);
                for (earlier, (_, other_held)) in earlier {
                    let (first, second) = self.in_order((*earlier, *other_held), (*later, *held));
                    let wires = [Segment::default(); 2];
                    found.push(Collision { what: What::Link((*link).to_owned()), first, second, wires });
                }
            }
        }
        for (mac, users) in &macs {
            let users: Vec<(By<'_>, bool)> = users.iter().map(|(by, held)| (*by, *held)).collect();
            for (n, later) in users.iter().enumerate() {
                let earlier = users[..n].iter().filter(|earlier| self.is_ours(earlier.0, later.0));
                for earlier in earlier.take(MAX_REPORTED) {
                    let (first, second) = self.in_order(*earlier, *later);
                    found.push(Collision {
                        what: What::Mac(MacAddr::new(*mac)),
                        first,
                        second,
                        wires: [Segment::default(); 2],
                    });
                }
            }
        }
        found
    }

    /// Returns the existing links that exclusive-IP zones name.
    fn taken_whole(&self) -> HashSet<&str> {
        let exclusive = self.snapshot.entries().filter(|entry| entry.summary.shared() != Some(true));
        exclusive.flat_map(|entry| entry.summary.all_nets()).filter_map(|net| net.links().physical).collect()
    }

    fn file_of(&self, by: By<'_>) -> Option<std::path::PathBuf> {
        match by {
            By::Zone(name) if self.snapshot.entry(EntryKind::Zone, name).is_some() => {
                Some(self.file(EntryKind::Zone, name))
            }
            By::Reservation(name) => Some(self.file(EntryKind::Reservation, name)),
            _ => None,
        }
    }

    fn against_the_rules(
        &self,
        address: IpAddr,
        segment: Segment<'_>,
        by: By<'_>,
        classes: &HashMap<&str, Classes<'_>>,
    ) -> Option<Diagnostic> {
        let (By::Zone(owner) | By::Reservation(owner)) = by else { return None };
        let file = self.file_of(by)?;
        let warn = |code: &str, what: String| {
            let message = format!("{} holds {address}, which {what}", self.say(by));
            Some(Diagnostic::new(code, message).warning().at_path(&file))
        };
        let Some(name) = segment.pool else { return warn("in-no-pool", "is not in a pool".to_owned()) };
        let Some(classes) = classes.get(name) else {
            return warn("unknown-pool", format!("belongs to pool {name:?}, which does not exist"));
        };
        let what = match classes.classify(address, Some(owner)) {
            AddressClass::Candidate => return None,
            // A zone can be the router.
            AddressClass::Gateway => return None,
            AddressClass::Elsewhere => "is not in a network of".to_owned(),
            AddressClass::Network => "is the address of a network of".to_owned(),
            AddressClass::Broadcast => "is the broadcast address of".to_owned(),
            AddressClass::Anycast => "is the anycast address of the routers of".to_owned(),
            AddressClass::Excluded => "is excluded from".to_owned(),
            AddressClass::Reserved(whom) => format!("is reserved for {whom} in"),
            AddressClass::OutOfRange => "is not in a range of".to_owned(),
            AddressClass::OutOfShare => {
                return warn("against-pool", format!("is not in a share of this host in pool {name}"));
            }
        };
        warn("against-pool", format!("{what} pool {name}"))
            .map(|d| d.with_help("it stays held and is not allocated to another zone"))
    }
}

/// Number of other holders of the same thing with which a holder is reported.
const MAX_REPORTED: usize = 8;
/// Number of claims on one segment that a claim is compared with: all of them collide, except those of one holder.
const MAX_NEAR: usize = 64;

/// Claims on one address by their segments, so that only those that may be on the same one are compared.
#[derive(Default)]
struct Before<'a> {
    count: usize,
    /// Claims whose link is unknown: they may be on any segment.
    anywhere: Vec<usize>,
    by_pool: HashMap<&'a str, Vec<usize>>,
    by_link: HashMap<(&'a str, Option<u16>), Vec<usize>>,
}

impl<'a> Before<'a> {
    fn add(&mut self, at: usize, segment: Segment<'a>) {
        let (pool, stub, vlan) = segment.parts();
        self.count = at + 1;
        match stub {
            Some(stub) => self.by_link.entry((stub, vlan)).or_default().push(at),
            None => self.anywhere.push(at),
        }
        if let Some(pool) = pool {
            self.by_pool.entry(pool).or_default().push(at);
        }
    }

    /// Returns claims that may meet this segment, in the order in which they were added: of many on one segment, the first ones.
    fn near(&self, segment: &Segment<'_>) -> BTreeSet<usize> {
        let (pool, stub, vlan) = segment.parts();
        match stub {
            // No other segment is distinct from one whose link is unknown.
            None => (0..self.count).take(MAX_NEAR).collect(),
            Some(stub) => {
                let of_pool = pool.and_then(|pool| self.by_pool.get(pool)).into_iter().flatten();
                let of_link = self.by_link.get(&(stub, vlan)).into_iter().flatten();
                let parts = of_pool.take(MAX_NEAR).chain(of_link.take(MAX_NEAR));
                parts.chain(self.anywhere.iter().take(MAX_NEAR)).copied().collect()
            }
        }
    }
}

/// Something that two holders have and only one can have.
pub(crate) struct Collision<'a> {
    pub(crate) what: What,
    /// The rightful holder.
    pub(crate) first: By<'a>,
    /// The other holder.
    pub(crate) second: By<'a>,
    wires: [Segment<'a>; 2],
}

/// Resource that two holders have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Address(IpAddr),
    Link(String),
    Mac(MacAddr),
}

impl What {
    fn help(&self) -> &'static str {
        match self {
            What::Address(_) => "change the address of one of them",
            What::Link(_) => "change the link of one of them",
            What::Mac(_) => "change the MAC address of one of them",
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Address(address) => write!(f, "{address}"),
            What::Link(link) => write!(f, "link {link}"),
            What::Mac(mac) => write!(f, "MAC address {mac}"),
        }
    }
}

fn owner_of<'a>(claim: &Claim<'a>) -> Option<&'a str> {
    claim.summary.filter(|_| !claim.router).map(|summary| summary.name)
}
