//! Zoneadm's own way to get rid of a zonepath, after a hook that ended with 254 and for brands without an uninstall hook.
//!
//! [source: cleanup_zonepath of zoneadm.c, destroy_zfs of zfs.c; recorded: fail-oi-ipkg-install-pkg-4]

use std::fs;
use std::io;

use super::Target;
use crate::session::Session;
use crate::tree;
use crate::zfs::{dataset, destroy};

const STANDARD: [&str; 4] = ["dev", "lu", "root", "SUNWattached.xml"];

/// Cleans the zonepath up. `false` if something was in the way; what it was has been said then.
pub(super) fn zonepath(session: &mut Session<'_, '_>, target: &Target) -> io::Result<bool> {
    let machine = session.machine;
    let path = &target.zonepath;
    let place = machine.path(path);
    let Ok(entries) = fs::read_dir(&place) else { return Ok(true) };
    let names: Vec<String> =
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<io::Result<_>>()?;
    let _lock = machine.lock("datasets")?;
    if names.iter().any(|name| !STANDARD.contains(&name.as_str())) {
        let mut removed = true;
        for name in STANDARD {
            removed &= remove(session, &format!("{path}/{name}"))?;
        }
        session.complain(format_args!(
            "WARNING: Unable to completely remove {path}\nbecause it contains additional user data.  \
             Only the standard directory\nentries have been removed.\n"
        ));
        return Ok(removed || rm_failed(session, target));
    }
    if dataset::mounted_at(machine, path)?.is_none() {
        return Ok(remove(session, path)? || rm_failed(session, target));
    }
    if destroy_dataset(session, path)? {
        return Ok(true);
    }
    let mut removed = true;
    for name in names {
        removed &= remove(session, &format!("{path}/{name}"))?;
    }
    Ok(removed || rm_failed(session, target))
}

fn rm_failed(session: &mut Session<'_, '_>, target: &Target) -> bool {
    super::complain(session, &target.name, format_args!("'/usr/bin/rm -rf' failed with exit code 1."));
    false
}

/// Removes a tree, but for what is mounted in it.
fn remove(session: &Session<'_, '_>, path: &str) -> io::Result<bool> {
    let machine = session.machine;
    if dataset::mounted_at(machine, path)?.is_some() || !dataset::mounted_inside(machine, path)?.is_empty() {
        return Ok(false);
    }
    tree::remove(machine, &machine.path(path))?;
    Ok(true)
}

fn destroy_dataset(session: &mut Session<'_, '_>, path: &str) -> io::Result<bool> {
    let machine = session.machine;
    let Some(found) = dataset::mounted_at(machine, path)? else { return Ok(false) };
    if let Some(youngest) = dataset::snapshots(machine, &found.name)?.iter().rev().find(|s| !s.clones.is_empty())
        && let Some(clone) = youngest.clones.first()
        && let Some(clone) = dataset::find(machine, clone)?
    {
        dataset::promote(machine, &clone)?;
    }
    for snapshot in dataset::snapshots(machine, &found.name)? {
        dataset::destroy_snapshot(machine, &snapshot.name)?;
    }
    if !dataset::children(machine, &found.name)?.is_empty() {
        session.complain(format_args!("zfs destroy {} failed: the dataset still has dependents\n", found.name));
        return Ok(false);
    }
    let origin = found.origin.clone();
    destroy::destroy_one(machine, &found.name)?;
    let _ = fs::remove_dir(machine.path(path));
    session.say(format_args!("The ZFS file system for this zone has been destroyed.\n"));
    if let Some(origin) = origin
        && dataset::find_snapshot(machine, &origin)?.is_some_and(|snapshot| snapshot.clones.is_empty())
    {
        dataset::destroy_snapshot(machine, &origin)?;
    }
    Ok(true)
}
