//! Plans.

use std::ffi::{CString, c_char};

use zmgr_core::Plan;

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{c_text, free, give_text, out, read, read_text, text};
use crate::guard::call;
use crate::words::zmgr_operation;

/// Description of what an operation would do. Creating a plan changes nothing and needs only read access. Immutable: any thread may
/// read it. Valid until zmgr_plan_free(), even after zmgr_close().
pub struct zmgr_plan {
    pub(crate) plan: Plan,
    digest: CString,
}

impl zmgr_plan {
    pub(crate) fn new(plan: Plan) -> Self {
        zmgr_plan { digest: c_text(&plan.digest()), plan }
    }
}

/// Returns the operation that the plan describes.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_get_operation(plan: *const zmgr_plan) -> zmgr_operation {
    unsafe { read(plan, zmgr_operation::ZMGR_OPERATION_OTHER, |plan| plan.plan.operation.into()) }
}

/// Returns the plan as JSON. Free the text with zmgr_string_free.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_json(plan: *const zmgr_plan) -> *mut c_char {
    unsafe { read(plan, std::ptr::null_mut(), |plan| give_text(&plan.plan.to_json())) }
}

/// Returns the commands and files of the plan as readable text. Free the text with zmgr_string_free.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_text(plan: *const zmgr_plan) -> *mut c_char {
    unsafe { read(plan, std::ptr::null_mut(), |plan| give_text(&plan.plan.to_string())) }
}

/// Reads a plan from JSON, which another process or host may have written. The plan is validated when it runs.
/// Errors: ZMGR_INVALID_ARGUMENT if the JSON is not a plan.
///
/// # Safety
/// `json` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_from_json(
    json: *const c_char,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let plan = Plan::from_json(text(json, "json")?)?;
            out.set(|| zmgr_plan::new(plan));
            Ok(())
        })
    }
}

/// Returns the SHA-256 of the plan as 64 hex digits. Plans with the same digest are equal.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_digest(plan: *const zmgr_plan) -> *const c_char {
    unsafe { read_text(plan, |plan| Some(&plan.digest)) }
}

/// Returns true if the plan changes nothing.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_is_empty(plan: *const zmgr_plan) -> bool {
    unsafe { read(plan, true, |plan| plan.plan.is_empty()) }
}

/// Frees a plan; does nothing if it is NULL.
///
/// # Safety
/// `plan` is NULL or a plan that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_free(plan: *mut zmgr_plan) {
    unsafe { free(plan) }
}
