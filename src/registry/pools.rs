//! Address spaces of pools, and which pools share a layer-2 segment.

use std::collections::BTreeMap;
use std::ops::Deref;

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

/// Returns an error for each pair of pools that would allocate the same addresses on the same segment, reported at the later pool.
pub fn overlaps(pools: &Pools) -> Vec<Diagnostic> {
    let spaces: Vec<(&Pool, Space)> = pools.values().map(|pool| (pool, pools.space(pool))).collect();
    let mut found = Vec::new();
    for (at, (pool, ours)) in spaces.iter().enumerate() {
        for (other, theirs) in &spaces[..at] {
            if let (true, Some((a, b))) = (Segment::of(pool).meets(&Segment::of(other)), ours.overlap(theirs)) {
                let message = format!(
                    "network {a} of pool {:?} overlaps {b} of pool {:?}",
                    pool.name.as_str(),
                    other.name.as_str()
                );
                let help = "use separate networks for each pool; the same network twice needs different stubs or VLANs";
                let mut fault = Diagnostic::new("overlap", message).with_help(help);
                let place = pool.networks.iter().find(|n| n.network == a).map_or(&pool.source, |n| &n.source);
                fault.path = place.file.as_ref().map(|file| file.to_path_buf());
                fault.line = (place.line > 0).then_some(place.line as usize);
                found.push(fault);
            }
        }
    }
    found
}
