//! The command `recover`.

use clap::Args;
use zmgr::RecoverOptions;

use super::operation::{Work, tell_report, with_run_options};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{output, session};

/// Options of `recover`.
#[derive(Debug, Args)]
pub struct Recover {
    /// Names of the zones [default: all with an interrupted operation]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Resume the operation, even if rolling it back would lose less
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,
    /// Roll back the operation, even if the zone is already installed
    #[arg(long)]
    rollback: bool,
    /// Wait for host commands that a killed zmgr left running
    #[arg(long)]
    wait: bool,
    /// Leave alone what can only be resumed by installing the zone
    #[arg(long)]
    skip_installs: bool,
    /// Number of zones to process in parallel
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

impl Recover {
    /// Recovers the zones, and prints the outcome of each.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options = RecoverOptions::new()
            .resume(self.resume)
            .roll_back(self.rollback)
            .wait(self.wait)
            .skip_installs(self.skip_installs);
        let manager = session::manager(globals)?;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let work = Work { jobs: self.jobs, ..Work::default() };
        let report = with_run_options(globals, &work, |run| manager.recover(&names, &options, run))?;
        if report.outcomes.is_empty() {
            output::remark(globals, "nothing to recover");
        }
        tell_report(globals, &report)
    }
}
