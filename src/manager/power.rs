//! Power operations, commands and logins in zones.

use std::ffi::OsString;

use super::Manager;
use super::zones::{checked, checked_or_all};
use crate::api::{ExecOptions, HaltOptions, Operation, Plan, RecordedOperation, Report, Request, RunOptions};
use crate::error::Result;
use crate::operations::{self, Power};
use crate::value::name::ZoneName;

impl Manager {
    /// Boots zones, `jobs` at once, and waits until they are running. A running zone is `unchanged`. A zone is booted once those of
    /// the others that it comes after (`after`) have started their services, and not at all if one of them does not boot.
    ///
    /// Only for registered zones that are `ready`; `recovery-needed` for zones with an unfinished operation.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new())?;
    /// manager.boot(&["web01"], &mut RunOptions::new())?.into_result()?;
    /// assert_eq!(manager.zone("web01")?.status, Some(ZoneStatus::Running));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn boot(&self, names: &[&str], run: &mut RunOptions<'_>) -> Result<Report> {
        operations::power(
            &*self.context()?,
            &checked(names)?,
            Power::Boot,
            None,
            self.recorded(run, Operation::Boot, None),
        )
    }

    /// Boots every built zone that boots with the host (`autoboot`), in the order of `after`: each once those that it comes after have
    /// started their services. Zones with an unfinished operation are `skipped`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create_all(&["db01", "web01"], &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// manager.set("web01", &[("after", "db01")], &mut RunOptions::new())?;
    /// let report = manager.boot_all(&mut RunOptions::new().jobs(4))?;
    /// assert!(report.outcomes.iter().all(|outcome| outcome.action == Action::Booted));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn boot_all(&self, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::power_all(&*self.context()?, Power::Boot, None, self.recorded(run, Operation::Boot, None))
    }

    /// Plans to boot these zones, or those of [`Manager::boot_all`] if none is named. The plan has them in the order of `after`; a zone
    /// that is running has no step. Changes nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create_all(&["db01", "web01"], &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    /// # manager.set("web01", &[("after", "db01")], &mut RunOptions::new())?;
    /// let plan = manager.plan_boot(&["web01", "db01"])?;
    /// assert_eq!(plan.changes[0].zone, "db01");
    /// manager.run(&plan, &mut RunOptions::new())?.into_result()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_boot(&self, names: &[&str]) -> Result<Plan> {
        operations::plan_power(&self.asking()?, &checked_or_all(names)?, &Request::Boot {})
    }

    /// Plans to shut these zones down, or those of [`Manager::shutdown_all`] if none is named, in the reverse order of `after`. Changes
    /// nothing.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let plan = manager.plan_shutdown(&[], &HaltOptions::new())?;
    /// assert_eq!(plan.changes[0].steps[0].argv[1..], ["-z", "web01", "shutdown"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan_shutdown(&self, names: &[&str], options: &HaltOptions) -> Result<Plan> {
        operations::plan_power(
            &self.asking()?,
            &checked_or_all(names)?,
            &Request::Shutdown { options: options.clone() },
        )
    }

    /// Shuts down every built zone of the registry, in the reverse order of `after`. Zones with an unfinished operation are
    /// `skipped`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let report = manager.shutdown_all(&HaltOptions::new().force(true), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, Action::ShutDown);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown_all(&self, options: &HaltOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        let what = Power::Shutdown { force: options.force };
        operations::power_all(&*self.context()?, what, options.timeout, self.recorded(run, Operation::Shutdown, None))
    }

    /// Halts zones without running their shutdown scripts. A zone that is down is `unchanged`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new())?.into_result()?;
    /// assert_eq!(manager.zone("web01")?.status, Some(ZoneStatus::Installed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn halt(&self, names: &[&str], options: &HaltOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        operations::power(
            &*self.context()?,
            &checked(names)?,
            Power::Halt,
            options.timeout,
            self.recorded(run, RecordedOperation::Halt, None),
        )
    }

    /// Shuts zones down and waits until they are down. With `force`, halts a zone that does not shut down. A zone is shut down once
    /// those of the others that come after it (`after`) are down.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// use std::time::Duration;
    /// // Halted where it is not down after a minute.
    /// let options = HaltOptions::new().timeout(Duration::from_secs(60)).force(true);
    /// manager.shutdown(&["web01"], &options, &mut RunOptions::new())?.into_result()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(&self, names: &[&str], options: &HaltOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        let what = Power::Shutdown { force: options.force };
        operations::power(
            &*self.context()?,
            &checked(names)?,
            what,
            options.timeout,
            self.recorded(run, Operation::Shutdown, None),
        )
    }

    /// Shuts running zones down and boots them again. With `force`, halts and boots them at once.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.reboot(&["web01"], &HaltOptions::new(), &mut RunOptions::new())?.into_result()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reboot(&self, names: &[&str], options: &HaltOptions, run: &mut RunOptions<'_>) -> Result<Report> {
        let what = Power::Reboot { force: options.force };
        operations::power(
            &*self.context()?,
            &checked(names)?,
            what,
            options.timeout,
            self.recorded(run, RecordedOperation::Reboot, None),
        )
    }

    /// Runs a command inside a running zone as its root and returns its exit status. Each word reaches the command unchanged.
    ///
    /// Fails with `wrong-state` if the zone is not running or goes down before the command ends: the status is then unknown.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let mut text = Vec::new();
    /// let mut keep = |stream: ExecStream, bytes: &[u8]| {
    ///     if let ExecStream::Stdout = stream {
    ///         text.extend_from_slice(bytes);
    ///     }
    ///     true
    /// };
    /// let words = ["hostname".to_owned()];
    /// let status = manager.exec("web01", &words, &mut ExecOptions::new().output(&mut keep))?;
    /// assert_eq!((status, &*text), (0, &b"web01\n"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn exec(&self, name: &str, words: &[String], options: &mut ExecOptions<'_>) -> Result<i32> {
        operations::exec(&*self.context()?, &ZoneName::new(name)?, words, options)
    }

    /// Logs in on the caller's own terminal, as this user or root; `term` is the terminal's type (`TERM`). Returns the exit status
    /// of the login.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// # if false {
    /// // On the terminal of this process, until the person logs out.
    /// let status = manager.login("web01", None, std::env::var_os("TERM"))?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn login(&self, name: &str, user: Option<&str>, term: Option<OsString>) -> Result<i32> {
        operations::login(&*self.context()?, &ZoneName::new(name)?, user, term)
    }
}
