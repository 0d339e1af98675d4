//! Deleting and renaming links.

use std::io;

use super::change::{NO_ROOT, is_taken};
use super::getopt::Word;
use super::link::{Class, Link};
use super::status::Fault;
use super::{Parsed, die, link, name, usage};
use crate::session::{Answer, OK, Session};
use crate::{Machine, interface};

/// The options of the commands that delete.
pub(super) fn deletion<'a>(session: &mut Session<'_, '_>, parsed: &'a Parsed<'_>) -> Result<(&'a str, bool), Answer> {
    let (mut temporary, mut root) = (false, false);
    for word in &parsed.words {
        match word {
            Word::Option('t', _) => temporary = true,
            Word::Option('R', _) => root = true,
            bad => return Err(parsed.refuse(session, bad)),
        }
    }
    let [name] = &parsed.operands[..] else { return Err(usage(session)) };
    if root {
        return Err(die(session, NO_ROOT));
    }
    Ok((name, temporary))
}

pub(super) fn delete_vnic(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    delete_as(session, parsed, false)
}

pub(super) fn delete_etherstub(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    delete_as(session, parsed, true)
}

fn delete_as(session: &mut Session<'_, '_>, parsed: &Parsed<'_>, etherstub: bool) -> Answer {
    let (name, temporary) = match deletion(session, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let _lock = session.machine.lock("links")?;
    let Some(found) = link::find(session.machine, name)? else {
        return die(session, &format!("invalid link name '{name}'"));
    };
    // Only what the driver of VNICs or the record tells of is looked at: not a physical link, not a record that does not run
    // when only the running link is to go.
    let told = matches!(found.class, Class::Vnic | Class::Vlan | Class::Etherstub)
        && (found.active || (!temporary && found.persistent && has_lower(session.machine, &found)?));
    if told && (found.class == Class::Etherstub) != etherstub {
        let word = if etherstub { "an etherstub" } else { "a vnic" };
        return die(session, &format!("'{name}' is not {word}"));
    }
    let done = match found.class {
        Class::Vnic | Class::Etherstub => remove(session.machine, found, temporary)?,
        _ => Err(Fault::BadArg),
    };
    match done {
        Ok(()) => Ok(OK),
        // One message for both kinds: an etherstub is a VNIC underneath.
        Err(fault) => die(session, &format!("vnic deletion failed: {}", fault.text())),
    }
}

pub(super) fn delete_vlan(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let (name, temporary) = match deletion(session, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let _lock = session.machine.lock("links")?;
    let done = match link::find(session.machine, name)? {
        None => Err(Fault::NotFound),
        Some(found) if found.class != Class::Vlan => Err(Fault::BadArg),
        Some(found) => remove(session.machine, found, temporary)?,
    };
    match done {
        Ok(()) => Ok(OK),
        Err(fault) => die(session, &format!("delete operation failed: {}", fault.text())),
    }
}

fn has_lower(machine: &Machine, link: &Link) -> io::Result<bool> {
    match link.lower() {
        Some(lower) => Ok(link::find(machine, lower)?.is_some()),
        None => Ok(true),
    }
}

/// Ends the running link and, unless only that was asked for, its record. A record alone goes too [delete-vnic-dead-v0].
pub(super) fn remove(machine: &Machine, mut link: Link, temporary: bool) -> io::Result<Result<(), Fault>> {
    if !link.active && temporary {
        return Ok(Err(Fault::NotFound));
    }
    if link.active && is_busy(machine, &link.name)? {
        return Ok(Err(Fault::Busy));
    }
    if temporary && link.persistent {
        link.active = false;
        link.props.clear();
        link::put(machine, &link)?;
    } else {
        link::remove(machine, &link)?;
    }
    Ok(Ok(()))
}

/// In use by an interface of the global zone, by an active zone, or by links above it.
pub(super) fn is_busy(machine: &Machine, name: &str) -> io::Result<bool> {
    Ok(link::has_upper(machine, name)? || is_held(machine, name)?)
}

/// In use by an interface of the global zone, or by an active zone.
pub(super) fn is_held(machine: &Machine, name: &str) -> io::Result<bool> {
    Ok(link::borrower(machine, name)?.is_some() || interface::is_plumbed(machine, name)?)
}

pub(super) fn rename(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut root = false;
    for word in &parsed.words {
        match word {
            Word::Option('R', _) => root = true,
            bad => return parsed.refuse(session, bad),
        }
    }
    let [old, new] = &parsed.operands[..] else { return usage(session) };
    if root {
        return die(session, NO_ROOT);
    }
    let _lock = session.machine.lock("links")?;
    match rename_link(session.machine, old, new)? {
        Ok(()) => Ok(OK),
        Err(fault) => die(session, &format!("rename operation failed: {}", fault.text())),
    }
}

/// Links over a renamed one follow it, those that run and those on record [rename-lower-P].
fn rename_link(machine: &Machine, old: &str, new: &str) -> io::Result<Result<(), Fault>> {
    let Some(found) = link::find(machine, old)? else { return Ok(Err(Fault::NotFound)) };
    if !name::is_valid(new) {
        return Ok(Err(Fault::BadArg));
    }
    if is_taken(machine, new)? {
        return Ok(Err(Fault::Exists));
    }
    if is_held(machine, old)? {
        return Ok(Err(Fault::Busy));
    }
    link::put(machine, &Link { name: new.to_owned(), ..found.clone() })?;
    for upper in link::uppers(machine, old)? {
        let over = upper.over.iter().map(|lower| if lower == old { new.to_owned() } else { lower.clone() }).collect();
        link::move_over(machine, &upper, over)?;
    }
    link::remove(machine, &found)?;
    Ok(Ok(()))
}
