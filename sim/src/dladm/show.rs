//! The listings of links.

use std::collections::BTreeMap;
use std::io;

use super::getopt::Word;
use super::link::{self, Class, Link};
use super::mac::Mac;
use super::status::Fault;
use super::value::whole_number;
use super::{Parsed, die, name, or_die, usage};
use crate::Machine;
use crate::kernel::ActiveZone;
use crate::session::{Answer, OK, Session};
use crate::table::{self, Column, Request, column};

const LINK: &[Column] = &[
    column("LINK", 12),
    column("CLASS", 10),
    column("MTU", 7),
    column("STATE", 9),
    column("BRIDGE", 11),
    column("OVER", 30),
];
const LINK_STATISTICS: &[Column] = &[
    column("LINK", 15),
    column("IPACKETS", 10),
    column("RBYTES", 8),
    column("IERRORS", 10),
    column("OPACKETS", 12),
    column("OBYTES", 12),
    column("OERRORS", 8),
];
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
    column("FLAGS", 7),
];
const PHYS_MAC: &[Column] =
    &[column("LINK", 13), column("SLOT", 9), column("ADDRESS", 19), column("INUSE", 5), column("CLIENT", 13)];
const PHYS_GROUPS: &[Column] = &[column("LINK", 13), column("RINGTYPE", 9), column("RINGS", 21), column("CLIENTS", 24)];
const VLAN: &[Column] = &[column("LINK", 16), column("VID", 9), column("OVER", 13), column("FLAGS", 7)];

/// Speed in Mb/s of a link that is or lies over a physical one.
const SPEED: &str = "1000";
const ENDLESS: &str = "an interval is not simulated";

const NEEDS_FIELDS: &str = "-p requires -o";
const NOT_ALL: &str = "\"-o all\" is invalid with -p";

/// The options that listings share.
#[derive(Default)]
struct Options<'a> {
    parsable: bool,
    persistent: bool,
    statistics: bool,
    interval: bool,
    fields: Option<&'a str>,
}

impl<'a> Options<'a> {
    /// Takes an option. Given twice, some commands refuse it.
    fn take(&mut self, letter: char, text: &'a str, twice: bool) -> Result<(), String> {
        let field = match letter {
            'p' => &mut self.parsable,
            'P' => &mut self.persistent,
            's' => &mut self.statistics,
            'i' => &mut self.interval,
            _ => {
                self.fields = Some(text);
                return Ok(());
            }
        };
        if *field && !twice {
            return Err(format!("the option -{letter} cannot be specified more than once"));
        }
        *field = true;
        if letter == 'i' && whole_number(text).is_none_or(|seconds| !(1..=i64::from(u32::MAX)).contains(&seconds)) {
            return Err(format!("invalid interval value '{text}'"));
        }
        Ok(())
    }

    fn all_fields(&self) -> bool {
        self.fields.is_some_and(|fields| fields.eq_ignore_ascii_case("all"))
    }

    /// The fields asked for, else the usual ones.
    fn fields_or(&self, usual: &'a str) -> Option<&'a str> {
        if self.all_fields() { Some(usual) } else { Some(self.fields.unwrap_or(usual)) }
    }

    /// Message of show-link and show-phys for `-p` without the fields that it needs.
    fn check_fields(&self) -> Result<(), &'static str> {
        match (self.parsable, self.fields) {
            (true, None) => Err(NEEDS_FIELDS),
            (true, _) if self.all_fields() => Err(NOT_ALL),
            _ => Ok(()),
        }
    }
}

fn not_valid(name: &str) -> String {
    format!("link {name} is not valid: {}", Fault::NotFound.text())
}

fn listed(link: &Link, records: bool) -> bool {
    if records { link.persistent } else { link.active }
}

/// The names of what the link lies over. A record is of no use when the link below or its own address is not known: `?`
/// [stub-delete-dead-vnic, mac-zero].
fn over(machine: &Machine, link: &Link, records: bool) -> io::Result<String> {
    let mut known = !(records && link.class == Class::Vnic && link.mac == Some(Mac::ZERO));
    for lower in &link.over {
        known &= link::find(machine, lower)?.is_some();
    }
    Ok(if known { link.over.join(",") } else { "?".into() })
}

pub(super) fn link(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    link_of(session, parsed, None)
}

/// The links as the global zone or, on loan, a zone sees them.
pub(super) fn link_of(session: &mut Session<'_, '_>, parsed: &Parsed<'_>, zone: Option<&ActiveZone>) -> Answer {
    let mut options = Options::default();
    for word in &parsed.words {
        match word {
            Word::Option(letter, text) => or_die!(session, options.take(*letter, text, false)),
            bad => return parsed.refuse(session, bad),
        }
    }
    if options.interval && !options.statistics {
        return die(session, "the option -i can be used only with -s");
    }
    if options.statistics && options.persistent {
        return die(session, "the option -P cannot be used with -s");
    }
    let links = match &parsed.operands[..] {
        [] if zone.is_some() => {
            let lent = zone.map_or(&[][..], |zone| &zone.links).iter();
            let found: io::Result<Vec<_>> = lent.map(|lent| link::find(session.machine, &lent.name)).collect();
            found?.into_iter().flatten().collect()
        }
        [] => link::all(session.machine)?,
        [wanted] if wanted.len() > name::MAX => return die(session, "link name too long"),
        [wanted] => match link::find(session.machine, wanted)? {
            Some(found) if listed(&found, options.persistent) => vec![found],
            Some(_) => {
                let why = if options.persistent { "a temporary link" } else { "temporarily removed" };
                return die(session, &format!("link {wanted} is {why}: {}", Fault::BadArg.text()));
            }
            None => return die(session, &not_valid(wanted)),
        },
        _ => return usage(session),
    };
    or_die!(session, options.check_fields());
    let rows: Vec<Link> = links.into_iter().filter(|link| listed(link, options.persistent)).collect();
    if options.statistics {
        if options.interval {
            return die(session, ENDLESS);
        }
        let fields = options.fields_or("link,ipackets,rbytes,ierrors,opackets,obytes,oerrors");
        let request = Request { columns: LINK_STATISTICS, parsable: options.parsable, fields, wrap: false };
        return table::print(session, &request, &rows, |link, column| match column {
            "LINK" => link.name.clone(),
            _ => "0".into(),
        });
    }
    let mut shown = Vec::new();
    for link in rows {
        let over = over(session.machine, &link, options.persistent)?;
        shown.push((link, over));
    }
    let usual = if options.persistent { "link,class,bridge,over" } else { "link,class,mtu,state,bridge,over" };
    let request = Request {
        columns: LINK,
        parsable: options.parsable,
        fields: options.fields_or(usual),
        wrap: !options.parsable,
    };
    table::print(session, &request, &shown, |(link, over), column| match column {
        "LINK" => link.name.clone(),
        "CLASS" => link.class.word().into(),
        "MTU" if !options.persistent => link.mtu.to_string(),
        // Of an etherstub, too: older gates say `unknown`.
        "STATE" if !options.persistent => "up".into(),
        "OVER" => over.clone(),
        _ => String::new(),
    })
}

pub(super) fn vnic(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    vnics(session, parsed, false)
}

pub(super) fn etherstub(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    vnics(session, parsed, true)
}

/// Both kinds are VNICs underneath, so a wrong name is told in the same words.
fn vnics(session: &mut Session<'_, '_>, parsed: &Parsed<'_>, etherstubs: bool) -> Answer {
    let mut options = Options::default();
    let mut lower: Option<&str> = None;
    for word in &parsed.words {
        match word {
            Word::Option('l', _) if etherstubs => return die(session, "option not supported for this command"),
            Word::Option('l', text) if text.len() > name::MAX => return die(session, "link name too long"),
            Word::Option('l', text) => lower = Some(text),
            Word::Option(letter, text) => {
                or_die!(session, options.take(*letter, text, matches!(letter, 'p' | 'P')));
            }
            bad => return parsed.refuse(session, bad),
        }
    }
    if options.interval && !options.statistics {
        return die(session, "the option -i can be used only with -s");
    }
    let named = match &parsed.operands[..] {
        [] => None,
        [name] => match link::find(session.machine, name)? {
            Some(found) => Some(found),
            None => {
                return die(session, &format!("invalid vnic name '{name}': {}", Fault::NotFound.text()));
            }
        },
        _ => return usage(session),
    };
    if let Some(lower) = lower
        && link::find(session.machine, lower)?.is_none()
    {
        return die(session, &format!("invalid link name '{lower}': {}", Fault::NotFound.text()));
    }
    let fields = if etherstubs { options.fields_or("link") } else { options.fields };
    let request = Request { columns: VNIC, parsable: options.parsable, fields, wrap: false };
    let output = match table::open(session, &request) {
        Ok(output) => output,
        Err(status) => return Ok(status),
    };
    if options.statistics {
        return statistics(session, named, lower, options.interval);
    }
    let one = named.as_ref().map(|found| found.name.clone());
    let candidates = match named {
        Some(found) => vec![found],
        None => link::all(session.machine)?
            .into_iter()
            .filter(|link| matches!(link.class, Class::Vnic | Class::Etherstub) && listed(link, options.persistent))
            .collect(),
    };
    let mut rows = Vec::new();
    let mut speeds: BTreeMap<String, &str> = BTreeMap::new();
    for link in candidates {
        match told(session.machine, &link, options.persistent)? {
            Ok(()) if (link.class == Class::Etherstub) == etherstubs => {}
            Ok(()) => continue,
            Err(fault) if one.is_some() => {
                return die(session, &format!("failed to show vnic '{}': {}", link.name, fault.text()));
            }
            Err(_) => continue,
        }
        if lower.is_some_and(|lower| link.lower() != Some(lower)) {
            continue;
        }
        let speed = match link.lower().filter(|_| link.active) {
            None => "0",
            // Thousands lie over one and the same.
            Some(lower) => match speeds.get(lower) {
                Some(speed) => speed,
                None => {
                    let found = link::find(session.machine, lower)?;
                    let wired = found.is_some_and(|lower| lower.class != Class::Etherstub);
                    let speed = if wired { SPEED } else { "0" };
                    speeds.insert(lower.to_owned(), speed);
                    speed
                }
            },
        };
        rows.push((link, speed));
    }
    output.print(session, &rows, |(link, speed), column| match column {
        "LINK" => link.name.clone(),
        _ if etherstubs => String::new(),
        "OVER" => link.over.join(" "),
        "SPEED" => (*speed).into(),
        // A VLAN has no address of its own on record [show-vnic-P-vl0].
        "MACADDRESS" if link.class == Class::Vlan && options.persistent => Mac::ZERO.shown(),
        "MACADDRESS" => link.mac.unwrap_or(Mac::ZERO).shown(),
        "MACADDRTYPE" => link.mac_kind.to_string(),
        _ => link.vid.to_string(),
    })
}

/// Returns true if the driver of VNICs, or the record, tells of the link (dladm_vnic_info).
fn told(machine: &Machine, link: &Link, records: bool) -> io::Result<Result<(), Fault>> {
    if !matches!(link.class, Class::Vnic | Class::Vlan | Class::Etherstub) || !listed(link, records) {
        return Ok(Err(Fault::NotFound));
    }
    if !records {
        return Ok(Ok(()));
    }
    if link.class == Class::Vnic && link.mac == Some(Mac::ZERO) {
        return Ok(Err(Fault::BadArg));
    }
    let lost = match link.lower() {
        Some(lower) => link::find(machine, lower)?.is_none(),
        None => false,
    };
    Ok(if lost { Err(Fault::NotFound) } else { Ok(()) })
}

/// `show-vnic -s`: a table of its own making [show-show-vnic_-s].
fn statistics(session: &mut Session<'_, '_>, named: Option<Link>, lower: Option<&str>, interval: bool) -> Answer {
    if interval {
        return die(session, ENDLESS);
    }
    let shares = if lower.is_some() { "%ipkts  %opkts" } else { "" };
    session.say(format_args!("{}\tipackets  rbytes      opackets  obytes          {shares}\n", lower.unwrap_or("")));
    let candidates = match &named {
        Some(link) => match told(session.machine, link, false)? {
            Ok(()) => vec![link.clone()],
            Err(fault) => {
                return die(session, &format!("failed to show vnic '{}': {}", link.name, fault.text()));
            }
        },
        None => {
            link::all(session.machine)?.into_iter().filter(|link| link.class == Class::Vnic && link.active).collect()
        }
    };
    let wanted = |link: &&Link| link.class != Class::Etherstub && lower.is_none_or(|lower| link.lower() == Some(lower));
    let rows: Vec<&Link> = candidates.iter().filter(wanted).collect();
    if let (Some(link), true) = (&named, rows.is_empty()) {
        return die(session, &format!("non-existent vnic '{}'", link.name));
    }
    if let (Some(lower), true) = (lower, rows.is_empty()) {
        return die(session, &format!("device {lower} has no vnics"));
    }
    let counters = format!("\t{:<10}{:<12}{:<10}{:<12}", 0, 0, 0, 0);
    if named.is_some() || lower.is_some() {
        session.say(format_args!("Total{counters}\n"));
    }
    for link in rows {
        session.say(format_args!("{}{counters}\t-\t-\n", link.name));
    }
    Ok(OK)
}

pub(super) fn vlan(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut options = Options::default();
    for word in &parsed.words {
        match word {
            Word::Option(letter, text) => or_die!(session, options.take(*letter, text, false)),
            bad => return parsed.refuse(session, bad),
        }
    }
    let named = match &parsed.operands[..] {
        [] => None,
        [name] => match link::find(session.machine, name)? {
            Some(found) => Some(found),
            None => return die(session, &not_valid(name)),
        },
        _ => return usage(session),
    };
    let fields = options.fields.filter(|_| !options.all_fields());
    let request = Request { columns: VLAN, parsable: options.parsable, fields, wrap: false };
    let output = match table::open(session, &request) {
        Ok(output) => output,
        Err(status) => return Ok(status),
    };
    let rows = match named {
        // A VNIC counts as a VLAN, with the tag 0 [show-vlan-v0].
        Some(found) => {
            let fault = match told(session.machine, &found, options.persistent)? {
                Err(fault) => Some(fault),
                Ok(()) if found.class == Class::Etherstub => Some(Fault::BadArg),
                Ok(()) => None,
            };
            if let Some(fault) = fault {
                return die(session, &format!("failed to show vlan {}: {}", found.name, fault.text()));
            }
            vec![found]
        }
        None => {
            let mut rows = Vec::new();
            for link in link::all(session.machine)? {
                if link.class == Class::Vlan
                    && listed(&link, options.persistent)
                    && told(session.machine, &link, options.persistent)?.is_ok()
                {
                    rows.push(link);
                }
            }
            rows
        }
    };
    output.print(session, &rows, |link, column| match column {
        "LINK" => link.name.clone(),
        "VID" => link.vid.to_string(),
        "OVER" => link.over.join(" "),
        _ => if link.force { "f----" } else { "-----" }.into(),
    })
}

pub(super) fn phys(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut options = Options::default();
    let (mut addresses, mut groups) = (false, false);
    for word in &parsed.words {
        match word {
            Word::Option('m', _) => addresses = true,
            Word::Option('H', _) => groups = true,
            Word::Option(letter, text) => or_die!(session, options.take(*letter, text, false)),
            bad => return parsed.refuse(session, bad),
        }
    }
    if options.parsable && options.fields.is_none() {
        return die(session, NEEDS_FIELDS);
    }
    if addresses && groups {
        return die(session, "-m cannot combine with -H");
    }
    or_die!(session, options.check_fields());
    let named = match &parsed.operands[..] {
        [] => None,
        [name] => match link::find(session.machine, name)? {
            Some(found) => Some(found),
            None => return die(session, &not_valid(name)),
        },
        _ => return usage(session),
    };
    if addresses && options.persistent {
        return die(session, "-m not compatible with -P");
    }
    let (columns, usual) = match (addresses, groups, options.persistent) {
        (true, ..) => (PHYS_MAC, "link,slot,address,inuse,client"),
        (_, true, _) => (PHYS_GROUPS, "link,ringtype,rings,clients"),
        (.., true) => (PHYS, "link,device,media,flags"),
        _ => (PHYS, "link,media,state,speed,duplex,device"),
    };
    let request = Request { columns, parsable: options.parsable, fields: options.fields_or(usual), wrap: false };
    let output = match table::open(session, &request) {
        Ok(output) => output,
        Err(status) => return Ok(status),
    };
    if let Some(found) = &named {
        let fault = match found.class {
            Class::Phys if listed(found, options.persistent) => None,
            Class::Phys => Some(Fault::NotFound),
            _ => Some(Fault::BadArg),
        };
        if let Some(fault) = fault {
            return die(session, &format!("failed to show physical link {}: {}", found.name, fault.text()));
        }
    }
    let rows: Vec<Link> = match named {
        Some(found) => vec![found],
        None => link::physical(session.machine)?.into_iter().filter(|link| listed(link, options.persistent)).collect(),
    };
    // The card has no groups of rings.
    let rows = if groups { Vec::new() } else { rows };
    let running = !options.persistent;
    output.print(session, &rows, |link, column| match column {
        "LINK" | "DEVICE" | "CLIENT" => link.name.clone(),
        "MEDIA" => "Ethernet".into(),
        "STATE" if running => "up".into(),
        "SPEED" if running => SPEED.into(),
        "DUPLEX" if running => "full".into(),
        "FLAGS" if !running => if link.active { "-----" } else { "r----" }.into(),
        "SLOT" => "primary".into(),
        "ADDRESS" => link.mac.unwrap_or(Mac::ZERO).to_string(),
        "INUSE" => "yes".into(),
        _ => String::new(),
    })
}
