//! What is done to several zones at once.

use std::ffi::c_char;

use zmgr_core::Manager;

use crate::error::{zmgr_error, zmgr_status};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{
    zmgr_apply_options, zmgr_create_options, zmgr_destroy_options, zmgr_halt_options, zmgr_import_options,
    zmgr_recover_options, zmgr_reinstall_options, zmgr_run_options,
};
use crate::report::zmgr_report;

/// Creates several zones, `run->jobs` at once. `*out` (which may be NULL) gets the report whenever the work began, also where
/// some or all of it failed.
/// Errors: for one name that of zmgr_zone_create; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; options are NULL or of the size that they state; `out` and
/// `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_create(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_create_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::create_all) }
}

/// Destroys several zones, `run->jobs` at once. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_destroy; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_destroy(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_destroy_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::destroy) }
}

/// Installs several zones again, `run->jobs` at once. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_reinstall; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_reinstall(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_reinstall_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::reinstall_all) }
}

/// Boots several zones, `run->jobs` at once, and waits until they run. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_boot; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_boot(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::several(manager, (names, count), none, run, out, error, |m, names, _, run| m.boot(names, run))
    }
}

/// Halts several zones, `run->jobs` at once. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_halt; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_halt(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::halt) }
}

/// Shuts several zones down, `run->jobs` at once. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_shutdown; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_shutdown(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::shutdown) }
}

/// Reboots several zones, `run->jobs` at once. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_reboot; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_reboot(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::reboot) }
}

/// Adopts zones that the host has, as they are; the host is only looked at. For `count` 0 every zone of the host: the report has
/// "adopted" ones and "skipped" ones, with the reason in their notes. The report as in zmgr_zones_create.
/// Errors: ZMGR_NOT_FOUND for a name that the host does not have; ZMGR_EXISTS for one that is registered; ZMGR_PARTIAL where
/// there were several and any failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_import(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_import_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::import) }
}

/// Removes the entries of several zones from the registry, and nothing else. The report as in zmgr_zones_create.
/// Errors: for one name that of zmgr_zone_forget; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were stopped.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_forget(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::several(manager, (names, count), none, run, out, error, |m, names, _, run| m.forget(names, run))
    }
}

/// Brings the host to the files of these zones (for `count` 0: of all): builds wishes, changes what differs, leaves what somebody
/// else put there. The report as in zmgr_zones_create; its actions are "created", "applied", "recreated" and "unchanged".
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that cannot be read; ZMGR_RECOVERY_NEEDED for unfinished work; those of
/// zmgr_zone_create for wishes; ZMGR_PARTIAL where there were several and any failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_apply(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_apply_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::apply) }
}

/// Ends what a killed or failed zmgr left unfinished, for these zones or, where `count` is 0, for all: finished, or taken back as
/// if it had never begun, whichever loses least. The report as in zmgr_zones_create.
/// Errors: ZMGR_NOT_FOUND; ZMGR_BUSY for a zone that somebody works on; ZMGR_RECOVERY_NEEDED where only a person can say which way
/// it should go; ZMGR_PARTIAL where there were several and any failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_recover(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_recover_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::recover) }
}
