//! Sets one property of a VNIC that zmgr made, or resets it.
//!
//! Invariant: one property per command, because dladm's exit status is that of the last one, and it undoes nothing. The active
//! value afterwards decides.

use super::{Probe, Step, StepContext, Vnic, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::{Invocation, dladm};

/// Sets or resets a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkProperty {
    pub(crate) vnic: Vnic,
    pub(crate) name: String,
    /// Its value; `None` resets it.
    pub(crate) value: Option<String>,
}

impl LinkProperty {
    fn command(&self) -> Invocation {
        match &self.value {
            Some(value) => dladm::set_property(&self.vnic.name, &self.name, value),
            None => dladm::reset_property(&self.vnic.name, &self.name),
        }
    }

    /// Returns how the active value differs from the desired one.
    fn difference(&self, step_context: &StepContext<'_>) -> Result<Option<String>> {
        let Some(value) = &self.value else { return Ok(None) };
        let link = self.vnic.name.as_str();
        let found = step_context.host.link_properties(Some(link))?.remove(&(link.to_owned(), self.name.clone()));
        let same = found.as_ref().is_some_and(|found| dladm::same_property(&self.name, value, found));
        let there = found.as_deref().unwrap_or("not set");
        Ok((!same).then(|| format!("the property {} of {link} is {there}, not {value}", self.name)))
    }
}

impl Step for LinkProperty {
    fn kind(&self) -> StepKind {
        StepKind::Link
    }

    fn id(&self) -> String {
        format!("{}:{}:{}", self.kind(), self.vnic.net, self.name)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        match self.vnic.inspect(step_context)? {
            Probe::Done => {}
            Probe::Foreign(what) => return Ok(Probe::Foreign(what)),
            Probe::Absent | Probe::Partial => return Ok(Probe::Absent),
        }
        let done = self.value.is_some() && self.difference(step_context)?.is_none();
        Ok(if done { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if let Probe::Foreign(what) = self.vnic.inspect(step_context)? {
            return Err(foreign(what));
        }
        let ended = step_context.attempt(self.command())?;
        if !ended.success() {
            return Err(ended.error());
        }
        match self.difference(step_context)? {
            Some(how) if dladm::is_comparable(&self.name) => {
                Err(Error::new(Code::CommandFailed, how).with_command(ended.failed()))
            }
            // dladm accepted the value and shows it in another form.
            _ => Ok(()),
        }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        // A VNIC that is undone is removed completely. On one that stays, the change is what the files define.
        Ok(())
    }
}
