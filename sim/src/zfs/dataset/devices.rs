//! The device nodes of volumes: `/dev/zvol/dsk/NAME` for the block device, `/dev/zvol/rdsk/NAME` for the raw one. On this machine
//! they are empty files. [source: sdev_zvolops.c]

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::Machine;

/// Directory that holds the nodes, with the two kinds below it.
pub(crate) const TOP: &str = "/dev/zvol";
const KINDS: [&str; 2] = ["dsk", "rdsk"];

fn nodes(name: &str) -> impl Iterator<Item = PathBuf> + '_ {
    KINDS.iter().map(move |kind| PathBuf::from(TOP).join(kind).join(name))
}

/// Creates the nodes of a new volume.
pub(super) fn add(machine: &Machine, name: &str) -> io::Result<()> {
    for node in nodes(name) {
        let path = machine.path(node);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, "")?;
    }
    Ok(())
}

/// Removes the nodes of a volume, and directories that are then empty.
pub(super) fn remove(machine: &Machine, name: &str) -> io::Result<()> {
    for node in nodes(name) {
        match fs::remove_file(machine.path(&node)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for directory in node.ancestors().skip(1).take_while(|directory| directory.starts_with(TOP)) {
            if fs::remove_dir(machine.path(directory)).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Returns all nodes, sorted.
pub(crate) fn all(machine: &Machine) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut directories = vec![TOP.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(machine.path(&directory)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() { directories.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
