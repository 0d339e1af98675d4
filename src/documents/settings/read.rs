//! Settings and nets from nodes.

use std::net::IpAddr;

use super::{EntryNet, InsideAddress, Install, Settings, Setup, Without, link_property};
use crate::documents::document::{Reader, integer};
use crate::documents::resources::Resources;
use crate::kdl_util::{Node, Value};
use crate::schema::is_link_value;
use crate::value::address::{NetAddress, parse_address, parse_network};
use crate::value::name::ZoneName;
use crate::value::source::Sourced;

/// Reads the settings of a body and ignores other nodes.
pub(crate) fn settings(body: &Node, reader: &mut Reader<'_>) -> Settings {
    // `applied` also has how the golden zone was installed.
    if body.name != "applied"
        && let (Some(clone), Some(_)) = (body.child("clone-from"), body.child("install"))
    {
        let message = "`clone-from` stands beside `install`: a zone is cloned or installed";
        reader.faults.add_with_help("contradiction", clone.name_span, message, "remove one of them");
    }
    Settings {
        brand: reader.text_of(body, "brand"),
        autoboot: reader.flag(body, "autoboot"),
        ip_type: reader.parsed(body, "ip-type"),
        install: body.child("install").map(|node| reader.sourced(node, install(node, reader))),
        clone_from: reader.parsed(body, "clone-from"),
        setup: body.child("setup").map(|node| setup(node, reader)).unwrap_or_default(),
        resolvers: reader.list(body, "resolver").map(|list| Sourced {
            value: list.value.iter().filter_map(|text| parse_address(text).ok()).collect(),
            source: list.source,
        }),
        dns_domain: reader.text_of(body, "dns-domain"),
        tags: reader.list(body, "tag"),
        after: reader.list(body, "after").map(|list| Sourced {
            value: list.value.iter().filter_map(|name| ZoneName::new(name.as_str()).ok()).collect(),
            source: list.source,
        }),
        protected: reader.flag(body, "protected"),
        zonecfg: reader.list(body, "zonecfg"),
        without: body
            .children_named("without")
            .filter_map(|node| {
                let mut words = node.texts();
                let what = Without::new(words.next()?, words.next().map(str::to_owned));
                Some(reader.sourced(node, what))
            })
            .collect(),
        resources: Resources::decode(body, reader),
    }
}

fn install(node: &Node, reader: &Reader<'_>) -> Install {
    let all = |name: &str| {
        node.nodes().iter().filter(|n| n.name == name).flat_map(Node::texts).map(str::to_owned).collect::<Vec<_>>()
    };
    Install {
        publishers: all("publisher").into_iter().filter_map(|name| name.parse().ok()).collect(),
        packages: all("package"),
        image: node.child("image").and_then(Node::text).map(str::to_owned),
        golden: reader.flag(node, "golden").map(|golden| golden.value),
    }
}

fn setup(node: &Node, reader: &Reader<'_>) -> Setup {
    Setup {
        hostname: reader.text_of(node, "hostname"),
        ssh_keys: reader.list(node, "ssh-key"),
        root_password_file: reader.text_of(node, "root-password-file"),
        hosts: reader.list(node, "hosts"),
        timezone: reader.text_of(node, "timezone"),
    }
}

/// Reads the nets of a body, in order.
pub(crate) fn nets(body: &Node, reader: &mut Reader<'_>) -> Vec<EntryNet> {
    // Values that were applied once stay readable.
    if body.name != "applied" && !reader.frozen {
        check_link_properties(body, reader);
    }
    body.children_named("net").filter_map(|node| net(node, reader)).collect()
}

/// Reports what dladm would refuse only once the VNIC is created.
fn check_link_properties(body: &Node, reader: &mut Reader<'_>) {
    for node in body.children_named("net").flat_map(|net| net.children_named("link-property")) {
        let mut words = node.texts();
        let property = words.next().zip(words.next().filter(|value| is_link_value(value)));
        if let Some(refusal) = property.and_then(|(name, value)| link_property::refusal(name, value)) {
            reader.faults.add_with_help("bad-value", node.name_span, refusal.message, refusal.help);
        }
    }
}

fn net(node: &Node, reader: &mut Reader<'_>) -> Option<EntryNet> {
    let mut net = EntryNet { source: reader.source(node), ..EntryNet::new(node.text()?) };
    let mut none = false;
    for child in node.nodes() {
        let text = child.text().unwrap_or_default();
        match child.name.as_str() {
            "pool" => net.pool = text.parse().ok(),
            "address" if text == "none" => none = true,
            "address" if text.parse::<InsideAddress>().is_ok() => net.inside.extend(text.parse::<InsideAddress>()),
            "address" => net.addresses.extend(address(child, reader)),
            "host-name" => net.host_names.push(text.to_owned()),
            "vnic" => net.vnic = text.parse().ok(),
            "stub" => net.stub = Some(text.to_owned()),
            "physical" => net.physical = Some(text.to_owned()),
            "vlan" => net.vlan = child.first().and_then(integer),
            "mtu" => net.mtu = child.first().and_then(integer),
            "link-property" => {
                let mut words = child.texts();
                if let (Some(name), Some(value)) = (words.next(), words.next()) {
                    net.link_properties.insert(name.to_owned(), value.to_owned());
                }
            }
            "mac" => net.mac = text.parse().ok(),
            "override" => net.overrides.extend(child.texts().map(str::to_owned)),
            "managed" => net.managed = child.first() == Some(&Value::Bool(true)),
            "default-route" => {
                net.default_route = match child.first() {
                    Some(Value::Bool(yes)) => Some(*yes),
                    _ => None,
                }
            }
            _ => {}
        }
    }
    net.no_address = none || !net.inside.is_empty();
    let other = match (net.addresses.is_empty(), none, net.inside.first()) {
        (false, _, Some(inside)) => Some(("an address", inside.as_str())),
        (false, true, None) => Some(("an address", "none")),
        (true, true, Some(inside)) => Some(("`address \"none\"`", inside.as_str())),
        (true, true, None) if net.pool.is_some() => Some(("a pool", "none")),
        _ => None,
    };
    if let Some((what, word)) = other {
        let message = format!("net {:?} has {what} and `address {word:?}`", net.name);
        reader.faults.add_with_help("contradiction", node.name_span, message, "remove one of them");
    }
    if net.physical.is_some() && net.vnic.is_some() {
        let message = format!("net {:?} has a VNIC and a physical link", net.name);
        reader.faults.add_with_help("contradiction", node.name_span, message, "remove one of them");
    }
    if let (Some(property), true) = (node.child("link-property"), net.physical.is_some()) {
        let message = format!("net {:?} has a physical link, whose properties are not the zone's", net.name);
        reader.faults.add_with_help("contradiction", property.name_span, message, "set them with dladm");
    }
    Some(net)
}

/// `address "10.1.0.10/24" gateway="10.1.0.1"`.
pub(crate) fn address(node: &Node, reader: &mut Reader<'_>) -> Option<NetAddress> {
    let address = parse_network(node.text()?).ok()?;
    let gateway: Option<IpAddr> = node.property_text("gateway").and_then(|text| parse_address(text).ok());
    if let Some(gateway) = gateway {
        let span = node.property("gateway").map_or(node.name_span, |entry| entry.span);
        if gateway.is_ipv4() != address.addr().is_ipv4() {
            reader.faults.add(
                "bad-gateway",
                span,
                format!("the gateway {gateway} and the address {address} are of two families"),
            );
        } else if gateway == address.addr() {
            reader.faults.add("bad-gateway", span, format!("{gateway} is the address and its own gateway"));
        }
    }
    Some(NetAddress::new(address, gateway))
}
