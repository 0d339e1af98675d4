//! The hook `clone` of ipkg, and of sparse, whose three data sets are snapped and cloned together.
//!
//! [source: clone of ipkg and sparse; recorded: kinds `hook-clone-options`, `hook-clone-state`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use crate::dialect::BrandKind;
use crate::session::{OK, Session};
use crate::zfs::dataset::{self, Dataset};
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options};
use crate::zoneadm::{Target, brand, complain, environment, find_zone, platform, script};
use crate::{Dialect, Machine, ZoneState, index, pkg};

const HOOK_USAGE: &str = "clone {sourcezone}";
const BAD_SOURCE: &str = "Error: specified snapshot is invalid for this source zone.";

/// The hook of ipkg, and of sparse, whose three data sets are snapped and cloned together.
pub(in crate::zoneadm) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/clone", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "R:s:Xz:") {
        Options::Read(options) if options.operands.len() == 1 => options,
        Options::Read(_) | Options::Bad => return Ok(script::misused(session, "", HOOK_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    let source = options.operands[0].clone();
    {
        let _lock = machine.lock("datasets")?;
        let (origin, snapshot) = match find_origin(session, target, &source, options.value('s'))? {
            Ok(found) => found,
            Err(end) => return Ok(end),
        };
        if let Some(end) = clone_sets(session, target, &origin, snapshot)? {
            return Ok(end);
        }
    }
    finish(session, target, options.has('X'))
}

/// The boot environment to clone, and its snapshot if one is named.
fn find_origin(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &str,
    wanted: Option<&str>,
) -> io::Result<Result<(Dataset, Option<String>), End>> {
    let machine = session.machine;
    let (owner, snapshot) = match wanted {
        None => ("", ""),
        Some(full) if full.contains('@') => full.split_once('@').unwrap_or_default(),
        Some(owner) if owner.contains('/') => (owner, ""),
        Some(short) => ("", short),
    };
    let origin = if owner.is_empty() {
        let path = find_zone(machine, source).map(|found| found.zonepath).unwrap_or_default();
        let Some(zone) = environment::zonepath_dataset(machine, &path)? else {
            return script::fatal(session, &target.zonepath, environment::NO_DATASET).map(Err);
        };
        match environment::active_environment(machine, &zone.name, &pkg::boot_environment(machine))? {
            Ok(environment) => environment,
            Err(fatal) => {
                script::print_fatal(session, &target.zonepath, &fatal)?;
                return Ok(Err(End::Fatal));
            }
        }
    } else {
        let fits = owner.rsplit_once('/').is_some_and(|(root, _)| root.ends_with(&format!("/{source}/ROOT")));
        if !fits {
            return script::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
        }
        let Some(found) = dataset::find(machine, owner)? else {
            session.complain(format_args!("cannot open '{owner}': dataset does not exist\n"));
            return script::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
        };
        found
    };
    if snapshot.is_empty() {
        return Ok(Ok((origin, None)));
    }
    let full = format!("{}@{snapshot}", origin.name);
    if dataset::find_snapshot(machine, &full)?.is_none() {
        session.complain(format_args!("cannot open '{full}': dataset does not exist\n"));
        return script::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
    }
    Ok(Ok((origin, Some(snapshot.to_owned()))))
}

/// Makes the target's data sets, tolerating those that are there. `Some` if it failed.
fn clone_sets(
    session: &mut Session<'_, '_>,
    target: &Target,
    origin: &Dataset,
    snapshot: Option<String>,
) -> io::Result<Option<End>> {
    let machine = session.machine;
    let overlays = overlays(machine, target);
    let (parent, base) = match target.zonepath.rsplit_once('/') {
        Some(("", base)) => ("/", base),
        Some(split) => split,
        None => ("/", ""),
    };
    let Some(above) = environment::zonepath_dataset(machine, parent)? else {
        return script::fatal(session, &target.zonepath, environment::NO_DATASET).map(Some);
    };
    if format!("{}/", above.name).starts_with("rpool/ROOT/") {
        return script::fatal(session, &target.zonepath, environment::BELOW_ROOT).map(Some);
    }
    let zone = format!("{}/{base}", above.name);
    let root_set = format!("{zone}/ROOT");
    for name in [&zone, &root_set] {
        if dataset::find(machine, name)?.is_some() {
            session.complain(format_args!("cannot create '{name}': dataset already exists\n"));
        } else if *name == root_set {
            environment::make_root_dataset(machine, name)?;
        } else {
            dataset::create(machine, &mut Dataset { name: name.clone(), ..Dataset::default() })?;
        }
    }
    let snapshot = match snapshot {
        Some(snapshot) => snapshot,
        None => match take_snapshot(session, target, origin, !overlays.is_empty())? {
            Some(snapshot) => snapshot,
            None => return script::fatal(session, &target.zonepath, environment::NO_CREATE).map(Some),
        },
    };
    if zone.split('/').next() != origin.name.split('/').next() {
        return script::fatal(session, &target.zonepath, environment::NO_CREATE).map(Some);
    }
    let candidates = std::iter::once("zbe".to_owned()).chain((1..100).map(|n| format!("zbe-{n}")));
    let mut made = None;
    for name in candidates.map(|name| format!("{root_set}/{name}")) {
        if dataset::find(machine, &name)?.is_some() {
            session.complain(format_args!("cannot create '{name}': dataset already exists\n"));
            continue;
        }
        made = Some(name);
        break;
    }
    let Some(name) = made else { return script::fatal(session, &target.zonepath, environment::NO_CREATE).map(Some) };
    let mut new =
        Dataset { name: name.clone(), origin: Some(format!("{}@{snapshot}", origin.name)), ..Dataset::default() };
    new.set(environment::ACTIVE, "on");
    new.set(environment::PARENT, &pkg::boot_environment(machine));
    new.set("canmount", "noauto");
    let mut environment =
        Dataset { props: if overlays.is_empty() { new.props.clone() } else { Vec::new() }, ..new.clone() };
    dataset::create(machine, &mut environment)?;
    for overlay in overlays {
        let full = format!("{}/{overlay}@{snapshot}", origin.name);
        if dataset::find_snapshot(machine, &full)?.is_none() {
            session.complain(format_args!("cannot open '{full}': dataset does not exist\n"));
            return Ok(Some(script::incomplete(session, &format!("Unable to clone zone's {overlay} ZFS dataset."))));
        }
        let mut cloned = Dataset { name: format!("{name}/{overlay}"), origin: Some(full), ..Dataset::default() };
        cloned.set("canmount", "noauto");
        dataset::create(machine, &mut cloned)?;
    }
    if let Some(mut environment) = dataset::find(machine, &name)? {
        environment.props = new.props;
        dataset::put(machine, &environment)?;
    }
    let root = machine.path(target.root());
    if !root.is_dir() {
        fs::create_dir_all(&root)?;
        fs::set_permissions(machine.path(&target.zonepath), fs::Permissions::from_mode(0o700))?;
    }
    Ok(None)
}

fn overlays(machine: &Machine, target: &Target) -> Vec<&'static str> {
    match machine.line().brand(&target.brand) {
        Some(BrandKind::Sparse) => environment::OVERLAYS.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    }
}

/// `SRCBE@TARGET_snap`, then `…_snap1` and so on.
fn take_snapshot(
    session: &mut Session<'_, '_>,
    target: &Target,
    origin: &Dataset,
    recursive: bool,
) -> io::Result<Option<String>> {
    let machine = session.machine;
    let base = format!("{}_snap", target.name);
    for short in std::iter::once(base.clone()).chain((1..100).map(|n| format!("{base}{n}"))) {
        let all = if recursive { dataset::descendants(machine, &origin.name)? } else { vec![origin.name.clone()] };
        // All of them or none: a clone that was uninstalled leaves the snapshots of its overlays behind.
        // [recorded: clone-omnios-sparse-again]
        let mut taken = None;
        for full in all.iter().map(|name| format!("{name}@{short}")) {
            if dataset::find_snapshot(machine, &full)?.is_some() {
                taken = Some(full);
                break;
            }
        }
        if let Some(full) = taken {
            session.complain(format_args!("cannot create snapshot '{full}': dataset already exists\n"));
            continue;
        }
        for name in all {
            if let Some(found) = dataset::find(machine, &name)? {
                dataset::snapshot(machine, &found, &short)?;
            }
        }
        return Ok(Some(short));
    }
    Ok(None)
}

/// The clone is mounted to take its identity from it, and unmounted; with `-X` it stays mounted.
/// [recorded: clone-omnios-ipkg-X]
fn finish(session: &mut Session<'_, '_>, target: &Target, keep: bool) -> io::Result<End> {
    let Some(mut target) = find_zone(session.machine, &target.name) else { return Ok(End::Fatal) };
    target.state = ZoneState::Incomplete;
    if platform::mount_for_hook(session, &target)? != OK {
        script::log_error(session, &target.zonepath, "Zone mount failed")?;
        script::log_error(session, &target.zonepath, "Unmounting zone")?;
        complain(session, &target.name, format_args!("must be mounted before unmount."));
        return Ok(End::Fatal);
    }
    if keep {
        return Ok(End::Done);
    }
    unconfigure(session, &target)?;
    platform::unmount_for_hook(session, &target)?;
    Ok(End::Done)
}

/// Program that the hook runs in the mounted zone.
const UNCONFIGURE: &str = "/usr/lib/brand/ipkg/system-unconfigure";

/// Files that the script removes. [source: ipkg/system-unconfigure of both lines]
const REMOVED: [&str; 5] =
    ["etc/nodename", "etc/defaultdomain", "etc/defaultrouter", "etc/resolv.conf", "etc/inet/static_routes"];

/// `zlogin -S ZONE system-unconfigure -R /a`. If that fails, the hook prints so and ends with 0: its trap uses a variable that is
/// never set. [source: clone of ipkg and sparse, unconfigure_zone of common.ksh]
fn unconfigure(session: &mut Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let argv = ["-S", &target.name, UNCONFIGURE, "-R", "/a"].map(str::to_owned);
    let fault = machine.take_fault("zlogin", Some(UNCONFIGURE), Some(&target.name), &argv)?.unwrap_or_default();
    for text in fault.stdout.iter().chain(&fault.stderr) {
        session.complain(format_args!("{text}\n"));
    }
    if fault.exit.is_some_and(|code| code != 0) {
        script::log_error(session, &target.zonepath, "Zone unconfiguration failed")?;
        return script::log_error(session, &target.zonepath, "Postprocessing failed.");
    }
    let root = machine.path(target.root());
    for path in REMOVED.map(|path| root.join(path)) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // Host keys are made again. The script of OpenIndiana knows rsa and dsa alone.
    let kinds: &[&str] = match machine.dialect() {
        Dialect::OpenIndiana => &["rsa", "dsa"],
        _ => &["rsa", "ecdsa", "ed25519"],
    };
    for path in kinds.iter().map(|kind| root.join(format!("etc/ssh/ssh_host_{kind}_key"))) {
        if path.exists() {
            fs::write(path, index::new_uuid())?;
        }
    }
    crate::ipadm::unconfigure(machine, &root)
}
