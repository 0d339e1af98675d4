//! `ipadm`: IP interfaces and addresses, of the global zone and inside zones with a stack of their own.

use std::io;
use std::path::{Path, PathBuf};

use super::Machine;
use super::machine::component;

const FOLDER: &str = "etc/ipadm";

/// The file that holds an interface of the stack whose root this is.
fn interface(root: &Path, name: &str) -> PathBuf {
    root.join(FOLDER).join(component(name))
}

/// Whether the global zone has an IP interface on the link.
pub(in crate::sim) fn is_plumbed(machine: &Machine, link: &str) -> io::Result<bool> {
    interface(machine.root(), link).try_exists()
}

/// At a reboot: what was not made persistent is gone.
pub(in crate::sim) fn forget_temporary(_: &Machine) -> io::Result<()> {
    Ok(())
}
