//! `zoneadm list`.
//!
//! Invariant: a zone that cannot be read is reported and left out, and the listing goes on.
//!
//! [source: list_func, zone_print of zoneadm.c; recorded: list-*, state-*-list-*]

use super::getopt::Getopt;
use super::{text, usage};
use crate::document::{Document, Error, IpType};
use crate::kernel::ActiveZone;
use crate::session::{Answer, FAILED, OK, Session};
use crate::{Machine, Status, ZoneState, index, kernel};

/// One line of the listing.
struct Row {
    id: Option<u64>,
    name: String,
    state: &'static str,
    zonepath: String,
    uuid: String,
    brand: String,
    exclusive: bool,
    debug_id: String,
}

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let all_letters = if session.machine.line().list_without_global { "?cinpv" } else { "?cipv" };
    // Of one zone nothing is left out. [recorded: state-installed-list-cp]
    let mut options = Getopt::new(args, if zone.is_some() { "?pv" } else { all_letters });
    let mut letters = String::new();
    while let Some(option) = options.next(session) {
        match option.letter {
            '?' => return usage::answer(session, "list", option.written),
            letter => letters.push(letter),
        }
    }
    let has = |letter| letters.contains(letter);
    let (parsable, verbose) = (has('p'), has('v'));
    if parsable && verbose {
        let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
        session.complain(format_args!("zoneadm: {about}list -p and -v are mutually exclusive.\n"));
        return Ok(FAILED);
    }
    // Operands only matter for one zone. [recorded: list-operand]
    if zone.is_some() && !options.operands().is_empty() {
        return usage::of(session, "list");
    }
    let rows = match zone {
        Some(zone) => match one(session, zone)? {
            Ok(row) => vec![row],
            Err(status) => return Ok(status),
        },
        None => {
            let least = match (has('c'), has('i')) {
                (true, _) => Some(ZoneState::Configured),
                (false, true) => Some(ZoneState::Installed),
                (false, false) => None,
            };
            all(session, least, has('n'))?
        }
    };
    let mut listing = String::new();
    if verbose && !rows.is_empty() {
        listing.push_str(&verbose_line("ID", "NAME", "STATUS", "PATH", "BRAND", "IP"));
    }
    let debug_id = session.machine.line().list_debug_id;
    for row in &rows {
        let id = row.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let ip = if row.exclusive { "excl" } else { "shared" };
        if verbose {
            listing.push_str(&verbose_line(&id, &row.name, row.state, &row.zonepath, &row.brand, ip));
        } else if parsable {
            let zonepath = row.zonepath.replace(':', "\\:");
            listing.push_str(&format!("{id}:{}:{}:{zonepath}:{}:{}:{ip}", row.name, row.state, row.uuid, row.brand));
            if debug_id {
                listing.push_str(&format!(":{}", row.debug_id));
            }
            listing.push('\n');
        } else {
            listing.push_str(&format!("{}\n", row.name));
        }
    }
    session.say(format_args!("{listing}"));
    // The brand's hook of a single zone runs after the listing. [recorded: brand-missing-list-p]
    if let Some(zone) = zone.filter(|zone| *zone != "global")
        && super::brand_of(session.machine, zone).is_none()
    {
        return Ok(super::no_brand(session, zone));
    }
    Ok(OK)
}

fn verbose_line(id: &str, name: &str, state: &str, zonepath: &str, brand: &str, ip: &str) -> String {
    format!("{id:>4} {name:<16} {state:<10} {zonepath:<30} {brand:<8} {ip:<6}\n")
}

/// The active zones, then those of the index that are at least in the state asked for.
fn all(session: &mut Session<'_, '_>, least: Option<ZoneState>, without_global: bool) -> std::io::Result<Vec<Row>> {
    let machine = session.machine;
    let mut rows = Vec::new();
    if !without_global {
        rows.push(global(machine));
    }
    let active = kernel::all(machine)?;
    let entries = index::read(machine).unwrap_or_default();
    let by_name: std::collections::HashMap<&[u8], &index::Entry> =
        entries.iter().map(|entry| (entry.name.as_slice(), entry)).collect();
    let mut listed = std::collections::HashSet::new();
    for zone in &active {
        listed.insert(zone.name.as_bytes());
        rows.push(running(zone, by_name.get(zone.name.as_bytes()).copied()));
    }
    let Some(least) = least else { return Ok(rows) };
    for entry in &entries {
        if entry.name == b"global" || listed.contains(entry.name.as_slice()) || ZoneState::from(entry.state) < least {
            continue;
        }
        match inactive(machine, entry) {
            Ok(row) => rows.push(row),
            Err((what, error)) => {
                session.complain(format_args!("zoneadm: {}: {what}: {}\n", text(&entry.name), error.text()));
            }
        }
    }
    Ok(rows)
}

fn one(session: &mut Session<'_, '_>, zone: &str) -> std::io::Result<Result<Row, Status>> {
    let machine = session.machine;
    if zone == "global" {
        return Ok(Ok(global(machine)));
    }
    let entry = index::find(machine, zone.as_bytes());
    if let Some(active) = kernel::find(machine, zone)? {
        return Ok(Ok(running(&active, entry.as_ref())));
    }
    let row = match &entry {
        Some(entry) => inactive(machine, entry),
        None => Err(("could not get state", Error::NoZone)),
    };
    Ok(row.map_err(|(what, error)| {
        session.complain(format_args!("zoneadm: {zone}: {what}: {}\n", error.text()));
        FAILED
    }))
}

fn global(machine: &Machine) -> Row {
    let brand = Document::load(machine, b"SUNWdefault").ok().map(|document| text(document.brand()));
    Row {
        id: Some(0),
        name: "global".into(),
        state: ZoneState::Running.word(),
        zonepath: "/".into(),
        uuid: String::new(),
        brand: brand.filter(|brand| !brand.is_empty()).unwrap_or_else(|| machine.line().default_brand.into()),
        exclusive: false,
        debug_id: "0".into(),
    }
}

fn running(zone: &ActiveZone, entry: Option<&index::Entry>) -> Row {
    Row {
        id: Some(zone.id),
        name: zone.name.clone(),
        state: zone.state.word(),
        zonepath: zone.zonepath.clone(),
        uuid: entry.and_then(|entry| entry.uuid.clone()).unwrap_or_default(),
        brand: zone.brand.clone(),
        exclusive: zone.exclusive,
        debug_id: debug_id(entry),
    }
}

fn debug_id(entry: Option<&index::Entry>) -> String {
    entry.and_then(|entry| entry.smartos.debug_id).map_or_else(String::new, |id| id.to_string())
}

fn inactive(machine: &Machine, entry: &index::Entry) -> Result<Row, (&'static str, Error)> {
    let (brand, exclusive) = match (entry.smartos.brand.as_slice(), entry.smartos.ip_type) {
        // If the index has both, the configuration is not read.
        (brand, Some(ip_type)) if machine.line().index_extended && !brand.is_empty() => {
            (text(brand), ip_type == IpType::Exclusive)
        }
        _ => {
            // The library's error is that of an earlier call. [recorded: list-no-xml]
            let document = Document::load(machine, &entry.name)
                .map_err(|_| ("could not get brand name", Error::WrongDocumentType))?;
            let ip_type = document.ip_type().map_err(|error| ("could not get ip-type", error))?;
            let brand = match document.brand() {
                b"" => machine.line().default_brand.into(),
                brand => text(brand),
            };
            (brand, ip_type == IpType::Exclusive)
        }
    };
    Ok(Row {
        id: None,
        name: text(&entry.name),
        state: ZoneState::from(entry.state).word(),
        zonepath: text(&entry.zonepath),
        uuid: entry.uuid.clone().unwrap_or_default(),
        brand,
        exclusive,
        debug_id: debug_id(Some(entry)),
    })
}
