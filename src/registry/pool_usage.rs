//! The usage of a pool and the holders of its addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::allocator::{Allocator, Claim, HeldBy};
use super::pools::Segment;
use crate::documents::document::json;
use crate::documents::pool::{PoolNetwork, PoolShare};
use crate::error::{Diagnostic, Result};
use crate::ipam::{AddressClass, AddressRange, AddressUse, Classes, Family, Usage, number};
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

    /// Returns the errors of the files that may hold any address.
    fn unknown_details(&self) -> Vec<Diagnostic> {
        let of_files = self.unknown().flat_map(|unreadable| unreadable.faults.clone());
        of_files.chain(self.unknown_zones().iter().cloned()).collect()
    }
}

fn owner_of<'a>(claim: &Claim<'a>) -> Option<&'a str> {
    claim.summary.filter(|_| !claim.router).map(|summary| summary.name)
}
