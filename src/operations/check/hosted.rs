//! Compares the files with the host.

use std::collections::{BTreeMap, BTreeSet};

use super::zones::is_unfinished;
use super::{Documents, Specs, boot, places};
use crate::documents::resolve::Findings;
use crate::documents::zone::EntryState;
use crate::exec::zoneadm::ZoneState;
use crate::host::{BrandKind, Host, HostSnapshot, brand_kind};
use crate::operations::inventory::{Answers, Inventory};
use crate::schema::{did_you_mean, did_you_mean_name};
use crate::value::name::ZoneName;
use crate::value::source::{Source, Sourced};

pub(super) fn check(documents: &Documents, specs: &Specs, host: &Host, found: &HostSnapshot, findings: &mut Findings) {
    links(documents, specs, found, findings);
    brands(documents, specs, found, findings);
    clone_sources(documents, specs, found, findings);
    zones(documents, found, findings);
    places::check(documents, specs, host, found, findings);
    places::pending(documents, host, found, findings);
    let mut answers = Answers::default();
    answers.for_zones(specs.len());
    boot::check(documents, specs, Inventory::of(host, found, &answers), found, findings);
}

/// Reports links that pools, templates and zones name and the host does not have.
fn links(documents: &Documents, specs: &Specs, found: &HostSnapshot, findings: &mut Findings) {
    // By link: where it is named, and whether it must carry VNICs.
    let mut links: BTreeMap<&str, (&Source, bool)> = BTreeMap::new();
    for pool in documents.pools.values() {
        if let Some(stub) = &pool.stub {
            links.entry(stub.as_str()).or_insert((&stub.source, true));
        }
    }
    let zone_nets = specs.values().flat_map(|spec| &spec.nets);
    for net in documents.templates.values().flat_map(|template| &template.nets).chain(zone_nets) {
        if let Some(physical) = &net.physical {
            links.entry(physical).or_insert((&net.source, false));
        }
        if let Some(stub) = &net.stub {
            links.entry(stub).or_insert((&net.source, true));
        }
    }
    for (link, (source, carries)) in links {
        if carries && found.vnic(link).is_some() {
            let message = format!("link {link} is a VNIC, which cannot carry another VNIC");
            findings.add_with_help("bad-link", source, message, "use an etherstub, a physical link or an aggregation");
            findings.lower_last();
        } else if found.link(link).is_none() {
            let help = match carries {
                true => format!("use a link that `dladm show-link` lists, or run `dladm create-etherstub {link}`"),
                false => "use a link that `dladm show-link` lists".to_owned(),
            };
            findings.add_with_help("no-such-link", source, format!("link {link} does not exist on the host"), help);
            findings.lower_last();
        }
    }
}

/// Reports brands that templates and zones name and the host does not have.
fn brands(documents: &Documents, specs: &Specs, found: &HostSnapshot, findings: &mut Findings) {
    let templates = documents.templates.values().filter_map(|template| template.settings.brand.as_ref());
    let named: Vec<&Sourced<String>> = templates.chain(specs.values().map(|spec| &spec.brand)).collect();
    let mut told = BTreeSet::new();
    for brand in named {
        let installable = brand_kind(brand) == BrandKind::Managed;
        if !installable || found.brands.contains(&brand.value) || !told.insert((&brand.source.file, brand.source.line))
        {
            continue;
        }
        let managed = found.brands.iter().filter(|brand| brand_kind(brand) == BrandKind::Managed);
        let known: Vec<&str> = managed.map(String::as_str).collect();
        let help = match did_you_mean(brand, known.iter().copied()) {
            Some(near) => format!("did you mean {near:?}? or run `pkg install brand/{}`", brand.value),
            None => format!("run `pkg install brand/{}`, or use one of {}", brand.value, known.join(", ")),
        };
        findings.add_with_help(
            "no-such-brand",
            &brand.source,
            format!("the host does not have brand {:?}", brand.value),
            help,
        );
        findings.lower_last();
    }
}

/// Reports clone sources that neither the registry nor the host has. A zone that is not created yet cannot be cloned.
fn clone_sources(documents: &Documents, specs: &Specs, found: &HostSnapshot, findings: &mut Findings) {
    for (name, spec) in specs {
        let built = documents.zones.get(name).is_none_or(|zone| zone.state.is_some());
        let Some(source) = spec.clone_from.as_ref().filter(|_| !built) else { continue };
        let registered = documents.zones.contains_key(&source.value)
            || documents.is_unread(crate::registry::Directory::Zones, source.as_str());
        if !registered && found.zone(source.as_str()).is_none() {
            let near = did_you_mean_name(source.as_str(), documents.zones.keys().map(ZoneName::as_str));
            let help = near.map_or_else(
                || format!("run `zmgr create {}` first, or name another zone in `clone-from`", source.value),
                |near| format!("did you mean {near:?}?"),
            );
            let message = format!("zone {name} cannot be cloned: zone {:?} does not exist", source.as_str());
            findings.add_with_help("no-clone-source", &source.source, message, help);
        }
    }
}

/// Compares entries of existing zones with the host.
fn zones(documents: &Documents, found: &HostSnapshot, findings: &mut Findings) {
    let on_host = found.zones_by_name();
    let mut add = |code: &str, source: &Source, message: String, help: String| {
        findings.add_with_help(code, source, message, help);
        findings.lower_last();
    };
    for zone in documents.zones.values().filter(|zone| !zone.is_newer() && !is_unfinished(zone)) {
        let name = &zone.name;
        let there = on_host.get(name.as_str());
        match (&zone.state, there) {
            (None, Some(there)) => {
                let message = format!(
                    "zone {name} was not created by zmgr, but the host has a zone of that name, {}",
                    there.state.as_str()
                );
                let help = format!("rename zones/{name}.kdl, or move it away and run `zmgr import {name}`");
                add("zone-taken", &zone.source, message, help);
            }
            (Some(EntryState::Ready), None) if !found.unlisted.contains(name.as_str()) => {
                let help = format!(
                    "run `zmgr apply --recreate {name}` to create it again, or `zmgr forget {name}` to drop its entry"
                );
                add(
                    "no-such-zone",
                    &zone.source,
                    format!("zone {name} is registered as created, but the host does not have it"),
                    help,
                );
            }
            (Some(EntryState::Ready), Some(there)) => {
                let accept = format!("if that is intended, run `zmgr forget {name}` and `zmgr import {name}`");
                if zone.uuid.is_some() && matches!(there.state, ZoneState::Configured | ZoneState::Incomplete) {
                    let state = there.state.as_str();
                    let message = format!("zone {name} is registered as installed, but it is {state} on the host");
                    let help = format!("run `zmgr reinstall {name}` to install it again, or `zmgr destroy {name}`");
                    add("not-installed", &zone.source, message, help);
                }
                if let (Some(ours), Some(theirs)) = (&zone.uuid, &there.uuid)
                    && !ours.eq_ignore_ascii_case(theirs)
                {
                    let message = format!("zone {name} was reinstalled outside zmgr: its uuid is {theirs}, not {ours}");
                    add("other-installation", &zone.source, message, accept.clone());
                }
                if let Some(path) = zone.zonepath.as_ref().filter(|path| !same_path(path, &there.zonepath)) {
                    let message =
                        format!("zone {name} has zonepath {} on the host, not {}", there.zonepath, path.value);
                    add("other-zonepath", &path.source, message, format!("correct the line; {accept}"));
                }
                if let Some(brand) = zone.settings.brand.as_ref().filter(|brand| brand.value != there.brand) {
                    let message = format!("zone {name} has brand {} on the host, not {}", there.brand, brand.value);
                    add("other-brand", &brand.source, message, format!("correct the line; {accept}"));
                }
            }
            _ => {}
        }
    }
}

fn same_path(a: &str, b: &str) -> bool {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    parts(a) == parts(b)
}
