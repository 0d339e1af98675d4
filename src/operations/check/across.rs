//! Checks that need several files: references, overlaps and duplicates.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::{Documents, files, goldens, hosted, template_nets, unread, zones};
use crate::documents::pool::{Pool, PoolShare};
use crate::documents::publisher::Publisher;
use crate::documents::resolve::{Findings, chain, effective};
use crate::documents::settings::Install;
use crate::documents::template::Template;
use crate::documents::zone::ZoneEntry;
use crate::error::Diagnostic;
use crate::host::{Host, HostSnapshot, needs_image};
use crate::ipam::{AddressClass, Classes, Space};
use crate::registry::{Directory, Registry, overlapping, space};
use crate::schema::did_you_mean_name;
use crate::value::name::{PoolName, TemplateName, ZoneName};
use crate::value::source::{Source, Sourced};

/// Checks all files together, and against the host if it is known.
pub(super) fn check(
    documents: &Documents,
    registry: &Registry,
    host: Option<(&Host, &HostSnapshot)>,
) -> Vec<Diagnostic> {
    let mut checks = Checks { documents, findings: Findings::default() };
    checks.default_template();
    checks.templates();
    checks.zones();
    checks.pools();
    let spaces: Vec<(&Pool, Space)> = documents.pools.values().map(|pool| (pool, space(pool))).collect();
    let classes: AllClasses<'_> = spaces.iter().map(|(pool, space)| (&pool.name, Classes::of(space))).collect();
    checks.reserves(&classes);
    checks.addresses(&classes);
    checks.ids();
    checks.reservations(&classes);
    checks.unused();
    zones::check(documents, &documents.specs, &mut checks.findings);
    files::check(documents, registry, &mut checks.findings);
    unread::check(registry.tree(), &mut checks.findings);
    template_nets::check(documents, &mut checks.findings);
    if let Some((host, found)) = host {
        hosted::check(documents, &documents.specs, host, found, &mut checks.findings);
        goldens::check(documents, &documents.specs, registry, (host, found), &mut checks.findings);
    }
    checks.findings.0
}

/// The classes of the addresses of each pool, for any host.
type AllClasses<'a> = BTreeMap<&'a PoolName, Classes<'a>>;

struct Checks<'a> {
    documents: &'a Documents,
    findings: Findings,
}

impl Checks<'_> {
    fn warn_with_help(&mut self, code: &str, source: &Source, message: String, help: impl Into<String>) {
        self.findings.add_with_help(code, source, message, help);
        self.findings.lower_last();
    }

    /// Returns true if the finding is about a name whose file exists but is unreadable: the file has its own diagnostic.
    fn is_about_unread(&self, finding: &Diagnostic) -> bool {
        let name = finding.message.split('"').nth(1).unwrap_or_default();
        match finding.code.as_str() {
            "no-template" => self.documents.is_unread(Directory::Templates, name),
            "no-pool" => self.documents.is_unread(Directory::Pools, name),
            "no-publisher" => self.documents.is_unread(Directory::Publishers, name),
            _ => false,
        }
    }

    fn add(&mut self, findings: Vec<Diagnostic>) {
        for finding in findings {
            if !self.is_about_unread(&finding) {
                self.findings.0.push(finding);
            }
        }
    }

    fn default_template(&mut self) {
        let Some(name) = &self.documents.config.default_template else { return };
        let mut found = Findings::default();
        if !self.documents.templates.contains_key(&name.value) {
            let near = did_you_mean_name(name.as_str(), self.documents.templates.keys().map(TemplateName::as_str));
            found.add_near("no-template", &name.source, format!("template {:?} does not exist", name.as_str()), near);
        }
        self.add(found.0);
    }

    /// Checks each template as a zone of it would use it. One without a brand is there to be extended.
    fn templates(&mut self) {
        let documents = self.documents;
        for template in documents.templates.values() {
            self.publishers(template.settings.install.as_ref());
            let Ok(name) = ZoneName::new("zone-of-template") else { continue };
            let mut zone = ZoneEntry::new(name);
            zone.template = Some(Sourced::new(template.name.clone(), template.source.clone()));
            let spec = effective(&documents.config, &documents.templates, &documents.pools, &zone);
            match spec {
                Ok(spec) if needs_image(&spec.brand) && spec.install.image.is_none() && spec.clone_from.is_none() => {
                    let message =
                        format!("zones of brand {} are installed from an image, but the template has none", spec.brand);
                    let help = "add: install { image \"/path/to/image\" }, or a `clone-from`";
                    self.warn_with_help("no-image", &spec.brand.source, message, help);
                }
                Ok(spec) => zones::brand(&spec.brand, &mut self.findings),
                Err(error) => {
                    let details = error.details().iter().filter(|d| d.code != "no-brand").cloned().collect();
                    self.add(details);
                }
            }
        }
        let defaults = &documents.config.defaults;
        self.publishers(defaults.install.as_ref());
        for template in documents.templates.values() {
            self.clone_source(template.settings.clone_from.as_ref());
        }
        self.clone_source(defaults.clone_from.as_ref());
    }

    fn publishers(&mut self, install: Option<&Sourced<Install>>) {
        let Some(install) = install else { return };
        let mut found = Findings::default();
        for name in install.publishers.iter().filter(|name| !self.documents.publishers.contains_key(*name)) {
            let known = self.documents.publishers.keys().map(|name| name.as_str());
            let near = did_you_mean_name(name.as_str(), known);
            found.add_near(
                "no-publisher",
                &install.source,
                format!("publisher {:?} does not exist", name.as_str()),
                near,
            );
        }
        let mut known: Vec<&Publisher> = Vec::new();
        for publisher in install.publishers.iter().filter_map(|name| self.documents.publishers.get(name)) {
            if known.iter().all(|other| other.name != publisher.name) {
                known.push(publisher);
            }
        }
        let marked: Vec<&str> = known.iter().filter(|p| p.entire).map(|p| p.name.as_str()).collect();
        if install.publishers.len() == known.len() && known.len() > 1 && marked.len() != 1 {
            let message = match marked.as_slice() {
                [] => "of several publishers none is marked as the one with entire, from which the zone is installed"
                    .to_owned(),
                several => format!("several publishers are marked as the one with entire: {}", several.join(", ")),
            };
            let help = "write publisher \"NAME\" entire=#true in the file of exactly one of them";
            found.add_with_help("no-entire", &install.source, message, help);
        }
        self.add(found.0);
    }

    fn clone_source(&mut self, zone: Option<&Sourced<ZoneName>>) {
        let Some(zone) = zone else { return };
        if !self.documents.zones.contains_key(&zone.value) && !self.documents.is_unread(Directory::Zones, zone.as_str())
        {
            let message = format!("zone {:?}, the source of a clone, is not registered", zone.as_str());
            let help = format!("run `zmgr import {0}` if the host has it, or `zmgr create {0}`", zone.value);
            self.warn_with_help("no-clone-source", &zone.source, message, help);
        }
    }

    fn zones(&mut self) {
        let documents = self.documents;
        // An error in a template is reported once, not for each of its zones.
        let told: BTreeSet<(Option<std::path::PathBuf>, Option<usize>, String)> =
            self.findings.0.iter().map(|d| (d.path.clone(), d.line, d.code.clone())).collect();
        for zone in documents.zones.values().filter(|zone| !zone.is_newer()) {
            self.publishers(zone.settings.install.as_ref());
            self.clone_source(zone.settings.clone_from.as_ref());
            let Some(error) = documents.incomplete.get(&zone.name) else { continue };
            let new = |d: &&Diagnostic| !told.contains(&(d.path.clone(), d.line, d.code.clone()));
            let details = error.details().iter().filter(new).cloned().collect();
            self.add(details);
        }
    }

    /// Checks that pools overlap only if their links or VLANs differ.
    fn pools(&mut self) {
        for (pool, mine, _, theirs) in overlapping(&self.documents.pools) {
            let message = format!(
                "network {} overlaps {} of pool {:?}, which has the same link",
                theirs.network,
                mine.network,
                pool.name.as_str()
            );
            let help = "pools may overlap if their stubs or VLANs differ";
            self.findings.add_with_help("overlap", &theirs.source, message, help);
        }
    }

    /// Reports reserves that can never be allocated.
    fn reserves(&mut self, classes: &AllClasses<'_>) {
        let documents = self.documents;
        for pool in documents.pools.values() {
            let Some(classes) = classes.get(&pool.name) else { continue };
            for network in &pool.networks {
                for (address, owner) in &network.reserves {
                    let why = match classes.classify(*address, Some(owner)) {
                        AddressClass::Candidate => continue,
                        AddressClass::Elsewhere => "it is not in one of its networks",
                        AddressClass::Network => "it is the address of the network",
                        AddressClass::Broadcast => "it is the broadcast address",
                        AddressClass::Anycast => "it is the anycast address of the routers",
                        AddressClass::Gateway => "it is the gateway",
                        AddressClass::Excluded => "it is excluded",
                        AddressClass::Reserved(_) => "it is also reserved for another owner",
                        AddressClass::OutOfRange => "it is not in a range",
                        AddressClass::OutOfShare => "it is not in a share",
                    };
                    let message = format!(
                        "pool {:?} reserves {address} for {owner} but can never allocate it: {why}",
                        pool.name.as_str()
                    );
                    let help = "reserve an address that the pool can allocate, or remove the obstacle";
                    self.findings.add_with_help("useless-reserve", &network.source, message, help);
                }
            }
        }
    }

    /// Checks addresses against the rules of their pools.
    fn addresses(&mut self, classes: &AllClasses<'_>) {
        let documents = self.documents;
        for zone in documents.zones.values() {
            for net in &zone.nets {
                let Some(pool) = net.pool.as_ref().and_then(|name| documents.pools.get(name)) else { continue };
                let Some(classes) = classes.get(&pool.name) else { continue };
                for address in &net.addresses {
                    let at = address.address.addr();
                    if let Some(message) = misfit(pool, classes, documents.pools.host(), at, zone.name.as_str()) {
                        let help = format!("change the address, or the range of pool {:?}", pool.name.as_str());
                        self.warn_with_help("outside-pool", &net.source, message, help);
                    } else if let Some(network) = pool.network_of(at)
                        && network.network.prefix_len() != address.address.prefix_len()
                    {
                        let message = format!(
                            "{} has another prefix length than network {} of pool {:?}",
                            address.address,
                            network.network,
                            pool.name.as_str()
                        );
                        let help = format!("write it as {at}/{}", network.network.prefix_len());
                        self.warn_with_help("outside-pool", &net.source, message, help);
                    }
                }
            }
        }
    }

    /// Ids distinguish entries of the same name, so no two entries may share one.
    fn ids(&mut self) {
        let documents = self.documents;
        let mut seen: HashMap<&str, String> = HashMap::new();
        let zones = documents.zones.values();
        let zones = zones.map(|zone| (zone.id.as_ref(), format!("the zone {}", zone.name), &zone.source));
        let others = documents.reservations.iter();
        let others = others.map(|each| (each.id.as_ref(), format!("reservation {}", each.name), &each.source));
        for (id, who, source) in zones.chain(others) {
            let Some(id) = id else { continue };
            match seen.get(id.as_str()) {
                Some(other) => {
                    self.findings.add("duplicate-id", source, format!("id {id} of {who} is also the id of {other}"));
                }
                None => {
                    seen.insert(id.as_str(), who);
                }
            }
        }
    }

    fn reservations(&mut self, classes: &AllClasses<'_>) {
        let documents = self.documents;
        for reservation in &documents.reservations {
            if documents.zones.contains_key(reservation.name.as_str()) {
                let message = format!("{} is the name of both a reservation and a zone", reservation.name);
                let help = "rename the reservation: the file and its node";
                self.findings.add_with_help("name-taken", &reservation.source, message, help);
            }
            if reservation.addresses.is_empty() {
                let message = format!("reservation {} has no address", reservation.name);
                let help = "add: address \"ADDRESS\" pool=\"POOL\", or remove the file";
                self.findings.add_with_help("no-address", &reservation.source, message, help);
            }
            let host = documents.pools.host();
            for address in &reservation.addresses {
                match documents.pools.get(&address.pool).zip(classes.get(&address.pool)) {
                    Some((pool, classes)) => {
                        let owner = reservation.name.as_str();
                        if let Some(message) = misfit(pool, classes, host, address.address, owner) {
                            let help = format!("change the address, or the range of pool {:?}", pool.name.as_str());
                            self.warn_with_help("outside-pool", &address.source, message, help);
                        }
                    }
                    None => {
                        let mut found = Findings::default();
                        let near =
                            did_you_mean_name(address.pool.as_str(), documents.pools.keys().map(|name| name.as_str()));
                        let message = format!("pool {:?} does not exist", address.pool.as_str());
                        found.add_near("no-pool", &address.source, message, near);
                        self.add(found.0);
                    }
                }
            }
        }
    }

    fn unused(&mut self) {
        let documents = self.documents;
        // An unreadable file may be the one that uses it: a zone, another template, or config.kdl.
        if documents.is_config_unread()
            || documents.any_unread(Directory::Zones)
            || documents.any_unread(Directory::Templates)
        {
            return;
        }
        let mut used: BTreeSet<&TemplateName> = BTreeSet::new();
        let roots = documents
            .zones
            .values()
            .filter_map(|zone| zone.template.as_ref())
            .chain(&documents.config.default_template);
        for root in roots {
            used.extend(
                chain(&documents.templates, root, &mut Findings::default()).iter().map(|template| &template.name),
            );
        }
        let unused: Vec<&Template> =
            documents.templates.values().filter(|template| !used.contains(&template.name)).collect();
        for template in unused {
            let message = format!("template {:?} is not used by any zone", template.name.as_str());
            let help = format!("remove templates/{0}.kdl, or create a zone with -t {0}", template.name);
            self.warn_with_help("unused-template", &template.source, message, help);
        }
    }
}

/// Returns why the pool would not allocate this address to this owner. `classes`: those of the pool for any host.
fn misfit(pool: &Pool, classes: &Classes<'_>, host: Option<&str>, address: IpAddr, owner: &str) -> Option<String> {
    let name = pool.name.as_str();
    let divided = pool.shares().next().is_some();
    let is_candidate = classes.classify(address, Some(owner)) == AddressClass::Candidate;
    if is_candidate && !divided {
        return None;
    }
    let Some(network) = pool.network_of(address) else {
        return Some(format!("{address} of {owner} is not in a network of pool {name:?}"));
    };
    let within = |ends: &[(IpAddr, IpAddr)]| ends.iter().any(|(first, last)| (first..=last).contains(&&address));
    if network.gateway == Some(address) {
        return Some(format!("{address} of {owner} is the gateway of pool {name:?}"));
    }
    if !is_candidate && within(&network.excludes) {
        return Some(format!("{address} of {owner} is excluded in pool {name:?}"));
    }
    let others = network.reserves.iter().filter(|_| !is_candidate);
    if let Some((_, whom)) = others.into_iter().find(|(reserved, whom)| *reserved == address && whom != owner) {
        return Some(format!("{address} of {owner} is reserved for {whom} in pool {name:?}"));
    }
    if !is_candidate && !network.ranges.is_empty() && !within(&network.ranges) {
        return Some(format!("{address} of {owner} is not in a range of pool {name:?}"));
    }
    let mine = |share: &&PoolShare| Some(share.host.as_str()) == host;
    if divided && !network.shares.iter().filter(mine).any(|share| (share.first..=share.last).contains(&address)) {
        let host = host.unwrap_or("this host");
        return Some(match network.shares.iter().find(|share| (share.first..=share.last).contains(&address)) {
            Some(other) => {
                format!("{address} of {owner} is in the share of host {:?} in pool {name:?}", other.host)
            }
            None => format!("{address} of {owner} is not in a share of {host} in pool {name:?}"),
        });
    }
    None
}
