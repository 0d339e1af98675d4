//! One command as the machine sees it: what it was given, where it writes, how it ended.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

/// Starts a process that answers this argv, and waits for it.
pub type Start<'a> = dyn Fn(&[OsString]) -> io::Result<Status> + 'a;

/// A command line put to the machine.
pub struct Call<'a> {
    /// The program as it was invoked (a bare name or an absolute path; its last component decides), then its arguments.
    pub argv: &'a [OsString],
    /// The environment, in full: nothing else is inherited.
    pub env: &'a [(OsString, OsString)],
    /// The working directory, an absolute path on the machine that runs the simulation.
    pub cwd: &'a Path,
    /// Standard input. Never a terminal: the simulated commands behave as with a pipe or `/dev/null`.
    pub stdin: &'a mut dyn Read,
    /// Asked now and then while a command takes its time: whether an interrupt has reached its process group.
    pub interrupted: &'a dyn Fn() -> bool,
    /// Starts one of the machine's own hooks as a process of its own and waits for it: argv as for a command. Without it
    /// hooks run within the command.
    pub hooks: Option<&'a Start<'a>>,
    /// Process that dies if a fault says that the caller dies.
    pub caller: Caller,
}

/// The process that asked for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The machine is asked from within the process that wants the command done.
    InProcess,
    /// The machine runs in a program of its own, started by the process that wants the command done.
    Parent,
}

/// Destination of a command's output. Called in the order of the writes, as they happen.
pub trait Output {
    /// Takes bytes written to standard output.
    fn stdout(&mut self, bytes: &[u8]);
    /// Takes bytes written to standard error.
    fn stderr(&mut self, bytes: &[u8]);
}

/// End of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exited with this status, 0 to 255.
    Exited(i32),
    /// It died by this signal (illumos and Linux agree on the numbers used here: 2 INT, 6 ABRT, 9 KILL, 15 TERM).
    Signalled(i32),
}
