//! Address spaces of pools, and which pools share a layer-2 segment.

use std::collections::BTreeMap;

use super::summary::{LinksView, NetSummary, NetView};
use crate::error::Diagnostic;
use crate::ipam::{Block, Space};
use crate::name::PoolName;
use crate::pool::Pool;

/// All pools of a tree.
pub type Pools = BTreeMap<PoolName, Pool>;

/// Returns the addresses of a pool.
pub fn space(pool: &Pool) -> Space {
    let blocks = pool.networks.iter().map(|network| Block {
        network: network.network,
        gateway: network.gateway,
        ranges: network.ranges.clone(),
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
    let spaces: Vec<(&Pool, Space)> = pools.values().map(|pool| (pool, space(pool))).collect();
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
