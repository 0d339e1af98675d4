//! Common behaviour of the brands' scripts: how they end, what they print, and how they find and mount data sets. The state
//! hooks (prestate, poststate) are here too.
//!
//! [source: common.ksh, shared/*.ksh, prestate and poststate of pkg5 of OmniOS and OpenIndiana; recorded: hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Target, prestate};
use crate::answer::Session;
use crate::dialect::BrandKind;
use crate::zfs::dataset::{self, Dataset};
use crate::{Machine, ZoneState, pkg};

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

/// A message that ends a script, as its function `fail_fatal` prints it.
pub(super) type Fatal = String;

/// Prints what `fail_fatal` prints, on the stream that the distribution's scripts use. Those of OmniOS begin a log in the
/// zonepath with it, which they make if it is not there. [recorded: clone-omnios-sparse-s-nosuch]
pub(super) fn print_fatal(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<()> {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("{message}\n"));
        return Ok(());
    }
    session.complain(format_args!("{message}\n"));
    begin_log(session.machine, zonepath, message)
}

/// `setuplog` of OmniOS.
pub(super) fn begin_log(machine: &Machine, zonepath: &str, message: &str) -> io::Result<()> {
    let directory = machine.path(zonepath).join("log");
    if fs::create_dir_all(&directory).is_err() {
        return Ok(());
    }
    let file = directory.join("zone.log");
    let mut text = fs::read_to_string(&file).unwrap_or_default();
    text.push_str(message);
    text.push('\n');
    write(&file, &text, 0o600)
}

/// Ends a hook with a message, 255.
pub(super) fn fatal(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<End> {
    print_fatal(session, zonepath, &format!("ERROR: {message}"))?;
    Ok(End::Fatal)
}

/// Ends a hook with a message, 254.
pub(super) fn incomplete(session: &mut Session<'_, '_>, message: &str) -> End {
    session.complain(format_args!("ERROR: {message}\n"));
    End::NotComplete
}

/// Progress messages of the scripts. Those of OpenIndiana write them to standard output; those of OmniOS write it to a log only.
/// [recorded: install-omnios-ipkg-a-missing]
pub(super) fn log(session: &mut Session<'_, '_>, message: &str) {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("{message}\n"));
    }
}

/// Prints a hook's own usage; 253.
pub(super) fn misused(session: &mut Session<'_, '_>, message: &str, usage: &str) -> End {
    session.complain(format_args!("{message}\nbrand-specific usage: {usage}\n"));
    End::Usage
}

/// Prints what the shell's getopts prints on `-?`: flags together, then each option with a value. [recorded: usage-uninstall-q]
pub(super) fn shell_usage(session: &mut Session<'_, '_>, script: &str, spec: &str) {
    let letters: Vec<char> = spec.chars().collect();
    let (mut flags, mut valued) = (String::new(), String::new());
    for (at, letter) in letters.iter().enumerate().filter(|(_, letter)| **letter != ':') {
        match letters.get(at + 1) {
            Some(':') => valued.push_str(&format!(" [-{letter} arg]")),
            _ => flags.push(*letter),
        }
    }
    let flags = if flags.is_empty() { flags } else { format!(" [-{flags}]") };
    session.complain(format_args!("Usage: {script}{flags}{valued}\n Help: {script} [ --help | --man ] 2>&1\n"));
}

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
    // Where it is as a rule, so that not every data set must be looked at.
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
fn mount_active(machine: &Machine, target: &Target, parent: &str) -> io::Result<Result<(), Fatal>> {
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

fn unmount_overlays_silently(machine: &Machine, target: &Target) -> io::Result<()> {
    OVERLAYS.iter().try_for_each(|(_, place)| umount(machine, &format!("{}/{place}", target.root())).map(drop))
}

/// Change of the zone's state, as passed to a state hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateCommand {
    Ready,
    Halt,
}

fn kind_of(machine: &Machine, target: &Target) -> BrandKind {
    machine.line().brand(&target.brand).unwrap_or(BrandKind::Plain)
}

/// The zone's own identity as a parent of boot environments, if it is of brand illumos and has one.
fn own_parent(machine: &Machine, target: &Target) -> io::Result<Option<String>> {
    let Some(zone) = dataset::mounted_at(machine, &target.zonepath)? else { return Ok(None) };
    let root = dataset::find(machine, &format!("{}/ROOT", zone.name))?;
    Ok(root.and_then(|root| root.local(OWN_PARENT).map(str::to_owned)))
}

/// The hook `prestate`. `Err` holds what it printed on standard output when it failed.
pub(super) fn before_state(
    machine: &Machine,
    target: &Target,
    _: ZoneState,
    command: StateCommand,
) -> io::Result<Result<(), String>> {
    if command != StateCommand::Ready {
        return Ok(Ok(()));
    }
    let done = match kind_of(machine, target) {
        BrandKind::Image | BrandKind::LinkedImage => mount_active(machine, target, &pkg::boot_environment(machine))?,
        BrandKind::Sparse => mount_sparse(machine, target, false)?,
        BrandKind::Illumos => match own_parent(machine, target)? {
            Some(parent) => mount_active(machine, target, &parent)?,
            None => Ok(()),
        },
        _ => Ok(()),
    };
    if let Err(fatal) = done {
        return seen(machine, target, fatal).map(Err);
    }
    prestate::before_ready(machine, target)
}

/// A message of `fail_fatal` as zoneadmd sees it: what goes to standard error is lost, but for the zone's log.
fn seen(machine: &Machine, target: &Target, fatal: Fatal) -> io::Result<String> {
    if machine.line().hook_errors_on_stdout {
        return Ok(fatal);
    }
    begin_log(machine, &target.zonepath, &fatal)?;
    Ok(String::new())
}

/// Mounts a sparse zone's root; its overlays only if nothing is going to boot.
fn mount_sparse(machine: &Machine, target: &Target, overlays: bool) -> io::Result<Result<(), Fatal>> {
    let _lock = machine.lock("datasets")?;
    let mut environment = match find_active(machine, target)? {
        Ok(environment) => environment,
        Err(fatal) => return Ok(Err(fatal)),
    };
    unmount_overlays_silently(machine, target)?;
    if !umount(machine, &target.root())? {
        return Ok(Err("ERROR: Unable to unmount the zone's root ZFS dataset ().".into()));
    }
    environment.mounted = dataset::find(machine, &environment.name)?.and_then(|found| found.mounted);
    if !mount_legacy(machine, &mut environment, &target.root(), false)? {
        return Ok(Err(format!("ERROR: {NO_MOUNT}")));
    }
    if overlays { mount_overlays(machine, target, &environment.name) } else { Ok(Ok(())) }
}

/// The hook `poststate` once the zone is ready.
pub(super) fn after_ready(machine: &Machine, target: &Target) -> io::Result<Result<(), String>> {
    if kind_of(machine, target) != BrandKind::Sparse {
        return Ok(Ok(()));
    }
    match remount_overlays(machine, target)? {
        Ok(()) => Ok(Ok(())),
        Err(fatal) => seen(machine, target, fatal).map(Err),
    }
}

fn remount_overlays(machine: &Machine, target: &Target) -> io::Result<Result<(), Fatal>> {
    let _lock = machine.lock("datasets")?;
    match find_active(machine, target)? {
        Ok(environment) => mount_overlays(machine, target, &environment.name),
        Err(fatal) => Ok(Err(fatal)),
    }
}

/// The hook `poststate` once the zone has ended: the root of package zones stays mounted, that of illumos zones does not.
/// [recorded: state-omnios-illumos-shutdown]
pub(super) fn after_state(machine: &Machine, target: &Target, command: StateCommand) -> io::Result<()> {
    if command != StateCommand::Halt {
        return Ok(());
    }
    match kind_of(machine, target) {
        BrandKind::Image | BrandKind::LinkedImage => {
            let _ = mount_active(machine, target, &pkg::boot_environment(machine))?;
        }
        BrandKind::Sparse => {
            let _ = remount_overlays(machine, target)?;
        }
        BrandKind::Illumos if own_parent(machine, target)?.is_some() => {
            let _lock = machine.lock("datasets")?;
            umount(machine, &target.root())?;
        }
        _ => {}
    }
    prestate::after_end(machine, target);
    Ok(())
}

/// The hook `sysboot`: the root of a zone that stays down.
pub(super) fn sysboot(machine: &Machine, target: &Target) -> io::Result<Result<(), Fatal>> {
    match kind_of(machine, target) {
        BrandKind::Sparse => mount_sparse(machine, target, true),
        _ => mount_active(machine, target, &pkg::boot_environment(machine)),
    }
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

const DIRECTORIES: &[&str] = &[
    "dev",
    "etc/default",
    "etc/dfs",
    "etc/inet",
    "etc/ssh",
    "etc/svc/profile/site",
    "etc/zones",
    "proc",
    "root",
    "sbin",
    "tmp",
    "usr/bin",
    "var/log",
    "var/pkg",
    "var/svc",
];

/// Fills a new zone's root: what a package installation leaves, as far as the commands here and people's first steps go.
pub(super) fn populate(session: &Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let root = machine.path(&target.zonepath).join("root");
    for directory in DIRECTORIES {
        fs::create_dir_all(root.join(directory))?;
        fs::set_permissions(root.join(directory), fs::Permissions::from_mode(0o755))?;
    }
    for (name, mode, text) in FILES {
        write(&root.join(name), text, *mode)?;
    }
    for program in ["sbin/init", "usr/bin/pkg"] {
        write(&root.join(program), "", 0o755)?;
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

/// `error` of the scripts: on standard output, or on OmniOS into a log, which the first one begins.
pub(super) fn log_error(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<()> {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("ERROR: {message}\n"));
        return Ok(());
    }
    begin_log(session.machine, zonepath, message)
}
