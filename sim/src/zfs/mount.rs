//! `zfs mount`, `zfs unmount` and `umount`. [source: unshare_unmount, share_mount and manual_unmount of zfs_main.c, umount.c]

use super::common::{in_use, options};
use super::{dataset, fail, misused};
use crate::options::parse;
use crate::session::{Answer, FAILED, OK, Session, USAGE};

/// Message for a volume: it has no mount point.
const NOT_APPLICABLE: &str = "operation not applicable to datasets of this type";

pub(super) fn mount(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = match options(session, "mount", "aOvo:", args) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let Some(name) = options.operands.first() else {
        if options.has('a') {
            return Ok(OK);
        }
        let mut text = String::new();
        for pool in dataset::pools(machine)? {
            for name in dataset::descendants(machine, &pool)? {
                if let Some(path) = dataset::find(machine, &name)?.and_then(|found| found.mounted) {
                    text.push_str(&format!("{name:<30}  {path}\n"));
                }
            }
        }
        session.say(format_args!("{text}"));
        return Ok(OK);
    };
    let Some(mut found) = dataset::find(machine, name)? else {
        return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
    };
    if found.is_volume() {
        return fail(session, format_args!("cannot open '{name}': {NOT_APPLICABLE}"));
    }
    if found.mounted.is_some() {
        return fail(session, format_args!("cannot mount '{name}': filesystem already mounted"));
    }
    let (place, _) = dataset::mountpoint(machine, &found)?;
    match place.as_str() {
        "legacy" => {
            return fail(
                session,
                format_args!("cannot mount '{name}': legacy mountpoint\nuse mount(1M) to mount this filesystem"),
            );
        }
        "none" => return fail(session, format_args!("cannot mount '{name}': no mountpoint set")),
        _ => {}
    }
    if found.local("canmount") == Some("off") {
        return fail(session, format_args!("cannot mount '{name}': 'canmount' property is set to 'off'"));
    }
    if dataset::inherited(machine, &found, "zoned")?.is_some_and(|(value, _)| value == "on") {
        return fail(session, format_args!("cannot mount '{name}': dataset is exported to a local zone"));
    }
    if !dataset::mount(machine, &mut found, &place)? {
        return fail(session, format_args!("cannot mount '{place}': directory is not empty"));
    }
    Ok(OK)
}

pub(super) fn unmount(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = match options(session, "unmount", "af", args) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let Some(name) = options.operands.first() else {
        return misused(session, "unmount", format_args!("missing filesystem argument"));
    };
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let found = match name.starts_with('/') {
        true => dataset::mounted_at(machine, name)?,
        false => dataset::find(machine, name)?,
    };
    let Some(mut found) = found else {
        return match name.starts_with('/') {
            true => fail(session, format_args!("cannot unmount '{name}': not a mountpoint")),
            false => fail(session, format_args!("cannot open '{name}': dataset does not exist")),
        };
    };
    if found.is_volume() {
        return fail(session, format_args!("cannot open '{name}': {NOT_APPLICABLE}"));
    }
    let Some(path) = found.mounted.clone() else {
        return fail(session, format_args!("cannot unmount '{name}': not currently mounted"));
    };
    if dataset::mountpoint(machine, &found)?.0 == "legacy" {
        return fail(
            session,
            format_args!("cannot unmount '{name}': legacy mountpoint\nuse umount(1M) to unmount this filesystem"),
        );
    }
    if in_use(machine, &path) {
        return fail(session, format_args!("cannot unmount '{path}': Device busy"));
    }
    for below in dataset::descendants(machine, &found.name)?.iter().skip(1).rev() {
        if let Some(mut below) = dataset::find(machine, below)?.filter(|below| below.mounted.is_some()) {
            dataset::unmount(machine, &mut below)?;
        }
    }
    dataset::unmount(machine, &mut found)?;
    Ok(OK)
}

/// `umount PATH`, which also unmounts file systems with a legacy mount point.
pub(crate) fn umount(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let path = match parse(&session.args, "f", &[]) {
        Ok(options) if options.operands.len() == 1 => options.operands[0].clone(),
        _ => {
            session
                .complain(format_args!("Usage:\numount [-f] [-V] [-o specific_options] {{special | mount-point}}\n"));
            return Ok(USAGE);
        }
    };
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let found = match path.starts_with('/') {
        true => dataset::mounted_at(machine, &path)?,
        false => dataset::find(machine, &path)?,
    };
    let Some(mut found) = found.filter(|found| found.mounted.is_some()) else {
        session.complain(format_args!("umount: warning: {path} not in mnttab\numount: {path} not mounted\n"));
        return Ok(FAILED);
    };
    let place = found.mounted.clone().unwrap_or_default();
    if in_use(machine, &place) || !dataset::mounted_inside(machine, &place)?.is_empty() {
        session.complain(format_args!("cannot unmount '{place}': Device busy\n"));
        return Ok(FAILED);
    }
    dataset::unmount(machine, &mut found)?;
    Ok(OK)
}
