//! Querying, creating and removing zones.

use std::net::IpAddr;

use pyo3::prelude::*;
use pyo3::types::PyList;
use zmgr_core::{CreateOptions, DestroyOptions, ImportOptions, Query, QueryHost, RecoverOptions, ReinstallOptions};

use crate::arguments::{ByName, Names, Pairs, Text, in_range, one_address};
use crate::cancel::Cancel;
use crate::error::invalid;
use crate::manager::Manager;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zone::Zone;

#[pymethods]
impl Manager {
    /// Returns the registered zones, sorted by name.
    ///
    /// - names: only these zones; None means all.
    /// - tag: only zones with this tag.
    /// - query_host: "if-available" queries the host for each status and leaves it None if the host does not answer; "never"
    ///   reads only the files; "required" fails if the host does not answer.
    /// - unregistered: include zones of the host that are not in the registry.
    ///
    /// A zone whose file has an error is in the list, with `fault` set.
    ///
    /// Raises NotFoundError for a name that is not registered; UnsupportedHostError and CommandError only if `query_host` is
    /// "required".
    #[pyo3(signature = (names=None, *, tag=None, query_host="if-available", unregistered=false))]
    fn zones<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        tag: Option<Text>,
        query_host: &str,
        unregistered: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let manager = self.open(py)?;
        let query_host = match query_host {
            "if-available" => QueryHost::IfAvailable,
            "never" => QueryHost::Never,
            "required" => QueryHost::Required,
            other => {
                return Err(invalid(format!(
                    "query_host: expected 'if-available', 'never' or 'required', not {other:?}"
                )));
            }
        };
        let mut query = Query::new().query_host(query_host).unregistered(unregistered);
        query.names = names.unwrap_or_default().into_vec();
        query.tag = tag.map(String::from);
        let zones = asked(py, &manager, |manager| manager.zones(&query))?;
        // Converted in place, because a list may be long.
        PyList::new(py, zones.into_iter().map(Zone::new))
    }

    /// Returns one zone. Reads its file and queries the host for its status.
    ///
    /// - name: name of the zone.
    ///
    /// Raises NotFoundError if it is not registered and ConfigError if its file has an error.
    fn zone(&self, py: Python<'_>, name: Text) -> PyResult<Zone> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.zone(&name)).map(Zone::new)
    }

    /// Creates a zone: allocates its addresses, configures and installs it, and boots it if its configuration says so.
    ///
    /// - name: name of the new zone.
    /// - template: name of the template; None means default-template in config.kdl.
    /// - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
    /// - boot: True boots the zone after installing, False does not; None means as the template says.
    /// - clone_from: name of the zone to clone instead of installing.
    /// - attrs: attributes of the zone.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.
    ///
    /// Returns the resulting zone.
    ///
    /// Raises ExistsError if the registry or the host already has the zone; NotFoundError (template, zone to clone); ConfigError;
    /// PoolExhaustedError; AddressInUseError; CommandError; CancelledError; RecoveryNeededError if the rollback failed too.
    #[pyo3(signature = (name, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create(
        &self,
        py: Python<'_>,
        name: Text,
        template: Option<Text>,
        addresses: Option<ByName<Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<Text>,
        attrs: Option<Pairs>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        on_failure: Option<Text>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, 1, on_failure)?;
        run.call(py, |options| manager.create(&name, &create, options)).map(Zone::new)
    }

    /// Creates several zones.
    ///
    /// - names: name of the zone, or several names.
    /// - template: name of the template; None means default-template in config.kdl.
    /// - addresses: addresses by net, such as {"internal": "10.1.0.10"}; without prefix length.
    /// - boot: True boots the zone after installing, False does not; None means as the template says.
    /// - clone_from: name of the zone to clone instead of installing.
    /// - attrs: attributes of the zone.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises the error of `create` for a single name; for several, PartialError if any failed and CancelledError if all were
    /// cancelled. The exception's `report` has the outcome of each zone.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create_all<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        template: Option<Text>,
        addresses: Option<ByName<Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<Text>,
        attrs: Option<Pairs>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.create_all(&names.as_strs(), &create, options))?;
        report_or_raise(py, report)
    }

    /// Destroys zones and what zmgr created for them: their files, configuration, VNICs and entries.
    ///
    /// - names: name of the zone, or several names.
    /// - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    /// - keep_data: detach the zones and keep their files, instead of uninstalling.
    /// - purge: also destroy the delegated datasets that zmgr created, and those that uninstalling a zone destroys.
    /// - unproven: act on a real host even if what a step destroys is only inferred.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    /// - on_failure: "rollback" or "keep" if a step fails; None means the setting in config.kdl.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, StateError if `force` is needed, CommandError, or RecoveryNeededError for a single name; for
    /// several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome of
    /// each zone.
    #[pyo3(signature = (names, *, force=false, keep_data=false, purge=false, unproven=false, progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn destroy<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        force: bool,
        keep_data: bool,
        purge: bool,
        unproven: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
        on_failure: Option<Text>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let destroy = DestroyOptions::new().force(force).keep_data(keep_data).purge(purge).unproven(unproven);
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.destroy(&names.as_strs(), &destroy, options))?;
        report_or_raise(py, report)
    }

    /// Removes zones from the registry. Does not change them on the host.
    ///
    /// - names: name of the zone, or several names.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, BusyError, or RecoveryNeededError for an unfinished operation, for a single name; for several,
    /// PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome of each
    /// zone.
    #[pyo3(signature = (names, *, progress=None, cancel=None, jobs=1))]
    fn forget<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.forget(&names.as_strs(), options))?;
        report_or_raise(py, report)
    }

    /// Reinstalls a zone from scratch, keeping its addresses, links and configuration.
    ///
    /// - name: name of the zone.
    /// - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    /// - boot: True boots the zone afterwards, False does not; None means if it was running before.
    /// - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
    /// - unproven: act on a real host even if what a step destroys is only inferred.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    ///
    /// Returns the resulting zone.
    ///
    /// Raises NotFoundError, StateError if `force` is needed, CommandError, CancelledError, and RecoveryNeededError for an
    /// unfinished operation.
    #[pyo3(signature = (name, *, force=false, boot=None, snapshot=false, unproven=false, progress=None, cancel=None))]
    #[allow(clippy::too_many_arguments)]
    fn reinstall(
        &self,
        py: Python<'_>,
        name: Text,
        force: bool,
        boot: Option<bool>,
        snapshot: bool,
        unproven: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let reinstall = reinstall_options(force, boot).snapshot(snapshot).unproven(unproven);
        let run = Run::new(progress, cancel, 1, None)?;
        run.call(py, |options| manager.reinstall(&name, &reinstall, options)).map(Zone::new)
    }

    /// Reinstalls several zones from scratch, keeping their addresses, links and configuration.
    ///
    /// - names: name of the zone, or several names.
    /// - force: act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    /// - boot: True boots the zone afterwards, False does not; None means if it was running before.
    /// - snapshot: keep the old root with a snapshot, labelled with the time; roll_back() brings it back.
    /// - unproven: act on a real host even if what a step destroys is only inferred.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises the error of `reinstall` for a single name; for several, PartialError if any failed and CancelledError if all were
    /// cancelled. The exception's `report` has the outcome of each zone.
    #[pyo3(signature = (names, *, force=false, boot=None, snapshot=false, unproven=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn reinstall_all<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        force: bool,
        boot: Option<bool>,
        snapshot: bool,
        unproven: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let reinstall = reinstall_options(force, boot).snapshot(snapshot).unproven(unproven);
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.reinstall_all(&names.as_strs(), &reinstall, options))?;
        report_or_raise(py, report)
    }

    /// Adds zones of the host to the registry without changing the host.
    ///
    /// - names: names of the zones; None means all zones of the host.
    /// - template: name of the template; None means the best match for each zone's brand, or none.
    /// - no_template: adopt without a template; conflicts with `template`.
    /// - adopt_links: take over VNICs that look like zmgr's own, so that destroying the zone deletes them.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with the actions "adopted" and "skipped"; a note gives the reason for skipping.
    ///
    /// Raises NotFoundError for a name that the host does not have, or ExistsError for one that is registered, for a single name;
    /// for several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome
    /// of each zone.
    #[pyo3(signature = (names=None, *, template=None, no_template=false, adopt_links=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn import_zones<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        template: Option<Text>,
        no_template: bool,
        adopt_links: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let import = import_options(template, no_template, adopt_links);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.import(&names.as_strs(), &import, options))?;
        report_or_raise(py, report)
    }

    /// Recovers interrupted operations. Each is resumed or rolled back, whichever loses less.
    ///
    /// - names: names of the zones; None means all with an interrupted operation.
    /// - resume: resume the operation, even if rolling it back would lose less.
    /// - roll_back: roll back the operation, even if the zone is already installed; conflicts with `resume`.
    /// - wait: wait for host commands that a killed process left running.
    /// - skip_installs: leave alone what can only be resumed by installing the zone.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    /// - jobs: number of zones to process in parallel.
    ///
    /// Returns a Report with one Outcome per zone.
    ///
    /// Raises NotFoundError, BusyError, or RecoveryNeededError if you have to choose the direction, for a single name; for
    /// several, PartialError if any failed and CancelledError if all were cancelled. The exception's `report` has the outcome of
    /// each zone.
    #[pyo3(signature = (
        names=None, *, resume=false, roll_back=false, wait=false, skip_installs=false, progress=None, cancel=None, jobs=1
    ))]
    #[allow(clippy::too_many_arguments)]
    fn recover<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        resume: bool,
        roll_back: bool,
        wait: bool,
        skip_installs: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        #[pyo3(from_py_with = in_range::<usize>)] jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let recover = RecoverOptions::new().resume(resume).roll_back(roll_back).wait(wait).skip_installs(skip_installs);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.recover(&names.as_strs(), &recover, options))?;
        report_or_raise(py, report)
    }
}

/// Converts the options of create. `addresses` maps a net to one address or several, as strings or `ipaddress` objects.
pub(crate) fn create_options(
    template: Option<Text>,
    addresses: Option<ByName<Bound<'_, PyAny>>>,
    boot: Option<bool>,
    clone_from: Option<Text>,
    attrs: Option<Pairs>,
) -> PyResult<CreateOptions> {
    let mut options = CreateOptions::new();
    for (net, wanted) in addresses.map(|addresses| addresses.0).unwrap_or_default() {
        for address in several(&wanted)? {
            options = options.address(&net, address);
        }
    }
    options.template = template.map(String::from);
    options.boot = boot;
    options.clone_from = clone_from.map(String::from);
    options.attrs = attrs.map(Pairs::into_strings).unwrap_or_default();
    Ok(options)
}

fn several(wanted: &Bound<'_, PyAny>) -> PyResult<Vec<IpAddr>> {
    if wanted.is_instance_of::<pyo3::types::PyString>() || !wanted.hasattr("__iter__")? {
        return Ok(vec![one_address(wanted)?]);
    }
    wanted.try_iter()?.map(|address| one_address(&address?)).collect()
}

pub(crate) fn reinstall_options(force: bool, boot: Option<bool>) -> ReinstallOptions {
    let mut options = ReinstallOptions::new().force(force);
    options.boot = boot;
    options
}

pub(crate) fn import_options(template: Option<Text>, no_template: bool, adopt_links: bool) -> ImportOptions {
    let mut options = ImportOptions::new().adopt_links(adopt_links).no_template(no_template);
    options.template = template.map(String::from);
    options
}
