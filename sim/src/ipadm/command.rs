//! The command line of `ipadm`.
//!
//! [source: ipadm.c, ipadm_addr.c, ipadm_if.c of libipadm; ipadm(8)]

use std::io;
use std::net::IpAddr;

use super::stack::{Address, Interface, Stack};
use crate::options::{Bad, Parsed, parse};
use crate::session::{Answer, FAILED, OK, Session};
use crate::table::{self, Column, Request, column};

const SHOW_IF: &[Column] =
    &[column("IFNAME", 11), column("CLASS", 10), column("STATE", 9), column("CURRENT", 12), column("PERSISTENT", 11)];
const SHOW_ADDR: &[Column] = &[
    column("ADDROBJ", 18),
    column("TYPE", 9),
    column("STATE", 13),
    column("CURRENT", 8),
    column("PERSISTENT", 11),
    column("ADDR", 46),
];
/// Columns of `show-addr` without `-o`.
const USUAL_ADDR: &str = "addrobj,type,state,addr";
const USUAL_IF: &str = "ifname,class,state,current,persistent";

type Run = fn(&mut Session<'_, '_>, &Stack<'_>, &Parsed) -> Answer;

const COMMANDS: &[(&str, &str, Run)] = &[
    ("create-if", "t", create_if),
    ("create-ip", "t", create_if),
    ("delete-if", "", delete_if),
    ("delete-ip", "", delete_if),
    ("enable-if", "t", enable_if),
    ("disable-if", "t", disable_if),
    ("show-if", "po:", show_if),
    ("create-addr", "T:a:dtw:h:i:p:s:1", create_addr),
    ("delete-addr", "r", delete_addr),
    ("up-addr", "t", up_addr),
    ("down-addr", "t", down_addr),
    ("show-addr", "po:", show_addr),
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let args = session.args.clone();
    let stack = Stack::global(session.machine);
    run_at(session, &stack, &args)
}

/// As run in the zone whose stack this is.
pub(crate) fn run_at(session: &mut Session<'_, '_>, stack: &Stack<'_>, args: &[String]) -> Answer {
    let Some((name, rest)) = args.split_first() else { return usage(session) };
    let Some((_, spec, run)) = COMMANDS.iter().find(|(known, ..)| known == name) else {
        session.complain(format_args!("ipadm: unknown subcommand '{name}'\n"));
        return usage(session);
    };
    let longs =
        &[("type", 'T'), ("address", 'a'), ("temporary", 't'), ("down", 'd'), ("parsable", 'p'), ("output", 'o')];
    match parse(rest, spec, longs) {
        Ok(options) => {
            let _lock = session.machine.lock("links")?;
            run(session, stack, &options)
        }
        Err(Bad::Unknown(option)) => fail(session, format_args!("unrecognized option '{option}'")),
        Err(Bad::Missing(option)) => fail(session, format_args!("option '{option}' requires a value")),
    }
}

fn usage(session: &mut Session<'_, '_>) -> Answer {
    session.complain(format_args!("usage:  ipadm <subcommand> <args> ...\n"));
    for (name, ..) in COMMANDS {
        session.complain(format_args!("\t{name}\n"));
    }
    Ok(FAILED)
}

fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    session.complain(format_args!("ipadm: {message}\n"));
    Ok(FAILED)
}

fn one_operand<'a>(session: &mut Session<'_, '_>, options: &'a Parsed) -> Result<&'a str, Answer> {
    match options.operands.as_slice() {
        [operand] => Ok(operand),
        _ => Err(usage(session)),
    }
}

macro_rules! operand {
    ($session:expr, $options:expr) => {
        match one_operand($session, $options) {
            Ok(operand) => operand,
            Err(answer) => return answer,
        }
    };
}

fn create_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let name = operand!(session, options);
    if stack.interface(name)?.is_some() {
        return fail(session, format_args!("cannot create interface {name}: Interface already exists"));
    }
    if !stack.has_link(name)? {
        return fail(session, format_args!("cannot create interface {name}: Could not open DLPI link"));
    }
    let made = Interface {
        name: name.into(),
        persistent: !options.has('t'),
        enabled: true,
        fresh: stack.is_of_zone(),
        addresses: Vec::new(),
    };
    stack.put(&made)?;
    Ok(OK)
}

fn delete_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let name = operand!(session, options);
    if stack.interface(name)?.is_none() {
        return fail(session, format_args!("cannot delete interface {name}: No such interface"));
    }
    stack.remove(name)?;
    Ok(OK)
}

fn enable_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    switch_if(session, stack, options, true)
}

fn disable_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    switch_if(session, stack, options, false)
}

fn switch_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed, on: bool) -> Answer {
    let name = operand!(session, options);
    let word = if on { "enable" } else { "disable" };
    match stack.interface(name)? {
        Some(found) if on && found.enabled => {
            fail(session, format_args!("cannot {word} {name}: Interface already exists"))
        }
        Some(found) => {
            let fresh = found.fresh && !on;
            stack.put(&Interface { enabled: on, fresh, ..found })?;
            Ok(OK)
        }
        None => fail(session, format_args!("cannot {word} {name}: No such interface")),
    }
}

fn show_if(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let loopback =
        Interface { name: "lo0".into(), persistent: true, enabled: true, fresh: false, addresses: Vec::new() };
    let mut rows: Vec<Interface> = std::iter::once(loopback).chain(stack.interfaces()?).collect();
    if let [name] = options.operands.as_slice() {
        rows.retain(|interface| interface.name == *name);
        if rows.is_empty() {
            return fail(session, format_args!("cannot get information for {name}: No such interface"));
        }
    }
    let request = request(SHOW_IF, USUAL_IF, options);
    table::print(session, &request, &rows, |interface, column| match column {
        "IFNAME" => interface.name.clone(),
        "CLASS" => if interface.name == "lo0" { "loopback" } else { "ip" }.into(),
        "STATE" => if interface.enabled { "ok" } else { "disabled" }.into(),
        "CURRENT" => if interface.name == "lo0" { "-m-v------46" } else { "bm--------46" }.into(),
        _ => if interface.persistent { "-46" } else { "---" }.into(),
    })
}

fn request<'a>(columns: &'a [Column], usual: &'a str, options: &'a Parsed) -> Request<'a> {
    let fields = options.value('o').or(if options.has('p') { None } else { Some(usual) });
    Request { columns, parsable: options.has('p'), fields, wrap: false }
}

/// Part of an address object's name that names the interface.
fn interface_of(object: &str) -> Option<(&str, &str)> {
    object.split_once('/').filter(|(interface, name)| !interface.is_empty() && !name.is_empty() && name.len() < 32)
}

fn create_addr(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let object = operand!(session, options);
    let Some((interface, _)) = interface_of(object) else {
        return fail(session, format_args!("'{object}' is not a valid address object name"));
    };
    let refuse =
        |session: &mut Session<'_, '_>, why: &str| fail(session, format_args!("Could not create address: {why}"));
    let address = match (options.value('T').unwrap_or("static"), options.value('a')) {
        ("static", Some(text)) => match local_address(text) {
            Some(address) => address,
            None => return fail(session, format_args!("Error in setting local address '{text}': Invalid argument")),
        },
        ("static", None) => return usage(session),
        ("dhcp", None) => stack.lease(interface)?.unwrap_or_else(|| "?".into()),
        ("addrconf", None) => stack.link_local(interface)?,
        _ => return usage(session),
    };
    if !stack.has_link(interface)? && stack.interface(interface)?.is_none() {
        return refuse(session, "No such interface");
    }
    let mut found = match stack.interface(interface)? {
        Some(found) => found,
        None => Interface {
            name: interface.into(),
            persistent: !options.has('t'),
            enabled: true,
            fresh: false,
            addresses: Vec::new(),
        },
    };
    if found.addresses.iter().any(|known| known.object == object) {
        return refuse(session, "Address object already exists");
    }
    for other in stack.interfaces()? {
        if other.addresses.iter().any(|known| address != "?" && same_host(&known.address, &address)) {
            return refuse(session, "Address already in use");
        }
    }
    let kind = options.value('T').unwrap_or("static");
    let advertised = if kind == "addrconf" { stack.advertised(interface)? } else { None };
    // Without an answer the object stays, and its agent keeps asking.
    let unanswered = address == "?";
    for address in std::iter::once(address).chain(advertised) {
        found.addresses.push(Address {
            object: object.into(),
            kind: kind.into(),
            address,
            persistent: !options.has('t'),
            up: !options.has('d'),
        });
    }
    stack.put(&found)?;
    if unanswered { refuse(session, "Communication with dhcpagent timed out") } else { Ok(OK) }
}

fn same_host(one: &str, other: &str) -> bool {
    one.split('/').next() == other.split('/').next()
}

/// `[local=]ADDRESS[/PREFIX]`, with the prefix that goes without saying.
fn local_address(text: &str) -> Option<String> {
    let text = text.strip_prefix("local=").unwrap_or(text).split(',').next()?;
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32u8 } else { 128 };
    let prefix = match (prefix, address) {
        (Some(prefix), _) => prefix.parse().ok().filter(|prefix| *prefix <= longest)?,
        (None, IpAddr::V4(v4)) if v4.octets()[0] < 128 => 8,
        (None, IpAddr::V4(v4)) if v4.octets()[0] < 192 => 16,
        (None, IpAddr::V4(_)) => 24,
        (None, IpAddr::V6(_)) => 128,
    };
    Some(format!("{address}/{prefix}"))
}

fn with_address(
    session: &mut Session<'_, '_>,
    stack: &Stack<'_>,
    object: &str,
    what: &str,
    change: impl FnOnce(&mut Interface),
) -> Answer {
    let found = match interface_of(object) {
        Some((interface, _)) => stack.interface(interface)?,
        None => None,
    };
    match found.filter(|found| found.addresses.iter().any(|known| known.object == object)) {
        Some(mut found) => {
            change(&mut found);
            stack.put(&found)?;
            Ok(OK)
        }
        None => fail(session, format_args!("could not {what}: Address object not found")),
    }
}

fn delete_addr(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let object = operand!(session, options);
    with_address(session, stack, object, "delete address", |interface| {
        interface.addresses.retain(|known| known.object != object);
    })
}

fn up_addr(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let object = operand!(session, options);
    with_address(session, stack, object, "mark the address up", |interface| turn(interface, object, true))
}

fn down_addr(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let object = operand!(session, options);
    with_address(session, stack, object, "mark the address down", |interface| turn(interface, object, false))
}

fn turn(interface: &mut Interface, object: &str, up: bool) {
    interface.addresses.iter_mut().filter(|known| known.object == object).for_each(|known| known.up = up);
}

fn show_addr(session: &mut Session<'_, '_>, stack: &Stack<'_>, options: &Parsed) -> Answer {
    let rows: io::Result<Vec<(Address, bool)>> = all_addresses(stack);
    let mut rows = rows?;
    if let [name] = options.operands.as_slice() {
        let below = format!("{}/", name.trim_end_matches('/'));
        rows.retain(|(address, _)| address.object == *name || address.object.starts_with(&below));
        if rows.is_empty() {
            return fail(session, format_args!("address object not found: {name}"));
        }
    }
    let request = request(SHOW_ADDR, USUAL_ADDR, options);
    table::print(session, &request, &rows, |(address, enabled), column| match column {
        "ADDROBJ" => address.object.clone(),
        "TYPE" => address.kind.clone(),
        "STATE" => match (enabled, address.up) {
            (false, _) => "disabled",
            (true, true) => "ok",
            (true, false) => "down",
        }
        .into(),
        "CURRENT" => if address.up { "U----" } else { "-----" }.into(),
        "PERSISTENT" => if address.persistent { "U--" } else { "---" }.into(),
        _ => address.address.clone(),
    })
}

fn all_addresses(stack: &Stack<'_>) -> io::Result<Vec<(Address, bool)>> {
    let loopback = |object: &str, address: &str| Address {
        object: object.into(),
        kind: "static".into(),
        address: address.into(),
        persistent: true,
        up: true,
    };
    let mut rows = vec![(loopback("lo0/v4", "127.0.0.1/8"), true), (loopback("lo0/v6", "::1/128"), true)];
    for interface in stack.interfaces()? {
        rows.extend(interface.addresses.into_iter().map(|address| (address, interface.enabled)));
    }
    // An address that zoneadm gives a zone on this stack has no address object.
    let of_zones = stack
        .of_zones()?
        .into_iter()
        .map(|(link, address)| Address { persistent: false, ..loopback(&format!("{link}/?"), &address) });
    rows.extend(of_zones.map(|address| (address, true)));
    Ok(rows)
}
