//! Compares a registered zone's desired state, applied state and actual state.
//!
//! Invariant: only reads. An error in one file concerns that zone only.

use std::sync::Arc;

use super::config_tree::ConfigTree;
use super::context::{Context, Snapshots};
use super::files;
use super::wanted::whole;
use super::wanted::{bootable_config, is_open};
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::settings::EntryNet;
use crate::documents::zone::{Applied, ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::ZoneConfig;
use crate::host::{Distribution, only_distribution_with};
use crate::registry::{EntryKind, Registry};
use crate::value::name::ZoneName;

/// The three states of a zone.
pub(crate) struct ZoneComparison<'h> {
    pub(crate) document: Document<ZoneEntry>,
    pub(crate) spec: ZoneSpec,
    /// The zone and its configuration on the host.
    pub(crate) host: Option<(&'h HostZone, ZoneConfig)>,
    dialect: Distribution,
}

impl ZoneComparison<'_> {
    pub(crate) fn entry(&self) -> &ZoneEntry {
        &self.document.value
    }

    pub(crate) fn dialect(&self) -> Distribution {
        self.dialect
    }

    /// Returns the configuration that the host should have, without nets that have no link or address yet.
    pub(crate) fn desired(&self) -> Result<ZoneConfig> {
        self.desired_of(&self.spec)
    }

    /// Returns the configuration that the host should have for another spec of this zone.
    pub(crate) fn desired_of(&self, spec: &ZoneSpec) -> Result<ZoneConfig> {
        bootable_config(spec, self.dialect)
    }

    /// Returns the desired nets that have no link or address yet.
    pub(crate) fn open_nets(&self) -> impl Iterator<Item = &EntryNet> {
        self.spec.nets.iter().filter(|net| is_open(net, self.spec.ip_type.value))
    }

    /// Returns true if the nets need something that the entry does not hold yet: something is not chosen, differs from what was
    /// applied, or comes from a pool that has changed.
    pub(crate) fn needs_reservation(&self) -> bool {
        let entry = self.entry();
        let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
        let same = |a: &EntryNet, b: &EntryNet| {
            let links = |net: &EntryNet| (net.vnic.clone(), net.mac, net.stub.clone(), net.vlan, net.physical.clone());
            a.pool == b.pool && a.addresses == b.addresses && a.mtu == b.mtu && links(a) == links(b)
        };
        let held = |net: &EntryNet, nets: &[EntryNet]| nets.iter().any(|own| own.name == net.name && same(own, net));
        let is_new = |net: &EntryNet| !held(net, &entry.nets) || !held(net, applied);
        self.open_nets().next().is_some() || !entry.nets.is_empty() && self.spec.nets.iter().any(is_new)
    }

    /// Returns the last applied configuration; empty if it is unknown or no longer valid.
    pub(crate) fn applied(&self) -> ZoneConfig {
        let entry = self.entry();
        let config = entry.applied.as_deref().and_then(|applied| {
            let spec = spec_of(&self.spec, applied);
            let bare = || whole(&ZoneSpec { foreign: Vec::new(), ..spec.clone() }, self.dialect);
            whole(&spec, self.dialect).or_else(|_| bare()).ok()
        });
        config.unwrap_or_default()
    }
}

/// Returns the spec as it was applied.
fn spec_of(now: &ZoneSpec, applied: &Applied) -> ZoneSpec {
    let settings = &applied.settings;
    let mut spec = now.clone();
    spec.nets.clone_from(&applied.nets);
    spec.resources = settings.resources.clone();
    spec.zonepath = applied.zonepath.clone().unwrap_or(spec.zonepath);
    spec.brand = settings.brand.clone().unwrap_or(spec.brand);
    spec.autoboot = settings.autoboot.clone().unwrap_or_else(|| false.into());
    // It is the host's own, which takes the order into account.
    spec.after = Default::default();
    spec.ip_type = settings.ip_type.clone().unwrap_or(spec.ip_type);
    spec.zonecfg = settings.zonecfg.clone().unwrap_or_default();
    spec.resolvers = settings.resolvers.clone().unwrap_or_default();
    spec.dns_domain = settings.dns_domain.clone();
    spec
}

/// The comparison of each zone, or the error in its files, by name.
type Compared<'h> = Vec<(ZoneName, Result<ZoneComparison<'h>>)>;

/// Compares the registered zones except golden ones, or those of these names, with their files and the host.
pub(crate) fn comparisons<'h>(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &'h Snapshots,
    names: &[ZoneName],
) -> Result<Compared<'h>> {
    each_comparison(context, config_tree, snapshots, names, |comparison| comparison)
}

/// Compares as [`comparisons`] does, and keeps only what `make` returns of each. It runs on the threads that compare.
pub(crate) fn each_comparison<'h, R: Send>(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &'h Snapshots,
    names: &[ZoneName],
    make: impl Fn(Result<ZoneComparison<'h>>) -> R + Sync,
) -> Result<Vec<(ZoneName, R)>> {
    let zones = snapshots.host.zones_by_name();
    let compare = |document: Document<ZoneEntry>| {
        let mut spec = desired(config_tree, &document.value)?;
        let host = match zones.get(document.value.name.as_str()).copied() {
            None => {
                snapshots.host.check_listed(document.value.name.as_str())?;
                None
            }
            Some(zone) => context.host.zone_config(&zone.name)?.map(|config| (zone, config)),
        };
        if host.is_none() {
            take_golden(&mut spec, snapshots)?;
        }
        Ok(ZoneComparison { document, spec, host, dialect: context.host.dialect() })
    };
    each(&context.registry, names, |document| make(document.and_then(compare)))
}

/// Compares the registered zones, or those of these names, with their files only, and keeps only what `make` returns of each.
/// `dialect`: that of the host, if it is known.
pub(crate) fn each_recorded<R: Send>(
    registry: &Registry,
    config_tree: &ConfigTree,
    dialect: Option<Distribution>,
    names: &[ZoneName],
    make: impl Fn(Result<ZoneComparison<'static>>) -> R + Sync,
) -> Result<Vec<(ZoneName, R)>> {
    let compare = |document: Document<ZoneEntry>| {
        let spec = desired(config_tree, &document.value)?;
        let usual = || only_distribution_with(&spec.brand.value).unwrap_or_default();
        let dialect = dialect.unwrap_or_else(usual);
        Ok(ZoneComparison { document, spec, host: None, dialect })
    };
    each(registry, names, |document| make(document.and_then(compare)))
}

/// Sets the source of a zone that is built again to the golden zone of its present settings, once that is chosen.
pub(crate) fn take_golden(spec: &mut ZoneSpec, snapshots: &Snapshots) -> Result<()> {
    if let Some(golden) = snapshots.golden_of(&spec.name)? {
        spec.clone_from = Some(golden.into());
    }
    Ok(())
}

fn desired(config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<ZoneSpec> {
    if entry.is_newer() {
        return Err(Error::new(Code::Config, format!("the entry of {} was written by a newer zmgr", entry.name)));
    }
    effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)
        .map_err(|error| config_tree.check(entry.template_name()).err().unwrap_or(error))
}

/// Reads the entries of these zones, or of all, and hands each to `make`; sorted by name.
fn each<R: Send>(
    registry: &Registry,
    names: &[ZoneName],
    make: impl Fn(Result<Document<ZoneEntry>>) -> R + Sync,
) -> Result<Vec<(ZoneName, R)>> {
    let names = match names {
        [] => registered(registry)?,
        names => names.to_vec(),
    };
    let read = |name: &ZoneName| {
        let path = registry.tree().zone(name);
        Ok(files::read_document(registry.tree(), &path)?.map(|bytes| (Arc::from(path), bytes)))
    };
    let there = |name: &ZoneName, document: Result<Option<Document<ZoneEntry>>>| {
        make(document.and_then(|document| document.ok_or_else(|| files::unknown_zone(registry.tree(), name.as_str()))))
    };
    let made = Document::<ZoneEntry>::read_many(&names, read, there);
    let mut made: Vec<(ZoneName, R)> = names.into_iter().zip(made).collect();
    made.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(made)
}

fn registered(registry: &Registry) -> Result<Vec<ZoneName>> {
    let snapshot = registry.snapshot()?;
    let entries = snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone);
    let mut names: Vec<String> = entries.map(|entry| entry.summary.name.to_owned()).collect();
    let unreadable = snapshot.unreadable().iter().filter(|each| each.file.kind == EntryKind::Zone);
    names.extend(unreadable.map(|each| each.file.name.clone()));
    names.sort();
    names.dedup();
    // A golden zone is what its name says, whatever the files have become.
    names.retain(|name| !is_golden_name(name));
    Ok(names.into_iter().filter_map(|name| ZoneName::new(name).ok()).collect())
}
