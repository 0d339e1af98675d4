//! `reinstall`.

use clap::Args;
use zmgr::ReinstallOptions;

use super::confirm::confirm;
use super::work::{Work, tell_plan, tell_report, with_run_options};
use crate::args::Globals;
use crate::failure::Failure;
use crate::session;

/// Options of `reinstall`.
#[derive(Debug, Args)]
pub struct Reinstall {
    /// The zones
    #[arg(required = true, value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Also a protected zone, one that others were cloned from, one with snapshots of others
    #[arg(long)]
    force: bool,
    /// Boot at the end, whether it ran or not
    #[arg(long, conflicts_with = "no_boot")]
    boot: bool,
    /// Leave it installed
    #[arg(long)]
    no_boot: bool,
    #[command(flatten)]
    work: Work,
}

impl Reinstall {
    /// Installs again, once somebody has said yes.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = ReinstallOptions::new().force(self.force);
        options.boot = (self.boot || self.no_boot).then_some(self.boot);
        let manager = session::manager(globals)?;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if self.work.dry_run {
            return tell_plan(globals, &manager.plan_reinstall(&names, &options)?);
        }
        if !self.yes {
            confirm("reinstall", &self.names, || Ok(manager.plan_reinstall(&names, &options)?.to_string()))?;
        }
        let report = with_run_options(globals, &self.work, |run| manager.reinstall_all(&names, &options, run))?;
        tell_report(globals, &report)
    }
}
