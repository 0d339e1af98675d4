//! Address reservations and the use of pools.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::arguments::{Names, Text, one_address, text};
use crate::cancel::Cancel;
use crate::convert::from_json;
use crate::manager::Manager;
use crate::run::{Run, asked};

#[pymethods]
impl Manager {
    /// Reserves one address of each family of a pool for an owner that is not a zone.
    ///
    /// - pool: name of the pool.
    /// - owner: name of the owner; it identifies the reservation.
    /// - wanted: address to reserve; None means the next free ones.
    /// - cancel: token that stops the wait for a lock.
    ///
    /// A repeated call for the same owner returns the same addresses. The reservation is on disk when the call returns.
    ///
    /// Raises NotFoundError (the pool); ExistsError if the owner holds another address or is a zone; PoolExhaustedError;
    /// AddressInUseError; InvalidArgumentError for an address that the pool never allocates; ConfigError; BusyError;
    /// CancelledError.
    #[pyo3(signature = (pool, owner, wanted=None, *, cancel=None))]
    fn allocate<'py>(
        &self,
        py: Python<'py>,
        pool: Text,
        owner: Text,
        wanted: Option<Bound<'py, PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let wanted = wanted.as_ref().map(one_address).transpose()?;
        let given = Run::quiet(cancel).call(py, |options| manager.allocate(&pool, &owner, wanted, options))?;
        from_json(py, &ALLOCATION, "Allocation", &given.to_json())
    }

    /// Reserves addresses for several owners in one step: for all of them or for none.
    ///
    /// - pool: name of the pool.
    /// - owners: name of an owner, or several names.
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Returns one Allocation per owner, in the order of the owners.
    ///
    /// Raises the errors of `allocate`.
    #[pyo3(signature = (pool, owners, *, cancel=None))]
    fn allocate_all<'py>(
        &self,
        py: Python<'py>,
        pool: Text,
        owners: Names,
        cancel: Option<Cancel>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let given = Run::quiet(cancel).call(py, |options| manager.allocate_all(&pool, &owners.as_strs(), options))?;
        given.iter().map(|given| from_json(py, &ALLOCATION, "Allocation", &given.to_json())).collect()
    }

    /// Releases the addresses that an owner holds in a pool.
    ///
    /// - pool: name of the pool.
    /// - owner: name of the owner; it identifies the reservation.
    /// - address: only this address; None means all.
    /// - id: only if the reservation has this id (`Allocation.id`).
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Raises NotFoundError if the owner does not hold the address; BusyError and CancelledError while another process changes
    /// the registry.
    #[pyo3(signature = (pool, owner, address=None, *, id=None, cancel=None))]
    fn release(
        &self,
        py: Python<'_>,
        pool: Text,
        owner: Text,
        address: Option<Bound<'_, PyAny>>,
        id: Option<Text>,
        cancel: Option<Cancel>,
    ) -> PyResult<()> {
        let manager = self.open(py)?;
        let address = address.as_ref().map(one_address).transpose()?;
        Run::quiet(cancel).call(py, |options| manager.release(&pool, &owner, address, id.as_deref(), options))
    }

    /// Finds who holds an address, a MAC address, a link or a name, why, and where it is written.
    ///
    /// - what: an address (a string, with or without prefix length, or an `ipaddress` object), a MAC address, a link, or the name
    ///   of a zone, reservation, pool, template or publisher.
    ///
    /// Returns Found; if nothing holds it, `holdings` is empty. Without a host, only files are searched.
    ///
    /// Raises InvalidArgumentError for a text that can be none of them.
    fn find<'py>(&self, py: Python<'py>, what: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        static FOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let what = text(what.str()?.as_any().as_borrowed())?;
        let found = asked(py, &manager, |manager| manager.find(&what))?;
        from_json(py, &FOUND, "Found", &found.to_json())
    }

    /// Returns the use of a pool and the holders of its addresses.
    ///
    /// - pool: name of the pool.
    ///
    /// Raises NotFoundError, and ConfigError for an error in the pool's file.
    fn pool_usage<'py>(&self, py: Python<'py>, pool: Text) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let usage = asked(py, &manager, |manager| manager.pool_usage(&pool))?;
        from_json(py, &USAGE, "PoolUsage", &usage.to_json())
    }

    /// Returns the use of every pool, sorted by name.
    ///
    /// Raises ConfigError for an error in a pool's file.
    fn pool_usages<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let usages = asked(py, &manager, |manager| manager.pool_usages())?;
        usages.iter().map(|usage| from_json(py, &USAGE, "PoolUsage", &usage.to_json())).collect()
    }

    /// Checks the addresses of a pool, or of all pools if it is None.
    ///
    /// - pool: name of the pool.
    ///
    /// Reports addresses held twice, held against the pool's rules, or outside every pool. Always queries the host.
    ///
    /// Raises NotFoundError, ConfigError for an error in a pool's file, and UnsupportedHostError.
    #[pyo3(signature = (pool=None))]
    fn check_pools<'py>(&self, py: Python<'py>, pool: Option<Text>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let found = asked(py, &manager, |manager| manager.check_pools(pool.as_deref()))?;
        found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
    }
}

static ALLOCATION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static USAGE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
