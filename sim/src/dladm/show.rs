//! The listings of links.

use std::collections::BTreeMap;

use super::link::{self, Class, Link};
use super::mac::MacKind;
use super::{fail, usage};
use crate::answer::{Answer, OK, Session};
use crate::kernel::ActiveZone;
use crate::options::Parsed;
use crate::table::{self, Column, NEEDS_FIELDS, NOT_ALL, Request};

const fn column(name: &'static str, width: usize) -> Column {
    Column { name, width }
}

const LINK: &[Column] = &[
    column("LINK", 12),
    column("CLASS", 10),
    column("MTU", 7),
    column("STATE", 9),
    column("BRIDGE", 11),
    column("OVER", 30),
];
const LINK_RECORDS: &[Column] = &[column("LINK", 12), column("CLASS", 10), column("BRIDGE", 11), column("OVER", 30)];
const VNIC: &[Column] = &[
    column("LINK", 13),
    column("OVER", 13),
    column("SPEED", 7),
    column("MACADDRESS", 18),
    column("MACADDRTYPE", 20),
    column("VID", 7),
];
const PHYS: &[Column] = &[
    column("LINK", 13),
    column("MEDIA", 21),
    column("STATE", 11),
    column("SPEED", 7),
    column("DUPLEX", 10),
    column("DEVICE", 13),
];
const PHYS_RECORDS: &[Column] = &[column("LINK", 13), column("DEVICE", 13), column("MEDIA", 21), column("FLAGS", 6)];
const PHYS_MAC: &[Column] =
    &[column("LINK", 13), column("SLOT", 9), column("ADDRESS", 19), column("INUSE", 5), column("CLIENT", 37)];
const VLAN: &[Column] = &[column("LINK", 16), column("VID", 9), column("OVER", 13), column("FLAGS", 6)];
const ETHERSTUB: &[Column] = &[column("LINK", 13)];

/// Speed in Mb/s of a link that is or lies over a physical one.
const SPEED: &str = "1000";

pub(super) fn link(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    link_of(session, options, None)
}

/// The links as the global zone or, on loan, a zone sees them.
pub(super) fn link_of(session: &mut Session<'_, '_>, options: &Parsed, zone: Option<&ActiveZone>) -> Answer {
    let persistent = options.has('P');
    let request = Request {
        columns: if persistent { LINK_RECORDS } else { LINK },
        parsable: options.has('p'),
        fields: options.value('o'),
        needs_fields: "-p requires -o",
        not_all: "\"-o all\" is invalid with -p",
    };
    let links = match options.operands.as_slice() {
        [] if zone.is_some() => {
            let lent = zone.map_or(&[][..], |zone| &zone.links).iter();
            let found: std::io::Result<Vec<_>> = lent.map(|lent| link::find(session.machine, &lent.name)).collect();
            found?.into_iter().flatten().collect()
        }
        [] => link::all(session.machine)?,
        [wanted] => match link::find(session.machine, wanted)? {
            Some(found) if persistent && !found.persistent => {
                return fail(session, format_args!("link {wanted} is a temporary link: invalid argument"));
            }
            Some(found) if persistent || found.active => vec![found],
            _ => return fail(session, format_args!("link {wanted} is not valid: object not found")),
        },
        _ => return usage(session),
    };
    let rows: Vec<Link> = links.into_iter().filter(|link| listed(link, persistent)).collect();
    table::print(session, &request, &rows, |link, column| match column {
        "LINK" => link.name.clone(),
        "CLASS" => link.class.word().into(),
        "MTU" => link.mtu.to_string(),
        "STATE" if link.class == Class::Etherstub => "unknown".into(),
        "STATE" => "up".into(),
        "OVER" => link.over.join(" "),
        _ => String::new(),
    })
}

pub(super) fn vnic(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    if let Some(over) = options.value('l')
        && link::find(session.machine, over)?.is_none()
    {
        return fail(session, format_args!("invalid link name '{over}': object not found"));
    }
    let over = options.value('l').map(str::to_owned);
    let wanted = move |link: &Link| link.class == Class::Vnic && (over.is_none() || link.lower() == over.as_deref());
    listing(session, options, VNIC, "vnic", wanted)
}

pub(super) fn vlan(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    listing(session, options, VLAN, "vlan", |link| link.class == Class::Vlan)
}

pub(super) fn phys(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let columns = match (options.has('P'), options.has('m')) {
        (true, _) => PHYS_RECORDS,
        (false, true) => PHYS_MAC,
        (false, false) => PHYS,
    };
    listing(session, options, columns, "phys", |link| link.class == Class::Phys)
}

pub(super) fn etherstub(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    // A wrong name is told in show-vnic's words: an etherstub is a VNIC underneath.
    listing(session, options, ETHERSTUB, "vnic", |link| link.class == Class::Etherstub)
}

fn listing(
    session: &mut Session<'_, '_>,
    options: &Parsed,
    columns: &[Column],
    word: &str,
    wanted: impl Fn(&Link) -> bool,
) -> Answer {
    let links = match options.operands.as_slice() {
        [] => link::all(session.machine)?,
        [name] => match link::find(session.machine, name)? {
            Some(found) if options.has('P') && !found.persistent => {
                return fail(session, format_args!("link {name} is a temporary link: invalid argument"));
            }
            Some(found) if found.active || options.has('P') => vec![found],
            _ => return fail(session, format_args!("invalid {word} name '{name}': object not found")),
        },
        _ => return usage(session),
    };
    let rows: Vec<Link> = links.into_iter().filter(|link| wanted(link) && listed(link, options.has('P'))).collect();
    if rows.is_empty() && !options.has('p') {
        return Ok(OK);
    }
    let mut on_wire = Vec::new();
    let mut lowers: BTreeMap<String, bool> = BTreeMap::new();
    for link in &rows {
        on_wire.push(match link.lower() {
            None => link.class == Class::Phys,
            // Thousands lie over one and the same.
            Some(lower) => match lowers.get(lower) {
                Some(on_wire) => *on_wire,
                None => {
                    let found = link::find(session.machine, lower)?;
                    let on_wire = found.is_some_and(|lower| lower.class != Class::Etherstub);
                    lowers.insert(lower.to_owned(), on_wire);
                    on_wire
                }
            },
        });
    }
    let rows: Vec<(Link, bool)> = rows.into_iter().zip(on_wire).collect();
    let request = Request {
        columns,
        parsable: options.has('p'),
        fields: options.value('o'),
        needs_fields: NEEDS_FIELDS,
        not_all: NOT_ALL,
    };
    table::print(session, &request, &rows, |(link, on_wire), column| value(link, *on_wire, column))
}

fn listed(link: &Link, records: bool) -> bool {
    if records { link.persistent } else { link.active }
}

fn value(link: &Link, on_wire: bool, column: &str) -> String {
    let mac = || link.mac.map_or_else(String::new, |mac| mac.to_string());
    match column {
        "LINK" => link.name.clone(),
        "OVER" => link.over.join(" "),
        "SPEED" if on_wire => SPEED.into(),
        "SPEED" => "0".into(),
        "MACADDRESS" | "ADDRESS" => mac(),
        "MACADDRTYPE" if link.mac_kind == MacKind::Factory => "factory, slot 1".into(),
        "MACADDRTYPE" => link.mac_kind.word().into(),
        "VID" => link.vid.to_string(),
        "MEDIA" => "Ethernet".into(),
        "STATE" => "up".into(),
        "DUPLEX" => "full".into(),
        "DEVICE" | "CLIENT" => link.name.clone(),
        "SLOT" => "primary".into(),
        "INUSE" => "yes".into(),
        "FLAGS" => "-----".into(),
        _ => String::new(),
    }
}
