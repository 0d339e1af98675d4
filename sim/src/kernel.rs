//! State of active zones in the kernel: one file per zone in /var/run/zones, as long as the zone has an id.
//!
//! Invariant: one rename makes a zone active, changes its state, or ends it. Who owns a link, which id is taken and which
//! root is in use all follow from these files.
//!
//! [source: zone_create, zone_list of zone.c; recorded: kernel_after of zoneadm.jsonl]

use std::fs;
use std::io;
use std::path::PathBuf;

use super::record::Record;
use super::{Machine, ZoneState};

const DIRECTORY: &str = "/var/run/zones";
const SUFFIX: &str = ".kernel";
const MAX_ID: u64 = 9999;

/// An active zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActiveZone {
    pub(crate) name: String,
    /// 1 to 9999; assigned each time that the zone becomes ready.
    pub(crate) id: u64,
    /// Grows with each zone made ready: the order of the kernel's list.
    pub(crate) serial: u64,
    pub(crate) state: ZoneState,
    pub(crate) zonepath: String,
    pub(crate) brand: String,
    pub(crate) exclusive: bool,
    /// The links on loan to the zone (exclusive ip-type).
    pub(crate) links: Vec<LentLink>,
    /// Links and addresses that it has on the host's IP stack (shared ip-type).
    pub(crate) shared: Vec<(String, String)>,
    pub(crate) boot_args: String,
    /// Patterns of the host's devices that the zone sees.
    pub(crate) devices: Vec<String>,
}

/// A link in the hands of an active zone, and what its configuration says of the link's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LentLink {
    pub(crate) name: String,
    pub(crate) addresses: Vec<String>,
    pub(crate) routers: Vec<String>,
}

/// The active zone of that name.
pub(crate) fn find(machine: &Machine, name: &str) -> io::Result<Option<ActiveZone>> {
    Ok(Record::read(&file(machine, name))?.and_then(|record| decode(name, &record)))
}

/// Every active zone, in the kernel's order.
pub(crate) fn all(machine: &Machine) -> io::Result<Vec<ActiveZone>> {
    let mut zones = Vec::new();
    let entries = match fs::read_dir(machine.path(DIRECTORY)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(zones),
        Err(error) => return Err(error),
    };
    for entry in entries {
        if let Some(name) = entry?.file_name().to_str().and_then(|name| name.strip_suffix(SUFFIX)) {
            zones.extend(find(machine, name)?);
        }
    }
    zones.sort_by_key(|zone| zone.serial);
    Ok(zones)
}

/// Puts the zone's record in place of what was there.
pub(crate) fn put(machine: &Machine, zone: &ActiveZone) -> io::Result<()> {
    machine.replace(address(&zone.name), encode(zone).text().as_bytes())
}

/// Ends the zone: it is no longer active.
pub(crate) fn remove(machine: &Machine, name: &str) -> io::Result<()> {
    match fs::remove_file(file(machine, name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The next id, and the serial that goes with it.
pub(crate) fn next_id(machine: &Machine) -> io::Result<(u64, u64)> {
    let _lock = machine.lock("zone-ids")?;
    let last = machine.counter("zone-serial");
    let taken: Vec<u64> = if last < MAX_ID { Vec::new() } else { all(machine)?.iter().map(|zone| zone.id).collect() };
    let mut serial: u64 = last + 1;
    let mut id = (serial - 1) % MAX_ID + 1;
    while taken.contains(&id) {
        serial += 1;
        id = (serial - 1) % MAX_ID + 1;
        if serial > last + MAX_ID {
            return Err(io::Error::other("no zone id is free"));
        }
    }
    machine.set_counter("zone-serial", serial)?;
    Ok((id, serial))
}

fn address(name: &str) -> PathBuf {
    PathBuf::from(DIRECTORY).join(format!("{name}{SUFFIX}"))
}

fn file(machine: &Machine, name: &str) -> PathBuf {
    machine.path(address(name))
}

fn encode(zone: &ActiveZone) -> Record {
    let mut record = Record::default();
    record.push("id", zone.id.to_string());
    record.push("serial", zone.serial.to_string());
    record.push("state", zone.state.word());
    record.push("zonepath", &zone.zonepath);
    record.push("brand", &zone.brand);
    record.push("ip-type", if zone.exclusive { "exclusive" } else { "shared" });
    record.push("bootargs", &zone.boot_args);
    zone.shared.iter().for_each(|(link, address)| record.push("shared", format!("{link} {address}")));
    zone.devices.iter().for_each(|pattern| record.push("device", pattern));
    for link in &zone.links {
        record.push("link", &link.name);
        link.addresses.iter().for_each(|address| record.push("address", address));
        link.routers.iter().for_each(|router| record.push("router", router));
    }
    record
}

fn decode(name: &str, record: &Record) -> Option<ActiveZone> {
    let mut links: Vec<LentLink> = Vec::new();
    for (key, value) in record.pairs() {
        match (key, links.last_mut()) {
            ("link", _) => links.push(LentLink { name: value.into(), addresses: Vec::new(), routers: Vec::new() }),
            ("address", Some(link)) => link.addresses.push(value.into()),
            ("router", Some(link)) => link.routers.push(value.into()),
            _ => {}
        }
    }
    Some(ActiveZone {
        name: name.into(),
        id: record.get("id")?.parse().ok()?,
        serial: record.get("serial")?.parse().ok()?,
        state: ZoneState::from_word(record.get("state")?)?,
        zonepath: record.get("zonepath")?.into(),
        brand: record.get("brand")?.into(),
        exclusive: record.get("ip-type") == Some("exclusive"),
        links,
        shared: record
            .pairs()
            .filter(|(key, _)| *key == "shared")
            .filter_map(|(_, value)| value.split_once(' '))
            .map(|(link, address)| (link.to_owned(), address.to_owned()))
            .collect(),
        boot_args: record.get("bootargs").unwrap_or_default().into(),
        devices: record.pairs().filter(|(key, _)| *key == "device").map(|(_, value)| value.to_owned()).collect(),
    })
}
