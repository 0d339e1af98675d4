//! `run`: a plan that somebody approved.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use zmgr::{Error, Plan};

use super::work::{Work, tell_plan, tell_report, with_run_options};
use crate::args::Globals;
use crate::failure::Failure;
use crate::session;

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The file that holds the plan; - is standard input
    plan: PathBuf,
    #[command(flatten)]
    work: Work,
}

impl Run {
    /// Runs it, unless what it rests on has changed.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut json = String::new();
        let read = if self.plan.as_os_str() == "-" {
            std::io::stdin().lock().read_to_string(&mut json)
        } else {
            std::fs::File::open(&self.plan).and_then(|mut file| file.read_to_string(&mut json))
        };
        read.map_err(|error| Error::io("read", &self.plan, error))?;
        let plan = Plan::from_json(&json)?;
        if self.work.dry_run {
            return tell_plan(globals, &plan);
        }
        let manager = session::manager(globals)?;
        tell_report(globals, &with_run_options(globals, &self.work, |run| manager.run(&plan, run))?)
    }
}
