"""Kinds of steps."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from .base import _Word


class StepKind(_Word):
    """Kind of a step of a plan."""

    #: Creates a VNIC.
    VNIC = "vnic"
    #: Renames a VNIC, or sets a property of it.
    LINK = "link"
    #: Deletes a VNIC.
    UNLINK = "unlink"
    #: Creates an interface or an address in the running zone, or removes one.
    PLUMB = "plumb"
    #: Creates a delegated dataset.
    DATASET = "dataset"
    #: Sets the quota of the zone's dataset.
    QUOTA = "quota"
    #: Destroys a delegated dataset that zmgr created.
    PURGE = "purge"
    #: Destroys a dataset that is left of a source of clones.
    ORIGIN = "origin"
    #: Creates the configuration with zonecfg.
    CONFIGURE = "configure"
    #: Changes the configuration with zonecfg.
    RECONFIGURE = "reconfigure"
    #: Deletes the configuration.
    UNCONFIGURE = "unconfigure"
    #: Gives the configuration another name.
    ZONECFG = "zonecfg"
    #: Sets autoboot.
    AUTOBOOT = "autoboot"
    #: Clears autoboot.
    AUTOBOOT_OFF = "autoboot-off"
    #: Installs the zone.
    INSTALL = "install"
    #: Clones the zone from another, or from a snapshot.
    CLONE = "clone"
    #: Uninstalls the zone.
    UNINSTALL = "uninstall"
    #: Attaches the zone's files.
    ATTACH = "attach"
    #: Detaches the zone's files.
    DETACH = "detach"
    #: Moves the zone to another zonepath.
    MOVE = "move"
    #: Writes files for the first boot.
    FIRST_BOOT = "first-boot"
    #: Sets a publisher.
    PUBLISHER = "publisher"
    #: Removes and orders publishers.
    PUBLISHERS = "publishers"
    #: Fetches the catalogs of the publishers.
    REFRESH = "refresh"
    #: Installs or updates packages.
    PACKAGES = "packages"
    #: Updates packages of a running zone.
    PACKAGES_RUNNING = "packages-running"
    #: Boots the zone.
    BOOT = "boot"
    #: Halts the zone.
    HALT = "halt"
    #: Shuts the zone down.
    SHUTDOWN = "shutdown"
    #: Reboots the zone.
    REBOOT = "reboot"
    #: Keeps a copy of the zone's file.
    COPY = "copy"
    #: Takes a snapshot.
    TAKE = "take"
    #: Destroys a snapshot.
    DELETE = "delete"
    #: Destroys a snapshot that is later than the one of the rollback.
    DISCARD = "discard"
    #: Removes the record of such a snapshot.
    DISCARDED = "discarded"
    #: Rolls a dataset back.
    ROLLBACK = "rollback"
    #: Clones a boot environment from a snapshot.
    CLONE_ENVIRONMENT = "clone-environment"
    #: Activates the new boot environment.
    ACTIVATE = "activate"
    #: Deactivates the old boot environment.
    DEACTIVATE = "deactivate"
    #: Mounts the active boot environment.
    MOUNT = "mount"
    #: Unmounts the root of a zone that is reinstalled, to keep it.
    UNMOUNT = "unmount"
    #: Marks a boot environment as an old root, so that an uninstall leaves it.
    SET_ASIDE = "set-aside"
    #: Destroys a root that was kept when its zone was reinstalled.
    DROP_ROOT = "drop-root"
    #: Moves the copies of the zone's file.
    COPIES = "copies"
    #: Destroys the snapshots that are left of a removed zone.
    DROP_SNAPSHOTS = "drop-snapshots"
    #: Moves the entry to another name.
    ENTRY = "entry"
    #: Edits a configuration file that names the zone.
    DOCUMENT = "document"
    #: Writes addresses and names to the entry.
    RESERVE = "reserve"
    #: Writes the applied state to the entry.
    APPLIED = "applied"
    #: Completes the entry.
    READY = "ready"
    #: Writes the entry of an imported zone.
    ADOPT = "adopt"
    #: Removes the entry, or the record of a snapshot.
    FORGET = "forget"
    #: Marks the entry as detached.
    DETACHED = "detached"
    #: Releases what the zone holds in the fleet.
    RELEASE = "release"
