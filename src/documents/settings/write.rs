//! Nodes from settings and nets, in the order of the reference page.

use super::{EntryNet, Settings};
use crate::documents::document::scalar;
use crate::kdl_util::Node;
use crate::value::name::ZoneName;

/// Returns the nodes of settings.
pub(crate) fn settings(settings: &Settings) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    nodes.extend(scalar("brand", &settings.brand));
    nodes.extend(scalar("autoboot", &settings.autoboot));
    nodes.extend(settings.ip_type.as_ref().map(|ip_type| Node::new("ip-type").arg(ip_type.as_str())));
    nodes.extend(settings.install.as_ref().map(|install| {
        let mut inner = Vec::new();
        inner.extend(list("publisher", install.publishers.iter().map(|name| name.as_str())));
        inner.extend(list("package", install.packages.iter().map(String::as_str)));
        inner.extend(install.image.as_ref().map(|image| Node::new("image").arg(image.as_str())));
        inner.extend(install.golden.map(|golden| Node::new("golden").arg(golden)));
        Node::new("install").block(inner)
    }));
    nodes.extend(settings.clone_from.as_ref().map(|zone| Node::new("clone-from").arg(zone.as_str())));
    if !settings.setup.is_empty() {
        let setup = &settings.setup;
        let mut inner = Vec::new();
        inner.extend(scalar("hostname", &setup.hostname));
        inner.extend(
            setup.ssh_keys.iter().flat_map(|keys| keys.iter()).map(|key| Node::new("ssh-key").arg(key.as_str())),
        );
        inner.extend(scalar("root-password-file", &setup.root_password_file));
        inner.extend(
            setup.hosts.iter().flat_map(|lines| lines.iter()).map(|line| Node::new("hosts").arg(line.as_str())),
        );
        inner.extend(scalar("timezone", &setup.timezone));
        nodes.push(Node::new("setup").block(inner));
    }
    nodes.extend(
        settings
            .resolvers
            .iter()
            .flat_map(|list| list.iter())
            .map(|address| Node::new("resolver").arg(address.to_string())),
    );
    nodes.extend(scalar("dns-domain", &settings.dns_domain));
    nodes.extend(settings.tags.iter().flat_map(|tags| list("tag", tags.iter().map(String::as_str))));
    nodes.extend(settings.after.iter().flat_map(|zones| list("after", zones.iter().map(ZoneName::as_str))));
    nodes.extend(scalar("protected", &settings.protected));
    nodes.extend(settings.without.iter().map(|without| {
        let node = Node::new("without").arg(without.node.as_str());
        without.key.iter().fold(node, |node, key| node.arg(key.as_str()))
    }));
    settings.resources.encode(&mut nodes);
    nodes.extend(
        settings.zonecfg.iter().flat_map(|list| list.iter()).map(|command| Node::new("zonecfg").arg(command.as_str())),
    );
    nodes
}

/// Returns one node with all words, or none.
fn list<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<Node> {
    let node = Node::new(name).args(words);
    (!node.entries.is_empty()).then_some(node)
}

/// Returns the node of a net.
pub(crate) fn net(net: &EntryNet) -> Node {
    let mut inner = Vec::new();
    inner.extend(net.pool.as_ref().map(|pool| Node::new("pool").arg(pool.as_str())));
    inner.extend(net.inside.iter().map(|inside| Node::new("address").arg(inside.as_str())));
    if net.no_address && net.inside.is_empty() {
        inner.push(Node::new("address").arg("none"));
    }
    inner.extend(net.addresses.iter().map(|address| {
        Node::new("address")
            .arg(address.address.to_string())
            .prop_if("gateway", address.gateway.map(|gateway| gateway.to_string()))
    }));
    inner.extend(net.host_names.iter().map(|name| Node::new("host-name").arg(name.as_str())));
    inner.extend(net.physical.as_ref().map(|link| Node::new("physical").arg(link.as_str())));
    inner.extend(net.vnic.as_ref().map(|link| Node::new("vnic").arg(link.as_str())));
    inner.extend(net.stub.as_ref().map(|link| Node::new("stub").arg(link.as_str())));
    inner.extend(net.vlan.map(|vlan| Node::new("vlan").arg(vlan)));
    inner.extend(net.mtu.map(|mtu| Node::new("mtu").arg(mtu)));
    inner.extend(
        net.link_properties
            .iter()
            .map(|(name, value)| Node::new("link-property").arg(name.as_str()).arg(value.as_str())),
    );
    inner.extend(net.mac.map(|mac| Node::new("mac").arg(mac.to_string())));
    inner.extend(net.default_route.map(|yes| Node::new("default-route").arg(yes)));
    inner.extend(list("override", net.overrides.iter().map(String::as_str)));
    inner.extend(net.managed.then(|| Node::new("managed").arg(true)));
    Node::new("net").arg(net.name.as_str()).block(inner)
}
