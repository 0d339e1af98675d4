//! Compares files and host, and applies the files.

use super::Manager;
use super::zones::checked_or_all;
use crate::api::{ApplyOptions, Operation, Plan, RecordedOperation, Report, RunOptions, UpdateOptions, Zone};
use crate::error::{Code, Result};
use crate::operations;
use crate::operations::diff::{self, Drift};
use crate::value::name::ZoneName;

impl Manager {
    /// Compares these zones with their files, or all if none is named: desired, applied and actual state. Changes nothing; a zone
    /// with invalid files is in the result with its error. On a machine that cannot manage zones, the same as
    /// [`diff_offline`](Self::diff_offline).
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
        match self.asking_if_there()? {
            Some(context) => diff::diff(&context, &checked_or_all(names)?),
            None => self.diff_offline(names),
        }
    }

    /// Compares these zones with their files, or all if none is named, without querying the host: desired with applied state. Each
    /// zone is marked as unchecked. Needs no host; fails with `unsupported-host` if there is neither a host nor a tree.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let drift = manager.diff_offline(&["web01"])?;
    /// assert!(drift.zones[0].unchecked && drift.is_clean());
    /// manager.set("web01", &[("cpu-shares", "20")], &mut RunOptions::new())?;
    /// let drift = manager.diff_offline(&["web01"])?;
    /// assert_eq!(drift.zones[0].status, DriftStatus::Differs);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn diff_offline(&self, names: &[&str]) -> Result<Drift> {
        let dialect = match self.context() {
            Ok(context) => Some(context.host.dialect()),
            Err(error) if error.code() == Code::UnsupportedHost && self.root().is_dir() => None,
            Err(error) => return Err(error),
        };
        diff::diff_offline(&self.registry(), dialect, &checked_or_all(names)?)
    }

    /// Plans to apply the files of these zones, or of all if none is named. Changes nothing.
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

    /// Makes the host match the files of these zones, or of all if none is named: creates zones, changes what differs, keeps what
    /// others added. The notes list what takes effect later; the action is `created`, `applied`, `recreated` or `unchanged`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.set("web01", &[("cpu-shares", "20")], &mut RunOptions::new())?;
    /// let report = manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, Action::Applied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&self, names: &[&str], options: &ApplyOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::apply(
            &*self.context()?,
            &checked_or_all(names)?,
            options,
            self.recorded(run, Operation::Apply, None),
        )
    }

    /// Sets keys of a zone's own entry, such as `attr.owner`, `autoboot` or `capped-memory.physical`; an empty value removes the
    /// entry's own value, so that the template's applies again. Changes only the file: use `apply` to change the host. Of the
    /// options only those for cancellation are used: this waits if another process has the zone's lock (`busy`, `cancelled`).
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
        let done = crate::operations::set::set(&*self.context()?, &ZoneName::new(name)?, &pairs, run);
        if done.is_ok() {
            self.record_files(RecordedOperation::Set, &[name]);
        }
        done
    }

    /// Plans to update the packages of these zones, or of all that have an image of pkg if none is named. Changes nothing, and asks no
    /// publisher.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// let plan = manager.plan_update(&["web01"], &UpdateOptions::new())?;
    /// assert!(plan.to_string().contains("pkg -R /zones/web01/root update"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_update(&self, names: &[&str], options: &UpdateOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_update(&context, &checked_or_all(names)?, options)
    }

    /// Updates the packages of these zones, or of all that have an image of pkg if none is named: in place, from outside, while the
    /// zone is down, after a snapshot. A zone without updates is left as it is. The outcome of each zone names what has changed. If
    /// pkg fails, the zone is rolled back to the snapshot.
    ///
    /// `wrong-state` if a zone is running and neither `reboot` nor `force` is set, if its packages would become newer than the
    /// host's and `force` is not set, if the host boots another boot environment next, or if not exactly one of the zone's is active.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// let report = manager.update(&[], &UpdateOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, Action::Unchanged);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update(&self, names: &[&str], options: &UpdateOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::update(
            &*self.context()?,
            &checked_or_all(names)?,
            options,
            self.recorded(run, Operation::Update, None),
        )
    }
}
