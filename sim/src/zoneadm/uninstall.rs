//! `zoneadm uninstall`, and the uninstall hook of the brands that have packages.

use std::fs;
use std::io;

use super::hook::{self, End};
use super::play::{self, Hook};
use super::{Rule, Target, complain, lock, or_return, sanity, set_state, usage};
use crate::answer::{Answer, FAILED, OK, Session};
use crate::dialect::BrandKind;
use crate::index::State;
use crate::options::parse;
use crate::zfs::change::promotion_clash;
use crate::zfs::dataset::{self, Dataset};
use crate::zfs::destroy::destroy_one;
use crate::{Machine, ZoneState, kernel, tree};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if args.iter().any(|arg| arg == "-?") {
        return usage::of(session, "uninstall");
    }
    let force = args.iter().any(|arg| arg.starts_with('-') && arg.contains('F'));
    let refused = &[(ZoneState::Configured, "is already in state 'configured'.")];
    let rule = Rule { word: "uninstall", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !force {
        complain(
            session,
            &target.name,
            format_args!("Input not from terminal and -F not specified: uninstall not done."),
        );
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    let inside = dataset::mounted_inside(session.machine, &format!("{}/root", target.zonepath))?;
    if !inside.is_empty() {
        let list: String = inside.iter().map(|path| format!(" {path}\n")).collect();
        let root = format!("{}/root", target.zonepath);
        complain(
            session,
            &target.name,
            format_args!("These file systems are mounted on subdirectories of {root}.\n\n{list}"),
        );
        return Ok(FAILED);
    }
    or_return!(set_state(session, &target.name, State::Incomplete));
    let end = or_return!(play::run(session, Hook::Uninstall, &target, args)?);
    match end {
        End::Done => {
            or_return!(set_state(session, &target.name, State::Configured));
            Ok(OK)
        }
        End::Usage => usage::of(session, "uninstall").map(|_| FAILED),
        _ => Ok(FAILED),
    }
}

/// The hook of the zone's brand, or zoneadm's own way.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    match session.machine.line().brand(&target.brand) {
        Some(BrandKind::Image | BrandKind::LinkedImage) => packages(session, target, args),
        _ => everything(session, target),
    }
}

/// The zonepath and all data sets of it.
fn everything(session: &mut Session<'_, '_>, target: &Target) -> io::Result<End> {
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    if let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)? {
        let mut doomed = dataset::descendants(machine, &found.name)?;
        doomed.reverse();
        for name in doomed {
            destroy_one(machine, &name)?;
        }
    }
    tree::remove(machine, &machine.path(&target.zonepath))?;
    Ok(End::Done)
}

/// The hook of ipkg and its kin.
fn packages(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let Ok(options) = parse(args, "FhHnv", &[]) else {
        session.complain(format_args!("Error: invalid usage\nUsage: uninstall: [-hFn]\n"));
        return Ok(End::Usage);
    };
    if options.has('h') || !options.operands.is_empty() {
        session.complain(format_args!("Usage: uninstall: [-hFn]\n"));
        return Ok(End::Usage);
    }
    if options.has('n') {
        return Ok(End::Fatal);
    }
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let verbose = options.has('v');
    if let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)? {
        for environment in hook::boot_environments(machine, &found.name)? {
            if let Err(end) = drop_environment(session, &environment, verbose)? {
                return Ok(end);
            }
        }
        for name in [format!("{}/ROOT", found.name), found.name.clone()] {
            let childless = dataset::children(machine, &name)?.is_empty();
            if childless && dataset::snapshots(machine, &name)?.iter().all(|snapshot| snapshot.clones.is_empty()) {
                destroy_one(machine, &name)?;
            }
        }
        if dataset::find(machine, &found.name)?.is_some() {
            return Ok(End::Done);
        }
    }
    let place = machine.path(&target.zonepath);
    for name in ["SUNWattached.xml", "SUNWdetached.xml"] {
        match fs::remove_file(place.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    for name in ["lu", "dev", "root"] {
        tree::remove(machine, &place.join(name))?;
    }
    // Somebody else's files keep the directory.
    let _ = fs::remove_dir(&place);
    Ok(End::Done)
}

/// Destroys one boot environment. Where other zones were cloned from it, the oldest clone of the youngest snapshot takes
/// the shared past over.
fn drop_environment(
    session: &mut Session<'_, '_>,
    environment: &Dataset,
    verbose: bool,
) -> io::Result<Result<(), End>> {
    let machine = session.machine;
    let mut snapshots = dataset::snapshots(machine, &environment.name)?;
    if let Some(youngest) = snapshots.iter().rposition(|snapshot| !snapshot.clones.is_empty()) {
        for unused in snapshots.iter().filter(|snapshot| snapshot.clones.is_empty()) {
            dataset::destroy_snapshot(machine, &unused.name)?;
        }
        let youngest = snapshots.swap_remove(youngest);
        let Some(clone) = youngest.clones.first().map(|name| dataset::find(machine, name)).transpose()?.flatten()
        else {
            return Ok(Err(End::Fatal));
        };
        if !is_environment(&clone.name) {
            session.complain(format_args!(
                "Error: cloned zone datasets found outsize of zone.\n\t{}\n\
                 Error: please delete clone(s) and retry uninstall.\n",
                clone.name
            ));
            return Ok(Err(End::Fatal));
        }
        while let Some(short) = promotion_clash(machine, &clone, &youngest.name)? {
            let old = format!("{}@{short}", environment.name);
            if user_running(machine, &clone)? {
                session.complain(format_args!(
                    "Error: cloned zone dataset(s) in use.\n\t{}\n\
                     Error: please stop using clone(s) and retry uninstall.\n",
                    clone.name
                ));
                return Ok(Err(End::Fatal));
            }
            let free = (1..100).map(|n| format!("{old}{n}"));
            let mut renamed = false;
            for new in free {
                let clash = format!("{}@{}", clone.name, new.rsplit('@').next().unwrap_or_default());
                if dataset::find_snapshot(machine, &new)?.is_none()
                    && dataset::find_snapshot(machine, &clash)?.is_none()
                {
                    session.say(format_args!("renaming '{old}' to '{new}'.\n"));
                    dataset::rename_snapshot(machine, &old, &new)?;
                    renamed = true;
                    break;
                }
            }
            if !renamed {
                session.complain(format_args!("Error: user snapshot(s) detected.\n\t{old}\nError: please delete snapshot(s) and retry uninstall.\n"));
                return Ok(Err(End::Fatal));
            }
        }
        session.say(format_args!("promoting '{}'.\n", clone.name));
        if let Some(clone) = dataset::find(machine, &clone.name)? {
            dataset::promote(machine, &clone)?;
        }
    }
    if verbose {
        session.say(format_args!("destroying '{}'.\n", environment.name));
    }
    let origin = dataset::find(machine, &environment.name)?.and_then(|found| found.origin);
    let mut doomed = dataset::descendants(machine, &environment.name)?;
    doomed.reverse();
    for name in doomed {
        destroy_one(machine, &name)?;
    }
    // A clone's snapshot goes with it, unless something else hangs on it.
    if let Some(origin) = origin
        && dataset::find_snapshot(machine, &origin)?.is_some_and(|snapshot| snapshot.clones.is_empty())
    {
        dataset::destroy_snapshot(machine, &origin)?;
    }
    Ok(Ok(()))
}

fn is_environment(name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(parent, base)| parent.ends_with("/ROOT") && base.starts_with("zbe"))
}

fn user_running(machine: &Machine, clone: &Dataset) -> io::Result<bool> {
    let place = clone.mounted.as_deref();
    Ok(kernel::all(machine)?.iter().any(|zone| place == Some(&format!("{}/root", zone.zonepath))))
}
