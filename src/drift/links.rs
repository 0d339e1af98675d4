//! The VNICs that zmgr made, and those that it has yet to make.

use super::DriftItem;
use crate::exec::dladm::mac_text;
use crate::host::HostState;
use crate::lifecycle::Standing;
use crate::settings::EntryNet;
use crate::source::Source;

/// In what the links of this zone's managed nets differ. Links that others made are compared with nothing.
pub(super) fn vnics(standing: &Standing<'_>, host: &HostState) -> Vec<DriftItem> {
    let mut items: Vec<DriftItem> = Vec::new();
    for net in standing.open_nets() {
        let wish = net.pool.as_ref().map_or(String::new(), |pool| format!("an address of pool {pool}"));
        items.push(DriftItem::new(format!("net {}", net.name), Some(wish), None, None, net.source.clone()));
    }
    let applied = standing.entry().applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for net in standing.spec.nets.iter().filter(|net| net.managed) {
        compare(net, applied, host, &mut items);
    }
    let wished = |net: &&EntryNet| standing.spec.nets.iter().any(|wish| wish.vnic == net.vnic);
    for net in applied.iter().filter(|net| net.managed && !wished(net)) {
        if let Some(vnic) = &net.vnic
            && is_ours(net, host)
        {
            let text = Some(said(net));
            items.push(DriftItem::new(format!("vnic {vnic}"), None, text.clone(), text, Source::none()));
        }
    }
    items
}

/// Whether the host's link of this name is the one that zmgr made.
fn is_ours(net: &EntryNet, host: &HostState) -> bool {
    let found = net.vnic.as_ref().and_then(|vnic| host.vnic(vnic.as_str()));
    found.is_some_and(|found| Some(&found.over) == net.stub.as_ref() && found.mac == net.mac.map(|mac| mac.bytes()))
}

fn said(net: &EntryNet) -> String {
    let mac = net.mac.map_or(String::new(), |mac| format!(", {mac}"));
    format!("over {}{mac}", net.stub.as_deref().unwrap_or("nothing"))
}

fn compare(net: &EntryNet, applied: &[EntryNet], host: &HostState, items: &mut Vec<DriftItem>) {
    let Some(vnic) = &net.vnic else { return };
    let was = applied.iter().find(|was| was.vnic.as_ref() == Some(vnic));
    let Some(found) = host.vnic(vnic.as_str()) else {
        let there = host.link(vnic.as_str()).map(|link| format!("a {}", link.class.as_str()));
        let what = format!("vnic {vnic}");
        items.push(DriftItem::new(what, Some(said(net)), was.map(said), there, net.source.clone()));
        return;
    };
    let mut point = |what: &str, wish: Option<String>, was: Option<String>, there: Option<String>| {
        if wish != there {
            items.push(DriftItem::new(format!("vnic {vnic} {what}"), wish, was, there, net.source.clone()));
        }
    };
    point("over", net.stub.clone(), was.and_then(|was| was.stub.clone()), Some(found.over.clone()));
    let mac = |net: &EntryNet| net.mac.map(|mac| mac.to_string());
    point("mac", mac(net), was.and_then(mac), found.mac.map(mac_text));
    let vlan = |net: &EntryNet| net.vlan.map(|vlan| vlan.to_string());
    point("vlan", vlan(net), was.and_then(vlan), found.vlan.map(|vlan| vlan.to_string()));
    if let Some(mtu) = net.mtu {
        let there = host.link(vnic.as_str()).and_then(|link| link.mtu).map(|mtu| mtu.to_string());
        point("mtu", Some(mtu.to_string()), was.and_then(|was| Some(was.mtu?.to_string())), there);
    }
}
