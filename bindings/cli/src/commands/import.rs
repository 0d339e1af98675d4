//! `import`: zones that the host has come into the registry.

use clap::Args;
use zmgr::ImportOptions;

use super::work::{Work, tell_plan, tell_report, with_run_options};
use crate::args::Globals;
use crate::failure::Failure;
use crate::session;

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The zones [default: all that the host has]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The template that the entries follow [default: the best of those of the zone's brand, or none]
    #[arg(long, add = super::completions::templates())]
    template: Option<String>,
    /// VNICs that zmgr could have made become its own: destroy deletes them
    #[arg(long)]
    adopt_links: bool,
    /// Print what would be done, and do nothing; with --json, the plan that `run` takes
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Adopts, and tells what became of each.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = ImportOptions::new().adopt_links(self.adopt_links);
        options.template = self.template.clone();
        let manager = session::manager(globals)?;
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if self.dry_run {
            return tell_plan(globals, &manager.plan_import(&names, &options)?);
        }
        let work = Work { jobs: 1, ..Work::default() };
        tell_report(globals, &with_run_options(globals, &work, |run| manager.import(&names, &options, run))?)
    }
}
