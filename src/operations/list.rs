//! Lists zones: the registry joined with the host, without reading files that have not changed.

use std::collections::{HashMap, HashSet};

use super::config_tree::ConfigTree;
use super::entries::document_in;
use super::files::unknown_zone;
use super::{pending, verify_addresses, view};
use crate::api::{Query, QueryHost, Zone, ZoneAddress, ZoneNet, ZoneState, ZoneStatus};
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::{Origin, Pending, ZoneEntry, is_golden_name};
use crate::error::{Code, Result};
use crate::exec::zoneadm::{self, HostZone};
use crate::host::Host;
use crate::parallel::{both, shares};
use crate::registry::{Entry, EntryKind, EntrySummary, NetSummary, Registry};
use crate::value::name::{TemplateName, ZoneName};

/// Minimum number of entries per thread.
const MIN_PER_THREAD: usize = 1024;

/// Returns the zones of the query, by name. The registry is read while the host answers. Without a host, only the registry is read.
pub(crate) fn zones(registry: &Registry, host: Option<&Host>, query: &Query) -> Result<Vec<Zone>> {
    let names: HashSet<&str> = query.names.iter().map(String::as_str).collect();
    let asked = |name: &str| names.is_empty() || names.contains(name);
    let (found, zones) = match (query.query_host, host) {
        (QueryHost::Never, _) | (_, None) => (Ok(None), registered(registry, &asked)),
        // Without threads of its own, so that it does not take a core from the host's commands.
        (live, Some(host)) => both(|| states(host, live), || registered(&registry.alone(), &asked)),
    };
    let (mut zones, found) = (zones?, found?);
    if let (Some(machine), Some(host)) = (host, found) {
        waiting(machine, &mut zones, &host);
        let by_name: HashMap<&str, &HostZone> = host.iter().map(|found| (found.name.as_str(), found)).collect();
        let is_listed = |zone: &Zone| by_name.contains_key(zone.name.as_str());
        // zoneadm does not list a zone that it cannot read: it is not absent, and its status is unknown.
        let indexed: HashSet<String> = match zones.iter().all(is_listed) {
            true => HashSet::new(),
            false => machine.indexed()?.into_iter().collect(),
        };
        for zone in &mut zones {
            zone.status = match by_name.get(zone.name.as_str()) {
                Some(found) => Some(found.state.status()),
                None => (!indexed.contains(&zone.name)).then_some(ZoneStatus::Absent),
            };
        }
        if query.unregistered {
            let is_known = |name: &String| zones.binary_search_by(|zone| zone.name.cmp(name)).is_ok();
            let others = host.iter().filter(|found| found.name != "global" && asked(&found.name));
            let others: Vec<Zone> = others.filter(|found| !is_known(&found.name)).map(of_host).collect();
            zones.extend(others);
            zones.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
    if query.names.is_empty() && !query.unregistered {
        zones.retain(|zone| !is_golden_name(&zone.name));
    }
    if let Some(tag) = &query.tag {
        zones.retain(|zone| zone.tags.contains(tag));
    }
    let missing = |name: &&String| zones.binary_search_by(|zone| zone.name.as_str().cmp(name)).is_err();
    if let Some(missing) = query.names.iter().find(missing).filter(|_| query.tag.is_none()) {
        return Err(unknown_zone(registry.tree(), missing));
    }
    Ok(zones)
}

/// Keeps only the changes that still wait for a boot.
fn waiting(host: &Host, zones: &mut [Zone], found: &[HostZone]) {
    if zones.iter().all(|zone| zone.pending.is_empty()) {
        return;
    }
    let by_name: HashMap<&str, &HostZone> = found.iter().map(|found| (found.name.as_str(), found)).collect();
    let boot_time = host.boot_time().unwrap_or_default();
    for zone in zones.iter_mut().filter(|zone| !zone.pending.is_empty()) {
        let id = by_name.get(zone.name.as_str()).filter(|found| found.state.is_active()).and_then(|found| found.id);
        let since = zone.waits_since.take();
        if !since.is_some_and(|(time, zone_id)| Pending::of_boot(time, zone_id).is_current(boot_time, id)) {
            zone.pending.clear();
        }
    }
}

fn states(host: &Host, live: QueryHost) -> Result<Option<Vec<HostZone>>> {
    match live {
        QueryHost::Never => Ok(None),
        QueryHost::Required => host.zones().map(Some),
        QueryHost::IfAvailable => match host.zones() {
            Err(error) if error.code() == Code::Cancelled => Err(error),
            listed => Ok(listed.ok()),
        },
    }
}

/// Returns the requested zones from the registry, by name.
pub(super) fn registered(registry: &Registry, asked: &dyn Fn(&str) -> bool) -> Result<Vec<Zone>> {
    let snapshot = registry.snapshot()?;
    let config_tree = ConfigTree::load(registry.tree())?;
    let mut found: Vec<Entry<'_>> = snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone).collect();
    found.retain(|entry| asked(entry.summary.name));
    // Sorted while they are small.
    found.sort_unstable_by_key(|entry| entry.summary.name);
    let mut zones: Vec<Zone> = Vec::with_capacity(found.len());
    for mut share in shares(&found, registry.threads(found.len(), MIN_PER_THREAD), |share| {
        let mut defaults = Defaults::new(&config_tree);
        share.iter().map(|entry| of_entry(entry, &mut defaults)).collect::<Vec<_>>()
    }) {
        zones.append(&mut share);
    }
    let unknown = snapshot.unreadable().iter().filter(|unreadable| !unreadable.known);
    for unreadable in unknown.filter(|unreadable| unreadable.file.kind == EntryKind::Zone) {
        let name = &unreadable.file.name;
        if asked(name) {
            let mut zone = Zone { name: name.clone(), state: Some(ZoneState::Unreadable), ..Zone::default() };
            zone.fault = unreadable.faults.first().cloned();
            zones.push(zone);
        }
    }
    zones.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(zones)
}

/// Returns one zone: its file, and its state on the host and the addresses that are up in it if the host answers.
pub(crate) fn zone(registry: &Registry, host: Option<&Host>, name: &ZoneName) -> Result<Zone> {
    let entry = document_in(registry, name)?.value;
    let config_tree = ConfigTree::load(registry.tree())?;
    let spec = view::desired(&config_tree, &entry);
    let waits = || entry.pending.iter().flat_map(Pending::texts).collect();
    let mut up = None;
    let (status, pending) = match host.map(|host| (host, host.zone_state(name))) {
        Some((host, Ok(Some(found)))) => {
            if found.state == zoneadm::ZoneState::Running {
                up = verify_addresses::up(host, &entry)?;
            }
            (Some(found.state.status()), pending::texts(host, &entry, Some(&found))?)
        }
        Some((_, Ok(None))) => (Some(ZoneStatus::Absent), Vec::new()),
        Some((_, Err(error))) if error.code() == Code::Cancelled => return Err(error),
        Some((_, Err(_))) | None => (None, waits()),
    };
    Ok(Zone { pending, up, ..view::of_entry(&entry, spec.as_ref(), status) })
}

/// Values of a list that come from the layers above an entry, computed once per template.
pub(super) struct Defaults<'a> {
    config_tree: &'a ConfigTree,
    specs: HashMap<String, Option<ZoneSpec>>,
}

impl<'a> Defaults<'a> {
    pub(super) fn new(config_tree: &'a ConfigTree) -> Self {
        Defaults { config_tree, specs: HashMap::new() }
    }

    pub(super) fn of(&mut self, template: Option<&str>) -> Option<&ZoneSpec> {
        let template = template?;
        if !self.specs.contains_key(template) {
            self.specs.insert(template.to_owned(), self.work_out(template));
        }
        self.specs[template].as_ref()
    }

    fn work_out(&self, template: &str) -> Option<ZoneSpec> {
        let template: TemplateName = template.parse().ok()?;
        // The result is the same for every zone of the template, so any name serves.
        let mut entry = ZoneEntry::new(ZoneName::new("any").ok()?);
        entry.template = Some(template.into());
        effective(&self.config_tree.config, &self.config_tree.templates, &self.config_tree.pools, &entry).ok()
    }
}

fn of_entry(entry: &Entry<'_>, defaults: &mut Defaults<'_>) -> Zone {
    let mut zone = of_summary(entry.summary.to_summary(), defaults);
    if let Some(unreadable) = entry.unreadable {
        zone.state = Some(ZoneState::Unreadable);
        zone.fault = unreadable.faults.first().cloned();
    }
    zone
}

fn of_summary(summary: EntrySummary, defaults: &mut Defaults<'_>) -> Zone {
    let spec = defaults.of(summary.template.as_deref());
    let mut zone = Zone {
        name: summary.name,
        id: summary.id,
        brand: summary.brand,
        template: summary.template,
        zonepath: summary.zonepath,
        state: summary.state.map(|word| word.parse().unwrap_or(ZoneState::Unknown)),
        uuid: summary.uuid,
        autoboot: summary.autoboot,
        created: summary.created,
        origin: summary.origin.and_then(|word| word.parse().ok()),
        nets: summary.nets.into_iter().map(net).collect(),
        attrs: summary.attrs.into_iter().collect(),
        waits_since: summary.pending.as_ref().map(|pending| (pending.boot_time, pending.zone_id)),
        pending: summary.pending.map(|pending| pending.changes).unwrap_or_default(),
        ..Zone::default()
    };
    if let Some(spec) = spec {
        zone.autoboot.get_or_insert(spec.autoboot.value);
        zone.brand.get_or_insert_with(|| spec.brand.value.clone());
        let imported = zone.origin == Some(Origin::Import);
        if !imported && summary.tags.is_none() && !dropped(&summary.without, "tag", None) {
            zone.tags.clone_from(&spec.tags.value);
        }
        for attr in &spec.resources.attrs {
            if !dropped(&summary.without, "attr", Some(&attr.name)) {
                zone.attrs.entry(attr.name.clone()).or_insert_with(|| attr.value.value.to_string());
            }
        }
    }
    if let Some(tags) = summary.tags {
        zone.tags = tags;
    }
    zone
}

/// Returns true if the entry drops this setting of its template.
pub(super) fn dropped(without: &[(String, String)], node: &str, key: Option<&str>) -> bool {
    without.iter().any(|(dropped, name)| dropped == node && (name.is_empty() || Some(name.as_str()) == key))
}

fn net(net: NetSummary) -> ZoneNet {
    ZoneNet {
        name: net.name,
        pool: net.pool,
        addresses: net.addresses.into_iter().map(|(address, gateway)| ZoneAddress { address, gateway }).collect(),
        vnic: net.vnic,
        stub: net.stub,
        mac: net.mac.map(crate::exec::dladm::mac_text),
        vlan: net.vlan,
        physical: net.physical,
        managed: net.managed,
    }
}

fn of_host(found: &HostZone) -> Zone {
    Zone {
        name: found.name.clone(),
        brand: Some(found.brand.clone()),
        zonepath: Some(found.zonepath.clone()),
        status: Some(found.state.status()),
        uuid: found.uuid.clone(),
        ..Zone::default()
    }
}
