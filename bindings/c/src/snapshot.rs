//! Snapshots of zones.

use std::ffi::c_char;

use serde_json::{Value, json};
use zmgr_core::{Manager, Plan, Report, Result, RollbackOptions, RunOptions};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Options, handle, optional_out, optional_text, out, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{Given, given, with_run_options, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::{report_to, zmgr_report};
use crate::value::zmgr_value;

/// Options for zmgr_snapshot_rollback() and zmgr_plan_snapshot_rollback().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_rollback_options {
    /// sizeof(zmgr_rollback_options)
    pub size: usize,
    /// Not 0: destroy later snapshots that zmgr took, which are in the way.
    pub force: usize,
    /// Not 0: act on a real host even if what a step does is only inferred; see `zmgr explain brand`.
    pub unproven: usize,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_rollback_options {}

impl Given for zmgr_rollback_options {
    type Wanted = RollbackOptions;

    unsafe fn wanted(&self) -> Result<RollbackOptions> {
        Ok(RollbackOptions::new().force(self.force != 0).unproven(self.unproven != 0))
    }
}

/// Lists the snapshots that zmgr took of these zones (if `count` is 0: of all), by zone, oldest first, as a list of maps with the keys
/// of `zmgr snapshot list --json`. Changes nothing.
/// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
/// so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_snapshots(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        operate::value(manager, out, error, |manager| {
            let found = manager.snapshots(&texts(names, count, "names")?)?;
            Ok(Value::Array(found.iter().map(|snapshot| json!(snapshot)).collect()))
        })
    }
}

/// Takes a snapshot of a zone's own files and keeps a copy of its configuration file beside it. If `label` is NULL, the label is the
/// time. `*out` receives a map with the keys of `zmgr snapshot create --json`; its "excluded" says what is not in the snapshot. `out`
/// may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_EXISTS if the zone has a snapshot of this label; ZMGR_WRONG_STATE if the zone has no files;
/// ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_CANCELLED.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `label` is NULL or does so too; `run` is NULL or points to a struct whose `size`
/// is set; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_snapshot_create(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let label = optional_text(label, "label")?;
            let taken = with_run_options(run, |run| manager.0.create_snapshot(name, label, run))?;
            out.set(|| zmgr_value::new(&json!(taken)));
            Ok(())
        })
    }
}

/// Deletes a snapshot that zmgr took.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if something was cloned from it or holds it; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED
/// for an unfinished operation.
///
/// # Safety
/// `manager` is a live manager; `name` and `label` end in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is
/// NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_snapshot_delete(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_rollback_options>();
        let no_report = std::ptr::null_mut();
        work(manager, (name, label), none, run, no_report, error, |m, name, label, _, run| {
            m.delete_snapshot(name, label, run)
        })
    }
}

/// Makes a zone's own files what they were when a snapshot was taken. Shuts a running zone down and boots it again. The notes in the
/// report say what is lost and what is not rolled back. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if something is in the way; ZMGR_COMMAND_FAILED; ZMGR_UNSUPPORTED_HOST if `unproven` is
/// needed; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_CANCELLED.
///
/// # Safety
/// `manager` is a live manager; `name` and `label` end in a NUL; `options` and `run` are NULL or point to structs whose `size` is set;
/// `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_snapshot_rollback(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    options: *const zmgr_rollback_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { work(manager, (name, label), options, run, out, error, Manager::roll_back) }
}

/// Plans a snapshot of a zone; see zmgr_snapshot_create().
/// Errors: ZMGR_NOT_FOUND; ZMGR_EXISTS if the zone has a snapshot of this label; ZMGR_WRONG_STATE; ZMGR_RECOVERY_NEEDED.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `label` is NULL or does so too; `out` points to a place for a pointer; `error` is
/// NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_snapshot_create(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        plan(manager, name, out, error, |manager, name| {
            manager.plan_create_snapshot(name, optional_text(label, "label")?)
        })
    }
}

/// Plans to delete a snapshot; see zmgr_snapshot_delete().
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE; ZMGR_RECOVERY_NEEDED.
///
/// # Safety
/// `manager` is a live manager; `name` and `label` end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_snapshot_delete(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        plan(manager, name, out, error, |manager, name| manager.plan_delete_snapshot(name, text(label, "label")?))
    }
}

/// Plans to roll a zone back; see zmgr_snapshot_rollback(). The notes say what is lost, what is not rolled back, and how the zone's file
/// has changed since.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE; ZMGR_UNSUPPORTED_HOST; ZMGR_RECOVERY_NEEDED.
///
/// # Safety
/// `manager` is a live manager; `name` and `label` end in a NUL; `options` is NULL or points to a struct whose `size` is set; `out`
/// points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_snapshot_rollback(
    manager: *const zmgr_manager,
    name: *const c_char,
    label: *const c_char,
    options: *const zmgr_rollback_options,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        plan(manager, name, out, error, |manager, name| {
            manager.plan_roll_back(name, text(label, "label")?, &given(options)?)
        })
    }
}

unsafe fn plan(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
    make: impl FnOnce(&Manager, &str) -> Result<Plan>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let plan = make(&handle(manager, "manager")?.0, text(name, "name")?)?;
            out.set(|| zmgr_plan::new(plan));
            Ok(())
        })
    }
}

unsafe fn work(
    manager: *const zmgr_manager,
    (name, label): (*const c_char, *const c_char),
    options: *const zmgr_rollback_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
    act: impl FnOnce(&Manager, &str, &str, &RollbackOptions, &mut RunOptions<'_>) -> Result<Report>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let (label, options) = (text(label, "label")?, given(options)?);
            report_to(out, with_run_options(run, |run| act(&manager.0, name, label, &options, run))?)
        })
    }
}
