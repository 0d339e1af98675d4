//! Sets properties of a VNIC that zmgr made, or takes them back to their defaults.

use std::collections::BTreeMap;

use super::{Floor, Phase, PlannedStep, Probe, Step, Vnic, foreign, planned};
use crate::error::{Code, Error, Result};
use crate::exec::{Invocation, dladm};

/// Properties to be set or reset: one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkProperties {
    /// The net that the VNIC is for.
    pub(crate) net: String,
    pub(crate) vnic: Vnic,
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) reset: Vec<String>,
}

impl LinkProperties {
    fn command(&self) -> Invocation {
        match self.reset.as_slice() {
            [] => dladm::set_properties(&self.vnic.name, &self.set),
            reset => dladm::reset_properties(&self.vnic.name, reset),
        }
    }

    /// The first property that the host does not have as it was set.
    fn difference(&self, floor: &Floor<'_>) -> Result<Option<String>> {
        let link = self.vnic.name.as_str();
        let found = dladm::parse_properties(&floor.host.ask(&dladm::show_properties(Some(link)))?)?;
        Ok(self.set.iter().find_map(|(name, value)| {
            let found = found.get(&(link.to_owned(), name.clone()));
            let same = found.is_some_and(|found| dladm::same_property(name, value, found));
            let there = found.map_or("not set", String::as_str);
            (!same).then(|| format!("the property {name} of {link} is {there}, not {value}"))
        }))
    }
}

impl Step for LinkProperties {
    fn id(&self) -> String {
        let names: Vec<&str> = self.set.keys().chain(&self.reset).map(String::as_str).collect();
        format!("link:{}:{}", self.net, names.join(","))
    }

    fn phase(&self) -> Phase {
        Phase::Links
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &self.command(), Vec::new(), None)
    }

    fn probe(&self, floor: &Floor<'_>) -> Result<Probe> {
        if let Probe::Foreign(what) = self.vnic.look(floor)? {
            return Ok(Probe::Foreign(what));
        }
        let done = self.reset.is_empty() && self.difference(floor)?.is_none();
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
            None => Ok(()),
            // A percentage comes back as what it comes to, and other values in other words: dladm took it, and no more is known.
            Some(_) if self.set.keys().all(|name| name != "mtu") => Ok(()),
            Some(how) => Err(Error::new(Code::CommandFailed, how).with_command(ended.failed())),
        }
    }

    fn undo(&self, _: &Floor<'_>) -> Result<()> {
        // What was changed is what the files wish; applying again goes on from there.
        Ok(())
    }
}
