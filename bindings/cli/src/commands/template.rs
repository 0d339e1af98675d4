//! The commands of `template`.

use clap::{Args, Subcommand};
use zmgr::RefreshOptions;

use super::documents::Documents;
use super::operation::{Work, plan_or_run};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{examples, session};

/// The commands of `template`.
#[derive(Debug, Subcommand)]
pub enum Template {
    #[command(flatten)]
    Documents(Documents),
    /// Install new golden zones for templates, and remove those that nothing needs
    #[command(after_help = examples::TEMPLATE_REFRESH)]
    Refresh(Refresh),
}

/// Options of `template refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// Names of the templates
    #[arg(required_unless_present = "prune", value_name = "NAME", add = super::completions::documents())]
    names: Vec<String>,
    /// Install nothing: only remove golden zones that no zone is cloned from and no template needs
    #[arg(long, conflicts_with = "names")]
    prune: bool,
    /// Act on a real host even if what a step destroys is only inferred (see `zmgr explain brand`)
    #[arg(long)]
    unproven: bool,
    #[command(flatten)]
    work: Work,
}

impl Template {
    /// Lists, shows or refreshes templates.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Template::Documents(documents) => documents.templates(globals),
            Template::Refresh(refresh) => refresh.run(globals),
        }
    }
}

impl Refresh {
    /// Refreshes the templates, or prints the plan.
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options = RefreshOptions::new().unproven(self.unproven);
        let manager = session::manager(globals)?;
        let plan = |names: &[&str]| manager.plan_refresh_templates(names, &options);
        plan_or_run(globals, &self.work, &self.names, plan, |names, run| {
            manager.refresh_templates(names, &options, run)
        })
    }
}
