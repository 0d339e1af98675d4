//! Owner of the data at a zonepath, and the datasets that zmgr made.
//!
//! Invariant: zmgr puts a zone only where nothing was, records that before it begins, and destroys only what it recorded: a dataset
//! is identified by its guid, and one with the same name but another guid belongs to the administrator.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use super::impact;
use super::made::find;
use super::step_context::{StepContext, foreign};
use super::zonepath::{base, parent};
use crate::documents::zone::MadeDataset;
use crate::error::{Code, Error, Result};
use crate::exec::zfs::{self, Dataset};
use crate::host::Host;
use crate::value::name::ZoneName;

/// Returns the name that zoneadm would give the dataset of this zonepath; `None` if the zonepath's parent is not a mounted file
/// system.
pub(crate) fn dataset_name(host: &Host, zonepath: &str) -> Result<Option<String>> {
    let parent = host.dataset_at(parent(zonepath))?;
    Ok(parent.map(|parent| format!("{}/{}", parent.name, base(zonepath))))
}

/// Returns the dataset that holds a zone's files: the one mounted at its zonepath, or the one with the name that zoneadm would
/// choose.
pub(crate) fn dataset_of(host: &Host, zonepath: &str) -> Result<Option<Dataset>> {
    if let Some(found) = mounted_at(host, zonepath)? {
        return Ok(Some(found));
    }
    match dataset_name(host, zonepath)? {
        Some(name) => find(host, &name),
        None => Ok(None),
    }
}

/// Contents of many zonepaths, queried with one command for each directory above them and a few for all.
#[derive(Debug, Default)]
pub(crate) struct Places {
    parents: BTreeMap<String, Option<String>>,
    datasets: BTreeMap<String, Dataset>,
}

/// Maximum number of datasets per command.
const AT_ONCE: usize = 200;

impl Places {
    pub(crate) fn inspect<'z>(host: &Host, zonepaths: impl Iterator<Item = &'z str>) -> Result<Places> {
        let mut places = Places::default();
        let mut names = Vec::new();
        for zonepath in zonepaths {
            let above = parent(zonepath);
            if !places.parents.contains_key(above) {
                let found = mounted_at(host, above)?.map(|dataset| dataset.name);
                places.parents.insert(above.to_owned(), found);
            }
            names.extend(places.name(zonepath));
        }
        for names in names.chunks(AT_ONCE) {
            // Its exit status reports that some do not exist, which is the expected case.
            let completed = host.question(&zfs::list_named(names))?;
            for dataset in zfs::parse_list(&completed)? {
                places.datasets.insert(dataset.name.clone(), dataset);
            }
        }
        Ok(places)
    }

    fn name(&self, zonepath: &str) -> Option<String> {
        let above = self.parents.get(parent(zonepath))?.as_ref()?;
        Some(format!("{above}/{}", base(zonepath)))
    }

    /// Checks that nothing is at this zonepath.
    pub(crate) fn check_vacant(&self, host: &Host, zone: &ZoneName, zonepath: &str) -> Result<()> {
        if let Some(found) = self.name(zonepath).and_then(|name| self.datasets.get(&name)) {
            return Err(occupied(zone, zonepath, found));
        }
        no_files(host, zone, zonepath)?;
        // A dataset can only be mounted at an existing directory.
        match host.path(zonepath).exists() {
            true => mounted_at(host, zonepath)?.map_or(Ok(()), |found| Err(occupied(zone, zonepath, &found))),
            false => Ok(()),
        }
    }
}

/// Returns the dataset that is mounted at this path, even if the path itself does not exist.
pub(super) fn mounted_at(host: &Host, path: &str) -> Result<Option<Dataset>> {
    let completed = host.question(&zfs::list_path(path))?;
    if !completed.success() {
        return Ok(None);
    }
    let found = zfs::parse_list(&completed)?;
    Ok(found.into_iter().find(|dataset| dataset.mounted && dataset.mountpoint.as_deref() == Some(path)))
}

/// Checks that a zonepath has no files: only an empty directory is allowed.
pub(crate) fn no_files(host: &Host, zone: &ZoneName, zonepath: &str) -> Result<()> {
    let path = host.path(zonepath);
    let what = match fs::symlink_metadata(&path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(Error::io("read", &path, error)),
        Ok(meta) if meta.is_dir() => {
            let mut entries = fs::read_dir(&path).map_err(|error| Error::io("read", &path, error))?;
            match entries.next() {
                None => return Ok(()),
                Some(_) => "a directory with files in it",
            }
        }
        Ok(_) => "something that is not a directory",
    };
    Err(Error::new(Code::Exists, format!("zone {zone}: the zonepath {zonepath} is {what}")).with_help(format!(
        "move it away (mv {zonepath} {zonepath}.old) or use another zonepath; {}",
        attach(zone, zonepath)
    )))
}

/// Returns the error for files at a zonepath that no detach has left there.
pub(crate) fn not_detached(zone: &ZoneName, zonepath: &str, found: &Dataset) -> Error {
    let message = format!("zone {zone}: dataset {} was not left at {zonepath} by a detach of this zone", found.name);
    Error::new(Code::Exists, message).with_help(format!(
        "if it holds the files of a zone whose configuration was lost, configure the zone with `zonecfg -z {zone}`, then run \
         `zoneadm -z {zone} attach` and `zmgr import {zone}`; otherwise rename it"
    ))
}

/// Returns the error for a dataset in the place where a zone is to be installed.
pub(crate) fn occupied(zone: &ZoneName, zonepath: &str, found: &Dataset) -> Error {
    let at = match &found.mountpoint {
        Some(at) if found.mounted => format!(" (mounted at {at})"),
        Some(at) if at.starts_with('/') => format!(" (mountpoint {at})"),
        _ => String::new(),
    };
    let message = format!("zone {zone}: dataset {}{at} exists and was not made by zmgr for this zone", found.name);
    Error::new(Code::Exists, message).with_help(format!(
        "rename it (`zfs rename {0} {0}.old`), destroy it if nothing in it is needed, or use another zonepath; {1}",
        found.name,
        attach(zone, zonepath)
    ))
}

fn attach(zone: &ZoneName, zonepath: &str) -> String {
    format!(
        "if {zonepath} holds the files of a detached zone (`destroy --keep-data` leaves them), run `zmgr attach {zone}`"
    )
}

/// Checks that nothing is where a zone is about to be installed, and claims the dataset that will be made there. With `keep`, the
/// dataset that zmgr made for the zone before may still exist.
pub(crate) fn claim(step_context: &StepContext<'_>, zonepath: &str, keep: bool) -> Result<()> {
    let name = dataset_name(&step_context.host, zonepath)?;
    let by_name = name.as_deref().map(|name| find(&step_context.host, name)).transpose()?.flatten();
    let found = match by_name {
        // A dataset can only be mounted at an existing directory.
        None if step_context.host.path(zonepath).exists() => mounted_at(&step_context.host, zonepath)?,
        found => found,
    };
    if let Some(found) = found {
        let recorded = step_context.made.of_zonepath().and_then(|made| made.guid);
        if keep && recorded.as_deref() == Some(&found.guid) {
            return Ok(());
        }
        return Err(occupied(step_context.zone, zonepath, &found));
    }
    no_files(&step_context.host, step_context.zone, zonepath)?;
    // Below a plain directory the zone gets no dataset of its own.
    if let Some(name) = name {
        step_context.made.claim(&name, true);
    }
    Ok(())
}

/// Records the dataset that an installation has made.
pub(crate) fn installed(step_context: &StepContext<'_>, zonepath: &str) -> Result<()> {
    let claimed = step_context.made.of_zonepath();
    if claimed.as_ref().is_some_and(|made| made.guid.is_some()) {
        return Ok(());
    }
    match (mounted_at(&step_context.host, zonepath)?, claimed) {
        (Some(found), _) => step_context.made.made(&found, true),
        (None, Some(claimed)) => step_context.made.forget(&claimed.name),
        (None, None) => {}
    }
    Ok(())
}

/// Checks that an uninstall would destroy only what zmgr made: the dataset has the recorded guid, or was claimed before it was
/// made. Unless `purge`, no dataset that is delegated to the zone may go with it.
pub(crate) fn check_destroyable(step_context: &StepContext<'_>, zonepath: &str, purge: bool) -> Result<()> {
    let recorded = step_context.made.of_zonepath();
    let found = dataset_of(&step_context.host, zonepath)?;
    let is_mounted = found.as_ref().is_some_and(|found| found.mounted && found.mountpoint.as_deref() == Some(zonepath));
    if recorded.is_some() && !is_mounted {
        // The zone's dataset is not at its zonepath, so files there are not the zone's.
        no_files(&step_context.host, step_context.zone, zonepath)
            .map_err(|error| foreign(error.message().to_owned()))?;
    }
    let Some(found) = found else { return Ok(()) };
    if !purge {
        none_delegated_within(step_context, &found)?;
    }
    match recorded {
        // Claimed: nothing was there before.
        Some(MadeDataset { guid: None, .. }) => Ok(()),
        Some(MadeDataset { guid: Some(guid), .. }) if guid == found.guid => Ok(()),
        recorded => Err(not_ours(&found, recorded.is_some())),
    }
}

/// Checks that uninstalling the zone, whose files are in `own`, destroys no dataset that is delegated to it.
fn none_delegated_within(step_context: &StepContext<'_>, own: &Dataset) -> Result<()> {
    let (host, zone) = (&step_context.host, step_context.zone);
    let Some(config) = host.zone_config(zone.as_str())? else { return Ok(()) };
    let mut purged = Vec::new();
    for dataset in config.datasets {
        if impact::is_destroyed_with(host, &config.brand, &own.name, &dataset) && find(host, &dataset)?.is_some() {
            purged.push(dataset);
        }
    }
    if purged.is_empty() { Ok(()) } else { Err(impact::would_purge(zone, &purged)) }
}

/// Records the dataset of a zone that the administrator wants uninstalled, if nothing is recorded yet: the zone was imported, or
/// created by an older zmgr.
pub(crate) fn adopt(step_context: &StepContext<'_>, dataset: Option<&Dataset>) {
    if let (None, Some(dataset)) = (step_context.made.of_zonepath(), dataset) {
        step_context.made.made(dataset, true);
    }
}

/// Returns the record of a zone's dataset.
pub(crate) fn recorded(dataset: &Dataset) -> MadeDataset {
    MadeDataset { name: dataset.name.clone(), guid: Some(dataset.guid.clone()), zonepath: true }
}

/// Checks, before anything is planned, that a zone's files are in the dataset that zmgr recorded for it.
pub(crate) fn check_ours(recorded: &[MadeDataset], zone: &ZoneName, dataset: Option<&Dataset>) -> Result<()> {
    let guid = recorded.iter().find(|made| made.zonepath).and_then(|made| made.guid.as_ref());
    match (guid, dataset) {
        (Some(guid), Some(found)) if *guid != found.guid => Err(not_ours(found, true).with_help(format!(
            "rename it (`zfs rename {0} {0}.old`), or keep it with `zmgr destroy --keep-data {zone}`",
            found.name
        ))),
        _ => Ok(()),
    }
}

/// Returns the error for a dataset in the place of one that zmgr made.
pub(crate) fn not_ours(found: &Dataset, is_known: bool) -> Error {
    let why = if is_known { "its guid differs" } else { "it is not recorded" };
    foreign(format!("dataset {} was not made by zmgr ({why}) and is not destroyed", found.name))
}
