//! Renaming a zone.

use std::ffi::c_char;

use zmgr_core::{RenameOptions, Result};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Options, handle, optional_out, out, text};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::options::{Given, given, with_run_options, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::{report_to, zmgr_report};

/// Options for zmgr_zone_rename() and zmgr_plan_rename(): what gets a new name besides the zone.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_rename_options {
    /// sizeof(zmgr_rename_options)
    pub size: usize,
    /// Rename the VNICs that are named after the zone.
    pub links: bool,
    /// Move the zone to the zonepath of its new name, beside the current one. The dataset keeps its name.
    pub zonepath: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_rename_options {}

impl Given for zmgr_rename_options {
    type Wanted = RenameOptions;

    unsafe fn wanted(&self) -> Result<RenameOptions> {
        Ok(RenameOptions::new().links(self.links).zonepath(self.zonepath))
    }
}

/// Plans to rename a zone.
/// Errors: those of zmgr_zone_rename() that show before it begins.
///
/// # Safety
/// `manager` is a live manager; `from` and `to` end in a NUL; `options` is NULL or points to a struct whose `size` is set; `out`
/// points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_rename(
    manager: *const zmgr_manager,
    from: *const c_char,
    to: *const c_char,
    options: *const zmgr_rename_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let (manager, from, to) = (handle(manager, "manager")?, text(from, "from")?, text(to, "to")?);
            let plan = manager.0.plan_rename(from, to, &given(options)?)?;
            out.set(|| zmgr_plan::new(plan));
            Ok(())
        })
    }
}

/// Renames a zone that is down: on the host, in its entry, and in every file that names it. A failure leaves the zone as it was. The
/// zone of the report has the new name; its notes say what keeps the old one. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not down; ZMGR_EXISTS if anything has or names the new name, data
/// included; ZMGR_CONFIG if a template names its storage after it; ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// `manager` is a live manager; `from` and `to` end in a NUL; options are NULL or whose `size` is set; `out` and `error` are NULL or
/// point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_rename(
    manager: *const zmgr_manager,
    from: *const c_char,
    to: *const c_char,
    options: *const zmgr_rename_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, from, to) = (handle(manager, "manager")?, text(from, "from")?, text(to, "to")?);
            let options = given(options)?;
            report_to(out, with_run_options(run, |run| manager.0.rename(from, to, &options, run))?)
        })
    }
}
