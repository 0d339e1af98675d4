//! Changes of the VNICs of a zone that is built.
//!
//! Invariant: only a VNIC that zmgr made is touched: name, lower link and MAC address agree with the wish or with what was applied.

use std::collections::BTreeMap;

use crate::effective::ZoneSpec;
use crate::error::Result;
use crate::exec::dladm::{self, HostVnic};
use crate::host::HostSnapshot;
use crate::operations::context::{Context, Snapshots};
use crate::operations::create::{self, vnic_steps, vnics};
use crate::operations::preconditions;
use crate::operations::steps::{LinkProperty, Step, Unlink, Vnic};
use crate::settings::EntryNet;
use crate::zone::ZoneEntry;

/// What is to be done to the VNICs that are there.
#[derive(Default)]
pub(super) struct Relinking {
    /// What is taken while the zone runs, too.
    pub(super) at_once: Vec<Box<dyn Step>>,
    /// What needs the zone to be down.
    pub(super) down: Vec<Box<dyn Step>>,
    /// The nets of which something needs the zone to be down.
    pub(super) nets: Vec<String>,
    /// Those among them whose VNIC is created again: neither their link nor their addresses change before.
    pub(super) moved: Vec<String>,
    /// What each of these is, in words, and what is left alone with the reason.
    pub(super) waiting: Vec<String>,
    pub(super) refused: Vec<String>,
}

/// What the wish's VNICs that the host has need.
pub(super) fn plan(context: &Context, snapshots: &Snapshots, entry: &ZoneEntry, spec: &ZoneSpec) -> Result<Relinking> {
    let mut relinking = Relinking::default();
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for (net, vnic) in spec.nets.iter().filter_map(|net| Some((net, vnics(std::slice::from_ref(net)).pop()?))) {
        let Some(found) = snapshots.host.vnic(vnic.name.as_str()) else { continue };
        let was = applied.iter().find(|was| was.vnic == net.vnic);
        if !is_ours(&vnic, was, found) {
            relinking.refused.push(format!(
                "the VNIC {} lies over {} with {}, which zmgr did not make so: it is left alone",
                vnic.name,
                found.over,
                found.mac.map_or_else(|| "no MAC address".to_owned(), dladm::mac_text)
            ));
            continue;
        }
        let mut anew: Vec<String> = Vec::new();
        if found.over != vnic.over {
            anew.push(format!("over {} instead of {}", vnic.over, found.over));
        }
        if found.vlan != vnic.vlan {
            let said = |vlan: Option<u16>| vlan.map_or("no VLAN".to_owned(), |vlan| format!("VLAN {vlan}"));
            anew.push(format!("with {} instead of {}", said(vnic.vlan), said(found.vlan)));
        }
        if found.mac != Some(vnic.mac) {
            anew.push(format!("with the MAC address {}", dladm::mac_text(vnic.mac)));
        }
        if anew.is_empty() {
            properties(context, snapshots, net, &vnic, was, &mut relinking)?;
            continue;
        }
        preconditions::links(&snapshots.host, spec)?;
        relinking.waiting.push(format!("the VNIC {} is created again {}", vnic.name, anew.join(" and ")));
        relinking.nets.push(net.name.clone());
        relinking.moved.push(net.name.clone());
        let mac = found.mac.unwrap_or(vnic.mac);
        let old = Vnic { over: found.over.clone(), mac, vlan: found.vlan, properties: BTreeMap::new(), ..vnic.clone() };
        relinking.down.push(Box::new(Unlink { vnic: old }));
        relinking.down.extend(vnic_steps(vnic, std::slice::from_ref(net)));
    }
    Ok(relinking)
}

/// Whether the host's VNIC is the one that was made for this net, as it is wished now or as it was applied.
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

/// The properties to be set, and those that were applied, are no longer wished and still set.
pub(crate) fn differences(
    context: &Context,
    snapshots: &Snapshots,
    net: &EntryNet,
    was: Option<&EntryNet>,
) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let mut desired = create::properties(net);
    let applied = was.map(create::properties).unwrap_or_default();
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
        // A percentage is shown as what it comes to.
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
