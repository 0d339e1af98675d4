//! Power, commands and logins of zones.

use std::ffi::OsString;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;
use zmgr_core::{ExecOptions, ExecStream, HaltOptions};

use crate::arguments::{Names, Text, Words, in_range, seconds};
use crate::cancel::Cancel;
use crate::convert::value_class;
use crate::guard::guarded;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Raised, Run, asked};

fn halt_options(timeout: Option<f64>, force: bool) -> PyResult<HaltOptions> {
    let mut options = HaltOptions::new().force(force);
    options.timeout = timeout.map(seconds).transpose()?;
    Ok(options)
}

#[pymethods]
impl Manager {
    /// Boots zones and waits until they are running. Leaves running zones alone. A zone is booted once those of the others that it
    /// comes after have started their services.
    ///
    /// - names: name of the zone, or several names.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, StateError if the zone is not installed, CommandError, TimedOutError, or RecoveryNeededError for a
    /// single name; for several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report`
    /// has the outcome of each zone.
    #[pyo3(signature = (names, *, progress=None, cancel=None, jobs=1))]
    fn boot<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.boot(&names.as_strs(), options))?)
    }

    /// Boots every built zone that boots with the host: each once the zones that it comes after have started their services.
    /// Zones with an unfinished operation are skipped.
    ///
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone, by name.
    ///
    /// Raises PartialError if any of several failed, CancelledError if all were cancelled, and the error itself if there is one
    /// zone. The exception's `report` has the outcome of each zone.
    #[pyo3(signature = (*, progress=None, cancel=None, jobs=1))]
    fn boot_all<'py>(
        &self,
        py: Python<'py>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.boot_all(options))?)
    }

    /// Plans the boot of zones, in the order of `after`. Changes nothing. A running zone has no step.
    ///
    /// - names: names of the zones; None means those of `boot_all`.
    ///
    /// Raises NotFoundError, StateError if a zone is not installed, ConfigError for zones that come after each other in a circle,
    /// and RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (names=None))]
    fn plan_boot(&self, py: Python<'_>, names: Option<Names>) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        asked(py, &manager, |manager| manager.plan_boot(&names.as_strs())).map(Plan)
    }

    /// Plans the shutdown of zones, in the reverse order of `after`. Changes nothing.
    ///
    /// - names: names of the zones; None means those of `shutdown_all`.
    /// - timeout: seconds to wait for the state; None means the timeout in config.kdl.
    /// - force: halt zones that do not go down in time.
    ///
    /// Raises NotFoundError, StateError if a zone is not installed, and RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (names=None, *, timeout=None, force=false))]
    fn plan_shutdown(&self, py: Python<'_>, names: Option<Names>, timeout: Option<f64>, force: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let (names, halt) = (names.unwrap_or_default(), halt_options(timeout, force)?);
        asked(py, &manager, |manager| manager.plan_shutdown(&names.as_strs(), &halt)).map(Plan)
    }

    /// Halts zones immediately, without running their shutdown scripts.
    ///
    /// - names: name of the zone, or several names.
    /// - timeout: seconds to wait for the state; None means the timeout in config.kdl.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, CommandError, or TimedOutError for a single name; for several, PartialError if any failed and
    /// CancelledError if all were cancelled. The exception's `report` has the outcome of each zone.
    #[pyo3(signature = (names, *, timeout=None, progress=None, cancel=None, jobs=1))]
    fn halt<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        timeout: Option<f64>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, false)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.halt(&names.as_strs(), &halt, options))?)
    }

    /// Shuts zones down cleanly and waits until they are down. A zone is shut down once those of the others that come after it are
    /// down.
    ///
    /// - names: name of the zone, or several names.
    /// - timeout: seconds to wait for the state; None means the timeout in config.kdl.
    /// - force: halt zones that do not go down in time.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, CommandError, or TimedOutError for a single name; for several, PartialError if any failed and
    /// CancelledError if all were cancelled. The exception's `report` has the outcome of each zone.
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
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, force)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.shutdown(&names.as_strs(), &halt, options))?)
    }

    /// Shuts down every built zone of the registry: each once the zones that come after it are down. Zones with an unfinished
    /// operation are skipped.
    ///
    /// - timeout: seconds to wait for the state; None means the timeout in config.kdl.
    /// - force: halt zones that do not go down in time.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone, by name.
    ///
    /// Raises PartialError if any of several failed, CancelledError if all were cancelled, and the error itself if there is one
    /// zone. The exception's `report` has the outcome of each zone.
    #[pyo3(signature = (*, timeout=None, force=false, progress=None, cancel=None, jobs=1))]
    fn shutdown_all<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
        force: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, force)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.shutdown_all(&halt, options))?)
    }

    /// Shuts running zones down cleanly and boots them again.
    ///
    /// - names: name of the zone, or several names.
    /// - timeout: seconds to wait for the state; None means the timeout in config.kdl.
    /// - force: halt the zones instead of shutting them down.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, StateError if the zone is not running, CommandError, or TimedOutError for a single name; for
    /// several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome of
    /// each zone.
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
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let halt = halt_options(timeout, force)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        report_or_raise(py, run.call(py, |options| manager.reboot(&names.as_strs(), &halt, options))?)
    }

    /// Runs a command as root inside a running zone.
    ///
    /// - name: name of the zone.
    /// - words: the command and its arguments, passed on unchanged, without a shell.
    /// - output: called with (stream, bytes) as output arrives; return False to stop the command. Without it, the result has the
    ///   output.
    /// - cancel: token that stops the command.
    /// - timeout: time limit in seconds; None means no limit.
    /// - stdin: pass this process's standard input to the command; otherwise its input is empty.
    ///
    /// Returns the exit status and the output. A status other than 0 is not an error.
    ///
    /// Raises NotFoundError; StateError if the zone is not running or goes down; TimedOutError; CancelledError; CommandError if
    /// the exit status is unknown.
    #[pyo3(signature = (name, words, *, output=None, cancel=None, timeout=None, stdin=false))]
    #[allow(clippy::too_many_arguments)]
    fn exec<'py>(
        &self,
        py: Python<'py>,
        name: Text,
        words: Words,
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
            manager.exec(&name, &words.0, &mut options)
        });
        let status = raised.or(py, answer)?;
        value_class(py, &RESULT, "ExecResult")?.call1((status, PyBytes::new(py, &stdout), PyBytes::new(py, &stderr)))
    }

    /// Logs in to a zone on this process's terminal.
    ///
    /// - name: name of the zone.
    /// - user: user to log in as; None means root.
    /// - term: terminal type; None means the environment variable TERM.
    ///
    /// Returns the exit status of the session.
    ///
    /// Raises NotFoundError, and StateError if the zone is not running.
    #[pyo3(signature = (name, user=None, *, term=None))]
    fn login(&self, py: Python<'_>, name: Text, user: Option<Text>, term: Option<OsString>) -> PyResult<i32> {
        let manager = self.open(py)?;
        let term = term.or_else(|| terminal(py).ok());
        guarded(py, || manager.login(&name, user.as_deref(), term))
    }
}

/// Returns `os.environ["TERM"]`, which may differ from the environment of the process.
fn terminal(py: Python<'_>) -> PyResult<OsString> {
    py.import("os")?.getattr("environ")?.get_item("TERM")?.extract()
}
