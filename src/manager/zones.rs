//! Lists, creates, destroys, reinstalls and recovers zones.

use super::Manager;
use crate::api::{
    AttachOptions, CreateOptions, DestroyOptions, Operation, Plan, Query, RecordedOperation, RecoverOptions,
    ReinstallOptions, RenameOptions, Report, RunOptions, Zone,
};
use crate::error::{Code, Error, Result};
use crate::operations;
use crate::value::name::ZoneName;

impl Manager {
    /// Returns the zones of the query, by name. Loads the registry once and, unless the query has `QueryHost::Never`, runs one
    /// command for the states of all.
    ///
    /// A zone whose file has errors is included, with its `fault`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// for zone in manager.zones(&Query::new().tag("web"))? {
    ///     println!("{} {}", zone.name, zone.status.map_or("", ZoneStatus::as_str));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn zones(&self, query: &Query) -> Result<Vec<Zone>> {
        let context = match query.query_host {
            crate::api::QueryHost::Required => Some(self.asking()?),
            _ if query.unregistered => Some(self.asking()?),
            _ => self.asking_if_there()?,
        };
        operations::zones(&self.registry(), context.as_ref().map(|context| &context.host), query)
    }

    /// Returns one zone: reads one file, and queries the host for its state if the host answers. Fails with `not-found` if the zone
    /// is not registered.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let zone: Zone = manager.zone("web01")?;
    /// let net: &ZoneNet = &zone.nets[0];
    /// let first: &ZoneAddress = &net.addresses[0];
    /// assert_eq!(first.address.to_string(), "10.1.0.10/24");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn zone(&self, name: &str) -> Result<Zone> {
        let context = self.asking_if_there()?;
        operations::zone(&self.registry(), context.as_ref().map(|context| &context.host), &ZoneName::new(name)?)
    }

    /// Plans to create these zones. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let plan = manager.plan_create(&["web01", "web02"], &CreateOptions::new())?;
    /// println!("{plan}");
    /// assert!(manager.zones(&Query::new())?.is_empty(), "a plan does nothing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_create(&self, names: &[&str], options: &CreateOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_create(&context, &checked(names)?, options)
    }

    /// Creates a zone and returns it.
    ///
    /// A failure undoes the completed steps, unless `on_failure` is set otherwise; `command-failed` has the last lines of the
    /// command.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let options = CreateOptions::new().attr("owner", "alice");
    /// let zone = manager.create("web01", &options, &mut RunOptions::new())?;
    /// assert_eq!(zone.nets[0].vnic.as_deref(), Some("web01_0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(&self, name: &str, options: &CreateOptions, run: &mut RunOptions<'_>) -> Result<Zone> {
        let mut zone = None;
        // If its golden zone cannot be installed, that is the reason.
        for outcome in self.create_all(&[name], options, run)?.outcomes {
            zone = outcome.result?;
        }
        zone.ok_or_else(|| Error::new(Code::Internal, "the created zone is missing"))
    }

    /// Creates several zones, `jobs` at once.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let mut run = RunOptions::new().jobs(2);
    /// let report = manager.create_all(&["web01", "web02"], &CreateOptions::new(), &mut run)?;
    /// for outcome in &report.outcomes {
    ///     println!("{}: {}", outcome.name, outcome.action);
    /// }
    /// let zones = report.into_result()?;
    /// assert_eq!(zones.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_all(&self, names: &[&str], options: &CreateOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::create(&*self.context()?, &checked(names)?, options, self.recorded(run, Operation::Create, None))
    }

    /// Plans to destroy these zones. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let plan = manager.plan_destroy(&["web01"], &DestroyOptions::new())?;
    /// assert!(plan.to_string().contains("delete-vnic"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_destroy(&self, names: &[&str], options: &DestroyOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_destroy(&context, &checked(names)?, options)
    }

    /// Destroys zones: halts and uninstalls them, and removes their configuration, the VNICs that zmgr created, and the entry.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new())?.into_result()?;
    /// assert_eq!(manager.zone("web01").unwrap_err().code(), Code::NotFound);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn destroy(&self, names: &[&str], options: &DestroyOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::destroy(&*self.context()?, &checked(names)?, options, self.recorded(run, Operation::Destroy, None))
    }

    /// Plans the removal of these zones' entries. Changes nothing.
    ///
    /// The notes of a change say what is lost with the entry; a change without notes loses nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let plan = manager.plan_forget(&["web01"])?;
    /// assert_eq!(plan.changes[0].steps[0].id, "forget");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_forget(&self, names: &[&str]) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_forget(&context, &checked(names)?)
    }

    /// Removes the entries of these zones from the registry, and nothing else: the zones stay on the host as they are, and what
    /// they have there stays held. The opposite of `import`.
    ///
    /// `recovery-needed` for an entry with an unfinished operation; `busy` while another process works on the zone.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.forget(&["web01"], &mut RunOptions::new())?.into_result()?;
    /// assert!(manager.zones(&Query::new())?.is_empty());
    /// let on_host = manager.zones(&Query::new().unregistered(true))?;
    /// assert_eq!(on_host[0].status, Some(ZoneStatus::Running));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget(&self, names: &[&str], run: &mut RunOptions<'_>) -> Result<Report> {
        operations::forget(&*self.context()?, &checked(names)?, self.recorded(run, Operation::Forget, None))
    }

    /// Plans to detach these zones. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// let plan = manager.plan_detach(&["web01"])?;
    /// assert!(plan.to_string().contains("zoneadm -z web01 detach"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_detach(&self, names: &[&str]) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_detach(&context, &checked(names)?)
    }

    /// Detaches zones that are down: takes them from the host, with their configuration and the VNICs that zmgr created, and keeps
    /// their files and their entries. The entries hold what the zones had, so that `attach` brings them back as they were.
    ///
    /// `wrong-state` if a zone is not installed and down, or has no root, or several, that the host would boot.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// manager.detach(&["web01"], &mut RunOptions::new())?.into_result()?;
    /// let zone = manager.zone("web01")?;
    /// assert_eq!((zone.state, zone.status), (Some(ZoneState::Detached), Some(ZoneStatus::Absent)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn detach(&self, names: &[&str], run: &mut RunOptions<'_>) -> Result<Report> {
        operations::detach(&*self.context()?, &checked(names)?, self.recorded(run, Operation::Detach, None))
    }

    /// Plans to attach these zones. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// manager.detach(&["web01"], &mut RunOptions::new())?.into_result()?;
    /// println!("{}", manager.plan_attach(&["web01"], &AttachOptions::new())?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_attach(&self, names: &[&str], options: &AttachOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_attach(&context, &checked(names)?, options)
    }

    /// Attaches zones: brings back detached ones with what they had, and makes zones of files that `destroy` kept (`keep_data`).
    /// Creates their VNICs and configuration, and sets their publishers again. A failure leaves the files, and an entry as it was.
    ///
    /// `not-found` if no files lie at the zonepath; `exists` if those that lie there are not the zone's; `command-failed` if their
    /// packages are older than the host's and `update` is not set.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// manager.detach(&["web01"], &mut RunOptions::new())?.into_result()?;
    /// let zones = manager.attach(&["web01"], &AttachOptions::new(), &mut RunOptions::new())?.into_result()?;
    /// assert_eq!(zones[0].status, Some(ZoneStatus::Installed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn attach(&self, names: &[&str], options: &AttachOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::attach(&*self.context()?, &checked(names)?, options, self.recorded(run, Operation::Attach, None))
    }

    /// Plans to rename a zone. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// let plan = manager.plan_rename("web01", "web02", &RenameOptions::new())?;
    /// assert!(plan.to_string().contains("set zonename=web02"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_rename(&self, from: &str, to: &str, options: &RenameOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_rename(&context, &ZoneName::new(from)?, &ZoneName::new(to)?, options)
    }

    /// Renames a zone that is down: on the host, in its entry, and in every file that names it. VNICs and zonepath
    /// keep their names unless the options say otherwise.
    ///
    /// `wrong-state` if it is not down; `exists` if anything has or names the new name, data included; `config` if its storage is
    /// named after it by a template. A failure leaves the zone as it was. The outcome has the zone under its new name.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// let report = manager.rename("web01", "web02", &RenameOptions::new(), &mut RunOptions::new())?;
    /// let zones = report.into_result()?;
    /// assert_eq!((zones[0].name.as_str(), zones[0].zonepath.as_deref()), ("web02", Some("/zones/web01")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rename(&self, from: &str, to: &str, options: &RenameOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        let run = self.recorded(run, Operation::Rename, None);
        operations::rename(&*self.context()?, &ZoneName::new(from)?, &ZoneName::new(to)?, options, run)
    }

    /// Plans to reinstall these zones. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// println!("{}", manager.plan_reinstall(&["web01"], &ReinstallOptions::new())?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_reinstall(&self, names: &[&str], options: &ReinstallOptions) -> Result<Plan> {
        let (context, _pretence) = self.planning_site()?;
        operations::plan_reinstall(&context, &checked(names)?, options)
    }

    /// Reinstalls a zone from scratch and returns it; keeps its addresses, links and configuration.
    ///
    /// A failure before the old files are gone leaves the zone as it was; after that, `recover` resumes. A zone with `golden #true` in
    /// its `install` is cloned from the golden zone of its present settings, which is installed first if it is missing.
    ///
    /// Errors: `wrong-state` if `force` is needed, or if `snapshot` is given and the uninstall of its brand leaves no root.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let zone = manager.reinstall("web01", &ReinstallOptions::new().boot(false), &mut RunOptions::new())?;
    /// assert_eq!(zone.status, Some(ZoneStatus::Installed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reinstall(&self, name: &str, options: &ReinstallOptions, run: &mut RunOptions<'_>) -> Result<Zone> {
        let mut zone = None;
        // If its golden zone cannot be installed, that is the reason.
        for outcome in self.reinstall_all(&[name], options, run)?.outcomes {
            zone = outcome.result?;
        }
        zone.ok_or_else(|| Error::new(Code::Internal, "the reinstalled zone is missing"))
    }

    /// Reinstalls several zones, `jobs` at once.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let report = manager.reinstall_all(&["web01"], &ReinstallOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.zones().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reinstall_all(
        &self,
        names: &[&str],
        options: &ReinstallOptions,
        run: &mut RunOptions<'_>,
    ) -> Result<Report> {
        operations::reinstall(
            &*self.context()?,
            &checked(names)?,
            options,
            self.recorded(run, Operation::Reinstall, None),
        )
    }

    /// Runs an approved plan. Everything is planned again from its requests, with what was chosen then: no command line is ever
    /// taken from a plan.
    ///
    /// Fails with `stale-plan`, before doing anything, if any of it would now be different.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
    /// // Saved, approved by a user, and run later.
    /// let plan = Plan::from_json(&plan.to_json())?;
    /// manager.run(&plan, &mut RunOptions::new())?.into_result()?;
    /// let again = manager.run(&plan, &mut RunOptions::new());
    /// assert_eq!(again.unwrap_err().code(), Code::StalePlan);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(&self, plan: &Plan, run: &mut RunOptions<'_>) -> Result<Report> {
        let run = self.recorded(run, plan.operation, Some(plan));
        match plan.operation {
            Operation::Import => crate::operations::import::run(&*self.context()?, plan, run),
            _ => operations::run(&*self.context()?, plan, run),
        }
    }

    /// Resumes or rolls back the unfinished operations of these zones, or of all, whichever loses least.
    ///
    /// `busy` for a zone with a running operation; `recovery-needed` if only the user can decide the direction.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// // After a crash, at start-up: finish or undo what was left.
    /// let report = manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new())?;
    /// assert!(report.outcomes.is_empty(), "nothing was left");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recover(&self, names: &[&str], options: &RecoverOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::recover(
            &*self.context()?,
            &checked_or_all(names)?,
            options,
            self.recorded(run, RecordedOperation::Recover, None),
        )
    }
}

/// Returns the names, which must not be empty.
pub(super) fn checked(names: &[&str]) -> Result<Vec<ZoneName>> {
    if names.is_empty() {
        return Err(Error::new(Code::InvalidArgument, "no zone given"));
    }
    checked_or_all(names)
}

/// Returns the names: valid, without duplicates. No names mean every zone.
pub(super) fn checked_or_all(names: &[&str]) -> Result<Vec<ZoneName>> {
    let mut checked: Vec<ZoneName> = Vec::with_capacity(names.len());
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(*name) {
            return Err(Error::new(Code::InvalidArgument, format!("zone {name:?} is named twice"))
                .with_help("name each zone once"));
        }
        checked.push(ZoneName::new(*name)?);
    }
    Ok(checked)
}
