//! Translates a zone's network resources into nets of an entry: one net per link, with all its addresses.
//!
//! Invariant: each address of a resource is in the entry, so that it is not allocated again.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::found::ip_type;
use crate::documents::pool::Pool;
use crate::documents::settings::{EntryNet, IpType};
use crate::exec::dladm::LinkClass;
use crate::exec::zonecfg::{Net, ZoneConfig};
use crate::host::HostSnapshot;
use crate::registry::Pools;
use crate::value::address::{MacAddr, NetAddress, parse_network};
use crate::value::name::LinkName;

/// Inputs for translating nets.
pub(super) struct Cabling<'a> {
    pub(super) host: &'a HostSnapshot,
    pub(super) pools: &'a Pools,
    /// Number of zones, registered or not, that name each link.
    pub(super) users: &'a HashMap<String, usize>,
    /// True if matching VNICs become zmgr's own.
    pub(super) adopt: bool,
}

/// Returns the nets of this zone. `template` are those of its template, whose names are used if they match. Adds notes for the user
/// to `notes`.
pub(super) fn nets(
    config: &ZoneConfig,
    cabling: &Cabling<'_>,
    template: &[EntryNet],
    notes: &mut Vec<String>,
) -> Vec<EntryNet> {
    let mut links: Vec<&str> = Vec::new();
    for net in &config.nets {
        if !links.contains(&net.physical.as_str()) {
            links.push(&net.physical);
        }
    }
    let mut nets: Vec<EntryNet> = Vec::new();
    for link in links {
        let resources: Vec<&Net> = config.nets.iter().filter(|net| net.physical == link).collect();
        let mut net = addresses(&resources, cabling, notes);
        let pool = place(&mut net, link, ip_type(config), &resources, cabling, notes);
        net.pool = pool.map(|pool| pool.name.clone()).filter(|_| !net.no_address);
        net.name = name(&net, link, template, &nets);
        nets.push(net);
    }
    nets
}

/// Returns the addresses of one link; their pool is searched later.
fn addresses(resources: &[&Net], cabling: &Cabling<'_>, notes: &mut Vec<String>) -> EntryNet {
    let mut net = EntryNet::default();
    for resource in resources {
        let more = resource.properties.iter().filter(|(name, _)| matches!(name.as_str(), "ip" | "ips"));
        let texts = resource.address.iter().chain(&resource.allowed_address).chain(more.map(|(_, value)| value));
        for text in texts.flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
            let Some(address) = address(text, cabling.pools) else {
                let known = matches!(text, "dhcp" | "addrconf");
                if !known {
                    net.host_names.push(text.to_owned());
                    notes.push(format!(
                        "{} has the host name {text} instead of an address, which zmgr does not resolve",
                        resource.physical
                    ));
                }
                continue;
            };
            if net.addresses.iter().any(|known| known.address.addr() == address.addr()) {
                continue;
            }
            let router = resource.defrouter.as_deref().and_then(|text| text.split('/').next()?.parse::<IpAddr>().ok());
            let gateway =
                router.filter(|router| router.is_ipv4() == address.addr().is_ipv4() && *router != address.addr());
            net.addresses.push(NetAddress::new(address, gateway));
        }
    }
    net.no_address = net.addresses.is_empty() && net.host_names.is_empty();
    net
}

/// Returns an address with its prefix length; one without gets that of its pool, or its own full length.
fn address(text: &str, pools: &Pools) -> Option<IpNet> {
    let is_interface = |address: IpAddr| !address.is_unspecified() && !address.is_multicast();
    if let Ok(network) = parse_network(text) {
        return Some(network).filter(|network| is_interface(network.addr()));
    }
    let alone: IpAddr = text.parse().ok().filter(|alone| is_interface(*alone))?;
    let prefix = pools.values().find_map(|pool| Some(pool.network_of(alone)?.network.prefix_len()));
    match prefix {
        Some(prefix) => IpNet::new(alone, prefix).ok(),
        None => Some(IpNet::from(alone)),
    }
}

/// Sets the link of the net, and finds its pool.
fn place<'p>(
    net: &mut EntryNet,
    link: &str,
    ip_type: IpType,
    resources: &[&Net],
    cabling: &Cabling<'p>,
    notes: &mut Vec<String>,
) -> Option<&'p Pool> {
    let found = cabling.host.link(link);
    let made_at_boot = resources.iter().any(|resource| resource.global_nic.is_some());
    if found.is_none() && !made_at_boot {
        notes.push(format!("the host has no link {link}"));
    }
    let vnic = cabling.host.vnic(link).filter(|_| ip_type == IpType::Exclusive);
    let (over, vlan) = match vnic {
        Some(vnic) => (Some(vnic.over.as_str()), vnic.vlan),
        None => {
            let below = found.filter(|found| found.class == LinkClass::Vlan).and_then(|found| found.over.as_deref());
            (below.or(Some(link)), None)
        }
    };
    let pool = pool_of(net, over, vlan, cabling.pools);
    for address in &net.addresses {
        let address = address.address.addr();
        if pool.is_none_or(|pool| pool.network_of(address).is_none()) {
            notes.push(match pool_at(address, over, vlan, cabling.pools) {
                None => format!("{address} is not in a pool"),
                Some(other) => format!("{address} is in pool {}, but other addresses of {link} are not", other.name),
            });
        }
    }
    let (Some(vnic), Ok(name)) = (vnic, LinkName::new(link)) else {
        net.physical = Some(link.to_owned());
        return pool;
    };
    net.vnic = Some(name);
    net.stub = Some(vnic.over.clone());
    net.vlan = vnic.vlan;
    net.mac = vnic.mac.map(MacAddr::new).filter(|mac| mac.is_unicast());
    if cabling.adopt {
        match stranger(net, pool, cabling) {
            None => {
                net.managed = true;
                let mtu = found.and_then(|found| found.mtu);
                net.mtu = mtu.filter(|_| pool.is_some_and(|pool| pool.mtu.is_some()));
            }
            Some(why) => notes.push(format!("VNIC {link} is not adopted: {why}")),
        }
    }
    pool
}

/// Returns why a VNIC is not one that zmgr would have made for this net.
fn stranger(net: &EntryNet, pool: Option<&Pool>, cabling: &Cabling<'_>) -> Option<String> {
    let link = net.vnic.as_ref()?;
    if net.mac.is_none() {
        return Some("its MAC address is unknown".to_owned());
    }
    if cabling.users.get(link.as_str()).is_some_and(|users| *users > 1) {
        return Some("another zone also uses it".to_owned());
    }
    let pool = pool?;
    if let Some(stub) = &pool.stub
        && net.stub.as_ref() != Some(&stub.value)
    {
        let over = net.stub.as_deref().unwrap_or("nothing");
        return Some(format!("it is over {over}, but pool {} is over {}", pool.name, stub.value));
    }
    let wanted = pool.vlan.as_ref().map(|vlan| vlan.value);
    (net.vlan != wanted).then(|| {
        let said = |vlan: Option<u16>| vlan.map_or("no VLAN".to_owned(), |vlan| format!("VLAN {vlan}"));
        format!("it has {}, but pool {} has {}", said(net.vlan), pool.name, said(wanted))
    })
}

/// Returns the pool of a net: that of its first address with a pool.
fn pool_of<'p>(net: &EntryNet, over: Option<&str>, vlan: Option<u16>, pools: &'p Pools) -> Option<&'p Pool> {
    net.addresses.iter().find_map(|address| pool_at(address.address.addr(), over, vlan, pools))
}

/// Returns the pool of an address: if several match, the one on the same segment.
fn pool_at<'p>(address: IpAddr, over: Option<&str>, vlan: Option<u16>, pools: &'p Pools) -> Option<&'p Pool> {
    let mut best: Option<(u8, &Pool)> = None;
    for pool in pools.values().filter(|pool| pool.network_of(address).is_some()) {
        let on_link = pool.stub.as_ref().map(|stub| stub.as_str()) == over;
        let in_vlan = pool.vlan.as_ref().map(|vlan| vlan.value) == vlan;
        let fits = u8::from(on_link) * 2 + u8::from(on_link && in_vlan);
        if best.is_none_or(|(so_far, _)| fits > so_far) {
            best = Some((fits, pool));
        }
    }
    best.map(|(_, pool)| pool)
}

/// Returns an unused name for a net: that of the template's net of the same pool or link, the pool's, the link's.
fn name(net: &EntryNet, link: &str, template: &[EntryNet], nets: &[EntryNet]) -> String {
    let free = |name: &String| !nets.iter().any(|net| net.name == *name);
    let of_template = template.iter().find(|theirs| {
        free(&theirs.name)
            && match (&theirs.pool, &theirs.physical) {
                (Some(pool), _) => net.pool.as_ref() == Some(pool),
                (None, Some(physical)) => physical == link,
                (None, None) => false,
            }
    });
    if let Some(theirs) = of_template {
        return theirs.name.clone();
    }
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '_' };
    let link: String = link.chars().map(legal).take(63).collect();
    let candidates = net.pool.as_ref().map(ToString::to_string).into_iter().chain((!link.is_empty()).then_some(link));
    let numbered = (0..).map(|number: usize| format!("net{number}"));
    candidates.chain(numbered).find(free).unwrap_or_default()
}
