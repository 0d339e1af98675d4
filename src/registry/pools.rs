//! Pools as the registry sees them: their addresses, and which of them are on one wire.

use std::collections::BTreeMap;

use super::facts::{NetFacts, NetRef};
use crate::error::Diagnostic;
use crate::ipam::{Block, Space};
use crate::name::PoolName;
use crate::pool::Pool;

/// All pools of a tree.
pub type Pools = BTreeMap<PoolName, Pool>;

/// The addresses of a pool.
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

/// Where an address is used: in a pool, or on a link beside all pools.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wire<'a> {
    pub(super) pool: Option<&'a str>,
    stub: Option<&'a str>,
    vlan: Option<u16>,
}

impl<'a> Wire<'a> {
    pub(super) fn of(pool: &'a Pool) -> Self {
        let stub = pool.stub.as_ref().map(|stub| stub.as_str());
        Wire { pool: Some(pool.name.as_str()), stub, vlan: pool.vlan.as_ref().map(|vlan| **vlan) }
    }

    /// That of a net: its pool's, while there is one of this name.
    pub(super) fn of_net(pools: &'a Pools, net: &NetRef<'a>) -> Self {
        match net.pool.and_then(|name| pools.get(name)) {
            Some(pool) => Wire::of(pool),
            None => {
                let links = net.links();
                Wire { pool: net.pool, stub: links.stub.or(links.physical), vlan: links.vlan }
            }
        }
    }

    /// That of a net outside of all pools.
    pub(super) fn of_facts(net: &'a NetFacts) -> Self {
        Wire { pool: net.pool.as_deref(), stub: net.stub.as_deref().or(net.physical.as_deref()), vlan: net.vlan }
    }

    /// Whether one address cannot be used on both. What is not known to be apart is not: stub or VLAN must differ.
    pub(super) fn meets(&self, other: &Wire<'_>) -> bool {
        if self.pool.is_some() && self.pool == other.pool {
            return true;
        }
        match (self.stub, other.stub) {
            (Some(ours), Some(theirs)) => ours == theirs && self.vlan == other.vlan,
            _ => true,
        }
    }
}

/// Pools that would give the same addresses to the same wire: an error each, at the pool that comes later.
pub fn overlaps(pools: &Pools) -> Vec<Diagnostic> {
    let spaces: Vec<(&Pool, Space)> = pools.values().map(|pool| (pool, space(pool))).collect();
    let mut found = Vec::new();
    for (at, (pool, ours)) in spaces.iter().enumerate() {
        for (other, theirs) in &spaces[..at] {
            if let (true, Some((a, b))) = (Wire::of(pool).meets(&Wire::of(other)), ours.overlap(theirs)) {
                let message = format!(
                    "network {a} of pool {:?} overlaps {b} of pool {:?}",
                    pool.name.as_str(),
                    other.name.as_str()
                );
                let help = "give each pool networks of its own; the same network twice needs different stubs or VLANs";
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
