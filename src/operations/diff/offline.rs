//! Compares zones with their files without the host: desired with applied state.
//!
//! Invariant: reads files only. Every zone in the result is marked as unchecked.

use super::links::said;
use super::{Drift, DriftItem, DriftStatus, ZoneDrift, compare, later, unreadable};
use crate::documents::settings::EntryNet;
use crate::documents::zone::{EntryState, Pending};
use crate::error::{Code, Result};
use crate::host::Distribution;
use crate::operations::{ConfigTree, ZoneComparison, each_recorded, link_properties, publishers};
use crate::registry::Registry;
use crate::value::name::ZoneName;
use crate::value::source::Source;

/// Compares the desired state of these zones, or of all if none is named, with the applied state. `dialect`: that of the host, if
/// it is known.
pub(crate) fn diff(registry: &Registry, dialect: Option<Distribution>, names: &[ZoneName]) -> Result<Drift> {
    let config_tree = ConfigTree::load(registry.tree())?;
    let make = |comparison: Result<ZoneComparison<'_>>| comparison.map(|comparison| of_zone(&config_tree, &comparison));
    let mut zones = Vec::new();
    for (name, drift) in each_recorded(registry, &config_tree, dialect, names, make)? {
        let mut drift = match drift {
            Ok(drift) => drift,
            Err(error) if error.code() == Code::NotFound => return Err(error),
            Err(error) => unreadable(name.as_str(), &error),
        };
        drift.unchecked = true;
        for item in &mut drift.items {
            (item.unchecked, item.host) = (true, None);
        }
        if drift.status == DriftStatus::Clean {
            drift.status = DriftStatus::Unchecked;
        }
        zones.push(drift);
    }
    Ok(Drift { zones })
}

/// Returns the differences with the applied value in the place of the actual one.
fn of_zone(config_tree: &ConfigTree, comparison: &ZoneComparison<'_>) -> ZoneDrift {
    let name = comparison.spec.name.to_string();
    let (entry, spec) = (comparison.entry(), &comparison.spec);
    match &entry.state {
        None => return ZoneDrift::bare(name, DriftStatus::NotBuilt),
        Some(EntryState::Ready) => {}
        Some(_) => return ZoneDrift::bare(name, DriftStatus::Unfinished),
    }
    let pending = entry.pending.as_ref().map(Pending::texts).unwrap_or_default();
    if entry.applied.is_none() {
        return ZoneDrift::of(name, Vec::new(), pending);
    }
    let desired = match comparison.desired() {
        Ok(desired) => desired,
        Err(error) => return unreadable(&name, &error),
    };
    let applied = comparison.applied();
    let mut items = compare::documents(&desired, &applied, &applied, spec, comparison.dialect());
    items.extend(links(comparison));
    items.extend(names_of_publishers(comparison));
    items.extend(later::quotas(comparison));
    let ours = publishers::would_be_ours(comparison.dialect(), entry, spec, &spec.brand);
    items.extend(later::at_reinstall(comparison, ours));
    items.extend(later::nets_of_the_template(config_tree, comparison));
    ZoneDrift::of(name, items, pending)
}

/// Returns a difference from what was applied.
fn item(what: String, desired: Option<String>, applied: Option<String>, source: &Source) -> DriftItem {
    DriftItem::new(what, desired, applied.clone(), applied, source.clone())
}

/// Returns differences of the VNICs that zmgr makes.
fn links(comparison: &ZoneComparison<'_>) -> Vec<DriftItem> {
    let mut items: Vec<DriftItem> = comparison.open_nets().map(super::links::open).collect();
    let applied = comparison.entry().applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    let twin = |nets: &[EntryNet], net: &EntryNet| nets.iter().find(|other| other.vnic == net.vnic).cloned();
    for net in comparison.spec.nets.iter().filter(|net| net.managed) {
        let Some(vnic) = &net.vnic else { continue };
        let Some(was) = twin(applied, net) else {
            items.push(item(format!("vnic {vnic}"), Some(said(net)), None, &net.source));
            continue;
        };
        let mut point = |what: &str, desired: Option<String>, applied: Option<String>| {
            if desired != applied {
                items.push(item(format!("vnic {vnic} {what}"), desired, applied, &net.source));
            }
        };
        point("over", net.stub.clone(), was.stub.clone());
        point("mac", net.mac.map(|mac| mac.to_string()), was.mac.map(|mac| mac.to_string()));
        point("vlan", net.vlan.map(|vlan| vlan.to_string()), was.vlan.map(|vlan| vlan.to_string()));
        let (desired, applied) = (link_properties(net), link_properties(&was));
        for name in desired.keys().chain(applied.keys().filter(|name| !desired.contains_key(*name))) {
            point(name, desired.get(name).cloned(), applied.get(name).cloned());
        }
    }
    for net in applied.iter().filter(|net| net.managed && twin(&comparison.spec.nets, net).is_none()) {
        if let Some(vnic) = &net.vnic {
            items.push(item(format!("vnic {vnic}"), None, Some(said(net)), &Source::none()));
        }
    }
    items
}

/// Returns the difference between the publishers named by the files and those applied.
fn names_of_publishers(comparison: &ZoneComparison<'_>) -> Option<DriftItem> {
    let (entry, spec) = (comparison.entry(), &comparison.spec);
    if !publishers::would_be_ours(comparison.dialect(), entry, spec, &spec.brand) {
        return None;
    }
    let desired: Vec<String> = spec.install.publishers.iter().map(ToString::to_string).collect();
    let applied = publishers::applied(entry);
    let text = |names: &[String]| (!names.is_empty()).then(|| names.join(" "));
    let source = entry.settings.install.as_ref().map_or_else(Source::none, |install| install.source.clone());
    (desired != applied).then(|| item("publishers".to_owned(), text(&desired), text(&applied), &source))
}
