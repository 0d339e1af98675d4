//! `ipadm`: IP interfaces and addresses, of the global zone and inside zones with a stack of their own.
//!
//! Invariant: what a user made is one file per interface below etc/ipadm of the stack's root; what the global zone says of
//! a zone's addresses is not there but in the kernel's record of the zone.
//!
//! [source: ipadm.c, libipadm; ipadm_ngz.c for zones]

mod command;
mod stack;

use std::fs;
use std::io;
use std::path::Path;

pub(crate) use command::{run, run_at};
pub(crate) use stack::Stack;

use super::kernel::ActiveZone;
use super::record::Record;
use super::{Machine, interface};

/// The link of the global zone in whose subnet the address lies.
pub(crate) fn link_of_subnet(machine: &Machine, address: &str) -> io::Result<Option<String>> {
    Stack::global(machine).link_of_subnet(address)
}

/// A zone boots.
pub(crate) fn boot_zone(machine: &Machine, zone: &ActiveZone) -> io::Result<()> {
    // lx has no ipadm: its init configures the links by itself.
    if zone.exclusive && zone.brand != "lx" { Stack::of_zone(machine, zone).come_up() } else { Ok(()) }
}

/// The identity is taken off a zone's files: the interfaces go. Only some lines of illumos forget the first boot too.
pub(crate) fn unconfigure(machine: &Machine, root: &Path) -> io::Result<()> {
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    gone(fs::remove_dir_all(root.join(interface::DIRECTORY)))?;
    if machine.line().clone_boots_as_new {
        gone(fs::remove_file(root.join(stack::FIRST_BOOT_DONE)))?;
    }
    Ok(())
}

/// At a reboot: what was not made persistent is gone.
pub(crate) fn forget_temporary(machine: &Machine) -> io::Result<()> {
    let entries = match fs::read_dir(machine.root().join(interface::DIRECTORY)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if Record::read(&path)?.is_some_and(|record| record.get("persistent") != Some("yes")) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
