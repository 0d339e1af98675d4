//! Adopts existing zones of the host.

use super::Manager;
use super::zones::checked_or_all;
use crate::api::{ImportOptions, Operation, Plan, Report, RunOptions};
use crate::error::Result;
use crate::operations::import;

impl Manager {
    /// Plans to adopt these zones; no name means every zone of the host, including skipped ones with the reason in their notes.
    /// Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// // A zone that was made by hand.
    /// let machine = SimHost::open(dir.path())?;
    /// let words = ["zonecfg", "-z", "legacy", "create -b; set brand=nlipkg; set zonepath=/zones/legacy"].map(Into::into);
    /// # let (mut out, mut err) = (Vec::new(), Vec::new());
    /// # let around = CommandIo { env: &[], cwd: "/".as_ref(), stdin: &mut std::io::empty(), stdout: &mut out, stderr: &mut err, interrupted: &|| false, hooks: None };
    /// machine.answer(&words, around);
    ///
    /// let plan = manager.plan_import(&["legacy"], &ImportOptions::new())?;
    /// println!("{plan}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_import(&self, names: &[&str], options: &ImportOptions) -> Result<Plan> {
        import::plan_import(&self.asking()?, &checked_or_all(names)?, options)
    }

    /// Adopts zones as they are; nothing on the host changes. No name means every zone of the host: the report contains `adopted`
    /// ones and `skipped` ones, with the reason in their notes. A named zone that cannot be adopted is a failure.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// // A zone that was made by hand.
    /// let machine = SimHost::open(dir.path())?;
    /// let words = ["zonecfg", "-z", "legacy", "create -b; set brand=nlipkg; set zonepath=/zones/legacy"].map(Into::into);
    /// # let (mut out, mut err) = (Vec::new(), Vec::new());
    /// # let around = CommandIo { env: &[], cwd: "/".as_ref(), stdin: &mut std::io::empty(), stdout: &mut out, stderr: &mut err, interrupted: &|| false, hooks: None };
    /// machine.answer(&words, around);
    ///
    /// let report = manager.import(&["legacy"], &ImportOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, Action::Adopted);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn import(&self, names: &[&str], options: &ImportOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        import::import(&*self.context()?, &checked_or_all(names)?, options, self.recorded(run, Operation::Import, None))
    }
}
