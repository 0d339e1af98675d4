//! Mount points of data sets. [source: libzfs_mount.c; recorded: mounts of hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::{Machine, hints};

use super::facts::*;

/// The data set mounted at this path of the machine; a slash at its end changes nothing.
pub(crate) fn mounted_at(machine: &Machine, path: &str) -> io::Result<Option<Dataset>> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    for name in hints::look(machine, MOUNTS, path)? {
        if let Some(found) = find(machine, &name)?.filter(|dataset| dataset.mounted.as_deref() == Some(path)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The mount points below a zone's root (`…/root`), in order.
pub(crate) fn mounted_inside(machine: &Machine, root: &str) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for name in hints::look(machine, INSIDE, root)? {
        let mounted = find(machine, &name)?.and_then(|dataset| dataset.mounted);
        paths.extend(mounted.filter(|path| enclosing_root(path) == Some(root)));
    }
    paths.sort();
    Ok(paths)
}

/// The root directory that a mount point lies in, if there is a `root` on its way.
pub(super) fn enclosing_root(path: &str) -> Option<&str> {
    path.find("/root/").map(|at| &path[..at + "/root".len()])
}

/// Puts the data set's contents at `path`, in place of the empty directory that may be there. False, and nothing done,
/// when that is not empty. The lock is held.
pub(crate) fn mount(machine: &Machine, dataset: &mut Dataset, path: &str) -> io::Result<bool> {
    mount_over(machine, dataset, path, false)
}

/// Mounts as `mount` does; with `overlay` what lies at `path` is covered until the data set is unmounted. The lock is held.
pub(crate) fn mount_over(machine: &Machine, dataset: &mut Dataset, path: &str, overlay: bool) -> io::Result<bool> {
    let contents = directory(machine, &dataset.name).join(CONTENTS);
    let place = machine.path(path);
    match fs::read_dir(&place).map(|mut entries| entries.next().is_some()) {
        Ok(true) if overlay => fs::rename(&place, directory(machine, &dataset.name).join(COVERED))?,
        Ok(true) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(false),
        _ => {}
    }
    dataset.mounted = Some(path.to_owned());
    hints::add(machine, MOUNTS, path, &dataset.name)?;
    if let Some(root) = enclosing_root(path) {
        hints::add(machine, INSIDE, root, &dataset.name)?;
    }
    fs::create_dir_all(&place)?;
    if contents.is_dir() {
        fs::rename(&contents, &place)?;
    } else {
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
    }
    put(machine, dataset)?;
    Ok(true)
}

/// Takes the contents away from the mount point, which stays behind as an empty directory. The lock is held.
pub(crate) fn unmount(machine: &Machine, dataset: &mut Dataset) -> io::Result<()> {
    let Some(path) = dataset.mounted.take() else { return Ok(()) };
    let place = machine.path(&path);
    match fs::rename(&place, directory(machine, &dataset.name).join(CONTENTS)) {
        Ok(()) => uncover(machine, dataset, &place)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    put(machine, dataset)?;
    forget_mount(machine, &path, &dataset.name)
}

/// Puts back what the data set covered, else an empty directory.
pub(super) fn uncover(machine: &Machine, dataset: &Dataset, place: &Path) -> io::Result<()> {
    match fs::rename(directory(machine, &dataset.name).join(COVERED), place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(place),
        done => done,
    }
}

pub(super) fn forget_mount(machine: &Machine, path: &str, name: &str) -> io::Result<()> {
    if let Some(root) = enclosing_root(path) {
        hints::remove(machine, INSIDE, root, name)?;
    }
    hints::remove(machine, MOUNTS, path, name)
}
