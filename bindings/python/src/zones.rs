//! Zones: looking at them, making and removing them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use zmgr_core::{CreateOptions, DestroyOptions, ImportOptions, Live, Query, RecoverOptions, ReinstallOptions};

use crate::cancel::Cancel;
use crate::convert::{Names, one_address};
use crate::manager::Manager;
use crate::report::report_or_raise;
use crate::run::{Run, asked};
use crate::zone::Zone;

#[pymethods]
impl Manager {
    /// The registered zones, or those asked for.
    #[pyo3(signature = (names=None, *, tag=None, live="auto", unregistered=false))]
    fn zones<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        tag: Option<String>,
        live: &str,
        unregistered: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let manager = self.open(py)?;
        let live = match live {
            "auto" => Live::Auto,
            "never" => Live::Never,
            "required" => Live::Required,
            other => {
                return Err(PyValueError::new_err(format!(
                    "live: expected 'auto', 'never' or 'required', not {other:?}"
                )));
            }
        };
        let mut query = Query::new().live(live).unregistered(unregistered);
        query.names = names.unwrap_or_default().into_vec();
        query.tag = tag;
        let zones = asked(py, &manager, |manager| manager.zones(&query))?;
        // From one into the other: thousands of zones are not moved on the way.
        PyList::new(py, zones.into_iter().map(Zone::new))
    }

    /// The zone of this name; NotFoundError where it is not registered.
    fn zone(&self, py: Python<'_>, name: String) -> PyResult<Zone> {
        let manager = self.open(py)?;
        asked(py, &manager, |manager| manager.zone(&name)).map(Zone::new)
    }

    /// Creates a zone: allocates its addresses, configures, installs, and boots it where that is wished.
    #[pyo3(signature = (name, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create(
        &self,
        py: Python<'_>,
        name: String,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        on_failure: Option<&str>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, 1, on_failure)?;
        run.call(py, |options| manager.create(&name, &create, options)).map(Zone::new)
    }

    /// Creates several zones, `jobs` at once.
    #[pyo3(signature = (names, *, template=None, addresses=None, boot=None, clone_from=None, attrs=None,
                        progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn create_all<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        template: Option<String>,
        addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
        boot: Option<bool>,
        clone_from: Option<String>,
        attrs: Option<BTreeMap<String, String>>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let create = create_options(template, addresses, boot, clone_from, attrs)?;
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.create_all(&names.as_strs(), &create, options))?;
        report_or_raise(py, report)
    }

    /// Destroys zones, and what zmgr made for them.
    #[pyo3(signature = (names, *, force=false, keep_data=false, progress=None, cancel=None, jobs=1, on_failure=None))]
    #[allow(clippy::too_many_arguments)]
    fn destroy<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        force: bool,
        keep_data: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
        on_failure: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let destroy = DestroyOptions::new().force(force).keep_data(keep_data);
        let run = Run::new(progress, cancel, jobs, on_failure)?;
        let report = run.call(py, |options| manager.destroy(&names.as_strs(), &destroy, options))?;
        report_or_raise(py, report)
    }

    /// Removes the entries of zones from the registry, and nothing else: the zones stay on the host as they are.
    #[pyo3(signature = (names, *, progress=None, cancel=None, jobs=1))]
    fn forget<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.forget(&names.as_strs(), options))?;
        report_or_raise(py, report)
    }

    /// Installs a zone again: its files go and come anew; its addresses, links and configuration stay.
    #[pyo3(signature = (name, *, force=false, boot=None, progress=None, cancel=None))]
    fn reinstall(
        &self,
        py: Python<'_>,
        name: String,
        force: bool,
        boot: Option<bool>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Zone> {
        let manager = self.open(py)?;
        let reinstall = reinstall_options(force, boot);
        let run = Run::new(progress, cancel, 1, None)?;
        run.call(py, |options| manager.reinstall(&name, &reinstall, options)).map(Zone::new)
    }

    /// Installs several zones again, `jobs` at once.
    #[pyo3(signature = (names, *, force=false, boot=None, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn reinstall_all<'py>(
        &self,
        py: Python<'py>,
        names: Names,
        force: bool,
        boot: Option<bool>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let reinstall = reinstall_options(force, boot);
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.reinstall_all(&names.as_strs(), &reinstall, options))?;
        report_or_raise(py, report)
    }

    /// Adopts zones that the host has, as they are; the host is only looked at. No name means every zone of the host.
    #[pyo3(signature = (names=None, *, template=None, no_template=false, adopt_links=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn import_zones<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        template: Option<String>,
        no_template: bool,
        adopt_links: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let import = import_options(template, no_template, adopt_links);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.import(&names.as_strs(), &import, options))?;
        report_or_raise(py, report)
    }

    /// Finishes or takes back what a killed or failed zmgr left unfinished, of these zones or of all.
    #[pyo3(signature = (names=None, *, resume=false, roll_back=false, wait=false, progress=None, cancel=None, jobs=1))]
    #[allow(clippy::too_many_arguments)]
    fn recover<'py>(
        &self,
        py: Python<'py>,
        names: Option<Names>,
        resume: bool,
        roll_back: bool,
        wait: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
        jobs: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let recover = RecoverOptions::new().resume(resume).roll_back(roll_back).wait(wait);
        let names = names.unwrap_or_default();
        let run = Run::new(progress, cancel, jobs, None)?;
        let report = run.call(py, |options| manager.recover(&names.as_strs(), &recover, options))?;
        report_or_raise(py, report)
    }
}

/// The options of create. `addresses` holds a net's address or several of them, as text or as `ipaddress` has them.
pub(crate) fn create_options(
    template: Option<String>,
    addresses: Option<BTreeMap<String, Bound<'_, PyAny>>>,
    boot: Option<bool>,
    clone_from: Option<String>,
    attrs: Option<BTreeMap<String, String>>,
) -> PyResult<CreateOptions> {
    let mut options = CreateOptions::new();
    for (net, wanted) in addresses.unwrap_or_default() {
        for address in several(&wanted)? {
            options = options.address(&net, address);
        }
    }
    options.template = template;
    options.boot = boot;
    options.clone_from = clone_from;
    options.attrs = attrs.unwrap_or_default();
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

pub(crate) fn import_options(template: Option<String>, no_template: bool, adopt_links: bool) -> ImportOptions {
    let mut options = ImportOptions::new().adopt_links(adopt_links).no_template(no_template);
    options.template = template;
    options
}
