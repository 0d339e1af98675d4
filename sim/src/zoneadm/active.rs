//! The subcommands that make a zone active or end it: boot, ready, halt, reboot, shutdown, and the private mount and unmount.
//!
//! Invariant: a zone is in the kernel's list exactly as long as its record is there; the loan of its links begins and ends
//! with the record. Requests for one zone queue up behind each other, as before its zoneadmd.
//!
//! [source: the door server of zoneadmd.c; recorded: kinds `states`, `boot`, `bootargs`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::getopt::Getopt;
use super::hook::{self, StateCommand};
use super::{QUIET, Rule, Target, brand, complain, no_brand, or_return, sanity, text, usage, verify};
use crate::answer::{Answer, FAILED, Halt, OK, Session, USAGE};
use crate::dialect::BrandKind;
use crate::document::IpType;
use crate::kernel::{self, ActiveZone, LentLink};
use crate::machine::lock_of_zone;
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

/// Message of `zoneadm` if its zoneadmd could not do what it was asked for.
fn daemon_failed(session: &mut Session<'_, '_>, zone: &str) -> Answer {
    complain(session, zone, format_args!("call to zoneadmd failed"));
    Ok(FAILED)
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

/// Standard output of a hook that zoneadmd runs: line by line, each followed by an empty one. Its standard error
/// is zoneadmd's own and lost. [recorded: hookexit-oi-boot-pre-255]
fn relay(session: &mut Session<'_, '_>, zone: &str, printed: &str) {
    for line in printed.lines() {
        session.complain(format_args!("zone '{zone}': {line}\nzone '{zone}': \n"));
    }
}

/// Builds the virtual platform: the root, the links, the id. `Err` if it failed and the zone is as before, but for its root,
/// which stays unmounted if that was what failed. [recorded: fail-omnios-ipkg-boot-beadm-1]
fn make_ready(
    session: &mut Session<'_, '_>,
    target: &Target,
    state: ZoneState,
) -> io::Result<Result<ActiveZone, Status>> {
    let machine = session.machine;
    let name = &target.name;
    if let Err(printed) = hook::before_state(machine, target, state, StateCommand::Ready)? {
        relay(session, name, &printed);
        return daemon_failed(session, name).map(Err);
    }
    let failed = |session: &mut Session<'_, '_>, message: &str| {
        session.complain(format_args!("zone '{name}': {message}\n"));
        hook::after_state(session.machine, target, StateCommand::Halt)?;
        daemon_failed(session, name).map(Err)
    };
    if !machine.path(target.root()).is_dir() {
        return failed(session, "could not mount zone root: No such file or directory");
    }
    if let Some(fault) = mount_fault(machine, target) {
        return failed(session, &fault);
    }
    zone_datasets(machine, target)?;
    let exclusive = target.document.ip_type() == Ok(IpType::Exclusive);
    let mut links: Vec<LentLink> = Vec::new();
    // From here to the kernel's record no other command may delete, plumb or lend a link.
    let lock = machine.lock("links")?;
    let mut fault = None;
    for net in target.document.resources("network").filter(|_| exclusive) {
        let field = |name: &str| text(net.written(name).unwrap_or_default());
        let physical = field("physical");
        let wanted = dladm::link::find(machine, &physical)?.filter(|link| link.active);
        if wanted.is_none() || ipadm::is_plumbed(machine, &physical)? {
            fault = Some("failed to add network device: No such device or address".to_owned());
        } else if dladm::link::borrower(machine, &physical)?.is_some_and(|other| other != *name) {
            fault = Some(format!("WARNING: unable to add network interface '{physical}': link busy"));
        }
        if fault.is_some() {
            break;
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
    if let Some(fault) = fault {
        drop(lock);
        return failed(session, &fault);
    }
    let on_host = target.document.resources("network").filter(|_| !exclusive);
    let shared = on_host.map(|net| {
        let field = |name: &str| text(net.written(name).unwrap_or_default());
        (field("physical"), field("address"))
    });
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
        shared: shared.filter(|(_, address)| !address.is_empty()).collect(),
        boot_args: String::new(),
    };
    for link in &active.links {
        dladm::link::will_lend(machine, &link.name, name)?;
    }
    kernel::put(machine, &active)?;
    drop(lock);
    if let Err(printed) = hook::after_ready(machine, target)? {
        relay(session, name, &printed);
        take_down(session, target, &active)?;
        return daemon_failed(session, name).map(Err);
    }
    Ok(Ok(active))
}

/// A file system that cannot be mounted ends the boot.
fn mount_fault(machine: &Machine, target: &Target) -> Option<String> {
    target.document.resources("filesystem").find_map(|fs| {
        let field = |name: &str| text(fs.written(name).unwrap_or_default());
        let (special, kind) = (field("special"), field("type"));
        (kind == "lofs" && !machine.path(&special).exists()).then(|| {
            let place = format!("{}{}", target.root(), field("directory"));
            format!("\"/usr/lib/fs/lofs/mount {special} {place}\" failed with exit code 33")
        })
    })
}

/// Gives the delegated data sets to zones.
fn zone_datasets(machine: &Machine, target: &Target) -> io::Result<()> {
    let _lock = machine.lock("datasets")?;
    for resource in target.document.resources("dataset") {
        let name = text(resource.written("name").unwrap_or_default());
        if let Some(mut delegated) = dataset::find(machine, &name)?.filter(|found| found.local("zoned") != Some("on")) {
            delegated.set("zoned", "on");
            dataset::put(machine, &delegated)?;
        }
    }
    Ok(())
}

/// Lets the zone's init run. `false` if it cannot: the zone is down again then, and its root mounted.
fn boot_up(
    session: &mut Session<'_, '_>,
    target: &Target,
    active: ActiveZone,
    _: ZoneState,
    boot_args: &str,
) -> io::Result<bool> {
    let configured = text(target.document.get("bootargs"));
    let boot_args = if boot_args.is_empty() { configured } else { boot_args.to_owned() };
    let arguments = BootArguments::parse(&boot_args);
    if let Some(word) = &arguments.unused {
        session.complain(format_args!("zone '{}': WARNING: Unused or invalid boot arguments `{word}'.\n", target.name));
    }
    let kind = brand::open(session.machine, &target.brand);
    if let Some(init) = kind.and_then(|brand| brand.init) {
        // The path is joined to the root without a slash. [recorded: bootargs-boot-i-rel]
        let path = format!("{}{}", target.root(), arguments.init.as_deref().unwrap_or(init));
        let fault = match fs::metadata(session.machine.path(&path)) {
            Err(error) => Some(format!("could not stat {path}: {}", super::errno(&error))),
            Ok(meta) if meta.permissions().mode() & 0o111 == 0 => Some(format!("{path} is not executable")),
            Ok(_) => None,
        };
        if let Some(fault) = fault {
            session.complain(format_args!("zone '{}': {fault}\n", target.name));
            take_down(session, target, &active)?;
            return Ok(false);
        }
    }
    ipadm::boot_zone(session.machine, &active)?;
    kernel::put(session.machine, &ActiveZone { state: ZoneState::Running, boot_args, ..active })?;
    Ok(true)
}

/// Parses boot arguments as zoneadmd does: only `-i` is its own, and operands are errors.
struct BootArguments {
    init: Option<String>,
    unused: Option<String>,
}

impl BootArguments {
    /// Reads them as getopt(3C) with `fi:m:s` does, silently. A first word that is not an option is taken for a kernel's name.
    /// [recorded: kind `bootargs`]
    fn parse(line: &str) -> BootArguments {
        let mut read = BootArguments { init: None, unused: None };
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut at = usize::from(words.first().is_some_and(|word| !word.starts_with('-')));
        while let Some(cluster) = words.get(at).and_then(|word| word.strip_prefix('-')).filter(|rest| !rest.is_empty())
        {
            at += 1;
            if cluster == "-" {
                break;
            }
            if let Some(place) = cluster.find(['i', 'm']) {
                let value = match &cluster[place + 1..] {
                    "" => {
                        at += 1;
                        words.get(at - 1).copied()
                    }
                    attached => Some(attached),
                };
                if cluster[place..].starts_with('i') {
                    read.init = value.map(str::to_owned).or(read.init);
                }
            }
        }
        read.unused = words.get(at..).filter(|rest| !rest.is_empty()).map(|rest| rest.join(" "));
        read
    }
}

/// Ends an active zone: what is mounted below its root goes, the record goes, and with it the loan of the links; the brand's
/// hook mounts the root again. [recorded: halt-mounted-below]
fn take_down(session: &mut Session<'_, '_>, target: &Target, active: &ActiveZone) -> io::Result<()> {
    let machine = session.machine;
    {
        let _lock = machine.lock("datasets")?;
        for path in dataset::mounted_inside(machine, &target.root())?.iter().rev() {
            if let Some(mut found) = dataset::mounted_at(machine, path)? {
                dataset::unmount(machine, &mut found)?;
            }
        }
    }
    kernel::remove(machine, &active.name)?;
    for link in &active.links {
        dladm::link::given_back(machine, &link.name, &active.name)?;
    }
    hook::after_state(machine, target, StateCommand::Halt)
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

/// `zoneadm mount -f` as a hook calls it, which holds the zone's lock.
pub(super) fn mount_for_hook(session: &mut Session<'_, '_>, target: &Target) -> Answer {
    if !verify::details(session, target, "mount")? {
        return Ok(FAILED);
    }
    mount_scratch(session, target)
}

/// `zoneadm unmount` as a hook calls it.
pub(super) fn unmount_for_hook(session: &mut Session<'_, '_>, target: &Target) -> io::Result<()> {
    match kernel::find(session.machine, &target.name)? {
        Some(active) => end_scratch(session, target, &active),
        None => Ok(()),
    }
}

fn mount_scratch(session: &mut Session<'_, '_>, target: &Target) -> Answer {
    let machine = session.machine;
    if let Err(printed) = hook::before_state(machine, target, ZoneState::Installed, StateCommand::Ready)? {
        relay(session, &target.name, &printed);
        return daemon_failed(session, &target.name);
    }
    fs::create_dir_all(machine.path(&target.zonepath).join("lu/a"))?;
    let (id, serial) = kernel::next_id(machine)?;
    let active = ActiveZone {
        name: target.name.clone(),
        id,
        serial,
        state: ZoneState::Mounted,
        zonepath: target.zonepath.clone(),
        brand: target.brand.clone(),
        exclusive: false,
        links: Vec::new(),
        shared: Vec::new(),
        boot_args: String::new(),
    };
    kernel::put(machine, &active)?;
    match hook::after_ready(machine, target)? {
        Ok(()) => QUIET,
        Err(printed) => {
            relay(session, &target.name, &printed);
            end_scratch(session, target, &active)?;
            daemon_failed(session, &target.name)
        }
    }
}

fn end_scratch(session: &mut Session<'_, '_>, target: &Target, active: &ActiveZone) -> io::Result<()> {
    crate::tree::remove(session.machine, &session.machine.path(&target.zonepath).join("lu"))?;
    take_down(session, target, active)
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
    match hook::sysboot(session.machine, &target)? {
        Ok(()) => QUIET,
        Err(printed) => {
            hook::print_fatal(session, &target.zonepath, &printed)?;
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
