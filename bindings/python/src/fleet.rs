//! Comparison of the configuration files of several hosts, and the fleet that a host shares addresses with.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::json;
use zmgr_core::{Diagnostic, Fleet, FleetZone};

use crate::cancel::Cancel;
use crate::convert::from_json;
use crate::guard::guarded;
use crate::manager::Manager;
use crate::run::Run;

static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static ZONE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static STATUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLAIM: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[pymethods]
impl Manager {
    /// Compares this host with its fleet: members, what each holds, shared pools, and what is wrong. Changes nothing.
    ///
    /// Raises ConfigError without `store` in config.kdl; StoreUnreachableError.
    fn fleet_status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let status = guarded(py, || manager.fleet_status())?;
        from_json(py, &STATUS, "FleetStatus", &status.to_json())
    }

    /// Joins the fleet: claims everything that the entries of this host hold, or nothing.
    ///
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Raises AddressInUseError with a detail for each thing that another host holds; StateError if another host of this name is a
    /// member; ConfigError; StoreUnreachableError; BusyError; CancelledError.
    #[pyo3(signature = (*, cancel=None))]
    fn fleet_join<'py>(&self, py: Python<'py>, cancel: Option<Cancel>) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let status = Run::quiet(cancel).call(py, |options| manager.fleet_join(options))?;
        from_json(py, &STATUS, "FleetStatus", &status.to_json())
    }

    /// Makes this host's definition of a shared pool the fleet's, if every address that is held still fits.
    ///
    /// - pool: name of the pool.
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Raises NotFoundError if the pool is not shared; StateError with a detail for each address that does not fit; ConfigError;
    /// StoreUnreachableError; BusyError; CancelledError.
    #[pyo3(signature = (pool, *, cancel=None))]
    fn fleet_push(&self, py: Python<'_>, pool: String, cancel: Option<Cancel>) -> PyResult<()> {
        let manager = self.open(py)?;
        Run::quiet(cancel).call(py, |options| manager.fleet_push(&pool, options))
    }

    /// Forgets a host that is gone for good: what it holds becomes free, and its claims are refused until it joins again.
    ///
    /// - host: name of the host.
    ///
    /// Returns what is free now. Make sure first that none of its zones is running.
    ///
    /// Raises NotFoundError if the fleet has no such host; StateError if it joined again in the meantime; ConfigError;
    /// StoreUnreachableError.
    fn fleet_forget<'py>(&self, py: Python<'py>, host: String) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let free = guarded(py, || manager.fleet_forget(&host))?;
        free.iter().map(|claim| from_json(py, &CLAIM, "FleetClaim", &json!(claim))).collect()
    }
}

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
