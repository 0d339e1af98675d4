//! `zoneadm`: the life of zones from configured to running.
//!
//! Invariant: a subcommand judges by what it read when it began; it looks again only where the real one does. Two at once
//! on one zone wait for each other and then act on stale decisions, as on illumos.

mod active;
mod attach;
mod brand;
mod cleanup;
mod clone;
mod environment;
mod getopt;
mod hooks;
mod install;
mod list;
mod mark;
mod platform;
pub(crate) mod play;
mod populate;
mod prestate;
mod relocate;
mod script;
mod shell;
mod state_hook;
mod uninstall;
mod usage;
mod verify;
mod zonepath;

use std::fmt;
use std::fs::File;
use std::io;

use super::document::{self, Document};
use super::machine::lock_of_zone;
use super::session::{Answer, FAILED, OK, Session, USAGE};
use super::{Machine, Status, ZoneState, index, kernel};

use getopt::Getopt;

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
    Command { name: "attach", synopsis: "attach [-F] [-n <path>] [brand-specific args]", run: attach::run },
    Command { name: "mark", synopsis: "mark incomplete", run: mark::run },
];

/// Subcommands that the listings of usage leave out.
const PRIVATE: &[Command] = &[
    Command { name: "sysboot", synopsis: "sysboot", run: active::sysboot },
    Command { name: "apply", synopsis: "apply", run: active::apply },
    Command { name: "mount", synopsis: "mount", run: active::mount },
    Command { name: "unmount", synopsis: "unmount", run: active::unmount },
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    let args = session.args.clone();
    let mut options = Getopt::of_program("zoneadm", &args, "?u:z:R:");
    let (mut zone, mut uuid, mut root) = (None, None, None);
    while let Some(option) = options.next(session) {
        match option.letter {
            'z' => zone = option.value,
            'u' => uuid = option.value,
            'R' => root = option.value,
            _ => return usage::long(session, USAGE),
        }
        if let Some(answer) = root.as_deref().and_then(|root| refuse_root(session, zone.as_deref(), root)) {
            return answer;
        }
    }
    let Some((name, rest)) = options.operands().split_first() else {
        return usage::short(session);
    };
    if let Some(uuid) = uuid.filter(|uuid| !uuid.is_empty()) {
        if !is_uuid(&uuid) {
            let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
            session.complain(format_args!("zoneadm: {about}illegal UUID value specified\n"));
            return Ok(FAILED);
        }
        let known = index::read(session.machine).unwrap_or_default();
        if let Some(entry) =
            known.into_iter().find(|entry| entry.uuid.as_deref().is_some_and(|u| u.eq_ignore_ascii_case(&uuid)))
        {
            zone = Some(text(&entry.name));
        }
    }
    if let Some(root) = root.filter(|root| !root.trim_end_matches('/').is_empty()) {
        return in_alternate_root(session, zone.as_deref(), &root);
    }
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
        session.complain(format_args!("zoneadm: {name}: not simulated on this machine\n"));
        return Ok(FAILED);
    }
    (command.run)(session, zone.as_deref(), rest)
}

fn refuse_root(session: &mut Session<'_, '_>, zone: Option<&str>, root: &str) -> Option<Answer> {
    let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
    let fault = match root.starts_with('/') {
        false => "absolute",
        true if session.machine.path(root).is_dir() => return None,
        true => "a directory",
    };
    session.complain(format_args!("zoneadm: {about}root path must be {fault}.\n"));
    Some(Ok(FAILED))
}

/// Another root is a machine of its own, of which only that it has no zones is known. [recorded: usage-main-R-list]
fn in_alternate_root(session: &mut Session<'_, '_>, zone: Option<&str>, root: &str) -> Answer {
    let there = |name: &str| session.machine.path(root).join("etc/zones").join(format!("{name}.xml")).exists();
    match zone {
        Some(zone) if !there(zone) => session.complain(format_args!("zoneadm: {zone}: No such zone configured\n")),
        None if !there("SUNWdefault") => session.complain(format_args!("zoneadm: unable to determine default brand\n")),
        _ => session.complain(format_args!("zoneadm: an alternate root is not simulated\n")),
    }
    Ok(FAILED)
}

/// Checks that the zone exists, which its document decides, not its line in the index, and that it names a brand.
/// [recorded: xml-missing-install, index-gone-install, who-id-of-running-halt]
fn check_zone(session: &mut Session<'_, '_>, zone: &str) -> io::Result<Result<(), Status>> {
    let machine = session.machine;
    if zone == "global" {
        return Ok(Ok(()));
    }
    let document = Document::load(machine, zone.as_bytes());
    let by_id = zone.parse::<u64>().is_ok() && kernel::all(machine)?.iter().any(|active| active.id.to_string() == zone);
    if document.is_err() && !by_id && kernel::find(machine, zone)?.is_none() {
        session.complain(format_args!("zoneadm: {zone}: No such zone configured\n"));
        return Ok(Err(FAILED));
    }
    if document.is_err() && kernel::find(machine, zone)?.is_none() {
        complain(session, zone, format_args!("missing or invalid brand"));
        return Ok(Err(FAILED));
    }
    Ok(Ok(()))
}

/// The brand that the zone's configuration names, whether the machine has it or not; the kernel's word comes first.
fn brand_name(machine: &Machine, zone: &str) -> String {
    if let Ok(Some(active)) = kernel::find(machine, zone) {
        return active.brand;
    }
    match Document::load(machine, zone.as_bytes()) {
        Ok(document) if !document.brand().is_empty() => text(document.brand()),
        Ok(_) => machine.line().default_brand.to_owned(),
        Err(_) => String::new(),
    }
}

/// The brand that the zone's configuration names, if the machine has it.
fn brand_of(machine: &Machine, zone: &str) -> Option<String> {
    let name = brand_name(machine, zone);
    brand::open(machine, &name).map(|_| name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The text of an error of the file system, as illumos' strerror(3C) has it.
fn errno(error: &io::Error) -> String {
    let text = match error.raw_os_error() {
        Some(2) => "No such file or directory",
        Some(13) => "Permission denied",
        Some(16) => "Device busy",
        Some(17) => "File exists",
        Some(20) => "Not a directory",
        Some(21) => "Is a directory",
        Some(22) => "Invalid argument",
        Some(36) => "File name too long",
        Some(39) => "File exists",
        Some(40) => "Number of symbolic links encountered during path name traversal exceeds MAXSYMLINKS",
        _ => return error.to_string(),
    };
    text.to_owned()
}

/// Prints a message of a zoneadm that knows its zone.
fn complain(session: &mut Session<'_, '_>, zone: &str, message: fmt::Arguments<'_>) {
    session.complain(format_args!("zoneadm: zone '{zone}': {message}\n"));
}

/// Refuses a brand that the machine does not have.
fn no_brand(session: &mut Session<'_, '_>, zone: &str) -> Status {
    complain(session, zone, format_args!("missing or invalid brand"));
    FAILED
}

/// Object of a subcommand.
#[derive(Debug, Clone)]
struct Target {
    name: String,
    state: ZoneState,
    brand: String,
    /// The path in the index, else the document's.
    zonepath: String,
    document: Document,
}

impl Target {
    /// The zone's root directory.
    fn root(&self) -> String {
        format!("{}/root", self.zonepath)
    }
}

/// State that a subcommand needs, beyond the zone's existence.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// The subcommand, as messages name it.
    word: &'static str,
    must_be_active: bool,
    must_be_inactive: bool,
    /// States that are refused, with the words that follow the zone's name.
    refused: &'static [(ZoneState, &'static str)],
}

/// Copy of a zone's document that `detach` leaves in the zonepath.
const DETACHED: &str = "SUNWdetached.xml";

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
    find_target(session, zone, word, state)
}

/// Record of a zone, whatever its state.
fn find_target(
    session: &mut Session<'_, '_>,
    zone: &str,
    word: &str,
    state: ZoneState,
) -> io::Result<Result<Target, Status>> {
    let machine = session.machine;
    let document = match Document::load(machine, zone.as_bytes()) {
        Ok(document) => document,
        Err(error) => {
            session.complain(format_args!("zoneadm: {word}: {}\n", error.text()));
            return Ok(Err(FAILED));
        }
    };
    let entry = index::find(machine, zone.as_bytes());
    let zonepath = entry.map_or_else(|| text(document.zonepath()), |entry| text(&entry.zonepath));
    let brand = brand_name(machine, zone);
    Ok(Ok(Target { name: zone.to_owned(), state, brand, zonepath, document }))
}

/// The zone as a hook finds it: by its name alone.
fn find_zone(machine: &Machine, zone: &str) -> Option<Target> {
    let document = Document::load(machine, zone.as_bytes()).ok()?;
    let entry = index::find(machine, zone.as_bytes());
    let state = entry.as_ref().map_or(ZoneState::Configured, |entry| entry.state.into());
    let zonepath = entry.map_or_else(|| text(document.zonepath()), |entry| text(&entry.zonepath));
    Some(Target { name: zone.to_owned(), state, brand: brand_name(machine, zone), zonepath, document })
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

/// The words of a hook's command line: `zoneadm` joins them with blanks and a shell splits them again.
fn shell_words(words: &[String]) -> Vec<String> {
    words.iter().flat_map(|word| word.split_whitespace()).map(str::to_owned).collect()
}

/// Returns true if a saved document of the zone's is there at all.
fn has_document(machine: &Machine, zone: &str) -> bool {
    machine.path(document::path(zone.as_bytes())).exists()
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
