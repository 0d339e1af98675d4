//! Parts of a zonepath.

/// Returns the parent directory of a zonepath.
pub(crate) fn parent(zonepath: &str) -> &str {
    match zonepath.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &zonepath[..at],
    }
}

/// Returns the last component of a zonepath.
pub(crate) fn base(zonepath: &str) -> &str {
    zonepath.rsplit('/').next().unwrap_or_default()
}
