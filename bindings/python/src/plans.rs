//! Creating and running plans.

use pyo3::prelude::*;
use zmgr_core::DestroyOptions;

use crate::arguments::{ByName, Names, Pairs, Text, in_range};
use crate::cancel::Cancel;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zones::{create_options, import_options, reinstall_options};

#[pymethods]
impl Manager {
    /// Plans the creation of zones. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    /// - template: name of the template; None means default-template in config.kdl.
    /// - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
    /// - boot: True boots the zone after installing, False does not; None means as the template says.
    /// - clone_from: name of the zone to clone instead of installing.
    /// - attrs: attributes of the zone.
    ///
    /// Raises the foreseeable errors of `create`: ExistsError, NotFoundError (template, zone to clone), ConfigError,
    /// PoolExhaustedError, AddressInUseError, UnsupportedHostError.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None))]
    #[allow(clippy::too_many_arguments)]
    fn plan_create(
        &self,
        py: Python<'_>,
        names: Names,
        template: Option<Text>,
        addresses: Option<ByName<Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<Text>,
        attrs: Option<Pairs>,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = create_options(template, addresses, boot, clone_from, attrs)?;
        asked(py, &manager, |manager| manager.plan_create(&names.as_strs(), &options)).map(Plan)
    }

    /// Plans the destruction of zones. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    /// - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    /// - keep_data: detach the zones and keep their files, instead of uninstalling.
    /// - purge: also destroy the delegated datasets that zmgr created, and those that uninstalling a zone destroys.
    /// - unproven: act on a real host even if what a step destroys is only inferred.
    ///
    /// Raises NotFoundError, StateError if `force` is needed, and RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (names, *, force=false, keep_data=false, purge=false, unproven=false))]
    fn plan_destroy(
        &self,
        py: Python<'_>,
        names: Names,
        force: bool,
        keep_data: bool,
        purge: bool,
        unproven: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = DestroyOptions::new().force(force).keep_data(keep_data).purge(purge).unproven(unproven);
        asked(py, &manager, |manager| manager.plan_destroy(&names.as_strs(), &options)).map(Plan)
    }

    /// Plans the reinstallation of zones. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    /// - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    /// - boot: True boots the zone afterwards, False does not; None means if it was running before.
    /// - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
    /// - unproven: act on a real host even if what a step destroys is only inferred.
    ///
    /// Raises NotFoundError, StateError if `force` is needed, and RecoveryNeededError for an unfinished operation.
    #[pyo3(signature = (names, *, force=false, boot=None, snapshot=false, unproven=false))]
    fn plan_reinstall(
        &self,
        py: Python<'_>,
        names: Names,
        force: bool,
        boot: Option<bool>,
        snapshot: bool,
        unproven: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = reinstall_options(force, boot).snapshot(snapshot).unproven(unproven);
        asked(py, &manager, |manager| manager.plan_reinstall(&names.as_strs(), &options)).map(Plan)
    }

    /// Plans the removal of zones from the registry. Changes nothing.
    ///
    /// - names: name of the zone, or several names.
    ///
    /// The notes of a change list what is lost with the entry.
    ///
    /// Raises NotFoundError, and RecoveryNeededError for an unfinished operation.
    fn plan_forget(&self, py: Python<'_>, names: Names) -> PyResult<Plan> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.plan_forget(&names.as_strs())).map(Plan)
    }

    /// Plans the import of zones. Changes nothing.
    ///
    /// - names: names of the zones; None means all zones of the host.
    /// - template: name of the template; None means the best match for each zone's brand, or none.
    /// - no_template: adopt without a template; conflicts with `template`.
    /// - adopt_links: take over VNICs that look like zmgr's own, so that destroying the zone deletes them.
    ///
    /// Raises NotFoundError (a zone that the host does not have, a template), and ExistsError for a registered zone.
    #[pyo3(signature = (names=None, *, template=None, no_template=false, adopt_links=false))]
    fn plan_import(
        &self,
        py: Python<'_>,
        names: Option<Names>,
        template: Option<Text>,
        no_template: bool,
        adopt_links: bool,
    ) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = import_options(template, no_template, adopt_links);
        let names = names.unwrap_or_default();
        asked(py, &manager, |manager| manager.plan_import(&names.as_strs(), &options)).map(Plan)
    }

    /// Runs a plan, unless its basis has changed.
    ///
    /// - plan: plan of one of the `plan_…` methods.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises StalePlanError if the basis has changed, in which case nothing was done; otherwise the errors of the planned
    /// operation.
    #[pyo3(signature = (plan, *, progress=None, cancel=None, jobs=1, on_failure=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        plan: &Bound<'py, Plan>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let plan = &plan.get().0;
        let report = Run::new(progress, cancel, jobs, on_failure)?.call(py, |options| manager.run(plan, options))?;
        report_or_raise(py, report)
    }
}
