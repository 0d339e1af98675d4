//! Kinds of the steps of a plan.

use crate::value::word_enum;

word_enum! {
    /// Kind of a step of a plan.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
    /// assert!(plan.changes[0].steps.iter().any(|step| step.kind == StepKind::Install));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    StepKind {
        /// Creates a VNIC.
        Vnic "vnic",
        /// Renames a VNIC, or sets a property of it.
        Link "link",
        /// Deletes a VNIC.
        Unlink "unlink",
        /// Creates an interface or an address in the running zone, or removes one.
        Plumb "plumb",
        /// Creates a delegated dataset.
        Dataset "dataset",
        /// Sets the quota of the zone's dataset.
        Quota "quota",
        /// Destroys a delegated dataset that zmgr created.
        Purge "purge",
        /// Destroys a dataset that is left of a source of clones.
        Origin "origin",
        /// Creates the configuration with zonecfg.
        Configure "configure",
        /// Changes the configuration with zonecfg.
        Reconfigure "reconfigure",
        /// Deletes the configuration.
        Unconfigure "unconfigure",
        /// Gives the configuration another name.
        Zonecfg "zonecfg",
        /// Sets autoboot.
        Autoboot "autoboot",
        /// Clears autoboot.
        AutobootOff "autoboot-off",
        /// Installs the zone.
        Install "install",
        /// Clones the zone from another, or from a snapshot.
        Clone "clone",
        /// Uninstalls the zone.
        Uninstall "uninstall",
        /// Attaches the zone's files.
        Attach "attach",
        /// Detaches the zone's files.
        Detach "detach",
        /// Moves the zone to another zonepath.
        Move "move",
        /// Writes files for the first boot.
        FirstBoot "first-boot",
        /// Sets a publisher.
        Publisher "publisher",
        /// Removes and orders publishers.
        Publishers "publishers",
        /// Fetches the catalogs of the publishers.
        Refresh "refresh",
        /// Installs or updates packages.
        Packages "packages",
        /// Updates packages of a running zone.
        PackagesRunning "packages-running",
        /// Boots the zone.
        Boot "boot",
        /// Halts the zone.
        Halt "halt",
        /// Shuts the zone down.
        ShutDown "shutdown",
        /// Reboots the zone.
        Reboot "reboot",
        /// Keeps a copy of the zone's file.
        Copy "copy",
        /// Takes a snapshot.
        Take "take",
        /// Destroys a snapshot.
        Delete "delete",
        /// Destroys a snapshot that is later than the one of the rollback.
        Discard "discard",
        /// Removes the record of such a snapshot.
        Discarded "discarded",
        /// Rolls a dataset back.
        RollBack "rollback",
        /// Clones a boot environment from a snapshot.
        CloneEnvironment "clone-environment",
        /// Activates the new boot environment.
        Activate "activate",
        /// Deactivates the old boot environment.
        Deactivate "deactivate",
        /// Mounts the active boot environment.
        Mount "mount",
        /// Unmounts the root of a zone that is reinstalled, to keep it.
        Unmount "unmount",
        /// Marks a boot environment as an old root, so that an uninstall leaves it.
        SetAside "set-aside",
        /// Destroys a root that was kept when its zone was reinstalled.
        DropRoot "drop-root",
        /// Moves the copies of the zone's file.
        Copies "copies",
        /// Destroys the snapshots that are left of a removed zone.
        DropSnapshots "drop-snapshots",
        /// Moves the entry to another name.
        Entry "entry",
        /// Edits a configuration file that names the zone.
        Document "document",
        /// Writes addresses and names to the entry.
        Reserve "reserve",
        /// Writes the applied state to the entry.
        Applied "applied",
        /// Completes the entry.
        Ready "ready",
        /// Writes the entry of an imported zone.
        Adopt "adopt",
        /// Removes the entry, or the record of a snapshot.
        Forget "forget",
        /// Marks the entry as detached.
        Detached "detached",
        /// Releases what the zone holds in the fleet.
        Release "release",
    }
}

impl StepKind {
    /// Returns the kind of a step with this id, such as `vnic:internal`; `None` if it is not one of these.
    pub(crate) fn of_id(id: &str) -> Option<StepKind> {
        id.split(':').next()?.parse().ok()
    }
}
