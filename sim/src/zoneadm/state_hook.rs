//! The hooks that run when a zone changes state: prestate, poststate, sysboot.
//!
//! [source: prestate, poststate and sysboot of pkg5 of OmniOS and OpenIndiana; recorded: kind `hook-state`]

use std::io;

use super::environment::{
    NO_MOUNT, OWN_PARENT, find_active, mount_active, mount_legacy, mount_overlays, umount, unmount_overlays_silently,
};
use super::script::{Fatal, begin_log};
use super::{Target, prestate};
use crate::dialect::BrandKind;
use crate::zfs::dataset::{self};
use crate::{Machine, ZoneState, pkg};

/// Change of the zone's state, as passed to a state hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateCommand {
    Ready,
    Halt,
}

fn kind_of(machine: &Machine, target: &Target) -> BrandKind {
    machine.line().brand(&target.brand).unwrap_or(BrandKind::Plain)
}

/// Returns the zone's identity as a parent of boot environments; only zones of brand illumos have one.
fn own_parent(machine: &Machine, target: &Target) -> io::Result<Option<String>> {
    let Some(zone) = dataset::mounted_at(machine, &target.zonepath)? else { return Ok(None) };
    let root = dataset::find(machine, &format!("{}/ROOT", zone.name))?;
    Ok(root.and_then(|root| root.local(OWN_PARENT).map(str::to_owned)))
}

/// Runs the hook `prestate`. An error holds what it printed on standard output.
pub(super) fn before_state(
    machine: &Machine,
    target: &Target,
    _: ZoneState,
    command: StateCommand,
) -> io::Result<Result<(), String>> {
    if command != StateCommand::Ready {
        return Ok(Ok(()));
    }
    let done = match kind_of(machine, target) {
        BrandKind::Image | BrandKind::LinkedImage => mount_active(machine, target, &pkg::boot_environment(machine))?,
        BrandKind::Sparse => mount_sparse(machine, target, false)?,
        BrandKind::Illumos => match own_parent(machine, target)? {
            Some(parent) => mount_active(machine, target, &parent)?,
            None => Ok(()),
        },
        _ => Ok(()),
    };
    if let Err(fatal) = done {
        return seen(machine, target, fatal).map(Err);
    }
    prestate::before_ready(machine, target)
}

/// Returns what zoneadmd sees of a message of `fail_fatal`: its text, or nothing on a distribution that writes it to the zone's log.
fn seen(machine: &Machine, target: &Target, fatal: Fatal) -> io::Result<String> {
    if machine.line().hook_errors_on_stdout {
        return Ok(fatal);
    }
    begin_log(machine, &target.zonepath, &fatal)?;
    Ok(String::new())
}

/// Mounts a sparse zone's root; its overlays only if nothing is going to boot.
fn mount_sparse(machine: &Machine, target: &Target, overlays: bool) -> io::Result<Result<(), Fatal>> {
    let _lock = machine.lock("datasets")?;
    let mut environment = match find_active(machine, target)? {
        Ok(environment) => environment,
        Err(fatal) => return Ok(Err(fatal)),
    };
    unmount_overlays_silently(machine, target)?;
    if !umount(machine, &target.root())? {
        return Ok(Err("ERROR: Unable to unmount the zone's root ZFS dataset ().".into()));
    }
    environment.mounted = dataset::find(machine, &environment.name)?.and_then(|found| found.mounted);
    if !mount_legacy(machine, &mut environment, &target.root(), false)? {
        return Ok(Err(format!("ERROR: {NO_MOUNT}")));
    }
    if overlays { mount_overlays(machine, target, &environment.name) } else { Ok(Ok(())) }
}

/// Runs the hook `poststate` after the zone has become ready.
pub(super) fn after_ready(machine: &Machine, target: &Target) -> io::Result<Result<(), String>> {
    if kind_of(machine, target) != BrandKind::Sparse {
        return Ok(Ok(()));
    }
    match remount_overlays(machine, target)? {
        Ok(()) => Ok(Ok(())),
        Err(fatal) => seen(machine, target, fatal).map(Err),
    }
}

fn remount_overlays(machine: &Machine, target: &Target) -> io::Result<Result<(), Fatal>> {
    let _lock = machine.lock("datasets")?;
    match find_active(machine, target)? {
        Ok(environment) => mount_overlays(machine, target, &environment.name),
        Err(fatal) => Ok(Err(fatal)),
    }
}

/// Runs the hook `poststate` after the zone has ended: the root of package zones stays mounted, that of illumos zones does not.
/// [recorded: state-omnios-illumos-shutdown]
pub(super) fn after_state(machine: &Machine, target: &Target, command: StateCommand) -> io::Result<()> {
    if command != StateCommand::Halt {
        return Ok(());
    }
    match kind_of(machine, target) {
        BrandKind::Image | BrandKind::LinkedImage => {
            let _ = mount_active(machine, target, &pkg::boot_environment(machine))?;
        }
        BrandKind::Sparse => {
            let _ = remount_overlays(machine, target)?;
        }
        BrandKind::Illumos if own_parent(machine, target)?.is_some() => {
            let _lock = machine.lock("datasets")?;
            umount(machine, &target.root())?;
        }
        _ => {}
    }
    prestate::after_end(machine, target);
    Ok(())
}

/// Runs the hook `sysboot`, which mounts the root of a zone that stays down.
pub(super) fn sysboot(machine: &Machine, target: &Target) -> io::Result<Result<(), Fatal>> {
    match kind_of(machine, target) {
        BrandKind::Sparse => mount_sparse(machine, target, true),
        _ => mount_active(machine, target, &pkg::boot_environment(machine)),
    }
}
