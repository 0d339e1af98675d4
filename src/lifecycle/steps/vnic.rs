//! Makes a VNIC; takes it back by deleting it.

use super::{Floor, Phase, PlannedStep, Probe, Step, foreign, planned};
use crate::error::Result;
use crate::exec::dladm::{self, HostVnic};
use crate::host::LinkState;
use crate::name::LinkName;

/// A VNIC to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vnic {
    /// The net it is for.
    pub(crate) net: String,
    pub(crate) name: LinkName,
    /// The link that carries it.
    pub(crate) over: String,
    pub(crate) mac: [u8; 6],
    pub(crate) vlan: Option<u16>,
    pub(crate) mtu: Option<u32>,
}

impl Vnic {
    /// Why a VNIC of this name is not this one; `None` where it is. Name, lower link and MAC address must all agree.
    pub(super) fn stranger(&self, found: &HostVnic) -> Option<String> {
        if found.over != self.over {
            return Some(format!("the VNIC {} lies over {}, not over {}", self.name, found.over, self.over));
        }
        if found.mac != Some(self.mac) {
            let has = found
                .mac
                .map_or_else(|| "no MAC address".to_owned(), |mac| format!("the MAC address {}", dladm::mac_text(mac)));
            return Some(format!("the VNIC {} has {has}, not {}", self.name, dladm::mac_text(self.mac)));
        }
        None
    }

    /// The link of this name: `Absent`, `Done` where it is this one, else `Foreign`.
    pub(super) fn look(&self, floor: &Floor<'_>) -> Result<Probe> {
        Ok(match floor.host.link_state(self.name.as_str())? {
            LinkState::Absent => Probe::Absent,
            LinkState::Other(_) => Probe::Foreign(format!("the link {} is no VNIC", self.name)),
            LinkState::Vnic(found) => self.stranger(&found).map_or(Probe::Done, Probe::Foreign),
        })
    }
}

impl Step for Vnic {
    fn id(&self) -> String {
        format!("vnic:{}", self.net)
    }

    fn phase(&self) -> Phase {
        Phase::Links
    }

    fn planned(&self) -> PlannedStep {
        let create = dladm::create_vnic(&self.name, &self.over, self.mac, self.vlan, self.mtu);
        planned(self.id(), &create, Vec::new(), Some(&dladm::delete_vnic(&self.name)))
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        self.look(floor)
    }

    fn run(&self, floor: &Floor<'_>) -> Result<()> {
        let created = floor.attempt(dladm::create_vnic(&self.name, &self.over, self.mac, self.vlan, self.mtu))?;
        match self.look(floor)? {
            Probe::Done => Ok(()),
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Absent | Probe::Partial => Err(created.error()),
        }
    }

    fn undo(&self, floor: &Floor<'_>) -> Result<()> {
        match self.look(floor)? {
            Probe::Absent | Probe::Partial => return Ok(()),
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Done => {}
        }
        let deleted = floor.attempt(dladm::delete_vnic(&self.name))?;
        match self.look(floor)? {
            Probe::Absent | Probe::Partial => Ok(()),
            Probe::Done | Probe::Foreign(_) => Err(deleted.error()),
        }
    }
}
