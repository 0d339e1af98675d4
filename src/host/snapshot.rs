//! A snapshot of the whole host: its zones, links, brands and addresses, registered or not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::Host;
use super::positions::Positions;
use super::stamps::{self, FileStamp, ZonesStamp};
use crate::error::{Code, Error, Result};
use crate::exec::dladm::{self, HostLink, HostVnic};
use crate::exec::ipadm::{self, HostAddress};
use crate::exec::zfs;
use crate::exec::zoneadm::{self, HostZone};
use crate::exec::zonecfg::{Net, ZoneConfig};

/// Zones, links, brands and addresses of a host.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct HostSnapshot {
    /// All zones, including the global one, in the host's order, without those that the host cannot read.
    pub zones: Vec<HostZone>,
    /// Zones that the host has and cannot read. Only their names are certain.
    pub unlisted: BTreeSet<String>,
    /// Every data link.
    pub links: Vec<HostLink>,
    /// Every VNIC.
    pub vnics: Vec<HostVnic>,
    /// Installed brands.
    pub brands: BTreeSet<String>,
    /// For each requested path, whether a file system is mounted there.
    pub mounted: BTreeMap<String, bool>,
    /// Addresses of the host itself, including those of running shared-IP zones.
    pub addresses: Vec<HostAddress>,
    /// The nets of each zone, once they were queried: [`Host::nets_of_zones`].
    pub nets: Vec<HostZoneNets>,
    /// Stamp of the zones' documents before they were read.
    pub stamp: ZonesStamp,
    zone_positions: Positions,
    link_positions: Positions,
    vnic_positions: Positions,
}

/// The nets of a zone on the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostZoneNets {
    /// The zone.
    pub zone: String,
    /// Stamp of its document when it was read; `None`: it was not read.
    pub document: Option<FileStamp>,
    /// Reason if its document could not be read.
    pub unread: Option<UnreadDocument>,
    /// True if it shares the host's IP stack.
    pub shared: bool,
    /// True if it is known to have nothing besides what its document lists: it does not run, or its links were queried.
    pub settled: bool,
    /// Nets of its document, followed by those that only the running zone has.
    pub nets: Vec<HostNet>,
}

/// A document of a zone that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadDocument {
    /// The error.
    pub reason: String,
    /// True if the nets of an earlier state of the document are known.
    pub nets_known: bool,
}

/// A net of a zone on the host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostNet {
    /// The link that the zone uses.
    pub link: String,
    /// The link below it and the VLAN, for a VNIC and for a link that the brand creates at boot.
    pub over: Option<(String, Option<u16>)>,
    /// Its MAC address, if known.
    pub mac: Option<[u8; 6]>,
    /// Its addresses.
    pub addresses: Vec<IpNet>,
    /// True if only the running zone has it: its document differs.
    pub running: bool,
}

impl HostSnapshot {
    /// Returns the zone of this name.
    pub fn zone(&self, name: &str) -> Option<&HostZone> {
        self.zone_positions.find(&self.zones, name, |zone| &zone.name)
    }

    /// Fails if the host has a zone of this name and cannot read it.
    pub fn check_listed(&self, name: &str) -> Result<()> {
        if !self.unlisted.contains(name) {
            return Ok(());
        }
        let unread = self.nets.iter().find(|nets| nets.zone == name).and_then(|nets| nets.unread.as_ref());
        let message = match unread {
            Some(unread) => format!("zone {name} cannot be read: {}", unread.reason),
            None => format!("zone {name} is in the host's index, but `zoneadm list` does not show it"),
        };
        Err(Error::new(Code::Io, message).with_help(format!("run `zoneadm -z {name} list -v`")))
    }

    /// Returns all zones by name, for many lookups.
    pub fn zones_by_name(&self) -> HashMap<&str, &HostZone> {
        self.zones.iter().map(|zone| (zone.name.as_str(), zone)).collect()
    }

    /// Returns the link of this name.
    pub fn link(&self, name: &str) -> Option<&HostLink> {
        self.link_positions.find(&self.links, name, |link| &link.name)
    }

    /// Returns the VNIC of this name.
    pub fn vnic(&self, name: &str) -> Option<&HostVnic> {
        self.vnic_positions.find(&self.vnics, name, |vnic| &vnic.name)
    }
}

/// A running zone that may have other nets than its document lists.
struct Unsettled {
    /// Its position in [`HostSnapshot::nets`].
    at: usize,
    /// Its nets in the last result.
    last: Vec<HostNet>,
}

impl Host {
    /// Takes a snapshot of the host with four commands, whatever the number of zones, and one for each of these paths, all in
    /// parallel. The nets of the zones are queried separately: [`Host::nets_of_zones`].
    pub fn snapshot(&self, paths: &BTreeSet<String>) -> Result<HostSnapshot> {
        // First, so that a concurrent change is seen by the next comparison.
        let stamp = ZonesStamp::of(&self.path("/"));
        let mut questions = vec![zoneadm::list(), dladm::show_link(None), dladm::show_vnic(None), ipadm::show_addr()];
        questions.extend(paths.iter().map(|path| zfs::list_path(path)));
        let mut answers = self.runner().run_all(&questions, &|| false).into_iter();
        let mut answer = || answers.next().unwrap_or_else(|| Err(Error::new(Code::Internal, "a query has no answer")));
        let mut asked = || answer()?.check();
        let mut state = HostSnapshot {
            stamp,
            zones: zoneadm::parse_list(&asked()?)?,
            links: dladm::parse_links(&asked()?)?,
            vnics: dladm::parse_vnics(&asked()?)?,
            brands: self.brands()?,
            ..HostSnapshot::default()
        };
        state.addresses = ipadm::parse_addr(&asked()?)?;
        for path in paths {
            let is_mounted = self.dataset_of(path, answer()?.answered()?)?.is_some();
            state.mounted.insert(path.clone(), is_mounted);
        }
        Ok(state)
    }

    /// Adds the nets of every zone, VM brands and zones that the host cannot read included. `before` is the last result: a document
    /// that has not changed since is not read again. Running zones whose document has changed are queried for their actual links
    /// and addresses, with one command for all of them.
    pub fn nets_of_zones(&self, state: &mut HostSnapshot, before: Vec<HostZoneNets>) -> Result<()> {
        let mut before: HashMap<String, HostZoneNets> =
            before.into_iter().map(|nets| (nets.zone.clone(), nets)).collect();
        let mut unsettled: Vec<Unsettled> = Vec::new();
        let zones: Vec<&HostZone> = state.zones.iter().filter(|zone| zone.name != "global").collect();
        let names: Vec<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
        for (zone, document) in zones.into_iter().zip(self.stamps(&names)) {
            let (mut nets, last) = self.nets_of_zone(&zone.name, document, before.remove(&zone.name));
            nets.shared = !zone.exclusive_ip;
            if !zone.state.is_active() || nets.shared {
                nets.settled = true;
            } else if !nets.settled {
                unsettled.push(Unsettled { at: state.nets.len(), last });
            }
            state.nets.push(nets);
        }
        // zoneadm does not list a zone whose document it cannot read. It may run nevertheless.
        let listed: HashSet<&str> = state.zones.iter().map(|zone| zone.name.as_str()).collect();
        let indexed = self.indexed()?.into_iter();
        state.unlisted = indexed.filter(|zone| zone != "global" && !listed.contains(zone.as_str())).collect();
        let names: Vec<&str> = state.unlisted.iter().map(String::as_str).collect();
        for (zone, document) in names.iter().zip(self.stamps(&names)) {
            let (nets, last) = self.nets_of_zone(zone, document, before.remove(*zone));
            unsettled.push(Unsettled { at: state.nets.len(), last });
            state.nets.push(nets);
        }
        if !unsettled.is_empty() {
            self.add_running(state, unsettled)?;
        }
        let vnics: HashMap<&str, &HostVnic> = state.vnics.iter().map(|vnic| (vnic.name.as_str(), vnic)).collect();
        for net in state.nets.iter_mut().flat_map(|nets| &mut nets.nets) {
            if let Some(vnic) = vnics.get(net.link.as_str()) {
                net.over = Some((vnic.over.clone(), vnic.vlan));
                net.mac = vnic.mac.or(net.mac);
            }
        }
        Ok(())
    }

    /// Returns the stamp of each zone's document.
    fn stamps(&self, zones: &[&str]) -> Vec<Option<FileStamp>> {
        stamps::of_documents(&self.path("/etc/zones"), zones)
    }

    /// Returns the nets of a zone's document, whose stamp was taken before, and the last nets of a zone that is not settled. `before`
    /// is the last result: an unchanged document is not read again, and the nets of one that can no longer be read are still known.
    fn nets_of_zone(
        &self,
        zone: &str,
        document: Option<FileStamp>,
        before: Option<HostZoneNets>,
    ) -> (HostZoneNets, Vec<HostNet>) {
        let of_document = |nets: &mut HostZoneNets| nets.nets.retain(|net| !net.running);
        let is_current = |before: &HostZoneNets| before.document.is_some() && before.document == document;
        let mut before = before.unwrap_or_default();
        if is_current(&before) && before.settled {
            of_document(&mut before);
            return (before, Vec::new());
        }
        let last = before.nets.clone();
        of_document(&mut before);
        if is_current(&before) {
            return (before, last);
        }
        let zone = zone.to_owned();
        let nets = match self.zone_config(&zone) {
            Ok(config) => HostZoneNets {
                zone,
                document: document.filter(|_| config.is_some()),
                nets: config.map(|config| config_nets(&config)).unwrap_or_default(),
                ..HostZoneNets::default()
            },
            Err(error) => {
                let nets_known = match &before.unread {
                    Some(unread) => unread.nets_known,
                    None => before.document.is_some(),
                };
                let unread = Some(UnreadDocument { reason: error.message().to_owned(), nets_known });
                // Its earlier nets are better than nothing.
                HostZoneNets { zone, document: None, unread, settled: false, ..before }
            }
        };
        (nets, last)
    }

    /// Adds the nets that these zones have only because they are running.
    fn add_running(&self, state: &mut HostSnapshot, unsettled: Vec<Unsettled>) -> Result<()> {
        let completed = self.question(&dladm::show_lent())?;
        // One unreadable link makes the exit status 1; the others are listed nevertheless.
        let lent = dladm::parse_properties(&completed)?;
        let known = completed.success() || !lent.is_empty();
        let mut links: HashMap<&str, Vec<(&str, Vec<IpNet>)>> = HashMap::new();
        for ((link, property), zone) in &lent {
            if property == "zone" {
                let addresses = lent.get(&(link.clone(), "allowed-ips".to_owned()));
                let addresses = addresses.into_iter().flat_map(|texts| texts.split(','));
                let addresses = addresses.filter_map(|text| parse_address(text.trim())).collect();
                links.entry(zone).or_default().push((link, addresses));
            }
        }
        for Unsettled { at, last } in unsettled {
            let nets = &mut state.nets[at];
            let mut more = Vec::new();
            for (link, addresses) in links.get(nets.zone.as_str()).into_iter().flatten() {
                let configured = |address: &IpNet| {
                    let of_link = nets.nets.iter().filter(|net| net.link == *link);
                    of_link.flat_map(|net| &net.addresses).any(|known| known.addr() == address.addr())
                };
                let others: Vec<IpNet> = addresses.iter().filter(|address| !configured(address)).copied().collect();
                if !others.is_empty() || !nets.nets.iter().any(|net| net.link == *link) {
                    more.push(HostNet {
                        link: (*link).to_owned(),
                        addresses: others,
                        running: true,
                        ..HostNet::default()
                    });
                }
            }
            if !known {
                more.extend(last.into_iter().map(|net| HostNet { running: true, ..net }));
            }
            nets.settled = known && more.is_empty();
            nets.nets.append(&mut more);
        }
        Ok(())
    }
}

/// Returns the nets of a zone's configuration.
fn config_nets(config: &ZoneConfig) -> Vec<HostNet> {
    let mut nets: Vec<HostNet> = Vec::new();
    for net in &config.nets {
        let mut addresses = net_addresses(net);
        let at = nets.iter().position(|known| known.link == net.physical);
        let at = at.unwrap_or_else(|| {
            nets.push(HostNet { link: net.physical.clone(), ..HostNet::default() });
            nets.len() - 1
        });
        let found = &mut nets[at];
        found.addresses.append(&mut addresses);
        let vlan = net.vlan_id.as_ref().and_then(|vlan| vlan.parse().ok()).filter(|vlan| *vlan != 0);
        if let Some(over) = net.global_nic.as_ref().filter(|over| *over != "auto") {
            found.over = Some((over.clone(), vlan));
        }
        found.mac = net.mac_addr.as_ref().and_then(|mac| dladm::parse_mac(mac)).or(found.mac);
    }
    nets
}

/// Returns every address in a zone's configuration, in any of the places where distributions put them.
pub fn config_addresses(config: &ZoneConfig) -> Vec<IpNet> {
    let mut addresses = Vec::new();
    config.nets.iter().for_each(|net| addresses.append(&mut net_addresses(net)));
    addresses
}

fn net_addresses(Net { address, allowed_address, properties, .. }: &Net) -> Vec<IpNet> {
    let more = properties.iter().filter(|(name, _)| matches!(name.as_str(), "ip" | "ips")).map(|(_, value)| value);
    let texts = address.iter().chain(allowed_address).chain(more);
    texts.flat_map(|text| text.split(',')).filter_map(|text| parse_address(text.trim())).collect()
}

fn parse_address(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_wherever_they_stand() {
        let config = ZoneConfig {
            nets: vec![
                Net { allowed_address: Some("10.0.0.5/24,10.0.0.6/24".into()), ..Net::default() },
                Net { address: Some("host.example".into()), ..Net::default() },
                Net { address: Some("10.0.0.7".into()), ..Net::default() },
                Net { properties: vec![("ips".into(), "dhcp, 2001:db8::1/64".into())], ..Net::default() },
            ],
            ..ZoneConfig::default()
        };
        let texts: Vec<String> = config_addresses(&config).iter().map(IpNet::to_string).collect();
        assert_eq!(texts, ["10.0.0.5/24", "10.0.0.6/24", "10.0.0.7/32", "2001:db8::1/64"]);
    }
}
