//! The data sets of a zone, as the brands' scripts find, make and mount them: its boot environments and overlays.
//!
//! [source: common.ksh and shared/*.ksh of pkg5 of OmniOS and OpenIndiana; recorded: hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::Target;
use super::script::{End, Fatal, fatal, incomplete};
use crate::session::Session;
use crate::zfs::dataset::{self, Dataset};
use crate::{Machine, pkg};

pub(super) const BELOW_ROOT: &str = "Installing a zone inside of the root pool's 'ROOT' dataset is unsupported.";

pub(super) const NO_DATASET: &str = "the zonepath must be a ZFS dataset.\n\
    The parent directory of the zonepath must be a ZFS dataset so that the\n\
    zonepath ZFS dataset can be created properly.";
pub(super) const NO_ACTIVE: &str = "no active dataset.";
pub(super) const NO_MOUNT: &str = "Unable to mount the zone's ZFS dataset.";
pub(super) const NO_CREATE: &str = "Unable to create the zone's ZFS dataset.";

/// `get_zonepath_ds`: the data set whose property `mountpoint` is this path, mounted or not.
pub(super) fn zonepath_dataset(machine: &Machine, path: &str) -> io::Result<Option<Dataset>> {
    if path.contains(char::is_whitespace) {
        // The script compares one word. [recorded: path-space-install]
        return Ok(None);
    }
    let fits = |found: &Dataset| Ok::<_, io::Error>(dataset::mountpoint(machine, found)?.0 == path);
    if let Some(found) = dataset::mounted_at(machine, path)?
        && fits(&found)?
    {
        return Ok(Some(found));
    }
    // The usual place first, so that not every data set is read.
    if let Some(name) = expected_name(machine, path)?
        && let Some(found) = dataset::find(machine, &name)?
        && fits(&found)?
    {
        return Ok(Some(found));
    }
    for pool in dataset::pools(machine)? {
        for name in dataset::descendants(machine, &pool)? {
            if let Some(found) = dataset::find(machine, &name)?
                && fits(&found)?
            {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// The name of a new data set for this path: below the one mounted on its parent directory.
pub(super) fn expected_name(machine: &Machine, path: &str) -> io::Result<Option<String>> {
    let Some((parent, base)) = path.rsplit_once('/') else { return Ok(None) };
    let parent = if parent.is_empty() { "/" } else { parent };
    Ok(dataset::mounted_at(machine, parent)?.map(|found| format!("{}/{base}", found.name)))
}

pub(super) const ACTIVE: &str = "org.opensolaris.libbe:active";
pub(super) const PARENT: &str = "org.opensolaris.libbe:parentbe";
/// The identity that zones of brand illumos have in place of the global zone's boot environment.
pub(super) const OWN_PARENT: &str = "org.opensolaris.libbe:uuid";

/// The boot environments of a zone that belong to this one of the global zone.
pub(super) fn boot_environments(machine: &Machine, zonepath_dataset: &str, parent: &str) -> io::Result<Vec<Dataset>> {
    let mut found = Vec::new();
    for name in dataset::children(machine, &format!("{zonepath_dataset}/ROOT"))? {
        found.extend(dataset::find(machine, &name)?.filter(|be| be.local(PARENT) == Some(parent)));
    }
    Ok(found)
}

/// `get_active_ds`: the one boot environment that is active.
pub(super) fn active_environment(
    machine: &Machine,
    zonepath_dataset: &str,
    parent: &str,
) -> io::Result<Result<Dataset, Fatal>> {
    let mut active = boot_environments(machine, zonepath_dataset, parent)?;
    active.retain(|be| be.local(ACTIVE) == Some("on"));
    Ok(match (active.pop(), active.is_empty()) {
        (Some(one), true) => Ok(one),
        // An install beside an old one leaves two. [recorded: clone-common-dataset]
        (Some(_), false) => Err("ERROR: multiple active datasets.".into()),
        (None, _) => Err(format!("ERROR: {NO_ACTIVE}")),
    })
}

/// `zfs create -o mountpoint=legacy -o zoned=on DS/ROOT`.
pub(super) fn make_root_dataset(machine: &Machine, name: &str) -> io::Result<()> {
    let mut new = Dataset { name: name.to_owned(), ..Dataset::default() };
    new.set("mountpoint", "legacy");
    new.set("zoned", "on");
    dataset::create(machine, &mut new).map(drop)
}

/// `create_active_ds`: makes the zone's next boot environment and mounts it on its root. Older ones stay active.
/// The lock `datasets` is held.
pub(super) fn create_active(
    session: &mut Session<'_, '_>,
    zonepath: &str,
    overlay: bool,
) -> io::Result<Result<(Dataset, Dataset), End>> {
    let machine = session.machine;
    let Some(zone) = zonepath_dataset(machine, zonepath)? else {
        return fatal(session, zonepath, NO_DATASET).map(Err);
    };
    if zone.name.starts_with("rpool/ROOT/") {
        return fatal(session, zonepath, BELOW_ROOT).map(Err);
    }
    let root = format!("{}/ROOT", zone.name);
    if dataset::find(machine, &root)?.is_none() {
        make_root_dataset(machine, &root)?;
    }
    let candidates = std::iter::once("zbe".to_owned()).chain((1..100).map(|n| format!("zbe-{n}")));
    let mut free = None;
    for name in candidates.map(|name| format!("{root}/{name}")) {
        if dataset::find(machine, &name)?.is_none() {
            free = Some(name);
            break;
        }
    }
    let Some(name) = free else { return fatal(session, zonepath, NO_CREATE).map(Err) };
    let mut new = Dataset { name, ..Dataset::default() };
    new.set(ACTIVE, "on");
    new.set(PARENT, &pkg::boot_environment(machine));
    new.set("canmount", "noauto");
    dataset::create(machine, &mut new)?;
    let Some(mut made) = dataset::find(machine, &new.name)? else { return Ok(Err(End::Fatal)) };
    let place = format!("{zonepath}/root");
    if !mount_legacy(machine, &mut made, &place, overlay)? {
        return Ok(Err(incomplete(session, NO_MOUNT)));
    }
    Ok(Ok((zone, made)))
}

/// `mount -F zfs`: `false` if something is mounted there, or lies there and is not to be hidden.
pub(super) fn mount_legacy(machine: &Machine, set: &mut Dataset, place: &str, overlay: bool) -> io::Result<bool> {
    if set.mounted.is_some() || (!overlay && dataset::mounted_at(machine, place)?.is_some()) {
        return Ok(false);
    }
    if !dataset::mount_over(machine, set, place, overlay)? {
        return Ok(false);
    }
    // The root directory of a new system.
    fs::set_permissions(machine.path(place), fs::Permissions::from_mode(0o755))?;
    Ok(true)
}

/// `umount`: `false` if something is mounted below.
pub(super) fn umount(machine: &Machine, place: &str) -> io::Result<bool> {
    let Some(mut found) = dataset::mounted_at(machine, place)? else { return Ok(true) };
    if !dataset::mounted_inside(machine, place)?.is_empty() {
        return Ok(false);
    }
    dataset::unmount(machine, &mut found)?;
    Ok(true)
}

/// `mount_active_ds` of ipkg: the active boot environment, maybe another than before, goes on the zone's root.
pub(super) fn mount_active(machine: &Machine, target: &Target, parent: &str) -> io::Result<Result<(), Fatal>> {
    let _lock = machine.lock("datasets")?;
    let root = target.root();
    if !umount(machine, &root)? {
        return Ok(Ok(()));
    }
    let Some(zone) = zonepath_dataset(machine, &target.zonepath)? else {
        return Ok(Err(format!("ERROR: {NO_DATASET}")));
    };
    let mut environment = match active_environment(machine, &zone.name, parent)? {
        Ok(environment) => environment,
        Err(fatal) => return Ok(Err(fatal)),
    };
    match mount_legacy(machine, &mut environment, &root, false)? {
        true => Ok(Ok(())),
        false => Ok(Err(format!("ERROR: {NO_MOUNT}"))),
    }
}

/// The data sets of a sparse zone beside its root, and where in the root they belong.
pub(super) const OVERLAYS: [(&str, &str); 2] = [("svc", "lib/svc"), ("fm", "usr/lib/fm")];

/// `find_active_ds` of sparse.
pub(super) fn find_active(machine: &Machine, target: &Target) -> io::Result<Result<Dataset, Fatal>> {
    match zonepath_dataset(machine, &target.zonepath)? {
        Some(zone) => active_environment(machine, &zone.name, &pkg::boot_environment(machine)),
        None => Ok(Err(format!("ERROR: {NO_DATASET}"))),
    }
}

/// `create_overlays` of sparse.
pub(super) fn create_overlays(machine: &Machine, environment: &str) -> io::Result<()> {
    for (name, _) in OVERLAYS {
        let mut new = Dataset { name: format!("{environment}/{name}"), ..Dataset::default() };
        new.set("canmount", "noauto");
        dataset::create(machine, &mut new)?;
    }
    Ok(())
}

/// `mount_overlays` of sparse. Overlays that are mounted already are an error.
pub(super) fn mount_overlays(machine: &Machine, target: &Target, environment: &str) -> io::Result<Result<(), Fatal>> {
    for (name, place) in OVERLAYS {
        let place = format!("{}/{place}", target.root());
        fs::create_dir_all(machine.path(&place))?;
        let found = dataset::find(machine, &format!("{environment}/{name}"))?;
        let Some(mut overlay) = found.filter(|overlay| overlay.mounted.is_none()) else {
            return Ok(Err(format!("ERROR: {NO_MOUNT}")));
        };
        if !mount_legacy(machine, &mut overlay, &place, true)? {
            return Ok(Err(format!("ERROR: {NO_MOUNT}")));
        }
        let key = machine.path(&place).join(".org.opensolaris,pkgkey");
        if !key.exists() {
            fs::write(key, "")?;
        }
    }
    Ok(Ok(()))
}

/// `umount_overlays` of sparse.
pub(super) fn unmount_overlays(session: &mut Session<'_, '_>, target: &Target) -> io::Result<()> {
    for (_, place) in OVERLAYS {
        let place = format!("{}/{place}", target.root());
        if !umount(session.machine, &place)? {
            session.complain(format_args!("umount: {place} busy\n"));
        }
    }
    Ok(())
}

pub(super) fn unmount_overlays_silently(machine: &Machine, target: &Target) -> io::Result<()> {
    OVERLAYS.iter().try_for_each(|(_, place)| umount(machine, &format!("{}/{place}", target.root())).map(drop))
}
