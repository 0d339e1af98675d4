//! The documents that people write, and what is wrong with them.

use std::ffi::c_char;

use serde_json::{Value, json};
use zmgr_core::{Diagnostic, Manager, Pool, Publisher, Template};

use crate::error::{zmgr_diagnostic, zmgr_error, zmgr_status};
use crate::ffi::{call, free, handle, optional_out, read, read_part, text};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::value::zmgr_value;

/// Findings, in the order of files and lines. A snapshot: immutable, any thread may read it; it outlives the manager, until
/// zmgr_diagnostic_list_free.
pub struct zmgr_diagnostic_list(Vec<zmgr_diagnostic>);

impl zmgr_diagnostic_list {
    pub(crate) fn new(found: &[Diagnostic]) -> Self {
        zmgr_diagnostic_list(found.iter().map(zmgr_diagnostic::new).collect())
    }
}

/// Writes the first tree: a small one that works, with comments that teach the format. What is there already stays as it is.
/// `*out` (which may be NULL) gets the list of the files that were written.
/// Errors: those that any call has.
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

/// What holds for the whole tree: a map, times in seconds.
/// Errors: ZMGR_CONFIG where config.kdl has a fault.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_config(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::value(manager, out, error, |manager| Ok(manager.config()?.to_json())) }
}

/// The template of this name as a map; for `name` NULL a list of all, by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
///
/// # Safety
/// `manager` is a live manager; `name` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so
/// too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_templates(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    let one = |m: &Manager, name: &str| Ok(m.template(name)?.to_json());
    let all = |m: &Manager| Ok(m.templates()?.iter().map(Template::to_json).collect());
    unsafe { operate::value_or_all(manager, (name, "name"), out, error, one, all) }
}

/// The pool of this name as a map; for `name` NULL a list of all, by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
///
/// # Safety
/// As for zmgr_templates.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_pools(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    let one = |m: &Manager, name: &str| Ok(m.pool(name)?.to_json());
    let all = |m: &Manager| Ok(m.pools()?.iter().map(Pool::to_json).collect());
    unsafe { operate::value_or_all(manager, (name, "name"), out, error, one, all) }
}

/// The publisher of this name as a map; for `name` NULL a list of all, by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
///
/// # Safety
/// As for zmgr_templates.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_publishers(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    let one = |m: &Manager, name: &str| Ok(m.publisher(name)?.to_json());
    let all = |m: &Manager| Ok(m.publishers()?.iter().map(Publisher::to_json).collect());
    unsafe { operate::value_or_all(manager, (name, "name"), out, error, one, all) }
}

/// The wish for a zone after all layers; each value that comes from a document is a map of "value" and "source", its file and
/// line.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where the zone's file, or one that it builds on, has a fault.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_spec(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::value(manager, out, error, |manager| Ok(manager.effective(text(name, "name")?)?.to_json())) }
}

/// Every finding of every document, alone and together; where a host answers, also what they count on and it does not have.
/// Findings are no failure of the call.
/// Errors: those that any call has.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_check(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::findings(manager, out, error, Manager::check) }
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
    unsafe { read_part(list, |list| list.0.get(index)) }
}

/// Frees a list and its findings. NULL is fine.
///
/// # Safety
/// `list` is NULL or a list of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_list_free(list: *mut zmgr_diagnostic_list) {
    unsafe { free(list) }
}
