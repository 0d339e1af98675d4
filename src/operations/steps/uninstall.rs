//! Uninstalls a zone, or detaches it and leaves its files.

use std::time::Duration;

use super::{Phase, PlannedStep, Probe, Step, StepContext, planned};
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;
use crate::exec::zoneadm::{self, ZoneState};
use crate::name::ZoneName;
use crate::operations::data;

/// Uninstalls a zone, or detaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uninstall {
    pub(crate) zone: ZoneName,
    /// Detach it and leave its files.
    pub(crate) keep_data: bool,
    /// Delegated datasets that the uninstall destroys may go.
    pub(crate) purge: bool,
    pub(crate) zonepath: String,
    /// The installation to remove; another one is not touched.
    pub(crate) uuid: Option<String>,
    /// Time limit.
    pub(crate) limit: Duration,
}

impl Uninstall {
    fn command(&self) -> Invocation {
        if self.keep_data {
            zoneadm::detach(&self.zone, self.limit)
        } else {
            zoneadm::uninstall(&self.zone, self.limit)
        }
    }
}

impl Step for Uninstall {
    fn id(&self) -> String {
        if self.keep_data { "detach" } else { "uninstall" }.to_owned()
    }

    fn phase(&self) -> Phase {
        Phase::Files
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else { return Ok(Probe::Done) };
        Ok(match (zone.state, &self.uuid, &zone.uuid) {
            (ZoneState::Configured, ..) => Probe::Done,
            (ZoneState::Incomplete, ..) => Probe::Partial,
            (_, Some(noted), Some(found)) if noted != found => {
                Probe::Foreign(format!("{} was reinstalled outside zmgr: its uuid is {found}, not {noted}", self.zone))
            }
            _ => Probe::Absent,
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if !self.keep_data {
            data::may_destroy(step_context, &self.zonepath, self.purge)?;
        }
        let zonepath = step_context.host.zone_state(&self.zone)?.map(|zone| zone.zonepath);
        let mut ended = step_context.run_logged(self.command())?;
        let mut probe = self.probe(step_context)?;
        // An incomplete zone cannot be detached: nothing of it is worth keeping.
        if self.keep_data && probe == Probe::Partial {
            data::may_destroy(step_context, &self.zonepath, false)?;
            ended = step_context.run_logged(zoneadm::uninstall(&self.zone, self.limit))?;
            probe = self.probe(step_context)?;
        }
        if probe != Probe::Done {
            return Err(ended.error());
        }
        // A hook that finds no boot environment of the host's destroys nothing and succeeds; an install would then add a second
        // active one, and no boot would work.
        match zonepath.filter(|path| !self.keep_data && step_context.host.path(path).join("root/etc").is_dir()) {
            None => Ok(()),
            Some(path) => Err(Error::new(
                Code::CommandFailed,
                format!("uninstalling zone \"{}\" left its files: {path}/root still holds a system", self.zone),
            )
            .with_help(
                "run `zfs list -r` on the dataset of the zonepath, destroy what is the zone's, and run `zmgr recover`",
            )),
        }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}
