//! Renaming a zone.

use pyo3::prelude::*;
use zmgr_core::RenameOptions;

use crate::arguments::Text;
use crate::cancel::Cancel;
use crate::manager::Manager;
use crate::plan::Plan;
use crate::report::report_or_raise;
use crate::run::{Run, asked};

#[pymethods]
impl Manager {
    /// Plans to rename a zone. Changes nothing.
    ///
    /// - old: name of the zone.
    /// - new: its new name.
    /// - links: also rename the VNICs that are named after the zone.
    /// - zonepath: also move the zone to the zonepath of its new name.
    ///
    /// Raises the errors of `rename` that show before it begins.
    #[pyo3(signature = (old, new, *, links=false, zonepath=false))]
    fn plan_rename(&self, py: Python<'_>, old: Text, new: Text, links: bool, zonepath: bool) -> PyResult<Plan> {
        let manager = self.open(py)?;
        let options = RenameOptions::new().links(links).zonepath(zonepath);
        asked(py, &manager, |manager| manager.plan_rename(&old, &new, &options)).map(Plan)
    }

    /// Renames a zone that is down: on the host, in its entry, and in every file that names it.
    ///
    /// - old: name of the zone.
    /// - new: its new name.
    /// - links: also rename the VNICs that are named after the zone.
    /// - zonepath: also move the zone to the zonepath of its new name, beside the current one. The dataset keeps its name.
    /// - progress: called with each Event on the calling thread; return False to cancel.
    /// - cancel: token that cancels the operation.
    ///
    /// Returns a Report whose only Outcome has the zone under its new name; its notes say what keeps the old one.
    ///
    /// Raises NotFoundError; StateError if the zone is not down; ExistsError if anything has or names the new name, data
    /// included; ConfigError if a template names its storage after it; RecoveryNeededError for an unfinished operation. A
    /// failure leaves the zone as it was.
    #[pyo3(signature = (old, new, *, links=false, zonepath=false, progress=None, cancel=None))]
    #[allow(clippy::too_many_arguments)]
    fn rename<'py>(
        &self,
        py: Python<'py>,
        old: Text,
        new: Text,
        links: bool,
        zonepath: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Cancel>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let manager = self.open(py)?;
        let rename = RenameOptions::new().links(links).zonepath(zonepath);
        let run = Run::new(progress, cancel, 1, None)?;
        let report = run.call(py, |options| manager.rename(&old, &new, &rename, options))?;
        report_or_raise(py, report)
    }
}
