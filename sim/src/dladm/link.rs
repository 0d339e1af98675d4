//! Data links: a file a link in /etc/dladm/datalinks, which holds its persistent record and its active instance.
//!
//! Invariant: a link is there when its file is, and every change of it is one rename or unlink, made under the lock
//! `links`. To which zone a link is on loan follows from the kernel's records of active zones.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mac::{Mac, MacKind};
use crate::record::Record;
use crate::{Machine, hints, kernel};

const DIRECTORY: &str = "/etc/dladm/datalinks";
const OVER: &str = "links-over";
const MACS: &str = "macs";
const LOANS: &str = "loans";
const CLASS: &str = "links-of-class";
const PORTS: &str = "ports";

/// The kinds of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Phys,
    Vnic,
    Vlan,
    Aggr,
    Etherstub,
    Overlay,
}

const CLASSES: [(Class, &str); 6] = [
    (Class::Phys, "phys"),
    (Class::Vnic, "vnic"),
    (Class::Vlan, "vlan"),
    (Class::Aggr, "aggr"),
    (Class::Etherstub, "etherstub"),
    (Class::Overlay, "overlay"),
];

impl Class {
    pub(crate) fn word(self) -> &'static str {
        CLASSES.iter().find(|(class, _)| *class == self).map_or("", |(_, word)| word)
    }
}

/// A data link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// The internal id: listings are in its order.
    pub(crate) id: u64,
    pub(crate) class: Class,
    /// The lower link; an aggregation's ports.
    pub(crate) over: Vec<String>,
    pub(crate) mac: Option<Mac>,
    pub(crate) mac_kind: MacKind,
    /// The VLAN tag; 0 when untagged.
    pub(crate) vid: u16,
    /// Made with `-f`.
    pub(crate) force: bool,
    /// The active MTU.
    pub(crate) mtu: u32,
    /// It is there now; a record alone is not.
    pub(crate) active: bool,
    /// It has a record, so it comes back at a reboot.
    pub(crate) persistent: bool,
    /// Active values other than the MTU, as the kernel keeps them: in the library's spelling, lists joined by commas.
    pub(crate) props: Vec<(String, String)>,
    /// Values on record, names and values as typed: they take effect when the host boots.
    pub(crate) recorded: Vec<(String, String)>,
}

impl Link {
    pub(crate) fn lower(&self) -> Option<&str> {
        self.over.first().map(String::as_str)
    }

    /// The active value of a property.
    pub(crate) fn prop(&self, name: &str) -> Option<&str> {
        self.props.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets or, with `None`, resets the active value of a property.
    pub(crate) fn set_prop(&mut self, name: &str, value: Option<String>) {
        self.props.retain(|(known, _)| known != name);
        self.props.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// The value of a property on record. Names on record differ by case [reboot-set-MTU-0].
    pub(crate) fn on_record(&self, name: &str) -> Option<&str> {
        self.recorded.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Changes the record of a link that has one.
    pub(crate) fn put_on_record(&mut self, name: &str, value: Option<String>) {
        if self.persistent {
            self.recorded.retain(|(known, _)| known != name);
            self.recorded.extend(value.map(|value| (name.to_owned(), value)));
        }
    }

    fn encode(&self) -> Record {
        let mut record = Record::default();
        record.push("id", self.id.to_string());
        record.push("class", self.class.word());
        self.over.iter().for_each(|lower| record.push("over", lower));
        if let Some(mac) = self.mac {
            record.push("mac", mac.to_string());
        }
        record.push("mac-kind", self.mac_kind.to_string());
        record.push("vid", self.vid.to_string());
        if self.force {
            record.push("force", "yes");
        }
        record.push("mtu", self.mtu.to_string());
        record.push("active", if self.active { "yes" } else { "no" });
        record.push("persistent", if self.persistent { "yes" } else { "no" });
        for (name, value) in &self.props {
            record.push(&format!("prop.{name}"), value);
        }
        for (name, value) in &self.recorded {
            // A name holds no `=`.
            record.push("record", format!("{name}={value}"));
        }
        record
    }

    fn decode(name: &str, record: &Record) -> Option<Link> {
        let class = record.get("class")?;
        let values =
            |wanted: &'static str| record.pairs().filter(move |(key, _)| *key == wanted).map(|(_, value)| value);
        Some(Link {
            name: name.to_owned(),
            id: record.get("id")?.parse().ok()?,
            class: CLASSES.iter().find(|(_, word)| *word == class)?.0,
            over: values("over").map(str::to_owned).collect(),
            mac: record.get("mac").and_then(Mac::parse),
            mac_kind: record.get("mac-kind").and_then(MacKind::from_word).unwrap_or(MacKind::Fixed),
            vid: record.get("vid")?.parse().ok()?,
            force: record.get("force") == Some("yes"),
            mtu: record.get("mtu")?.parse().ok()?,
            active: record.get("active") == Some("yes"),
            persistent: record.get("persistent") == Some("yes"),
            props: record
                .pairs()
                .filter_map(|(key, value)| Some((key.strip_prefix("prop.")?.to_owned(), value.to_owned())))
                .collect(),
            recorded: values("record")
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }
}

fn address(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

/// The link of that name, active or only recorded.
pub(crate) fn find(machine: &Machine, name: &str) -> io::Result<Option<Link>> {
    if !super::name::is_valid(name) {
        return Ok(None);
    }
    Ok(Record::read(&machine.path(address(name)))?.and_then(|record| Link::decode(name, &record)))
}

/// Every link, in the order of their ids.
pub(crate) fn all(machine: &Machine) -> io::Result<Vec<Link>> {
    let mut links = Vec::new();
    for entry in fs::read_dir(machine.path(DIRECTORY))? {
        if let Some(name) = entry?.file_name().to_str() {
            links.extend(find(machine, name)?);
        }
    }
    links.sort_by(|a, b| (a.id, &a.name).cmp(&(b.id, &b.name)));
    Ok(links)
}

/// Returns all physical links, in the order of their ids, without reading the others, of which there may be thousands.
pub(crate) fn physical(machine: &Machine) -> io::Result<Vec<Link>> {
    let names = hints::look(machine, CLASS, Class::Phys.word())?;
    if names.is_empty() {
        // A machine that an older version made has no such hints.
        return Ok(all(machine)?.into_iter().filter(|link| link.class == Class::Phys).collect());
    }
    let mut links = Vec::new();
    for name in names {
        links.extend(find(machine, &name)?.filter(|link| link.class == Class::Phys));
    }
    links.sort_by(|a, b| (a.id, &a.name).cmp(&(b.id, &b.name)));
    Ok(links)
}

/// A new id. The lock `links` is held.
pub(crate) fn next_id(machine: &Machine) -> io::Result<u64> {
    let id = machine.counter("link-id") + 1;
    machine.set_counter("link-id", id)?;
    Ok(id)
}

/// Writes a link in place of what was there. The lock `links` is held.
pub(crate) fn put(machine: &Machine, link: &Link) -> io::Result<()> {
    if link.class == Class::Phys {
        hints::add(machine, CLASS, Class::Phys.word(), &link.name)?;
    }
    for lower in &link.over {
        hints::add(machine, OVER, lower, &link.name)?;
        if link.class == Class::Aggr {
            hints::add(machine, PORTS, lower, &link.name)?;
        }
        if let Some(mac) = link.mac {
            hints::add(machine, MACS, &mac_key(lower, mac, link.vid), &link.name)?;
        }
    }
    if let (Class::Phys, Some(mac)) = (link.class, link.mac) {
        hints::add(machine, MACS, &mac_key(&link.name, mac, 0), &link.name)?;
    }
    fs::create_dir_all(machine.path(DIRECTORY))?;
    machine.replace(address(&link.name), link.encode().text().as_bytes())
}

/// Writes a link that lies over others than before. The lock `links` is held.
pub(crate) fn move_over(machine: &Machine, link: &Link, over: Vec<String>) -> io::Result<()> {
    put(machine, &Link { over: over.clone(), ..link.clone() })?;
    for lower in link.over.iter().filter(|lower| !over.contains(lower)) {
        hints::remove(machine, OVER, lower, &link.name)?;
        if link.class == Class::Aggr {
            hints::remove(machine, PORTS, lower, &link.name)?;
        }
        if let Some(mac) = link.mac {
            hints::remove(machine, MACS, &mac_key(lower, mac, link.vid), &link.name)?;
        }
    }
    Ok(())
}

/// Removes a link, instance and record. The lock `links` is held.
pub(crate) fn remove(machine: &Machine, link: &Link) -> io::Result<()> {
    fs::remove_file(machine.path(address(&link.name)))?;
    if link.class == Class::Phys {
        hints::remove(machine, CLASS, Class::Phys.word(), &link.name)?;
    }
    for lower in &link.over {
        hints::remove(machine, OVER, lower, &link.name)?;
        if link.class == Class::Aggr {
            hints::remove(machine, PORTS, lower, &link.name)?;
        }
        if let Some(mac) = link.mac {
            hints::remove(machine, MACS, &mac_key(lower, mac, link.vid), &link.name)?;
        }
    }
    for zone in hints::look(machine, LOANS, &link.name)? {
        hints::remove(machine, LOANS, &link.name, &zone)?;
    }
    Ok(())
}

/// The links over this one, active or only recorded.
pub(crate) fn uppers(machine: &Machine, name: &str) -> io::Result<Vec<Link>> {
    let mut found = Vec::new();
    for upper in hints::look(machine, OVER, name)? {
        found.extend(find(machine, &upper)?.filter(|link| link.over.iter().any(|lower| lower == name)));
    }
    Ok(found)
}

/// Returns true if any active link lies over this one: a record alone does not hold it [stub-delete-dead-vnic].
pub(crate) fn has_upper(machine: &Machine, name: &str) -> io::Result<bool> {
    Ok(uppers(machine, name)?.iter().any(|link| link.active))
}

/// Returns true if the link is a port of an active aggregation.
pub(crate) fn is_port(machine: &Machine, name: &str) -> io::Result<bool> {
    for aggr in hints::look(machine, PORTS, name)? {
        let holds = |link: &Link| link.active && link.over.iter().any(|port| port == name);
        if find(machine, &aggr)?.as_ref().is_some_and(holds) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The link that uses a MAC address on a lower link under that tag.
pub(crate) fn with_mac(machine: &Machine, lower: &str, mac: Mac, vid: u16) -> io::Result<Option<Link>> {
    for name in hints::look(machine, MACS, &mac_key(lower, mac, vid))? {
        if let Some(link) = find(machine, &name)?.filter(|link| link.mac == Some(mac) && link.active) {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

/// The active zone that has the link on loan.
pub(crate) fn borrower(machine: &Machine, name: &str) -> io::Result<Option<String>> {
    for zone in hints::look(machine, LOANS, name)? {
        let holds = |active: &kernel::ActiveZone| active.links.iter().any(|link| link.name == name);
        if kernel::find(machine, &zone)?.as_ref().is_some_and(holds) {
            return Ok(Some(zone));
        }
    }
    Ok(None)
}

/// To be said before the zone's kernel record names the link.
pub(crate) fn will_lend(machine: &Machine, name: &str, zone: &str) -> io::Result<()> {
    hints::add(machine, LOANS, name, zone)
}

/// To be said when the zone's kernel record is gone.
pub(crate) fn given_back(machine: &Machine, name: &str, zone: &str) -> io::Result<()> {
    hints::remove(machine, LOANS, name, zone)
}

fn mac_key(lower: &str, mac: Mac, vid: u16) -> String {
    format!("{lower} {mac} {vid}")
}
