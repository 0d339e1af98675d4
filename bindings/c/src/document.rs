//! The documents that people write, and what is wrong with them.

use serde_json::{Value, json};
use zmgr_core::Diagnostic;

use crate::error::{zmgr_diagnostic, zmgr_error, zmgr_status};
use crate::ffi::{call, free, handle, optional_out, read};
use crate::manager::zmgr_manager;
use crate::value::zmgr_value;

/// Findings. A snapshot.
pub struct zmgr_diagnostic_list(Vec<zmgr_diagnostic>);

impl zmgr_diagnostic_list {
    pub(crate) fn new(found: &[Diagnostic]) -> Self {
        zmgr_diagnostic_list(found.iter().map(zmgr_diagnostic::new).collect())
    }
}

/// Writes the first tree: a small one that works, with comments that teach the format. What is there already stays as it is.
/// `*out` (which may be NULL) gets the list of the files that were written.
///
/// # Safety
/// `manager` is a live manager; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_init(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let written = handle(manager, "manager")?.0.init()?;
            out.set(|| {
                zmgr_value::new(&Value::Array(written.iter().map(|path| json!(path.to_string_lossy())).collect()))
            });
            Ok(())
        })
    }
}

/// How many findings.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_len(list: *const zmgr_diagnostic_list) -> usize {
    unsafe { read(list, 0, |list| list.0.len()) }
}

/// Finding number `index`; NULL past the last. It belongs to the list.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_get(
    list: *const zmgr_diagnostic_list,
    index: usize,
) -> *const zmgr_diagnostic {
    unsafe { read(list, std::ptr::null(), |list| list.0.get(index).map_or(std::ptr::null(), std::ptr::from_ref)) }
}

/// Frees a list and its findings. NULL is fine.
///
/// # Safety
/// `list` is NULL or a list of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_free(list: *mut zmgr_diagnostic_list) {
    unsafe { free(list) }
}
