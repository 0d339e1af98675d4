//! `ipadm`: IP interfaces and addresses, of the global zone and inside zones with a stack of their own.
//!
//! Invariant: what somebody made is a file an interface below etc/ipadm of the stack's root; what the global zone says of
//! a zone's addresses is not there but in the kernel's record of the zone.

mod command;
mod stack;

use std::fs;
use std::io;

pub(crate) use command::{run, run_at};
pub(crate) use stack::Stack;

use super::Machine;
use super::record::Record;

/// Whether the global zone has an IP interface on the link.
pub(crate) fn is_plumbed(machine: &Machine, link: &str) -> io::Result<bool> {
    stack::file(machine.root(), link).try_exists()
}

/// The link of the global zone in whose subnet the address lies.
pub(crate) fn link_of_subnet(machine: &Machine, address: &str) -> io::Result<Option<String>> {
    Stack::global(machine).link_of_subnet(address)
}

/// At a reboot: what was not made persistent is gone.
pub(crate) fn forget_temporary(machine: &Machine) -> io::Result<()> {
    let entries = match fs::read_dir(machine.root().join(stack::FOLDER)) {
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
