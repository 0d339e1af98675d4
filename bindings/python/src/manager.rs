//! The class `Manager`: opening and closing. Its operations are in the other files.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use zmgr_core::{Code, Error, LogLevel};

use crate::arguments::Text;
use crate::cancel::Cancel;
use crate::error::raised;
use crate::guard::guarded;

/// Manages the zones of one host and their configuration files.
///
/// Any number of threads may use one manager. Use it as a context manager, or call `close`.
#[pyclass(frozen, module = "zmgr")]
pub(crate) struct Manager {
    /// `None` after `close`.
    manager: RwLock<Option<zmgr_core::Manager>>,
}

impl Manager {
    pub(crate) fn open(&self, py: Python<'_>) -> PyResult<zmgr_core::Manager> {
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
        command: Option<Text>,
    ) -> PyResult<Self> {
        let manager = guarded(py, || {
            let mut builder = zmgr_core::Manager::builder().log(LogLevel::Debug, crate::log::log);
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
            #[cfg(feature = "fleet")]
            let builder = builder.store(zmgr_etcd::open);
            builder.build()
        })?;
        Ok(Manager { manager: RwLock::new(Some(manager)) })
    }

    /// Directory of the configuration files.
    #[getter]
    fn root(&self, py: Python<'_>) -> PyResult<PathBuf> {
        Ok(self.open(py)?.root().to_owned())
    }

    /// Returns a copy of the manager whose queries raise CancelledError once the token is triggered.
    ///
    /// Queries are zones, zone, check, diff, plans and pools. Operations use only their own `cancel` argument.
    ///
    /// Raises StateError if the manager is closed.
    fn with_cancel(&self, py: Python<'_>, cancel: Cancel) -> PyResult<Self> {
        Ok(Manager { manager: RwLock::new(Some(self.open(py)?.with_cancel(&cancel.0))) })
    }

    /// Closes the manager. Calling it again does nothing.
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
