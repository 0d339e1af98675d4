//! Refreshes the golden zones of templates.

use super::Manager;
use crate::api::{Operation, Plan, RefreshOptions, Report, RunOptions};
use crate::error::Result;
use crate::operations;
use crate::value::name::TemplateName;

impl Manager {
    /// Plans to refresh these templates. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.init()?;
    /// # let template = dir.path().join("etc/zmgr/templates/oi.kdl");
    /// # let text = std::fs::read_to_string(&template)?.replace("autoboot #true", "install { golden #true; }");
    /// # std::fs::write(template, text)?;
    /// manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let plan = manager.plan_refresh_templates(&["oi"], &RefreshOptions::new())?;
    /// assert_eq!(plan.changes.len(), 1, "web01 needs the golden zone that it was cloned from");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_refresh_templates(&self, templates: &[&str], options: &RefreshOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_refresh(&context, &names(templates)?, options)
    }

    /// Refreshes templates: installs a new golden zone for the present settings of each, even if there is one of these settings, and
    /// then removes the golden zones that no zone is cloned from and no template needs. The zones that are created from now on are
    /// cloned from the new ones. Without templates, only removes. Use this after an update of the packages that the publishers
    /// offer, or to remove the golden zones of earlier settings.
    ///
    /// The report has the new golden zones, then the removed ones. `not-found` if a template does not exist, `wrong-state` if its
    /// zones are not cloned from golden zones, `recovery-needed` if an earlier installation is unfinished.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.init()?;
    /// # let template = dir.path().join("etc/zmgr/templates/oi.kdl");
    /// # let text = std::fs::read_to_string(&template)?.replace("autoboot #true", "install { golden #true; }");
    /// # std::fs::write(template, text)?;
    /// manager.refresh_templates(&["oi"], &RefreshOptions::new(), &mut RunOptions::new())?;
    /// let report = manager.refresh_templates(&["oi"], &RefreshOptions::new(), &mut RunOptions::new())?;
    /// let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
    /// assert_eq!(actions, [Action::Created, Action::Destroyed]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refresh_templates(
        &self,
        templates: &[&str],
        options: &RefreshOptions,
        run: &mut RunOptions<'_>,
    ) -> Result<Report> {
        let run = self.recorded(run, Operation::Refresh, None);
        operations::refresh(&*self.context()?, &names(templates)?, options, run)
    }
}

fn names(templates: &[&str]) -> Result<Vec<TemplateName>> {
    templates.iter().map(|name| TemplateName::new(*name)).collect()
}
