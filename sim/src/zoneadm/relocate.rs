//! `zoneadm move`, `detach` and `attach`.

use std::fs;
use std::io;

use super::hook::{self, End};
use super::play::{self, Hook};
use super::zonepath::Care;
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, complain, lock, or_return, sanity, set_state, usage, verify,
    zonepath,
};
use crate::ZoneState;
use crate::answer::{Answer, FAILED, OK, Session};
use crate::document;
use crate::index::{self, State};
use crate::options::parse;
use crate::zfs::dataset;

const DETACHED: &str = "SUNWdetached.xml";
const ATTACHED: &str = "SUNWattached.xml";

pub(super) fn move_zone(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "", &[]) else { return usage::of(session, "move") };
    let [new] = options.operands.as_slice() else { return usage::of(session, "move") };
    let refused = &[
        (ZoneState::Configured, "must be installed before move."),
        (ZoneState::Incomplete, "must be installed before move."),
    ];
    let rule = Rule { word: "move", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, Care::Repair)? {
        return Ok(FAILED);
    }
    let new = new.trim_end_matches('/');
    if !zonepath::check(session, &target, new, Care::Make)? {
        return Ok(FAILED);
    }
    let machine = session.machine;
    if fs::read_dir(machine.path(new))?.next().is_some() {
        session.complain(format_args!("could not move zone to {new}: directory not empty\n"));
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    relocate(session, &target, new)?;
    let mut document = target.document.clone();
    document.zone.set("zonepath", new);
    let change = index::Change { zonepath: Some(new.as_bytes()), ..index::Change::default() };
    let written = document
        .save(machine, target.name.as_bytes())
        .and_then(|()| index::modify(machine, target.name.as_bytes(), &change));
    if let Err(error) = written {
        session.complain(format_args!("zoneadm: {}: could not set zonepath: {}\n", target.name, error.text()));
        return Ok(FAILED);
    }
    Ok(OK)
}

fn relocate(session: &mut Session<'_, '_>, target: &Target, new: &str) -> io::Result<()> {
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let (old_place, new_place) = (machine.path(&target.zonepath), machine.path(new));
    let Some(found) = dataset::mounted_at(machine, &target.zonepath)? else {
        return fs::rename(old_place, new_place);
    };
    let environment = hook::active_environment(machine, &found.name)?;
    if let Some(mut environment) = environment.clone() {
        dataset::unmount(machine, &mut environment)?;
    }
    fs::remove_dir(&new_place)?;
    let renamed = match hook::zonepath_dataset_name(machine, new)? {
        Some(name)
            if name.split('/').next() == found.name.split('/').next() && dataset::find(machine, &name)?.is_none() =>
        {
            dataset::rename(machine, &found, &name)?;
            name
        }
        // Another pool, or no data set above: the data set keeps its name and moves by its mount point.
        _ => {
            let mut moved = found.clone();
            dataset::unmount(machine, &mut moved)?;
            moved.set("mountpoint", new);
            dataset::mount(machine, &mut moved, new)?;
            found.name.clone()
        }
    };
    // The old directory was the data set's mount point.
    let _ = fs::remove_dir(old_place);
    if environment.is_some()
        && let Some(mut environment) = hook::active_environment(machine, &renamed)?
    {
        hook::mount_root(machine, &mut environment, new)?;
    }
    Ok(())
}

pub(super) fn detach(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let dry_run = args.iter().any(|arg| arg == "-n");
    if args.iter().any(|arg| arg == "-?") {
        return usage::of(session, "detach");
    }
    let refused = &[
        (ZoneState::Configured, "must be installed before detach."),
        (ZoneState::Incomplete, "must be installed before detach."),
    ];
    let rule = Rule { word: "detach", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    let manifest = target.document.to_xml().unwrap_or_default();
    if dry_run {
        session.out.stdout(&manifest);
        return Ok(OK);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let machine = session.machine;
    {
        let _lock = machine.lock("datasets")?;
        if let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)?
            && let Some(mut environment) = hook::active_environment(machine, &found.name)?
        {
            dataset::unmount(machine, &mut environment)?;
        }
    }
    machine.replace(format!("{}/{DETACHED}", target.zonepath), &manifest)?;
    or_return!(set_state(session, &target.name, State::Configured));
    Ok(OK)
}

pub(super) fn attach(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let (force, dry_run) = (args.iter().any(|arg| arg == "-F"), args.iter().any(|arg| arg.starts_with("-n")));
    if args.iter().any(|arg| arg == "-?") {
        return usage::of(session, "attach");
    }
    if force && dry_run {
        let zone = zone.unwrap_or_default();
        complain(session, zone, format_args!("-F and -n flags are mutually exclusive"));
        return Ok(FAILED);
    }
    let refused = &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "attach", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if dry_run {
        return Ok(OK);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    if !zonepath::check(session, &target, &target.zonepath, if force { Care::Repair } else { Care::Make })? {
        return Ok(FAILED);
    }
    let end = match force {
        false => or_return!(play::run(session, Hook::Attach, &target, args)?),
        true => match session.middle() {
            Ok(()) => End::Done,
            Err(halt) => return Ok(halt.status()),
        },
    };
    match end {
        End::Done => {}
        End::Usage => return usage::of(session, "attach").map(|_| FAILED),
        _ => return Ok(FAILED),
    }
    let machine = session.machine;
    let place = machine.path(&target.zonepath);
    let manifest = fs::read(machine.path(document::path(target.name.as_bytes())))?;
    machine.replace(format!("{}/{ATTACHED}", target.zonepath), &manifest)?;
    match fs::remove_file(place.join(DETACHED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    or_return!(set_state(session, &target.name, State::Installed));
    Ok(OK)
}

/// The hook: mounts the one boot environment that is active.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    if parse(args, "a:d:n:r:uF", &[]).is_err() {
        session.complain(format_args!(
            "brand-specific usage: \n\tattach [-a archive] [-d dataset] [-n] [-r recv_type] [-u]\n"
        ));
        return Ok(End::Usage);
    }
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)? else {
        return Ok(hook::fatal(session, format_args!("{}", hook::NO_DATASET)));
    };
    let environments = hook::boot_environments(machine, &found.name)?;
    let active = environments.iter().filter(|be| be.local("org.opensolaris.libbe:active") == Some("on")).count();
    match (environments.into_iter().next(), active) {
        (Some(mut environment), 1) => {
            hook::mount_root(machine, &mut environment, &target.zonepath)?;
            Ok(End::Done)
        }
        (_, 0) => Ok(hook::fatal(session, format_args!("no active dataset."))),
        _ => Ok(hook::fatal(session, format_args!("multiple active datasets."))),
    }
}
