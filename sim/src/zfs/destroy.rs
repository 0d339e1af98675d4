//! `zfs destroy`: what hangs on a data set decides whether it may go, and in which order.
//!
//! [source: zfs_do_destroy of zfs_main.c, libzfs_dataset.c; recorded: uninstall-* of hooks.jsonl]

use std::io;

use super::common::{in_use, options};
use super::{dataset, fail, misused};
use crate::Machine;
use crate::session::{Answer, OK, Session};

pub(super) fn destroy(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = match options(session, "destroy", "rRfdnpv", args) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let [name] = options.operands.as_slice() else {
        return misused(session, "destroy", format_args!("missing path argument"));
    };
    let _lock = session.machine.lock("datasets")?;
    let machine = session.machine;
    let clones_too = options.has('R');
    let recursive = options.has('r') || clones_too;
    if let Some((parent, short)) = name.split_once('@') {
        let mut doomed = Vec::new();
        let owners = if recursive { dataset::descendants(machine, parent)? } else { vec![parent.to_owned()] };
        for owner in owners {
            doomed.extend(dataset::find_snapshot(machine, &format!("{owner}@{short}"))?);
        }
        if doomed.is_empty() {
            return fail(session, format_args!("could not find any snapshots to destroy; check snapshot names."));
        }
        if let Some(held) = doomed.iter().find(|snapshot| !snapshot.holds.is_empty()) {
            return fail(session, format_args!("cannot destroy '{}': dataset is busy", held.name));
        }
        // All of them or none.
        for snapshot in &doomed {
            if !snapshot.clones.is_empty() && !clones_too {
                let list: String = snapshot.clones.iter().map(|name| format!("{name}\n")).collect();
                session.complain(format_args!(
                    "cannot destroy '{}': snapshot has dependent clones\n\
                     use '-R' to destroy the following datasets:\n{list}",
                    snapshot.name
                ));
                return Ok(super::FAILED);
            }
        }
        for snapshot in doomed {
            for clone in &snapshot.clones {
                for below in with_dependents(machine, clone)? {
                    destroy_one(machine, &below)?;
                }
            }
            dataset::destroy_snapshot(machine, &snapshot.name)?;
        }
        return Ok(OK);
    }
    if dataset::find(machine, name)?.is_none() {
        return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
    }
    if !name.contains('/') {
        return fail(
            session,
            format_args!(
                "cannot destroy '{name}': operation does not apply to pools\nuse 'zfs destroy -r {name}' to destroy all datasets in the pool\nuse 'zpool destroy {name}' to destroy the pool itself"
            ),
        );
    }
    if let Some(answer) = refuse_destroy(session, name, recursive, clones_too)? {
        return Ok(answer);
    }
    let doomed = if clones_too { with_dependents(machine, name)? } else { below_first(machine, name)? };
    for name in doomed {
        destroy_one(machine, &name)?;
    }
    Ok(OK)
}

fn below_first(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    let mut all = dataset::descendants(machine, name)?;
    all.reverse();
    Ok(all)
}

/// The data set, what lies below it, and every clone of any of their snapshots, each before what it depends on.
fn with_dependents(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    let mut order = Vec::new();
    for name in below_first(machine, name)? {
        for snapshot in dataset::snapshots(machine, &name)? {
            for clone in &snapshot.clones {
                for dependent in with_dependents(machine, clone)? {
                    if !order.contains(&dependent) {
                        order.push(dependent);
                    }
                }
            }
        }
        if !order.contains(&name) {
            order.push(name);
        }
    }
    Ok(order)
}

/// Destroys a data set with its snapshots; whatever hangs on it is gone already.
pub(crate) fn destroy_one(machine: &Machine, name: &str) -> io::Result<()> {
    for snapshot in dataset::snapshots(machine, name)? {
        dataset::destroy_snapshot(machine, &snapshot.name)?;
    }
    match dataset::find(machine, name)? {
        Some(found) => dataset::destroy(machine, &found),
        None => Ok(()),
    }
}

fn refuse_destroy(
    session: &mut Session<'_, '_>,
    name: &str,
    recursive: bool,
    clones_too: bool,
) -> io::Result<Option<crate::Status>> {
    let machine = session.machine;
    let all = dataset::descendants(machine, name)?;
    let mut below: Vec<String> = all[1..].to_vec();
    let mut dependents = Vec::new();
    for name in &all {
        for snapshot in dataset::snapshots(machine, name)? {
            dependents.extend(snapshot.clones.into_iter().filter(|clone| !all.contains(clone)));
            below.push(snapshot.name);
        }
        if dataset::find(machine, name)?
            .is_some_and(|found| found.mounted.as_deref().is_some_and(|path| in_use(machine, path)))
        {
            return fail(session, format_args!("cannot destroy '{name}': dataset is busy")).map(Some);
        }
    }
    if !dependents.is_empty() && !clones_too {
        let list: String = dependents.iter().map(|name| format!("{name}\n")).collect();
        let text = format!("use '-R' to destroy the following datasets:\n{list}");
        session.complain(format_args!("cannot destroy '{name}': filesystem has dependent clones\n{text}"));
        return Ok(Some(super::FAILED));
    }
    if !below.is_empty() && !recursive {
        let list: String = below.iter().map(|name| format!("{name}\n")).collect();
        let text = format!("use '-r' to destroy the following datasets:\n{list}");
        session.complain(format_args!("cannot destroy '{name}': filesystem has children\n{text}"));
        return Ok(Some(super::FAILED));
    }
    Ok(None)
}
