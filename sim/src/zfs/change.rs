//! The subcommands that change data sets.
//!
//! [source: zfs_main.c, libzfs_dataset.c, libzfs_changelist.c; recorded: calls of hooks.jsonl]

use std::io;

use super::common::{in_use, parsed};
use super::dataset::{self, Dataset};
use super::props;
use super::volume;
use super::{fail, fault_of_name, misused};
use crate::options::Parsed;
use crate::session::{Answer, OK, Session};
use crate::{Machine, Status};

pub(super) fn create(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "create", "o:ps:V:b:", args);
    let [name] = options.operands.as_slice() else {
        return misused(session, "create", format_args!("missing filesystem argument"));
    };
    let given = match assignments(session, &options) {
        Ok(given) => given,
        Err(answer) => return answer,
    };
    let volume = match options.value('V').map(|text| (text, volume::size(text))) {
        None => None,
        Some((_, Some(size))) => Some(size),
        Some((text, None)) => {
            session.complain(format_args!("bad volume size '{text}': bad numeric value '{text}'\n"));
            return Ok(Status::Exited(255));
        }
    };
    if options.value('b').is_some_and(|text| volume::size(text) != Some(volume::BLOCK)) {
        return fail(session, format_args!("a block size other than 8K is not simulated"));
    }
    let _lock = session.machine.lock("datasets")?;
    make(session, Made { name, origin: None, volume }, given, options.has('p'))
}

pub(super) fn clone(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "clone", "o:p", args);
    let [source, name] = options.operands.as_slice() else {
        return misused(session, "clone", format_args!("missing source dataset argument"));
    };
    let given = match assignments(session, &options) {
        Ok(given) => given,
        Err(answer) => return answer,
    };
    let _lock = session.machine.lock("datasets")?;
    if dataset::find_snapshot(session.machine, source)?.is_none() {
        return fail(session, format_args!("cannot open '{source}': dataset does not exist"));
    }
    let owner = source.split('@').next().unwrap_or_default();
    // A clone of a volume is a volume of its size.
    let volume = dataset::find(session.machine, owner)?.and_then(|owner| owner.volume_size());
    if source.split('/').next() != name.split('/').next() {
        return fail(session, format_args!("cannot create '{name}': source and target pools differ"));
    }
    make(session, Made { name, origin: Some(source.clone()), volume }, given, options.has('p'))
}

type Assignments = Vec<(String, String)>;

fn assignments(session: &mut Session<'_, '_>, options: &Parsed) -> Result<Assignments, Answer> {
    let mut given = Assignments::new();
    for text in options.values('o') {
        let Some((name, value)) = text.split_once('=') else {
            return Err(misused(session, "create", format_args!("missing value in property=value argument")));
        };
        if given.iter().any(|(known, _)| known == name) {
            return Err(fail(session, format_args!("property '{name}' specified multiple times")));
        }
        given.push((name.to_owned(), value.to_owned()));
    }
    Ok(given)
}

/// Dataset to create.
struct Made<'a> {
    name: &'a str,
    origin: Option<String>,
    /// The size of a volume in bytes.
    volume: Option<u64>,
}

fn make(session: &mut Session<'_, '_>, made: Made<'_>, given: Assignments, parents: bool) -> Answer {
    let Made { name, origin, volume } = made;
    if let Some(fault) = fault_of_name(name, false) {
        return fail(session, format_args!("cannot create '{name}': {fault}"));
    }
    let machine = session.machine;
    if dataset::find(machine, name)?.is_some() {
        return match parents {
            true => Ok(OK),
            false => fail(session, format_args!("cannot create '{name}': dataset already exists")),
        };
    }
    if let Some(why) = volume.and_then(volume::fault_of_size) {
        return fail(session, format_args!("cannot create '{name}': {why}"));
    }
    for (prop, value) in &given {
        if let Err(why) = props::check_of(prop, value, volume.is_some()) {
            return fail(session, format_args!("cannot create '{name}': {why}"));
        }
    }
    let pool = name.split('/').next().unwrap_or_default();
    if dataset::find(machine, pool)?.is_none() {
        return fail(session, format_args!("cannot create '{name}': no such pool '{pool}'"));
    }
    let Some((parent, _)) = name.rsplit_once('/') else {
        return fail(session, format_args!("cannot create '{name}': missing dataset name"));
    };
    if dataset::find(machine, parent)?.is_some_and(|parent| parent.is_volume()) {
        return fail(session, format_args!("cannot create '{name}': parent is not a filesystem"));
    }
    if dataset::find(machine, parent)?.is_none() {
        if !parents {
            return fail(session, format_args!("cannot create '{name}': parent does not exist"));
        }
        let mut at = pool.len();
        while let Some(next) = name[at + 1..].find('/') {
            at += 1 + next;
            if dataset::find(machine, &name[..at])?.is_none() {
                dataset::create(machine, &mut Dataset { name: name[..at].to_owned(), ..Dataset::default() })?;
            }
        }
    }
    let mut new =
        Dataset { name: name.to_owned(), origin, volume: volume.map(|size| size.to_string()), ..Dataset::default() };
    given.iter().for_each(|(prop, value)| new.set(prop, value));
    let (place, _) = dataset::mountpoint(machine, &new)?;
    if !dataset::create(machine, &mut new)? {
        session.complain(format_args!("cannot mount '{place}': directory is not empty\n"));
        return fail(session, format_args!("filesystem successfully created, but not mounted"));
    }
    Ok(OK)
}

pub(super) fn snapshot(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "snapshot", "ro:", args);
    if options.operands.is_empty() {
        return misused(session, "snapshot", format_args!("missing snapshot argument"));
    }
    let _lock = session.machine.lock("datasets")?;
    for name in &options.operands {
        if let Some(fault) = fault_of_name(name, true) {
            return fail(session, format_args!("cannot create snapshot '{name}': {fault}"));
        }
        let Some((owner, short)) = name.split_once('@') else {
            return fail(
                session,
                format_args!("cannot create snapshot '{name}': missing '@' delimiter in snapshot name"),
            );
        };
        if dataset::find(session.machine, owner)?.is_none() {
            return fail(session, format_args!("cannot open '{owner}': dataset does not exist"));
        }
        let owners = match options.has('r') {
            true => dataset::descendants(session.machine, owner)?,
            false => vec![owner.to_owned()],
        };
        // All of them or none.
        for full in owners.iter().map(|owner| format!("{owner}@{short}")) {
            if dataset::find_snapshot(session.machine, &full)?.is_some() {
                return fail(session, format_args!("cannot create snapshot '{full}': dataset already exists"));
            }
        }
        for owner in owners {
            if let Some(found) = dataset::find(session.machine, &owner)? {
                dataset::snapshot(session.machine, &found, short)?;
            }
        }
    }
    Ok(OK)
}

/// `zfs rollback`: the data set's contents become those of its last snapshot; `-r` destroys later ones.
pub(super) fn rollback(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "rollback", "rRf", args);
    let [name] = options.operands.as_slice() else {
        return misused(session, "rollback", format_args!("missing dataset argument"));
    };
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let Some((owner, _)) = name.split_once('@') else {
        return fail(session, format_args!("cannot open '{name}': invalid dataset name"));
    };
    let (Some(found), Some(snapshot)) = (dataset::find(machine, owner)?, dataset::find_snapshot(machine, name)?) else {
        return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
    };
    let later: Vec<dataset::Snapshot> =
        dataset::snapshots(machine, owner)?.into_iter().filter(|other| other.serial > snapshot.serial).collect();
    let cloned: Vec<&str> = later.iter().flat_map(|other| &other.clones).map(String::as_str).collect();
    if !(later.is_empty() || options.has('r') || options.has('R')) {
        let list: String = later.iter().map(|other| format!("{}\n", other.name)).collect();
        session.complain(format_args!(
            "cannot rollback to '{name}': more recent snapshots or bookmarks exist\n\
             use '-r' to force deletion of the following snapshots and bookmarks:\n{list}"
        ));
        return Ok(super::FAILED);
    }
    if !cloned.is_empty() {
        let list: String = cloned.iter().map(|clone| format!("{clone}\n")).collect();
        session.complain(format_args!(
            "cannot rollback to '{name}': clones of previous snapshots exist\n\
             use '-R' to force deletion of the following clones and dependents:\n{list}"
        ));
        return Ok(super::FAILED);
    }
    if found.mounted.as_deref().is_some_and(|path| in_use(machine, path)) {
        return fail(session, format_args!("cannot rollback '{owner}': dataset is busy"));
    }
    for other in later {
        dataset::destroy_snapshot(machine, &other.name)?;
    }
    dataset::roll_back(machine, &found, name)?;
    Ok(OK)
}

/// `zfs hold`: a tag that keeps a snapshot.
pub(super) fn hold(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    change_hold(session, "hold", args, |snapshot, tag| {
        let is_new = !snapshot.holds.iter().any(|known| known == tag);
        snapshot.holds.push(tag.to_owned());
        is_new.then_some(()).ok_or("tag already exists on this dataset")
    })
}

/// `zfs release`
pub(super) fn release(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    change_hold(session, "release", args, |snapshot, tag| {
        let before = snapshot.holds.len();
        snapshot.holds.retain(|known| known != tag);
        (snapshot.holds.len() < before).then_some(()).ok_or("no such tag on this dataset")
    })
}

fn change_hold(
    session: &mut Session<'_, '_>,
    word: &str,
    args: &[String],
    change: impl Fn(&mut dataset::Snapshot, &str) -> Result<(), &'static str>,
) -> Answer {
    let options = parsed!(session, word, "", args);
    let Some((tag, names)) = options.operands.split_first().filter(|(_, names)| !names.is_empty()) else {
        return misused(session, word, format_args!("missing snapshot argument"));
    };
    let _lock = session.machine.lock("datasets")?;
    for name in names {
        let Some(mut found) = dataset::find_snapshot(session.machine, name)? else {
            return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
        };
        if let Err(why) = change(&mut found, tag) {
            let of = if word == "hold" { "hold" } else { "release hold from" };
            return fail(session, format_args!("cannot {of} snapshot '{name}': {why}"));
        }
        dataset::hold(session.machine, &found)?;
    }
    Ok(OK)
}

pub(super) fn promote(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "promote", "", args);
    let [name] = options.operands.as_slice() else {
        return misused(session, "promote", format_args!("missing clone filesystem argument"));
    };
    let _lock = session.machine.lock("datasets")?;
    let Some(clone) = dataset::find(session.machine, name)? else {
        return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
    };
    let Some(origin) = clone.origin.clone() else {
        return fail(session, format_args!("cannot promote '{name}': not a cloned filesystem"));
    };
    if let Some(clash) = promotion_clash(session.machine, &clone, &origin)? {
        return fail(
            session,
            format_args!(
                "cannot promote '{name}': snapshot name '{clash}' from origin \nconflicts with '{name}' from target"
            ),
        );
    }
    dataset::promote(session.machine, &clone)?;
    Ok(OK)
}

/// The short name of a snapshot that both the clone and its origin have.
pub(crate) fn promotion_clash(machine: &Machine, clone: &Dataset, origin: &str) -> io::Result<Option<String>> {
    let short = |name: &str| name.split_once('@').map(|(_, short)| short.to_owned());
    let Some((master, _)) = origin.split_once('@') else { return Ok(None) };
    let Some(at) = dataset::find_snapshot(machine, origin)?.map(|snapshot| snapshot.serial) else { return Ok(None) };
    let own: Vec<Option<String>> =
        dataset::snapshots(machine, &clone.name)?.iter().map(|snapshot| short(&snapshot.name)).collect();
    let moving = dataset::snapshots(machine, master)?;
    let clash = moving.iter().filter(|snapshot| snapshot.serial <= at).find(|s| own.contains(&short(&s.name)));
    Ok(clash.and_then(|snapshot| short(&snapshot.name)))
}

pub(super) fn rename(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "rename", "fpr", args);
    let [old, new] = options.operands.as_slice() else {
        return misused(session, "rename", format_args!("missing target dataset argument"));
    };
    let _lock = session.machine.lock("datasets")?;
    let machine = session.machine;
    if old.contains('@') {
        if dataset::find_snapshot(machine, old)?.is_none() {
            return fail(session, format_args!("cannot open '{old}': dataset does not exist"));
        }
        let owner = old.split('@').next().unwrap_or_default();
        let new = if new.contains('@') { new.clone() } else { format!("{owner}@{}", new.trim_start_matches('@')) };
        if let Some(fault) = fault_of_name(&new, true) {
            return fail(session, format_args!("cannot rename to '{new}': {fault}"));
        }
        if !new.starts_with(&format!("{owner}@")) {
            return fail(session, format_args!("cannot rename to '{new}': snapshots must be part of same dataset"));
        }
        if dataset::find_snapshot(machine, &new)?.is_some() {
            return fail(session, format_args!("cannot rename '{old}': dataset already exists"));
        }
        dataset::rename_snapshot(machine, old, &new)?;
        return Ok(OK);
    }
    let Some(found) = dataset::find(machine, old)? else {
        return fail(session, format_args!("cannot open '{old}': dataset does not exist"));
    };
    if let Some(fault) = fault_of_name(new, false) {
        return fail(session, format_args!("cannot rename to '{new}': {fault}"));
    }
    if dataset::find(machine, new)?.is_some() {
        return fail(session, format_args!("cannot rename '{old}': dataset already exists"));
    }
    if old.split('/').next() != new.split('/').next() {
        return fail(session, format_args!("cannot rename to '{new}': datasets must be within same pool"));
    }
    let parent = new.rsplit_once('/').map_or("", |(parent, _)| parent);
    if parent.is_empty() || dataset::find(machine, parent)?.is_none() {
        return fail(session, format_args!("cannot rename '{old}': parent does not exist"));
    }
    if new.starts_with(&format!("{old}/")) {
        return fail(
            session,
            format_args!("cannot rename to '{new}': New dataset name cannot be a descendant of current dataset name"),
        );
    }
    for name in dataset::descendants(machine, old)? {
        if dataset::find(machine, &name)?.and_then(|found| found.mounted).is_some_and(|path| in_use(machine, &path)) {
            return fail(session, format_args!("cannot rename '{old}': dataset is busy"));
        }
    }
    dataset::rename(machine, &found, new)?;
    Ok(OK)
}

pub(super) fn set(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "set", "", args);
    let Some((assignment, names)) = options.operands.split_first().filter(|(_, names)| !names.is_empty()) else {
        return misused(session, "set", format_args!("missing dataset name"));
    };
    let Some((prop, value)) = assignment.split_once('=') else {
        return misused(session, "set", format_args!("missing value in property=value argument"));
    };
    let _lock = session.machine.lock("datasets")?;
    for name in names {
        let Some(mut found) = dataset::find(session.machine, name)? else {
            return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
        };
        if let Err(why) = props::check_of(prop, value, found.is_volume()) {
            return fail(session, format_args!("cannot set property for '{name}': {why}"));
        }
        if prop == "volsize" {
            let Some(size) = volume::size(value).filter(|size| volume::fault_of_size(*size).is_none()) else {
                return fail(
                    session,
                    format_args!("cannot set property for '{name}': a volume of {value} is not simulated"),
                );
            };
            found.volume = Some(size.to_string());
            dataset::put(session.machine, &found)?;
            continue;
        }
        found.set(prop, value);
        if !settle(session.machine, found, prop)? {
            return fail(session, format_args!("property may be set but unable to remount filesystem"));
        }
    }
    Ok(OK)
}

pub(super) fn inherit(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = parsed!(session, "inherit", "rS", args);
    let Some((prop, names)) = options.operands.split_first().filter(|(_, names)| !names.is_empty()) else {
        return misused(session, "inherit", format_args!("missing dataset name"));
    };
    if let Err(why) = props::check_inherit(prop) {
        return fail(session, format_args!("{why}"));
    }
    let _lock = session.machine.lock("datasets")?;
    for name in names {
        let Some(mut found) = dataset::find(session.machine, name)? else {
            return fail(session, format_args!("cannot open '{name}': dataset does not exist"));
        };
        found.props.retain(|(known, _)| known != prop);
        if !settle(session.machine, found, prop)? {
            return fail(session, format_args!("property may be set but unable to remount filesystem"));
        }
    }
    Ok(OK)
}

/// Writes the data set; a new mount point takes effect at once, for it and for what inherits from it. False if something is
/// in the way.
pub(crate) fn settle(machine: &Machine, found: Dataset, prop: &str) -> io::Result<bool> {
    if prop != "mountpoint" {
        dataset::put(machine, &found)?;
        return Ok(true);
    }
    let old = match dataset::find(machine, &found.name)? {
        Some(old) => dataset::mountpoint(machine, &old)?.0,
        None => String::new(),
    };
    settle_from(machine, found, &old)
}

/// Writes the data set, whose mount point was `old`. As libzfs does: what was mounted is mounted again, and from `legacy` or
/// `none` also what was not; zoned data sets and those that `canmount` keeps back are left alone.
pub(crate) fn settle_from(machine: &Machine, found: Dataset, old: &str) -> io::Result<bool> {
    dataset::put(machine, &found)?;
    let mut inheriting = Vec::new();
    for name in dataset::descendants(machine, &found.name)? {
        if let Some(below) = dataset::find(machine, &name)?
            && (name == found.name || dataset::mountpoint(machine, &below)?.1.as_deref() == Some(&*found.name))
        {
            inheriting.push(below);
        }
    }
    let unmounted_counts = matches!(old, "legacy" | "none");
    let mut moving = Vec::new();
    for mut below in inheriting.into_iter().rev() {
        let (place, _) = dataset::mountpoint(machine, &below)?;
        let here = below.mounted.clone();
        if here.as_deref() == Some(&place) {
            continue;
        }
        if let Some(here) = &here {
            if in_use(machine, here) {
                return Ok(false);
            }
            dataset::unmount(machine, &mut below)?;
        }
        let can = below.local("canmount").is_none_or(|value| value == "on") || here.is_some();
        let zoned = dataset::inherited(machine, &below, "zoned")?.is_some_and(|(zoned, _)| zoned == "on");
        if place.starts_with('/') && can && !zoned && (here.is_some() || unmounted_counts) {
            moving.push((below, place));
        }
    }
    let mut well = true;
    for (mut below, place) in moving.into_iter().rev() {
        well &= dataset::mount(machine, &mut below, &place)?;
    }
    Ok(well)
}
