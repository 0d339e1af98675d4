//! The nets of a zone: values that a net does not set come from its pool, and values that zmgr wrote follow the pool.

use super::Findings;
use crate::documents::pool::Pool;
use crate::documents::settings::EntryNet;
use crate::documents::zone::{Origin, ZoneEntry};
use crate::error::Diagnostic;
use crate::schema::did_you_mean_name;
use crate::value::name::PoolName;
use std::collections::{BTreeMap, HashMap};

/// Settings that an entry may have in addition to its pool.
const STUB: &str = "stub";
const VLAN: &str = "vlan";
const MTU: &str = "mtu";
const GATEWAY: &str = "gateway";

/// Completes a net of this zone. `shared`: the zone shares the host's IP stack.
pub(super) fn complete(
    net: &mut EntryNet,
    zone: &ZoneEntry,
    shared: bool,
    pools: &BTreeMap<PoolName, Pool>,
    findings: &mut Findings,
) {
    if let (Some(inside), true) = (net.inside.first(), shared) {
        let message =
            format!("net {:?} has `address {:?}`, and the zone shares the host's IP stack", net.name, inside.as_str());
        let help = "give the net an address, or use ip-type \"exclusive\"";
        findings.add_with_help("contradiction", &net.source, message, help);
    }
    let was = applied(zone, &net.name);
    let replaced = !shared && was.is_some_and(|was| take_over(net, was));
    let Some(name) = net.pool.clone() else {
        if net.physical.is_none() && net.vnic.is_none() && net.stub.is_none() {
            let message = format!("net {:?} has neither a pool nor a link", net.name);
            findings.add_with_help(
                "no-link",
                &net.source,
                message,
                "add a `pool`, or the `physical` link that it uses",
            );
        }
        return;
    };
    let Some(pool) = pools.get(&name) else {
        // Addresses in an entry do not need the pool; allocating new ones does.
        if net.addresses.is_empty() {
            let message = format!("pool {:?} does not exist", name.as_str());
            let near = did_you_mean_name(name.as_str(), pools.keys().map(PoolName::as_str));
            findings.add_near("no-pool", &net.source, message, near);
        }
        return;
    };
    if net.physical.is_some() {
        return;
    }
    match was.filter(|_| net.vnic.is_some() || shared) {
        Some(was) => follow(net, was, pool, zone, shared, replaced, findings),
        // A VNIC in an entry without an `applied` block: its link is the one in the entry.
        None if net.vnic.is_some() => {}
        None => {
            net.vlan = net.vlan.or(pool.vlan.as_ref().map(|vlan| vlan.value));
            net.mtu = net.mtu.or(pool.mtu.as_ref().map(|mtu| mtu.value));
        }
    }
    if net.stub.is_none() {
        net.stub = pool.stub.as_ref().map(|stub| stub.value.clone());
    }
    if net.stub.is_none() && net.vnic.is_none() {
        let message = format!("pool {:?} of net {:?} has no stub", name.as_str(), net.name);
        findings.add_with_help(
            "no-link",
            &pool.source,
            message,
            "add the link that VNICs are created over: stub \"…\"",
        );
    }
    // The VNIC of a zone that is not created yet will be zmgr's, even if the entry names it.
    let ours = net.managed || net.vnic.is_none() || zone.state.is_none();
    net.overrides = match ours && !is_imported(zone) {
        true => overrides(net, pool),
        false => Vec::new(),
    };
}

/// Returns true if the zone was imported: its nets stay as they were found, whatever their pools.
fn is_imported(zone: &ZoneEntry) -> bool {
    zone.origin == Some(Origin::Import) && zone.state.is_some()
}

/// Returns the net of this name as it was applied to an existing zone.
fn applied<'z>(zone: &'z ZoneEntry, name: &str) -> Option<&'z EntryNet> {
    applied_nets(zone).iter().find(|net| net.name == name)
}

/// Returns the nets as they were applied to an existing zone.
fn applied_nets(zone: &ZoneEntry) -> &[EntryNet] {
    zone.applied.as_deref().filter(|_| zone.state.is_some()).map_or(&[], |applied| &applied.nets)
}

/// Returns the first net of each name.
fn by_name(nets: &[EntryNet]) -> HashMap<&str, &EntryNet> {
    nets.iter().rev().map(|net| (net.name.as_str(), net)).collect()
}

/// Keeps the VNIC of a net whose block was replaced.
fn take_over(net: &mut EntryNet, was: &EntryNet) -> bool {
    if net.vnic.is_some() || net.physical.is_some() || net.pool.is_none() || !was.managed || was.vnic.is_none() {
        return false;
    }
    net.vnic.clone_from(&was.vnic);
    net.mac = net.mac.or(was.mac);
    net.managed = true;
    true
}

/// Updates a built net from its pool, except for settings of the entry: after it moved to another pool, and after the pool changed.
fn follow(
    net: &mut EntryNet,
    was: &EntryNet,
    pool: &Pool,
    zone: &ZoneEntry,
    shared: bool,
    replaced: bool,
    findings: &mut Findings,
) {
    let moved = was.pool != net.pool;
    let follows = (net.managed || shared) && !is_imported(zone);
    let kept = |name: &str| was.overrides.iter().any(|set| set == name);
    fn value<T: PartialEq>(
        (mine, was, pools): (&mut Option<T>, &Option<T>, Option<T>),
        (replaced, moved, follows): (bool, bool, bool),
    ) {
        let unset = mine.is_none() && (replaced || moved);
        let untouched = !replaced && mine == was && (moved || follows);
        if unset || untouched {
            *mine = pools;
        }
    }
    let how = |name: &str| (replaced, moved, follows && !kept(name));
    value((&mut net.stub, &was.stub, pool.stub.as_ref().map(|stub| stub.value.clone())), how(STUB));
    if !shared {
        value((&mut net.vlan, &was.vlan, pool.vlan.as_ref().map(|vlan| vlan.value)), how(VLAN));
        value((&mut net.mtu, &was.mtu, pool.mtu.as_ref().map(|mtu| mtu.value)), how(MTU));
    }
    for address in &mut net.addresses {
        let Some(network) = pool.network_of(address.address.addr()) else {
            if moved {
                let message = format!(
                    "address {} of net {:?} does not belong to pool {:?}",
                    address.address,
                    net.name,
                    pool.name.as_str()
                );
                let help = "remove the net's `address` lines to have addresses allocated from the pool";
                findings.add_with_help("address-outside-pool", &net.source, message, help);
            }
            continue;
        };
        let before = was.addresses.iter().find(|before| before.address == address.address);
        let untouched = before.is_some_and(|before| before.gateway == address.gateway);
        let unset = address.gateway.is_none() && (replaced || moved);
        if unset || untouched && (moved || follows && !kept(GATEWAY)) {
            address.gateway = network.gateway;
        }
    }
}

/// Returns the settings of a net other than its pool.
fn overrides(net: &EntryNet, pool: &Pool) -> Vec<String> {
    let other_gateway = net.addresses.iter().any(|address| {
        pool.network_of(address.address.addr()).is_some_and(|network| network.gateway != address.gateway)
    });
    let differs = [
        (STUB, net.stub.as_deref() != pool.stub.as_ref().map(|stub| stub.as_str())),
        (VLAN, net.vlan != pool.vlan.as_ref().map(|vlan| vlan.value)),
        (MTU, net.mtu != pool.mtu.as_ref().map(|mtu| mtu.value)),
        (GATEWAY, other_gateway),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

/// Returns a warning for each setting that zmgr wrote into a net of this entry and that its pool has changed.
pub(crate) fn stale(entry: &ZoneEntry, spec: &[EntryNet]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (spec, applied) = (by_name(spec), by_name(applied_nets(entry)));
    for (own, net) in entry.nets.iter().filter_map(|own| Some((own, spec.get(own.name.as_str())?))) {
        let (Some(pool), Some(was)) = (&net.pool, applied.get(own.name.as_str())) else { continue };
        let number = |number: Option<u32>| number.map_or("none".to_owned(), |number| number.to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let mut settings = vec![
            (STUB, text(&own.stub), text(&net.stub)),
            (VLAN, number(own.vlan.map(u32::from)), number(net.vlan.map(u32::from))),
            (MTU, number(own.mtu), number(net.mtu)),
        ];
        let gateway = |gateway: Option<std::net::IpAddr>| gateway.map_or("none".to_owned(), |it| it.to_string());
        for address in &net.addresses {
            let own = own.addresses.iter().find(|own| own.address == address.address);
            settings.extend(own.map(|own| (GATEWAY, gateway(own.gateway), gateway(address.gateway))));
        }
        // A replaced block has no link, so it gets its pool's.
        settings.retain(|(_, own, desired)| own != desired && !(own == "none" && was.pool != net.pool));
        for (what, own, desired) in settings {
            let message = format!(
                "zone {}: the {what} of net {:?} is {own}, but its pool {:?} has {desired}",
                entry.name,
                net.name,
                pool.as_str()
            );
            let help = format!("run `zmgr apply {}`", entry.name);
            let mut warning = Diagnostic::new("stale-net", message).warning().with_help(help);
            warning.path = net.source.file.as_ref().map(|file| file.to_path_buf());
            warning.line = (net.source.line > 0).then_some(net.source.line as usize);
            found.push(warning);
        }
    }
    found
}

/// Refuses two default routes of one family.
pub(super) fn check_routes(nets: &[EntryNet], pools: &BTreeMap<PoolName, Pool>, findings: &mut Findings) {
    let mut taken: [Option<&EntryNet>; 2] = [None, None];
    for net in nets.iter().filter(|net| net.default_route == Some(true)) {
        for (family, taken) in families(net, pools).into_iter().zip(&mut taken) {
            match taken {
                Some(first) if family => {
                    let message = format!("both {:?} and {:?} have the default route", first.name, net.name);
                    findings.add("contradiction", &net.source, message);
                    return;
                }
                None if family => *taken = Some(net),
                _ => {}
            }
        }
    }
}

/// Returns whether a net has, or will have, an IPv4 and an IPv6 gateway.
fn families(net: &EntryNet, pools: &BTreeMap<PoolName, Pool>) -> [bool; 2] {
    if !net.addresses.is_empty() {
        let has = |v4: bool| net.addresses.iter().any(|a| a.gateway.is_some_and(|gateway| gateway.is_ipv4() == v4));
        return [has(true), has(false)];
    }
    match net.pool.as_ref().and_then(|name| pools.get(name)) {
        Some(pool) => {
            let has =
                |v4: bool| pool.networks.iter().any(|it| it.gateway.is_some() && it.network.addr().is_ipv4() == v4);
            [has(true), has(false)]
        }
        None => [true, true],
    }
}

/// Refuses addresses that do not fit: illumos passes those of one link in a buffer of 46 bytes.
pub(super) fn check_length(nets: &[EntryNet], findings: &mut Findings) {
    const MAX_BYTES: usize = 45;
    for net in nets {
        let texts: Vec<String> = net.addresses.iter().map(|address| address.address.to_string()).collect();
        let length = texts.join(",").len();
        if length > MAX_BYTES {
            let message =
                format!("the addresses of net {:?} take {length} bytes; illumos allows {MAX_BYTES} per link", net.name);
            findings.add_with_help("addresses-too-long", &net.source, message, "move some of them to another net");
        }
    }
}
