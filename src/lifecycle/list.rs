//! Lists of zones: what the registry knows, joined with what the host says, without reading a file that has not changed.

use std::collections::{BTreeMap, HashMap};

use super::library::Library;
use super::operate::entry;
use super::site::Site;
use super::view;
use crate::effective::{ZoneSpec, effective};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::manager::{Live, Query, Zone, ZoneAddress, ZoneNet};
use crate::name::{TemplateName, ZoneName};
use crate::registry::{EntryKind, Facts, NetFacts};
use crate::zone::ZoneEntry;

/// What the host answers for a registered zone that it does not have.
const ABSENT: &str = "absent";

/// The zones that the query asks for, by name.
pub(crate) fn zones(site: &Site, query: &Query) -> Result<Vec<Zone>> {
    let snapshot = site.registry.snapshot()?;
    let host = states(site, query.live)?;
    let library = Library::load(site.registry.tree())?;
    let mut defaults = Defaults { library: &library, specs: HashMap::new() };
    let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
    for found in snapshot.entries().filter(|entry| entry.facts.kind == EntryKind::Zone) {
        if !query.names.is_empty() && !query.names.iter().any(|name| name == found.facts.name) {
            continue;
        }
        let facts = found.facts.to_facts();
        let mut zone = of_facts(&facts, &mut defaults);
        if let Some(unreadable) = found.unreadable {
            zone.state = Some("unreadable".to_owned());
            zone.fault = unreadable.faults.first().cloned();
        }
        zones.insert(zone.name.clone(), zone);
    }
    for unreadable in snapshot.unreadable() {
        let name = &unreadable.file.name;
        let asked = query.names.is_empty() || query.names.contains(name);
        if unreadable.file.kind == EntryKind::Zone && asked && !zones.contains_key(name) {
            let mut zone = Zone { name: name.clone(), state: Some("unreadable".to_owned()), ..Zone::default() };
            zone.fault = unreadable.faults.first().cloned();
            zones.insert(name.clone(), zone);
        }
    }
    if let Some(host) = &host {
        for zone in zones.values_mut() {
            zone.status = Some(host.get(&zone.name).map_or(ABSENT, |found| found.state.as_str()).to_owned());
        }
        if query.unregistered {
            for found in host.values().filter(|found| found.name != "global") {
                let asked = query.names.is_empty() || query.names.contains(&found.name);
                if asked && !zones.contains_key(&found.name) {
                    zones.insert(found.name.clone(), of_host(found));
                }
            }
        }
    }
    if let Some(tag) = &query.tag {
        zones.retain(|_, zone| zone.tags.contains(tag));
    }
    if let Some(missing) = query.names.iter().find(|name| !zones.contains_key(*name) && query.tag.is_none()) {
        return Err(Error::new(Code::NotFound, format!("there is no zone {missing} in the registry"))
            .with_help("zmgr list shows those there are; zmgr list -a also those of the host"));
    }
    Ok(zones.into_values().collect())
}

fn states(site: &Site, live: Live) -> Result<Option<HashMap<String, HostZone>>> {
    let listed = match live {
        Live::Never => return Ok(None),
        Live::Required => site.host.zones()?,
        Live::Auto => match site.host.zones() {
            Ok(listed) => listed,
            Err(_) => return Ok(None),
        },
    };
    Ok(Some(listed.into_iter().map(|zone| (zone.name.clone(), zone)).collect()))
}

/// One zone: its file, and the host's word on it where the host answers.
pub(crate) fn zone(site: &Site, name: &ZoneName) -> Result<Zone> {
    let entry = entry(site, name)?;
    let library = Library::load(site.registry.tree())?;
    let spec = view::wish(&library, &entry);
    let status = match site.host.zone_state(name) {
        Ok(Some(found)) => Some(found.state.as_str().to_owned()),
        Ok(None) => Some(ABSENT.to_owned()),
        Err(_) => None,
    };
    Ok(view::of_entry(&entry, spec.as_ref(), status))
}

/// What the layers above an entry say of what is listed, worked out once for each template.
struct Defaults<'a> {
    library: &'a Library,
    specs: HashMap<Option<String>, Option<ZoneSpec>>,
}

impl Defaults<'_> {
    fn of(&mut self, template: Option<&str>) -> Option<&ZoneSpec> {
        let library = self.library;
        self.specs
            .entry(template.map(str::to_owned))
            .or_insert_with(|| {
                let template: TemplateName = template?.parse().ok()?;
                // What is taken from it holds for every zone of the template, so any name serves.
                let mut entry = ZoneEntry::new(ZoneName::new("any").ok()?);
                entry.template = Some(template.into());
                effective(&library.config, &library.templates, &library.pools, &entry).ok()
            })
            .as_ref()
    }
}

fn of_facts(facts: &Facts, defaults: &mut Defaults<'_>) -> Zone {
    let mut zone = Zone {
        name: facts.name.clone(),
        id: facts.id.clone(),
        brand: facts.brand.clone(),
        template: facts.template.clone(),
        zonepath: facts.zonepath.clone(),
        state: facts.state.clone(),
        uuid: facts.uuid.clone(),
        autoboot: facts.autoboot,
        created: facts.created.clone(),
        origin: facts.origin.clone(),
        nets: facts.nets.iter().map(net).collect(),
        tags: facts.tags.clone().unwrap_or_default(),
        attrs: facts.attrs.iter().cloned().collect(),
        ..Zone::default()
    };
    if let Some(spec) = defaults.of(facts.template.as_deref()) {
        zone.autoboot.get_or_insert(spec.autoboot.value);
        zone.brand.get_or_insert_with(|| spec.brand.value.clone());
        if facts.tags.is_none() && !dropped(facts, "tag", None) {
            zone.tags.clone_from(&spec.tags.value);
        }
        for attr in &spec.resources.attrs {
            if !dropped(facts, "attr", Some(&attr.name)) {
                zone.attrs.entry(attr.name.clone()).or_insert_with(|| attr.value.value.to_string());
            }
        }
    }
    zone
}

/// Whether the entry drops this of its template.
fn dropped(facts: &Facts, node: &str, key: Option<&str>) -> bool {
    facts.without.iter().any(|(dropped, name)| dropped == node && (name.is_empty() || Some(name.as_str()) == key))
}

fn net(net: &NetFacts) -> ZoneNet {
    ZoneNet {
        name: net.name.clone(),
        pool: net.pool.clone(),
        addresses: net
            .addresses
            .iter()
            .map(|(address, gateway)| ZoneAddress { address: *address, gateway: *gateway })
            .collect(),
        vnic: net.vnic.clone(),
        stub: net.stub.clone(),
        mac: net.mac.map(crate::exec::dladm::mac_text),
        vlan: net.vlan,
        physical: net.physical.clone(),
        managed: net.managed,
    }
}

fn of_host(found: &HostZone) -> Zone {
    Zone {
        name: found.name.clone(),
        brand: Some(found.brand.clone()),
        zonepath: Some(found.zonepath.clone()),
        status: Some(found.state.as_str().to_owned()),
        uuid: found.uuid.clone(),
        ..Zone::default()
    }
}
