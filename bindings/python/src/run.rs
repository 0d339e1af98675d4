//! Run options: progress, cancellation and Ctrl-C.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict};
use zmgr_core::{Code, Error, Event, EventKind, Manager, OnFailure, Result, RunOptions};

use crate::arguments::Text;
use crate::cancel::Cancel;
use crate::convert::value_class;
use crate::error::invalid;
use crate::guard::guarded;

/// Run options that the caller gave.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) progress: Option<Py<PyAny>>,
    pub(crate) cancel: Option<Cancel>,
    pub(crate) jobs: usize,
    pub(crate) on_failure: OnFailure,
}

impl Run {
    pub(crate) fn new(
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Self> {
        let on_failure = match on_failure.as_deref() {
            None => OnFailure::Configured,
            Some("rollback") => OnFailure::RollBack,
            Some("keep") => OnFailure::Keep,
            Some(other) => {
                return Err(invalid(format!("on_failure: expected 'rollback' or 'keep', not {other:?}")));
            }
        };
        Ok(Run { progress, cancel, jobs, on_failure })
    }

    /// Returns options for a call without progress that may wait for a lock: Ctrl-C and the token stop it.
    pub(crate) fn quiet(cancel: Option<Cancel>) -> Self {
        Run { cancel, jobs: 1, ..Run::default() }
    }

    /// Calls the core with these options. An exception in the callback or a signal handler cancels the call and is raised after the
    /// rollback.
    pub(crate) fn call<T: Send>(
        self,
        py: Python<'_>,
        work: impl FnOnce(&mut RunOptions<'_>) -> Result<T> + Send,
    ) -> PyResult<T> {
        let raised = Raised::new(self.cancel);
        let progress = self.progress;
        let answer = guarded(py, || {
            let mut hear = |event: &Event| match &progress {
                Some(progress) => raised.hear(|py| progress.bind(py).call1((event_object(py, event)?,))),
                None => true,
            };
            let mut pulse = || raised.pulse();
            let mut options =
                RunOptions::new().cancel(raised.token()).pulse(&mut pulse).jobs(self.jobs).on_failure(self.on_failure);
            if progress.is_some() {
                options = options.progress(&mut hear);
            }
            work(&mut options)
        });
        raised.or(py, answer)
    }
}

/// Interval at which Python's signal handlers run during a query.
const PULSE: Duration = Duration::from_millis(50);

/// Runs a query that may wait for the host; Ctrl-C ends it.
pub(crate) fn asked<T: Send>(
    py: Python<'_>,
    manager: &Manager,
    question: impl FnOnce(&Manager) -> Result<T> + Send,
) -> PyResult<T> {
    let raised = Raised::new(None);
    let manager = manager.with_cancel(raised.token());
    let answer = guarded(py, || {
        thread::scope(|scope| {
            let (at_work, ended) = mpsc::channel::<()>();
            let started = thread::Builder::new().spawn_scoped(scope, move || {
                // Dropped when the thread ends, even if it panics.
                let _at_work = at_work;
                question(&manager)
            });
            // Without a thread, Ctrl-C could not end the query.
            let worker = started
                .map_err(|error| Error::new(Code::Io, format!("cannot start a thread: {error}")).with_source(error))?;
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(PULSE) {
                if !raised.pulse() {
                    raised.token().cancel();
                }
            }
            worker.join().unwrap_or_else(|payload| resume_unwind(payload))
        })
    });
    raised.or(py, answer)
}

/// Exception that Python raised during a call: from a callback, or Ctrl-C.
pub(crate) struct Raised {
    error: Mutex<Option<PyErr>>,
    token: zmgr_core::Cancel,
}

impl Raised {
    /// Creates an empty value; uses the caller's token, if any.
    pub(crate) fn new(cancel: Option<Cancel>) -> Self {
        Raised { error: Mutex::new(None), token: cancel.map(|cancel| cancel.0).unwrap_or_default() }
    }

    /// Returns the token that the core must use.
    pub(crate) fn token(&self) -> &zmgr_core::Cancel {
        &self.token
    }

    fn error(&self) -> MutexGuard<'_, Option<PyErr>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a callback; returns `false` if it returned `False` or raised. After an exception the callback is not called again, because
    /// only the rollback follows. Only `False` itself cancels, so that a callback without `return` does not.
    pub(crate) fn hear<F>(&self, callback: F) -> bool
    where
        F: for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>>,
    {
        if self.error().is_some() {
            return true;
        }
        Python::attach(|py| match callback(py) {
            Ok(answer) => !answer.is(PyBool::new(py, false)),
            Err(error) => {
                self.error().get_or_insert(error);
                false
            }
        })
    }

    /// Runs Python's signal handlers; returns `false` if one raised.
    pub(crate) fn pulse(&self) -> bool {
        Python::attach(|py| match py.check_signals() {
            Ok(()) => true,
            Err(error) => {
                let mut first = self.error();
                if first.is_some() {
                    // A second Ctrl-C stops the rollback; `recover` can finish it.
                    self.token.cancel();
                }
                first.get_or_insert(error);
                false
            }
        })
    }

    /// Returns the result, or raises the exception with zmgr's error as its cause.
    pub(crate) fn or<T>(self, py: Python<'_>, answer: PyResult<T>) -> PyResult<T> {
        match (self.error.into_inner().unwrap_or_else(PoisonError::into_inner), answer) {
            (None, answer) => answer,
            (Some(error), answer) => {
                error.set_cause(py, answer.err());
                Err(error)
            }
        }
    }
}

/// Converts an event.
fn event_object<'py>(py: Python<'py>, event: &Event) -> PyResult<Bound<'py, PyAny>> {
    static EVENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static KIND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let (kind, message, elapsed, ok) = match &event.kind {
        EventKind::Started => ("started", None, None, true),
        EventKind::StepStarted => ("step-started", None, None, true),
        EventKind::Command { argv } => ("command", Some(argv.join(" ")), None, true),
        EventKind::Running { elapsed, last_line } => ("running", last_line.clone(), Some(elapsed.as_secs_f64()), true),
        EventKind::StepDone { elapsed } => ("step-done", None, Some(elapsed.as_secs_f64()), true),
        EventKind::StepFailed { message } => ("step-failed", Some(message.clone()), None, false),
        EventKind::Undoing => ("undoing", None, None, true),
        EventKind::Warning { message } => ("warning", Some(message.clone()), None, true),
        EventKind::Log { path } => ("log", Some(path.to_string_lossy().into_owned()), None, true),
        EventKind::Finished { ok, summary, .. } => ("finished", Some(summary.clone()), None, *ok),
        _ => ("other", None, None, true),
    };
    let fields = PyDict::new(py);
    fields.set_item("kind", value_class(py, &KIND, "EventKind")?.call1((kind,))?)?;
    fields.set_item("zone", &event.zone)?;
    fields.set_item("step", &event.step)?;
    fields.set_item("position", event.position.0)?;
    fields.set_item("steps", event.position.1)?;
    fields.set_item("zones_done", event.zones.0)?;
    fields.set_item("zones", event.zones.1)?;
    fields.set_item("message", message)?;
    fields.set_item("elapsed", elapsed)?;
    fields.set_item("ok", ok)?;
    value_class(py, &EVENT, "Event")?.call((), Some(&fields))
}
