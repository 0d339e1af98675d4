//! Common forms of exported functions: each checks its arguments, calls the core and fills its output. Functions of one form differ
//! only in their options and in the function of the core that they call.

use std::ffi::c_char;

use serde_json::Value;
use zmgr_core::{Diagnostic, Manager, Plan, Report, Result, RunOptions, Zone};

use crate::diagnostic::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, optional_out, optional_text, out, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::options::{Given, given, with_run_options, zmgr_run_options};
use crate::plan::zmgr_plan;
use crate::report::{report_to, zmgr_report};
use crate::value::zmgr_value;
use crate::zone::zmgr_zone;

/// Plans an operation on several zones.
pub(crate) unsafe fn plan<C: Given>(
    manager: *const zmgr_manager,
    (names, count): (*const *const c_char, usize),
    options: *const C,
    out: *mut *mut zmgr_plan,
    error: *mut *mut zmgr_error,
    make: impl FnOnce(&Manager, &[&str], &C::Wanted) -> Result<Plan>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let plan = make(&manager.0, &names, &given(options)?)?;
            out.set(|| zmgr_plan::new(plan));
            Ok(())
        })
    }
}

/// Runs an operation on several zones.
pub(crate) unsafe fn several<C: Given>(
    manager: *const zmgr_manager,
    (names, count): (*const *const c_char, usize),
    options: *const C,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_report,
    error: *mut *mut zmgr_error,
    work: impl FnOnce(&Manager, &[&str], &C::Wanted, &mut RunOptions<'_>) -> Result<Report>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = given(options)?;
            report_to(out, with_run_options(run, |run| work(&manager.0, &names, &options, run))?)
        })
    }
}

/// Runs an operation for several zones on a single one and returns its error.
pub(crate) unsafe fn alone<C: Given>(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const C,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
    work: impl FnOnce(&Manager, &[&str], &C::Wanted, &mut RunOptions<'_>) -> Result<Report>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let options = given(options)?;
            with_run_options(run, |run| work(&manager.0, &[name], &options, run))?.into_result().map(drop)
        })
    }
}

/// Runs an operation on one zone and returns the resulting zone.
pub(crate) unsafe fn one<C: Given>(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const C,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
    work: impl FnOnce(&Manager, &str, &C::Wanted, &mut RunOptions<'_>) -> Result<Zone>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let options = given(options)?;
            let zone = with_run_options(run, |run| work(&manager.0, name, &options, run))?;
            out.set(|| zmgr_zone::new(zone));
            Ok(())
        })
    }
}

/// Runs a query that returns a `zmgr_value`.
pub(crate) unsafe fn value(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
    ask: impl FnOnce(&Manager) -> Result<Value>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let answer = ask(&handle(manager, "manager")?.0)?;
            out.set(|| zmgr_value::new(&answer));
            Ok(())
        })
    }
}

/// Runs a query about one named object, or about all if `name` is NULL.
pub(crate) unsafe fn value_or_all(
    manager: *const zmgr_manager,
    (name, what): (*const c_char, &str),
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
    one: impl FnOnce(&Manager, &str) -> Result<Value>,
    all: impl FnOnce(&Manager) -> Result<Value>,
) -> zmgr_status {
    unsafe {
        value(manager, out, error, |manager| match optional_text(name, what)? {
            Some(name) => one(manager, name),
            None => all(manager),
        })
    }
}

/// Runs a query that returns diagnostics.
pub(crate) unsafe fn findings(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
    look: impl FnOnce(&Manager) -> Result<Vec<Diagnostic>>,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let found = look(&handle(manager, "manager")?.0)?;
            out.set(|| zmgr_diagnostic_list::new(&found));
            Ok(())
        })
    }
}
