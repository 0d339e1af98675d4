//! Address spaces of pools, and which pools share a layer-2 segment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

use ipnet::IpNet;

use super::Tree;
use super::summary::{LinksView, NetSummary, NetView};
use crate::documents::config::Config;
use crate::documents::pool::{Pool, PoolNetwork, PoolShare};
use crate::error::Diagnostic;
use crate::ipam::{Block, Space};
use crate::value::name::PoolName;

/// All pools of a tree, and the host that allocates from them.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    pools: BTreeMap<PoolName, Pool>,
    host: Option<String>,
}

impl Pools {
    /// The pools as this host has them. Without its name, it has no share of a pool that is divided among hosts.
    pub fn new(pools: BTreeMap<PoolName, Pool>, host: Option<String>) -> Self {
        Pools { pools, host }
    }

    /// The pools of a tree, as its host has them. The host's name is looked up only if a pool is divided among hosts.
    pub fn of_tree(pools: BTreeMap<PoolName, Pool>, config: &Config, tree: &Tree) -> Self {
        let divided = pools.values().any(|pool| pool.shares().next().is_some());
        let named = config.host.as_ref().map(|host| host.value.clone());
        let host = if divided { named.or_else(|| tree.nodename()) } else { None };
        Pools { pools, host }
    }

    /// The name of this host, if it is known.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The addresses that this host may allocate from a pool.
    pub(super) fn space(&self, pool: &Pool) -> Space {
        space_of(pool, |share| Some(share.host.as_str()) == self.host())
    }
}

impl Deref for Pools {
    type Target = BTreeMap<PoolName, Pool>;

    fn deref(&self) -> &Self::Target {
        &self.pools
    }
}

/// The addresses of a pool that any host may allocate.
pub fn space(pool: &Pool) -> Space {
    space_of(pool, |_| true)
}

fn space_of(pool: &Pool, is_ours: impl Fn(&PoolShare) -> bool) -> Space {
    let divided = pool.shares().next().is_some();
    let shares = |network: &PoolNetwork| {
        let ours = network.shares.iter().filter(|share| is_ours(share));
        divided.then(|| ours.map(|share| (share.first, share.last)).collect())
    };
    let blocks = pool.networks.iter().map(|network| Block {
        network: network.network,
        gateway: network.gateway,
        ranges: network.ranges.clone(),
        shares: shares(network),
        excludes: network.excludes.clone(),
        reserves: network.reserves.clone(),
    });
    Space { blocks: blocks.collect() }
}

/// The layer-2 segment of an address: a pool's, or a link outside of all pools.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Segment<'a> {
    pub(super) pool: Option<&'a str>,
    stub: Option<&'a str>,
    vlan: Option<u16>,
}

impl<'a> Segment<'a> {
    pub(super) fn of(pool: &'a Pool) -> Self {
        let stub = pool.stub.as_ref().map(|stub| stub.as_str());
        Segment { pool: Some(pool.name.as_str()), stub, vlan: pool.vlan.as_ref().map(|vlan| **vlan) }
    }

    /// Returns the segment of a net: its link from the entry, the rest from its pool.
    pub(super) fn of_net(pools: &'a Pools, net: &NetView<'a>) -> Self {
        let LinksView { vnic, stub, physical, vlan, .. } = net.links();
        Segment::of_links(pools, net.pool, (vnic, stub, physical), vlan)
    }

    /// Returns the segment of a net given as a summary.
    pub(super) fn of_summary(pools: &'a Pools, net: &'a NetSummary) -> Self {
        let links = (net.vnic.as_deref(), net.stub.as_deref(), net.physical.as_deref());
        Segment::of_links(pools, net.pool.as_deref(), links, net.vlan)
    }

    fn of_links(
        pools: &'a Pools,
        name: Option<&'a str>,
        (vnic, stub, physical): (Option<&'a str>, Option<&'a str>, Option<&'a str>),
        vlan: Option<u16>,
    ) -> Self {
        let pool = name.and_then(|name| pools.get(name)).map(Segment::of).unwrap_or_default();
        // An entry that has its link determines the segment alone.
        let whole = vnic.is_some() || physical.is_some();
        Segment {
            pool: name,
            stub: stub.or(physical).or(pool.stub),
            vlan: if whole && (stub.is_some() || physical.is_some()) { vlan } else { vlan.or(pool.vlan) },
        }
    }

    pub(super) fn from_parts(pool: Option<&'a str>, stub: Option<&'a str>, vlan: Option<u16>) -> Self {
        Segment { pool, stub, vlan }
    }

    pub(super) fn parts(&self) -> (Option<&'a str>, Option<&'a str>, Option<u16>) {
        (self.pool, self.stub, self.vlan)
    }

    /// Returns the segment of a link of the host.
    pub(super) fn of_link(stub: &'a str, vlan: Option<u16>) -> Self {
        Segment { pool: None, stub: Some(stub), vlan }
    }

    /// Returns true if an address cannot be used on both. Two segments are distinct only if they are known to be: stub or VLAN must
    /// differ.
    pub(super) fn meets(&self, other: &Segment<'_>) -> bool {
        if self.pool.is_some() && self.pool == other.pool {
            return true;
        }
        match (self.stub, other.stub) {
            (Some(ours), Some(theirs)) => ours == theirs && self.vlan == other.vlan,
            _ => true,
        }
    }
}

/// Two networks of two pools that overlap, and may be on one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    /// Places of the pool and of the network in it, of the pool whose name comes first.
    first: Place,
    second: Place,
}

/// A network: the positions of its pool and of the network within the pool.
type Place = (usize, usize);

/// The pools that have one network, by their links.
#[derive(Default)]
struct Users<'p> {
    all: Vec<Place>,
    /// Those whose link is unknown: they may be on any segment.
    anywhere: Vec<Place>,
    /// By stub or link, and VLAN.
    by_link: HashMap<(&'p str, Option<u16>), Vec<Place>>,
}

/// Returns the overlapping networks of pools that may be on one segment, in the order of the names of the pools. Of two networks
/// that overlap, one contains the other.
pub(crate) fn overlapping(pools: &Pools) -> Vec<(&Pool, &PoolNetwork, &Pool, &PoolNetwork)> {
    /// Number of other pools with which a network is reported.
    const MAX_REPORTED: usize = 8;
    let pools: Vec<&Pool> = pools.values().collect();
    let mut users: HashMap<IpNet, Users<'_>> = HashMap::new();
    let mut lengths: BTreeSet<(bool, u8)> = BTreeSet::new();
    for (at, pool) in pools.iter().enumerate() {
        let (_, stub, vlan) = Segment::of(pool).parts();
        for (n, network) in pool.networks.iter().enumerate() {
            let network = network.network.trunc();
            let users = users.entry(network).or_default();
            users.all.push((at, n));
            match stub {
                Some(stub) => users.by_link.entry((stub, vlan)).or_default().push((at, n)),
                None => users.anywhere.push((at, n)),
            }
            lengths.insert((network.addr().is_ipv4(), network.prefix_len()));
        }
    }
    let mut pairs: BTreeSet<Pair> = BTreeSet::new();
    for (at, pool) in pools.iter().enumerate() {
        let (_, stub, vlan) = Segment::of(pool).parts();
        for (n, network) in pool.networks.iter().enumerate() {
            let v4 = network.network.addr().is_ipv4();
            for (_, length) in lengths.range((v4, 0)..=(v4, network.network.prefix_len())) {
                let around = IpNet::new(network.network.addr(), *length).map(|around| around.trunc());
                let Some(users) = around.ok().and_then(|around| users.get(&around)) else { continue };
                let others: Vec<&Place> = match stub {
                    None => users.all.iter().filter(|other| other.0 != at).take(MAX_REPORTED).collect(),
                    Some(stub) => {
                        let near = users.by_link.get(&(stub, vlan)).into_iter().flatten().chain(&users.anywhere);
                        near.filter(|other| other.0 != at).take(MAX_REPORTED).collect()
                    }
                };
                let mine = (at, n);
                pairs.extend(others.into_iter().map(|other| match at < other.0 {
                    true => Pair { first: mine, second: *other },
                    false => Pair { first: *other, second: mine },
                }));
            }
        }
    }
    let network = |(at, n): (usize, usize)| (pools[at], &pools[at].networks[n]);
    let both = |pair: Pair| {
        let ((first, mine), (second, theirs)) = (network(pair.first), network(pair.second));
        (first, mine, second, theirs)
    };
    pairs.into_iter().map(both).collect()
}

/// Returns an error for each pair of pools that would allocate the same addresses on the same segment, reported at the later pool.
pub fn overlaps(pools: &Pools) -> Vec<Diagnostic> {
    let mut pairs = overlapping(pools);
    pairs.sort_by_key(|(other, _, pool, _)| (&pool.name, &other.name));
    pairs.dedup_by_key(|(other, _, pool, _)| (&pool.name, &other.name));
    let error = |(other, theirs, pool, ours): (&Pool, &PoolNetwork, &Pool, &PoolNetwork)| {
        let (a, b) = (ours.network, theirs.network);
        let message =
            format!("network {a} of pool {:?} overlaps {b} of pool {:?}", pool.name.as_str(), other.name.as_str());
        let help = "use separate networks for each pool; the same network twice needs different stubs or VLANs";
        let mut fault = Diagnostic::new("overlap", message).with_help(help);
        fault.path = ours.source.file.as_ref().map(|file| file.to_path_buf());
        fault.line = (ours.source.line > 0).then_some(ours.source.line as usize);
        fault
    };
    pairs.into_iter().map(error).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::documents::document::Document;

    /// Pools of these names, networks and links.
    fn pools(all: &[(&str, &str, &str)]) -> Pools {
        let pool = |(name, network, rest): &(&str, &str, &str)| {
            let text = format!("pool \"{name}\" {{\n    network \"{network}\"\n    {rest}\n}}\n");
            let pool: Pool = Document::parse(Path::new(&format!("{name}.kdl")), text.as_bytes()).unwrap().value;
            (pool.name.clone(), pool)
        };
        Pools::new(all.iter().map(pool).collect(), None)
    }

    #[test]
    fn overlaps_are_those_on_one_segment() {
        let all = pools(&[
            ("a", "10.0.0.0/16", "stub \"s0\""),
            ("b", "10.0.1.0/24", "stub \"s0\""),
            ("c", "10.0.1.0/24", "stub \"s1\""),
            ("d", "10.0.1.0/24", "stub \"s0\"; vlan 5"),
            ("e", "10.0.1.0/25", ""),
            ("f", "10.1.0.0/16", ""),
            ("g", "2001:db8::/64", "stub \"s0\""),
        ]);
        let found = overlapping(&all);
        let names: Vec<String> = found.iter().map(|(a, _, b, _)| format!("{} {}", a.name, b.name)).collect();
        assert_eq!(names, ["a b", "a e", "b e", "c e", "d e"]);
        let messages: Vec<String> = overlaps(&all).into_iter().map(|fault| fault.message).collect();
        assert_eq!(messages[0], "network 10.0.1.0/24 of pool \"b\" overlaps 10.0.0.0/16 of pool \"a\"");
        assert_eq!(messages.len(), 5);
    }

    #[test]
    fn of_many_pools_with_one_network_each_is_reported_with_a_few() {
        let names: Vec<String> = (0..300).map(|n| format!("p{n:03}")).collect();
        let all: Vec<(&str, &str, &str)> = names.iter().map(|name| (name.as_str(), "10.0.0.0/24", "")).collect();
        let all = pools(&all);
        let found = overlapping(&all);
        let has = |name: &String| {
            found.iter().any(|(a, _, b, _)| [a.name.as_str(), b.name.as_str()].contains(&name.as_str()))
        };
        assert!(names.iter().all(has));
        assert!(found.len() < names.len() * 8, "{}", found.len());
    }
}
