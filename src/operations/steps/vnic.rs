//! Creates a VNIC; undone by deleting it.
//!
//! Invariant: a VNIC is gone only when its record is gone too, or the next boot of the host would restore it.

use std::collections::BTreeMap;

use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::dladm::{self, HostVnic};
use crate::host::LinkState;
use crate::value::name::LinkName;

/// Creates a VNIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vnic {
    /// The net that uses it.
    pub(crate) net: String,
    pub(crate) name: LinkName,
    /// The link below it.
    pub(crate) over: String,
    pub(crate) mac: [u8; 6],
    pub(crate) vlan: Option<u16>,
    /// Properties set when it is created; the others have steps of their own.
    pub(crate) properties: BTreeMap<String, String>,
}

impl Vnic {
    /// Returns how a VNIC of this name differs from this one; `None` if it is the same. Name, lower link and MAC address must all
    /// match.
    pub(super) fn stranger(&self, found: &HostVnic) -> Option<String> {
        if found.over != self.over {
            return Some(format!("VNIC {} is over {}, not over {}", self.name, found.over, self.over));
        }
        if found.mac != Some(self.mac) {
            let has = found
                .mac
                .map_or_else(|| "no MAC address".to_owned(), |mac| format!("the MAC address {}", dladm::mac_text(mac)));
            return Some(format!("VNIC {} has {has}, not {}", self.name, dladm::mac_text(self.mac)));
        }
        None
    }

    /// Returns the state of the link of this name: `Absent`, `Done` if it is this one, `Partial` if only its record exists,
    /// otherwise `Foreign`.
    pub(super) fn inspect(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.link_state(self.name.as_str())? {
            LinkState::Absent => match step_context.host.recorded_vnic(self.name.as_str())? {
                None => Probe::Absent,
                Some(record) => match self.stranger(&record) {
                    None => Probe::Partial,
                    Some(how) => Probe::Foreign(format!("{how}, and only its record exists")),
                },
            },
            LinkState::Other(_) => Probe::Foreign(format!("link {} is not a VNIC", self.name)),
            LinkState::Vnic(found) => self.stranger(&found).map_or(Probe::Done, Probe::Foreign),
        })
    }

    /// Returns true if only a record is in the way.
    fn is_recorded(&self, step_context: &StepContext<'_>) -> Result<bool> {
        Ok(step_context.host.link_state(self.name.as_str())? == LinkState::Absent
            && step_context.host.recorded_vnic(self.name.as_str())?.is_some())
    }
}

impl Step for Vnic {
    fn kind(&self) -> StepKind {
        StepKind::Vnic
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.net)
    }

    fn planned(&self) -> PlannedStep {
        let create = dladm::create_vnic(&self.name, &self.over, self.mac, self.vlan, &self.properties);
        planned(self, &create, Vec::new(), Some(&dladm::delete_vnic(&self.name)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        self.inspect(step_context)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        // dladm creates a second link with the name of one that is in use by a zone.
        if let LinkState::Vnic(_) | LinkState::Other(_) = step_context.host.link_state(self.name.as_str())? {
            return match self.inspect(step_context)? {
                Probe::Foreign(what) => Err(foreign(what)),
                Probe::Absent | Probe::Partial | Probe::Done => Ok(()),
            };
        }
        let created = step_context.run_locked(dladm::create_vnic(
            &self.name,
            &self.over,
            self.mac,
            self.vlan,
            &self.properties,
        ))?;
        match self.inspect(step_context)? {
            Probe::Done => Ok(()),
            Probe::Foreign(what) if !created.success() && self.is_recorded(step_context)? => {
                Err(Error::new(Code::Exists, what)
                    .with_command(created.failed())
                    .with_help(format!("if it is unused, remove the record: dladm delete-vnic {}", self.name)))
            }
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Absent | Probe::Partial => Err(created.error()),
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.inspect(step_context)? {
            Probe::Absent => return Ok(()),
            // The record existed before; it does not prevent the rollback.
            Probe::Foreign(what) if self.is_recorded(step_context)? => {
                step_context.warn(format!("{what}; it is left alone"));
                return Ok(());
            }
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Done | Probe::Partial => {}
        }
        let deleted = step_context.run_locked(dladm::delete_vnic(&self.name))?;
        match self.inspect(step_context)? {
            Probe::Absent => Ok(()),
            Probe::Done | Probe::Partial | Probe::Foreign(_) => Err(deleted.error()),
        }
    }
}
