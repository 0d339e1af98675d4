//! Data sets: a directory a data set below /etc/zfs, in the pool's own tree; in it `@`, the data set's own facts, a file
//! `@NAME` a snapshot, and the contents of what is not mounted or was snapped.
//!
//! Invariant: a data set is there when its directory is; every change of its facts is one rename, made under the lock
//! `datasets`. A mounted data set's contents lie at its mount point, nowhere else.
//!
//! [source: libzfs_dataset.c, libzfs_changelist.c, dsl_dir.c; recorded: datasets_after, mounts and snapshots of hooks.jsonl]

pub(crate) mod devices;
mod facts;
mod life;
mod mounts;

pub(crate) use facts::{
    Dataset, Snapshot, children, descendants, find, find_snapshot, inherited, is_valid, mountpoint, pools, put,
    snapshots,
};
pub(crate) use life::{create, destroy, destroy_snapshot, hold, promote, rename, rename_snapshot, roll_back, snapshot};
pub(crate) use mounts::{mount, mount_over, mounted_at, mounted_inside, unmount};
