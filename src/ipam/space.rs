//! The address space of a pool.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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

    /// Returns the addresses that may be allocated if none is reserved.
    fn open(&self) -> Intervals {
        self.ranged().subtract(&self.gateways()).subtract(&self.excluded())
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
        self.without(family, |block| block.reserved(owner))
    }

    /// Returns the addresses of one family that may be allocated, except these of each network.
    fn without(&self, family: Family, reserved: impl Fn(&Block) -> Intervals) -> Candidates {
        let mut seen = Disjoint::default();
        let mut blocks = Vec::new();
        for block in self.blocks.iter().filter(|b| b.family() == family) {
            let mut open = block.open().subtract(&reserved(block));
            // Valid files have no overlapping networks in a pool; in any case, an address must not count twice.
            if let Some(twice) = seen.add(block.interval()) {
                open = open.subtract(&twice);
            }
            blocks.push((block.interval(), open));
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

    /// Returns the class of the address for `owner`. For many addresses, use [`Classes`].
    pub fn classify(&self, address: IpAddr, owner: Option<&str>) -> AddressClass<'_> {
        Classes::of(self).classify(address, owner)
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

/// Networks that do not overlap, by their first address.
#[derive(Default)]
struct Disjoint(BTreeMap<u128, u128>);

impl Disjoint {
    /// Adds a network. Returns the addresses of it that were there before, if any.
    fn add(&mut self, network: Interval) -> Option<Intervals> {
        let ends = |(first, last): (&u128, &u128)| Interval { first: *first, last: *last };
        // Of two networks that overlap, one contains the other.
        let around = self.0.range(..=network.first).next_back().map(ends).filter(|last| last.contains(network.last));
        let there: Vec<Interval> = match around {
            Some(around) => vec![around],
            None => self.0.range(network.first..=network.last).map(ends).collect(),
        };
        if around.is_none() {
            for within in &there {
                self.0.remove(&within.first);
            }
            self.0.insert(network.first, network.last);
        }
        (!there.is_empty()).then(|| there.into_iter().collect())
    }
}

/// The classes of the addresses of a pool: what [`Space::classify`] needs, collected once.
#[derive(Debug)]
pub struct Classes<'a> {
    /// Addresses that may be allocated if nothing is reserved, by family.
    open: Vec<Candidates>,
    /// The owners that a network reserves an address for.
    reserves: HashMap<(usize, IpAddr), Vec<&'a str>>,
    /// The networks in their order.
    blocks: Vec<BlockClasses<'a>>,
    /// Place of the first network of each first address and length.
    by_network: HashMap<(IpAddr, u8), usize>,
    /// The lengths that the networks have.
    lengths: BTreeSet<(bool, u8)>,
}

#[derive(Debug)]
struct BlockClasses<'a> {
    block: &'a Block,
    excluded: Intervals,
    ranges: Intervals,
}

impl<'a> Classes<'a> {
    /// Collects the classes of a pool.
    pub fn of(space: &'a Space) -> Self {
        let open = space.families().map(|family| space.without(family, |_| Intervals::default())).collect();
        let mut classes = Classes {
            open,
            reserves: HashMap::new(),
            blocks: Vec::with_capacity(space.blocks.len()),
            by_network: HashMap::with_capacity(space.blocks.len()),
            lengths: BTreeSet::new(),
        };
        for (at, block) in space.blocks.iter().enumerate() {
            let network = block.network.trunc();
            classes.by_network.entry((network.addr(), network.prefix_len())).or_insert(at);
            classes.lengths.insert((network.addr().is_ipv4(), network.prefix_len()));
            for (address, whom) in &block.reserves {
                classes.reserves.entry((at, *address)).or_default().push(whom);
            }
            let (excluded, ranges) = (block.excluded(), block.of_family(&block.ranges));
            classes.blocks.push(BlockClasses { block, excluded, ranges });
        }
        classes
    }

    /// Returns the place of the network of the address, the first of several.
    fn network_of(&self, address: IpAddr) -> Option<usize> {
        let lengths = self.lengths.range((address.is_ipv4(), 0)..=(address.is_ipv4(), u8::MAX));
        let found = lengths.filter_map(|(_, length)| {
            let network = IpNet::new(address, *length).ok()?.trunc();
            self.by_network.get(&(network.addr(), *length)).copied()
        });
        found.min()
    }

    /// Returns true if the address is in one of the networks.
    pub fn has(&self, address: IpAddr) -> bool {
        self.network_of(address).is_some()
    }

    /// Returns the class of the address for `owner`.
    pub fn classify(&self, address: IpAddr, owner: Option<&str>) -> AddressClass<'a> {
        let Some(at) = self.network_of(address) else { return AddressClass::Elsewhere };
        let whom = self.reserves.get(&(at, address)).and_then(|whom| whom.iter().find(|whom| owner != Some(whom)));
        if whom.is_none() && self.open.iter().any(|open| open.contains(address)) {
            return AddressClass::Candidate;
        }
        let BlockClasses { block, excluded, ranges } = &self.blocks[at];
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
        if excluded.contains(n) {
            return AddressClass::Excluded;
        }
        match whom {
            Some(whom) => AddressClass::Reserved(whom),
            None if !block.ranges.is_empty() && !ranges.contains(n) => AddressClass::OutOfRange,
            None => AddressClass::OutOfShare,
        }
    }
}
