//! Drift, and changes of settings.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use zmgr_core::ApplyOptions;

use crate::arguments::{Names, Pairs, Text, in_range};
use crate::cancel::Cancel;
use crate::convert::from_json;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zone::Zone;

#[pymethods]
impl Manager {
    /// Compares zones (None means all) with their files. Changes nothing.
    ///
    /// - names: name of the zone, or several names; None means all.
    /// - offline: do not query the host; compare the files with what was last applied.
    ///
    /// A zone whose files have errors is in the list, with `fault` set. On a machine that cannot manage zones, `offline` is implied.
    ///
    /// Raises NotFoundError for a name that is not registered, and UnsupportedHostError if there is neither a host nor a tree.
    #[pyo3(signature = (names=None, *, offline=false))]
    fn diff<'py>(&self, py: Python<'py>, names: Option<Names>, offline: bool) -> PyResult<Vec<Bound<'py, PyAny>>> {
        static DRIFT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        let drift = asked(py, &manager, |manager| match offline {
            true => manager.diff_offline(&names.as_strs()),
            false => manager.diff(&names.as_strs()),
        })?;
        drift.zones.iter().map(|zone| from_json(py, &DRIFT, "ZoneDrift", &zone.to_json())).collect()
    }

    /// Plans the changes that make the host match the files. Changes nothing.
    ///
    /// - names: names of the zones; None means all.
    /// - prune: also remove settings that are not in the files.
    /// - reboot: reboot running zones if a change needs it.
    /// - recreate: create zones again that are in the registry but missing on the host.
    /// - snapshot: take a snapshot of each zone before it is changed, labelled with the time.
    ///
    /// Raises NotFoundError, ConfigError for an unreadable file, and RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (names=None, *, prune=false, reboot=false, recreate=false, snapshot=false))]
    #[allow(clippy::too_many_arguments)]
    fn plan_apply(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        prune: bool,
        reboot: bool,
        recreate: bool,
        snapshot: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = ApplyOptions::new().prune(prune).reboot(reboot).recreate(recreate).snapshot(snapshot);
        let names = names.unwrap_or_default();
        asked(py, &manager, |manager| manager.plan_apply(&names.as_strs(), &options)).map(Plan)
    }

    /// Makes the host match the files: creates zones that are not built yet and changes what differs.
    ///
    /// - names: names of the zones; None means all.
    /// - prune: also remove settings that are not in the files.
    /// - reboot: reboot running zones if a change needs it.
    /// - recreate: create zones again that are in the registry but missing on the host.
    /// - snapshot: take a snapshot of each zone before it is changed, labelled with the time.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with the actions "created", "applied", "recreated" and "unchanged".
    ///
    /// Raises NotFoundError, ConfigError, RecoveryNeededError, or an error of `create` for a single name; for several,
    /// PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome of each
    /// zone.
    #[pyo3(signature = (names=None, *, prune=false, reboot=false, recreate=false, snapshot=false, progress=None, cancel=None,
                        jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        prune: bool,
        reboot: bool,
        recreate: bool,
        snapshot: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let apply = ApplyOptions::new().prune(prune).reboot(reboot).recreate(recreate).snapshot(snapshot);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.apply(&names.as_strs(), &apply, options))?;
        report_or_raise(py, report)
    }

    /// Changes settings in a zone's file. `apply` changes the host.
    ///
    /// - name: name of the zone.
    /// - settings: values by key, such as {"attr.owner": "alice"}; an empty value removes the zone's own setting.
    /// - cancel: token that stops the wait for a lock.
    ///
    /// Returns the zone.
    ///
    /// Raises NotFoundError; InvalidArgumentError for an invalid key or value, in which case nothing changes; ConfigError if the
    /// file is unreadable; BusyError and CancelledError while another process works on the zone.
    #[pyo3(signature = (name, settings, *, cancel=None))]
    fn set(&self, py: Python<'_>, name: Text, settings: Pairs, cancel: Option<Cancel>) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let settings = settings.into_strings();
        let pairs: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        Run::quiet(cancel).call(py, |options| manager.set(&name, &pairs, options)).map(Zone::new)
    }
}
