//! The command `destroy`.

use clap::Args;
use zmgr::DestroyOptions;

use super::confirm::confirm;
use super::operation::{Work, plan_or_run};
use super::zone_args;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `destroy`.
#[derive(Debug, Args)]
pub struct Destroy {
    #[command(flatten)]
    zones: zone_args::ZoneArgs,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Destroy even if a zone is protected, has clones, or has snapshots that zmgr did not create
    #[arg(long)]
    force: bool,
    /// Detach the zones and keep their files, instead of uninstalling
    #[arg(long)]
    keep_data: bool,
    /// Also destroy the delegated datasets that zmgr created, and those that uninstalling a zone destroys
    #[arg(long, conflicts_with = "keep_data")]
    purge: bool,
    /// Act on a real host even if what a step destroys is only inferred (see `zmgr explain brand`)
    #[arg(long)]
    unproven: bool,
    #[command(flatten)]
    work: Work,
}

impl Destroy {
    /// Destroys the zones once confirmed, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options =
            DestroyOptions::new().force(self.force).keep_data(self.keep_data).purge(self.purge).unproven(self.unproven);
        let manager = session::manager(globals)?;
        let all = self.zones.names(&manager)?;
        let plan = |all: &[&str]| manager.plan_destroy(all, &options);
        if !self.yes && !self.work.dry_run {
            confirm("destroy", &all, plan)?;
        }
        plan_or_run(globals, &self.work, &all, plan, |all, run| manager.destroy(all, &options, run))
    }
}
