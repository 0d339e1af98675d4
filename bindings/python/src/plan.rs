//! The class `Plan`.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};

use crate::arguments::Text;
use crate::convert::{from_json, value_class};
use crate::guard::guarded;

/// Description of what an operation would do. Immutable.
#[pyclass(frozen, eq, module = "zmgr")]
#[derive(PartialEq)]
pub(crate) struct Plan(pub(crate) zmgr_core::Plan);

#[pymethods]
impl Plan {
    /// Operation that the plan describes.
    #[getter]
    fn operation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static OPERATION: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        value_class(py, &OPERATION, "Operation")?.call1((self.0.operation.as_str(),))
    }

    /// Changes of the plan, one per zone, in the order in which they are done.
    #[getter]
    fn changes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        static CHANGE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let json = guarded(py, || {
            serde_json::to_value(&self.0).map_err(|error| {
                zmgr_core::Error::new(zmgr_core::Code::Internal, "a plan that JSON cannot hold").with_source(error)
            })
        })?;
        let changes = json["changes"].as_array().into_iter().flatten();
        PyTuple::new(py, changes.map(|change| from_json(py, &CHANGE, "Change", change)).collect::<PyResult<Vec<_>>>()?)
    }

    /// SHA-256 of the plan as 64 hex digits. Plans with the same digest are equal.
    #[getter]
    fn digest(&self) -> String {
        self.0.digest()
    }

    /// True if the plan changes nothing.
    #[getter]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the plan as JSON.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Reads a plan from JSON, which another process or host may have written.
    ///
    /// - text: JSON, as `to_json` returns it.
    ///
    /// The plan is validated when it runs.
    ///
    /// Raises InvalidArgumentError if the JSON is not a plan.
    #[classmethod]
    fn from_json(_: &Bound<'_, PyType>, py: Python<'_>, text: Text) -> PyResult<Plan> {
        guarded(py, || zmgr_core::Plan::from_json(&text)).map(Plan)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().0.to_json(),)))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        let zones: Vec<&str> = self.0.changes.iter().map(|change| change.zone.as_str()).collect();
        format!("<Plan {} {}>", self.0.operation, zones.join(" "))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.digest().hash(&mut hasher);
        hasher.finish()
    }
}
