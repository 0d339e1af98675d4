//! Configuration files.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::Value;
use zmgr_core::RunOptions;

use crate::arguments::Text;
use crate::cancel::Cancel;
use crate::convert::{from_json, to_python};
use crate::guard::guarded;
use crate::manager::Manager;
use crate::run::{Run, asked};

static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CONFIG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static TEMPLATE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static POOL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static PUBLISHER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

#[pymethods]
impl Manager {
    /// Writes commented starter configuration files and returns their paths. Never overwrites a file.
    ///
    /// Raises UnsupportedHostError on a machine without zones, unless `root` or `simulate` names a place, and IoError.
    fn init(&self, py: Python<'_>) -> PyResult<Vec<PathBuf>> {
        let manager = self.open(py)?;
        guarded(py, || manager.init())
    }

    /// Checks all configuration files and, if the host can be queried, what they need on the host.
    ///
    /// Returns the diagnostics, ordered by file and line; empty if there are no problems.
    ///
    /// Raises NotFoundError if the tree does not exist.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let found = asked(py, &manager, |manager| manager.check())?;
        found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
    }

    /// Returns the global settings.
    ///
    /// Raises ConfigError for an error in config.kdl.
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &CONFIG, "Config", &guarded(py, || Ok(manager.config()?.to_json()))?)
    }

    /// Returns all templates, sorted by name.
    ///
    /// Raises ConfigError for an error in one of the files.
    fn templates<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.templates()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &TEMPLATE, "Template", all)
    }

    /// Returns one template.
    ///
    /// - name: name of the template.
    ///
    /// Raises NotFoundError, and ConfigError for an error in its file.
    fn template<'py>(&self, py: Python<'py>, name: Text) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &TEMPLATE, "Template", &guarded(py, || Ok(manager.template(&name)?.to_json()))?)
    }

    /// Returns all pools, sorted by name.
    ///
    /// Raises ConfigError for an error in one of the files.
    fn pools<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.pools()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &POOL, "Pool", all)
    }

    /// Returns one pool.
    ///
    /// - name: name of the pool.
    ///
    /// Raises NotFoundError, and ConfigError for an error in its file.
    fn pool<'py>(&self, py: Python<'py>, name: Text) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &POOL, "Pool", &guarded(py, || Ok(manager.pool(&name)?.to_json()))?)
    }

    /// Returns all publishers, sorted by name.
    ///
    /// Raises ConfigError for an error in one of the files.
    fn publishers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let all = guarded(py, || Ok(manager.publishers()?.iter().map(|each| each.to_json()).collect()))?;
        each(py, &PUBLISHER, "Publisher", all)
    }

    /// Returns one publisher.
    ///
    /// - name: name of the publisher.
    ///
    /// Raises NotFoundError, and ConfigError for an error in its file.
    fn publisher<'py>(&self, py: Python<'py>, name: Text) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        from_json(py, &PUBLISHER, "Publisher", &guarded(py, || Ok(manager.publisher(&name)?.to_json()))?)
    }

    /// Replaces the text of a configuration file if the whole tree stays valid; keeps its mode and owner.
    ///
    /// - path: path below the root, such as "pools/internal.kdl".
    /// - text: new text of the file.
    /// - was: text that the change is based on; None creates a file that must not exist.
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Returns the warnings about the new text. Only the file changes; `apply` changes the host.
    ///
    /// Raises the following errors, after which nothing is written: ConfigError if the file would not be valid, or if another
    /// file would get an error that it does not have now; StalePlanError if the text on disk is not `was`; ExistsError;
    /// NotFoundError; InvalidArgumentError for another path, or a text that changes what only zmgr writes; BusyError and
    /// CancelledError while another process has the lock.
    #[pyo3(signature = (path, text, *, was=None, cancel=None))]
    fn write_file<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        text: Text,
        was: Option<Text>,
        cancel: Option<Cancel>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let write = |options: &mut RunOptions<'_>| manager.write_file(&path, &text, was.as_deref(), options);
        let found = Run::quiet(cancel).call(py, write)?;
        found.iter().map(|finding| from_json(py, &DIAGNOSTIC, "Diagnostic", &finding.to_json())).collect()
    }

    /// Returns the resolved desired state (spec) of a zone.
    ///
    /// - name: name of the zone.
    ///
    /// Each value from a configuration file is a dict of "value" and "source" (its file and line).
    ///
    /// Raises NotFoundError, and ConfigError for an error in the zone's file or in a file that it depends on.
    fn effective<'py>(&self, py: Python<'py>, name: Text) -> PyResult<Bound<'py, PyAny>> {
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
