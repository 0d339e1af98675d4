//! Zones: looking at them, making and removing them.

use super::{CreateOptions, DestroyOptions, Manager, Query, RecoverOptions, ReinstallOptions, RunOptions, Zone};
use crate::error::{Code, Error, Result};
use crate::lifecycle::{self, Plan, Report};
use crate::name::ZoneName;

impl Manager {
    /// The zones that the query asks for, by name. One look at the registry and, unless the query says `Live::Never`, one command
    /// for the states of all.
    ///
    /// A zone whose file has a fault is there, with its `fault`.
    pub fn zones(&self, query: &Query) -> Result<Vec<Zone>> {
        lifecycle::zones(&*self.site()?, query)
    }

    /// One zone: reads one file, and asks the host for one state where it answers. `not-found` where the registry has no such zone.
    pub fn zone(&self, name: &str) -> Result<Zone> {
        lifecycle::zone(&*self.site()?, &ZoneName::new(name)?)
    }

    /// What creating these zones would do. Touches nothing.
    pub fn plan_create(&self, names: &[&str], options: &CreateOptions) -> Result<Plan> {
        let (site, _pretence) = self.planning_site()?;
        lifecycle::plan_create(&site, &checked(names)?, options)
    }

    /// Creates a zone and answers with it as it is then.
    ///
    /// A failure undoes what was done, unless `on_failure` says otherwise; `command-failed` has the last lines of the command.
    pub fn create(&self, name: &str, options: &CreateOptions, run: &mut RunOptions<'_>) -> Result<Zone> {
        let mut zones = self.create_all(&[name], options, run)?.into_result()?;
        zones.pop().ok_or_else(|| Error::new(Code::Internal, "a zone was created and is not there"))
    }

    /// Creates several zones, `jobs` at once.
    pub fn create_all(&self, names: &[&str], options: &CreateOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        lifecycle::create(&*self.site()?, &checked(names)?, options, run)
    }

    /// What destroying these zones would do. Touches nothing.
    pub fn plan_destroy(&self, names: &[&str], options: &DestroyOptions) -> Result<Plan> {
        let (site, _pretence) = self.planning_site()?;
        lifecycle::plan_destroy(&site, &checked(names)?, options)
    }

    /// Destroys zones: halts, uninstalls, removes their configuration, the VNICs that zmgr made, and the entry.
    pub fn destroy(&self, names: &[&str], options: &DestroyOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        lifecycle::destroy(&*self.site()?, &checked(names)?, options, run)
    }

    /// What installing these zones again would do. Touches nothing.
    pub fn plan_reinstall(&self, names: &[&str], options: &ReinstallOptions) -> Result<Plan> {
        let (site, _pretence) = self.planning_site()?;
        lifecycle::plan_reinstall(&site, &checked(names)?, options)
    }

    /// Installs a zone again and answers with it as it is then: its files go and come anew, its addresses, links and configuration
    /// stay.
    ///
    /// A failure before the old files are gone leaves the zone as it was; after that, `recover` goes on.
    pub fn reinstall(&self, name: &str, options: &ReinstallOptions, run: &mut RunOptions<'_>) -> Result<Zone> {
        let mut zones = self.reinstall_all(&[name], options, run)?.into_result()?;
        zones.pop().ok_or_else(|| Error::new(Code::Internal, "a zone was reinstalled and is not there"))
    }

    /// Installs several zones again, `jobs` at once.
    pub fn reinstall_all(
        &self,
        names: &[&str],
        options: &ReinstallOptions,
        run: &mut RunOptions<'_>,
    ) -> Result<Report> {
        lifecycle::reinstall(&*self.site()?, &checked(names)?, options, run)
    }

    /// Runs a plan that was approved. Everything is planned anew from its requests, with what was chosen then: no command line is
    /// ever taken out of a plan.
    ///
    /// `stale-plan`, with nothing done, where any of it would be something else by now.
    pub fn run(&self, plan: &Plan, run: &mut RunOptions<'_>) -> Result<Report> {
        match plan.operation.as_str() {
            crate::import::OPERATION => crate::import::run(&*self.site()?, plan, run),
            _ => lifecycle::run(&*self.site()?, plan, run),
        }
    }

    /// Ends what a killed or failed zmgr left unfinished, for these zones or for all: finished, or taken back as if it had never
    /// begun, whichever loses least.
    ///
    /// `busy` for a zone that somebody works on; `recovery-needed` where only a person can say which way it should go.
    pub fn recover(&self, names: &[&str], options: &RecoverOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        let names = if names.is_empty() { Vec::new() } else { checked(names)? };
        lifecycle::recover(&*self.site()?, &names, options, run)
    }
}

/// Names as they must be: legal, at least one, none twice.
pub(super) fn checked(names: &[&str]) -> Result<Vec<ZoneName>> {
    if names.is_empty() {
        return Err(Error::new(Code::InvalidArgument, "no zone is named"));
    }
    let mut checked: Vec<ZoneName> = Vec::with_capacity(names.len());
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(*name) {
            return Err(Error::new(Code::InvalidArgument, format!("the zone {name} is named twice")));
        }
        checked.push(ZoneName::new(*name)?);
    }
    Ok(checked)
}
