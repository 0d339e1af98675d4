//! The documents that people write.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::guard::guarded;
use crate::manager::Manager;

#[pymethods]
impl Manager {
    /// Writes the first tree: a small one that works. What is there already stays as it is. Gives the files that were written.
    fn init(&self, py: Python<'_>) -> PyResult<Vec<PathBuf>> {
        let manager = self.open(py)?;
        guarded(py, || manager.init())
    }
}
