//! The private Python module `zmgr._zmgr`. Contains no logic: each method calls the public Rust API with the interpreter released and
//! returns the result. The public module is in `python/zmgr`.

use pyo3::prelude::*;

mod addresses;
mod arguments;
mod attach;
mod cancel;
mod convert;
mod doctor;
mod documents;
mod drift;
mod error;
mod fleet;
mod guard;
mod log;
mod manager;
mod plan;
mod plans;
mod power;
mod refresh;
mod rename;
mod report;
mod run;
mod sim;
mod snapshots;
mod update;
mod zone;
mod zones;

/// Native part of zmgr. Import its names from `zmgr`.
#[pymodule]
mod _zmgr {
    use std::collections::BTreeMap;
    use std::ffi::OsString;

    use pyo3::prelude::*;
    use pyo3::sync::PyOnceLock;

    #[pymodule_export]
    use crate::cancel::Cancel;
    #[pymodule_export]
    use crate::fleet::fleet_check;
    #[pymodule_export]
    use crate::fleet::fleet_zones;
    #[pymodule_export]
    use crate::manager::Manager;
    #[pymodule_export]
    use crate::plan::Plan;
    #[pymodule_export]
    use crate::sim::SimHost;
    #[pymodule_export]
    use crate::sim::answer;
    #[pymodule_export]
    use crate::zone::Zone;

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Runs the command `zmgr` with these words, the first of which is its name, and returns the exit status. `program` is a command
    /// that runs it.
    #[pyfunction]
    fn _main(py: Python<'_>, words: Vec<OsString>, program: Vec<OsString>) -> u8 {
        py.detach(|| zmgr_cli::run(words, program))
    }

    /// Returns the words of each enumeration of the core, by its name.
    #[pyfunction]
    fn _words() -> BTreeMap<&'static str, Vec<&'static str>> {
        macro_rules! words {
            ($($name:ident),+) => {
                [$((stringify!($name), zmgr_core::$name::ALL.iter().map(|each| each.as_str()).collect())),+]
            };
        }
        words!(Action, AddressStanding, FleetClaimKind, Operation, StepKind, ZoneState, ZoneStatus).into()
    }

    /// Returns true if the interpreter of this `sys` imported the module first. Others get its classes, since Python copies a module
    /// that it has loaded already.
    #[pyfunction]
    fn _is_first(py: Python<'_>, sys: Py<PyAny>) -> bool {
        static FIRST: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        FIRST.get_or_init(py, || sys.clone_ref(py)).is(&sys)
    }

    /// Returns every error code: name, number, and whether the same call may succeed later.
    #[pyfunction]
    fn _codes() -> Vec<(&'static str, u32, bool)> {
        zmgr_core::Code::ALL.iter().map(|code| (code.slug(), code.number(), code.can_retry())).collect()
    }
}
