//! Aggregations: several cards as one link. [source: dladm.c, libdlaggr.c, aggr_grp.c of illumos-gate]

use std::io;

use super::aggr_settings::{ADDRESS, MODE, POLICY, TIMER, take_address};
use super::change::{NO_ROOT, blank, check_name, is_taken};
use super::getopt::Word;
use super::link::{self, Class, Link};
use super::mac::{self, Mac};
use super::remove::{self, is_held};
use super::status::Fault;
use super::value::whole_number;
use super::{Parsed, die, or_die, usage};
use crate::Machine;
use crate::session::{Answer, OK, Session};

const MOST_PORTS: usize = 256;
const LARGEST_KEY: i64 = 999;
const POLICIES: [&str; 3] = ["L2", "L3", "L4"];
const MODES: [&str; 3] = ["off", "active", "passive"];
const TIMERS: [&str; 2] = ["short", "long"];

/// Options of the command lines of aggregations.
#[derive(Default)]
struct Wanted {
    temporary: bool,
    root: bool,
    properties: bool,
    force: bool,
    devices: Vec<String>,
    links: Vec<String>,
    mac: Option<Mac>,
    /// Settings by name. An aggregation without an address of its own has that of its first port.
    settings: Vec<(&'static str, Option<String>)>,
}

/// Returns the word that the text begins with, in any case; the rest is ignored.
fn word<'a>(words: &[&'a str], text: &str) -> Option<&'a str> {
    let begins = |word: &&&str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    words.iter().find(begins).copied()
}

/// A list of layers, in the order in which they are printed.
fn policy(text: &str) -> Option<String> {
    let given: Vec<&str> = text.split(',').filter(|word| !word.is_empty()).collect();
    let is_given = |known: &&str| given.iter().any(|word| word.eq_ignore_ascii_case(known));
    let all_known = given.iter().all(|word| POLICIES.iter().any(|known| known.eq_ignore_ascii_case(word)));
    all_known.then(|| POLICIES.iter().filter(|known| is_given(known)).copied().collect::<Vec<_>>().join(","))
}

impl Wanted {
    /// A setting, which may be given once.
    fn set(&mut self, letter: char, name: &'static str, value: Option<String>) -> Result<(), String> {
        if self.settings.iter().any(|(given, _)| *given == name) {
            return Err(format!("the option -{letter} cannot be specified more than once"));
        }
        self.settings.push((name, value));
        Ok(())
    }

    fn take(&mut self, letter: char, text: &str) -> Result<(), String> {
        let value = |found: Option<&str>| Some(found.unwrap_or_default().to_owned());
        match letter {
            't' => self.temporary = true,
            'R' => self.root = true,
            'p' => self.properties = true,
            'f' => self.force = true,
            'd' | 'l' if self.devices.len() + self.links.len() >= MOST_PORTS => {
                return Err("too many ports specified".into());
            }
            'd' => self.devices.push(text.to_owned()),
            'l' if text.ends_with(|c: char| c.is_ascii_digit()) => self.links.push(text.to_owned()),
            'P' => {
                let found = policy(text);
                self.set(letter, POLICY, value(found.as_deref()))?;
                found.ok_or_else(|| format!("invalid policy '{text}'"))?;
            }
            'u' => {
                let given = mac::bytes(text).and_then(|bytes| Mac::new(&bytes));
                self.mac = given.filter(|mac| *mac != Mac::ZERO && mac.is_unicast());
                self.set(letter, ADDRESS, self.mac.map(|mac| mac.to_string()))?;
                if text != "auto" && self.mac.is_none() {
                    return Err(format!("invalid MAC address '{text}'"));
                }
            }
            // A word that does not end in a digit is not a link, so it is the mode.
            'l' | 'L' => {
                self.set(letter, MODE, value(word(&MODES, text)))?;
                word(&MODES, text).ok_or_else(|| format!("invalid LACP mode '{text}'"))?;
            }
            _ => {
                self.set(letter, TIMER, value(word(&TIMERS, text)))?;
                word(&TIMERS, text).ok_or_else(|| format!("invalid LACP timer value '{text}'"))?;
            }
        }
        Ok(())
    }

    fn ports(&self) -> usize {
        self.devices.len() + self.links.len()
    }
}

fn read(session: &mut Session<'_, '_>, parsed: &Parsed<'_>, all_links: bool) -> Result<Wanted, Answer> {
    let mut wanted = Wanted::default();
    for word in &parsed.words {
        let taken = match word {
            Word::Option('l', text) if all_links && wanted.ports() < MOST_PORTS => {
                wanted.links.push(text.clone());
                Ok(())
            }
            Word::Option(letter, text) => wanted.take(*letter, text),
            bad => return Err(parsed.refuse(session, bad)),
        };
        if let Err(message) = taken {
            return Err(die(session, &message));
        }
    }
    Ok(wanted)
}

/// The ports by their names; devices are called as their links.
fn ports(machine: &Machine, wanted: &Wanted, device: &str, name: &str) -> io::Result<Result<Vec<Link>, String>> {
    let mut found = Vec::new();
    for (what, names) in [(device, &wanted.devices), (name, &wanted.links)] {
        for port in names {
            match link::find(machine, port)? {
                Some(port) => found.push(port),
                None => return Ok(Err(format!("invalid {what} '{port}': {}", Fault::NotFound.text()))),
            }
        }
    }
    Ok(Ok(found))
}

/// Only cards that nothing else uses can be ports.
fn check_ports(machine: &Machine, ports: &[Link]) -> io::Result<Result<(), Fault>> {
    if ports.iter().any(|port| port.class != Class::Phys) {
        return Ok(Err(Fault::BadArg));
    }
    for port in ports {
        if link::has_upper(machine, &port.name)? || is_held(machine, &port.name)? {
            return Ok(Err(Fault::Busy));
        }
    }
    Ok(Ok(()))
}

pub(super) fn create(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let wanted = match read(session, parsed, false) {
        Ok(wanted) => wanted,
        Err(answer) => return answer,
    };
    let ([operand], true) = (&parsed.operands[..], wanted.ports() > 0) else { return usage(session) };
    let key = whole_number(operand);
    let name = key.map_or_else(|| operand.clone(), |key| format!("aggr{key}"));
    or_die!(session, check_name(&name));
    if wanted.root {
        return die(session, NO_ROOT);
    }
    if wanted.properties {
        return die(session, "create-aggr -p is not simulated");
    }
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let ports = or_die!(session, ports(machine, &wanted, "dev name", "link name")?);
    match make(machine, &wanted, &name, key, &ports)? {
        Ok(()) => Ok(OK),
        Err(fault) => die(session, &format!("create operation failed: {}", fault.text())),
    }
}

fn make(
    machine: &Machine,
    wanted: &Wanted,
    name: &str,
    key: Option<i64>,
    ports: &[Link],
) -> io::Result<Result<(), Fault>> {
    if key.is_some_and(|key| key > LARGEST_KEY) {
        return Ok(Err(Fault::KeyInvalid));
    }
    if ports.iter().any(|port| port.class != Class::Phys) {
        return Ok(Err(Fault::BadArg));
    }
    if is_taken(machine, name)? {
        return Ok(Err(Fault::Exists));
    }
    if let Err(fault) = check_ports(machine, ports)? {
        return Ok(Err(fault));
    }
    let mut new = Link {
        id: link::next_id(machine)?,
        force: wanted.force,
        over: ports.iter().map(|port| port.name.clone()).collect(),
        mac: wanted.mac.or_else(|| ports.first().and_then(|port| port.mac)),
        mtu: ports.iter().map(|port| port.mtu).min().unwrap_or_default(),
        persistent: !wanted.temporary,
        ..blank(name, Class::Aggr)
    };
    settle(&mut new, wanted);
    link::put(machine, &new)?;
    Ok(Ok(()))
}

/// Puts settings in force and, unless they are temporary, on record.
fn settle(aggr: &mut Link, wanted: &Wanted) {
    for (name, value) in &wanted.settings {
        aggr.set_prop(name, value.clone());
        if !wanted.temporary {
            aggr.put_on_record(name, value.clone());
        }
    }
}

/// `modify-aggr`. A link of another class is not found, nor one without a record if the record is to change.
pub(super) fn modify(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut wanted = Wanted::default();
    for word in &parsed.words {
        match word {
            // No ports are named, so each -l is a mode.
            Word::Option('l', text) if text.ends_with(|c: char| c.is_ascii_digit()) => {
                return die(session, &format!("invalid LACP mode '{text}'"));
            }
            Word::Option(letter, text) => or_die!(session, wanted.take(*letter, text)),
            bad => return parsed.refuse(session, bad),
        }
    }
    if wanted.settings.is_empty() {
        return die(session, "at least one of the -PulT options must be specified");
    }
    let [operand] = &parsed.operands[..] else { return usage(session) };
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let mut found = named(machine, operand)?;
    if wanted.root && !matches!(found, Err(Fault::LinkInvalid)) {
        return die(session, NO_ROOT);
    }
    let can_change = |aggr: &Link| aggr.class == Class::Aggr && aggr.active && (wanted.temporary || aggr.persistent);
    if found.as_ref().is_ok_and(|aggr| !can_change(aggr)) {
        found = Err(Fault::NotFound);
    }
    match found {
        Ok(mut aggr) => {
            settle(&mut aggr, &wanted);
            take_address(machine, &mut aggr)?;
            link::put(machine, &aggr)?;
            Ok(OK)
        }
        Err(fault) => die(session, &format!("modify operation failed: {}", fault.text())),
    }
}

/// The aggregation of that name, or with that key.
pub(super) fn named(machine: &Machine, operand: &str) -> io::Result<Result<Link, Fault>> {
    let name = match whole_number(operand) {
        Some(0) => return Ok(Err(Fault::LinkInvalid)),
        Some(key) => format!("aggr{key}"),
        None => operand.to_owned(),
    };
    Ok(link::find(machine, &name)?.ok_or(Fault::NotFound))
}

pub(super) fn delete(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let (name, temporary) = match remove::deletion(session, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let done = match named(machine, name)? {
        Err(fault) => Err(fault),
        Ok(found) if found.class != Class::Aggr => Err(Fault::BadArg),
        Ok(found) => {
            // A VLAN that is only on record holds the record; the running aggregation is gone by then.
            let uppers = link::uppers(machine, &found.name)?;
            let held = !temporary
                && !uppers.iter().any(|upper| upper.active)
                && uppers.iter().any(|upper| upper.class == Class::Vlan && upper.persistent);
            match remove::remove(machine, found, temporary || held)? {
                Ok(()) | Err(Fault::NotFound) if held => Err(Fault::Busy),
                done => done,
            }
        }
    };
    match done {
        Ok(()) => Ok(OK),
        Err(fault) => die(session, &format!("delete operation failed: {}", fault.text())),
    }
}

pub(super) fn add(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    change_ports(session, parsed, "add", |machine, aggr, ports| {
        if let Err(fault) = check_ports(machine, ports)? {
            return Ok(Err(fault));
        }
        let names = ports.iter().map(|port| port.name.clone());
        Ok(Ok(aggr.over.iter().cloned().chain(names).collect()))
    })
}

pub(super) fn remove(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    change_ports(session, parsed, "remove", |_, aggr, ports| {
        // One port at least stays.
        if ports.len() >= aggr.over.len() {
            return Ok(Err(Fault::BadArg));
        }
        if ports.iter().any(|port| !aggr.over.contains(&port.name)) {
            return Ok(Err(Fault::NotFound));
        }
        let goes = |name: &String| ports.iter().any(|port| port.name == *name);
        Ok(Ok(aggr.over.iter().filter(|name| !goes(name)).cloned().collect()))
    })
}

fn change_ports(
    session: &mut Session<'_, '_>,
    parsed: &Parsed<'_>,
    word: &str,
    over: impl Fn(&Machine, &Link, &[Link]) -> io::Result<Result<Vec<String>, Fault>>,
) -> Answer {
    let wanted = match read(session, parsed, true) {
        Ok(wanted) => wanted,
        Err(answer) => return answer,
    };
    let ([operand], true) = (&parsed.operands[..], wanted.ports() > 0) else { return usage(session) };
    if wanted.temporary || wanted.root {
        return die(session, &format!("{word}-aggr -t and -R are not simulated"));
    }
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let failed = |session: &mut Session<'_, '_>, fault: Fault| {
        die(session, &format!("{word} operation failed: {}", fault.text()))
    };
    let aggr = match named(machine, operand)? {
        Ok(aggr) => aggr,
        Err(fault) => return failed(session, fault),
    };
    let ports = or_die!(session, ports(machine, &wanted, "<dev>", "<link>")?);
    if aggr.class != Class::Aggr {
        return failed(session, Fault::BadArg);
    }
    match over(machine, &aggr, &ports)? {
        Ok(over) => {
            link::move_over(machine, &aggr, over)?;
            Ok(OK)
        }
        Err(fault) => failed(session, fault),
    }
}
