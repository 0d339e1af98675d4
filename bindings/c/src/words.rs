//! Enumerations of the API: operations, what they did, states and statuses of zones.

use zmgr_core::{Action, Operation, Origin, ZoneState, ZoneStatus};

/// Converts a value of the core; 0 stands for none, and for values that are newer than the header.
macro_rules! converts {
    ($core:ident to $name:ident, or $none:ident: $($variant:ident $value:ident,)*) => {
        impl From<$core> for $name {
            fn from(value: $core) -> Self {
                match value {
                    $($core::$variant => $name::$value,)*
                    _ => $name::$none,
                }
            }
        }

        impl From<Option<$core>> for $name {
            fn from(value: Option<$core>) -> Self {
                value.map_or($name::$none, Self::from)
            }
        }
    };
}

/// Operation that can be planned. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_operation {
    /// An operation that is newer than this header.
    ZMGR_OPERATION_OTHER = 0,
    /// Create zones.
    ZMGR_OPERATION_CREATE = 1,
    /// Destroy zones.
    ZMGR_OPERATION_DESTROY = 2,
    /// Install zones again.
    ZMGR_OPERATION_REINSTALL = 3,
    /// Make the host match the files.
    ZMGR_OPERATION_APPLY = 4,
    /// Adopt zones that exist.
    ZMGR_OPERATION_IMPORT = 5,
    /// Remove entries and nothing else.
    ZMGR_OPERATION_FORGET = 6,
    /// Boot zones.
    ZMGR_OPERATION_BOOT = 7,
    /// Shut zones down.
    ZMGR_OPERATION_SHUTDOWN = 8,
    /// Give a zone another name.
    ZMGR_OPERATION_RENAME = 9,
    /// Take a snapshot of a zone.
    ZMGR_OPERATION_SNAPSHOT_CREATE = 10,
    /// Delete a snapshot of a zone.
    ZMGR_OPERATION_SNAPSHOT_DELETE = 11,
    /// Roll a zone back to a snapshot.
    ZMGR_OPERATION_SNAPSHOT_ROLLBACK = 12,
    /// Take zones from the host and keep their files and entries.
    ZMGR_OPERATION_DETACH = 13,
    /// Bring detached zones back.
    ZMGR_OPERATION_ATTACH = 14,
    /// Update the packages of zones.
    ZMGR_OPERATION_UPDATE = 15,
    /// Install new golden zones for templates, and remove those that nothing needs.
    ZMGR_OPERATION_REFRESH = 16,
}

converts! {
    Operation to zmgr_operation, or ZMGR_OPERATION_OTHER:
    Create ZMGR_OPERATION_CREATE,
    Destroy ZMGR_OPERATION_DESTROY,
    Reinstall ZMGR_OPERATION_REINSTALL,
    Apply ZMGR_OPERATION_APPLY,
    Import ZMGR_OPERATION_IMPORT,
    Forget ZMGR_OPERATION_FORGET,
    Boot ZMGR_OPERATION_BOOT,
    Shutdown ZMGR_OPERATION_SHUTDOWN,
    Rename ZMGR_OPERATION_RENAME,
    SnapshotCreate ZMGR_OPERATION_SNAPSHOT_CREATE,
    SnapshotDelete ZMGR_OPERATION_SNAPSHOT_DELETE,
    SnapshotRollback ZMGR_OPERATION_SNAPSHOT_ROLLBACK,
    Detach ZMGR_OPERATION_DETACH,
    Attach ZMGR_OPERATION_ATTACH,
    Update ZMGR_OPERATION_UPDATE,
    Refresh ZMGR_OPERATION_REFRESH,
}

/// Action of an operation on a zone. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_action {
    /// None, or an action that is newer than this header.
    ZMGR_ACTION_OTHER = 0,
    /// It was created.
    ZMGR_ACTION_CREATED = 1,
    /// It was destroyed.
    ZMGR_ACTION_DESTROYED = 2,
    /// It was installed again.
    ZMGR_ACTION_REINSTALLED = 3,
    /// Its changes were applied.
    ZMGR_ACTION_APPLIED = 4,
    /// It was destroyed and created again to apply its changes.
    ZMGR_ACTION_RECREATED = 5,
    /// It was imported.
    ZMGR_ACTION_ADOPTED = 6,
    /// Its entry was removed.
    ZMGR_ACTION_FORGOTTEN = 7,
    /// It was given another name.
    ZMGR_ACTION_RENAMED = 8,
    /// A snapshot of it was taken.
    ZMGR_ACTION_SNAPSHOT_TAKEN = 9,
    /// A snapshot of it was deleted.
    ZMGR_ACTION_SNAPSHOT_DELETED = 10,
    /// It was rolled back to a snapshot.
    ZMGR_ACTION_ROLLED_BACK = 11,
    /// It was booted.
    ZMGR_ACTION_BOOTED = 12,
    /// It was halted.
    ZMGR_ACTION_HALTED = 13,
    /// It was shut down.
    ZMGR_ACTION_SHUT_DOWN = 14,
    /// It was rebooted.
    ZMGR_ACTION_REBOOTED = 15,
    /// Its interrupted operation was finished.
    ZMGR_ACTION_FINISHED = 16,
    /// Its interrupted operation was given up, and the zone is as before.
    ZMGR_ACTION_RESTORED = 17,
    /// Its interrupted operation was undone.
    ZMGR_ACTION_UNDONE = 18,
    /// There was nothing to do.
    ZMGR_ACTION_UNCHANGED = 19,
    /// It was left out; the notes say why.
    ZMGR_ACTION_SKIPPED = 20,
    /// The operation failed; see zmgr_report_error().
    ZMGR_ACTION_FAILED = 21,
    /// It was taken from the host; its files and its entry stay.
    ZMGR_ACTION_DETACHED = 22,
    /// It was brought back.
    ZMGR_ACTION_ATTACHED = 23,
    /// Its packages were updated.
    ZMGR_ACTION_UPDATED = 24,
}

converts! {
    Action to zmgr_action, or ZMGR_ACTION_OTHER:
    Created ZMGR_ACTION_CREATED,
    Destroyed ZMGR_ACTION_DESTROYED,
    Reinstalled ZMGR_ACTION_REINSTALLED,
    Applied ZMGR_ACTION_APPLIED,
    Recreated ZMGR_ACTION_RECREATED,
    Adopted ZMGR_ACTION_ADOPTED,
    Forgotten ZMGR_ACTION_FORGOTTEN,
    Renamed ZMGR_ACTION_RENAMED,
    SnapshotTaken ZMGR_ACTION_SNAPSHOT_TAKEN,
    SnapshotDeleted ZMGR_ACTION_SNAPSHOT_DELETED,
    RolledBack ZMGR_ACTION_ROLLED_BACK,
    Booted ZMGR_ACTION_BOOTED,
    Halted ZMGR_ACTION_HALTED,
    ShutDown ZMGR_ACTION_SHUT_DOWN,
    Rebooted ZMGR_ACTION_REBOOTED,
    Finished ZMGR_ACTION_FINISHED,
    Restored ZMGR_ACTION_RESTORED,
    Undone ZMGR_ACTION_UNDONE,
    Unchanged ZMGR_ACTION_UNCHANGED,
    Skipped ZMGR_ACTION_SKIPPED,
    Failed ZMGR_ACTION_FAILED,
    Detached ZMGR_ACTION_DETACHED,
    Attached ZMGR_ACTION_ATTACHED,
    Updated ZMGR_ACTION_UPDATED,
}

/// State of a zone in the registry. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_state {
    /// The zone has not been created yet, or is not registered.
    ZMGR_STATE_NONE = 0,
    /// It is being created, reinstalled or changed, or that was interrupted.
    ZMGR_STATE_CREATING = 1,
    /// It is built.
    ZMGR_STATE_READY = 2,
    /// It is being destroyed, or that was interrupted.
    ZMGR_STATE_DESTROYING = 3,
    /// A rollback could not finish.
    ZMGR_STATE_FAILED = 4,
    /// Its file could not be read.
    ZMGR_STATE_UNREADABLE = 5,
    /// The entry has a state that this zmgr does not know.
    ZMGR_STATE_UNKNOWN = 6,
    /// A newer zmgr wrote its entry: its addresses are held, and this zmgr does not change it.
    ZMGR_STATE_NEWER = 7,
    /// It was taken from the host; its files and its entry stay.
    ZMGR_STATE_DETACHED = 8,
}

converts! {
    ZoneState to zmgr_state, or ZMGR_STATE_NONE:
    Creating ZMGR_STATE_CREATING,
    Ready ZMGR_STATE_READY,
    Destroying ZMGR_STATE_DESTROYING,
    Failed ZMGR_STATE_FAILED,
    Unreadable ZMGR_STATE_UNREADABLE,
    Unknown ZMGR_STATE_UNKNOWN,
    Newer ZMGR_STATE_NEWER,
    Detached ZMGR_STATE_DETACHED,
}

/// Status of a zone on the host. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_host_status {
    /// The host was not queried.
    ZMGR_HOST_STATUS_NONE = 0,
    /// The host does not have the zone.
    ZMGR_HOST_STATUS_ABSENT = 1,
    /// It has a configuration but no files.
    ZMGR_HOST_STATUS_CONFIGURED = 2,
    /// An installation or its removal began and is not complete.
    ZMGR_HOST_STATUS_INCOMPLETE = 3,
    /// It is installed and inactive.
    ZMGR_HOST_STATUS_INSTALLED = 4,
    /// It is active, without processes.
    ZMGR_HOST_STATUS_READY = 5,
    /// It is mounted for maintenance.
    ZMGR_HOST_STATUS_MOUNTED = 6,
    /// It is active.
    ZMGR_HOST_STATUS_RUNNING = 7,
    /// It is on its way down.
    ZMGR_HOST_STATUS_SHUTTING_DOWN = 8,
    /// Its processes are gone, its kernel part is not.
    ZMGR_HOST_STATUS_DOWN = 9,
    /// The host named a state that zmgr does not know.
    ZMGR_HOST_STATUS_UNKNOWN = 10,
}

converts! {
    ZoneStatus to zmgr_host_status, or ZMGR_HOST_STATUS_NONE:
    Absent ZMGR_HOST_STATUS_ABSENT,
    Configured ZMGR_HOST_STATUS_CONFIGURED,
    Incomplete ZMGR_HOST_STATUS_INCOMPLETE,
    Installed ZMGR_HOST_STATUS_INSTALLED,
    Ready ZMGR_HOST_STATUS_READY,
    Mounted ZMGR_HOST_STATUS_MOUNTED,
    Running ZMGR_HOST_STATUS_RUNNING,
    ShuttingDown ZMGR_HOST_STATUS_SHUTTING_DOWN,
    Down ZMGR_HOST_STATUS_DOWN,
    Unknown ZMGR_HOST_STATUS_UNKNOWN,
}

/// Origin of a zone's entry. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_origin {
    /// The zone is not registered.
    ZMGR_ORIGIN_NONE = 0,
    /// zmgr created the zone.
    ZMGR_ORIGIN_CREATE = 1,
    /// The zone was imported.
    ZMGR_ORIGIN_IMPORT = 2,
    /// A golden zone, from which others are cloned.
    ZMGR_ORIGIN_GOLDEN = 3,
}

converts! {
    Origin to zmgr_origin, or ZMGR_ORIGIN_NONE:
    Create ZMGR_ORIGIN_CREATE,
    Import ZMGR_ORIGIN_IMPORT,
    Golden ZMGR_ORIGIN_GOLDEN,
}
