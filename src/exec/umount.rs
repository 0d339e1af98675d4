//! `umount`: roots of zones, which have a legacy mount point.

use super::Invocation;

/// Unmounts what is mounted at this path. Fails if anything uses it.
pub fn unmount(path: &str) -> Invocation {
    Invocation::new("umount").arg(path)
}
