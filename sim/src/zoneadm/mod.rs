//! `zoneadm`: the life of zones from configured to running.
//!
//! Invariant: a subcommand judges by what it read when it began; it looks again only where the real one does. Two at once
//! on one zone wait for each other and then act on stale decisions, as on illumos.

mod active;
mod clone;
mod hook;
mod install;
mod list;
mod mark;
pub(crate) mod play;
mod prestate;
mod relocate;
mod uninstall;
mod usage;
mod verify;
mod zonepath;

use std::fmt;
use std::fs::File;
use std::io;

use super::answer::{Answer, FAILED, OK, Session, USAGE};
use super::document::Document;
use super::machine::lock_of_zone;
use super::options::{Parsed, parse};
use super::{Machine, Status, ZoneState, index, kernel};

/// A subcommand: how it is spelt, its synopsis, and what it does.
struct Command {
    name: &'static str,
    synopsis: &'static str,
    run: fn(&mut Session<'_, '_>, Option<&str>, &[String]) -> Answer,
}

const COMMANDS: &[Command] = &[
    Command { name: "help", synopsis: "help", run: usage::help },
    Command { name: "boot", synopsis: "boot [-- boot_arguments]", run: active::boot },
    Command { name: "halt", synopsis: "halt", run: active::halt },
    Command { name: "ready", synopsis: "ready", run: active::ready },
    Command { name: "shutdown", synopsis: "shutdown [-r [-- boot_arguments]]", run: active::shutdown },
    Command { name: "reboot", synopsis: "reboot [-- boot_arguments]", run: active::reboot },
    Command { name: "list", synopsis: "list [-cipv]", run: list::run },
    Command { name: "verify", synopsis: "verify", run: verify::run },
    Command { name: "install", synopsis: "install [brand-specific args]", run: install::run },
    Command { name: "uninstall", synopsis: "uninstall [-F] [brand-specific args]", run: uninstall::run },
    Command {
        name: "clone",
        synopsis: "clone [-m method] [-s <ZFS snapshot>] [brand-specific args] zonename",
        run: clone::run,
    },
    Command { name: "move", synopsis: "move zonepath", run: relocate::move_zone },
    Command { name: "detach", synopsis: "detach [-n] [brand-specific args]", run: relocate::detach },
    Command { name: "attach", synopsis: "attach [-F] [-n <path>] [brand-specific args]", run: relocate::attach },
    Command { name: "mark", synopsis: "mark incomplete", run: mark::run },
];

/// Subcommands that the listings of usage leave out.
const PRIVATE: &[Command] = &[
    Command { name: "sysboot", synopsis: "sysboot", run: active::sysboot },
    Command { name: "apply", synopsis: "apply", run: active::apply },
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    let args = session.args.clone();
    let Ok(options) = parse(&args, "u:z:R:", &[]) else {
        return usage::long(session, USAGE);
    };
    let mut zone = options.value('z').map(str::to_owned);
    if let Some(uuid) = options.value('u').filter(|uuid| !uuid.is_empty()) {
        if !is_uuid(uuid) {
            let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
            session.complain(format_args!("zoneadm: {about}illegal UUID value specified\n"));
            return Ok(FAILED);
        }
        let known = index::read(session.machine).unwrap_or_default();
        if let Some(entry) =
            known.into_iter().find(|entry| entry.uuid.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(uuid)))
        {
            zone = Some(text(&entry.name));
        }
    }
    let Some((name, rest)) = options.operands.split_first() else {
        return usage::short(session);
    };
    if let Some(zone) = &zone
        && let Err(status) = check_zone(session, zone)?
    {
        return Ok(status);
    }
    let known = |command: &&Command| command.name == name;
    let Some(command) = COMMANDS.iter().chain(PRIVATE).find(known) else {
        return usage::short(session);
    };
    if session.machine.line().configuration_only && !matches!(command.name, "list" | "help") {
        session.complain(format_args!("zoneadm: {name}: not played by this machine\n"));
        return Ok(FAILED);
    }
    (command.run)(session, zone.as_deref(), rest)
}

/// The zone must be there and its brand be one of the machine's.
fn check_zone(session: &mut Session<'_, '_>, zone: &str) -> io::Result<Result<(), Status>> {
    let machine = session.machine;
    let by_id = zone.parse::<u64>().is_ok() && kernel::all(machine)?.iter().any(|active| active.id.to_string() == zone);
    if zone != "global"
        && !by_id
        && kernel::find(machine, zone)?.is_none()
        && !index::contains(machine, zone.as_bytes())
    {
        session.complain(format_args!("zoneadm: {zone}: No such zone configured\n"));
        return Ok(Err(FAILED));
    }
    if zone != "global" && brand_of(machine, zone).is_none() {
        complain(session, zone, format_args!("missing or invalid brand"));
        return Ok(Err(FAILED));
    }
    Ok(Ok(()))
}

/// The brand that the zone's configuration names, if the machine has it.
fn brand_of(machine: &Machine, zone: &str) -> Option<String> {
    let document = Document::load(machine, zone.as_bytes()).ok()?;
    let brand = match document.brand() {
        b"" => machine.line().default_brand.to_owned(),
        brand => text(brand),
    };
    machine.path("usr/lib/brand").join(&brand).join("config.xml").is_file().then_some(brand)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The message of a zoneadm that knows its zone.
fn complain(session: &mut Session<'_, '_>, zone: &str, message: fmt::Arguments<'_>) {
    session.complain(format_args!("zoneadm: zone '{zone}': {message}\n"));
}

/// What a subcommand works on.
#[derive(Debug, Clone)]
struct Target {
    name: String,
    state: ZoneState,
    brand: String,
    zonepath: String,
    document: Document,
}

/// What the state must be like for a subcommand, beyond the zone's being there.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// The subcommand, as messages name it.
    word: &'static str,
    must_be_active: bool,
    must_be_inactive: bool,
    /// States that are refused, with the words that follow the zone's name.
    refused: &'static [(ZoneState, &'static str)],
}

const ALREADY_INSTALLED: &str = "is already installed.";
const UNINSTALL_FIRST: &str = "zone is incomplete; uninstall required.";

/// The checks that every subcommand which changes something begins with, in zoneadm's order.
fn sanity(session: &mut Session<'_, '_>, zone: Option<&str>, rule: Rule) -> io::Result<Result<Target, Status>> {
    let word = rule.word;
    let Some(zone) = zone else {
        session.complain(format_args!("zoneadm: no zone specified\n"));
        return Ok(Err(FAILED));
    };
    let mut refuse = |message: fmt::Arguments<'_>| {
        complain(session, zone, message);
        Ok(Err(FAILED))
    };
    if zone == "global" {
        return refuse(format_args!("{word} operation is invalid for the global zone."));
    }
    if zone.starts_with("SUNW") {
        return refuse(format_args!("{word} operation is invalid for zones starting with SUNW."));
    }
    let machine = session.machine;
    let active = kernel::find(machine, zone)?;
    let entry = index::find(machine, zone.as_bytes());
    let mut refuse = |message: fmt::Arguments<'_>| {
        complain(session, zone, message);
        Ok(Err(FAILED))
    };
    if rule.must_be_active && active.is_none() {
        return refuse(format_args!("not running"));
    }
    if let Some(active) = active.as_ref().filter(|_| rule.must_be_inactive) {
        return refuse(format_args!("{word} operation is invalid for {} zones.", active.state.word()));
    }
    let state = match (&active, &entry) {
        (Some(active), _) => active.state,
        (None, Some(entry)) => entry.state.into(),
        (None, None) => {
            session.complain(format_args!("zoneadm: {zone}: could not get state: No such zone configured\n"));
            return Ok(Err(FAILED));
        }
    };
    if let Some((_, message)) = rule.refused.iter().find(|(refused, _)| *refused == state) {
        return refuse(format_args!("{message}"));
    }
    let (Ok(document), Some(brand)) = (Document::load(machine, zone.as_bytes()), brand_of(machine, zone)) else {
        return refuse(format_args!("missing or invalid brand"));
    };
    let zonepath = entry.map_or_else(|| text(document.zonepath()), |entry| text(&entry.zonepath));
    Ok(Ok(Target { name: zone.to_owned(), state, brand, zonepath, document }))
}

/// Zoneadm's own lock of a zone. It is waited for in silence, however long the holder takes; none when an interrupt
/// reached the command meanwhile. A hook's child goes without, as its parent holds the lock.
fn lock(session: &Session<'_, '_>, zone: &str) -> io::Result<Result<Option<File>, Status>> {
    if session.call.env.iter().any(|(name, _)| name == "_ZONEADM_LOCK_HELD") {
        return Ok(Ok(None));
    }
    let taken = session.machine.lock_unless(&lock_of_zone("zone", zone), session.call.interrupted)?;
    Ok(taken.map(Some).ok_or(Status::Signalled(2)))
}

/// Writes the zone's state to the index, or says that it could not.
fn set_state(session: &mut Session<'_, '_>, zone: &str, state: index::State) -> Result<(), Status> {
    let change = index::Change { state: Some(state), ..index::Change::default() };
    index::modify(session.machine, zone.as_bytes(), &change).map_err(|error| {
        session.complain(format_args!("zoneadm: {zone}: could not set state: {}\n", error.text()));
        FAILED
    })
}

/// Options of a subcommand that takes these letters and no operand, else its usage.
fn plain_options(session: &mut Session<'_, '_>, name: &str, spec: &str, args: &[String]) -> Result<Parsed, Answer> {
    match parse(args, spec, &[]) {
        Ok(options) if options.operands.is_empty() => Ok(options),
        _ => Err(usage::of(session, name)),
    }
}

/// `Ok(status)` early, out of the two layers in which a check can end a command.
macro_rules! or_return {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(status) => return Ok(status),
        }
    };
}
use or_return;

/// A command that has nothing to say and went well.
const QUIET: Answer = Ok(OK);
