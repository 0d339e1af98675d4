//! The simulated machine as Python sees it.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyType;
use zmgr_core::{Abort, Code, Dialect, Error, Fault, Result, SimStatus, Surroundings};

use crate::guard::guarded;

/// A simulated illumos host in a directory. It survives the process, and several processes may use it at once.
#[pyclass(frozen, module = "zmgr")]
pub(crate) struct SimHost(zmgr_core::SimHost);

#[pymethods]
impl SimHost {
    /// The machine in this directory; NotFoundError where it holds none.
    #[new]
    fn new(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        guarded(py, || zmgr_core::SimHost::open(directory)).map(SimHost)
    }

    /// Makes a new machine in this directory.
    #[classmethod]
    #[pyo3(signature = (directory, *, dialect="openindiana"))]
    fn create(_: &Bound<'_, PyType>, py: Python<'_>, directory: PathBuf, dialect: &str) -> PyResult<Self> {
        guarded(py, || {
            let known = Dialect::from_name(dialect).ok_or_else(|| {
                Error::new(Code::InvalidArgument, format!("there is no dialect {dialect:?}"))
                    .with_help("illumos, openindiana, omnios or smartos")
            })?;
            zmgr_core::SimHost::create(directory, known)
        })
        .map(SimHost)
    }

    /// The machine's directory.
    #[getter]
    fn directory(&self) -> PathBuf {
        self.0.dir().to_owned()
    }

    /// The line of illumos that it speaks.
    #[getter]
    fn dialect(&self) -> &'static str {
        self.0.dialect().name()
    }

    /// Writes programs named zonecfg, zoneadm, dladm, … that act on this machine into a folder, for other people's tools.
    fn link(&self, py: Python<'_>, bin: PathBuf) -> PyResult<Vec<PathBuf>> {
        let python: OsString = py.import("sys")?.getattr("executable")?.extract()?;
        // -P (3.11) would keep the working directory off the path; -I also keeps the caller's PYTHONPATH out, which others need.
        let command = [python, "-m".into(), "zmgr._sim".into()];
        guarded(py, || self.0.link(bin, &command))
    }

    /// Sets a fault, until it is cleared or has happened as often as it says.
    #[pyo3(signature = (program, subcommand=None, *, zone=None, exit=None, stderr=None, stdout=None, delay=None, abort=None,
                        panic=false, times=None))]
    #[allow(clippy::too_many_arguments)]
    fn fault(
        &self,
        py: Python<'_>,
        program: String,
        subcommand: Option<String>,
        zone: Option<String>,
        exit: Option<i32>,
        stderr: Option<String>,
        stdout: Option<String>,
        delay: Option<f64>,
        abort: Option<&str>,
        panic: bool,
        times: Option<u32>,
    ) -> PyResult<()> {
        guarded(py, || {
            let invalid = |message: String| Error::new(Code::InvalidArgument, message);
            let mut fault = Fault::new(program);
            fault.subcommand = subcommand;
            fault.zone = zone;
            fault.exit = exit;
            fault.stderr = stderr;
            fault.stdout = stdout;
            fault.delay = match delay {
                None => None,
                Some(seconds) => Some(
                    Duration::try_from_secs_f64(seconds)
                        .map_err(|e| invalid(format!("a delay of {seconds} s: {e}")))?,
                ),
            };
            fault.abort = match abort {
                None => None,
                Some("before") => Some(Abort::Before),
                Some("after") => Some(Abort::After),
                Some(other) => return Err(invalid(format!("abort: expected 'before' or 'after', not {other:?}"))),
            };
            fault.panic = panic;
            fault.times = times;
            self.0.fault(&fault)
        })
    }

    /// Forgets every fault.
    fn clear_faults(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || self.0.clear_faults())
    }

    /// Reboots the machine: active zones end, and those with autoboot boot. Gives the names of those that should have and did not.
    fn reboot(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        guarded(py, || Ok(self.0.reboot()?.into_iter().map(|failed| failed.zone).collect()))
    }

    fn __repr__(&self) -> String {
        format!("<SimHost {:?}>", self.0.dir().display().to_string())
    }
}

/// Answers one command line of a linked program, on this process's own streams; the exit status, or minus the signal that
/// ended it.
#[pyfunction]
#[pyo3(name = "_answer")]
pub(crate) fn answer(py: Python<'_>, directory: PathBuf, argv: Vec<OsString>) -> PyResult<i32> {
    guarded(py, || -> Result<i32> {
        let machine = zmgr_core::SimHost::open(directory)?;
        let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let (mut stdin, mut stdout, mut stderr) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
        let status = machine.answer(
            &argv,
            Surroundings {
                hooks: None,
                env: &env,
                cwd: &cwd,
                stdin: &mut stdin as &mut dyn Read,
                stdout: &mut stdout as &mut dyn Write,
                stderr: &mut stderr as &mut dyn Write,
                interrupted: &|| false,
            },
        );
        Ok(match status {
            SimStatus::Exited(status) => status,
            SimStatus::Signalled(signal) => -signal,
            _ => 1,
        })
    })
}
