//! How an operation runs: progress, cancel and Ctrl-C.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use zmgr_core::{Event, EventKind, OnFailure, Result, RunOptions};

use crate::cancel::Cancel;
use crate::convert::value_class;
use crate::guard::guarded;

/// What a caller said about the run.
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
        on_failure: Option<&str>,
    ) -> PyResult<Self> {
        let on_failure = match on_failure {
            None => OnFailure::Configured,
            Some("rollback") => OnFailure::RollBack,
            Some("keep") => OnFailure::Keep,
            Some(other) => {
                return Err(PyValueError::new_err(format!("on_failure: expected 'rollback' or 'keep', not {other:?}")));
            }
        };
        Ok(Run { progress, cancel, jobs, on_failure })
    }

    /// Calls the core with these options. What the callback or a signal handler raises asks the core to stop, and is what the
    /// caller gets once everything is undone.
    pub(crate) fn call<T: Send>(
        self,
        py: Python<'_>,
        work: impl FnOnce(&mut RunOptions<'_>) -> Result<T> + Send,
    ) -> PyResult<T> {
        let mut raised: Option<PyErr> = None;
        let answer = guarded(py, || {
            let own = zmgr_core::Cancel::new();
            let token = self.cancel.as_ref().map_or(&own, |cancel| &cancel.0);
            let raised = std::cell::RefCell::new(&mut raised);
            let mut hear = |event: &Event| {
                // Once something was raised the callback hears no more: the rest is the undoing.
                let Some(progress) = self.progress.as_ref().filter(|_| raised.borrow().is_none()) else { return true };
                Python::attach(|py| match tell(py, progress, event) {
                    Ok(go_on) => go_on,
                    Err(error) => {
                        raised.borrow_mut().get_or_insert(error);
                        false
                    }
                })
            };
            let mut pulse = || {
                Python::attach(|py| match py.check_signals() {
                    Ok(()) => true,
                    Err(error) => {
                        let mut raised = raised.borrow_mut();
                        if raised.is_some() {
                            // The second Ctrl-C: leave at once what can be recovered.
                            token.cancel();
                        }
                        raised.get_or_insert(error);
                        false
                    }
                })
            };
            let mut options =
                RunOptions::new().cancel(token).pulse(&mut pulse).jobs(self.jobs).on_failure(self.on_failure);
            if self.progress.is_some() {
                options = options.progress(&mut hear);
            }
            work(&mut options)
        });
        match (raised, answer) {
            (Some(error), Ok(_)) => Err(error),
            (Some(error), Err(failure)) => {
                // What zmgr has to say of the undoing is kept beneath.
                error.set_cause(py, Some(failure));
                Err(error)
            }
            (None, answer) => answer,
        }
    }
}

/// Calls the callback; only `False` itself asks to stop, so that a callback without `return` does not.
fn tell(py: Python<'_>, progress: &Py<PyAny>, event: &Event) -> PyResult<bool> {
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
        EventKind::Finished { ok } => ("finished", None, None, *ok),
        _ => ("other", None, None, true),
    };
    let fields = PyDict::new(py);
    fields.set_item("kind", value_class(py, &KIND, "EventKind")?.call1((kind,))?)?;
    fields.set_item("zone", &event.zone)?;
    fields.set_item("step", &event.step)?;
    fields.set_item("position", event.position.0)?;
    fields.set_item("steps", event.position.1)?;
    fields.set_item("message", message)?;
    fields.set_item("elapsed", elapsed)?;
    fields.set_item("ok", ok)?;
    let event = value_class(py, &EVENT, "Event")?.call((), Some(&fields))?;
    let answer = progress.bind(py).call1((event,))?;
    Ok(!answer.is(pyo3::types::PyBool::new(py, false)))
}
