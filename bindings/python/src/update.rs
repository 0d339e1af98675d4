//! Updating the packages of zones.

use pyo3::prelude::*;
use zmgr_core::UpdateOptions;

use crate::arguments::{Names, Text, in_range};
use crate::cancel::Cancel;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};

#[pymethods]
impl Manager {
    /// Plans to update the packages of zones. Changes nothing, and asks no publisher.
    ///
    /// - names: names of the zones; None means all that have an image of pkg.
    /// - snapshot: take a snapshot of each zone first.
    /// - reboot: shut down running zones, and boot them again.
    /// - force: update running zones as they run, and zones whose packages become newer than the host's.
    ///
    /// Raises the errors of `update` that show before a publisher is asked.
    #[pyo3(signature = (names=None, *, snapshot=true, reboot=false, force=false))]
    fn plan_update(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        snapshot: bool,
        reboot: bool,
        force: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        let options = UpdateOptions::new().snapshot(snapshot).reboot(reboot).force(force);
        asked(py, &manager, |manager| manager.plan_update(&names.as_strs(), &options)).map(Plan)
    }

    /// Updates the packages of zones: in place, while the zone is down, after a snapshot. If pkg fails, the zone is rolled back to
    /// the snapshot.
    ///
    /// - names: names of the zones; None means all that have an image of pkg.
    /// - snapshot: take a snapshot of each zone first.
    /// - reboot: shut down running zones, and boot them again.
    /// - force: update running zones as they run, and zones whose packages become newer than the host's.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if pkg fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with one Outcome per zone; its notes name what has changed, and its action is "unchanged" if there was no
    /// update.
    ///
    /// Raises NotFoundError; StateError if a zone is running and neither `reboot` nor `force` is set, if its packages would become
    /// newer than the host's and `force` is not set, if the host boots another boot environment next, or if not exactly one of the
    /// zone's is active; CommandError if a publisher does not answer or pkg fails; for several names PartialError if any failed.
    #[pyo3(signature = (names=None, *, snapshot=true, reboot=false, force=false, progress=None, cancel=None, jobs=1,
                        on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn update<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        snapshot: bool,
        reboot: bool,
        force: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        let update = UpdateOptions::new().snapshot(snapshot).reboot(reboot).force(force);
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.update(&names.as_strs(), &update, options))?;
        report_or_raise(py, report)
    }
}
