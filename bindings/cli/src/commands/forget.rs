//! The command `forget`.

use clap::Args;

use super::confirm::confirm;
use super::operation::{Work, tell_plan, tell_report, with_run_options};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `forget`.
#[derive(Debug, Args)]
pub struct Forget {
    /// Names of the zones to remove from the registry
    #[arg(required = true, value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Do not ask for confirmation, even if information is lost with the entry
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    work: Work,
}

impl Forget {
    /// Removes the entries; asks first if information is lost with them.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if self.work.dry_run {
            return tell_plan(globals, &manager.plan_forget(&names)?);
        }
        if !self.yes {
            let plan = manager.plan_forget(&names)?;
            if plan.changes.iter().any(|change| !change.notes.is_empty()) {
                confirm("forget", &self.names, || Ok(plan.to_string()))?;
            }
        }
        let report = with_run_options(globals, &self.work, |run| manager.forget(&names, run))?;
        tell_report(globals, &report)
    }
}
