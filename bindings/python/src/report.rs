//! Conversion of reports.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use zmgr_core::Report;

use crate::convert::value_class;
use crate::error::exception;
use crate::zone::Zone;

/// Converts a report; raises its error, with the report attached, if a zone failed.
pub(crate) fn report_or_raise<'py>(py: Python<'py>, report: Report) -> PyResult<Bound<'py, PyAny>> {
    static ACTION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
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
            value_class(py, &ACTION, "Action")?.call1((outcome.action.as_str(),))?,
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
