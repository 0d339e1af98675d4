//! A simulated machine with its tree and manager, and other people's hands on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{CreateOptions, Dialect, Error, Fault, Manager, RecoverOptions, RunOptions, Zone};

use crate::sim_machine::{self, Pretend};

/// A machine, its tree, and who manages it.
pub(crate) struct Fixture {
    pub(crate) machine: Arc<Pretend>,
    pub(crate) manager: Manager,
}

/// A new machine with the starter tree.
pub(crate) fn new() -> Fixture {
    let machine = Arc::new(sim_machine::new(Dialect::OpenIndiana));
    let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    Fixture { machine, manager }
}

/// A new machine whose template has two nets.
pub(crate) fn with_two_nets() -> Fixture {
    let fixture = new();
    fixture.edit("templates/oi.kdl", "net \"internal\"", "net \"more\" { pool \"internal\"; }\n    net \"internal\"");
    fixture
}

/// Returns a manager of this machine with one interference: before or after the first command whose line contains `command`.
pub(crate) fn interfering(
    machine: &Arc<Pretend>,
    when: When,
    command: &str,
    act: impl Fn(&Pretend) + Send + Sync + 'static,
) -> Manager {
    let (observed, command, done) = (Arc::clone(machine), command.to_owned(), AtomicBool::new(false));
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        let (at, invocation) = match moment {
            Moment::Before(invocation) => (When::Before, invocation),
            Moment::After(invocation) => (When::After, invocation),
        };
        if at == when && invocation.to_string().contains(&command) && !done.swap(true, Ordering::SeqCst) {
            act(&observed);
        }
    });
    Manager::builder().simulate(machine.dir.path()).observed(watcher, WriteHook::none()).build().unwrap()
}

impl Fixture {
    /// Creates a zone that is not booted.
    pub(crate) fn create(&self, name: &str) -> Zone {
        self.manager.create(name, &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap()
    }

    /// Lets the next run of this subcommand fail.
    pub(crate) fn fail(&self, program: &str, subcommand: &str) {
        let mut fault = Fault::new(program);
        fault.subcommand = (!subcommand.is_empty()).then(|| subcommand.to_owned());
        (fault.exit, fault.times) = (Some(1), Some(1));
        self.machine.host.fault(&fault).unwrap();
    }

    /// Returns a manager with one interference: before or after the first command whose line contains `command`.
    pub(crate) fn with_interference(
        &self,
        when: When,
        command: &str,
        act: impl Fn(&Pretend) + Send + Sync + 'static,
    ) -> Manager {
        interfering(&self.machine, when, command, act)
    }

    /// A manager that is watched.
    pub(crate) fn observed(&self, watcher: Arc<Watcher>, write_hook: WriteHook) -> Manager {
        Manager::builder().simulate(self.dir()).observed(watcher, write_hook).build().unwrap()
    }

    pub(crate) fn dir(&self) -> &Path {
        self.machine.dir.path()
    }

    /// A file of the tree.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir().join("etc/zmgr").join(name)
    }

    /// A zone's entry.
    pub(crate) fn entry(&self, name: &str) -> PathBuf {
        self.file(&format!("zones/{name}.kdl"))
    }

    /// Replaces a text in a file of the tree, which must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.file(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Lines of `zoneadm list -cp`, as `NAME:STATE`, without the global zone.
    pub(crate) fn zones(&self) -> Vec<String> {
        let text = self.machine.run("zoneadm list -cp");
        let fields = |line: &str| line.split(':').skip(1).take(2).collect::<Vec<_>>().join(":");
        text.lines().map(fields).filter(|zone| !zone.is_empty() && !zone.starts_with("global:")).collect()
    }

    /// The names of the VNICs.
    pub(crate) fn vnics(&self) -> Vec<String> {
        let text = self.machine.run("dladm show-vnic -p -o link");
        text.lines().filter(|line| !line.starts_with('=')).map(str::to_owned).collect()
    }

    /// Checks that nothing of a zone is left: no zone, no VNIC, no entry, no dataset.
    pub(crate) fn assert_bare(&self) {
        assert_eq!(self.zones(), [""; 0]);
        assert_eq!(self.vnics(), [""; 0]);
        assert_eq!(fs::read_dir(self.file("zones")).unwrap().count(), 0);
        let datasets = self.machine.run("zfs list -H -o name -t all -r rpool/zones");
        assert_eq!(datasets, "rpool/zones\n=0");
    }

    /// Recovers everything, which must do.
    pub(crate) fn recover(&self) -> Vec<String> {
        let report = self.manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
        if let Some(error) = report.error() {
            panic!("{error:?}");
        }
        report.outcomes.iter().map(|outcome| format!("{} {}", outcome.action, outcome.name)).collect()
    }
}

/// Before or after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// The error of a call that must fail, its code as a word.
pub(crate) fn slug<T>(result: Result<T, Error>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code().slug(),
    }
}
