//! Builds the zones of the public API from entries or summaries.

use super::config_tree::ConfigTree;
use crate::api::{Zone, ZoneAddress, ZoneNet, ZoneState, ZoneStatus};
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::settings::EntryNet;
use crate::documents::zone::{Pending, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::registry::Registry;
use crate::value::name::ZoneName;

/// Reads a zone from its entry.
pub(crate) fn read(
    registry: &Registry,
    name: &ZoneName,
    spec: Option<&ZoneSpec>,
    status: Option<ZoneStatus>,
) -> Result<Zone> {
    let path = registry.tree().zone(name);
    let Some(bytes) = super::files::read_document(registry.tree(), &path)? else {
        return Err(super::files::unknown_zone(registry.tree(), name.as_str()));
    };
    let entry = Document::<ZoneEntry>::parse(&path, &bytes)?.value;
    Ok(of_entry(&entry, spec, status))
}

/// Returns the zone that an entry describes, with values of its spec if that is known.
pub(crate) fn of_entry(entry: &ZoneEntry, spec: Option<&ZoneSpec>, status: Option<ZoneStatus>) -> Zone {
    let settings = &entry.settings;
    let mut zone = Zone {
        name: entry.name.to_string(),
        id: entry.id.as_ref().map(ToString::to_string),
        brand: entry.brand().map(str::to_owned),
        template: entry.template_name().map(ToString::to_string),
        zonepath: entry.zonepath.as_ref().map(|path| path.value.clone()),
        state: match entry.is_newer() {
            true => Some(ZoneState::Newer),
            false => entry.state.as_ref().map(ZoneState::from),
        },
        uuid: entry.uuid.clone(),
        autoboot: settings.autoboot.as_ref().map(|autoboot| autoboot.value),
        created: entry.created.clone(),
        origin: entry.origin,
        nets: entry.nets.iter().map(net).collect(),
        tags: settings.tags.as_ref().map(|tags| tags.value.clone()).unwrap_or_default(),
        attrs: settings.resources.attrs.iter().map(|attr| (attr.name.clone(), attr.value.value.to_string())).collect(),
        // Only the host knows whether a change is still pending.
        pending: match &status {
            None => entry.pending.iter().flat_map(Pending::texts).collect(),
            Some(_) => Vec::new(),
        },
        status,
        up: None,
        fault: None,
        waits_since: None,
    };
    if let Some(spec) = spec {
        zone.brand = Some(spec.brand.value.clone());
        zone.zonepath = Some(spec.zonepath.value.clone());
        zone.autoboot = Some(spec.autoboot.value);
        zone.tags.clone_from(&spec.tags.value);
        zone.attrs =
            spec.resources.attrs.iter().map(|attr| (attr.name.clone(), attr.value.value.to_string())).collect();
    }
    zone
}

/// Resolves the spec of a registered zone.
pub(crate) fn spec(registry: &Registry, name: &ZoneName) -> Result<ZoneSpec> {
    let path = registry.tree().zone(name);
    let Some(bytes) = super::files::read_document(registry.tree(), &path)? else {
        return Err(super::files::unknown_zone(registry.tree(), name.as_str()));
    };
    let entry = Document::<ZoneEntry>::parse(&path, &bytes)?.value;
    if entry.is_newer() {
        return Err(Error::new(
            Code::Config,
            format!("{} was written by a newer zmgr: its desired state cannot be resolved", path.display()),
        ));
    }
    let config_tree = ConfigTree::load(registry.tree())?;
    config_tree.check(entry.template_name())?;
    effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry)
}

/// Resolves the spec of an entry; `None` if the files that it needs have errors.
pub(crate) fn desired(config_tree: &ConfigTree, entry: &ZoneEntry) -> Option<ZoneSpec> {
    effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry).ok()
}

fn net(net: &EntryNet) -> ZoneNet {
    ZoneNet {
        name: net.name.clone(),
        pool: net.pool.as_ref().map(ToString::to_string),
        addresses: net
            .addresses
            .iter()
            .map(|each| ZoneAddress { address: each.address, gateway: each.gateway })
            .collect(),
        vnic: net.vnic.as_ref().map(ToString::to_string),
        stub: net.stub.clone(),
        mac: net.mac.map(|mac| mac.to_string()),
        vlan: net.vlan,
        physical: net.physical.clone(),
        managed: net.managed,
    }
}
