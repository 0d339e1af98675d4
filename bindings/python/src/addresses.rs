//! Addresses: given to owners that are not zones, taken back, reported.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::cancel::Cancel;
use crate::convert::{Names, from_json, one_address};
use crate::manager::Manager;
use crate::run::{Run, asked};

#[pymethods]
impl Manager {
    /// Gives an owner one address of each family of the pool, IPv4 first, or the one that is wanted.
    #[pyo3(signature = (pool, owner, wanted=None, *, cancel=None))]
    fn allocate<'py>(
        &self,
        py: Python<'py>,
        pool: String,
        owner: String,
        wanted: Option<Bound<'py, PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let wanted = wanted.as_ref().map(one_address).transpose()?;
        let given = Run::quiet(cancel).call(py, |options| manager.allocate(&pool, &owner, wanted, options))?;
        from_json(py, &ALLOCATION, "Allocation", &given.to_json())
    }

    /// The same for many owners at once, all or none.
    #[pyo3(signature = (pool, owners, *, cancel=None))]
    fn allocate_all<'py>(
        &self,
        py: Python<'py>,
        pool: String,
        owners: Names,
        cancel: Option<Cancel>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let given = Run::quiet(cancel).call(py, |options| manager.allocate_all(&pool, &owners.as_strs(), options))?;
        given.iter().map(|given| from_json(py, &ALLOCATION, "Allocation", &given.to_json())).collect()
    }

    /// Takes back what an owner holds of the pool, or one address of it; with the id, only from that very reservation.
    #[pyo3(signature = (pool, owner, address=None, *, id=None, cancel=None))]
    fn release(
        &self,
        py: Python<'_>,
        pool: String,
        owner: String,
        address: Option<Bound<'_, PyAny>>,
        id: Option<String>,
        cancel: Option<Cancel>,
    ) -> PyResult<()> {
        let manager = self.open(py)?;
        let address = address.as_ref().map(one_address).transpose()?;
        Run::quiet(cancel).call(py, |options| manager.release(&pool, &owner, address, id.as_deref(), options))
    }

    /// How full a pool is and who holds its addresses.
    fn pool_usage<'py>(&self, py: Python<'py>, pool: String) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let usage = asked(py, &manager, |manager| manager.pool_usage(&pool))?;
        from_json(py, &USAGE, "PoolUsage", &usage.to_json())
    }

    /// The same of every pool, by name.
    fn pool_usages<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let usages = asked(py, &manager, |manager| manager.pool_usages())?;
        usages.iter().map(|usage| from_json(py, &USAGE, "PoolUsage", &usage.to_json())).collect()
    }

    /// What is not as it should be with the addresses of a pool, or of all. Looks at the host anew.
    #[pyo3(signature = (pool=None))]
    fn check_pools<'py>(&self, py: Python<'py>, pool: Option<String>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let found = asked(py, &manager, |manager| manager.check_pools(pool.as_deref()))?;
        found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
    }
}

static ALLOCATION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static USAGE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
