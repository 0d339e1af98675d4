//! Checks that the host has what the next boot of each zone needs.

use std::collections::{BTreeMap, HashSet};

use super::zones::is_unfinished;
use super::{Documents, Specs};
use crate::documents::resolve::{Findings, ZoneSpec};
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::exec::zoneadm::ZoneState;
use crate::host::HostSnapshot;
use crate::operations::claims::Claims;
use crate::operations::inventory::Inventory;
use crate::operations::preconditions::{Row, Subject, Unmet};
use crate::operations::used_datasets::used_by;
use crate::operations::wanted::{bootable_config, without_nets};
use crate::value::name::ZoneName;

/// Preconditions of a built zone; its brand is checked for all zones of the brand together.
const BUILT: &[Row] = &[Row::Delegated, Row::FileSystems, Row::BootLinks];
/// Preconditions of creating a zone.
const NOT_BUILT: &[Row] = &[Row::Delegated, Row::Delegable, Row::FileSystems, Row::SetupFiles];
/// Codes that rule out a zone that is not built yet.
const CREATED: &str = "be created";
/// Codes for files that ask for something that the zone cannot get.
const CHANGED: &str = "be changed as its files say";
/// The codes of what is reported here.
const CODES: [&str; 2] = ["cannot-create", "cannot-boot"];
/// Maximum number of zones named in one diagnostic.
const NAMED: usize = 3;

/// File and line that ask for something, what the zone cannot do without it, and the message.
type Lack = (String, u32, &'static str, String);

/// Reports what the host lacks, once for all zones that one line asks for it.
pub(super) fn check(
    documents: &Documents,
    specs: &Specs,
    inventory: Inventory<'_>,
    found: &HostSnapshot,
    findings: &mut Findings,
) {
    let on_host = found.zones_by_name();
    let claims = Claims::of(
        documents.zones.values().map(|zone| (&**zone, specs.get(&zone.name).map(|spec| &**spec))),
        inventory.host.dialect(),
        found,
    );
    let mut lacking: BTreeMap<Lack, (Unmet, Vec<&ZoneName>)> = BTreeMap::new();
    for (name, spec) in specs {
        let Some(zone) = documents.zones.get(name).filter(|zone| !zone.is_newer() && !is_unfinished(zone)) else {
            continue;
        };
        let state = on_host.get(name.as_str()).map(|zone| zone.state);
        let (what, unmet) = unmet(zone, spec, state, inventory, found, &claims);
        let unmet = unmet.into_iter().map(|one| (what, one));
        let datasets = not_delegable(zone, spec, state, inventory, &claims).into_iter().map(|one| (CHANGED, one));
        for (what, one) in unmet.chain(datasets) {
            let message = one.error.message();
            let message = message.strip_prefix(&format!("zone {name}: ")).unwrap_or(message).to_owned();
            let file = one.source.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            let key = (file, one.source.line, what, message);
            lacking.entry(key).or_insert_with(|| (one, Vec::new())).1.push(name);
        }
    }
    for ((_, _, what, message), (unmet, zones)) in lacking {
        let source = match unmet.source.file {
            Some(_) => &unmet.source,
            None => documents.zones.get(zones[0]).map_or(&unmet.source, |zone| &zone.source),
        };
        let message = format!("{} cannot {what}: {message}", named(&zones));
        let help = unmet.error.help().unwrap_or("run `zmgr diff` to see what the zone needs");
        let code = if what == CREATED { CODES[0] } else { CODES[1] };
        findings.add_with_help(code, source, message, help);
    }
    drop_repeated(findings);
}

fn unmet(
    zone: &ZoneEntry,
    spec: &ZoneSpec,
    state: Option<ZoneState>,
    inventory: Inventory<'_>,
    found: &HostSnapshot,
    claims: &Claims,
) -> (&'static str, Vec<Unmet>) {
    let dialect = inventory.host.dialect();
    let (what, config, rows) = match (&zone.state, state) {
        (None, None) => (CREATED, without_nets(spec, dialect), NOT_BUILT),
        (Some(EntryState::Ready), Some(state)) if !matches!(state, ZoneState::Configured | ZoneState::Incomplete) => {
            ("boot", bootable_config(spec, dialect), BUILT)
        }
        _ => return ("", Vec::new()),
    };
    // Errors in the configuration itself, and a host that does not answer, are reported elsewhere.
    let Ok(config) = config else { return ("", Vec::new()) };
    // `apply` creates the VNICs of zmgr's own nets again.
    let managed = spec.nets.iter().filter(|net| net.managed).filter_map(|net| net.vnic.as_ref());
    let made = managed.map(ToString::to_string).filter(|name| found.link(name).is_none());
    let subject = Subject {
        spec: Some(spec),
        made_links: made.collect(),
        claims: Some(claims),
        ..Subject::new(inventory, &spec.name, &config)
    };
    (what, subject.unmet(rows).unwrap_or_default())
}

/// Returns the datasets that a built zone asks for, does not have and cannot be given.
fn not_delegable(
    zone: &ZoneEntry,
    spec: &ZoneSpec,
    state: Option<ZoneState>,
    inventory: Inventory<'_>,
    claims: &Claims,
) -> Vec<Unmet> {
    if zone.state != Some(EntryState::Ready) || state.is_none() {
        return Vec::new();
    }
    let Ok(config) = bootable_config(spec, inventory.host.dialect()) else { return Vec::new() };
    if used_by(&config).is_empty() {
        return Vec::new();
    }
    let Ok(has) = inventory.host.zone_config(spec.name.as_str()) else { return Vec::new() };
    let subject = Subject {
        spec: Some(spec),
        has: has.as_ref(),
        claims: Some(claims),
        ..Subject::new(inventory, &spec.name, &config)
    };
    subject.unmet(&[Row::Delegable]).unwrap_or_default()
}

/// Names some of the zones, and counts the others.
pub(super) fn named(zones: &[&ZoneName]) -> String {
    let names: Vec<&str> = zones.iter().take(NAMED).map(|name| name.as_str()).collect();
    match (zones.len(), zones.len().saturating_sub(NAMED)) {
        (1, _) => format!("zone {}", names[0]),
        (_, 0) => format!("zones {}", names.join(", ")),
        (_, more) => format!("zones {} and {more} more", names.join(", ")),
    }
}

/// Drops what says less about the same line.
fn drop_repeated(findings: &mut Findings) {
    let lines: HashSet<_> =
        findings.0.iter().filter(|f| CODES.contains(&&*f.code)).map(|f| (f.path.clone(), f.line)).collect();
    findings.0.retain(|found| found.code != "no-such-link" || !lines.contains(&(found.path.clone(), found.line)));
}
