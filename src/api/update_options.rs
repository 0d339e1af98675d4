//! Options of an update of packages.

use super::setters::setters;

/// Options for updating the packages of zones.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new().boot(true), &mut RunOptions::new())?;
/// let options = UpdateOptions::new().reboot(true);
/// let report = manager.update(&["web01"], &options, &mut RunOptions::new())?;
/// assert_eq!(report.outcomes[0].action, Action::Unchanged);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateOptions {
    /// Take a snapshot of each zone first, labelled with the time. Set by default.
    pub snapshot: bool,
    /// Shut down running zones, and boot them again with their new packages.
    pub reboot: bool,
    /// Update running zones as they run, and zones whose packages become newer than the host's.
    pub force: bool,
}

impl Default for UpdateOptions {
    fn default() -> Self {
        UpdateOptions { snapshot: true, reboot: false, force: false }
    }
}

impl UpdateOptions {
    /// Returns the careful defaults: a snapshot first, and zones that run are refused.
    pub fn new() -> Self {
        UpdateOptions::default()
    }

    setters! {
        /// Takes a snapshot of each zone first.
        snapshot: bool;
        /// Shuts down running zones, and boots them again.
        reboot: bool;
        /// Updates running zones as they run, and zones whose packages become newer than the host's.
        force: bool;
    }
}
