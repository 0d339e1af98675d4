//! The part of zoneadmd: the virtual platform of a zone comes up and goes.
//!
//! [source: vplat.c and zoneadmd.c; recorded: kinds `hook-state`, `bootargs`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::state_hook::{self, StateCommand};
use super::{QUIET, Target, brand, complain, text, verify};
use crate::document::IpType;
use crate::kernel::{self, ActiveZone, LentLink};
use crate::session::{Answer, FAILED, Session};
use crate::zfs::dataset;
use crate::{Machine, Status, ZoneState, dladm, interface, ipadm};

/// Message of `zoneadm` if its zoneadmd could not do what it was asked for.
pub(super) fn daemon_failed(session: &mut Session<'_, '_>, zone: &str) -> Answer {
    complain(session, zone, format_args!("call to zoneadmd failed"));
    Ok(FAILED)
}

/// Standard output of a hook that zoneadmd runs: line by line, each followed by an empty one. Its standard error
/// is zoneadmd's own and lost. [recorded: hookexit-oi-boot-pre-255]
pub(super) fn relay(session: &mut Session<'_, '_>, zone: &str, printed: &str) {
    for line in printed.lines() {
        session.complain(format_args!("zone '{zone}': {line}\nzone '{zone}': \n"));
    }
}

/// Builds the virtual platform: the root, the links, the id. `Err` if it failed and the zone is as before, but for its root,
/// which stays unmounted if that was what failed. [recorded: fail-omnios-ipkg-boot-beadm-1]
pub(super) fn make_ready(
    session: &mut Session<'_, '_>,
    target: &Target,
    state: ZoneState,
) -> io::Result<Result<ActiveZone, Status>> {
    let machine = session.machine;
    let name = &target.name;
    if let Err(printed) = state_hook::before_state(machine, target, state, StateCommand::Ready)? {
        relay(session, name, &printed);
        return daemon_failed(session, name).map(Err);
    }
    let failed = |session: &mut Session<'_, '_>, message: &str| {
        session.complain(format_args!("zone '{name}': {message}\n"));
        state_hook::after_state(session.machine, target, StateCommand::Halt)?;
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
        if wanted.is_none() || interface::is_plumbed(machine, &physical)? {
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
        devices: devices(target),
    };
    for link in &active.links {
        dladm::link::will_lend(machine, &link.name, name)?;
    }
    kernel::put(machine, &active)?;
    drop(lock);
    if let Err(printed) = state_hook::after_ready(machine, target)? {
        relay(session, name, &printed);
        take_down(session, target, &active)?;
        return daemon_failed(session, name).map(Err);
    }
    Ok(Ok(active))
}

/// Returns the patterns of the devices that the configuration gives to the zone.
fn devices(target: &Target) -> Vec<String> {
    target.document.resources("device").map(|device| text(device.written("match").unwrap_or_default())).collect()
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
pub(super) fn boot_up(
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
pub(super) fn take_down(session: &mut Session<'_, '_>, target: &Target, active: &ActiveZone) -> io::Result<()> {
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
    state_hook::after_state(machine, target, StateCommand::Halt)
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

pub(super) fn mount_scratch(session: &mut Session<'_, '_>, target: &Target) -> Answer {
    let machine = session.machine;
    if let Err(printed) = state_hook::before_state(machine, target, ZoneState::Installed, StateCommand::Ready)? {
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
        devices: Vec::new(),
    };
    kernel::put(machine, &active)?;
    match state_hook::after_ready(machine, target)? {
        Ok(()) => QUIET,
        Err(printed) => {
            relay(session, &target.name, &printed);
            end_scratch(session, target, &active)?;
            daemon_failed(session, &target.name)
        }
    }
}

pub(super) fn end_scratch(session: &mut Session<'_, '_>, target: &Target, active: &ActiveZone) -> io::Result<()> {
    crate::tree::remove(session.machine, &session.machine.path(&target.zonepath).join("lu"))?;
    take_down(session, target, active)
}
