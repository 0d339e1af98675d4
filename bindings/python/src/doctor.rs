//! Diagnosis of the host.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::convert::from_json;
use crate::manager::Manager;
use crate::run::asked;

static DIAGNOSIS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[pymethods]
impl Manager {
    /// Checks whether the host can be managed. Changes nothing.
    ///
    /// Looks at distribution, brands, commands and what they print, datasets, links, privileges, known bugs of the platform, and
    /// the boot environments of every zone. Also returns a diagnosis on a machine that cannot manage zones: see `can_manage`.
    ///
    /// Raises CancelledError if a token of `with_cancel` is triggered. What is wrong with the host is in the diagnosis.
    fn doctor<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let diagnosis = asked(py, &manager, |manager| manager.doctor())?;
        from_json(py, &DIAGNOSIS, "Diagnosis", &diagnosis.to_json())
    }
}
