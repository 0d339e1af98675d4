//! `recover`: what a killed or failed zmgr left is finished or taken back.

use clap::Args;
use zmgr::RecoverOptions;

use super::work::{Work, tell_report, with_run_options};
use crate::args::Globals;
use crate::failure::Failure;
use crate::{output, session};

/// Options of `recover`.
#[derive(Debug, Args)]
pub struct Recover {
    /// The zones [default: all that are unfinished]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Go on with what was begun, also where less would be lost by taking it back
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,
    /// Take back what was begun, also an installed zone
    #[arg(long)]
    rollback: bool,
    /// Wait for commands that a killed zmgr left at work
    #[arg(long)]
    wait: bool,
    /// Work on so many zones at once
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

impl Recover {
    /// Recovers, and tells what became of each.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options = RecoverOptions::new().resume(self.resume).roll_back(self.rollback).wait(self.wait);
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
