//! The command `rename`.

use clap::Args;
use zmgr::RenameOptions;

use super::operation::{Work, tell_plan, tell_report, with_run_options};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `rename`.
#[derive(Debug, Args)]
pub struct Rename {
    /// Name of the zone, which must be down
    #[arg(value_name = "OLD", add = super::completions::zones())]
    from: String,
    /// New name of the zone
    #[arg(value_name = "NEW")]
    to: String,
    /// Also rename the VNICs that are named after the zone
    #[arg(long)]
    links: bool,
    /// Also move the zone to the zonepath of its new name; the dataset keeps its name
    #[arg(long)]
    zonepath: bool,
    /// Print the exact commands without running them; with --json, print a plan for `zmgr run`
    #[arg(long)]
    dry_run: bool,
}

impl Rename {
    /// Renames the zone, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let options = RenameOptions::new().links(self.links).zonepath(self.zonepath);
        if self.dry_run {
            return tell_plan(globals, &manager.plan_rename(&self.from, &self.to, &options)?);
        }
        let work = Work { jobs: 1, ..Work::default() };
        let report = with_run_options(globals, &work, |run| manager.rename(&self.from, &self.to, &options, run))?;
        tell_report(globals, &report)
    }
}
