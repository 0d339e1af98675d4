//! The operations, and what they did to a zone.

use crate::value::word_enum;

word_enum! {
    /// An operation that can be planned.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
    /// assert_eq!((plan.operation, plan.operation.as_str()), (Operation::Create, "create"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Operation {
        /// Create zones.
        Create "create",
        /// Destroy zones.
        Destroy "destroy",
        /// Install zones again.
        Reinstall "reinstall",
        /// Make the host match the files.
        Apply "apply",
        /// Adopt zones that exist.
        Import "import",
        /// Remove entries and nothing else.
        Forget "forget",
        /// Boot zones.
        Boot "boot",
        /// Shut zones down.
        Shutdown "shutdown",
        /// Give a zone another name.
        Rename "rename",
        /// Take a snapshot of a zone.
        SnapshotCreate "snapshot-create",
        /// Delete a snapshot of a zone.
        SnapshotDelete "snapshot-delete",
        /// Roll a zone back to a snapshot.
        SnapshotRollback "snapshot-rollback",
        /// Take zones from the host and keep their files.
        Detach "detach",
        /// Bring back detached zones, or files that were kept.
        Attach "attach",
        /// Update the packages of zones.
        Update "update",
        /// Install new golden zones for templates, and remove those that nothing needs.
        Refresh "refresh",
    }
}

word_enum! {
    /// Action of an operation on a zone.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let report = manager.create_all(&["web01"], &CreateOptions::new(), &mut RunOptions::new())?;
    /// assert_eq!(report.outcomes[0].action, Action::Created);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Action {
        /// It was created.
        Created "created",
        /// It was destroyed.
        Destroyed "destroyed",
        /// It was installed again.
        Reinstalled "reinstalled",
        /// Its changes were applied.
        Applied "applied",
        /// It was destroyed and created again to apply its changes.
        Recreated "recreated",
        /// It was imported.
        Adopted "adopted",
        /// Its entry was removed.
        Forgotten "forgotten",
        /// It was given another name.
        Renamed "renamed",
        /// A snapshot of it was taken.
        SnapshotTaken "snapshot-taken",
        /// A snapshot of it was deleted.
        SnapshotDeleted "snapshot-deleted",
        /// It was rolled back to a snapshot.
        RolledBack "rolled-back",
        /// It was taken from the host, and its files were kept.
        Detached "detached",
        /// Its files were attached.
        Attached "attached",
        /// Its packages were updated.
        Updated "updated",
        /// It was booted.
        Booted "booted",
        /// It was halted.
        Halted "halted",
        /// It was shut down.
        ShutDown "shut-down",
        /// It was rebooted.
        Rebooted "rebooted",
        /// Its interrupted operation was finished.
        Finished "finished",
        /// Its interrupted operation was given up, and the zone is as before.
        Restored "restored",
        /// Its interrupted operation was undone.
        Undone "undone",
        /// There was nothing to do.
        Unchanged "unchanged",
        /// It was left out; the notes say why.
        Skipped "skipped",
        /// The operation failed; the outcome has the error.
        Failed "failed",
    }
}
