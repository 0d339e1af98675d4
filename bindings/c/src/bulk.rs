//! What is done to several zones at once.

use std::ffi::c_char;

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{call, handle, optional_out, texts};
use crate::manager::zmgr_manager;
use crate::options::{
    self, zmgr_create_options, zmgr_destroy_options, zmgr_import_options, zmgr_recover_options, zmgr_reinstall_options,
    zmgr_run_options,
};
use crate::report::{report_to, zmgr_report};

/// Creates several zones, `run->jobs` at once. `*out` (which may be NULL) gets the report whenever the work began, also where
/// some or all of it failed: then the status is that of the one failure, or ZMGR_PARTIAL.
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::create_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.create_all(&names, &options, run))?)
        })
    }
}

/// Destroys several zones, `run->jobs` at once. The report as in zmgr_zones_create.
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::destroy_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.destroy(&names, &options, run))?)
        })
    }
}

/// Installs several zones again, `run->jobs` at once. The report as in zmgr_zones_create.
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::reinstall_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.reinstall_all(&names, &options, run))?)
        })
    }
}

/// Adopts zones that the host has, as they are; the host is only looked at. For `count` 0 every zone of the host: the report has
/// "adopted" ones and "skipped" ones, with the reason in their notes. The report as in zmgr_zones_create.
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::import_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.import(&names, &options, run))?)
        })
    }
}

/// Ends what a killed or failed zmgr left unfinished, for these zones or, where `count` is 0, for all: finished, or taken back as
/// if it had never begun, whichever loses least. ZMGR_BUSY for a zone that somebody works on; ZMGR_RECOVERY_NEEDED where only a
/// person can say which way it should go. The report as in zmgr_zones_create.
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::recover_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.recover(&names, &options, run))?)
        })
    }
}
