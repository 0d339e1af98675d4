//! The command `update`.

use clap::Args;
use zmgr::UpdateOptions;

use super::operation::{Work, plan_or_run};
use super::zone_args::OptionalZoneArgs;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `update`.
#[derive(Debug, Args)]
pub struct Update {
    #[command(flatten)]
    zones: OptionalZoneArgs,
    /// Take no snapshot first: nothing brings the old packages back
    #[arg(long)]
    no_snapshot: bool,
    /// Shut down running zones, and boot them again with their new packages
    #[arg(long, conflicts_with = "force")]
    reboot: bool,
    /// Update running zones as they run, and zones whose packages become newer than the host's
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    work: Work,
}

impl Update {
    /// Updates the packages of the zones, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options = UpdateOptions::new().snapshot(!self.no_snapshot).reboot(self.reboot).force(self.force);
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let plan = |all: &[&str]| manager.plan_update(all, &options);
        plan_or_run(globals, &self.work, &names, plan, |all, run| manager.update(all, &options, run))
    }
}
