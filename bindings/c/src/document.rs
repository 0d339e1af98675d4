//! The documents that people write, and what is wrong with them.

use std::ffi::c_char;

use serde_json::{Value, json};
use zmgr_core::Diagnostic;

use crate::error::{zmgr_diagnostic, zmgr_error, zmgr_status};
use crate::ffi::{call, free, handle, optional_out, optional_text, out, read, text};
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

/// What holds for the whole tree: a map, times in seconds.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_config(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = &handle(manager, "manager")?.0;
            let value = manager.config()?.to_json();
            out.set(|| zmgr_value::new(&value));
            Ok(())
        })
    }
}

/// The template of this name as a map; for `name` NULL a list of all, by name.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_templates(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = &handle(manager, "manager")?.0;
            let value = match optional_text(name, "name")? {
                Some(name) => manager.template(name)?.to_json(),
                None => manager.templates()?.iter().map(|each| each.to_json()).collect(),
            };
            out.set(|| zmgr_value::new(&value));
            Ok(())
        })
    }
}

/// The pool of this name as a map; for `name` NULL a list of all, by name.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_pools(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = &handle(manager, "manager")?.0;
            let value = match optional_text(name, "name")? {
                Some(name) => manager.pool(name)?.to_json(),
                None => manager.pools()?.iter().map(|each| each.to_json()).collect(),
            };
            out.set(|| zmgr_value::new(&value));
            Ok(())
        })
    }
}

/// The publisher of this name as a map; for `name` NULL a list of all, by name.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_publishers(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = &handle(manager, "manager")?.0;
            let value = match optional_text(name, "name")? {
                Some(name) => manager.publisher(name)?.to_json(),
                None => manager.publishers()?.iter().map(|each| each.to_json()).collect(),
            };
            out.set(|| zmgr_value::new(&value));
            Ok(())
        })
    }
}

/// The wish for a zone after all layers; each value that comes from a document is a map of "value" and "source", its file and
/// line.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_spec(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = &handle(manager, "manager")?.0;
            let value = manager.effective(text(name, "name")?)?.to_json();
            out.set(|| zmgr_value::new(&value));
            Ok(())
        })
    }
}

/// Every finding of every document, alone and together, in the order of files and lines; where a host answers, also what they count
/// on and it does not have.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_check(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let found = handle(manager, "manager")?.0.check()?;
            out.set(|| zmgr_diagnostic_list::new(&found));
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
