//! Work of some distributions' brand scripts before a zone becomes ready and after it ended: links on demand, and
//! the resolver's files from attributes of the zone.
//!
//! [source: prestate and common.ksh of pkg5 of OmniOS: config_network, vnics on demand]

use std::fs;
use std::io;

use super::{Target, text};
use crate::dladm::link;
use crate::document::Element;
use crate::session::OK;
use crate::{Machine, ipadm};

fn field(net: &Element, name: &str) -> Option<String> {
    net.written(name).map(text).filter(|value| !value.is_empty())
}

/// The nets whose link the scripts make and delete.
fn on_demand<'a>(machine: &Machine, nets: impl Iterator<Item = &'a Element>) -> Vec<&'a Element> {
    nets.filter(|net| machine.line().net_extras && field(net, "global-nic").is_some()).collect()
}

/// Before the zone becomes ready. `Err` holds what the script says when it fails.
pub(super) fn before_ready(machine: &Machine, target: &Target) -> io::Result<Result<(), String>> {
    for net in on_demand(machine, target.document.resources("network")) {
        let (Some(physical), Some(global)) = (field(net, "physical"), field(net, "global-nic")) else { continue };
        let over = match (global.as_str(), field(net, "allowed-address")) {
            ("auto", None) => return Ok(Err("Cannot use 'auto' global NIC without allowed-address.".into())),
            ("auto", Some(address)) => match link_towards(machine, &address)? {
                Some(over) => over,
                None => return Ok(Err(format!("Could not determine global NIC for {address}"))),
            },
            _ => global,
        };
        if link::find(machine, &physical)?.is_some() {
            continue;
        }
        let (mac, vid) = (field(net, "mac-addr"), field(net, "vlan-id"));
        let mut argv = vec!["dladm", "create-vnic", "-l", &over];
        mac.iter().for_each(|mac| argv.extend(["-m", mac]));
        vid.iter().filter(|vid| *vid != "0").for_each(|vid| argv.extend(["-v", vid]));
        argv.push(&physical);
        let (status, stderr) = machine.ask(&argv);
        if status != OK {
            return Ok(Err(stderr.trim_end().to_owned()));
        }
        let made = link::find(machine, &physical)?.and_then(|link| link.mac);
        if let (None, Some(made)) = (mac, made) {
            // An edit of the zone's configuration that has no effect.
            let edit = format!("select net physical={physical}; set mac-addr={made}; end");
            machine.ask(&["zonecfg", "-z", &target.name, &edit]);
        }
    }
    if machine.line().resolver_attrs {
        write_resolver(machine, target)?;
    }
    Ok(Ok(()))
}

/// After the zone has ended: every link on demand goes, also one that the script did not make.
pub(super) fn after_end(machine: &Machine, target: &Target) {
    for net in on_demand(machine, target.document.resources("network")) {
        if let Some(physical) = field(net, "physical") {
            machine.ask(&["dladm", "delete-vnic", &physical]);
        }
    }
}

/// The link of the global zone whose subnet holds the address, else the first physical one.
fn link_towards(machine: &Machine, address: &str) -> io::Result<Option<String>> {
    if let Some(found) = ipadm::link_of_subnet(machine, address)? {
        return Ok(Some(found));
    }
    Ok(link::physical(machine)?.into_iter().next().map(|link| link.name))
}

fn write_resolver(machine: &Machine, target: &Target) -> io::Result<()> {
    let attr = |name: &str| target.document.attr(name).map(text).filter(|value| !value.is_empty());
    let (domain, resolvers) = (attr("dns-domain"), attr("resolvers"));
    if domain.is_none() && resolvers.is_none() {
        return Ok(());
    }
    let mut lines = "# Auto-generated from zone configuration\n".to_owned();
    domain.iter().for_each(|domain| lines.push_str(&format!("domain {domain}\n")));
    for resolver in resolvers.iter().flat_map(|list| list.split(',')) {
        lines.push_str(&format!("nameserver {resolver}\n"));
    }
    let etc = format!("{}/root/etc", target.zonepath);
    machine.replace(format!("{etc}/resolv.conf"), lines.as_bytes())?;
    if let Ok(dns) = fs::read(machine.path(format!("{etc}/nsswitch.dns"))) {
        machine.replace(format!("{etc}/nsswitch.conf"), &dns)?;
    }
    Ok(())
}
