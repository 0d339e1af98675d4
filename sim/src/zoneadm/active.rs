//! The subcommands that make a zone active or end it: boot, ready, halt, reboot, shutdown, and the private mount and unmount.
//!
//! Invariant: a zone is in the kernel's list exactly as long as its record is there; the loan of its links begins and ends
//! with the record. Requests for one zone queue up behind each other, as before its zoneadmd.
//!
//! [source: the door server of zoneadmd.c; recorded: kinds `states`, `boot`, `bootargs`]

use super::getopt::Getopt;
use super::platform::{boot_up, daemon_failed, end_scratch, make_ready, mount_scratch, take_down};
use super::{QUIET, Rule, Target, brand, complain, no_brand, or_return, sanity, script, state_hook, usage, verify};
use crate::dialect::BrandKind;
use crate::kernel::{self, ActiveZone};
use crate::machine::lock_of_zone;
use crate::session::{Answer, FAILED, Halt, OK, Session, USAGE};
use crate::{Status, ZoneState};

const MAX_BOOT_ARGS: usize = 256;

const fn rule(word: &'static str, must_be_active: bool, refused: &'static [(ZoneState, &'static str)]) -> Rule {
    Rule { word, must_be_active, must_be_inactive: false, refused }
}

const BOOT: Rule = rule(
    "boot",
    false,
    &[
        (ZoneState::Configured, "must be installed before boot."),
        (ZoneState::Incomplete, "must be installed before boot."),
    ],
);
/// `boot -f` takes an incomplete zone. [recorded: state-incomplete-boot-f]
const FORCED_BOOT: Rule = rule("boot", false, &[(ZoneState::Configured, "must be incomplete before boot.")]);
const READY: Rule = rule(
    "ready",
    false,
    &[
        (ZoneState::Configured, "must be installed before ready."),
        (ZoneState::Incomplete, "must be installed before ready."),
    ],
);
const HALT: Rule = rule("halt", false, &[]);
const SHUTDOWN: Rule = rule("shutdown", true, &[]);
const REBOOT: Rule = rule("reboot", true, &[]);
const MOUNT: Rule = rule(
    "mount",
    false,
    &[
        (ZoneState::Configured, "must be installed before mount."),
        (ZoneState::Incomplete, "must be installed before mount."),
    ],
);
const FORCED_MOUNT: Rule = rule("mount", false, &[(ZoneState::Configured, "must be incomplete before mount.")]);
const MOUNT_FIRST: &str = "must be mounted before unmount.";
const UNMOUNT: Rule = rule(
    "unmount",
    false,
    &[
        (ZoneState::Configured, MOUNT_FIRST),
        (ZoneState::Incomplete, MOUNT_FIRST),
        (ZoneState::Installed, MOUNT_FIRST),
        (ZoneState::Ready, MOUNT_FIRST),
        (ZoneState::Running, MOUNT_FIRST),
        (ZoneState::ShuttingDown, MOUNT_FIRST),
        (ZoneState::Down, MOUNT_FIRST),
    ],
);

/// Takes the zone's turn at its zoneadmd.
macro_rules! turn {
    ($session:expr, $zone:expr) => {
        match $session.machine.lock_unless(&lock_of_zone("zoneadmd", &$zone), $session.call.interrupted)? {
            Some(lock) => lock,
            None => return Ok(Status::Signalled(2)),
        }
    };
}

/// The boot arguments: every word that is left, joined by blanks.
fn boot_arguments(session: &mut Session<'_, '_>, zone: Option<&str>, words: &[String]) -> Result<String, Status> {
    let joined = words.join(" ");
    if joined.len() < MAX_BOOT_ARGS {
        return Ok(joined);
    }
    let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
    session.complain(format_args!("zoneadm: {about}Boot argument list too long\n"));
    Err(FAILED)
}

pub(super) fn boot(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    // OmniOS has a private -X more.
    let mut options = Getopt::new(args, if session.machine.line().list_debug_id { "?fsX" } else { "?fs" });
    let (mut force, mut single_user) = (false, false);
    while let Some(option) = options.next(session) {
        match option.letter {
            'f' => force = true,
            's' => single_user = true,
            'X' => {}
            _ => return usage::answer(session, "boot", option.written),
        }
    }
    let mut words = options.operands().to_vec();
    if single_user {
        words.insert(0, "-s".into());
    }
    let boot_args = or_return!(boot_arguments(session, zone, &words));
    let target = or_return!(sanity(session, zone, if force { FORCED_BOOT } else { BOOT })?);
    if !verify::details(session, &target, "boot")? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let (active, state) = match kernel::find(session.machine, &target.name)? {
        Some(active) if active.state == ZoneState::Mounted => return refused_by_daemon(session, &active, "boot"),
        // Zoneadmd has no answer to a forced boot of an active zone. [recorded: state-ready-boot-f]
        Some(_) if force => return daemon_failed(session, &target.name),
        Some(active) if active.state == ZoneState::Ready => (active, ZoneState::Ready),
        Some(_) => {
            session.complain(format_args!("zone '{}': zone is already booted\n", target.name));
            return Ok(OK);
        }
        None => (or_return!(make_ready(session, &target, ZoneState::Installed)?), ZoneState::Installed),
    };
    match session.middle() {
        Ok(()) => {}
        // An interrupt ends the command; its zoneadmd boots the zone all the same.
        Err(Halt::Interrupted) => {
            boot_up(session, &target, active, state, &boot_args)?;
            return Ok(Status::Signalled(2));
        }
        Err(Halt::Fault(status)) => {
            take_down(session, &target, &active)?;
            return Ok(Status::Exited(status));
        }
    }
    match boot_up(session, &target, active, state, &boot_args)? {
        true => QUIET,
        false => daemon_failed(session, &target.name),
    }
}

fn refused_by_daemon(session: &mut Session<'_, '_>, active: &ActiveZone, word: &str) -> Answer {
    wrong_state(session, active, word)?;
    daemon_failed(session, &active.name)
}

/// Options of a subcommand that takes none but `extra` and no operand, else its usage.
fn no_options(session: &mut Session<'_, '_>, word: &str, extra: &str, args: &[String]) -> Result<(), Answer> {
    let spec = format!("?{extra}");
    let mut options = Getopt::new(args, &spec);
    while let Some(option) = options.next(session) {
        if !extra.contains(option.letter) {
            return Err(usage::answer(session, word, option.written));
        }
    }
    if !options.operands().is_empty() {
        return Err(usage::of(session, word));
    }
    Ok(())
}

pub(super) fn ready(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if let Err(answer) = no_options(session, "ready", "", args) {
        return answer;
    }
    let target = or_return!(sanity(session, zone, READY)?);
    if !verify::details(session, &target, "ready")? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    match kernel::find(session.machine, &target.name)? {
        Some(active) if active.state == ZoneState::Mounted => return refused_by_daemon(session, &active, "ready"),
        Some(active) if active.state == ZoneState::Ready => {
            session.complain(format_args!("zone '{}': zone is already ready\n", target.name));
            return Ok(OK);
        }
        Some(active) => take_down(session, &target, &active)?,
        None => {}
    }
    let active = or_return!(make_ready(session, &target, ZoneState::Installed)?);
    match session.middle() {
        Ok(()) => QUIET,
        Err(Halt::Interrupted) => Ok(Status::Signalled(2)),
        Err(Halt::Fault(status)) => {
            take_down(session, &target, &active)?;
            Ok(Status::Exited(status))
        }
    }
}

pub(super) fn halt(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let extra = if session.machine.line().list_debug_id { "X" } else { "" };
    if let Err(answer) = no_options(session, "halt", extra, args) {
        return answer;
    }
    let target = or_return!(sanity(session, zone, HALT)?);
    let name = &target.name;
    if brand::open(session.machine, &target.brand).is_none() {
        return Ok(no_brand(session, name));
    }
    match target.state {
        ZoneState::Configured => {
            session.complain(format_args!(
                "cannot manage a zone which is in state 'configured'\nzone '{name}': could not start zoneadmd\n"
            ));
            return Ok(FAILED);
        }
        ZoneState::Incomplete => {
            session
                .complain(format_args!("zone '{name}': halt operation is invalid for zones in state 'incomplete'\n"));
            return Ok(FAILED);
        }
        _ => {}
    }
    let _turn = turn!(session, name);
    let Some(active) = kernel::find(session.machine, name)? else {
        session.complain(format_args!("zone '{name}': zone is already halted\n"));
        return Ok(OK);
    };
    if active.state == ZoneState::Mounted {
        return wrong_state(session, &active, "halt");
    }
    end(session, &target, active)
}

/// Brings an active zone down; what a fault leaves behind is a zone that is being shut down.
fn end(session: &mut Session<'_, '_>, target: &Target, active: ActiveZone) -> Answer {
    let leaving = ActiveZone { state: ZoneState::ShuttingDown, ..active };
    kernel::put(session.machine, &leaving)?;
    match session.middle() {
        Ok(()) => {
            take_down(session, target, &leaving)?;
            QUIET
        }
        Err(Halt::Interrupted) => {
            take_down(session, target, &leaving)?;
            Ok(Status::Signalled(2))
        }
        Err(Halt::Fault(status)) => Ok(Status::Exited(status)),
    }
}

pub(super) fn shutdown(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::new(args, "?r");
    let mut again = false;
    while let Some(option) = options.next(session) {
        match option.letter {
            'r' => again = true,
            _ => return usage::answer(session, "shutdown", option.written),
        }
    }
    let boot_args = or_return!(boot_arguments(session, zone, options.operands()));
    let target = or_return!(sanity(session, zone, SHUTDOWN)?);
    if brand::open(session.machine, &target.brand).is_none() {
        return Ok(no_brand(session, &target.name));
    }
    let lock = turn!(session, target.name);
    let Some(active) = kernel::find(session.machine, &target.name)? else {
        complain(session, &target.name, format_args!("not running"));
        return Ok(FAILED);
    };
    if active.state != ZoneState::Running {
        return wrong_state(session, &active, "shutdown");
    }
    // The zone's own shutdown runs, then the kernel's teardown: a fault here is a guest that does not stop in time.
    match session.middle() {
        Ok(()) => take_down(session, &target, &active)?,
        Err(Halt::Interrupted) => {
            take_down(session, &target, &active)?;
            return Ok(Status::Signalled(2));
        }
        Err(Halt::Fault(status)) => {
            session.complain(format_args!("zone '{}': unable to shutdown zone\n", target.name));
            return Ok(Status::Exited(status));
        }
    }
    if !again {
        return QUIET;
    }
    drop(lock);
    if !verify::details(session, &target, "boot")? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let active = or_return!(make_ready(session, &target, ZoneState::Installed)?);
    match boot_up(session, &target, active, ZoneState::Installed, &boot_args)? {
        true => QUIET,
        false => daemon_failed(session, &target.name),
    }
}

pub(super) fn reboot(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let extra = if session.machine.line().list_debug_id { "?X" } else { "?" };
    let mut options = Getopt::new(args, extra);
    while let Some(option) = options.next(session) {
        if option.letter != 'X' {
            return usage::answer(session, "reboot", option.written);
        }
    }
    let boot_args = or_return!(boot_arguments(session, zone, options.operands()));
    let target = or_return!(sanity(session, zone, REBOOT)?);
    if !verify::details(session, &target, "reboot")? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let Some(active) = kernel::find(session.machine, &target.name)? else {
        complain(session, &target.name, format_args!("not running"));
        return Ok(FAILED);
    };
    if matches!(active.state, ZoneState::Ready | ZoneState::Mounted) {
        return wrong_state(session, &active, "reboot");
    }
    match end(session, &target, active)? {
        Status::Exited(0) => {}
        other => return Ok(other),
    }
    let active = match make_ready(session, &target, ZoneState::Running)? {
        Ok(active) => active,
        Err(status) => return Ok(status),
    };
    // Zoneadm itself says nothing about a reboot that fails. [recorded: bootargs-reboot-i]
    Ok(if boot_up(session, &target, active, ZoneState::Running, &boot_args)? { OK } else { FAILED })
}

fn wrong_state(session: &mut Session<'_, '_>, active: &ActiveZone, word: &str) -> Answer {
    let state = active.state.word();
    session
        .complain(format_args!("zone '{}': {word} operation is invalid for zones in state '{state}'\n", active.name));
    Ok(FAILED)
}

/// `zoneadm mount [-f]`: the zone's root in a scratch zone below ZONEPATH/lu, for hooks that work on it.
pub(super) fn mount(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::new(args, "f");
    let mut force = false;
    while let Some(option) = options.next(session) {
        match option.letter {
            'f' => force = true,
            _ => return Ok(USAGE),
        }
    }
    if !options.operands().is_empty() {
        return Ok(USAGE);
    }
    let target = or_return!(sanity(session, zone, if force { FORCED_MOUNT } else { MOUNT })?);
    if !verify::details(session, &target, "mount")? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    if let Some(active) = kernel::find(session.machine, &target.name)? {
        return refused_by_daemon(session, &active, "mount");
    }
    mount_scratch(session, &target)
}

/// `zoneadm unmount`: ends the scratch zone.
pub(super) fn unmount(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if !args.is_empty() {
        return Ok(USAGE);
    }
    let target = or_return!(sanity(session, zone, UNMOUNT)?);
    let _turn = turn!(session, target.name);
    if let Some(active) = kernel::find(session.machine, &target.name)? {
        end_scratch(session, &target, &active)?;
    }
    QUIET
}

/// The private request of the zones service at start: the root of a zone that does not boot is mounted. A hook that fails
/// makes the exit status 40. [recorded: hookexit-oi-sysboot-255]
pub(super) fn sysboot(session: &mut Session<'_, '_>, zone: Option<&str>, _: &[String]) -> Answer {
    let refused = &[
        (ZoneState::Configured, "sysboot operation is invalid for configured zones."),
        (ZoneState::Incomplete, "sysboot operation is invalid for incomplete zones."),
    ];
    let rule = Rule { word: "sysboot", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    let Some(brand) = brand::open(session.machine, &target.brand) else {
        complain(
            session,
            &target.name,
            format_args!("missing or invalid brand during sysboot operation: {}", target.brand),
        );
        return Ok(FAILED);
    };
    // Brands without a sysboot hook are left alone. [recorded: state-omnios-illumos-sysboot]
    if !matches!(brand.kind, BrandKind::Image | BrandKind::LinkedImage | BrandKind::Sparse) {
        return QUIET;
    }
    match state_hook::sysboot(session.machine, &target)? {
        Ok(()) => QUIET,
        Err(printed) => {
            script::print_fatal(session, &target.zonepath, &printed)?;
            Ok(Status::Exited(40))
        }
    }
}

/// Applies resource controls to the global zone: nothing that the machine shows.
pub(super) fn apply(session: &mut Session<'_, '_>, zone: Option<&str>, _: &[String]) -> Answer {
    match zone {
        // The global zone has no document of its own here. [recorded: who-global-apply]
        Some("global") if !super::has_document(session.machine, "global") => {
            session.complain(format_args!("zoneadm: apply: No such zone configured\n"));
            Ok(FAILED)
        }
        Some("global") => QUIET,
        _ => usage::short(session),
    }
}
