//! Compares the trees of several hosts.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::tree::{Claim, Claimed, HostTree};
use crate::documents::pool::Pool;
use crate::error::Diagnostic;
use crate::value::name::PoolName;
use crate::value::source::Source;

impl fmt::Display for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claimed::Address(address) => write!(f, "address {address}"),
            Claimed::Mac(mac) => write!(f, "MAC address {mac}"),
        }
    }
}

pub(super) fn check(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = hosts.iter().flat_map(|host| host.unreadable.iter().cloned()).collect();
    found.extend(same_host_twice(hosts));
    found.extend(different_pools(hosts));
    found.extend(held_twice(hosts));
    found.extend(outside_share(hosts));
    found.extend(same_zone_name(hosts));
    found
}

fn at(mut diagnostic: Diagnostic, source: &Source) -> Diagnostic {
    diagnostic.path = source.file.as_deref().map(Into::into);
    diagnostic.line = (source.line > 0).then_some(source.line as usize);
    diagnostic
}

fn same_host_twice(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    hosts.iter().for_each(|host| *names.entry(&host.host).or_default() += 1);
    let twice = names.into_iter().filter(|(_, count)| *count > 1);
    twice
        .map(|(name, count)| {
            let mut diagnostic = Diagnostic::new("host-twice", format!("{count} trees belong to host {name:?}"));
            diagnostic.help = Some("name each tree once, and set a different `host` in each config.kdl".to_owned());
            diagnostic
        })
        .collect()
}

/// Reports pools of one name with different networks or shares: hosts would disagree about free addresses.
fn different_pools(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&PoolName, &HostTree> = BTreeMap::new();
    let mut found = Vec::new();
    for host in hosts {
        for (name, pool) in &host.pools {
            let other = *first.entry(name).or_insert(host);
            if divided(&other.pools[name]) != divided(pool) {
                let message = format!(
                    "pool {:?} differs between hosts {:?} and {:?}: its networks, its shares or its VLAN are not the same",
                    name.as_str(),
                    other.host,
                    host.host
                );
                let mut diagnostic = Diagnostic::new("pool-differs", message);
                diagnostic.help = Some("use the same pool file on every host, or rename one of the pools".to_owned());
                found.push(at(diagnostic, &pool.source));
            }
        }
    }
    found
}

/// Part of a pool that must be equal on all hosts: its networks, its shares and its VLAN, in order.
type Divided<'a> = (Vec<IpNet>, Vec<(IpAddr, IpAddr, &'a str)>, Option<u16>);

/// Returns what all hosts must have the same of a pool.
fn divided(pool: &Pool) -> Divided<'_> {
    let mut networks: Vec<_> = pool.networks.iter().map(|network| network.network).collect();
    networks.sort();
    let mut shares: Vec<_> = pool.shares().map(|share| (share.first, share.last, share.host.as_str())).collect();
    shares.sort();
    (networks, shares, pool.vlan.as_ref().map(|vlan| vlan.value))
}

fn held_twice(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let mut held: BTreeMap<(&PoolName, Claimed), Vec<(&HostTree, &Claim)>> = BTreeMap::new();
    for host in hosts {
        for claim in &host.claims {
            held.entry((&claim.pool, claim.what)).or_default().push((host, claim));
        }
    }
    let mut found = Vec::new();
    for ((pool, what), claims) in held {
        let Some(((first_host, first), others)) = claims.split_first() else { continue };
        for (host, claim) in others {
            let message = format!(
                "{what} is held twice in pool {:?}: by {} on {} ({}) and by {} on {} ({})",
                pool.as_str(),
                first.holder,
                first_host.host,
                first.source,
                claim.holder,
                host.host,
                claim.source
            );
            let mut diagnostic = Diagnostic::new("held-twice", message);
            diagnostic.help = Some("change the address of one of them, then run `zmgr apply` on its host".to_owned());
            found.push(at(diagnostic, &claim.source));
        }
    }
    found
}

/// Reports what a host holds in the share of another: that host may allocate it.
fn outside_share(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for host in hosts {
        for claim in &host.claims {
            let (Claimed::Address(address), Some(pool)) = (claim.what, host.pools.get(&claim.pool)) else { continue };
            let share = pool.shares().find(|share| (share.first..=share.last).contains(&address));
            let Some(share) = share.filter(|share| share.host != host.host) else { continue };
            let message = format!(
                "address {address} of {} on {} is in the share of host {:?} in pool {:?}",
                claim.holder,
                host.host,
                share.host,
                pool.name.as_str()
            );
            let diagnostic = Diagnostic::new("outside-share", message).warning();
            let help = "exclude the address in the pool, or give its holder another";
            found.push(at(diagnostic.with_help(help), &claim.source));
        }
    }
    found
}

/// Reports zone names that several hosts use: an error if a tree asks for unique names. Zones that others are cloned from may
/// have the same name everywhere.
fn same_zone_name(hosts: &[HostTree]) -> Vec<Diagnostic> {
    let unique = hosts.iter().find(|host| host.unique_names);
    let mut names: BTreeMap<&str, Vec<&super::FleetZone>> = BTreeMap::new();
    for host in hosts {
        let golden = |zone: &&super::FleetZone| host.golden.iter().any(|name| name.as_str() == zone.name);
        for zone in host.zones.iter().filter(|zone| !golden(zone)) {
            names.entry(&zone.name).or_default().push(zone);
        }
    }
    let twice = names.into_iter().filter(|(_, zones)| zones.len() > 1);
    twice
        .map(|(name, zones)| {
            let on: Vec<&str> = zones.iter().map(|zone| zone.host.as_str()).collect();
            let message = format!("zone {name:?} exists on {}", on.join(", "));
            let diagnostic = Diagnostic::new("zone-name-twice", message).at_path(&zones[zones.len() - 1].file);
            match unique {
                Some(host) => diagnostic.with_help(format!(
                    "rename all but one of them; `unique-names` in config.kdl of {} asks for names that exist once",
                    host.host
                )),
                None => diagnostic.warning(),
            }
        })
        .collect()
}
