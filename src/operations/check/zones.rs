//! Checks zones against each other: zonepaths, sources of clones, links.

use std::collections::HashMap;

use super::{Documents, Specs};
use crate::documents::resolve::{Findings, ZoneSpec};
use crate::documents::settings::IpType;
use crate::documents::zone::{EntryState, Origin, ZoneEntry};
use crate::exec::zonecfg::check_zonepath;
use crate::host::{BrandKind, brand_kind, managed_brands};
use crate::operations::boot_order::{BootOrder, CIRCLE_HELP, describe};
use crate::operations::identity;
use crate::operations::order::Need;
use crate::registry::Directory;
use crate::schema::{did_you_mean, did_you_mean_name};
use crate::value::address::misuse;
use crate::value::name::ZoneName;
use crate::value::source::{Source, Sourced};

/// Checks all zones; `specs` are those of the zones whose layers make a whole zone.
pub(super) fn check(documents: &Documents, specs: &Specs, findings: &mut Findings) {
    zonepaths(documents, findings);
    clone_sources(documents, specs, findings);
    links(specs, findings);
    boot_order(documents, specs, findings);
    for zone in documents.zones.values().filter(|zone| zone.state.is_some() && !zone.is_newer()) {
        if let Err(error) = identity::id_of(zone) {
            let help = error.help().unwrap_or_default();
            findings.add_with_help("no-id", &zone.source, error.message().to_owned(), help.to_owned());
        }
    }
    for (name, spec) in specs {
        brand(&spec.brand, findings);
        if documents.zones.get(name).is_some_and(|zone| zone.origin == Some(Origin::Import)) {
            imported_addresses(spec, findings);
        }
    }
}

/// Checks that zmgr can install zones of this brand.
pub(super) fn brand(brand: &Sourced<String>, findings: &mut Findings) {
    let known = managed_brands().collect::<Vec<_>>().join(", ");
    match brand_kind(brand) {
        BrandKind::Managed => {}
        BrandKind::Vm => findings.add_with_help(
            "bad-brand",
            &brand.source,
            format!("brand {:?} is for virtual machines, which zmgr does not manage", brand.value),
            format!("use vm-manager for it, or one of {known}"),
        ),
        BrandKind::Other => findings.add_with_help(
            "bad-brand",
            &brand.source,
            format!("zmgr cannot install zones of brand {:?}", brand.value),
            match did_you_mean(brand, managed_brands()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("use one of {known}"),
            },
        ),
    }
}

fn is_built(zone: &ZoneEntry) -> bool {
    zone.state.is_some()
}

fn zonepaths(documents: &Documents, findings: &mut Findings) {
    let prefix = &documents.config.zonepath_prefix;
    let mut prefix_is_bad = false;
    if check_zonepath(&format!("{}/x", prefix.trim_end_matches('/'))).is_err() {
        prefix_is_bad = true;
        findings.add_with_help(
            "bad-zonepath",
            &prefix.source,
            format!("invalid zonepath-prefix {:?}", prefix.value),
            "use an absolute path without . and .., of letters, digits and @%+=:,./_-",
        );
    }
    let mut paths: Vec<(Vec<String>, &ZoneName, Source)> = Vec::new();
    for zone in documents.zones.values().filter(|zone| !zone.is_newer()) {
        let path = match &zone.zonepath {
            Some(path) => path.clone(),
            None if prefix_is_bad => continue,
            None => Sourced::new(format!("{}/{}", prefix.trim_end_matches('/'), zone.name), zone.source.clone()),
        };
        if let Err(error) = check_zonepath(&path) {
            let help = match is_built(zone) {
                true => format!(
                    "the zone has this path on the host; correct the line if it does not, or run `zmgr forget {}`",
                    zone.name
                ),
                false => "use an absolute path without . and .., such as \"/zones/NAME\"".to_owned(),
            };
            findings.add_with_help("bad-zonepath", &path.source, error.message().to_owned(), help);
            if zone.origin == Some(Origin::Import) {
                findings.lower_last();
            }
            continue;
        }
        let parts = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        paths.push((parts, &zone.name, path.source.clone()));
    }
    // In this order, paths within a path directly follow it.
    paths.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut outer: Vec<usize> = Vec::new();
    for (at, (parts, name, source)) in paths.iter().enumerate() {
        while outer.last().is_some_and(|top| !parts.starts_with(&paths[*top].0)) {
            outer.pop();
        }
        if let Some((around, other, _)) = outer.last().map(|top| &paths[*top]) {
            let path = format!("/{}", parts.join("/"));
            let message = match around.len() == parts.len() {
                true => format!("zones {other} and {name} have the same zonepath {path}"),
                false => format!("zonepath {path} of zone {name} is inside that of zone {other}"),
            };
            let built = documents.zones.get(*name).is_some_and(|zone| is_built(zone));
            let move_which = if built { *other } else { *name };
            let help = format!("use another zonepath for zone {move_which} before it is created");
            findings.add_with_help("zonepath-taken", source, message, help);
        }
        outer.push(at);
    }
}

/// Checks the clone sources of zones that are not created yet. Afterwards the source does not matter.
fn clone_sources(documents: &Documents, specs: &Specs, findings: &mut Findings) {
    let source = |name: &ZoneName| -> Option<&Sourced<ZoneName>> {
        let zone = documents.zones.get(name)?;
        if is_built(zone) { None } else { specs.get(name)?.clone_from.as_ref() }
    };
    // Each zone has at most one source, so a walk from each ends where another walk has been.
    let mut walks: HashMap<&ZoneName, usize> = HashMap::new();
    let mut circles: Vec<Vec<&ZoneName>> = Vec::new();
    for (walk, first) in specs.keys().enumerate() {
        let mut chain = Vec::new();
        let mut next = Some(first);
        while let Some(name) = next {
            match walks.get(name) {
                Some(known) if *known == walk => {
                    let start = chain.iter().position(|known| *known == name).unwrap_or_default();
                    circles.push(chain.split_off(start));
                    break;
                }
                Some(_) => break,
                None => {
                    walks.insert(name, walk);
                    chain.push(name);
                    next = source(name).map(|source| &source.value);
                }
            }
        }
    }
    // A zone that would be cloned from itself is reported with its layers.
    for circle in circles.iter_mut().filter(|circle| circle.len() > 1) {
        let first = circle.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
        circle.rotate_left(first);
        let names: Vec<&str> = circle.iter().chain(circle.first()).map(|name| name.as_str()).collect();
        let message = format!("zones would be cloned from each other in a circle: {}", names.join(" → "));
        let at = source(circle[0]).map_or_else(Source::none, |source| source.source.clone());
        findings.add_with_help("circle", &at, message, "use `install` instead of `clone-from` in one of them");
    }
}

/// Checks that zones come after zones that exist and boot, and not after each other in a circle.
fn boot_order(documents: &Documents, specs: &Specs, findings: &mut Findings) {
    let after = specs.iter().filter(|(_, spec)| !spec.after.value.is_empty());
    let order: BootOrder = after.map(|(name, spec)| (name.clone(), spec.after.value.clone())).collect();
    let names: Vec<ZoneName> = specs.keys().cloned().collect();
    for places in order.sequence(&names, true, Need::Success).circles {
        let circle: Vec<&ZoneName> = places.iter().map(|place| &names[*place]).collect();
        let source = circle.first().and_then(|name| specs.get(*name)).map(|spec| spec.after.source.clone());
        findings.add_with_help("circle", &source.unwrap_or_default(), describe(&circle), CIRCLE_HELP);
    }
    for (name, spec) in specs {
        for other in &spec.after.value {
            let (message, help) = match documents.zones.get(other) {
                None if documents.is_unread(Directory::Zones, other.as_str()) => continue,
                None => {
                    let near = did_you_mean_name(other.as_str(), documents.zones.keys().map(ZoneName::as_str));
                    let help = match near {
                        Some(near) => format!("did you mean {near:?}?"),
                        None => format!("create {other}, or remove it from `after`"),
                    };
                    (format!("zone {name} comes after zone {:?}, which is not registered", other.as_str()), help)
                }
                Some(_) if !spec.autoboot.value => continue,
                Some(_) => match specs.get(other) {
                    Some(other) if !other.autoboot.value => (
                        format!("zone {name} boots with the host, but {}, which it comes after, does not", other.name),
                        format!("set `autoboot #true` for {}", other.name),
                    ),
                    _ => continue,
                },
            };
            findings.add_with_help("boot-order", &spec.after.source, message, help);
            findings.lower_last();
        }
    }
}

/// Checks that no two zones use a link exclusively.
fn links(specs: &Specs, findings: &mut Findings) {
    let mut users: HashMap<&str, (&ZoneName, bool)> = HashMap::new();
    for (name, spec) in specs.iter().filter(|(_, spec)| *spec.ip_type == IpType::Exclusive) {
        for net in &spec.nets {
            let Some(link) = net.physical.as_deref().or(net.vnic.as_ref().map(|vnic| vnic.as_str())) else { continue };
            let physical = net.physical.is_some();
            match users.get(link) {
                // Two VNICs of one name are reported elsewhere.
                Some((_, false)) if !physical => {}
                Some((other, _)) => {
                    let message = match *other == name {
                        true => format!("two nets of zone {name} use link {link}"),
                        false => format!(
                            "zones {other} and {name} both use link {link}, which an exclusive-IP zone cannot share"
                        ),
                    };
                    findings.add_with_help(
                        "duplicate-link",
                        &net.source,
                        message,
                        "use another `physical` for one of the nets, or a `pool`",
                    );
                }
                None => {
                    users.insert(link, (name, physical));
                }
            }
        }
    }
}

/// Reports addresses that `create` would refuse. Import recorded what it found, so they are warnings.
fn imported_addresses(spec: &ZoneSpec, findings: &mut Findings) {
    for net in &spec.nets {
        for address in &net.addresses {
            if let Some(why) = misuse(address) {
                let help = "correct it with zonecfg and import the zone again";
                findings.add_with_help("bad-address", &net.source, format!("zone {}: {why}", spec.name), help);
                findings.lower_last();
            }
        }
    }
}

/// Returns true if an operation on this zone is unfinished.
pub(super) fn is_unfinished(zone: &ZoneEntry) -> bool {
    !zone.is_newer()
        && matches!(
            zone.state,
            Some(EntryState::Creating { .. } | EntryState::Destroying { .. } | EntryState::Failed { .. })
        )
}
