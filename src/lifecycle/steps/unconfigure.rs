//! Deletes the configuration of a zone whose files are gone.

use super::configure::delete;
use super::{Floor, Phase, PlannedStep, Probe, Step, foreign, planned};
use crate::error::Result;
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg;
use crate::lifecycle::identity;
use crate::name::ZoneName;

/// A configuration to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unconfigure {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
}

impl Step for Unconfigure {
    fn id(&self) -> String {
        "unconfigure".to_owned()
    }

    fn phase(&self) -> Phase {
        Phase::Configuration
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &zonecfg::delete(&self.zone), Vec::new(), None)
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        Ok(match floor.host.zone_state(&self.zone)?.map(|zone| zone.state) {
            None => match identity::renamed(&floor.host, &self.zonepath)? {
                Some(other) => Probe::Foreign(format!("the zone {} is called {} by now", self.zone, other.name)),
                None => match floor.host.zone_config(self.zone.as_str())? {
                    Some(left) if left.zonepath == self.zonepath => Probe::Absent,
                    _ => Probe::Done,
                },
            },
            Some(ZoneState::Configured) => Probe::Absent,
            Some(state) => Probe::Foreign(format!("the zone {} is {} again", self.zone, state.as_str())),
        })
    }

    fn run(&self, floor: &Floor<'_>) -> Result<()> {
        match self.probe(floor)? {
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Done => Ok(()),
            Probe::Absent | Probe::Partial => {
                floor.host.remove_if_empty(&self.zonepath);
                delete(floor, &self.zone)
            }
        }
    }

    fn undo(&self, _: &Floor<'_>) -> Result<()> {
        Ok(())
    }
}
