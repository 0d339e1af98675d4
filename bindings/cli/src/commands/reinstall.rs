//! The command `reinstall`.

use clap::Args;
use zmgr::ReinstallOptions;

use super::confirm::confirm;
use super::operation::{Work, plan_or_run};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `reinstall`.
#[derive(Debug, Args)]
pub struct Reinstall {
    /// Names of the zones
    #[arg(required = true, value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Reinstall even if a zone is protected, has clones, or has snapshots that zmgr did not create
    #[arg(long)]
    force: bool,
    /// Keep each zone's old root with a snapshot, labelled with the time; `snapshot rollback` brings it back
    #[arg(long)]
    snapshot: bool,
    /// Boot the zones afterwards, even if they were not running
    #[arg(long, conflicts_with = "no_boot")]
    boot: bool,
    /// Do not boot the zones afterwards
    #[arg(long)]
    no_boot: bool,
    /// Act on a real host even if what a step destroys is only inferred (see `zmgr explain brand`)
    #[arg(long)]
    unproven: bool,
    #[command(flatten)]
    work: Work,
}

impl Reinstall {
    /// Reinstalls the zones once confirmed, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = ReinstallOptions::new().force(self.force).snapshot(self.snapshot).unproven(self.unproven);
        options.boot = (self.boot || self.no_boot).then_some(self.boot);
        let manager = session::manager(globals)?;
        let plan = |all: &[&str]| manager.plan_reinstall(all, &options);
        if !self.yes && !self.work.dry_run {
            confirm("reinstall", &self.names, plan)?;
        }
        plan_or_run(globals, &self.work, &self.names, plan, |all, run| manager.reinstall_all(all, &options, run))
    }
}
