//! The public API of the simulated machine.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::exec::SimRunner;
use zmgr_sim::{Call, Caller, Machine, Output, Status};

pub use zmgr_sim::{Abort, Dialect, FailedBoot, Fault};

/// A simulated illumos host in a directory. It survives the process, and several processes may use it at once.
///
/// ```
/// use zmgr::{Dialect, Fault, SimHost};
///
/// # let directory = tempfile::tempdir().unwrap();
/// let host = SimHost::create(directory.path(), Dialect::OpenIndiana)?;
/// let mut fault = Fault::new("zoneadm");
/// fault.subcommand = Some("install".into());
/// fault.exit = Some(1);
/// fault.times = Some(1);
/// host.fault(&fault)?;
/// // The next installation of a zone fails and leaves the zone incomplete.
/// assert_eq!(host.faults()?.len(), 1);
/// host.clear_faults()?;
/// # Ok::<(), zmgr::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SimHost {
    machine: Machine,
}

/// Result of a command on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimStatus {
    /// It exited with this status.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
}

/// Starts a process that runs this argv, and waits for it.
pub type SpawnFn<'a> = dyn Fn(&[OsString]) -> std::io::Result<SimStatus> + 'a;

/// Environment and streams of a command for [`SimHost::answer`]: usually those of the calling process.
pub struct CommandIo<'a> {
    /// The environment.
    pub env: &'a [(OsString, OsString)],
    /// The working directory, absolute.
    pub cwd: &'a Path,
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Standard output.
    pub stdout: &'a mut dyn Write,
    /// Standard error.
    pub stderr: &'a mut dyn Write,
    /// True if the command was interrupted.
    pub interrupted: &'a dyn Fn() -> bool,
    /// Starts a process that runs this argv with the same environment and streams, and waits for it: for the hooks of a zone's
    /// brand, which outlive a killed `zoneadm`. Without it, hooks run within the command.
    pub hooks: Option<&'a SpawnFn<'a>>,
}

impl SimHost {
    /// Creates a machine in `dir`, which is created if it does not exist.
    ///
    /// Errors: `exists` if `dir` already contains a machine, `io`.
    pub fn create(dir: impl AsRef<Path>, dialect: Dialect) -> Result<SimHost> {
        Ok(SimHost { machine: Machine::create(dir.as_ref(), dialect).map_err(from_sim)? })
    }

    /// Opens the machine in `dir`.
    ///
    /// Errors: `not-found` if it contains none, `io`.
    pub fn open(dir: impl AsRef<Path>) -> Result<SimHost> {
        Ok(SimHost { machine: Machine::open(dir.as_ref()).map_err(from_sim)? })
    }

    /// Returns the machine's directory, absolute.
    pub fn dir(&self) -> &Path {
        self.machine.root()
    }

    /// Returns a runner for this machine, in this process.
    pub(crate) fn runner(&self) -> SimRunner {
        SimRunner::new(self.machine.clone())
    }

    /// Returns its distribution.
    pub fn dialect(&self) -> Dialect {
        self.machine.dialect()
    }

    /// Writes programs named `zonecfg`, `zoneadm`, `dladm`, … that act on this machine into `bin`, for other tools. They run
    /// `command` (its first word an absolute path), followed by the machine's directory, the program's name and its arguments:
    /// `zmgr sim answer` works, and so does any program that calls [`answer`](Self::answer).
    ///
    /// Errors: `invalid-argument` if there is no such command, `io`.
    pub fn link(&self, bin: impl AsRef<Path>, command: &[OsString]) -> Result<Vec<PathBuf>> {
        self.machine.link(bin.as_ref(), command).map_err(from_sim)
    }

    /// Injects a fault, until it is cleared or has happened as often as it specifies. The latest one applies first.
    ///
    /// Errors: `invalid-argument` for an invalid exit status, `io`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let machine = SimHost::create(dir.path(), Dialect::OpenIndiana)?;
    /// let mut fault = Fault::new("zoneadm");
    /// fault.subcommand = Some("install".to_owned());
    /// fault.abort = Some(Abort::Before);
    /// fault.times = Some(1);
    /// machine.fault(&fault)?;
    /// assert_eq!(machine.faults()?.len(), 1);
    /// machine.clear_faults()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fault(&self, fault: &Fault) -> Result<()> {
        self.machine.fault(fault).map_err(from_sim)
    }

    /// Clears every fault.
    pub fn clear_faults(&self) -> Result<()> {
        self.machine.clear_faults().map_err(from_sim)
    }

    /// Returns the faults, in the order in which they apply.
    pub fn faults(&self) -> Result<Vec<Fault>> {
        self.machine.faults().map_err(from_sim)
    }

    /// Reboots the machine: active zones end, links without a record are gone, zones with `autoboot` boot. Returns the zones that
    /// should have booted and did not.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let machine = SimHost::open(dir.path())?;
    /// let failed: Vec<FailedBoot> = machine.reboot()?;
    /// assert!(failed.is_empty() && manager.zone("web01")?.status == Some(ZoneStatus::Running));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reboot(&self) -> Result<Vec<FailedBoot>> {
        self.machine.reboot().map_err(from_sim)
    }

    /// Runs one command line, like a linked program: a fault that kills the caller kills the calling process's parent.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// use std::ffi::OsString;
    /// let machine = SimHost::open(dir.path())?;
    /// let mut out = Vec::new();
    /// let hooks: Option<&SpawnFn<'_>> = None;
    /// let around = CommandIo {
    ///     env: &[],
    ///     cwd: dir.path(),
    ///     stdin: &mut std::io::empty(),
    ///     stdout: &mut out,
    ///     stderr: &mut std::io::stderr(),
    ///     interrupted: &|| false,
    ///     hooks,
    /// };
    /// let status = machine.answer(&["zoneadm", "list"].map(OsString::from), around);
    /// assert!(matches!(status, SimStatus::Exited(0)));
    /// assert_eq!(out, b"global\nweb01\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn answer(&self, argv: &[OsString], around: CommandIo<'_>) -> SimStatus {
        let broken = std::cell::Cell::new(false);
        let stop = || broken.get() || (around.interrupted)();
        let start = |argv: &[OsString]| match around.hooks.map(|start| start(argv)) {
            Some(Ok(SimStatus::Exited(status))) => Ok(Status::Exited(status)),
            Some(Ok(SimStatus::Signalled(signal))) => Ok(Status::Signalled(signal)),
            Some(Err(error)) => Err(error),
            None => Ok(Status::Exited(255)),
        };
        let mut call = Call {
            hooks: around.hooks.is_some().then_some(&start),
            argv,
            env: around.env,
            cwd: around.cwd,
            stdin: around.stdin,
            interrupted: &stop,
            caller: Caller::Parent,
        };
        let mut out = Streams { stdout: around.stdout, stderr: around.stderr, broken: &broken };
        let status = self.machine.answer(&mut call, &mut out);
        match status {
            _ if broken.get() => SimStatus::Signalled(SIGPIPE),
            Status::Exited(status) => SimStatus::Exited(status),
            Status::Signalled(signal) => SimStatus::Signalled(signal),
        }
    }
}

const SIGPIPE: i32 = 13;

/// A closed output ends the command, as the signal would.
struct Streams<'a> {
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
    broken: &'a std::cell::Cell<bool>,
}

impl Output for Streams<'_> {
    fn stdout(&mut self, bytes: &[u8]) {
        if self.stdout.write_all(bytes).and_then(|()| self.stdout.flush()).is_err() {
            self.broken.set(true);
        }
    }

    fn stderr(&mut self, bytes: &[u8]) {
        if self.stderr.write_all(bytes).and_then(|()| self.stderr.flush()).is_err() {
            self.broken.set(true);
        }
    }
}

fn from_sim(error: zmgr_sim::Error) -> Error {
    use zmgr_sim::Error as Sim;
    let code = match &error {
        Sim::Exists(_) => Code::Exists,
        Sim::NotAMachine(_) => Code::NotFound,
        Sim::Invalid(_) => Code::InvalidArgument,
        _ => Code::Io,
    };
    let message = error.to_string();
    match error {
        Sim::NotAMachine(_) => Error::new(code, message).with_help("`zmgr sim new` makes one"),
        Sim::Io { path, source } => Error::io("use", path, source),
        _ => Error::new(code, message),
    }
}
