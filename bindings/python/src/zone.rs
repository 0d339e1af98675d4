//! The class `Zone`. Native, so that long lists are cheap: values are converted on access.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::arguments::Text;
use crate::convert::{from_json, to_python, value_class};
use crate::guard::guarded;

/// Zone: its registry entry, with defaults from its template and the status from the host. An immutable snapshot.
#[pyclass(frozen, eq, ord, module = "zmgr")]
pub(crate) struct Zone {
    zone: zmgr_core::Zone,
    nets: PyOnceLock<Py<PyTuple>>,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone
    }
}

/// By name, then by id, then by everything else.
impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self == other {
            return Some(Ordering::Equal);
        }
        let first = |zone: &Zone| (zone.zone.name.clone(), zone.zone.id.clone());
        let rest = || self.zone.to_json().to_string().cmp(&other.zone.to_json().to_string());
        Some(first(self).cmp(&first(other)).then_with(rest))
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
        word: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        word.map(|word| value_class(py, class, name)?.call1((word,))).transpose()
    }
}

#[pymethods]
impl Zone {
    /// Name of the zone.
    #[getter]
    fn name(&self) -> &str {
        &self.zone.name
    }

    /// Id of the entry, 32 hex digits; None if the zone has not been created yet or is not registered.
    #[getter]
    fn id(&self) -> Option<&str> {
        self.zone.id.as_deref()
    }

    /// Brand; None if unknown.
    #[getter]
    fn brand(&self) -> Option<&str> {
        self.zone.brand.as_deref()
    }

    /// Name of the template; None if it has none.
    #[getter]
    fn template(&self) -> Option<&str> {
        self.zone.template.as_deref()
    }

    /// Path of the zone on the host; None if unknown.
    #[getter]
    fn zonepath(&self) -> Option<std::path::PathBuf> {
        self.zone.zonepath.as_ref().map(Into::into)
    }

    /// State in the registry; None if the zone has not been created yet or is not registered.
    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static STATE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        Zone::word(py, &STATE, "ZoneState", self.zone.state.map(|state| state.as_str()))
    }

    /// Status on the host; None if the host was not queried, or cannot read the zone.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static STATUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        Zone::word(py, &STATUS, "ZoneStatus", self.zone.status.map(|status| status.as_str()))
    }

    /// UUID of the installation; None if it is not installed.
    #[getter]
    fn uuid<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static UUID: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let class = UUID.import(py, "uuid", "UUID")?;
        self.zone.uuid.as_ref().map(|uuid| class.call1((uuid,))).transpose()
    }

    /// True if the zone boots with the host; None if unknown.
    #[getter]
    fn autoboot(&self) -> Option<bool> {
        self.zone.autoboot
    }

    /// Time of registration, in UTC; None if it is not registered.
    #[getter]
    fn created<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static TIME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let read = TIME.import(py, "zmgr._values.base", "_time")?;
        self.zone.created.as_ref().map(|time| read.call1((time,))).transpose()
    }

    /// Origin of the entry; None if it is not registered.
    #[getter]
    fn origin<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static ORIGIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        Zone::word(py, &ORIGIN, "Origin", self.zone.origin.map(|origin| origin.as_str()))
    }

    /// Nets, in the order of the entry.
    #[getter]
    fn nets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        static NET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let nets = self.nets.get_or_try_init(py, || {
            let nets = self.zone.nets.iter().map(|net| from_json(py, &NET, "Net", &net.to_json()));
            PyResult::Ok(PyTuple::new(py, nets.collect::<PyResult<Vec<_>>>()?)?.unbind())
        })?;
        Ok(nets.bind(py).clone())
    }

    /// Tags for selecting zones.
    #[getter]
    fn tags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.zone.tags)
    }

    /// Attributes by name.
    #[getter]
    fn attrs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let attrs = PyDict::new(py);
        for (name, value) in &self.zone.attrs {
            attrs.set_item(name, value)?;
        }
        Ok(attrs)
    }

    /// Applied changes that take effect at the next boot.
    #[getter]
    fn pending<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.zone.pending)
    }

    /// Addresses that are up in the zone, without those of its loopback; None if it was not asked: it is not running, has no ipadm,
    /// did not answer, or is one of a list.
    #[getter]
    fn up<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.zone.up.as_ref().map(|up| PyTuple::new(py, up)).transpose()
    }

    /// Error in the zone's file; None if there is none.
    #[getter]
    fn fault<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static DIAGNOSTIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        self.zone.fault.as_ref().map(|fault| from_json(py, &DIAGNOSTIC, "Diagnostic", &fault.to_json())).transpose()
    }

    /// Returns the zone as a dict with the keys of `zmgr show --json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.zone.to_json())
    }

    /// Returns the zone as JSON, as `zmgr show --json` prints it.
    fn to_json(&self) -> String {
        self.zone.to_json().to_string()
    }

    /// Reads a zone from JSON.
    ///
    /// - text: JSON, as `to_json` returns it.
    ///
    /// Raises InvalidArgumentError if the JSON is not a zone.
    #[classmethod]
    fn from_json(_: &Bound<'_, PyType>, py: Python<'_>, text: Text) -> PyResult<Zone> {
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
        let word = zone.status.map(|status| status.as_str()).or(zone.state.map(|state| state.as_str()));
        words.extend(word.map(str::to_owned));
        words.extend(zone.nets.iter().flat_map(|net| &net.addresses).map(|a| a.address.to_string()));
        words.join(" ") + ">"
    }
}
