//! Renames a zone on the host, and the links of its nets with it; undone by renaming it back.

use super::configure::delete;
use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::Completed;
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg;
use crate::value::name::{LinkName, ZoneName};

/// Renames a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RenameZone {
    pub(crate) from: ZoneName,
    pub(crate) to: ZoneName,
    /// The links that its nets use before and afterwards.
    pub(crate) links: Vec<(LinkName, LinkName)>,
    /// Its zonepath, by which a document that a killed zonecfg left is told from another zone's.
    pub(crate) zonepath: String,
}

impl RenameZone {
    fn reversed(&self) -> RenameZone {
        RenameZone {
            from: self.to.clone(),
            to: self.from.clone(),
            links: self.links.iter().map(|(from, to)| (to.clone(), from.clone())).collect(),
            zonepath: self.zonepath.clone(),
        }
    }

    /// Returns the renames of links that the configuration of this zone still needs.
    fn open_links(&self, step_context: &StepContext<'_>, zone: &ZoneName) -> Result<Vec<(LinkName, LinkName)>> {
        let Some(config) = step_context.host.zone_config(zone.as_str())? else { return Ok(Vec::new()) };
        let uses = |link: &LinkName| config.nets.iter().any(|net| net.physical == link.as_str());
        Ok(self.links.iter().filter(|(from, _)| uses(from)).cloned().collect())
    }

    /// Returns how far the host has renamed the zone.
    fn progress(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let (old, new) = (step_context.host.zone_state(&self.from)?, step_context.host.zone_state(&self.to)?);
        Ok(match (old, new) {
            (None, Some(_)) if self.open_links(step_context, &self.to)?.is_empty() => Probe::Done,
            (None, Some(_)) => Probe::Partial,
            (Some(_), None) => Probe::Absent,
            (Some(_), Some(_)) => Probe::Foreign(format!("the host has both zone {} and {}", self.from, self.to)),
            (None, None) => Probe::Foreign(format!("the host has neither zone {} nor {}", self.from, self.to)),
        })
    }

    fn rename(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.progress(step_context)? {
            Probe::Done => return self.sweep(step_context, &self.from),
            Probe::Foreign(what) => return Err(foreign(what)),
            // Renamed with only some of its links.
            Probe::Partial => {
                let open = self.open_links(step_context, &self.to)?;
                let ended = step_context.run_locked(zonecfg::relink(&self.to, &open))?;
                return self.verified(step_context, &ended);
            }
            Probe::Absent => {}
        }
        let state = step_context.host.zone_state(&self.from)?.map(|zone| zone.state);
        if let Some(state) = state.filter(|state| !matches!(state, ZoneState::Configured | ZoneState::Installed)) {
            return Err(Error::new(Code::WrongState, format!("{} is now {state} and cannot be renamed", self.from)));
        }
        self.sweep(step_context, &self.to)?;
        let open = self.open_links(step_context, &self.from)?;
        let ended = step_context.run_locked(zonecfg::rename(&self.from, &self.to, &open))?;
        self.verified(step_context, &ended)
    }

    fn verified(&self, step_context: &StepContext<'_>, ended: &Completed) -> Result<()> {
        match self.progress(step_context)? {
            Probe::Done => self.sweep(step_context, &self.from),
            Probe::Absent | Probe::Partial | Probe::Foreign(_) => Err(ended.error()),
        }
    }

    /// Returns true if the zone's document lies under a name that the host does not have: zonecfg writes the new document before it
    /// changes the index, and removes the old one after that.
    fn left(&self, step_context: &StepContext<'_>, name: &ZoneName) -> Result<bool> {
        let left = step_context.host.zone_config(name.as_str())?;
        Ok(left.is_some_and(|left| left.zonepath == self.zonepath) && step_context.host.zone_state(name)?.is_none())
    }

    fn sweep(&self, step_context: &StepContext<'_>, name: &ZoneName) -> Result<()> {
        if self.left(step_context, name)? { delete(step_context, name) } else { Ok(()) }
    }
}

impl Step for RenameZone {
    fn kind(&self) -> StepKind {
        StepKind::Zonecfg
    }

    fn planned(&self) -> PlannedStep {
        let back = self.reversed();
        let command = |step: &RenameZone| zonecfg::rename(&step.from, &step.to, &step.links);
        planned(self, &command(self), Vec::new(), Some(&command(&back)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match self.progress(step_context)? {
            // Only the old document is left to remove.
            Probe::Done if self.left(step_context, &self.from)? => Probe::Absent,
            progress => progress,
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        self.rename(step_context)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let back = self.reversed();
        let old = step_context.host.zone_state(&self.from)?;
        if old.is_none_or(|zone| zone.zonepath != self.zonepath) {
            return back.rename(step_context);
        }
        // zonecfg keeps what came before the command that failed.
        let open = back.open_links(step_context, &self.from)?;
        if !open.is_empty() {
            let ended = step_context.run_locked(zonecfg::relink(&self.from, &open))?;
            if !back.open_links(step_context, &self.from)?.is_empty() {
                return Err(ended.error());
            }
        }
        self.sweep(step_context, &self.to)
    }
}
