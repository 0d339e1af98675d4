//! What goes on in zones: power, commands, logins.

use std::ffi::OsString;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;
use zmgr_core::{ExecOptions, ExecStream, HaltOptions};

use crate::cancel::Cancel;
use crate::convert::{Names, seconds, value_class};
use crate::guard::guarded;
use crate::manager::Manager;
use crate::report::report_or_raise;
use crate::run::{Raised, Run};

fn halt_options(timeout: Option<f64>, force: bool) -> PyResult<HaltOptions> {
    let mut options = HaltOptions::new().force(force);
    options.timeout = timeout.map(seconds).transpose()?;
    Ok(options)
}

#[pymethods]
impl Manager {
    /// Boots zones and waits until they run.
    #[pyo3(signature = (names, *, progress=None, cancel=None, jobs=1))]
    fn boot<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.boot(&names.as_strs(), options))?)
    }

    /// Halts zones at once, without their own scripts.
    #[pyo3(signature = (names, *, timeout=None, progress=None, cancel=None, jobs=1))]
    fn halt<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        timeout: Option<f64>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, false)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.halt(&names.as_strs(), &halt, options))?)
    }

    /// Asks zones to shut down and waits until they are down. With `force`, one that does not is halted.
    #[pyo3(signature = (names, *, timeout=None, force=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn shutdown<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        timeout: Option<f64>,
        force: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, force)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.shutdown(&names.as_strs(), &halt, options))?)
    }

    /// Asks running zones to shut down and boots them again. With `force`, they are halted and booted at once.
    #[pyo3(signature = (names, *, timeout=None, force=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn reboot<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        timeout: Option<f64>,
        force: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, force)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.reboot(&names.as_strs(), &halt, options))?)
    }

    /// Runs a command inside a running zone as its root. Each word reaches the command as it is: no shell reads them. With
    /// `output`, that hears (stream, bytes) as they come, and the result holds none.
    #[pyo3(signature = (name, words, *, output=None, cancel=None, timeout=None, stdin=false))]
    #[allow(clippy::too_many_arguments)]
    fn exec<'py>(
        &self,
        py: Python<'py>,
        name: String,
        words: Vec<String>,
        output: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        timeout: Option<f64>,
        stdin: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        static RESULT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let timeout = timeout.map(seconds).transpose()?;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let raised = Raised::new(cancel);
        let answer = guarded(py, || {
            let mut hear = |stream: ExecStream, bytes: &[u8]| {
                let first = stream == ExecStream::Stdout;
                match &output {
                    None => {
                        if first { &mut stdout } else { &mut stderr }.extend_from_slice(bytes);
                        true
                    }
                    Some(output) => raised.hear(|py| {
                        let word = if first { "stdout" } else { "stderr" };
                        output.bind(py).call1((word, PyBytes::new(py, bytes)))
                    }),
                }
            };
            let mut pulse = || raised.pulse();
            let mut options =
                ExecOptions::new().output(&mut hear).pulse(&mut pulse).cancel(raised.token()).stdin(stdin);
            options.timeout = timeout;
            manager.exec(&name, &words, &mut options)
        });
        let status = raised.or(py, answer)?;
        value_class(py, &RESULT, "ExecResult")?.call1((status, PyBytes::new(py, &stdout), PyBytes::new(py, &stderr)))
    }

    /// A login into a zone on this process's own terminal; the exit status of the login.
    #[pyo3(signature = (name, user=None, *, term=None))]
    fn login(&self, py: Python<'_>, name: String, user: Option<String>, term: Option<OsString>) -> PyResult<i32> {
        let manager = self.open(py)?;
        let term = term.or_else(|| terminal(py).ok());
        guarded(py, || manager.login(&name, user.as_deref(), term))
    }
}

/// `os.environ["TERM"]`: what Python's own environment says.
fn terminal(py: Python<'_>) -> PyResult<OsString> {
    py.import("os")?.getattr("environ")?.get_item("TERM")?.extract()
}
