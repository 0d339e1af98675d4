//! The manager as Python sees it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use zmgr_core::{Code, CreateOptions, DestroyOptions, Error, Live, Query, Report};

use crate::cancel::Cancel;
use crate::convert::{Names, value_class};
use crate::error::{exception, raised};
use crate::guard::guarded;
use crate::plan::Plan;
use crate::run::Run;
use crate::zone::Zone;

/// The zones of one host and the files that describe them. Any number of threads may use one manager.
#[pyclass(frozen, module = "zmgr")]
pub(crate) struct Manager {
    /// None once closed.
    manager: RwLock<Option<zmgr_core::Manager>>,
}

impl Manager {
    fn open(&self, py: Python<'_>) -> PyResult<zmgr_core::Manager> {
        let manager = self.manager.read().unwrap_or_else(PoisonError::into_inner);
        manager.clone().ok_or_else(|| raised(py, &Error::new(Code::WrongState, "the manager is closed")))
    }
}

#[pymethods]
impl Manager {
    #[new]
    #[pyo3(signature = (root=None, *, simulate=None, host_root=None, command=None))]
    fn new(
        py: Python<'_>,
        root: Option<PathBuf>,
        simulate: Option<PathBuf>,
        host_root: Option<PathBuf>,
        command: Option<String>,
    ) -> PyResult<Self> {
        let manager = guarded(py, || {
            let mut builder = zmgr_core::Manager::builder();
            if let Some(root) = root {
                builder = builder.root(root);
            }
            if let Some(simulate) = simulate {
                builder = builder.simulate(simulate);
            }
            if let Some(host_root) = host_root {
                builder = builder.host_root(host_root);
            }
            if let Some(command) = command {
                builder = builder.command(command);
            }
            builder.build()
        })?;
        Ok(Manager { manager: RwLock::new(Some(manager)) })
    }

    /// The root of the tree.
    #[getter]
    fn root(&self, py: Python<'_>) -> PyResult<PathBuf> {
        Ok(self.open(py)?.root().to_owned())
    }

    /// The registered zones, or those asked for.
    #[pyo3(signature = (names=None, *, tag=None, live="auto", unregistered=false))]
    fn zones(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        tag: Option<String>,
        live: &str,
        unregistered: bool,
    ) -> PyResult<Vec<Zone>> {
        let manager = self.open(py)?;
        let live = match live {
            "auto" => Live::Auto,
            "never" => Live::Never,
            "required" => Live::Required,
            other => {
                return Err(PyValueError::new_err(format!(
                    "live: expected 'auto', 'never' or 'required', not {other:?}"
                )));
            }
        };
        let mut query = Query::new().live(live).unregistered(unregistered);
        query.names = names.map(Names::into_vec).unwrap_or_default();
        query.tag = tag;
        guarded(py, || Ok(manager.zones(&query)?.into_iter().map(Zone::new).collect()))
    }

    /// The zone of this name; NotFoundError where it is not registered.
    fn zone(&self, py: Python<'_>, name: String) -> PyResult<Zone> {
        let manager = self.open(py)?;
        guarded(py, || manager.zone(&name)).map(Zone::new)
    }

    /// What it would take to create these zones.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None))]
    #[allow(clippy::too_many_arguments)]
    fn plan_create(
        &self,
        py: Python<'_>,
        names: Names,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = create_options(template, addresses, boot, clone_from, attrs)?;
        guarded(py, || manager.plan_create(&names.as_strs(), &options)).map(Plan)
    }

    /// What it would take to destroy these zones.
    #[pyo3(signature = (names, *, force=false, keep_data=false))]
    fn plan_destroy(&self, py: Python<'_>, names: Names, force: bool, keep_data: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = DestroyOptions::new().force(force).keep_data(keep_data);
        guarded(py, || manager.plan_destroy(&names.as_strs(), &options)).map(Plan)
    }

    /// Creates a zone: allocates its addresses, configures, installs, and boots it where that is wished.
    #[pyo3(signature = (name, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create(
        &self,
        py: Python<'_>,
        name: String,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        on_failure: Option<&str>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, 1, on_failure)?;
        run.call(py, |options| manager.create(&name, &create, options)).map(Zone::new)
    }

    /// Creates several zones, `jobs` at once.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create_all<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.create_all(&names.as_strs(), &create, options))?;
        report_or_raise(py, report)
    }

    /// Destroys zones, and what zmgr made for them.
    #[pyo3(signature = (names, *, force=false, keep_data=false, progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn destroy<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        force: bool,
        keep_data: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let destroy = DestroyOptions::new().force(force).keep_data(keep_data);
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.destroy(&names.as_strs(), &destroy, options))?;
        report_or_raise(py, report)
    }

    /// Lets go of the manager. Once is enough, twice is fine.
    fn close(&self) {
        *self.manager.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (exc_type=None, exc=None, traceback=None, /))]
    fn __exit__(
        &self,
        exc_type: Option<&Bound<'_, PyAny>>,
        exc: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) {
        let _ = (exc_type, exc, traceback);
        self.close();
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a Manager speaks of this process's host: open another one where it is needed"))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match self.open(py) {
            Ok(manager) => format!("<Manager {:?}>", manager.root().display().to_string()),
            Err(_) => "<Manager closed>".to_owned(),
        }
    }
}

/// The options of create. `addresses` holds a net's address or several of them, as text or as `ipaddress` has them.
fn create_options(
    template: Option<String>,
    addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
    boot: Option<bool>,
    clone_from: Option<String>,
    attrs: Option<BTreeMap<String, String>>,
) -> PyResult<CreateOptions> {
    let mut options = CreateOptions::new();
    for (net, wanted) in addresses.unwrap_or_default() {
        for address in several(&wanted)? {
            options = options.address(&net, address);
        }
    }
    options.template = template;
    options.boot = boot;
    options.clone_from = clone_from;
    options.attrs = attrs.unwrap_or_default();
    Ok(options)
}

fn several(wanted: &Bound<'_, PyAny>) -> PyResult<Vec<IpAddr>> {
    if wanted.is_instance_of::<pyo3::types::PyString>() || !wanted.hasattr("__iter__")? {
        return Ok(vec![one(wanted)?]);
    }
    wanted.try_iter()?.map(|address| one(&address?)).collect()
}

/// An address, as text or as `ipaddress` has it.
fn one(address: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = address.str()?.to_string();
    text.parse().map_err(|_| {
        let message = format!("{text:?} is not an address without prefix length");
        raised(address.py(), &Error::new(Code::InvalidArgument, message))
    })
}

/// The report as Python has it; raised with the error where something failed.
fn report_or_raise<'py>(py: Python<'py>, report: Report) -> PyResult<Bound<'py, PyAny>> {
    static OUTCOME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static REPORT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let failure = report.error();
    let mut outcomes = Vec::new();
    for outcome in report.outcomes {
        let (zone, error) = match outcome.result {
            Ok(zone) => (zone.map(Zone::new), None),
            Err(error) => (None, Some(exception(py, &error)?)),
        };
        let notes = PyTuple::new(py, outcome.notes)?;
        outcomes.push(value_class(py, &OUTCOME, "Outcome")?.call1((
            outcome.name,
            outcome.action,
            zone,
            error,
            notes,
        ))?);
    }
    let report = value_class(py, &REPORT, "Report")?.call1((PyTuple::new(py, outcomes)?,))?;
    match failure {
        None => Ok(report),
        Some(failure) => {
            let error = exception(py, &failure)?;
            error.setattr("report", report)?;
            Err(PyErr::from_value(error))
        }
    }
}
