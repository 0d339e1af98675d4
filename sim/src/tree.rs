//! Whole directory trees: copied for snapshots, removed by one rename first.

use std::fs;
use std::io;
use std::os::unix::fs::{self as unix, FileTypeExt};
use std::path::Path;

use super::Machine;

/// Copies a tree, modes and symbolic links included; nothing when there is none.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let meta = match fs::symlink_metadata(from) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let kind = meta.file_type();
    if kind.is_symlink() {
        return unix::symlink(fs::read_link(from)?, to);
    }
    if kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
        return Ok(());
    }
    if !kind.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    fs::set_permissions(to, meta.permissions())
}

/// Removes a tree: gone at once, then cleared away. Nothing when there is none.
pub(crate) fn remove(machine: &Machine, path: &Path) -> io::Result<()> {
    let doomed = machine.temporary()?;
    match fs::rename(path, &doomed) {
        Ok(()) => fs::remove_dir_all(&doomed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
