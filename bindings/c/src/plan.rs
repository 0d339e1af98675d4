//! Plans: what an operation would do, as a value.

use std::ffi::{CString, c_char};

use zmgr_core::{Manager, Plan};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{c_text, call, free, give_text, handle, optional_out, out, read, read_text, text};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{
    self, zmgr_apply_options, zmgr_create_options, zmgr_destroy_options, zmgr_halt_options, zmgr_import_options,
    zmgr_reinstall_options, zmgr_run_options,
};
use crate::report::{report_to, zmgr_report};

/// What an operation would do to one zone or many. A plan is only a description: making one touches nothing, and needs no more
/// rights than reading. Immutable: any thread may read it, until zmgr_plan_free. It does not need the manager that made it.
pub struct zmgr_plan {
    plan: Plan,
    digest: CString,
}

impl zmgr_plan {
    pub(crate) fn new(plan: Plan) -> Self {
        zmgr_plan { digest: c_text(&plan.digest()), plan }
    }
}

/// What it would take to create these zones.
/// Errors: those of zmgr_zone_create that can be foreseen: ZMGR_EXISTS, ZMGR_NOT_FOUND (a template, the zone to clone), ZMGR_CONFIG,
/// ZMGR_POOL_EXHAUSTED, ZMGR_ADDRESS_IN_USE, ZMGR_UNSUPPORTED_HOST.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; `options` is NULL or of the size that it states; `out` points
/// to a place for a pointer; `error` is NULL or does so too.
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

/// What it would take to destroy these zones.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for what needs `force`; ZMGR_RECOVERY_NEEDED for unfinished work.
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

/// What it would take to install these zones again.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for what needs `force`; ZMGR_RECOVERY_NEEDED for unfinished work.
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

/// What adopting these zones would do; for `count` 0 every zone of the host.
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

/// Plans the removal of these zones' entries from the registry. The notes of a change say what is lost with the entry.
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

/// What applying the files of these zones would do; for `count` 0 of all.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that cannot be read; ZMGR_RECOVERY_NEEDED for unfinished work.
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

/// Runs a plan, unless what it rests on has changed. `*out` (which may be NULL) gets the report whenever the plan was run, also
/// where some or all of it failed.
/// Errors: ZMGR_STALE_PLAN, and nothing is done; else those of the operation that was planned.
///
/// # Safety
/// `manager` is a live manager, `plan` a live plan; `run` is NULL or of the size that it states; `out` and `error` are NULL or
/// point to a place for a pointer.
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

/// The plan as JSON. The text is the caller's: zmgr_string_free.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_json(plan: *const zmgr_plan) -> *mut c_char {
    unsafe { read(plan, std::ptr::null_mut(), |plan| give_text(&plan.plan.to_json())) }
}

/// The commands and files as a person reads them. The text is the caller's: zmgr_string_free.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_text(plan: *const zmgr_plan) -> *mut c_char {
    unsafe { read(plan, std::ptr::null_mut(), |plan| give_text(&plan.plan.to_string())) }
}

/// A plan from its JSON, also from that of another process or machine: what it asks for is checked when it runs.
/// Errors: ZMGR_INVALID_ARGUMENT where it is none.
///
/// # Safety
/// `json` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
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

/// SHA-256 of the plan as 64 hex digits: two plans of one digest are the same plan.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_digest(plan: *const zmgr_plan) -> *const c_char {
    unsafe { read_text(plan, |plan| Some(&plan.digest)) }
}

/// Whether there is nothing to do.
///
/// # Safety
/// `plan` is NULL or a live plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_is_empty(plan: *const zmgr_plan) -> bool {
    unsafe { read(plan, true, |plan| plan.plan.is_empty()) }
}

/// Frees a plan. NULL is fine.
///
/// # Safety
/// `plan` is NULL or a plan of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_plan_free(plan: *mut zmgr_plan) {
    unsafe { free(plan) }
}
