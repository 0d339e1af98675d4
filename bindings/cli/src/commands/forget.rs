//! The command `forget`.

use clap::Args;

use super::confirm::confirm;
use super::operation::{Work, plan_or_run};
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
        if !self.yes && !self.work.dry_run {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let plan = manager.plan_forget(&names)?;
            if plan.changes.iter().any(|change| !change.notes.is_empty()) {
                confirm("forget", &self.names, |_| Ok(plan))?;
            }
        }
        let plan = |all: &[&str]| manager.plan_forget(all);
        plan_or_run(globals, &self.work, &self.names, plan, |all, run| manager.forget(all, run))
    }
}
