//! Detaching and attaching zones.

use std::ffi::c_char;

use zmgr_core::{AttachOptions, Manager, Result};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Options, optional_text};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{Given, zmgr_halt_options, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::zmgr_report;

/// Options for zmgr_zones_attach() and zmgr_plan_attach().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_attach_options {
    /// sizeof(zmgr_attach_options)
    pub size: usize,
    /// Template of a zone without an entry; NULL: `default-template` of config.kdl.
    pub template_name: *const c_char,
    /// Update the zone's packages to those of the host, in place: after an upgrade of the host.
    pub update: bool,
    /// Boot at the end.
    pub boot: bool,
    /// Take a snapshot of the zone's files first, with the label "before-attach".
    pub snapshot: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_attach_options {}

impl Given for zmgr_attach_options {
    type Wanted = AttachOptions;

    unsafe fn wanted(&self) -> Result<AttachOptions> {
        let mut attach = AttachOptions::new().update(self.update).boot(self.boot).snapshot(self.snapshot);
        attach.template = unsafe { optional_text(self.template_name, "options->template_name")? }.map(str::to_owned);
        Ok(attach)
    }
}

/// Plans to detach these zones.
/// Errors: those of zmgr_zones_detach() that show before it begins.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_detach(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::plan(manager, (names, count), none, out, error, |m, names, _| m.plan_detach(names))
    }
}

/// Detaches zones that are down, `run->jobs` in parallel: takes them from the host, with their configuration and the VNICs that zmgr
/// created, and keeps their files and entries. For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed and down, or does not have one root that the host would
/// boot; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_PARTIAL if any of several failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_detach(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::several(manager, (names, count), none, run, out, error, |m, names, _, run| m.detach(names, run))
    }
}

/// Plans to attach these zones.
/// Errors: those of zmgr_zones_attach() that show before it begins.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_attach(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_attach_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_attach) }
}

/// Attaches zones, `run->jobs` in parallel: brings back detached ones with what they had, and makes zones of files that
/// zmgr_zone_destroy() kept. A failure leaves the files, and an entry as it was. For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND if no files lie at the zonepath; ZMGR_EXISTS if those that lie there are not the zone's, or it is
/// registered; ZMGR_WRONG_STATE if the host could not take them up; ZMGR_COMMAND_FAILED if their packages are older than the
/// host's and `update` is not set; ZMGR_PARTIAL if any of several failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_attach(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_attach_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::attach) }
}
