//! Changes the VNICs of an existing zone.
//!
//! Invariant: only a VNIC that zmgr made is touched: name, lower link and MAC address match the desired or the applied state.

use std::collections::BTreeMap;

use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::EntryNet;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::exec::dladm::{self, HostVnic};
use crate::host::HostSnapshot;
use crate::operations::context::{Context, Snapshots};
use crate::operations::create_plan::{self, vnic_steps, vnics};
use crate::operations::preconditions;
use crate::operations::steps::{LinkProperty, Step, Unlink, Vnic};

/// Changes of existing VNICs.
#[derive(Default)]
pub(super) struct Relinking {
    /// Changes that can be made while the zone runs.
    pub(super) at_once: Vec<Box<dyn Step>>,
    /// Changes that need the zone to be down.
    pub(super) down: Vec<Box<dyn Step>>,
    /// Nets with a change that needs the zone to be down.
    pub(super) nets: Vec<String>,
    /// Those among them whose VNIC is created again: neither their link nor their addresses change before.
    pub(super) moved: Vec<String>,
    /// Description of each change, and of what is left alone with the reason.
    pub(super) waiting: Vec<String>,
    pub(super) refused: Vec<String>,
    /// Nets whose VNIC is left alone: what was applied to it stays what the host may have.
    pub(super) foreign: Vec<String>,
}

/// Returns the changes that the desired VNICs need on the host.
pub(super) fn plan(context: &Context, snapshots: &Snapshots, entry: &ZoneEntry, spec: &ZoneSpec) -> Result<Relinking> {
    let mut relinking = Relinking::default();
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for (net, vnic) in spec.nets.iter().filter_map(|net| Some((net, vnics(std::slice::from_ref(net)).pop()?))) {
        let Some(found) = snapshots.host.vnic(vnic.name.as_str()) else { continue };
        let was = applied.iter().find(|was| was.vnic == net.vnic);
        if !is_ours(&vnic, was, found) {
            relinking.foreign.push(net.name.clone());
            relinking.refused.push(format!(
                "VNIC {} over {} with {} was not made like this by zmgr and is left alone",
                vnic.name,
                found.over,
                found.mac.map_or_else(|| "no MAC address".to_owned(), dladm::mac_text)
            ));
            continue;
        }
        let mut recreated: Vec<String> = Vec::new();
        if found.over != vnic.over {
            recreated.push(format!("over {} instead of {}", vnic.over, found.over));
        }
        if found.vlan != vnic.vlan {
            let said = |vlan: Option<u16>| vlan.map_or("no VLAN".to_owned(), |vlan| format!("VLAN {vlan}"));
            recreated.push(format!("with {} instead of {}", said(vnic.vlan), said(found.vlan)));
        }
        if found.mac != Some(vnic.mac) {
            recreated.push(format!("with the MAC address {}", dladm::mac_text(vnic.mac)));
        }
        if recreated.is_empty() {
            properties(context, snapshots, net, &vnic, was, &mut relinking)?;
            continue;
        }
        preconditions::links(&snapshots.host, spec)?;
        relinking.waiting.push(format!("the VNIC {} is created again {}", vnic.name, recreated.join(" and ")));
        relinking.nets.push(net.name.clone());
        relinking.moved.push(net.name.clone());
        let mac = found.mac.unwrap_or(vnic.mac);
        let old = Vnic { over: found.over.clone(), mac, vlan: found.vlan, properties: BTreeMap::new(), ..vnic.clone() };
        relinking.down.push(Box::new(Unlink { vnic: old }));
        relinking.down.extend(vnic_steps(vnic, std::slice::from_ref(net)));
    }
    Ok(relinking)
}

/// Returns true if the host's VNIC was made for this net, as it is desired now or as it was applied.
fn is_ours(vnic: &Vnic, was: Option<&EntryNet>, found: &HostVnic) -> bool {
    let made =
        |over: Option<&str>, mac: Option<[u8; 6]>| over == Some(&found.over) && mac.is_some() && mac == found.mac;
    made(Some(&vnic.over), Some(vnic.mac))
        || was.is_some_and(|was| was.managed && made(was.stub.as_deref(), was.mac.map(|mac| mac.bytes())))
}

fn properties(
    context: &Context,
    snapshots: &Snapshots,
    net: &EntryNet,
    vnic: &Vnic,
    was: Option<&EntryNet>,
    relinking: &mut Relinking,
) -> Result<()> {
    let (set, reset) = differences(context, snapshots, net, was)?;
    for (name, value) in &set {
        if name == "mtu" {
            relinking.waiting.push(format!("the VNIC {} gets the mtu {value}", vnic.name));
        }
    }
    if reset.iter().any(|name| name == "mtu") {
        relinking.waiting.push(format!("the VNIC {} gets its default mtu", vnic.name));
    }
    let values = set.into_iter().map(|(name, value)| (name, Some(value)));
    for (name, value) in values.chain(reset.into_iter().map(|name| (name, None))) {
        let cold = name == "mtu";
        let step = LinkProperty { vnic: vnic.clone(), name, value };
        if cold {
            relinking.nets.push(net.name.clone());
            relinking.down.push(Box::new(step));
        } else {
            relinking.at_once.push(Box::new(step));
        }
    }
    Ok(())
}

/// Returns the properties to set, and the applied ones that are no longer desired and still set.
pub(crate) fn differences(
    context: &Context,
    snapshots: &Snapshots,
    net: &EntryNet,
    was: Option<&EntryNet>,
) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let mut desired = create_plan::properties(net);
    let applied = was.map(create_plan::properties).unwrap_or_default();
    let mut gone: Vec<String> = applied.keys().filter(|name| !desired.contains_key(*name)).cloned().collect();
    let Some(vnic) = net.vnic.as_ref().filter(|_| !(desired.is_empty() && gone.is_empty())) else {
        return Ok((BTreeMap::new(), Vec::new()));
    };
    let only_mtu = desired.keys().chain(&gone).all(|name| name == "mtu");
    let found = |name: &str| -> Result<Option<String>> {
        if name == "mtu" {
            return Ok(mtu(&snapshots.host, vnic.as_str()).map(|mtu| mtu.to_string()));
        }
        Ok(snapshots.properties(context)?.get(&(vnic.to_string(), name.to_owned())).cloned())
    };
    if !only_mtu {
        snapshots.properties(context)?;
    }
    let mut same = Vec::new();
    for (name, value) in &desired {
        // dladm shows a percentage as the resulting value.
        let kept = value.ends_with('%') && applied.get(name) == Some(value);
        if found(name)?.is_some_and(|found| kept || dladm::same_property(name, value, &found)) {
            same.push(name.clone());
        }
    }
    desired.retain(|name, _| !same.contains(name));
    let usual = net.stub.as_ref().and_then(|stub| mtu(&snapshots.host, stub)).map(|mtu| mtu.to_string());
    let mut left = Vec::new();
    for name in gone.drain(..) {
        let found = found(&name)?;
        if found.is_some() && !(name == "mtu" && found == usual) {
            left.push(name);
        }
    }
    Ok((desired, left))
}

fn mtu(host: &HostSnapshot, link: &str) -> Option<u32> {
    host.link(link).and_then(|link| link.mtu)
}
