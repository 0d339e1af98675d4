//! `zfs mount` and `zfs unmount`. [source: unshare_unmount and share_mount of zfs_main.c]

use super::common::{in_use, options};
use super::{dataset, fail, misused};
use crate::session::{Answer, OK, Session};

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
