//! Uninstalls a zone, or detaches it and leaves its files.

use std::time::Duration;

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;
use crate::exec::zoneadm::{self, ZoneState};
use crate::operations::data;
use crate::operations::kept::{self, DETACHED};
use crate::value::name::ZoneName;

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

    /// Returns whether an uninstall has left the zone's files. Detached on purpose, they have the zone's configuration beside them.
    fn left(&self, step_context: &StepContext<'_>, zonepath: &str) -> bool {
        let zonepath = step_context.host.path(zonepath);
        !self.keep_data && zonepath.join("root/etc").is_dir() && !zonepath.join(DETACHED).exists()
    }

    fn leftover(&self, zonepath: &str) -> Error {
        Error::new(
            Code::CommandFailed,
            format!("uninstalling zone \"{}\" left its files: {zonepath}/root still holds a system", self.zone),
        )
        .with_help(
            "run `zfs list -r` on the dataset of the zonepath, destroy what is the zone's, and run `zmgr recover`",
        )
    }
}

impl Step for Uninstall {
    fn kind(&self) -> StepKind {
        if self.keep_data { StepKind::Detach } else { StepKind::Uninstall }
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else { return Ok(Probe::Done) };
        Ok(match (zone.state, &self.uuid, &zone.uuid) {
            (ZoneState::Configured, ..) if self.left(step_context, &zone.zonepath) => Probe::Partial,
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
            data::check_destroyable(step_context, &self.zonepath, self.purge)?;
        }
        let before = step_context.host.zone_state(&self.zone)?;
        if let Some(zone) = before.as_ref().filter(|zone| zone.state == ZoneState::Configured) {
            // An earlier uninstall ended well and left files; zoneadm does not uninstall a zone twice.
            return if self.left(step_context, &zone.zonepath) { Err(self.leftover(&zone.zonepath)) } else { Ok(()) };
        }
        let zonepath = before.map(|zone| zone.zonepath);
        let mut ended = step_context.run_logged(self.command())?;
        if let Some(path) = zonepath.as_ref().filter(|path| self.left(step_context, path))
            && step_context.host.zone_state(&self.zone)?.is_none_or(|zone| zone.state == ZoneState::Configured)
        {
            // A hook that finds no boot environment of the host's destroys nothing and ends well; an install would then add a
            // second active one, and no boot would work.
            return Err(self.leftover(path));
        }
        let mut probe = self.probe(step_context)?;
        // An incomplete zone cannot be detached: nothing of it is worth keeping.
        if self.keep_data && probe == Probe::Partial {
            data::check_destroyable(step_context, &self.zonepath, false)?;
            ended = step_context.run_logged(zoneadm::uninstall(&self.zone, self.limit))?;
            probe = self.probe(step_context)?;
        }
        if probe != Probe::Done {
            return Err(ended.error());
        }
        Ok(())
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // Files that are gone stay gone; a detach only changes how they are mounted.
        let zone = if self.keep_data { step_context.host.zone_state(&self.zone)? } else { None };
        let commands = zone.map_or(Ok(Vec::new()), |zone| kept::put_back(&step_context.host, &zone))?;
        for command in commands {
            let ended = step_context.run_locked(command)?;
            if !ended.success() {
                return Err(ended.error());
            }
        }
        Ok(())
    }
}
