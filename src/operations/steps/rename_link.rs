//! Renames a VNIC that no zone uses at the moment; undone by renaming it back.

use super::{Probe, Step, StepContext, Vnic, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::dladm;
use crate::value::name::LinkName;

/// Renames a VNIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RenameLink {
    /// The VNIC under its old name.
    pub(crate) vnic: Vnic,
    pub(crate) to: LinkName,
}

impl RenameLink {
    /// Returns how far it has come if `vnic` is to have the name `to`.
    fn progress(step_context: &StepContext<'_>, vnic: &Vnic, to: &LinkName) -> Result<Probe> {
        let renamed = Vnic { name: to.clone(), ..vnic.clone() };
        Ok(match (vnic.inspect(step_context)?, renamed.inspect(step_context)?) {
            (Probe::Foreign(what), _) | (Probe::Absent, Probe::Foreign(what)) => Probe::Foreign(what),
            (Probe::Absent, Probe::Done) => Probe::Done,
            (Probe::Absent, _) => Probe::Foreign(format!("the host has neither VNIC {} nor {to}", vnic.name)),
            (_, Probe::Absent) => Probe::Absent,
            (_, _) => Probe::Foreign(format!("the host has both VNIC {} and {to}", vnic.name)),
        })
    }

    fn rename(step_context: &StepContext<'_>, vnic: &Vnic, to: &LinkName) -> Result<()> {
        match Self::progress(step_context, vnic, to)? {
            Probe::Done => return Ok(()),
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Absent | Probe::Partial => {}
        }
        let ended = step_context.run_locked(dladm::rename_link(&vnic.name, to))?;
        match Self::progress(step_context, vnic, to)? {
            Probe::Done => Ok(()),
            _ => Err(ended.error()),
        }
    }
}

impl Step for RenameLink {
    fn kind(&self) -> StepKind {
        StepKind::Link
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.vnic.net)
    }

    fn planned(&self) -> PlannedStep {
        let (from, to) = (&self.vnic.name, &self.to);
        planned(self, &dladm::rename_link(from, to), Vec::new(), Some(&dladm::rename_link(to, from)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Self::progress(step_context, &self.vnic, &self.to)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        Self::rename(step_context, &self.vnic, &self.to)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // A link that has its old name was not renamed, or was restored already.
        if self.vnic.inspect(step_context)? == Probe::Done {
            return Ok(());
        }
        let renamed = Vnic { name: self.to.clone(), ..self.vnic.clone() };
        Self::rename(step_context, &renamed, &self.vnic.name)
    }
}
