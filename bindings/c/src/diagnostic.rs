//! Lists of diagnostics.

use zmgr_core::Diagnostic;

use crate::error::zmgr_diagnostic;
use crate::ffi::{free, read, read_part};

/// Diagnostics, ordered by file and line. An immutable snapshot that any thread may read; valid until
/// zmgr_diagnostic_list_free(), even after zmgr_close().
pub struct zmgr_diagnostic_list(Vec<zmgr_diagnostic>);

impl zmgr_diagnostic_list {
    pub(crate) fn new(found: &[Diagnostic]) -> Self {
        zmgr_diagnostic_list(found.iter().map(zmgr_diagnostic::new).collect())
    }
}

/// Returns the number of diagnostics.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_len(list: *const zmgr_diagnostic_list) -> usize {
    unsafe { read(list, 0, |list| list.0.len()) }
}

/// Returns diagnostic `index`, which the list owns; NULL if out of range.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_get(
    list: *const zmgr_diagnostic_list,
    index: usize,
) -> *const zmgr_diagnostic {
    unsafe { read_part(list, |list| list.0.get(index)) }
}

/// Frees a list and its diagnostics; does nothing if it is NULL.
///
/// # Safety
/// `list` is NULL or a list that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_free(list: *mut zmgr_diagnostic_list) {
    unsafe { free(list) }
}
