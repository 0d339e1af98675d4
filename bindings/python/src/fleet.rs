//! Comparison of the configuration files of several hosts.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::json;
use zmgr_core::{Diagnostic, Fleet, FleetZone};

use crate::convert::from_json;
use crate::guard::guarded;

static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static ZONE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Compares the trees of several hosts and returns what is wrong.
#[pyfunction]
pub(crate) fn fleet_check<'py>(py: Python<'py>, trees: Vec<PathBuf>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let found: Vec<Diagnostic> = guarded(py, || Ok(Fleet::read(&trees)?.check()))?;
    found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
}

/// Lists the zones of several hosts.
#[pyfunction]
pub(crate) fn fleet_zones<'py>(py: Python<'py>, trees: Vec<PathBuf>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let zones: Vec<FleetZone> = guarded(py, || Ok(Fleet::read(&trees)?.zones().cloned().collect()))?;
    zones.iter().map(|zone| from_json(py, &ZONE, "FleetZone", &json!(zone))).collect()
}
