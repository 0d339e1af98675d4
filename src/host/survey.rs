//! A look at the whole host: which zones, links, brands and addresses there are, whoever they belong to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ipnet::IpNet;

use super::Host;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::dladm::{self, HostLink, HostVnic};
use crate::exec::ipadm::{self, HostAddress};
use crate::exec::zfs;
use crate::exec::zoneadm::{self, HostZone};
use crate::exec::zonecfg::{Net, ZoneConfig};

/// What a host holds.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct HostState {
    /// Every zone, the global one among them, in the host's order.
    pub zones: Vec<HostZone>,
    /// Every data link.
    pub links: Vec<HostLink>,
    /// Every VNIC.
    pub vnics: Vec<HostVnic>,
    /// The brands that it has.
    pub brands: BTreeSet<String>,
    /// Whether a file system is mounted at each of the paths that were asked about.
    pub mounted: BTreeMap<String, bool>,
    /// Addresses held by the host itself and, once they were asked for, by zones that are not registered.
    pub addresses: Vec<HeldAddress>,
    /// How the zones' documents stood before they were looked at.
    pub stamp: ZonesStamp,
    /// Zones that could not be read, so that it is not known which addresses they hold.
    pub faults: Vec<Diagnostic>,
}

/// How the folder of the zones' documents stands. zonecfg replaces files there with every zone that comes, goes or is configured
/// anew, so the same stamp means the same zones with the same addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZonesStamp(pub(crate) [u64; 8]);

impl ZonesStamp {
    /// That of the host whose files are below this root. What is not there counts as zeros.
    pub fn of(root: &Path) -> Self {
        let zones = root.join("etc/zones");
        let mut stamp = [0; 8];
        for (half, path) in stamp.chunks_exact_mut(4).zip([zones.join("index"), zones]) {
            if let Ok(about) = std::fs::symlink_metadata(path) {
                let at = (about.mtime().cast_unsigned(), about.mtime_nsec().cast_unsigned());
                half.copy_from_slice(&[about.ino(), about.size(), at.0, at.1]);
            }
        }
        ZonesStamp(stamp)
    }
}

/// An address in use outside of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAddress {
    /// The address with its prefix; that of a single address where none is known.
    pub address: IpNet,
    /// Who holds it.
    pub holder: Holder,
}

/// Who holds an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The global zone, by this address object.
    Host(String),
    /// A zone that is not registered.
    Zone(String),
}

impl HostState {
    /// The zone of this name.
    pub fn zone(&self, name: &str) -> Option<&HostZone> {
        self.zones.iter().find(|zone| zone.name == name)
    }

    /// All zones by name, for who looks for many.
    pub fn zones_by_name(&self) -> HashMap<&str, &HostZone> {
        self.zones.iter().map(|zone| (zone.name.as_str(), zone)).collect()
    }

    /// The link of this name.
    pub fn link(&self, name: &str) -> Option<&HostLink> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The VNIC of this name.
    pub fn vnic(&self, name: &str) -> Option<&HostVnic> {
        self.vnics.iter().find(|vnic| vnic.name == name)
    }
}

impl Host {
    /// Looks at all of the host, with four commands whatever the number of zones, and one for each of these paths, all at the same
    /// time. Which addresses are whose is still to be asked: [`Host::addresses_of_others`].
    pub fn survey(&self, paths: &BTreeSet<String>) -> Result<HostState> {
        // First: what changes meanwhile is then seen by the next one who compares.
        let stamp = ZonesStamp::of(&self.path("/"));
        let mut questions = vec![zoneadm::list(), dladm::show_link(None), dladm::show_vnic(None), ipadm::show_addr()];
        questions.extend(paths.iter().map(|path| zfs::list_path(path)));
        let mut answers = self.runner().run_all(&questions, &|| false).into_iter();
        let mut answer =
            || answers.next().unwrap_or_else(|| Err(Error::new(Code::Internal, "a question has no answer")));
        let mut asked = || answer()?.check();
        let mut state = HostState {
            stamp,
            zones: zoneadm::parse_list(&asked()?)?,
            links: dladm::parse_links(&asked()?)?,
            vnics: dladm::parse_vnics(&asked()?)?,
            brands: self.brands()?,
            ..HostState::default()
        };
        let own = ipadm::parse_addr(&asked()?)?;
        let held = |own: HostAddress| HeldAddress { address: own.address, holder: Holder::Host(own.object) };
        state.addresses.extend(own.into_iter().map(held));
        for path in paths {
            let is_mounted = self.dataset_of(path, answer()?.answered()?)?.is_some();
            state.mounted.insert(path.clone(), is_mounted);
        }
        Ok(state)
    }

    /// Adds what those zones hold that are not registered, VM brands included, as their documents say; the others' addresses are the
    /// registry's to know.
    pub fn addresses_of_others(&self, state: &mut HostState, is_registered: &dyn Fn(&str) -> bool) {
        let HostState { zones, addresses, faults, .. } = state;
        for zone in zones.iter().filter(|zone| zone.name != "global" && !is_registered(&zone.name)) {
            match self.zone_config(&zone.name) {
                Ok(Some(config)) => addresses.extend(
                    config_addresses(&config)
                        .into_iter()
                        .map(|address| HeldAddress { address, holder: Holder::Zone(zone.name.clone()) }),
                ),
                Ok(None) => {}
                Err(error) => faults.push(
                    Diagnostic::new(Code::Io.slug(), format!("zone {}: {}", zone.name, error.message()))
                        .with_help("which addresses it holds is not known")
                        .at_path(self.zone_document(&zone.name)),
                ),
            }
        }
    }
}

/// Every address that a zone's configuration speaks of, in any of the places where distributions put them.
pub fn config_addresses(config: &ZoneConfig) -> Vec<IpNet> {
    let mut addresses = Vec::new();
    for Net { address, allowed_address, properties, .. } in &config.nets {
        let more = properties.iter().filter(|(name, _)| matches!(name.as_str(), "ip" | "ips")).map(|(_, value)| value);
        for text in address.iter().chain(allowed_address).chain(more) {
            addresses.extend(text.split(',').filter_map(|text| parse_address(text.trim())));
        }
    }
    addresses
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
