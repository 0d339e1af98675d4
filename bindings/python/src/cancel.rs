//! Cancellation tokens.

use pyo3::prelude::*;

/// Cancellation token. Any thread may use it.
#[pyclass(frozen, module = "zmgr", from_py_object)]
#[derive(Clone)]
pub(crate) struct Cancel(pub(crate) zmgr_core::Cancel);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Cancel(zmgr_core::Cancel::new())
    }

    /// Cancels the calls that use the token: they roll back and raise CancelledError.
    ///
    /// A second call stops the rollback too; `Manager.recover` can finish it.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// True once `cancel` was called.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn __repr__(&self) -> &'static str {
        if self.0.is_cancelled() { "<Cancel cancelled>" } else { "<Cancel>" }
    }
}
