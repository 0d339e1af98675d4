//! Making, deleting and renaming links.

use super::link::{Class, Link};
use super::mac::{Mac, MacKind};
use super::props;
use super::{fail, link, name, usage};
use crate::answer::{Answer, OK, Session};
use crate::ipadm;
use crate::options::Parsed;

/// The bytes that random addresses begin with.
const RANDOM_PREFIX: [u8; 3] = [2, 8, 0x20];
const ETHERSTUB_MTU: u32 = 9000;

pub(super) fn create_etherstub(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let [wanted] = options.operands.as_slice() else { return usage(session) };
    if let Some(refused) = refuse_name(session, wanted)? {
        return Ok(refused);
    }
    let _lock = session.machine.lock("links")?;
    if link::find(session.machine, wanted)?.is_some() {
        return fail(session, format_args!("etherstub creation failed: object already exists"));
    }
    let new = Link {
        name: wanted.clone(),
        id: link::next_id(session.machine)?,
        class: Class::Etherstub,
        over: Vec::new(),
        mac: None,
        mac_kind: MacKind::Fixed,
        vid: 0,
        mtu: ETHERSTUB_MTU,
        active: true,
        persistent: !options.has('t'),
        props: Vec::new(),
    };
    link::put(session.machine, &new)?;
    Ok(OK)
}

/// What `-m` asks for.
enum WantedMac {
    Random,
    Factory,
    Fixed(Mac),
}

pub(super) fn create_vnic(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let (Some(over), [wanted]) = (options.value('l'), options.operands.as_slice()) else {
        return usage(session);
    };
    if options.values('m').count() > 1 {
        return fail(session, format_args!("cannot specify -m option twice"));
    }
    let mac = match options.value('m') {
        None | Some("auto" | "random") => WantedMac::Random,
        Some("factory") => WantedMac::Factory,
        Some("fixed") => return fail(session, format_args!("'fixed' is not a valid MAC address")),
        Some("vrrp") => {
            return fail(session, format_args!("vnic creation over {over} failed: operation not supported"));
        }
        Some(text) => match Mac::parse(text) {
            Some(mac) => WantedMac::Fixed(mac),
            None => return fail(session, format_args!("invalid MAC address")),
        },
    };
    let prefix = match options.value('r').map(mac_prefix) {
        None => RANDOM_PREFIX.to_vec(),
        Some(Some(prefix)) => prefix,
        Some(None) => return fail(session, format_args!("invalid MAC address")),
    };
    let vid = match options.value('v').map(|text| (text, vlan(text))) {
        None => 0,
        Some((_, Some(vid))) => vid,
        Some((text, None)) => return fail(session, format_args!("invalid VLAN identifier '{text}'")),
    };
    if options.has('f') && vid == 0 {
        return fail(session, format_args!("-f option can only be used with -v"));
    }
    if over.len() > name::MAX {
        return fail(session, format_args!("link name too long"));
    }
    if let Some(refused) = refuse_name(session, wanted)? {
        return Ok(refused);
    }
    let given = match props::parse_assignments(options.values('p')) {
        Some(given) => given,
        None => return fail(session, format_args!("invalid vnic property")),
    };

    let _lock = session.machine.lock("links")?;
    let Some(lower) = link::find(session.machine, over)?.filter(|lower| lower.active) else {
        return fail(session, format_args!("invalid link name '{over}'"));
    };
    let refuse = |session: &mut Session<'_, '_>, why: &str| {
        fail(session, format_args!("vnic creation over {over} failed: {why}"))
    };
    if matches!(lower.class, Class::Vnic | Class::Vlan) {
        return refuse(session, "invalid argument");
    }
    if link::find(session.machine, wanted)?.is_some() {
        return refuse(session, "object already exists");
    }
    let mut new = Link {
        name: wanted.clone(),
        id: 0,
        class: Class::Vnic,
        over: vec![over.to_owned()],
        mac: None,
        mac_kind: MacKind::Random,
        vid,
        mtu: lower.mtu,
        active: true,
        persistent: !options.has('t'),
        props: Vec::new(),
    };
    for (prop, value) in &given {
        if let Err(why) = props::apply(session.machine, &mut new, prop, value)? {
            return refuse(session, why);
        }
    }
    match mac {
        WantedMac::Factory => return refuse(session, "factory MAC address slots not supported"),
        WantedMac::Fixed(mac) if !mac.is_unicast() => return refuse(session, "invalid MAC address value"),
        WantedMac::Fixed(mac) => {
            if link::with_mac(session.machine, over, mac, vid)?.is_some() {
                return refuse(session, "MAC address is already in use");
            }
            (new.mac, new.mac_kind) = (Some(mac), MacKind::Fixed);
        }
        WantedMac::Random => loop {
            let mac = Mac::random(&prefix)?;
            if !mac.is_unicast() {
                return refuse(session, "Invalid MAC address prefix value");
            }
            if link::with_mac(session.machine, over, mac, vid)?.is_none() {
                new.mac = Some(mac);
                break;
            }
        },
    }
    new.id = link::next_id(session.machine)?;
    link::put(session.machine, &new)?;
    Ok(OK)
}

pub(super) fn create_vlan(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let (Some(over), Some(tag)) = (options.value('l'), options.value('v')) else { return usage(session) };
    let Some(vid) = vlan(tag) else {
        return fail(session, format_args!("invalid VLAN identifier '{tag}'"));
    };
    let _lock = session.machine.lock("links")?;
    let Some(lower) = link::find(session.machine, over)?.filter(|lower| lower.active) else {
        return fail(session, format_args!("invalid link name '{over}'"));
    };
    let wanted = match options.operands.as_slice() {
        [] => default_vlan_name(over, vid),
        [wanted] => wanted.clone(),
        _ => return usage(session),
    };
    if let Some(refused) = refuse_name(session, &wanted)? {
        return Ok(refused);
    }
    let refuse = |session: &mut Session<'_, '_>, why: &str| fail(session, format_args!("vlan operation failed: {why}"));
    if matches!(lower.class, Class::Vnic | Class::Vlan) {
        return refuse(session, "invalid argument");
    }
    let taken = match lower.mac {
        Some(mac) => link::with_mac(session.machine, over, mac, vid)?.is_some(),
        None => false,
    };
    if taken || link::find(session.machine, &wanted)?.is_some() {
        return refuse(session, "object already exists");
    }
    let new = Link {
        name: wanted,
        id: link::next_id(session.machine)?,
        class: Class::Vlan,
        over: vec![over.to_owned()],
        mac: lower.mac,
        mac_kind: MacKind::Fixed,
        vid,
        mtu: lower.mtu,
        active: true,
        persistent: !options.has('t'),
        props: Vec::new(),
    };
    link::put(session.machine, &new)?;
    Ok(OK)
}

pub(super) fn delete_vnic(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    delete(session, options, Class::Vnic, "vnic")
}

pub(super) fn delete_etherstub(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    delete(session, options, Class::Etherstub, "etherstub")
}

pub(super) fn delete_vlan(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    delete(session, options, Class::Vlan, "vlan")
}

fn delete(session: &mut Session<'_, '_>, options: &Parsed, class: Class, word: &str) -> Answer {
    let [wanted] = options.operands.as_slice() else { return usage(session) };
    let _lock = session.machine.lock("links")?;
    let temporary = options.has('t');
    let Some(mut found) = link::find(session.machine, wanted)?.filter(|link| link.active || !temporary) else {
        return fail(session, format_args!("invalid link name '{wanted}'"));
    };
    if found.class != class {
        return match (class, found.class) {
            (Class::Vnic, Class::Etherstub) => fail(session, format_args!("'{wanted}' is not a vnic")),
            (Class::Etherstub, Class::Vnic) => fail(session, format_args!("'{wanted}' is not an etherstub")),
            (Class::Vlan, _) => fail(session, format_args!("vlan operation failed: invalid argument")),
            _ => fail(session, format_args!("vnic deletion failed: invalid argument")),
        };
    }
    if found.active && is_busy(session, wanted)? {
        // The same words for both kinds: an etherstub is a VNIC underneath.
        let word = if word == "etherstub" { "vnic" } else { word };
        return match class {
            Class::Vlan => fail(session, format_args!("vlan operation failed: link busy")),
            _ => fail(session, format_args!("{word} deletion failed: link busy")),
        };
    }
    if temporary && found.persistent {
        found.active = false;
        link::put(session.machine, &found)?;
    } else {
        link::remove(session.machine, &found)?;
    }
    Ok(OK)
}

pub(super) fn rename(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let [old, new] = options.operands.as_slice() else { return usage(session) };
    if let Some(refused) = refuse_name(session, new)? {
        return Ok(refused);
    }
    let _lock = session.machine.lock("links")?;
    let Some(found) = link::find(session.machine, old)? else {
        return fail(session, format_args!("invalid link name '{old}'"));
    };
    if link::find(session.machine, new)?.is_some() {
        return fail(session, format_args!("rename operation failed: object already exists"));
    }
    if is_busy(session, old)? {
        return fail(session, format_args!("rename operation failed: link busy"));
    }
    link::put(session.machine, &Link { name: new.clone(), ..found.clone() })?;
    link::remove(session.machine, &found)?;
    Ok(OK)
}

/// In use by an interface of the global zone, by an active zone, or by links above it.
fn is_busy(session: &Session<'_, '_>, name: &str) -> std::io::Result<bool> {
    Ok(link::borrower(session.machine, name)?.is_some()
        || link::has_upper(session.machine, name)?
        || ipadm::is_plumbed(session.machine, name)?)
}

fn refuse_name(session: &mut Session<'_, '_>, name: &str) -> std::io::Result<Option<crate::Status>> {
    if name.len() > name::MAX {
        return fail(session, format_args!("link name too long '{name}'")).map(Some);
    }
    if !name::is_valid(name) {
        return fail(session, format_args!("invalid link name '{name}'")).map(Some);
    }
    Ok(None)
}

fn vlan(text: &str) -> Option<u16> {
    text.parse().ok().filter(|vid| (1..=4094).contains(vid) && text.starts_with(|c: char| c.is_ascii_digit()))
}

fn mac_prefix(text: &str) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> = text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
    bytes.filter(|bytes| (3..=6).contains(&bytes.len()))
}

/// As bge0 and tag 7 make bge7000.
fn default_vlan_name(over: &str, vid: u16) -> String {
    let stem = over.trim_end_matches(|c: char| c.is_ascii_digit());
    let unit: u32 = over[stem.len()..].parse().unwrap_or(0);
    format!("{stem}{}", u64::from(vid) * 1000 + u64::from(unit))
}
