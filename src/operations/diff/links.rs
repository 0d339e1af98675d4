//! Compares the VNICs that zmgr made or must make.

use super::DriftItem;
use crate::documents::settings::EntryNet;
use crate::error::Result;
use crate::exec::dladm::{mac_text, same_property};
use crate::host::HostSnapshot;
use crate::operations::{Context, Snapshots, ZoneComparison, link_differences};
use crate::value::source::Source;

/// Returns differences of the links of this zone's managed nets. Other links are not compared.
pub(super) fn vnics(
    context: &Context,
    snapshots: &Snapshots,
    comparison: &ZoneComparison<'_>,
) -> Result<Vec<DriftItem>> {
    let host = &snapshots.host;
    let mut items: Vec<DriftItem> = comparison.open_nets().map(open).collect();
    let applied = comparison.entry().applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for net in comparison.spec.nets.iter().filter(|net| net.managed) {
        compare(net, applied, host, &mut items);
        properties(context, snapshots, net, applied, &mut items)?;
    }
    let wanted = |net: &&EntryNet| comparison.spec.nets.iter().any(|desired| desired.vnic == net.vnic);
    for net in applied.iter().filter(|net| net.managed && !wanted(net)) {
        if let Some(vnic) = &net.vnic
            && is_ours(net, host)
        {
            let text = Some(said(net));
            items.push(DriftItem::new(format!("vnic {vnic}"), None, text.clone(), text, Source::none()));
        }
    }
    Ok(items)
}

/// Returns the difference of a net for which something must be chosen.
pub(super) fn open(net: &EntryNet) -> DriftItem {
    let desired = net.pool.as_ref().map_or(String::new(), |pool| format!("an address of pool {pool}"));
    DriftItem::new(format!("net {}", net.name), Some(desired), None, None, net.source.clone())
}

/// The properties of a VNIC that are desired or were applied.
fn properties(
    context: &Context,
    snapshots: &Snapshots,
    net: &EntryNet,
    applied: &[EntryNet],
    items: &mut Vec<DriftItem>,
) -> Result<()> {
    let Some(vnic) = net.vnic.as_ref().filter(|vnic| snapshots.host.vnic(vnic.as_str()).is_some()) else {
        return Ok(());
    };
    let was = applied.iter().find(|was| was.vnic.as_ref() == Some(vnic));
    let (set, reset) = link_differences(context, snapshots, net, was)?;
    let found = |name: &str| match name {
        "mtu" => Result::Ok(snapshots.host.link(vnic.as_str()).and_then(|link| link.mtu).map(|mtu| mtu.to_string())),
        name => Ok(snapshots.properties(context)?.get(&(vnic.to_string(), name.to_owned())).cloned()),
    };
    let names =
        set.into_iter().map(|(name, value)| (name, Some(value))).chain(reset.into_iter().map(|name| (name, None)));
    for (name, desired) in names {
        let before = was.and_then(|was| match name.as_str() {
            "mtu" => was.mtu.map(|mtu| mtu.to_string()),
            name => was.link_properties.get(name).cloned(),
        });
        // The host's value in the spelling that was applied, if it is equivalent.
        let there: Option<String> = match (found(&name)?, &before) {
            (Some(found), Some(before)) if same_property(&name, before, &found) => Some(before.clone()),
            (found, _) => found,
        };
        items.push(DriftItem::new(format!("vnic {vnic} {name}"), desired, before, there, net.source.clone()));
    }
    Ok(())
}

/// Returns true if the host's link of this name is the one that zmgr made.
fn is_ours(net: &EntryNet, host: &HostSnapshot) -> bool {
    let found = net.vnic.as_ref().and_then(|vnic| host.vnic(vnic.as_str()));
    found.is_some_and(|found| Some(&found.over) == net.stub.as_ref() && found.mac == net.mac.map(|mac| mac.bytes()))
}

/// Returns a net's link and MAC address as text.
pub(super) fn said(net: &EntryNet) -> String {
    let mac = net.mac.map_or(String::new(), |mac| format!(", {mac}"));
    format!("over {}{mac}", net.stub.as_deref().unwrap_or("nothing"))
}

fn compare(net: &EntryNet, applied: &[EntryNet], host: &HostSnapshot, items: &mut Vec<DriftItem>) {
    let Some(vnic) = &net.vnic else { return };
    let was = applied.iter().find(|was| was.vnic.as_ref() == Some(vnic));
    let Some(found) = host.vnic(vnic.as_str()) else {
        let there = host.link(vnic.as_str()).map(|link| format!("a {}", link.class.as_str()));
        let what = format!("vnic {vnic}");
        items.push(DriftItem::new(what, Some(said(net)), was.map(said), there, net.source.clone()));
        return;
    };
    let mut point = |what: &str, desired: Option<String>, was: Option<String>, there: Option<String>| {
        if desired != there {
            items.push(DriftItem::new(format!("vnic {vnic} {what}"), desired, was, there, net.source.clone()));
        }
    };
    point("over", net.stub.clone(), was.and_then(|was| was.stub.clone()), Some(found.over.clone()));
    let mac = |net: &EntryNet| net.mac.map(|mac| mac.to_string());
    point("mac", mac(net), was.and_then(mac), found.mac.map(mac_text));
    let vlan = |net: &EntryNet| net.vlan.map(|vlan| vlan.to_string());
    point("vlan", vlan(net), was.and_then(vlan), found.vlan.map(|vlan| vlan.to_string()));
}
