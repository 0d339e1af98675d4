//! Creation, renaming, promotion and destruction of data sets and snapshots. [source: libzfs_dataset.c, dsl_dir.c; recorded:
//! datasets_after and snapshots of hooks.jsonl]

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::Record;
use crate::{Machine, hints, tree};

use super::devices;
use super::facts::*;
use super::mounts::*;

/// Makes a data set, mounted where its properties say unless `canmount` is not `on`; its parent is there and it is not.
/// With contents of its own when it is a clone. False when it is there but could not be mounted, because its mount point
/// holds something. The lock `datasets` is held.
pub(crate) fn create(machine: &Machine, dataset: &mut Dataset) -> io::Result<bool> {
    let built = machine.temporary_directory()?;
    if let Some(origin) = dataset.origin.clone() {
        if let Some((_, contents)) = snapshot_files(&origin) {
            tree::copy(&machine.path(contents), &built.join(CONTENTS))?;
        }
        note_clone(machine, &origin, &dataset.name)?;
    }
    dataset.guid = draw_guid()?;
    dataset.mounted = None;
    fs::write(built.join(OWN), dataset.encode().text())?;
    fs::rename(&built, directory(machine, &dataset.name))?;
    if dataset.is_volume() {
        devices::add(machine, &dataset.name)?;
    }
    let (place, _) = mountpoint(machine, dataset)?;
    if place.starts_with('/')
        && !dataset.is_volume()
        && dataset.local("canmount").is_none_or(|value| value == "on")
        && inherited(machine, dataset, "zoned")?.is_none_or(|(zoned, _)| zoned != "on")
    {
        return mount(machine, dataset, &place);
    }
    Ok(true)
}

pub(super) fn note_clone(machine: &Machine, snapshot: &str, clone: &str) -> io::Result<()> {
    let Some((file, _)) = snapshot_files(snapshot) else { return Ok(()) };
    if let Some(mut record) = Record::read(&machine.path(&file))? {
        record.push("clone", clone);
        machine.replace(file, record.text().as_bytes())?;
    }
    Ok(())
}

/// Drops the clones that are gone from the snapshot's record.
pub(super) fn tidy_clones(machine: &Machine, snapshot: &str) -> io::Result<()> {
    if let (Some(found), Some((file, _))) = (find_snapshot(machine, snapshot)?, snapshot_files(snapshot)) {
        machine.replace(file, encode_snapshot(&found).text().as_bytes())?;
    }
    Ok(())
}

/// Destroys a data set that has no children and whose snapshots have no clones; its mount point goes too, if it is empty
/// but for the contents. The lock is held.
pub(crate) fn destroy(machine: &Machine, dataset: &Dataset) -> io::Result<()> {
    if let Some(path) = &dataset.mounted {
        let place = machine.path(path);
        tree::remove(machine, &place)?;
        if directory(machine, &dataset.name).join(COVERED).is_dir() {
            uncover(machine, dataset, &place)?;
        }
    }
    tree::remove(machine, &directory(machine, &dataset.name))?;
    if dataset.is_volume() {
        devices::remove(machine, &dataset.name)?;
    }
    if let Some(path) = &dataset.mounted {
        forget_mount(machine, path, &dataset.name)?;
    }
    if let Some(origin) = &dataset.origin {
        tidy_clones(machine, origin)?;
    }
    Ok(())
}

/// Snaps a data set that is there, under a name that is not taken. The lock is held.
pub(crate) fn snapshot(machine: &Machine, dataset: &Dataset, name: &str) -> io::Result<()> {
    let Some((file, contents)) = snapshot_files(&format!("{}@{name}", dataset.name)) else { return Ok(()) };
    let serial = machine.counter("snapshot-serial") + 1;
    machine.set_counter("snapshot-serial", serial)?;
    let source = match &dataset.mounted {
        Some(path) => machine.path(path),
        None => directory(machine, &dataset.name).join(CONTENTS),
    };
    let built = machine.temporary()?;
    match source.is_dir() {
        true => tree::copy(&source, &built)?,
        false => fs::create_dir(&built)?,
    }
    // Mounts below belong to other data sets.
    for below in descendants(machine, &dataset.name)?.iter().skip(1) {
        let mounted = find(machine, below)?.and_then(|below| below.mounted);
        if let Some(inside) = mounted.and_then(|path| machine.path(path).strip_prefix(&source).ok().map(Path::to_owned))
        {
            tree::remove(machine, &built.join(&inside))?;
            fs::create_dir_all(built.join(inside))?;
        }
    }
    fs::rename(&built, machine.path(contents))?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (name, clones, holds) = (String::new(), Vec::new(), Vec::new());
    let snapshot = Snapshot { name, guid: draw_guid()?, serial, clones, holds, created };
    machine.replace(file, encode_snapshot(&snapshot).text().as_bytes())
}

/// Puts a snapshot's contents in place of the data set's. The lock is held.
pub(crate) fn roll_back(machine: &Machine, dataset: &Dataset, name: &str) -> io::Result<()> {
    let Some((_, contents)) = snapshot_files(name) else { return Ok(()) };
    let place = match &dataset.mounted {
        Some(path) => machine.path(path),
        None => directory(machine, &dataset.name).join(CONTENTS),
    };
    let built = machine.temporary()?;
    tree::copy(&machine.path(contents), &built)?;
    // Mounts below belong to other data sets, and stay where they are.
    for below in descendants(machine, &dataset.name)?.iter().skip(1) {
        let Some(path) = find(machine, below)?.and_then(|below| below.mounted) else { continue };
        if let Ok(inside) = machine.path(path).strip_prefix(&place) {
            let there = built.join(inside);
            tree::remove(machine, &there)?;
            fs::create_dir_all(there.parent().unwrap_or(&built))?;
            fs::rename(place.join(inside), there)?;
        }
    }
    tree::remove(machine, &place)?;
    fs::rename(&built, place)
}

/// Keeps a snapshot from being destroyed, or lets it go. The lock is held.
pub(crate) fn hold(machine: &Machine, snapshot: &Snapshot) -> io::Result<()> {
    match snapshot_files(&snapshot.name) {
        Some((file, _)) => machine.replace(file, encode_snapshot(snapshot).text().as_bytes()),
        None => Ok(()),
    }
}

/// Destroys a snapshot that has no clones. The lock is held.
pub(crate) fn destroy_snapshot(machine: &Machine, name: &str) -> io::Result<()> {
    if let Some((file, contents)) = snapshot_files(name) {
        fs::remove_file(machine.path(file))?;
        tree::remove(machine, &machine.path(contents))?;
    }
    Ok(())
}

/// Renames a snapshot of one data set. The lock is held.
pub(crate) fn rename_snapshot(machine: &Machine, old: &str, new: &str) -> io::Result<()> {
    let Some(found) = find_snapshot(machine, old)? else { return Ok(()) };
    let (Some((old_file, old_contents)), Some((new_file, new_contents))) = (snapshot_files(old), snapshot_files(new))
    else {
        return Ok(());
    };
    fs::rename(machine.path(old_contents), machine.path(new_contents))?;
    fs::rename(machine.path(old_file), machine.path(&new_file))?;
    for clone in &found.clones {
        if let Some(mut clone) = find(machine, clone)? {
            clone.origin = Some(new.to_owned());
            put(machine, &clone)?;
        }
    }
    Ok(())
}

/// Renames a data set and all below it. What is mounted by inheritance moves along. The lock is held.
pub(crate) fn rename(machine: &Machine, dataset: &Dataset, new: &str) -> io::Result<()> {
    let all = descendants(machine, &dataset.name)?;
    let mut remount = Vec::new();
    for name in all.iter().rev() {
        if let Some(mut found) = find(machine, name)?
            && found.mounted.is_some()
            && mountpoint(machine, &found)?.0.starts_with('/')
        {
            unmount(machine, &mut found)?;
            remount.push(format!("{new}{}", &name[dataset.name.len()..]));
        }
    }
    fs::rename(directory(machine, &dataset.name), directory(machine, new))?;
    for name in &all {
        let renamed = format!("{new}{}", &name[dataset.name.len()..]);
        for snapshot in snapshots_raw(machine, &renamed)? {
            for (_, clone) in snapshot.1.pairs().filter(|(key, _)| *key == "clone") {
                if let Some(mut clone) = find(machine, clone)? {
                    clone.origin = Some(snapshot.0.clone());
                    put(machine, &clone)?;
                }
            }
        }
        if let Some(found) = find(machine, &renamed)? {
            if found.is_volume() {
                devices::remove(machine, name)?;
                devices::add(machine, &renamed)?;
            }
            if let Some(path) = &found.mounted {
                hints::add(machine, MOUNTS, path, &renamed)?;
                forget_mount(machine, path, name)?;
            }
            if let Some(origin) = &found.origin {
                note_clone(machine, origin, &renamed)?;
                tidy_clones(machine, origin)?;
            }
        }
    }
    for name in remount.iter().rev() {
        if let Some(mut found) = find(machine, name)? {
            let (place, _) = mountpoint(machine, &found)?;
            mount(machine, &mut found, &place)?;
        }
    }
    Ok(())
}

/// Makes a clone the master of its origin: the origin's snapshots up to that one become the clone's. The lock is held.
pub(crate) fn promote(machine: &Machine, clone: &Dataset) -> io::Result<()> {
    let Some(origin) = clone.origin.clone() else { return Ok(()) };
    let Some((master, _)) = origin.split_once('@') else { return Ok(()) };
    let Some(mut old) = find(machine, master)? else { return Ok(()) };
    let Some(at) = find_snapshot(machine, &origin)?.map(|snapshot| snapshot.serial) else { return Ok(()) };
    let mut promoted = clone.clone();
    promoted.origin = old.origin.take();
    for snapshot in snapshots(machine, master)?.into_iter().filter(|snapshot| snapshot.serial <= at) {
        let Some((_, short)) = snapshot.name.split_once('@') else { continue };
        let moved = format!("{}@{short}", clone.name);
        let (Some((old_file, old_contents)), Some((new_file, new_contents))) =
            (snapshot_files(&snapshot.name), snapshot_files(&moved))
        else {
            continue;
        };
        fs::rename(machine.path(old_contents), machine.path(new_contents))?;
        let mut clones = snapshot.clones.clone();
        clones.retain(|name| *name != clone.name);
        if snapshot.name == origin {
            clones.push(old.name.clone());
            old.origin = Some(moved.clone());
        }
        let renamed = Snapshot { clones: clones.clone(), ..snapshot };
        machine.replace(new_file, encode_snapshot(&renamed).text().as_bytes())?;
        for other in clones.iter().filter(|name| **name != old.name) {
            if let Some(mut other) = find(machine, other)? {
                other.origin = Some(moved.clone());
                put(machine, &other)?;
            }
        }
        fs::remove_file(machine.path(old_file))?;
    }
    put(machine, &promoted)?;
    put(machine, &old)
}
