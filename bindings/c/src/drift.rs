//! Drift, and changes of settings.

use std::ffi::c_char;

use zmgr_core::{Code, Error};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, optional_out, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{self, zmgr_run_options};
use crate::value::zmgr_value;
use crate::zone::zmgr_zone;

/// Compares these zones (if `count` is 0: all) with their files. Returns a list of maps with the keys of `zmgr diff --json`. Changes
/// nothing. A zone whose files have errors is in the list with the error. On a machine that cannot manage zones, the same as
/// zmgr_diff_offline().
/// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST if there is no tree either.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
/// so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diff(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        operate::value(manager, out, error, |manager| Ok(manager.diff(&texts(names, count, "names")?)?.to_json()))
    }
}

/// Compares these zones (if `count` is 0: all) with their files without querying the host: desired with applied state. Needs no
/// host. Returns a list as in zmgr_diff(); `unchecked` is true in each map.
/// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST if there is neither a host nor a tree.
///
/// # Safety
/// See zmgr_diff.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diff_offline(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        operate::value(manager, out, error, |manager| {
            Ok(manager.diff_offline(&texts(names, count, "names")?)?.to_json())
        })
    }
}

/// Changes settings in a zone's file: strings such as "attr.owner=alice" or "capped-memory.physical=2G"; an empty value removes the
/// zone's own setting. Only the file changes; zmgr_apply() changes the host. Uses only `cancel` of `run`. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_INVALID_ARGUMENT for an invalid key or value, in which case nothing changes; ZMGR_CONFIG if the file
/// is unreadable; ZMGR_BUSY and ZMGR_CANCELLED while another process works on the zone.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `pairs` points to `count` texts; `run` is NULL or points to a struct whose
/// `size` is set; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_set(
    manager: *const zmgr_manager,
    name: *const c_char,
    pairs: *const *const c_char,
    count: usize,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let mut given = Vec::new();
            for pair in texts(pairs, count, "pairs")? {
                let wrong = || Error::new(Code::InvalidArgument, format!("{pair:?} is not KEY=VALUE"));
                given.push(pair.split_once('=').ok_or_else(wrong)?);
            }
            let zone = options::with_run_options(run, |run| manager.0.set(name, &given, run))?;
            out.set(|| zmgr_zone::new(zone));
            Ok(())
        })
    }
}
