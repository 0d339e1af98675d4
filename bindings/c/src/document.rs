//! Configuration files and their diagnostics.

use std::ffi::c_char;

use serde_json::{Value, json};
use zmgr_core::{Manager, Pool, Publisher, Template};

use crate::diagnostic::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, optional_out, optional_text, text};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{with_run_options, zmgr_run_options};
use crate::value::zmgr_value;

/// Writes commented starter configuration files. Never overwrites a file. `*out` receives the list of files written; `out` may be
/// NULL.
/// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
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

/// Returns the global settings as a map; times are in seconds.
/// Errors: ZMGR_CONFIG for an error in config.kdl.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_config(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::value(manager, out, error, |manager| Ok(manager.config()?.to_json())) }
}

/// Returns the template of this name as a map; if `name` is NULL, a list of all templates by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
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

/// Returns the pool of this name as a map; if `name` is NULL, a list of all pools by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
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

/// Returns the publisher of this name as a map; if `name` is NULL, a list of all publishers by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
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

/// Returns the resolved desired state (spec) of a zone. Each value from a configuration file is a map of "value" and "source" (its
/// file and line).
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in the zone's file or in a file that it depends on.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place
/// for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_spec(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::value(manager, out, error, |manager| Ok(manager.effective(text(name, "name")?)?.to_json())) }
}

/// Replaces the text of a configuration file, by its path below the root such as "pools/internal.kdl", and keeps its mode and owner.
/// `was` is the text that the change is based on; NULL creates a file that must not exist. Only the file changes; zmgr_apply()
/// changes the host. Uses only `cancel` of `run`. `*out` receives the warnings about the new text; `out` may be NULL.
/// Errors: after any of them nothing is written. ZMGR_CONFIG if the file would not be valid, or if another file would get an error that it
/// does not have now; ZMGR_STALE_PLAN if the text on disk is not `was`; ZMGR_EXISTS; ZMGR_NOT_FOUND; ZMGR_INVALID_ARGUMENT for
/// another path, or a text that changes what only zmgr writes; ZMGR_BUSY and ZMGR_CANCELLED while another process has the lock.
///
/// # Safety
/// `manager` is a live manager; `path` and `text` end in a NUL; `was` is NULL or ends in a NUL; `run` is NULL or points to a struct
/// whose `size` is set; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_file_write(
    manager: *const zmgr_manager,
    path: *const c_char,
    text: *const c_char,
    was: *const c_char,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, path) = (handle(manager, "manager")?, self::text(path, "path")?);
            let (text, was) = (self::text(text, "text")?, optional_text(was, "was")?);
            let found = with_run_options(run, |run| manager.0.write_file(path, text, was, run))?;
            out.set(|| zmgr_diagnostic_list::new(&found));
            Ok(())
        })
    }
}

/// Checks all configuration files and, if the host can be queried, what they need on the host. Returns ZMGR_OK even if there are
/// findings.
/// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_check(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::findings(manager, out, error, Manager::check) }
}
