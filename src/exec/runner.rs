//! The interface to the machine: runs an [`Invocation`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Dispatch;

use super::{Completed, Invocation};
use crate::error::Result;

/// Interval at which a running command is checked: progress callback, cancellation and time limit.
pub const TICK: Duration = Duration::from_millis(50);

/// Progress of a running command.
#[derive(Debug)]
pub struct Tick<'a> {
    /// Time since the command started; zero in the call before it is started.
    pub elapsed: Duration,
    /// The last line that is not blank, of either stream, cut to a readable length.
    pub last_line: &'a str,
    /// Standard output since the last tick; only with [`Output::Stream`](super::Output::Stream).
    pub stdout: &'a [u8],
    /// Standard error since the last tick; only with [`Output::Stream`](super::Output::Stream).
    pub stderr: &'a [u8],
}

/// Decision about a running command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Let it go on.
    Continue,
    /// Interrupt its process group, then TERM and KILL if that does not help.
    Cancel,
    /// Kill it at once.
    Kill,
}

/// Runs commands. The only interface between zmgr and a machine.
pub trait Runner: fmt::Debug + Send + Sync {
    /// Runs a command to its end; calls `on_tick` before it starts and then about every [`TICK`].
    ///
    /// `Ok` means that the command ended, not that it succeeded: see [`Completed::check`]. Errors: `unsupported-host` if there is
    /// no such program, `cancelled` if `on_tick` refused before the start, `io` if it could not be started or waited for.
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed>;

    /// Returns true if the host has this program.
    fn has(&self, program: &str) -> bool;

    /// Runs independent queries, in parallel if possible, until `stopped`; returns the answers in order.
    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        questions.iter().map(|question| self.run(question, &mut |_| go_on_unless(stopped))).collect()
    }
}

/// Returns true if cancellation was requested.
pub type CancelCheck<'a> = &'a (dyn Fn() -> bool + Sync);

/// Returns what to do with a command that has no other callback.
pub(super) fn go_on_unless(stopped: CancelCheck<'_>) -> Control {
    if stopped() { Control::Cancel } else { Control::Continue }
}

/// Runs a command without a callback, and checks that it succeeded.
pub fn run_quietly(runner: &dyn Runner, invocation: &Invocation) -> Result<Completed> {
    runner.run(invocation, &mut |_| Control::Continue)?.check()
}

/// A moment at which a process that runs commands could die.
#[derive(Debug)]
pub enum Moment<'a> {
    /// The command is about to start.
    Before(&'a Invocation),
    /// The command has ended.
    After(&'a Invocation),
}

/// Observer of a runner.
pub type Watcher = dyn Fn(Moment<'_>) + Send + Sync;

/// A runner that reports each command before and after it runs, so that tests can visit every possible crash.
pub struct WatchedRunner {
    inner: Arc<dyn Runner>,
    watcher: Arc<Watcher>,
}

impl WatchedRunner {
    /// Wraps a runner.
    pub fn new(inner: Arc<dyn Runner>, watcher: Arc<Watcher>) -> Self {
        WatchedRunner { inner, watcher }
    }
}

impl fmt::Debug for WatchedRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WatchedRunner").field(&self.inner).finish()
    }
}

impl Runner for WatchedRunner {
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        (self.watcher)(Moment::Before(invocation));
        let completed = self.inner.run(invocation, on_tick);
        (self.watcher)(Moment::After(invocation));
        completed
    }

    fn has(&self, program: &str) -> bool {
        self.inner.has(program)
    }

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        questions.iter().for_each(|question| (self.watcher)(Moment::Before(question)));
        let answers = self.inner.run_all(questions, stopped);
        questions.iter().for_each(|question| (self.watcher)(Moment::After(question)));
        answers
    }
}

/// A runner that logs each command with its duration and status, and never what is run inside a zone.
pub struct LoggedRunner {
    inner: Arc<dyn Runner>,
    log: Option<Dispatch>,
}

impl LoggedRunner {
    /// Wraps a runner. Without a dispatcher, it logs to the subscriber of the program.
    pub fn new(inner: Arc<dyn Runner>, log: Option<Dispatch>) -> Self {
        LoggedRunner { inner, log }
    }

    fn tell(&self, invocation: &Invocation, completed: &Result<Completed>) {
        let tell = || {
            let command = invocation.logged();
            match completed {
                Ok(completed) => {
                    let elapsed_ms = u64::try_from(completed.elapsed.as_millis()).unwrap_or(u64::MAX);
                    tracing::debug!(command, status = %completed.end, elapsed_ms, "command");
                }
                Err(error) => tracing::debug!(command, reason = error.message(), "command did not run"),
            }
        };
        match &self.log {
            Some(log) => tracing::dispatcher::with_default(log, tell),
            None => tell(),
        }
    }
}

impl fmt::Debug for LoggedRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoggedRunner").field(&self.inner).finish()
    }
}

impl Runner for LoggedRunner {
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        let completed = self.inner.run(invocation, on_tick);
        self.tell(invocation, &completed);
        completed
    }

    fn has(&self, program: &str) -> bool {
        self.inner.has(program)
    }

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        let answers = self.inner.run_all(questions, stopped);
        questions.iter().zip(&answers).for_each(|(question, answer)| self.tell(question, answer));
        answers
    }
}

/// A runner that ends all its commands once cancellation is requested, including those without a callback.
pub struct CancellableRunner {
    inner: Arc<dyn Runner>,
    stopped: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl CancellableRunner {
    /// Wraps a runner.
    pub fn new(inner: Arc<dyn Runner>, stopped: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        CancellableRunner { inner, stopped }
    }
}

impl fmt::Debug for CancellableRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeedingRunner").field(&self.inner).finish()
    }
}

impl Runner for CancellableRunner {
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        self.inner.run(invocation, &mut |tick| match on_tick(tick) {
            Control::Continue => go_on_unless(&*self.stopped),
            control => control,
        })
    }

    fn has(&self, program: &str) -> bool {
        self.inner.has(program)
    }

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        let own = Arc::clone(&self.stopped);
        self.inner.run_all(questions, &|| own() || stopped())
    }
}
