//! Attaches the files of a detached zone; undone by detaching them again.
//!
//! Invariant: nothing of the files is ever destroyed.

use std::time::Duration;

use super::install::explain;
use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::environment::Environment;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, ZoneState};
use crate::exec::{Invocation, zfs};
use crate::operations::{data, kept};
use crate::value::name::ZoneName;

/// Attaches a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attach {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
    pub(crate) brand: String,
    /// Update its packages to those of the host.
    pub(crate) update: bool,
    /// Time limit.
    pub(crate) limit: Duration,
    /// Variables that the hook finds in its environment: it fetches packages.
    pub(crate) environment: Environment,
}

impl Attach {
    fn command(&self) -> Invocation {
        let update = self.update.then(|| "-u".to_owned());
        zoneadm::attach(&self.zone, update.as_slice(), self.limit).with_environment(&self.environment)
    }

    fn state(&self, step_context: &StepContext<'_>) -> Result<ZoneState> {
        match step_context.host.zone_state(&self.zone)? {
            Some(zone) => Ok(zone.state),
            None => Err(foreign(format!("the zone {} has vanished from the host", self.zone))),
        }
    }

    /// Gives the zone's root the form in which a detach leaves it: mounted by the host itself. An attach that is killed, or whose
    /// hook fails, may leave a form in which the next boot of the host mounts nothing, and then no attach works.
    fn settle(&self, step_context: &StepContext<'_>) -> Result<()> {
        let host = &step_context.host;
        if !kept::needs_root(host, &self.brand) {
            return Ok(());
        }
        let Some(dataset) = host.dataset_at(&self.zonepath)? else { return Ok(()) };
        let Some(environment) = kept::root_of(host, &dataset.name)? else {
            return Err(Error::new(
                Code::WrongState,
                format!("{} has no single root that could be mounted", self.zone),
            )
            .with_help(format!("mount the right one of `zfs list -r {}` at {}/root", dataset.name, self.zonepath)));
        };
        for part in kept::parts_of(host, &environment, &format!("{}/root", self.zonepath))? {
            for assignment in part.assignments().iter().filter(|_| !part.is_detached()) {
                step_context.run_locked(zfs::set_property(&part.name, assignment))?;
            }
            if !part.is_mounted(host)? {
                step_context.run_locked(zfs::mount(&part.name))?;
            }
        }
        Ok(())
    }

    fn is_root_mounted(&self, step_context: &StepContext<'_>) -> Result<bool> {
        let root = format!("{}/root", self.zonepath);
        Ok(!kept::needs_root(&step_context.host, &self.brand) || step_context.host.dataset_at(&root)?.is_some())
    }
}

impl Step for Attach {
    fn kind(&self) -> StepKind {
        StepKind::Attach
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), Some(&zoneadm::detach(&self.zone, self.limit)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match self.state(step_context)? {
            ZoneState::Configured => Probe::Absent,
            ZoneState::Incomplete => Probe::Foreign(format!("the zone {} is incomplete", self.zone)),
            _ => Probe::Done,
        })
    }

    fn prepare(&self, step_context: &StepContext<'_>) -> Result<()> {
        // From here on the zone's files are zmgr's to destroy, if the zone is destroyed.
        if let Some(found) = data::mounted_at(&step_context.host, &self.zonepath)?
            && step_context.made.of_zonepath().and_then(|made| made.guid) != Some(found.guid.clone())
        {
            step_context.made.made(&found, true);
        }
        Ok(())
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if !self.is_root_mounted(step_context)? {
            self.settle(step_context)?;
        }
        let ended = step_context.run_logged(self.command())?;
        let Some(zone) = step_context.host.zone_state(&self.zone)? else {
            return Err(foreign(format!("the zone {} has vanished from the host", self.zone)));
        };
        // zoneadm may fail after the zone is attached, and end well although it is not.
        if matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete) {
            let error = explain(step_context, &zone, &self.environment, ended.error());
            return Err(match self.update {
                true => error,
                false => {
                    let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
                    error.with_help(format!("if its packages are older than the host's, pass --update{help}"))
                }
            });
        }
        step_context.uuid.replace(zone.uuid);
        Ok(())
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else { return Ok(()) };
        match zone.state {
            ZoneState::Configured => self.settle(step_context),
            ZoneState::Installed => {
                let ended = step_context.run_logged(zoneadm::detach(&self.zone, self.limit))?;
                match self.state(step_context)? {
                    ZoneState::Configured => Ok(()),
                    _ => Err(ended.error()),
                }
            }
            state => Err(Error::new(
                Code::WrongState,
                format!("zone {} is {state}; only an installed zone is detached", self.zone),
            )),
        }
    }
}
