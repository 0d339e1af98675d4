//! Operations on several zones.

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

/// Creates several zones, `run->jobs` in parallel. `*out` receives the report if the operation started, even if some or all of it
/// failed. `out` may be NULL.
/// Errors: for one name that of zmgr_zone_create; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; options are NULL or whose `size` is set; `out` and
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

/// Destroys several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_destroy; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Reinstalls several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_reinstall; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Boots several zones, `run->jobs` in parallel, and waits until they are running: each once those of them that it comes after have
/// started their services. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_boot; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Boots every built zone that boots with the host, `run->jobs` in parallel, each once the zones that it comes after have started their
/// services. Zones with an unfinished operation are "skipped". For the report see zmgr_zones_create().
/// Errors: ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled; of a single zone, that of zmgr_zone_boot.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_boot_all(
    manager: *const zmgr_manager,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::several(manager, (std::ptr::null(), 0), none, run, out, error, |m, _, _, run| m.boot_all(run))
    }
}

/// Shuts down every built zone of the registry, `run->jobs` in parallel, each once the zones that come after it are down. Zones with an
/// unfinished operation are "skipped". For the report see zmgr_zones_create().
/// Errors: ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled; of a single zone, that of zmgr_zone_shutdown.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_shutdown_all(
    manager: *const zmgr_manager,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        operate::several(manager, (std::ptr::null(), 0), options, run, out, error, |m, _, halt, run| {
            m.shutdown_all(halt, run)
        })
    }
}

/// Halts several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_halt; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Shuts several zones down, `run->jobs` in parallel, each once those of them that come after it are down. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_shutdown; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Reboots several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
/// Errors: for one name that of zmgr_zone_reboot; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
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

/// Adds zones of the host to the registry without changing the host. If `count` is 0, all zones of the host: the actions in the
/// report are "adopted" and "skipped", and a note gives the reason for skipping. For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND for a name that the host does not have; ZMGR_EXISTS for one that is registered; ZMGR_PARTIAL if
/// any of several failed.
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

/// Removes the entries of several zones from the registry, and nothing else. For the report see zmgr_zones_create().
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

/// Makes the host match the files of these zones (if `count` is 0: of all): creates zones that are not built yet and changes what
/// differs. Leaves settings that are not in the files unless `prune` is set. The report as in zmgr_zones_create; its actions are
/// "created", "applied", "recreated" and "unchanged".
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that is unreadable; ZMGR_RECOVERY_NEEDED for an unfinished operation;
/// those of zmgr_zone_create() for zones that are created; ZMGR_PARTIAL if any of several failed.
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

/// Recovers interrupted operations of these zones (if `count` is 0: of all). Each is resumed or rolled back, whichever loses less.
/// For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND; ZMGR_BUSY for a zone that another process works on; ZMGR_RECOVERY_NEEDED if you have to choose the
/// direction (`resume` or `roll_back`); ZMGR_PARTIAL if any of several failed.
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
