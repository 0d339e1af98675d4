//! Making and running plans.

use std::ffi::c_char;

use zmgr_core::Manager;

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, optional_out};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{
    self, zmgr_apply_options, zmgr_create_options, zmgr_destroy_options, zmgr_halt_options, zmgr_import_options,
    zmgr_reinstall_options, zmgr_run_options,
};
use crate::plan::zmgr_plan;
use crate::report::{report_to, zmgr_report};

/// Plans the creation of these zones.
/// Errors: the foreseeable ones of zmgr_zone_create(): ZMGR_EXISTS, ZMGR_NOT_FOUND (a template, the zone to clone), ZMGR_CONFIG,
/// ZMGR_POOL_EXHAUSTED, ZMGR_ADDRESS_IN_USE, ZMGR_UNSUPPORTED_HOST.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; `options` is NULL or points to a struct whose `size` is set;
/// `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_create(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_create_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_create) }
}

/// Plans the destruction of these zones.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_destroy(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_destroy_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_destroy) }
}

/// Plans the boot of these zones, in the order of `after`; if `count` is 0, of those of zmgr_zones_boot_all(). A running zone has no step.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed; ZMGR_CONFIG for zones that come after each other in a circle;
/// ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_boot(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::plan(manager, (names, count), none, out, error, |m, names, _| m.plan_boot(names))
    }
}

/// Plans the shutdown of these zones, in the reverse order of `after`; if `count` is 0, of those of zmgr_zones_shutdown_all().
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_shutdown(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_halt_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_shutdown) }
}

/// Plans the reinstallation of these zones.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_reinstall(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_reinstall_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_reinstall) }
}

/// Plans the import of these zones; if `count` is 0, of all zones of the host.
/// Errors: ZMGR_NOT_FOUND (a zone that the host does not have, a template); ZMGR_EXISTS for one that is registered.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_import(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_import_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_import) }
}

/// Plans the removal of these zones' entries from the registry. The notes of a change list what is lost with the entry.
/// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_forget(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::plan(manager, (names, count), none, out, error, |m, names, _| m.plan_forget(names))
    }
}

/// Plans the changes that make the host match the files of these zones; if `count` is 0, of all zones.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that is unreadable; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_apply(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_apply_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_apply) }
}

/// Runs a plan, unless its basis has changed. `*out` receives the report if the plan was run, even if some or all of it failed. `out`
/// may be NULL.
/// Errors: ZMGR_STALE_PLAN, in which case nothing was done; those of the planned operation.
///
/// # Safety
/// `manager` is a live manager, `plan` a live plan; `run` is NULL or points to a struct whose `size` is set; `out` and `error` are
/// NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_run(
    manager: *const zmgr_manager,
    plan: *const zmgr_plan,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, plan) = (handle(manager, "manager")?, handle(plan, "plan")?);
            report_to(out, options::with_run_options(run, |run| manager.0.run(&plan.plan, run))?)
        })
    }
}
