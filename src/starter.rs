//! The tree that `zmgr init` writes: small, with comments that teach.

/// The files of a first tree: path below the root, and text.
pub fn starter() -> Vec<(&'static str, &'static str)> {
    Vec::new()
}
