//! Link properties: a table, and the commands that show and set them.

use std::io;

use super::link::{Class, Link};
use super::{fail, link, usage};
use crate::answer::{Answer, OK, Session};
use crate::options::Parsed;
use crate::table::{self, Column, Request};
use crate::{Machine, index};

/// What the machine knows of a property.
struct Prop {
    name: &'static str,
    writable: bool,
    default: fn(&Link) -> String,
    possible: fn(&Link) -> String,
    /// What `set-linkprop` takes.
    valid: fn(&str, &Link) -> bool,
}

const NOTHING: fn(&Link) -> String = |_| String::new();

const PROPS: &[Prop] = &[
    Prop { name: "autopush", writable: true, default: NOTHING, possible: NOTHING, valid: |_, _| true },
    Prop { name: "zone", writable: true, default: NOTHING, possible: NOTHING, valid: |_, _| true },
    Prop {
        name: "state",
        writable: false,
        default: |_| "up".into(),
        possible: |_| "up,down".into(),
        valid: |_, _| false,
    },
    Prop {
        name: "mtu",
        writable: true,
        default: |link| usual_mtu(link).to_string(),
        possible: |link| format!("576-{}", link.mtu.max(usual_mtu(link))),
        valid: |value, link| value.parse().is_ok_and(|mtu: u32| (576..=max_mtu(link)).contains(&mtu)),
    },
    Prop { name: "maxbw", writable: true, default: NOTHING, possible: NOTHING, valid: |value, _| is_bandwidth(value) },
    Prop { name: "cpus", writable: true, default: NOTHING, possible: NOTHING, valid: |_, _| true },
    Prop {
        name: "priority",
        writable: true,
        default: |_| "high".into(),
        possible: |_| "low,medium,high".into(),
        valid: |value, _| matches!(value, "low" | "medium" | "high"),
    },
    Prop {
        name: "tagmode",
        writable: true,
        default: |_| "vlanonly".into(),
        possible: |_| "normal,vlanonly".into(),
        valid: |value, _| matches!(value, "normal" | "vlanonly"),
    },
    Prop {
        name: "protection",
        writable: true,
        default: NOTHING,
        possible: |_| "mac-nospoof,restricted,ip-nospoof,dhcp-nospoof".into(),
        valid: |value, _| {
            value.split(',').all(|word| matches!(word, "mac-nospoof" | "restricted" | "ip-nospoof" | "dhcp-nospoof"))
        },
    },
    Prop { name: "allowed-ips", writable: true, default: NOTHING, possible: NOTHING, valid: |_, _| true },
    Prop { name: "allowed-dhcp-cids", writable: true, default: NOTHING, possible: NOTHING, valid: |_, _| true },
];

const COLUMNS: &[Column] = &[
    Column { name: "LINK", width: 13 },
    Column { name: "PROPERTY", width: 16 },
    Column { name: "PERM", width: 5 },
    Column { name: "VALUE", width: 15 },
    Column { name: "DEFAULT", width: 15 },
    Column { name: "POSSIBLE", width: 20 },
];

fn usual_mtu(link: &Link) -> u32 {
    if link.class == Class::Etherstub { 9000 } else { 1500 }
}

/// Jumbo frames are as much as any link here can do; a link above another is bounded by it, which `apply` sees to.
fn max_mtu(_: &Link) -> u32 {
    9000
}

/// A bandwidth as it is shown: megabits, and the thousandths where there are any.
fn bandwidth(value: &str) -> String {
    let (number, factor) = match value.as_bytes().last() {
        Some(b'K' | b'k') => (&value[..value.len() - 1], 1.0),
        Some(b'M' | b'm') => (&value[..value.len() - 1], 1e3),
        Some(b'G' | b'g') => (&value[..value.len() - 1], 1e6),
        Some(b'%') => return value.to_owned(),
        _ => (value, 1e3),
    };
    let kilobits = (number.parse::<f64>().unwrap_or_default() * factor).round() as u64;
    match (kilobits / 1000, kilobits % 1000) {
        (mega, 0) => format!("{mega:5}"),
        (0, kilo) => format!("0.{kilo:03}"),
        (mega, kilo) => format!("{mega:5}.{kilo:03}"),
    }
}

fn is_bandwidth(value: &str) -> bool {
    let number = value.trim_end_matches(['K', 'M', 'G', 'k', 'm', 'g', '%']);
    !number.is_empty() && number.parse::<f64>().is_ok_and(|n| n > 0.0)
}

/// Assignments as `-p a=b,c=d,e` gives them (a value may go on after a comma); none when one has no name.
pub(super) fn parse_assignments<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Vec<(String, String)>> {
    let mut given: Vec<(String, String)> = Vec::new();
    for text in texts {
        for part in text.split(',') {
            match (part.split_once('='), given.last_mut()) {
                (Some(("", _)), _) | (None, None) => return None,
                (Some((name, value)), _) => given.push((name.to_owned(), value.to_owned())),
                (None, Some(last)) => {
                    last.1.push(',');
                    last.1.push_str(part);
                }
            }
        }
    }
    Some(given)
}

/// Gives the link a property; else the library's word for what is wrong.
pub(super) fn apply(
    machine: &Machine,
    target: &mut Link,
    name: &str,
    value: &str,
) -> io::Result<Result<(), &'static str>> {
    let Some(prop) = PROPS.iter().find(|prop| prop.name == name) else { return Ok(Err("invalid property")) };
    if !prop.writable {
        return Ok(Err("read-only property"));
    }
    if !(prop.valid)(value, target) {
        return Ok(Err("invalid value"));
    }
    match name {
        "mtu" => {
            let wanted: u32 = value.parse().unwrap_or(target.mtu);
            for lower in &target.over {
                if link::find(machine, lower)?.is_some_and(|lower| lower.mtu < wanted) {
                    return Ok(Err("MTU check failed, MTU outside of device's supported range"));
                }
            }
            target.mtu = wanted;
        }
        "zone" if index::find(machine, value.as_bytes()).is_none() => return Ok(Err("invalid value")),
        _ => {
            target.props.retain(|(known, _)| known != name);
            target.props.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(Ok(()))
}

pub(super) fn set(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let ([wanted], true) = (options.operands.as_slice(), options.has('p')) else { return usage(session) };
    let Some(given) = parse_assignments(options.values('p')) else {
        return fail(session, format_args!("invalid link property"));
    };
    let _lock = session.machine.lock("links")?;
    let Some(mut found) = link::find(session.machine, wanted)? else {
        return fail(session, format_args!("link {wanted} is not valid: object not found"));
    };
    for (name, value) in &given {
        let refused = match link::borrower(session.machine, wanted)? {
            Some(_) if matches!(name.as_str(), "zone" | "mtu") => Err("link busy"),
            _ => apply(session.machine, &mut found, name, value)?,
        };
        if let Err(why) = refused {
            return match why {
                "invalid property" => {
                    fail(session, format_args!("warning: cannot set link property '{name}' on '{wanted}': {why}"))
                }
                _ => fail(session, format_args!("warning: cannot set link property '{name}' on '{wanted}': {why}")),
            };
        }
    }
    link::put(session.machine, &found)?;
    Ok(OK)
}

pub(super) fn reset(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let [wanted] = options.operands.as_slice() else { return usage(session) };
    let _lock = session.machine.lock("links")?;
    let Some(mut found) = link::find(session.machine, wanted)? else {
        return fail(session, format_args!("link {wanted} is not valid: object not found"));
    };
    let names: Vec<&str> = match options.value('p') {
        Some(names) => names.split(',').collect(),
        None => PROPS.iter().filter(|prop| prop.writable).map(|prop| prop.name).collect(),
    };
    for name in names {
        if !PROPS.iter().any(|prop| prop.name == name) {
            return fail(
                session,
                format_args!("warning: cannot reset link property '{name}' on '{wanted}': invalid property"),
            );
        }
        if name == "mtu" {
            let lower = found.lower().map(|lower| link::find(session.machine, lower)).transpose()?.flatten();
            found.mtu = lower.map_or_else(|| usual_mtu(&found), |lower| lower.mtu);
        }
        found.props.retain(|(known, _)| known != name);
    }
    link::put(session.machine, &found)?;
    Ok(OK)
}

pub(super) fn show(session: &mut Session<'_, '_>, options: &Parsed) -> Answer {
    let links = match options.operands.as_slice() {
        [] => link::all(session.machine)?,
        [wanted] => match link::find(session.machine, wanted)? {
            Some(found) => vec![found],
            None => return fail(session, format_args!("link {wanted} is not valid: object not found")),
        },
        _ => return usage(session),
    };
    let persistent = options.has('P');
    if let ([wanted], true) = (options.operands.as_slice(), persistent && links.iter().any(|link| !link.persistent)) {
        return fail(session, format_args!("link {wanted} is a temporary link: invalid argument"));
    }
    let names: Option<Vec<&str>> = options.value('p').map(|names| names.split(',').collect());
    if let Some(unknown) = names.iter().flatten().find(|name| !PROPS.iter().any(|prop| prop.name == **name)) {
        let first = links.first().map_or_else(String::new, |link| link.name.clone());
        return fail(
            session,
            format_args!("warning: cannot get link property '{unknown}' for {first}: invalid property"),
        );
    }
    let mut rows = Vec::new();
    for link in links.iter().filter(|link| if persistent { link.persistent } else { link.active }) {
        for prop in PROPS.iter().filter(|prop| names.as_ref().is_none_or(|names| names.contains(&prop.name))) {
            let value = match prop.name {
                "mtu" => link.mtu.to_string(),
                "state" if link.class == Class::Etherstub => "unknown".into(),
                "state" => "up".into(),
                "zone" if !persistent => match link::borrower(session.machine, &link.name)? {
                    Some(zone) => zone,
                    None => link.prop("zone").unwrap_or_default().to_owned(),
                },
                "maxbw" => link.prop("maxbw").map_or_else(String::new, bandwidth),
                name => link.prop(name).map_or_else(|| (prop.default)(link), str::to_owned),
            };
            rows.push((link, prop, value));
        }
    }
    let request = Request {
        columns: COLUMNS,
        parsable: options.has('c'),
        fields: options.value('o'),
        needs_fields: table::NEEDS_FIELDS,
        not_all: table::NOT_ALL,
    };
    // With -c alone every field is printed.
    let request = if request.parsable && request.fields.is_none() {
        Request { fields: Some("link,property,perm,value,default,possible"), ..request }
    } else {
        request
    };
    table::print(session, &request, &rows, |(link, prop, value), column| match column {
        "LINK" => link.name.clone(),
        "PROPERTY" => prop.name.into(),
        "PERM" => if prop.writable { "rw" } else { "r-" }.into(),
        "VALUE" => value.clone(),
        "DEFAULT" => (prop.default)(link),
        _ => (prop.possible)(link),
    })
}
