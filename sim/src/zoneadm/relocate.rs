//! `zoneadm move` and `detach`, and the detach hook of the brands that have packages.
//!
//! [source: move_func and detach_func of zoneadm.c, detach of ipkg and sparse; recorded: kinds `move`, `hook-detach-options`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::getopt::Getopt;
use super::play::{self, Hook};
use super::script::End;
use super::{
    DETACHED, Rule, Target, brand, complain, environment, errno, find_zone, lock, no_brand, or_return, sanity,
    set_state, usage, verify, zonepath,
};
use crate::index::{self, State};
use crate::session::{Answer, FAILED, OK, Session};
use crate::zfs::{change, dataset};
use crate::{Machine, ZoneState};

pub(super) fn move_zone(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::new(args, "?");
    if let Some(option) = options.next(session) {
        return usage::answer(session, "move", option.written);
    }
    let [new] = options.operands() else { return usage::of(session, "move") };
    let refused = &[
        (ZoneState::Configured, "must be installed before move."),
        (ZoneState::Incomplete, "must be installed before move."),
    ];
    let rule = Rule { word: "move", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, "move")? || !zonepath::check(session, &target.name, new, "move")? {
        return Ok(FAILED);
    }
    let machine = session.machine;
    if fs::read_dir(machine.path(new))?.next().is_some() {
        session.complain(format_args!("could not move zone to {new}: directory not empty\n"));
        return Ok(FAILED);
    }
    // Anything but the zone's root keeps it where it is. [recorded: move-omnios-sparse]
    let mounted = mounts_below(machine, &target.zonepath)?;
    let unexpected: Vec<&String> = mounted.iter().filter(|path| **path != target.root()).collect();
    if !unexpected.is_empty() {
        say_mounted(session, &target, &target.zonepath, &unexpected);
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    if let Err(error) = relocate(machine, &target, new)? {
        session.complain(format_args!("zoneadm: could not move zone: {}\n", errno(&error)));
        return Ok(FAILED);
    }
    let mut document = target.document.clone();
    document.zone.set("zonepath", new);
    let change = index::Change { zonepath: Some(new.as_bytes()), ..index::Change::default() };
    let written = document
        .save(machine, target.name.as_bytes())
        .and_then(|()| index::modify(machine, target.name.as_bytes(), &change));
    if let Err(error) = written {
        session.complain(format_args!("zoneadm: {}: could not set zonepath: {}\n", target.name, error.text()));
        return Ok(FAILED);
    }
    Ok(OK)
}

/// Returns the mount points of data sets strictly below a path.
fn mounts_below(machine: &Machine, path: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    if dataset::mounted_at(machine, &format!("{path}/root"))?.is_some() {
        found.push(format!("{path}/root"));
    }
    found.extend(dataset::mounted_inside(machine, &format!("{path}/root"))?);
    if let Some(own) = dataset::mounted_at(machine, path)? {
        for name in dataset::descendants(machine, &own.name)?.into_iter().skip(1) {
            let mounted = dataset::find(machine, &name)?.and_then(|found| found.mounted);
            found.extend(mounted.filter(|place| place.starts_with(&format!("{path}/")) && !found.contains(place)));
        }
    }
    Ok(found)
}

/// Lists what is mounted, as `zoneadm` does: a line each, and an empty one. [recorded: uninstall-mounted-below]
pub(super) fn say_mounted(session: &mut Session<'_, '_>, target: &Target, top: &str, paths: &[&String]) {
    complain(session, &target.name, format_args!("These file systems are mounted on subdirectories of {top}.\n"));
    for path in paths {
        complain(session, &target.name, format_args!("  {path}\n"));
    }
}

/// The zonepath's data set keeps its name and gets another mount point; a plain directory is renamed. [recorded: move-plain]
fn relocate(machine: &Machine, target: &Target, new: &str) -> io::Result<Result<(), io::Error>> {
    let _lock = machine.lock("datasets")?;
    let root = dataset::mounted_at(machine, &target.root())?;
    if let Some(mut root) = root.clone() {
        dataset::unmount(machine, &mut root)?;
    }
    let (old_place, new_place) = (machine.path(&target.zonepath), machine.path(new));
    match dataset::mounted_at(machine, &target.zonepath)? {
        Some(mut moved) => {
            moved.set("mountpoint", new);
            change::settle(machine, moved, "mountpoint")?;
            // Under the data set was the directory that zoneadm had made. [recorded: move-below-unmounted]
            if fs::remove_dir(&old_place).is_err() && old_place.is_dir() {
                fs::set_permissions(&old_place, fs::Permissions::from_mode(0o700))?;
            }
        }
        None => {
            fs::remove_dir(&new_place)?;
            if let Err(error) = fs::rename(&old_place, &new_place) {
                return Ok(Err(error));
            }
        }
    }
    if let Some(root) = root
        && let Some(mut root) = dataset::find(machine, &root.name)?
    {
        environment::mount_legacy(machine, &mut root, &format!("{new}/root"), false)?;
    }
    Ok(Ok(()))
}

pub(super) fn detach(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::quiet(args, "?n");
    let (mut dry_run, mut help) = (false, false);
    while let Some(option) = options.next(session) {
        match option.letter {
            'n' => dry_run = true,
            _ if option.written == '?' => {
                usage::of(session, "detach")?;
                help = true;
            }
            // For the brand.
            _ => {}
        }
    }
    if dry_run || help {
        return dry_detach(session, zone, args, help);
    }
    let refused = &[
        (ZoneState::Configured, "must be installed before detach."),
        (ZoneState::Incomplete, "must be installed before detach."),
    ];
    let rule = Rule { word: "detach", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, "detach")? {
        return Ok(FAILED);
    }
    let Some(brand) = brand::open(session.machine, &target.brand) else { return Ok(no_brand(session, &target.name)) };
    let _lock = or_return!(lock(session, &target.name)?);
    if brand.detach {
        match or_return!(play::run(session, Hook::Detach, &target, args)?) {
            End::Done => {}
            End::Usage => return usage::of(session, "detach").map(|_| FAILED),
            _ => return Ok(FAILED),
        }
    } else {
        if let Err(halt) = session.middle() {
            return Ok(halt.status());
        }
        let mounted = mounts_below(session.machine, &target.zonepath)?;
        if !mounted.is_empty() {
            session
                .complain(format_args!("These file systems are mounted on subdirectories of {}.\n", target.zonepath));
            for path in &mounted {
                complain(session, &target.name, format_args!("  {path}\n"));
            }
            return Ok(FAILED);
        }
        let manifest = manifest(&target);
        session.machine.replace(format!("{}/{DETACHED}", target.zonepath), &manifest)?;
    }
    or_return!(set_state(session, &target.name, State::Configured));
    Ok(OK)
}

/// The document that zoneadm itself writes, with another comment than zonecfg's. [recorded: detach-omnios-illumos-n]
fn manifest(target: &Target) -> Vec<u8> {
    let document = target.document.to_xml().unwrap_or_default();
    let text = String::from_utf8_lossy(&document);
    text.replacen("Use zonecfg(1M) instead.", "Use zonecfg(1M) and zoneadm(1M) attach.", 1).into_bytes()
}

/// Prints what would be written, in every state of the zone. [recorded: state-running-detach-n]
fn dry_detach(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String], help: bool) -> Answer {
    let Some(zone) = zone else {
        session.complain(format_args!("zoneadm: no zone specified\n"));
        return Ok(FAILED);
    };
    if zone == "global" {
        complain(session, zone, format_args!("detach operation is invalid for the global zone."));
        return Ok(FAILED);
    }
    let target = find_zone(session.machine, zone);
    let brand = target.as_ref().and_then(|target| brand::open(session.machine, &target.brand));
    let (Some(target), Some(brand)) = (target, brand) else { return Ok(no_brand(session, zone)) };
    if brand.detach {
        let end = or_return!(play::run(session, Hook::Detach, &target, args)?);
        if end == End::Usage && !help {
            usage::of(session, "detach")?;
        }
        return Ok(if end == End::Done { OK } else { FAILED });
    }
    if !help {
        session.out.stdout(&manifest(&target));
    }
    Ok(OK)
}
