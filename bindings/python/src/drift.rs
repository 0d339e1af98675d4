//! Files and host compared and brought together.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use zmgr_core::ApplyOptions;

use crate::cancel::Cancel;
use crate::convert::{Names, from_json};
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zone::Zone;

#[pymethods]
impl Manager {
    /// In what these zones, or all, differ from their files: the wish, what was applied last, and the host. Only looks.
    #[pyo3(signature = (names=None))]
    fn diff<'py>(&self, py: Python<'py>, names: Option<Names>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static DRIFT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        let drift = asked(py, &manager, |manager| manager.diff(&names.as_strs()))?;
        drift.zones.iter().map(|zone| from_json(py, &DRIFT, "ZoneDrift", &zone.to_json())).collect()
    }

    /// What applying the files of these zones, or of all, would do.
    #[pyo3(signature = (names=None, *, prune=false, reboot=false, recreate=false))]
    fn plan_apply(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        prune: bool,
        reboot: bool,
        recreate: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = ApplyOptions::new().prune(prune).reboot(reboot).recreate(recreate);
        let names = names.unwrap_or_default();
        asked(py, &manager, |manager| manager.plan_apply(&names.as_strs(), &options)).map(Plan)
    }

    /// Brings the host to the files of these zones, or of all; leaves what somebody else put there, unless it is to prune.
    #[pyo3(signature = (names=None, *, prune=false, reboot=false, recreate=false, progress=None, cancel=None, jobs=1,
                        on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        prune: bool,
        reboot: bool,
        recreate: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let apply = ApplyOptions::new().prune(prune).reboot(reboot).recreate(recreate);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.apply(&names.as_strs(), &apply, options))?;
        report_or_raise(py, report)
    }

    /// Sets keys of a zone's own file, such as "attr.owner"; an empty value takes the zone's own away. Only the file is changed.
    #[pyo3(signature = (name, settings, *, cancel=None))]
    fn set(
        &self,
        py: Python<'_>,
        name: String,
        settings: BTreeMap<String, String>,
        cancel: Option<Cancel>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let pairs: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        Run::quiet(cancel).call(py, |options| manager.set(&name, &pairs, options)).map(Zone::new)
    }
}
