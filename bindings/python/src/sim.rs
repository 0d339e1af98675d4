//! The class `SimHost`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyType;
use zmgr_core::{Abort, Code, CommandIo, Dialect, Error, Fault, Result, SimStatus};

use crate::arguments::{Text, in_range, not_a_time};
use crate::guard::guarded;

/// Simulated illumos host in a directory.
///
/// Its state persists, and several processes may use it concurrently. To manage it, pass its directory to
/// `Manager(simulate=...)`.
#[pyclass(frozen, module = "zmgr")]
pub(crate) struct SimHost(zmgr_core::SimHost);

#[pymethods]
impl SimHost {
    /// Opens the simulated host in a directory.
    ///
    /// - directory: directory of the host.
    ///
    /// Raises NotFoundError if there is none.
    #[new]
    fn new(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        guarded(py, || zmgr_core::SimHost::open(directory)).map(SimHost)
    }

    /// Creates a simulated host in a directory, which is created if missing.
    ///
    /// - directory: directory of the host.
    ///
    /// `dialect` is "illumos", "openindiana", "omnios" or "smartos".
    ///
    /// Raises ExistsError if the directory already has a simulated host, and InvalidArgumentError for an unknown dialect.
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

    /// Absolute directory of the simulated host.
    #[getter]
    fn directory(&self) -> PathBuf {
        self.0.dir().to_owned()
    }

    /// Simulated distribution: "illumos", "openindiana", "omnios" or "smartos".
    #[getter]
    fn dialect(&self) -> &'static str {
        self.0.dialect().name()
    }

    /// Writes zonecfg, zoneadm, dladm, … programs that act on the simulated host into a directory.
    ///
    /// - bin: directory for the programs, created if missing.
    ///
    /// Returns the paths of the programs.
    ///
    /// Raises IoError if the directory cannot be written.
    fn link(&self, py: Python<'_>, bin: PathBuf) -> PyResult<Vec<PathBuf>> {
        let python: OsString = py.import("sys")?.getattr("executable")?.extract()?;
        // Neither -P (needs 3.11) nor -I (ignores PYTHONPATH, which callers may need).
        let command = [python, "-m".into(), "zmgr._sim".into()];
        guarded(py, || self.0.link(bin, &command))
    }

    /// Adds a fault, which lasts until it is cleared or has happened `times` times.
    ///
    /// - program: program that fails, such as "zoneadm".
    /// - subcommand: only this subcommand, such as "install"; None means all.
    /// - zone: only commands on this zone; None means all.
    /// - exit: exit status; the command fails after its first change of state.
    /// - stderr, stdout: text to print.
    /// - delay: duration of the command in seconds.
    /// - abort: kill the calling process "before" the command starts or "after" it has finished.
    /// - panic: panic in the thread of the caller.
    /// - times: number of times the fault happens; None means no limit.
    ///
    /// The most recent matching fault applies.
    ///
    /// Raises InvalidArgumentError if the program is empty or the exit status is out of range.
    #[pyo3(signature = (program, subcommand=None, *, zone=None, exit=None, stderr=None, stdout=None, delay=None, abort=None,
                        panic=false, times=None))]
    #[allow(clippy::too_many_arguments)]
    fn fault(
        &self,
        py: Python<'_>,
        program: Text,
        subcommand: Option<Text>,
        zone: Option<Text>,
        #[pyo3(from_py_with = in_range::<Option<i32>>)] exit: Option<i32>,
        stderr: Option<Text>,
        stdout: Option<Text>,
        delay: Option<f64>,
        abort: Option<Text>,
        panic: bool,
        #[pyo3(from_py_with = in_range::<Option<u32>>)] times: Option<u32>,
    ) -> PyResult<()> {
        guarded(py, || {
            let invalid = |message: String| Error::new(Code::InvalidArgument, message);
            let mut fault = Fault::new(&*program);
            fault.subcommand = subcommand.map(String::from);
            fault.zone = zone.map(String::from);
            fault.exit = exit;
            fault.stderr = stderr.map(String::from);
            fault.stdout = stdout.map(String::from);
            fault.delay = match delay {
                None => None,
                Some(seconds) => Some(Duration::try_from_secs_f64(seconds).map_err(|_| invalid(not_a_time(seconds)))?),
            };
            fault.abort = match abort.as_deref() {
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

    /// Removes all faults.
    ///
    /// Raises IoError.
    fn clear_faults(&self, py: Python<'_>) -> PyResult<()> {
        guarded(py, || self.0.clear_faults())
    }

    /// Reboots the simulated host: running zones stop, and zones with autoboot boot.
    ///
    /// Returns the names of the zones that failed to boot.
    ///
    /// Raises IoError.
    fn reboot(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        guarded(py, || Ok(self.0.reboot()?.into_iter().map(|failed| failed.zone).collect()))
    }

    fn __repr__(&self) -> String {
        format!("<SimHost {:?}>", self.0.dir().display().to_string())
    }
}

/// Runs one command of the simulated host on this process's streams; returns the exit status, or the negated signal that ended it.
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
            CommandIo {
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
