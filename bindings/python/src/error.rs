//! Conversion of errors to the exceptions in `zmgr._errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use zmgr_core::{Code, Error};

use crate::convert::to_python;

/// Creates the exception object for an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    static MAKE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let make = MAKE.import(py, "zmgr._errors", "_from_json")?;
    make.call1((to_python(py, &error.to_json()["error"])?, os_error(error)))
}

/// Returns the number that the system gave for the cause of an error.
fn os_error(error: &Error) -> Option<i32> {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref::<std::io::Error>()?.raw_os_error())
}

/// Converts an error to a `PyErr`.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}

/// Returns `InvalidArgumentError` with this message.
pub(crate) fn invalid(message: String) -> PyErr {
    Python::attach(|py| raised(py, &Error::new(Code::InvalidArgument, message)))
}
