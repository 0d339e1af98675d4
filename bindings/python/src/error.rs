//! Errors of the core as the exceptions that `zmgr._errors` defines.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use zmgr_core::Error;

use crate::convert::to_python;

/// The exception object for an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "zmgr._errors", "_from_json")?;
    make.call1((to_python(py, &error.to_json()["error"])?,))
}

/// The same, ready to be raised.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}
