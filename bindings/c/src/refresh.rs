//! Refreshing the golden zones of templates.

use std::ffi::c_char;

use zmgr_core::{Manager, RefreshOptions, Result};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::Options;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{Given, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::zmgr_report;

/// Options for zmgr_templates_refresh() and zmgr_plan_refresh_templates().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_refresh_options {
    /// sizeof(zmgr_refresh_options)
    pub size: usize,
    /// Remove golden zones on a real host even if what the removal destroys is only inferred.
    pub unproven: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_refresh_options {}

impl Given for zmgr_refresh_options {
    type Wanted = RefreshOptions;

    unsafe fn wanted(&self) -> Result<RefreshOptions> {
        Ok(RefreshOptions::new().unproven(self.unproven))
    }
}

/// Plans to refresh these templates. Changes nothing.
/// Errors: those of zmgr_templates_refresh(); ZMGR_EXISTS if an earlier installation is unfinished.
///
/// # Safety
/// As for zmgr_plan_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_refresh_templates(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_refresh_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::plan(manager, (names, count), options, out, error, Manager::plan_refresh_templates) }
}

/// Installs a new golden zone for the present settings of each of these templates, even if there is one of these settings, and then
/// removes the golden zones that no zone is cloned from and no template needs. If `count` is 0, only removes. The report has the new
/// golden zones, then the removed ones; one that stays because its replacement was not installed is "skipped".
/// For the report see zmgr_zones_create().
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zones of a template are not cloned from golden zones; ZMGR_CONFIG;
/// ZMGR_UNSUPPORTED_HOST if the brand or the file system of the zones is not there; ZMGR_COMMAND_FAILED if an installation fails;
/// ZMGR_RECOVERY_NEEDED if an earlier one is unfinished; ZMGR_PARTIAL if any of several failed.
///
/// # Safety
/// As for zmgr_zones_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_templates_refresh(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    options: *const zmgr_refresh_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::several(manager, (names, count), options, run, out, error, Manager::refresh_templates) }
}
