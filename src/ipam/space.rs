//! The address space of a pool.

use std::net::IpAddr;

use ipnet::IpNet;

use super::intervals::{Interval, Intervals};
use super::pick::Candidates;
use super::{Family, number};

/// One network of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The network. Host bits are ignored.
    pub network: IpNet,
    /// Its router, which may lie outside (`fe80::1`).
    pub gateway: Option<IpAddr>,
    /// First and last address of each range; none means the whole network.
    pub ranges: Vec<(IpAddr, IpAddr)>,
    /// First and last address of each share of this host; `None` if the pool is not divided among hosts.
    pub shares: Option<Vec<(IpAddr, IpAddr)>>,
    /// First and last address of each excluded range.
    pub excludes: Vec<(IpAddr, IpAddr)>,
    /// Single addresses reserved for an owner of this name.
    pub reserves: Vec<(IpAddr, String)>,
}

impl Block {
    /// Returns a network without any settings.
    pub fn new(network: IpNet) -> Self {
        Block { network, gateway: None, ranges: Vec::new(), shares: None, excludes: Vec::new(), reserves: Vec::new() }
    }

    /// Returns the family of the network.
    pub fn family(&self) -> Family {
        Family::of(self.network.addr())
    }

    /// Returns true if the address is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.network.contains(&address)
    }

    /// Returns all addresses of the network.
    pub fn interval(&self) -> Interval {
        Interval::new(number(self.network.network()), number(self.network.broadcast()))
    }

    /// Returns the addresses that no host may have: network and broadcast of IPv4 (not below /31), subnet-router anycast of IPv6
    /// (not below /127, RFC 6164), and always the unspecified address and 255.255.255.255.
    fn edges(&self) -> Intervals {
        let Interval { first, last } = self.interval();
        let (network, broadcast) = match self.network {
            IpNet::V4(net) => (net.prefix_len() < 31 || first == 0, net.prefix_len() < 31 || last == u32::MAX.into()),
            IpNet::V6(net) => (net.prefix_len() < 127 || first == 0, false),
        };
        [(network, first), (broadcast, last)].into_iter().filter(|(is_edge, _)| *is_edge).map(|(_, n)| n).collect()
    }

    fn of_family(&self, ends: &[(IpAddr, IpAddr)]) -> Intervals {
        let family = self.family();
        ends.iter()
            .filter(|(a, b)| Family::of(*a) == family && Family::of(*b) == family)
            .map(|(a, b)| Interval::new(number(*a), number(*b)))
            .collect()
    }

    /// Returns the addresses of the ranges that a host may have: the total of a report.
    pub(super) fn ranged(&self) -> Intervals {
        let whole: Intervals = [self.interval()].into_iter().collect();
        let usable = whole.subtract(&self.edges());
        let ranged = if self.ranges.is_empty() { usable } else { usable.intersect(&self.of_family(&self.ranges)) };
        match &self.shares {
            Some(shares) => ranged.intersect(&self.of_family(shares)),
            None => ranged,
        }
    }

    pub(super) fn excluded(&self) -> Intervals {
        self.of_family(&self.excludes)
    }

    pub(super) fn gateways(&self) -> Intervals {
        self.gateway.filter(|g| self.contains(*g)).map(number).into_iter().collect()
    }

    /// Returns the addresses reserved for others than `owner`.
    pub(super) fn reserved(&self, owner: Option<&str>) -> Intervals {
        self.reserves
            .iter()
            .filter(|(address, whom)| self.contains(*address) && owner != Some(whom))
            .map(|(address, _)| number(*address))
            .collect()
    }

    fn candidates(&self, owner: Option<&str>) -> Intervals {
        self.ranged().subtract(&self.gateways()).subtract(&self.excluded()).subtract(&self.reserved(owner))
    }
}

/// Class of an address in a pool, for one owner. Whether it is held does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass<'a> {
    /// It may be allocated.
    Candidate,
    /// It is not in a network of the pool.
    Elsewhere,
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
    /// It is reserved for another owner.
    Reserved(&'a str),
    /// It is not in a range.
    OutOfRange,
    /// It is in no share of this host.
    OutOfShare,
}

/// The networks of a pool, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Space {
    /// The networks, in the order of allocation.
    pub blocks: Vec<Block>,
}

impl Space {
    /// Returns its families, IPv4 first.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        Family::ALL.into_iter().filter(|f| self.blocks.iter().any(|b| b.family() == *f))
    }

    /// Returns the network of the address, the first of several.
    pub fn block(&self, address: IpAddr) -> Option<&Block> {
        self.blocks.iter().find(|b| b.contains(address))
    }

    /// Returns the addresses of one family that may be allocated to `owner`, in the order of allocation. No other function decides
    /// this. `None` is an owner without reserved addresses.
    pub fn candidates(&self, family: Family, owner: Option<&str>) -> Candidates {
        let mut seen = Intervals::default();
        let mut blocks = Vec::new();
        for block in self.blocks.iter().filter(|b| b.family() == family) {
            // Valid files have no overlapping networks in a pool; in any case, an address must not count twice.
            blocks.push((block.interval(), block.candidates(owner).subtract(&seen)));
            seen = seen.as_slice().iter().copied().chain([block.interval()]).collect();
        }
        Candidates::new(family, blocks)
    }

    /// Returns the addresses of one family that are reserved for `owner` and may be allocated, in the order of the files.
    pub fn kept_for<'a>(&'a self, family: Family, owner: &'a str) -> impl Iterator<Item = IpAddr> + 'a {
        let candidates = self.candidates(family, Some(owner));
        self.blocks
            .iter()
            .flat_map(|b| &b.reserves)
            .filter(move |(address, whom)| whom == owner && candidates.contains(*address))
            .map(|(address, _)| *address)
    }

    /// Returns the class of the address for `owner`.
    pub fn classify(&self, address: IpAddr, owner: Option<&str>) -> AddressClass<'_> {
        if self.candidates(Family::of(address), owner).contains(address) {
            return AddressClass::Candidate;
        }
        let Some(block) = self.block(address) else { return AddressClass::Elsewhere };
        let n = number(address);
        if block.edges().contains(n) {
            return match address {
                IpAddr::V6(_) => AddressClass::Anycast,
                IpAddr::V4(_) if n == block.interval().first && n != u32::MAX.into() => AddressClass::Network,
                IpAddr::V4(_) => AddressClass::Broadcast,
            };
        }
        if block.gateway == Some(address) {
            return AddressClass::Gateway;
        }
        if block.excluded().contains(n) {
            return AddressClass::Excluded;
        }
        match block.reserves.iter().find(|(a, whom)| *a == address && owner != Some(whom)) {
            Some((_, whom)) => AddressClass::Reserved(whom),
            None if !block.ranges.is_empty() && !block.of_family(&block.ranges).contains(n) => AddressClass::OutOfRange,
            None => AddressClass::OutOfShare,
        }
    }

    /// Returns an overlapping pair of networks of two pools.
    pub fn overlap(&self, other: &Space) -> Option<(IpNet, IpNet)> {
        let overlaps = |a: &IpNet, b: &IpNet| a.contains(&b.network()) || b.contains(&a.network());
        self.blocks
            .iter()
            .flat_map(|a| other.blocks.iter().map(move |b| (a.network, b.network)))
            .find(|(a, b)| overlaps(a, b))
    }
}
