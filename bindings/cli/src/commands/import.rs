//! The command `import`.

use clap::Args;
use zmgr::ImportOptions;

use super::operation::{Work, plan_or_run};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Options of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// Names of the zones to adopt [default: all zones of the host]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Template of the zones [default: the best match for each zone's brand, or none]
    #[arg(long, add = super::completions::templates())]
    template: Option<String>,
    /// Adopt without a template
    #[arg(long, conflicts_with = "template")]
    no_template: bool,
    /// Take over VNICs that look like zmgr's own, so that destroy deletes them
    #[arg(long)]
    adopt_links: bool,
    /// Print what would be done without doing it; with --json, print a plan for `zmgr run`
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Adopts zones, and prints the outcome of each.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut options = ImportOptions::new().adopt_links(self.adopt_links).no_template(self.no_template);
        options.template = self.template.clone();
        let manager = session::manager(globals)?;
        let work = Work { jobs: 1, dry_run: self.dry_run, ..Work::default() };
        let plan = |all: &[&str]| manager.plan_import(all, &options);
        plan_or_run(globals, &work, &self.names, plan, |all, run| manager.import(all, &options, run))
    }
}
