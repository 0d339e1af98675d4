//! The seam to the machine: whoever can run an [`Invocation`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Completed, Invocation};
use crate::error::Result;

/// How often a run is looked after: the callback hears of it, cancelling and time limits take effect.
pub const TICK: Duration = Duration::from_millis(50);

/// How a run stands.
#[derive(Debug)]
pub struct Tick<'a> {
    /// Since the command began; zero in the call before it is started.
    pub elapsed: Duration,
    /// The last line it wrote that is not blank, of either stream, cut to a readable length.
    pub last_line: &'a str,
    /// What it wrote to standard output since the last tick; with [`Output::Stream`](super::Output::Stream) alone.
    pub stdout: &'a [u8],
    /// The same of standard error.
    pub stderr: &'a [u8],
}

/// What to do next with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Let it go on.
    Continue,
    /// Ask it to stop: an interrupt to its process group, TERM and KILL where that does not help.
    Cancel,
    /// Stop it at once: KILL.
    Kill,
}

/// Runs commands. The one seam between zmgr and a machine.
pub trait Runner: fmt::Debug + Send + Sync {
    /// Runs a command to its end and calls `on_tick` before it starts and about every [`TICK`] meanwhile.
    ///
    /// `Ok` says that the command ended, not that it did well: see [`Completed::check`].
    /// Errors: `unsupported-host` where there is no such program, `cancelled` where `on_tick` refused before the start,
    /// `io` where it could not be started or waited for.
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed>;

    /// Runs questions that do not depend on each other, at the same time where that is possible, until `stopped`; the answers come
    /// in their order.
    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        questions.iter().map(|question| self.run(question, &mut |_| go_on_unless(stopped))).collect()
    }
}

/// Tells whether somebody has asked to stop.
pub type CancelCheck<'a> = &'a (dyn Fn() -> bool + Sync);

/// What follows for a run that nobody else watches.
pub(super) fn go_on_unless(stopped: CancelCheck<'_>) -> Control {
    if stopped() { Control::Cancel } else { Control::Continue }
}

/// Runs a command that nobody watches, and asks that it did well.
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

/// What watches the seam.
pub type Watcher = dyn Fn(Moment<'_>) + Send + Sync;

/// A runner that tells of each command before and after it runs, so that tests can count and visit every point of death.
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

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        questions.iter().for_each(|question| (self.watcher)(Moment::Before(question)));
        let answers = self.inner.run_all(questions, stopped);
        questions.iter().for_each(|question| (self.watcher)(Moment::After(question)));
        answers
    }
}

/// A runner all of whose commands end once somebody asks to stop, also those that nobody watches.
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

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        let own = Arc::clone(&self.stopped);
        self.inner.run_all(questions, &|| own() || stopped())
    }
}
