//! The subcommands that make a zone active or end it: boot, ready, halt, reboot, shutdown.
//!
//! Invariant: a zone is in the kernel's list exactly as long as its record is there; the loan of its links begins and ends
//! with the record. Requests for one zone queue up behind each other, as before its zoneadmd.

use std::io;

use super::zonepath::Care;
use super::{QUIET, Rule, Target, complain, hook, or_return, plain_options, prestate, sanity, text, usage, verify};
use crate::answer::{Answer, FAILED, Halt, OK, Session};
use crate::document::IpType;
use crate::kernel::{self, ActiveZone, LentLink};
use crate::machine::lock_of_zone;
use crate::options::parse;
use crate::zfs::dataset;
use crate::{Machine, Status, ZoneState, dladm, ipadm};

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

/// Takes the zone's turn at its zoneadmd.
macro_rules! turn {
    ($session:expr, $zone:expr) => {
        match $session.machine.lock_unless(&lock_of_zone("zoneadmd", &$zone), $session.call.interrupted)? {
            Some(lock) => lock,
            None => return Ok(Status::Signalled(2)),
        }
    };
}

pub(super) fn boot(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "fsX", &[]) else { return usage::of(session, "boot") };
    let target = or_return!(sanity(session, zone, BOOT)?);
    let boot_args = options.operands.join(" ");
    if boot_args.len() >= MAX_BOOT_ARGS {
        complain(session, &target.name, format_args!("Boot argument list too long"));
        return Ok(FAILED);
    }
    if !verify::details(session, &target, Care::Repair)? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let active = match kernel::find(session.machine, &target.name)? {
        Some(active) if active.state == ZoneState::Running => {
            session.complain(format_args!("zone '{}': zone is already booted\n", target.name));
            return Ok(OK);
        }
        Some(active) if active.state == ZoneState::Ready => active,
        Some(active) => return wrong_state(session, &active, "boot"),
        None => or_return!(make_ready(session, &target)?),
    };
    match session.middle() {
        Ok(()) => {}
        // An interrupt ends the command; its zoneadmd boots the zone all the same.
        Err(Halt::Interrupted) => {
            start(session.machine, &target, active, &boot_args)?;
            return Ok(Status::Signalled(2));
        }
        Err(Halt::Fault(status)) => {
            take_down(session.machine, &active)?;
            return Ok(Status::Exited(status));
        }
    }
    start(session.machine, &target, active, &boot_args)?;
    QUIET
}

pub(super) fn ready(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if let Err(answer) = plain_options(session, "ready", "f", args) {
        return answer;
    }
    let target = or_return!(sanity(session, zone, READY)?);
    if !verify::details(session, &target, Care::Repair)? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    match kernel::find(session.machine, &target.name)? {
        Some(active) if active.state == ZoneState::Ready => {
            session.complain(format_args!("zone '{}': zone is already ready\n", target.name));
            return Ok(OK);
        }
        Some(active) if active.state == ZoneState::Running => take_down(session.machine, &active)?,
        Some(active) => return wrong_state(session, &active, "ready"),
        None => {}
    }
    let active = or_return!(make_ready(session, &target)?);
    match session.middle() {
        Ok(()) => QUIET,
        Err(Halt::Interrupted) => Ok(Status::Signalled(2)),
        Err(Halt::Fault(status)) => {
            take_down(session.machine, &active)?;
            Ok(Status::Exited(status))
        }
    }
}

pub(super) fn halt(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if let Err(answer) = plain_options(session, "halt", "X", args) {
        return answer;
    }
    let target = or_return!(sanity(session, zone, HALT)?);
    let name = &target.name;
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
    end(session, active)
}

/// Brings an active zone down; what a fault leaves behind is a zone that is being shut down.
fn end(session: &mut Session<'_, '_>, active: ActiveZone) -> Answer {
    let leaving = ActiveZone { state: ZoneState::ShuttingDown, ..active };
    kernel::put(session.machine, &leaving)?;
    match session.middle() {
        Ok(()) => {
            take_down(session.machine, &leaving)?;
            QUIET
        }
        Err(Halt::Interrupted) => {
            take_down(session.machine, &leaving)?;
            Ok(Status::Signalled(2))
        }
        Err(Halt::Fault(status)) => Ok(Status::Exited(status)),
    }
}

pub(super) fn shutdown(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "r", &[]) else { return usage::of(session, "shutdown") };
    if !options.operands.is_empty() && !options.has('r') {
        return usage::of(session, "shutdown");
    }
    let target = or_return!(sanity(session, zone, SHUTDOWN)?);
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
        Ok(()) => take_down(session.machine, &active)?,
        Err(Halt::Interrupted) => {
            take_down(session.machine, &active)?;
            return Ok(Status::Signalled(2));
        }
        Err(Halt::Fault(status)) => {
            session.complain(format_args!("zone '{}': unable to shutdown zone\n", target.name));
            return Ok(Status::Exited(status));
        }
    }
    if !options.has('r') {
        return QUIET;
    }
    drop(lock);
    restart(session, &target, &options.operands.join(" "))
}

pub(super) fn reboot(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "fX", &[]) else { return usage::of(session, "reboot") };
    let target = or_return!(sanity(session, zone, REBOOT)?);
    if !verify::details(session, &target, Care::Repair)? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let Some(active) = kernel::find(session.machine, &target.name)? else {
        complain(session, &target.name, format_args!("not running"));
        return Ok(FAILED);
    };
    if active.state != ZoneState::Running {
        return wrong_state(session, &active, "reboot");
    }
    match end(session, active)? {
        Status::Exited(0) => {}
        other => return Ok(other),
    }
    let active = or_return!(make_ready(session, &target)?);
    start(session.machine, &target, active, &options.operands.join(" "))?;
    QUIET
}

fn restart(session: &mut Session<'_, '_>, target: &Target, boot_args: &str) -> Answer {
    if !verify::details(session, target, Care::Repair)? {
        return Ok(FAILED);
    }
    let _turn = turn!(session, target.name);
    let active = or_return!(make_ready(session, target)?);
    start(session.machine, target, active, boot_args)?;
    QUIET
}

fn wrong_state(session: &mut Session<'_, '_>, active: &ActiveZone, word: &str) -> Answer {
    let state = active.state.word();
    session
        .complain(format_args!("zone '{}': {word} operation is invalid for zones in state '{state}'\n", active.name));
    Ok(FAILED)
}

/// Builds the virtual platform: the id, the root, the links. `Err` when it failed and the zone is as before.
fn make_ready(session: &mut Session<'_, '_>, target: &Target) -> io::Result<Result<ActiveZone, Status>> {
    let machine = session.machine;
    let name = &target.name;
    let mut fail = |message: &str| {
        if !message.is_empty() {
            session.complain(format_args!("zone '{name}': {message}\n"));
        }
        session.complain(format_args!("zoneadm: zone '{name}': call to zoneadmd failed\n"));
        Ok(Err(FAILED))
    };
    if let Err(message) = mount_root(machine, target)? {
        return fail(&message);
    }
    if let Err(message) = prestate::before_ready(machine, target)? {
        return fail(&message);
    }
    let exclusive = target.document.ip_type() == Ok(IpType::Exclusive);
    let mut links: Vec<LentLink> = Vec::new();
    // From here to the kernel's record nobody else may delete, plumb or lend a link.
    let _lock = machine.lock("links")?;
    for net in target.document.resources("network").filter(|_| exclusive) {
        let field = |name: &str| text(net.written(name).unwrap_or_default());
        let physical = field("physical");
        let wanted = dladm::link::find(machine, &physical)?.filter(|link| link.active);
        if wanted.is_none() || ipadm::is_plumbed(machine, &physical)? {
            return fail("failed to add network device: No such device or address");
        }
        if dladm::link::borrower(machine, &physical)?.is_some_and(|other| other != *name) {
            return fail(&format!("WARNING: unable to add network interface '{physical}': link busy"));
        }
        let at = match links.iter().position(|link| link.name == physical) {
            Some(at) => at,
            None => {
                links.push(LentLink { name: physical, addresses: Vec::new(), routers: Vec::new() });
                links.len() - 1
            }
        };
        let full = |text: String| if text.is_empty() { None } else { Some(text) };
        links[at].addresses.extend(full(field("allowed-address")));
        links[at].routers.extend(full(field("defrouter")));
    }
    let (id, serial) = kernel::next_id(machine)?;
    let active = ActiveZone {
        name: name.clone(),
        id,
        serial,
        state: ZoneState::Ready,
        zonepath: target.zonepath.clone(),
        brand: target.brand.clone(),
        exclusive,
        links,
        boot_args: String::new(),
    };
    for link in &active.links {
        dladm::link::will_lend(machine, &link.name, name)?;
    }
    kernel::put(machine, &active)?;
    Ok(Ok(active))
}

/// The active boot environment on the zone's root, for brands that have them.
fn mount_root(machine: &Machine, target: &Target) -> io::Result<Result<(), String>> {
    use crate::dialect::BrandKind::{Image, LinkedImage};
    if !matches!(machine.line().brand(&target.brand), Some(Image | LinkedImage)) {
        return Ok(match machine.path(&target.zonepath).join("root").is_dir() {
            true => Ok(()),
            false => Err("could not mount zone root: No such file or directory".into()),
        });
    }
    let _lock = machine.lock("datasets")?;
    let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)? else {
        return Ok(Err("ERROR: unable to determine zone dataset.".into()));
    };
    let Some(mut environment) = hook::active_environment(machine, &found.name)? else {
        return Ok(Err("ERROR: no active dataset.".into()));
    };
    hook::mount_root(machine, &mut environment, &target.zonepath)?;
    for resource in target.document.resources("dataset") {
        let name = text(resource.written("name").unwrap_or_default());
        if let Some(mut delegated) = dataset::find(machine, &name)?.filter(|found| found.local("zoned") != Some("on")) {
            delegated.set("zoned", "on");
            dataset::put(machine, &delegated)?;
        }
    }
    Ok(Ok(()))
}

/// Lets the zone's init run.
fn start(machine: &Machine, target: &Target, active: ActiveZone, boot_args: &str) -> io::Result<()> {
    let configured = text(target.document.get("bootargs"));
    let boot_args = if boot_args.is_empty() { configured } else { boot_args.to_owned() };
    kernel::put(machine, &ActiveZone { state: ZoneState::Running, boot_args, ..active })
}

/// Ends an active zone: the record goes, and with it the loan of the links.
fn take_down(machine: &Machine, active: &ActiveZone) -> io::Result<()> {
    kernel::remove(machine, &active.name)?;
    for link in &active.links {
        dladm::link::given_back(machine, &link.name, &active.name)?;
    }
    prestate::after_end(machine, active);
    Ok(())
}

/// The private request of the zones service at start: the root of a zone that does not boot is mounted.
pub(super) fn sysboot(session: &mut Session<'_, '_>, zone: Option<&str>, _: &[String]) -> Answer {
    let refused = &[
        (ZoneState::Configured, "sysboot operation is invalid for configured zones."),
        (ZoneState::Incomplete, "sysboot operation is invalid for incomplete zones."),
    ];
    let rule = Rule { word: "sysboot", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    match mount_root(session.machine, &target)? {
        Ok(()) => QUIET,
        Err(message) => {
            session.complain(format_args!("{message}\n"));
            Ok(FAILED)
        }
    }
}

/// Applies resource controls to the global zone: nothing that the machine shows.
pub(super) fn apply(_: &mut Session<'_, '_>, _: Option<&str>, _: &[String]) -> Answer {
    QUIET
}
