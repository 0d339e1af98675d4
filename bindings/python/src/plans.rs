//! Making plans, and running those that were approved.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use zmgr_core::DestroyOptions;

use crate::cancel::Cancel;
use crate::convert::Names;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zones::{create_options, import_options, reinstall_options};

#[pymethods]
impl Manager {
    /// What it would take to create these zones.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None))]
    #[allow(clippy::too_many_arguments)]
    fn plan_create(
        &self,
        py: Python<'_>,
        names: Names,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = create_options(template, addresses, boot, clone_from, attrs)?;
        asked(py, &manager, |manager| manager.plan_create(&names.as_strs(), &options)).map(Plan)
    }

    /// What it would take to destroy these zones.
    #[pyo3(signature = (names, *, force=false, keep_data=false))]
    fn plan_destroy(&self, py: Python<'_>, names: Names, force: bool, keep_data: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = DestroyOptions::new().force(force).keep_data(keep_data);
        asked(py, &manager, |manager| manager.plan_destroy(&names.as_strs(), &options)).map(Plan)
    }

    /// What it would take to install these zones again.
    #[pyo3(signature = (names, *, force=false, boot=None))]
    fn plan_reinstall(&self, py: Python<'_>, names: Names, force: bool, boot: Option<bool>) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = reinstall_options(force, boot);
        asked(py, &manager, |manager| manager.plan_reinstall(&names.as_strs(), &options)).map(Plan)
    }

    /// Plans the removal of these zones' entries; the notes say what is lost with them.
    fn plan_forget(&self, py: Python<'_>, names: Names) -> PyResult<Plan> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.plan_forget(&names.as_strs())).map(Plan)
    }

    /// What adopting these zones would do; no name means every zone of the host.
    #[pyo3(signature = (names=None, *, template=None, no_template=false, adopt_links=false))]
    fn plan_import(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        template: Option<String>,
        no_template: bool,
        adopt_links: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = import_options(template, no_template, adopt_links);
        let names = names.unwrap_or_default();
        asked(py, &manager, |manager| manager.plan_import(&names.as_strs(), &options)).map(Plan)
    }

    /// Runs a plan, unless what it rests on has changed: then StalePlanError, and nothing is done.
    #[pyo3(signature = (plan, *, progress=None, cancel=None, jobs=1, on_failure=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        plan: &Bound<'py, Plan>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let plan = &plan.get().0;
        let report = Run::new(progress, cancel, jobs, on_failure)?.call(py, |options| manager.run(plan, options))?;
        report_or_raise(py, report)
    }
}
