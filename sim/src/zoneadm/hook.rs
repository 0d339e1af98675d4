//! The brands' hooks: what `pkgcreatezone`, `clone`, `uninstall` and their like do to data sets and files, and what they
//! print. The exit status of a hook decides about the zone's state.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Target;
use crate::answer::Session;
use crate::zfs::dataset::{self, Dataset};
use crate::{Machine, pkg};

/// How a hook ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// 253: the arguments were wrong.
    Usage,
    /// 254: nothing of it is left that matters.
    NotComplete,
    /// 255 or any other failure.
    Fatal,
    Signalled,
}

impl End {
    pub(super) fn of_status(status: i32) -> End {
        match status {
            0 => End::Done,
            253 => End::Usage,
            254 => End::NotComplete,
            _ => End::Fatal,
        }
    }

    pub(super) fn status(self) -> i32 {
        match self {
            End::Done => 0,
            End::Usage => 253,
            End::NotComplete => 254,
            End::Fatal | End::Signalled => 255,
        }
    }
}

/// A fatal message of a hook, on the stream that the distribution's scripts use.
pub(super) fn fatal(session: &mut Session<'_, '_>, message: fmt::Arguments<'_>) -> End {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("ERROR: {message}\n"));
    } else {
        session.complain(format_args!("ERROR: {message}\n"));
    }
    End::Fatal
}

pub(super) const BELOW_ROOT: &str = "Installing a zone inside of the root pool's 'ROOT' dataset is unsupported.";

pub(super) const NO_DATASET: &str = "the zonepath must be a ZFS dataset.\n\
    The parent directory of the zonepath must be a ZFS dataset so that the\n\
    zonepath ZFS dataset can be created properly.";

/// The name that the zonepath's data set has or would have: below the file system mounted at its parent.
pub(super) fn zonepath_dataset_name(machine: &Machine, zonepath: &str) -> io::Result<Option<String>> {
    if let Some(found) = dataset::mounted_at(machine, zonepath)? {
        return Ok(Some(found.name));
    }
    let Some((parent, base)) = zonepath.rsplit_once('/') else { return Ok(None) };
    let parent = if parent.is_empty() { "/" } else { parent };
    Ok(dataset::mounted_at(machine, parent)?.map(|found| format!("{}/{base}", found.name)))
}

/// The zonepath's data set, if it is there.
pub(super) fn zonepath_dataset(machine: &Machine, zonepath: &str) -> io::Result<Option<Dataset>> {
    match zonepath_dataset_name(machine, zonepath)? {
        Some(name) => dataset::find(machine, &name),
        None => Ok(None),
    }
}

/// The boot environments of a zone that belong to the running one of the global zone, active ones first.
pub(super) fn boot_environments(machine: &Machine, zonepath_dataset: &str) -> io::Result<Vec<Dataset>> {
    let mut found = Vec::new();
    for name in dataset::children(machine, &format!("{zonepath_dataset}/ROOT"))? {
        found.extend(dataset::find(machine, &name)?);
    }
    let present = pkg::boot_environment(machine);
    found.retain(|be| be.local(PARENT).is_none_or(|parent| parent == present));
    found.sort_by_key(|be| be.local(ACTIVE) != Some("on"));
    Ok(found)
}

const ACTIVE: &str = "org.opensolaris.libbe:active";
const PARENT: &str = "org.opensolaris.libbe:parentbe";

/// The boot environment that the zone runs from.
pub(super) fn active_environment(machine: &Machine, zonepath_dataset: &str) -> io::Result<Option<Dataset>> {
    Ok(boot_environments(machine, zonepath_dataset)?.into_iter().find(|be| be.local(ACTIVE) == Some("on")))
}

/// Makes the zone's next boot environment below its data set and mounts it on the root. A clone when there is an origin.
pub(super) fn make_environment(
    machine: &Machine,
    zonepath: &str,
    zonepath_dataset: &str,
    origin: Option<String>,
) -> io::Result<Option<Dataset>> {
    let root = format!("{zonepath_dataset}/ROOT");
    if dataset::find(machine, &root)?.is_none() {
        let mut new = Dataset { name: root.clone(), ..Dataset::default() };
        new.set("mountpoint", "legacy");
        new.set("zoned", "on");
        dataset::create(machine, &mut new)?;
    }
    let candidates = std::iter::once("zbe".to_owned()).chain((1..100).map(|n| format!("zbe-{n}")));
    for name in candidates.map(|name| format!("{root}/{name}")) {
        if dataset::find(machine, &name)?.is_some() {
            continue;
        }
        for mut other in boot_environments(machine, zonepath_dataset)? {
            other.set(ACTIVE, "off");
            dataset::put(machine, &other)?;
        }
        let mut new = Dataset { name, origin, ..Dataset::default() };
        new.set(ACTIVE, "on");
        new.set(PARENT, &pkg::boot_environment(machine));
        new.set("canmount", "noauto");
        dataset::create(machine, &mut new)?;
        mount_root(machine, &mut new, zonepath)?;
        return Ok(Some(new));
    }
    Ok(None)
}

/// Mounts a boot environment on the zone's root, unless it is there already.
pub(super) fn mount_root(machine: &Machine, environment: &mut Dataset, zonepath: &str) -> io::Result<()> {
    let place = format!("{zonepath}/root");
    if environment.mounted.as_deref() == Some(&place) {
        return Ok(());
    }
    if let Some(mut other) = dataset::mounted_at(machine, &place)? {
        dataset::unmount(machine, &mut other)?;
    }
    if !dataset::mount(machine, environment, &place)? {
        return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, format!("{place} is not empty")));
    }
    fs::set_permissions(machine.path(&place), fs::Permissions::from_mode(0o755))
}

/// The files of a freshly installed system that people look at or change first.
const FILES: &[(&str, u32, &str)] = &[
    ("etc/default/init", 0o644, "# This file is /etc/default/init.\nTZ=UTC\nCMASK=022\n"),
    (
        "etc/group",
        0o644,
        "root::0:\nother::1:root\nbin::2:root,daemon\nsys::3:root,bin,adm\nstaff::10:\nnobody::60001:\n",
    ),
    ("etc/inet/hosts", 0o644, "::1 localhost\n127.0.0.1 localhost loghost\n"),
    ("etc/nsswitch.conf", 0o644, NSSWITCH_FILES),
    ("etc/nsswitch.dns", 0o644, NSSWITCH_DNS),
    ("etc/nsswitch.files", 0o644, NSSWITCH_FILES),
    (
        "etc/passwd",
        0o644,
        "root:x:0:0:Super-User:/root:/usr/bin/bash\ndaemon:x:1:1::/:\nbin:x:2:2::/usr/bin:\n\
         nobody:x:60001:60001:NFS Anonymous Access User:/:\n",
    ),
    ("etc/shadow", 0o400, "root:NP:6445::::::\ndaemon:NP:6445::::::\nbin:NP:6445::::::\nnobody:*LK*:6445::::::\n"),
    ("etc/ssh/sshd_config", 0o644, "PermitRootLogin no\nSubsystem sftp internal-sftp\n"),
];

const NSSWITCH_FILES: &str = "passwd: files\ngroup: files\nhosts: files\nipnodes: files\n";
const NSSWITCH_DNS: &str = "passwd: files\ngroup: files\nhosts: files dns\nipnodes: files dns\n";

const FOLDERS: &[&str] = &[
    "dev",
    "etc/default",
    "etc/inet",
    "etc/ssh",
    "etc/svc/profile/site",
    "proc",
    "root",
    "tmp",
    "usr/bin",
    "var/log",
    "var/pkg",
];

/// Fills a new zone's root: what a package installation leaves, as far as the commands here and people's first steps go.
pub(super) fn populate(session: &Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let root = machine.path(&target.zonepath).join("root");
    for folder in FOLDERS {
        fs::create_dir_all(root.join(folder))?;
        fs::set_permissions(root.join(folder), fs::Permissions::from_mode(0o755))?;
    }
    for (name, mode, text) in FILES {
        write(&root.join(name), text, *mode)?;
    }
    write(&root.join("etc/release"), &format!("{}\n", machine.line().release), 0o644)?;
    let hosts = root.join("etc/hosts");
    if fs::symlink_metadata(&hosts).is_err() {
        std::os::unix::fs::symlink("./inet/hosts", hosts)?;
    }
    fs::set_permissions(root.join("root"), fs::Permissions::from_mode(0o700))
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
