//! The documents that people write.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::Value;

use crate::convert::{from_json, to_python};
use crate::guard::guarded;
use crate::manager::Manager;
use crate::run::asked;

static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CONFIG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static TEMPLATE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static POOL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static PUBLISHER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[pymethods]
impl Manager {
    /// Writes the first tree: a small one that works. What is there already stays as it is. Gives the files that were written.
    fn init(&self, py: Python<'_>) -> PyResult<Vec<PathBuf>> {
        let manager = self.open(py)?;
        guarded(py, || manager.init())
    }

    /// Every finding of every document, alone and together; where a host answers, also what they count on and it does not have.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let found = asked(py, &manager, |manager| manager.check())?;
        found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
    }

    /// What holds for the whole tree.
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &CONFIG, "Config", &guarded(py, || Ok(manager.config()?.to_json()))?)
    }

    /// Every template, by name.
    fn templates<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.templates()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &TEMPLATE, "Template", all)
    }

    /// One template.
    fn template<'py>(&self, py: Python<'py>, name: String) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &TEMPLATE, "Template", &guarded(py, || Ok(manager.template(&name)?.to_json()))?)
    }

    /// Every pool, by name.
    fn pools<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.pools()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &POOL, "Pool", all)
    }

    /// One pool.
    fn pool<'py>(&self, py: Python<'py>, name: String) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &POOL, "Pool", &guarded(py, || Ok(manager.pool(&name)?.to_json()))?)
    }

    /// Every publisher, by name.
    fn publishers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.publishers()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &PUBLISHER, "Publisher", all)
    }

    /// One publisher.
    fn publisher<'py>(&self, py: Python<'py>, name: String) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &PUBLISHER, "Publisher", &guarded(py, || Ok(manager.publisher(&name)?.to_json()))?)
    }

    /// The wish for a zone after all layers; each value from a document is a dict of "value" and "source", its file and line.
    fn effective<'py>(&self, py: Python<'py>, name: String) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        to_python(py, &guarded(py, || Ok(manager.effective(&name)?.to_json()))?)
    }
}

fn each<'py>(
    py: Python<'py>,
    class: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
    all: Vec<Value>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    all.iter().map(|value| from_json(py, class, name, value)).collect()
}
