//! Keeps the old root of a zone that is reinstalled, and destroys such a root.

use std::time::Duration;

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::zfs;
use crate::exec::{umount, zoneadm};
use crate::operations::kept_roots::{self, KeptRoot};
use crate::operations::{made, origins};
use crate::value::name::{SnapshotLabel, ZoneName};

/// Unmounts the root of a zone that is down: an uninstall deletes the files of whatever is mounted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmount {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
    /// The boot environment that is mounted.
    pub(crate) environment: String,
    /// Time limit for mounting it again.
    pub(crate) limit: Duration,
}

impl Unmount {
    fn is_mounted(&self, step_context: &StepContext<'_>) -> Result<bool> {
        Ok(step_context.host.environment(&self.environment)?.is_some_and(|found| found.mounted))
    }

    fn path(&self) -> String {
        format!("{}/root", self.zonepath)
    }
}

impl Step for Unmount {
    fn kind(&self) -> StepKind {
        StepKind::Unmount
    }

    fn planned(&self) -> PlannedStep {
        let undo = zoneadm::sysboot(&self.zone, self.limit);
        planned(self, &umount::unmount(&self.path()), Vec::new(), Some(&undo))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(if self.is_mounted(step_context)? { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(umount::unmount(&self.path()))?;
        match self.is_mounted(step_context)? {
            true => Err(ended.error().with_help(format!("end what uses {}: `fuser -c {0}` shows it", self.path()))),
            false => Ok(()),
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        if step_context.host.environment(&self.environment)?.is_none_or(|found| found.mounted) {
            return Ok(());
        }
        let ended = step_context.run_locked(zoneadm::sysboot(&self.zone, self.limit))?;
        if self.is_mounted(step_context)? { Ok(()) } else { Err(ended.error()) }
    }
}

/// Marks a boot environment of a zone as an old root, so that the uninstall leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetAside {
    pub(crate) environment: String,
    /// Uuid of the host's boot environment.
    pub(crate) parent: String,
    /// Name of the snapshot that was taken first.
    pub(crate) mark: String,
}

impl SetAside {
    fn set(&self, step_context: &StepContext<'_>, parent: &str) -> Result<()> {
        let ended = step_context.run_locked(zfs::set_parent(&self.environment, parent))?;
        let found = step_context.host.environment(&self.environment)?;
        if found.is_some_and(|found| found.parent.as_deref() == Some(parent)) { Ok(()) } else { Err(ended.error()) }
    }
}

impl Step for SetAside {
    fn kind(&self) -> StepKind {
        StepKind::SetAside
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.environment.rsplit('/').next().unwrap_or_default())
    }

    fn planned(&self) -> PlannedStep {
        let undo = zfs::set_parent(&self.environment, &self.parent);
        planned(self, &zfs::set_parent(&self.environment, &self.mark), Vec::new(), Some(&undo))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let Some(found) = step_context.host.environment(&self.environment)? else {
            return Ok(Probe::Foreign(format!("boot environment {} is gone", self.environment)));
        };
        Ok(match found.parent {
            Some(parent) if parent == self.mark => Probe::Done,
            Some(parent) if parent == self.parent => Probe::Absent,
            _ => Probe::Foreign(format!("{} belongs to another boot environment of the host now", self.environment)),
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.set(step_context, &self.mark)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.probe(step_context)? {
            Probe::Done => self.set(step_context, &self.parent),
            _ => Ok(()),
        }
    }
}

/// Destroys an old root, with the snapshot for which it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DropRoot {
    pub(crate) label: SnapshotLabel,
    pub(crate) root: KeptRoot,
}

impl Step for DropRoot {
    fn kind(&self) -> StepKind {
        StepKind::DropRoot
    }

    fn id(&self) -> String {
        format!("{}:{}:{}", self.kind(), self.label, self.root.name.rsplit('/').next().unwrap_or_default())
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &zfs::destroy_whole(&self.root.name), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.environment(&self.root.name)? {
            None => Probe::Done,
            Some(found) if found.parent.as_deref() == Some(&self.root.mark) => Probe::Absent,
            Some(_) => Probe::Foreign(format!("{} is not an old root any more", self.root.name)),
        })
    }

    fn prepare(&self, step_context: &StepContext<'_>) -> Result<()> {
        record_origin(step_context, &self.root.name)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if let Probe::Foreign(what) = self.probe(step_context)? {
            return Err(super::foreign(what));
        }
        destroy(step_context, &self.root.name)?;
        drop_origins(step_context)
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Records what an old root was cloned from: an uninstall would have destroyed that too.
fn record_origin(step_context: &StepContext<'_>, root: &str) -> Result<()> {
    let host = &step_context.host;
    let Some(origin) = made::find(host, root)?.and_then(|found| found.origin) else { return Ok(()) };
    if origins::is_of_clone(&origin, step_context.zone)
        && let Some(origin) = zfs::parse_list(&host.ask(&zfs::list_named(&[origin]))?)?.pop()
    {
        step_context.made.made(&origin, false);
    }
    Ok(())
}

fn destroy(step_context: &StepContext<'_>, root: &str) -> Result<()> {
    let ended = step_context.run_locked(zfs::destroy_whole(root))?;
    if step_context.host.environment(root)?.is_some() { Err(ended.error()) } else { Ok(()) }
}

/// Destroys the recorded snapshots of sources that nothing is cloned from any more.
fn drop_origins(step_context: &StepContext<'_>) -> Result<()> {
    for made in step_context.made.origins() {
        if origins::is_left(step_context, &made)? {
            origins::drop_one(step_context, &made)?;
        }
    }
    Ok(())
}

/// Records what the old roots of a zone were cloned from.
pub(super) fn record_origins(step_context: &StepContext<'_>) -> Result<()> {
    let Some(own) = step_context.made.of_zonepath() else { return Ok(()) };
    kept_roots::below(&step_context.host, &own.name)?
        .iter()
        .try_for_each(|root| record_origin(step_context, &root.name))
}

/// Destroys all old roots of a zone that is uninstalled, and then the datasets above, which the uninstall left because of them.
pub(super) fn drop_all(step_context: &StepContext<'_>) -> Result<()> {
    let host = &step_context.host;
    let Some(own) = step_context.made.of_zonepath() else { return Ok(()) };
    let Some(found) = made::find(host, &own.name)?.filter(|found| own.guid.as_ref() == Some(&found.guid)) else {
        return Ok(());
    };
    loop {
        let roots = kept_roots::below(host, &found.name)?;
        let mut stuck = Vec::new();
        for root in &roots {
            let clones = kept_roots::clones(&root.name, &kept_roots::parts(host, &root.name)?);
            match clones.as_slice() {
                [] => destroy(step_context, &root.name)?,
                clones => stuck.push(format!("{}: {} was cloned from it", root.name, clones.join(", "))),
            }
        }
        // One may have been cloned from another.
        if stuck.is_empty() {
            break;
        }
        if stuck.len() == roots.len() {
            let message = format!("old roots of {} cannot be destroyed: {}", step_context.zone, stuck.join("; "));
            return Err(
                Error::new(Code::WrongState, message).with_help("run `zfs promote` on the clone, or destroy the clone")
            );
        }
    }
    drop_origins(step_context)?;
    remove_if_empty(step_context, &format!("{}/ROOT", found.name))?;
    if remove_if_empty(step_context, &found.name)? {
        step_context.made.forget_zonepath();
    }
    Ok(())
}

/// Destroys a dataset without children. Returns true if it is gone.
fn remove_if_empty(step_context: &StepContext<'_>, name: &str) -> Result<bool> {
    let listed = step_context.host.question(&zfs::list_children(name))?;
    let all = if listed.success() { zfs::parse_list(&listed)? } else { return Ok(true) };
    if all.len() > 1 {
        return Ok(false);
    }
    let ended = step_context.run_locked(zfs::destroy_one(name))?;
    if made::find(&step_context.host, name)?.is_some() { Err(ended.error()) } else { Ok(true) }
}
