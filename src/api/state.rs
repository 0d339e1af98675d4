//! The states of a zone, in the registry and on the host.

use crate::documents::zone::EntryState;
use crate::exec::zoneadm;
use crate::value::word_enum;

word_enum! {
    /// State of a zone's entry in the registry.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(manager.zone("web01")?.state, Some(ZoneState::Ready));
    /// assert_eq!("failed".parse(), Ok(ZoneState::Failed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ZoneState {
        /// It is being created, reinstalled or changed, or that was interrupted.
        Creating "creating",
        /// It is built.
        Ready "ready",
        /// It is being destroyed, or that was interrupted.
        Destroying "destroying",
        /// Its files are kept, and the host does not have it.
        Detached "detached",
        /// A rollback could not finish.
        Failed "failed",
        /// Its file could not be read.
        Unreadable "unreadable",
        /// A newer zmgr wrote its entry: its addresses are held, and this zmgr does not change it.
        Newer "newer",
        /// The entry has a state that this zmgr does not know.
        Unknown "unknown",
    }
}

word_enum! {
    /// Status of a zone on the host.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let status = manager.zone("web01")?.status;
    /// assert!(status.is_some_and(ZoneStatus::is_active));
    /// assert_eq!(ZoneStatus::ShuttingDown.as_str(), "shutting_down");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ZoneStatus {
        /// The host does not have the zone.
        Absent "absent",
        /// It has a configuration but no files.
        Configured "configured",
        /// An installation or its removal began and is not complete.
        Incomplete "incomplete",
        /// It is installed and inactive.
        Installed "installed",
        /// It is active, without processes.
        Ready "ready",
        /// It is mounted for maintenance.
        Mounted "mounted",
        /// It is active.
        Running "running",
        /// It is on its way down.
        ShuttingDown "shutting_down",
        /// Its processes are gone, its kernel part is not.
        Down "down",
        /// The host named a state that zmgr does not know.
        Unknown "unknown",
    }
}

impl ZoneStatus {
    /// Returns true if the kernel knows the zone: it is up, or not completely down.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Absent | Self::Configured | Self::Incomplete | Self::Installed)
    }
}

impl zoneadm::ZoneState {
    /// Returns the status that callers see. Not a `From`, which would make the type of `exec` reachable for them.
    pub(crate) fn status(self) -> ZoneStatus {
        match self {
            zoneadm::ZoneState::Configured => ZoneStatus::Configured,
            zoneadm::ZoneState::Incomplete => ZoneStatus::Incomplete,
            zoneadm::ZoneState::Installed => ZoneStatus::Installed,
            zoneadm::ZoneState::Ready => ZoneStatus::Ready,
            zoneadm::ZoneState::Mounted => ZoneStatus::Mounted,
            zoneadm::ZoneState::Running => ZoneStatus::Running,
            zoneadm::ZoneState::ShuttingDown => ZoneStatus::ShuttingDown,
            zoneadm::ZoneState::Down => ZoneStatus::Down,
            zoneadm::ZoneState::Unknown => ZoneStatus::Unknown,
        }
    }
}

impl From<&EntryState> for ZoneState {
    fn from(state: &EntryState) -> ZoneState {
        match state {
            EntryState::Creating { .. } => ZoneState::Creating,
            EntryState::Ready => ZoneState::Ready,
            EntryState::Destroying { .. } => ZoneState::Destroying,
            EntryState::Detached => ZoneState::Detached,
            EntryState::Failed { .. } => ZoneState::Failed,
        }
    }
}
