//! Sets one property of a VNIC that zmgr made, or resets it.
//!
//! Invariant: one property per command, because dladm's exit status is that of the last one, and it undoes nothing. What counts
//! is the active value afterwards.

use super::{Floor, Phase, PlannedStep, Probe, Step, Vnic, foreign, planned};
use crate::error::{Code, Error, Result};
use crate::exec::{Invocation, dladm};

/// A property to be set or reset.
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

    /// How the active value differs from the one to be set.
    fn difference(&self, floor: &Floor<'_>) -> Result<Option<String>> {
        let Some(value) = &self.value else { return Ok(None) };
        let link = self.vnic.name.as_str();
        let found = floor.host.link_properties(Some(link))?.remove(&(link.to_owned(), self.name.clone()));
        let same = found.as_ref().is_some_and(|found| dladm::same_property(&self.name, value, found));
        let there = found.as_deref().unwrap_or("not set");
        Ok((!same).then(|| format!("the property {} of {link} is {there}, not {value}", self.name)))
    }
}

impl Step for LinkProperty {
    fn id(&self) -> String {
        format!("link:{}:{}", self.vnic.net, self.name)
    }

    fn phase(&self) -> Phase {
        Phase::Links
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &self.command(), Vec::new(), None)
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        match self.vnic.look(floor)? {
            Probe::Done => {}
            Probe::Foreign(what) => return Ok(Probe::Foreign(what)),
            Probe::Absent | Probe::Partial => return Ok(Probe::Absent),
        }
        let done = self.value.is_some() && self.difference(floor)?.is_none();
        Ok(if done { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, floor: &Floor<'_>) -> Result<()> {
        if let Probe::Foreign(what) = self.vnic.look(floor)? {
            return Err(foreign(what));
        }
        let ended = floor.attempt(self.command())?;
        if !ended.success() {
            return Err(ended.error());
        }
        match self.difference(floor)? {
            Some(how) if dladm::is_comparable(&self.name) => {
                Err(Error::new(Code::CommandFailed, how).with_command(ended.failed()))
            }
            // dladm took the value and shows it in other words.
            _ => Ok(()),
        }
    }

    fn undo(&self, _: &Floor<'_>) -> Result<()> {
        // A VNIC that is taken back goes whole. On one that stays, the change is what the files say.
        Ok(())
    }
}
