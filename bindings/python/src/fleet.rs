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

/// Compares the trees of several hosts, one directory per host, and returns what is wrong.
///
/// - trees: directories of configuration files.
///
/// Errors: addresses and MAC addresses held twice, pools that differ between hosts, files that cannot be read. Warnings: zone names that
/// two hosts use. Reads files only; needs no host.
///
/// Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
#[pyfunction]
pub(crate) fn fleet_check<'py>(py: Python<'py>, trees: Vec<PathBuf>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let found: Vec<Diagnostic> = guarded(py, || Ok(Fleet::read(&trees)?.check()))?;
    found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
}

/// Lists the zones of several hosts, by host in the order of the trees, then by name.
///
/// - trees: directories of configuration files.
///
/// Raises InvalidArgumentError if no tree is given and NotFoundError if one does not exist.
#[pyfunction]
pub(crate) fn fleet_zones<'py>(py: Python<'py>, trees: Vec<PathBuf>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let zones: Vec<FleetZone> = guarded(py, || Ok(Fleet::read(&trees)?.zones().cloned().collect()))?;
    zones.iter().map(|zone| from_json(py, &ZONE, "FleetZone", &json!(zone))).collect()
}
