//! A zone as Python sees it. Native, since a list may have thousands: nothing is converted before it is asked for.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::convert::{from_json, to_python, value_class};
use crate::guard::guarded;

/// A zone: its registry entry joined with its template's defaults and the host's word. A snapshot.
#[pyclass(frozen, eq, module = "zmgr")]
pub(crate) struct Zone {
    zone: zmgr_core::Zone,
    nets: PyOnceLock<Py<PyTuple>>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone
    }
}

impl Zone {
    pub(crate) fn new(zone: zmgr_core::Zone) -> Self {
        Zone { zone, nets: PyOnceLock::new() }
    }

    fn word<'py>(
        py: Python<'py>,
        class: &'static PyOnceLock<Py<PyAny>>,
        name: &str,
        word: Option<&String>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        word.map(|word| value_class(py, class, name)?.call1((word,))).transpose()
    }
}

#[pymethods]
impl Zone {
    /// The name.
    #[getter]
    fn name(&self) -> &str {
        &self.zone.name
    }

    /// The id of its entry, 32 hex digits; None for a wish not yet built and for a zone that is not registered.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.zone.id.as_deref()
    }

    /// The brand.
    #[getter]
    fn brand(&self) -> Option<&str> {
        self.zone.brand.as_deref()
    }

    /// The template it follows.
    #[getter]
    fn template(&self) -> Option<&str> {
        self.zone.template.as_deref()
    }

    /// Where it lies on the host.
    #[getter]
    fn zonepath(&self) -> Option<std::path::PathBuf> {
        self.zone.zonepath.as_ref().map(Into::into)
    }

    /// What the registry says; None for a wish not yet built and for a zone that is not registered.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static STATE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        Zone::word(py, &STATE, "ZoneState", self.zone.state.as_ref())
    }

    /// What the host says; None where it was not asked.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static STATUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        Zone::word(py, &STATUS, "ZoneStatus", self.zone.status.as_ref())
    }

    /// The uuid of its installation.
    #[getter]
    fn uuid(&self) -> Option<&str> {
        self.zone.uuid.as_deref()
    }

    /// Whether it is to boot with the host; None where nobody says.
    #[getter]
    fn autoboot(&self) -> Option<bool> {
        self.zone.autoboot
    }

    /// When it was registered, RFC 3339.
    #[getter]
    fn created(&self) -> Option<&str> {
        self.zone.created.as_deref()
    }

    /// "create" or "import".
    #[getter]
    fn origin(&self) -> Option<&str> {
        self.zone.origin.as_deref()
    }

    /// Its nets, in the order of the entry.
    #[getter]
    fn nets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        static NET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let nets = self.nets.get_or_try_init(py, || {
            let nets = self.zone.nets.iter().map(|net| from_json(py, &NET, "Net", &net.to_json()));
            PyResult::Ok(PyTuple::new(py, nets.collect::<PyResult<Vec<_>>>()?)?.unbind())
        })?;
        Ok(nets.bind(py).clone())
    }

    /// Its tags.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.zone.tags)
    }

    /// Its attributes.
    #[getter]
    fn attrs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let attrs = PyDict::new(py);
        for (name, value) in &self.zone.attrs {
            attrs.set_item(name, value)?;
        }
        Ok(attrs)
    }

    /// Changes that were applied while it ran and take effect at its next boot.
    #[getter]
    fn pending<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.zone.pending)
    }

    /// What is wrong with its file.
    #[getter]
    fn fault<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        self.zone.fault.as_ref().map(|fault| from_json(py, &DIAGNOSTIC, "Diagnostic", &fault.to_json())).transpose()
    }

    /// The zone as a dict, with the keys that the command line prints.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.zone.to_json())
    }

    /// The zone as JSON.
    fn to_json(&self) -> String {
        self.zone.to_json().to_string()
    }

    /// A zone from its JSON.
    #[classmethod]
    fn from_json(_: &Bound<'_, PyType>, py: Python<'_>, text: String) -> PyResult<Zone> {
        guarded(py, || zmgr_core::Zone::from_json(&text)).map(Zone::new)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((slf.get_type().getattr("from_json")?, (slf.get().to_json(),)))
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.zone.name, &self.zone.id, &self.zone.state, &self.zone.status).hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let zone = &self.zone;
        let mut words = vec![format!("<Zone '{}'", zone.name)];
        words.extend(zone.status.clone().or_else(|| zone.state.clone()));
        words.extend(zone.nets.iter().flat_map(|net| &net.addresses).map(|a| a.address.to_string()));
        words.join(" ") + ">"
    }
}
