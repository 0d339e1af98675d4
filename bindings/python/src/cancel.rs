//! The token.

use pyo3::prelude::*;

/// Asks running calls to stop, from any thread.
#[pyclass(frozen, module = "zmgr", from_py_object)]
#[derive(Clone)]
pub(crate) struct Cancel(pub(crate) zmgr_core::Cancel);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Cancel(zmgr_core::Cancel::new())
    }

    /// Asks to stop: what was done is undone. Once more, to stop the undoing too.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether somebody has asked.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_cancelled() { "<Cancel cancelled>" } else { "<Cancel>" }
    }
}
