//! Updating the packages of zones.

use std::ffi::c_char;

use zmgr_core::{Manager, Result, UpdateOptions};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::Options;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{Given, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::zmgr_report;

/// Options for zmgr_zones_update() and zmgr_plan_update().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_update_options {
    /// sizeof(zmgr_update_options)
    pub size: usize,
    /// Take no snapshot first: nothing brings the old packages back.
    pub no_snapshot: bool,
    /// Shut down running zones, and boot them again with their new packages.
    pub reboot: bool,
    /// Update running zones as they run, and zones whose packages become newer than the host's.
    pub force: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_update_options {}

impl Given for zmgr_update_options {
    type Wanted = UpdateOptions;

    unsafe fn wanted(&self) -> Result<UpdateOptions> {
        Ok(UpdateOptions::new().snapshot(!self.no_snapshot).reboot(self.reboot).force(self.force))
    }
}

/// Plans to update the packages of these zones, or of all that have an image of pkg if `count` is 0.
/// Errors: those of zmgr_zones_update() that show before a publisher is asked.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_update(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_update_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_update) }
}

/// Updates the packages of these zones, or of all that have an image of pkg if `count` is 0, `run->jobs` in parallel: in place, while
/// the zone is down, after a snapshot. The notes of an outcome name what has changed; its action is "unchanged" if there was no
/// update. If pkg fails, the zone is rolled back to the snapshot. For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is running and neither `reboot` nor `force` is set, if its packages would become
/// newer than the host's and `force` is not set, if the host boots another boot environment next, or if not exactly one of the zone's
/// is active; ZMGR_COMMAND_FAILED if a publisher does not answer or pkg fails; ZMGR_RECOVERY_NEEDED for an unfinished operation;
/// ZMGR_PARTIAL if any of several failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones_update(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_update_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::update) }
}
