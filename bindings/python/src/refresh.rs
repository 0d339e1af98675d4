//! Refreshing the golden zones of templates.

use pyo3::prelude::*;
use zmgr_core::RefreshOptions;

use crate::arguments::{Names, Text, in_range};
use crate::cancel::Cancel;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};

#[pymethods]
impl Manager {
    /// Plans to refresh templates. Changes nothing.
    ///
    /// - names: names of the templates; none means that only unneeded golden zones are removed.
    /// - unproven: remove golden zones on a real host even if what the removal destroys is only inferred.
    ///
    /// Raises the errors of `refresh_templates`, and ExistsError if an earlier installation is unfinished.
    #[pyo3(signature = (names, *, unproven=false))]
    fn plan_refresh_templates(&self, py: Python<'_>, names: Names, unproven: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = RefreshOptions::new().unproven(unproven);
        asked(py, &manager, |manager| manager.plan_refresh_templates(&names.as_strs(), &options)).map(Plan)
    }

    /// Refreshes templates: installs a new golden zone for the present settings of each, even if there is one of these settings, and
    /// then removes the golden zones that no zone is cloned from and no template needs.
    ///
    /// - names: names of the templates; none means that only unneeded golden zones are removed.
    /// - unproven: remove golden zones on a real host even if what the removal destroys is only inferred.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of golden zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if an installation fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with one Outcome per golden zone: "created", then "destroyed"; "skipped" if its replacement was not
    /// installed.
    ///
    /// Raises NotFoundError; StateError if the zones of a template are not cloned from golden zones; ConfigError;
    /// UnsupportedHostError if the brand or the file system of the zones is not there; CommandError if an installation fails;
    /// RecoveryNeededError if an earlier one is unfinished; for several golden zones PartialError if any failed.
    #[pyo3(signature = (names, *, unproven=false, progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn refresh_templates<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        unproven: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let refresh = RefreshOptions::new().unproven(unproven);
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.refresh_templates(&names.as_strs(), &refresh, options))?;
        report_or_raise(py, report)
    }
}
