//! Snapshots of zones.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use serde_json::json;
use zmgr_core::{RollbackOptions, Snapshot};

use crate::arguments::{Names, Text};
use crate::cancel::Cancel;
use crate::convert::from_json;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};

fn value<'py>(py: Python<'py>, snapshot: &Snapshot) -> PyResult<Bound<'py, PyAny>> {
    static SNAPSHOT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    from_json(py, &SNAPSHOT, "Snapshot", &json!(snapshot))
}

#[pymethods]
impl Manager {
    /// Lists the snapshots that zmgr took of zones: by zone, oldest first.
    ///
    /// - names: names of the zones; None means all.
    ///
    /// Each snapshot says whether the host still has it, and what is not in it.
    ///
    /// Raises NotFoundError for a name that is not registered, and UnsupportedHostError.
    #[pyo3(signature = (names=None))]
    fn snapshots<'py>(&self, py: Python<'py>, names: Option<Names>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let manager = self.open(py)?;
        let names = names.unwrap_or_default();
        let found = asked(py, &manager, |manager| manager.snapshots(&names.as_strs()))?;
        found.iter().map(|snapshot| value(py, snapshot)).collect()
    }

    /// Plans a snapshot of a zone. Changes nothing.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot; None means the time.
    ///
    /// Raises the foreseeable errors of `create_snapshot`.
    #[pyo3(signature = (name, label=None))]
    fn plan_create_snapshot(&self, py: Python<'_>, name: Text, label: Option<Text>) -> PyResult<Plan> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.plan_create_snapshot(&name, label.as_deref())).map(Plan)
    }

    /// Takes a snapshot of a zone's own files and keeps a copy of its configuration file beside it.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot; None means the time.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    ///
    /// Returns the snapshot, whose `excluded` says what is not in it.
    ///
    /// Raises NotFoundError, ExistsError if the zone has a snapshot of this label, StateError if the zone has no files, and
    /// RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (name, label=None, *, progress=None, cancel=None))]
    fn create_snapshot<'py>(
        &self,
        py: Python<'py>,
        name: Text,
        label: Option<Text>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, 1, None)?;
        let taken = run.call(py, |options| manager.create_snapshot(&name, label.as_deref(), options))?;
        value(py, &taken)
    }

    /// Plans to delete a snapshot. Changes nothing.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot.
    ///
    /// Raises NotFoundError, and StateError if something was cloned from it or holds it.
    fn plan_delete_snapshot(&self, py: Python<'_>, name: Text, label: Text) -> PyResult<Plan> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.plan_delete_snapshot(&name, &label)).map(Plan)
    }

    /// Deletes a snapshot that zmgr took.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    ///
    /// Returns a Report with one Outcome.
    ///
    /// Raises NotFoundError, StateError if something was cloned from it or holds it, CommandError, and RecoveryNeededError for
    /// an unfinished operation.
    #[pyo3(signature = (name, label, *, progress=None, cancel=None))]
    fn delete_snapshot<'py>(
        &self,
        py: Python<'py>,
        name: Text,
        label: Text,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, 1, None)?;
        let report = run.call(py, |options| manager.delete_snapshot(&name, &label, options))?;
        report_or_raise(py, report)
    }

    /// Plans to roll a zone back to a snapshot. Changes nothing.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot.
    /// - force: destroy later snapshots that zmgr took, which are in the way.
    /// - unproven: act on a real host even if what a step does is only inferred.
    ///
    /// The notes of the change say what is lost, what is not rolled back, and how the zone's file has changed since.
    ///
    /// Raises NotFoundError, and StateError if something is in the way.
    #[pyo3(signature = (name, label, *, force=false, unproven=false))]
    fn plan_roll_back(&self, py: Python<'_>, name: Text, label: Text, force: bool, unproven: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = RollbackOptions::new().force(force).unproven(unproven);
        asked(py, &manager, |manager| manager.plan_roll_back(&name, &label, &options)).map(Plan)
    }

    /// Makes a zone's own files what they were when a snapshot was taken. Shuts a running zone down and boots it again.
    ///
    /// - name: name of the zone.
    /// - label: label of the snapshot.
    /// - force: destroy later snapshots that zmgr took, which are in the way.
    /// - unproven: act on a real host even if what a step does is only inferred.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    ///
    /// Returns a Report with one Outcome, whose notes say what is lost and what is not rolled back.
    ///
    /// Raises NotFoundError, StateError if something is in the way, CommandError, CancelledError, and RecoveryNeededError for an
    /// unfinished operation.
    #[pyo3(signature = (name, label, *, force=false, unproven=false, progress=None, cancel=None))]
    #[allow(clippy::too_many_arguments)]
    fn roll_back<'py>(
        &self,
        py: Python<'py>,
        name: Text,
        label: Text,
        force: bool,
        unproven: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let rollback = RollbackOptions::new().force(force).unproven(unproven);
        let run = Run::new(progress, cancel, 1, None)?;
        let report = run.call(py, |options| manager.roll_back(&name, &label, &rollback, options))?;
        report_or_raise(py, report)
    }
}
