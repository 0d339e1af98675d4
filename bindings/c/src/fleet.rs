//! The trees of several hosts, compared.

use std::ffi::c_char;

use serde_json::json;
use zmgr_core::Fleet;

use crate::diagnostic::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{out, texts};
use crate::guard::call;
use crate::value::zmgr_value;

/// Compares `count` trees (directories such as "h1/etc/zmgr"), one per host. Reads files only; needs no manager and no host.
/// `out` receives a diagnostic for each address or MAC address that is held twice, each pool that differs between hosts and each
/// file that cannot be read (errors), and for each zone name that two hosts use (warnings). Returns ZMGR_OK even if there are
/// findings.
/// Errors: ZMGR_INVALID_ARGUMENT if `count` is 0; ZMGR_NOT_FOUND if a tree does not exist; ZMGR_IO.
///
/// # Safety
/// `trees` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_check(
    trees: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let found = Fleet::read(texts(trees, count, "trees")?)?.check();
            out.set(|| zmgr_diagnostic_list::new(&found));
            Ok(())
        })
    }
}

/// Lists the zones of `count` trees, one tree per host: a list of maps with the keys "host", "name", "id", "template",
/// "addresses", "macs" and "file", by host in the order of the trees, then by name.
/// Errors: as for zmgr_fleet_check.
///
/// # Safety
/// As for zmgr_fleet_check.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_list(
    trees: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let fleet = Fleet::read(texts(trees, count, "trees")?)?;
            out.set(|| zmgr_value::new(&json!(fleet.zones().collect::<Vec<_>>())));
            Ok(())
        })
    }
}
