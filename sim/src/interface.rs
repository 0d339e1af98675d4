//! Links that IP uses: one file per interface below etc/ipadm of the stack's root.
//!
//! [source: ipmgmtd: /etc/ipadm/ipadm.conf]

use std::io;
use std::path::{Path, PathBuf};

use super::Machine;
use super::machine::component;

pub(crate) const DIRECTORY: &str = "etc/ipadm";

/// The file that holds an interface of the stack whose root this is.
pub(crate) fn file(root: &Path, name: &str) -> PathBuf {
    root.join(DIRECTORY).join(component(name))
}

/// Returns true if the global zone has an IP interface on the link.
pub(crate) fn is_plumbed(machine: &Machine, link: &str) -> io::Result<bool> {
    file(machine.root(), link).try_exists()
}
