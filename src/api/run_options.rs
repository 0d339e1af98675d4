//! Options of every operation: progress, cancellation, parallelism and the treatment of failures.

use std::sync::Arc;

use super::setters::{cancellation, setters};
use crate::api::{ChangeRecord, Event};
use crate::error::{Code, Error, Result};
use crate::value::Cancel;

/// Treatment of completed steps when a later one fails.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let mut run = RunOptions::new().on_failure(OnFailure::Keep);
/// manager.create("web01", &CreateOptions::new(), &mut run)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// As set by `on-failure` in `config.kdl`.
    #[default]
    Configured,
    /// Undo them.
    RollBack,
    /// Keep them, and the entry as `failed`.
    Keep,
}

/// Progress, cancellation, parallelism and failure handling of an operation.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let cancel = Cancel::new();
/// let mut tell = |event: &Event| {
///     if let EventKind::StepStarted = event.kind {
///         println!("{} {}", event.zone, event.step);
///     }
///     true // go on
/// };
/// let mut alive = || true;
/// let mut run = RunOptions::new().progress(&mut tell).pulse(&mut alive).cancel(&cancel).jobs(4);
/// manager.create_all(&["web01", "web02"], &CreateOptions::new(), &mut run)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[non_exhaustive]
pub struct RunOptions<'a> {
    /// Called with each event on the calling thread; `false` cancels. A step begins only after the callback for its
    /// [`EventKind::StepStarted`] has returned, so a step that is refused there is not run.
    ///
    /// [`EventKind::StepStarted`]: crate::EventKind::StepStarted
    pub progress: Option<&'a mut dyn FnMut(&Event) -> bool>,
    /// Called every 50 ms on the calling thread while waiting; `false` cancels. For callers that must check signals of their own
    /// runtime.
    pub pulse: Option<&'a mut dyn FnMut() -> bool>,
    /// A token to cancel from another thread.
    pub cancel: Option<&'a Cancel>,
    /// Number of zones to process in parallel; 0 means 1.
    pub jobs: usize,
    /// Treatment of completed steps when a later one fails.
    pub on_failure: OnFailure,
    /// The record of changes that the manager keeps.
    pub(crate) record: Option<Arc<ChangeRecord>>,
}

impl<'a> RunOptions<'a> {
    /// Returns the defaults: no progress, no cancellation, one zone at a time, failures as in `config.kdl`.
    pub fn new() -> Self {
        RunOptions::default()
    }

    cancellation!('a);

    setters! {
        /// Sets the progress callback.
        progress: &'a mut dyn FnMut(&Event) -> bool, in Some;
        /// Sets the number of zones to process in parallel.
        jobs: usize;
        /// Sets what to do when a step fails.
        on_failure: OnFailure;
    }

    /// Returns true if nothing can cancel it. For work on the calling thread itself.
    pub(crate) fn goes_on(&mut self) -> bool {
        let asked = self.cancel.is_some_and(Cancel::is_cancelled);
        !asked && self.pulse.as_mut().is_none_or(|pulse| pulse())
    }

    /// Fails with `cancelled` if it was cancelled before it began.
    pub(crate) fn wanted(&mut self) -> Result<()> {
        if self.goes_on() { Ok(()) } else { Err(Error::new(Code::Cancelled, "cancelled before it began")) }
    }
}
