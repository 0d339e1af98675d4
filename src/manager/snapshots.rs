//! Takes, lists and deletes snapshots of zones, and rolls zones back to them.

use super::Manager;
use super::zones::checked_or_all;
use crate::api::{Plan, Report, RollbackOptions, RunOptions, Snapshot};
use crate::error::Result;
use crate::operations::snapshot;
use crate::value::name::{SnapshotLabel, ZoneName};

impl Manager {
    /// Returns the snapshots that zmgr took of these zones, or of all if none is named: by zone, oldest first. Each says whether the
    /// host still has it.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
    /// for snapshot in manager.snapshots(&["web01"])? {
    ///     println!("{} {} {}", snapshot.label, snapshot.created, snapshot.state);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshots(&self, names: &[&str]) -> Result<Vec<Snapshot>> {
        snapshot::snapshots(&self.asking()?, &checked_or_all(names)?)
    }

    /// Plans to take a snapshot. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let plan = manager.plan_create_snapshot("web01", Some("before"))?;
    /// assert!(plan.to_string().contains("zfs snapshot -r rpool/zones/web01/ROOT/zbe@zmgr-"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_create_snapshot(&self, name: &str, label: Option<&str>) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        snapshot::plan_create(&context, &ZoneName::new(name)?, label)
    }

    /// Takes a snapshot of a zone's own files, all at the same moment, and keeps a copy of its configuration file beside it. Without a
    /// label it is labelled with the time. `excluded` of the result says what is not in it.
    ///
    /// `exists` if the zone has a snapshot of this label; `wrong-state` if it has no files.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let snapshot = manager.create_snapshot("web01", None, &mut RunOptions::new())?;
    /// assert!(manager.root().join("snapshots/web01").join(snapshot.label + ".kdl").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_snapshot(&self, name: &str, label: Option<&str>, run: &mut RunOptions<'_>) -> Result<Snapshot> {
        snapshot::create(&*self.context()?, &ZoneName::new(name)?, label, run)
    }

    /// Plans to delete a snapshot. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
    /// println!("{}", manager.plan_delete_snapshot("web01", "before")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_delete_snapshot(&self, name: &str, label: &str) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        snapshot::plan_delete(&context, &ZoneName::new(name)?, &SnapshotLabel::new(label)?)
    }

    /// Deletes a snapshot that zmgr took. `wrong-state` if something was cloned from it or holds it.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
    /// manager.delete_snapshot("web01", "before", &mut RunOptions::new())?.into_result()?;
    /// assert!(manager.snapshots(&[])?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delete_snapshot(&self, name: &str, label: &str, run: &mut RunOptions<'_>) -> Result<Report> {
        snapshot::delete(&*self.context()?, &ZoneName::new(name)?, &SnapshotLabel::new(label)?, run)
    }

    /// Plans to roll a zone back to a snapshot. Changes nothing.
    ///
    /// The notes say what is lost, what is not rolled back, and how the zone's file has changed since.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
    /// let plan = manager.plan_roll_back("web01", "before", &RollbackOptions::new())?;
    /// assert!(plan.to_string().contains("zfs rollback rpool/zones/web01/ROOT/zbe@zmgr-"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_roll_back(&self, name: &str, label: &str, options: &RollbackOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        snapshot::plan_roll_back(&context, &ZoneName::new(name)?, &SnapshotLabel::new(label)?, options)
    }

    /// Makes a zone's own files what they were when a snapshot was taken. A running zone is shut down and booted again; its
    /// configuration, file, delegated datasets and mounted file systems stay as they are.
    ///
    /// If snapshots that zmgr did not take are in the way, a zone with boot environments switches to a new one; other brands are
    /// refused with `wrong-state`. So are later snapshots of zmgr's, unless `force` destroys them.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let motd = dir.path().join("zones/web01/root/etc/motd");
    /// std::fs::write(&motd, "old")?;
    /// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
    /// std::fs::write(&motd, "new")?;
    /// manager.roll_back("web01", "before", &RollbackOptions::new(), &mut RunOptions::new())?.into_result()?;
    /// assert_eq!(std::fs::read_to_string(&motd)?, "old");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn roll_back(
        &self,
        name: &str,
        label: &str,
        options: &RollbackOptions,
        run: &mut RunOptions<'_>,
    ) -> Result<Report> {
        snapshot::roll_back(&*self.context()?, &ZoneName::new(name)?, &SnapshotLabel::new(label)?, options, run)
    }
}
