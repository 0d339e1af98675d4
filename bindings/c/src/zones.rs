//! Operations on one zone, and queries for zones.

use std::ffi::c_char;

use zmgr_core::Manager;

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, out, text};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{
    self, zmgr_create_options, zmgr_destroy_options, zmgr_halt_options, zmgr_query, zmgr_reinstall_options,
    zmgr_run_options,
};
use crate::zone::{zmgr_zone, zmgr_zone_list};

/// Returns the zones that match `query`; if it is NULL, all registered zones. A zone whose file has an error is in the list, with the
/// error.
/// Errors: ZMGR_NOT_FOUND for a name in the query that is not registered; ZMGR_UNSUPPORTED_HOST and ZMGR_COMMAND_FAILED only for
/// ZMGR_QUERY_HOST_REQUIRED.
///
/// # Safety
/// `manager` is a live manager; `query` NULL or options whose `size` is set; `out` points to a place for a pointer;
/// `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones(
    manager: *const zmgr_manager,
    query: *const zmgr_query,
    out: *mut *mut zmgr_zone_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let zones = handle(manager, "manager")?.0.zones(&options::query(query)?)?;
            out.set(|| zmgr_zone_list::new(zones));
            Ok(())
        })
    }
}

/// Returns the zone of this name. Reads one file and queries the host for the status.
/// Errors: ZMGR_NOT_FOUND if it is not registered.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place
/// for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_find(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let zone = handle(manager, "manager")?.0.zone(text(name, "name")?)?;
            out.set(|| zmgr_zone::new(zone));
            Ok(())
        })
    }
}

/// Creates a zone: allocates its addresses, configures and installs it, and boots it if its configuration says so. Rolls back on
/// failure, unless `run` or config.kdl says otherwise. `out` may be NULL.
/// Errors: ZMGR_EXISTS if the registry or the host already has the zone; ZMGR_NOT_FOUND (the template, the zone to clone);
/// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED if the rollback failed too.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; options are NULL or whose `size` is set; `out` and `error` are
/// NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_create(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_create_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::one(manager, name, options, run, out, error, Manager::create) }
}

/// Reinstalls a zone from scratch, keeping its addresses, links and configuration. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_COMMAND_FAILED;
/// ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_zone_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_reinstall(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_reinstall_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::one(manager, name, options, run, out, error, Manager::reinstall) }
}

/// Destroys a zone and what zmgr created for it: halts and uninstalls it, and deletes its configuration, VNICs and entry.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_COMMAND_FAILED;
/// ZMGR_RECOVERY_NEEDED if the zone on the host is not the one that zmgr created.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; options are NULL or whose `size` is set; `error` is NULL or
/// points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_destroy(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_destroy_options,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::alone(manager, name, options, run, error, Manager::destroy) }
}

/// Removes the entry of a zone from the registry. Does not change the zone on the host.
/// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_BUSY while another process works on the zone.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
/// points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_forget(
    manager: *const zmgr_manager,
    name: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::alone(manager, name, none, run, error, |m, names, _, run| m.forget(names, run))
    }
}
