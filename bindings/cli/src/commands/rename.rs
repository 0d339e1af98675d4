//! The command `rename`.

use clap::Args;
use zmgr::RenameOptions;

use super::operation::{Work, plan_or_run};
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
        let work = Work { jobs: 1, dry_run: self.dry_run, ..Work::default() };
        let plan = |_: &[&str]| manager.plan_rename(&self.from, &self.to, &options);
        plan_or_run(globals, &work, &[], plan, |_, run| manager.rename(&self.from, &self.to, &options, run))
    }
}
