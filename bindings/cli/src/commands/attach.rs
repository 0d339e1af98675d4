//! The commands `detach` and `attach`.

use clap::Args;
use zmgr::AttachOptions;

use super::operation::{Work, plan_or_run};
use super::zone_args::ZoneArgs;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `detach`.
#[derive(Debug, Args)]
pub struct Detach {
    #[command(flatten)]
    zones: ZoneArgs,
    #[command(flatten)]
    work: Work,
}

impl Detach {
    /// Detaches the zones, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        plan_or_run(globals, &self.work, &names, |all| manager.plan_detach(all), |all, run| manager.detach(all, run))
    }
}

/// Options of `attach`.
#[derive(Debug, Args)]
pub struct Attach {
    #[command(flatten)]
    zones: ZoneArgs,
    /// Update the zones' packages to those of the host, after an upgrade of the host
    #[arg(short, long)]
    update: bool,
    /// Take a snapshot of the zones' files first, with the label before-attach
    #[arg(long)]
    snapshot: bool,
    /// Boot the zones afterwards
    #[arg(long)]
    boot: bool,
    /// Template of zones without an entry [default: default-template in config.kdl]
    #[arg(short, long, value_name = "TEMPLATE")]
    template: Option<String>,
    #[command(flatten)]
    work: Work,
}

impl Attach {
    /// Attaches the zones, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = AttachOptions::new().update(self.update).snapshot(self.snapshot).boot(self.boot);
        options.template.clone_from(&self.template);
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let plan = |all: &[&str]| manager.plan_attach(all, &options);
        plan_or_run(globals, &self.work, &names, plan, |all, run| manager.attach(all, &options, run))
    }
}
