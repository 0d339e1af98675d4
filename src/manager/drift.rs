//! Files and host compared.

use super::zones::checked_or_all;
use super::{ApplyOptions, Manager, RunOptions, Zone};
use crate::drift::{self, Drift};
use crate::error::Result;
use crate::name::ZoneName;
use crate::operations::{self, Plan, Report};

impl Manager {
    /// In what these zones differ from their files, or all where none is named: the wish, what was applied last, and the host. Only
    /// looks; a zone whose files are at fault is in the answer with its fault.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let drift: Drift = manager.diff(&[])?;
    /// assert!(drift.is_clean());
    /// manager.set("web01", &[("attr.owner", "alice")], &mut RunOptions::new())?;
    /// let drift = manager.diff(&["web01"])?;
    /// let zone: &ZoneDrift = &drift.zones[0];
    /// assert_eq!(zone.status, DriftStatus::Differs);
    /// for item in &zone.items {
    ///     println!("{item}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn diff(&self, names: &[&str]) -> Result<Drift> {
        drift::diff(&self.asking()?, &checked_or_all(names)?)
    }

    /// What applying the files of these zones would do, or of all where none is named. Touches nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.set("web01", &[("cpu-shares", "20")], &mut RunOptions::new())?;
    /// let plan = manager.plan_apply(&["web01"], &ApplyOptions::new())?;
    /// println!("{plan}");
    /// assert!(!plan.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_apply(&self, names: &[&str], options: &ApplyOptions) -> Result<Plan> {
        operations::plan_apply(&self.asking()?, &checked_or_all(names)?, options)
    }

    /// Brings the host to the files of these zones, or of all where none is named: builds wishes, changes what differs, leaves what
    /// somebody else put there. What takes effect later is in the notes; the action is `created`, `applied`, `recreated` or
    /// `unchanged`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.set("web01", &[("cpu-shares", "20")], &mut RunOptions::new())?;
    /// let report = manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, "applied");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&self, names: &[&str], options: &ApplyOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::apply(&*self.context()?, &checked_or_all(names)?, options, run)
    }

    /// Sets keys of a zone's own entry, such as `attr.owner`, `autoboot` or `capped-memory.physical`; an empty value takes the
    /// entry's own away, so that its template's holds again. Only the file is changed: `apply` brings it to the host. Of the options
    /// only the ways to stop count: somebody else may have the zone's lock, and then this waits (`busy`, `cancelled`).
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let zone = manager.set("web01", &[("attr.owner", "alice"), ("cpu-shares", "20")], &mut RunOptions::new())?;
    /// assert_eq!(zone.attrs["owner"], "alice");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set(&self, name: &str, pairs: &[(&str, &str)], run: &mut RunOptions<'_>) -> Result<Zone> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        crate::set::set(&*self.context()?, &ZoneName::new(name)?, &pairs, run)
    }
}
