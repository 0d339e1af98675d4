//! Detaching and attaching zones.

use pyo3::prelude::*;
use zmgr_core::AttachOptions;

use crate::arguments::Names;
use crate::cancel::Cancel;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};

fn attach_options(update: bool, boot: bool, snapshot: bool, template: Option<String>) -> AttachOptions {
    let mut options = AttachOptions::new().update(update).boot(boot).snapshot(snapshot);
    options.template = template;
    options
}

#[pymethods]
impl Manager {
    /// Plans to detach zones. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    ///
    /// Raises the errors of `detach` that show before it begins.
    fn plan_detach(&self, py: Python<'_>, names: Names) -> PyResult<Plan> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.plan_detach(&names.as_strs())).map(Plan)
    }

    /// Detaches zones that are down: takes them from the host, with their configuration and the VNICs that zmgr created, and
    /// keeps their files and entries.
    ///
    /// - names: name of the zone, or several names.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, StateError if a zone is not installed and down, CommandError, or RecoveryNeededError for a single
    /// name; for several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the
    /// outcome of each zone.
    #[pyo3(signature = (names, *, progress=None, cancel=None, jobs=1))]
    fn detach<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.detach(&names.as_strs(), options))?;
        report_or_raise(py, report)
    }

    /// Plans to attach zones. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    /// - update: update their packages to those of the host.
    /// - boot: boot them afterwards.
    /// - snapshot: take a snapshot of their files first, with the label "before-attach".
    /// - template: name of the template of zones without an entry; None means default-template in config.kdl.
    ///
    /// Raises the errors of `attach` that show before it begins.
    #[pyo3(signature = (names, *, update=false, boot=false, snapshot=false, template=None))]
    fn plan_attach(
        &self,
        py: Python<'_>,
        names: Names,
        update: bool,
        boot: bool,
        snapshot: bool,
        template: Option<String>,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = attach_options(update, boot, snapshot, template);
        asked(py, &manager, |manager| manager.plan_attach(&names.as_strs(), &options)).map(Plan)
    }

    /// Attaches zones: brings back detached ones with what they had, and makes zones of files that `destroy` kept.
    ///
    /// - names: name of the zone, or several names.
    /// - update: update their packages to those of the host, in place: after an upgrade of the host.
    /// - boot: boot them afterwards.
    /// - snapshot: take a snapshot of their files first, with the label "before-attach".
    /// - template: name of the template of zones without an entry; None means default-template in config.kdl.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError if no files lie at the zonepath; ExistsError if those that lie there are not the zone's, or it is
    /// registered; StateError if the host could not take them up; CommandError if their packages are older than the host's and
    /// `update` is not set; for several names PartialError if any failed. A failure leaves the files, and an entry as it was.
    #[pyo3(signature = (names, *, update=false, boot=false, snapshot=false, template=None, progress=None, cancel=None,
                        jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn attach<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        update: bool,
        boot: bool,
        snapshot: bool,
        template: Option<String>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let attach = attach_options(update, boot, snapshot, template);
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.attach(&names.as_strs(), &attach, options))?;
        report_or_raise(py, report)
    }
}
