//! Files and host compared and brought together.

use std::ffi::c_char;

use zmgr_core::{Code, Error};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{call, handle, optional_out, out, text, texts};
use crate::manager::zmgr_manager;
use crate::options::{self, zmgr_apply_options, zmgr_run_options};
use crate::report::{report_to, zmgr_report};
use crate::value::zmgr_value;
use crate::zone::zmgr_zone;

/// In what these zones (for `count` 0: all) differ from their files: a list of maps with the keys of `zmgr diff --json`. Only looks.
///
/// # Safety
/// `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
/// so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diff(
    manager: *const zmgr_manager,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let drift = handle(manager, "manager")?.0.diff(&texts(names, count, "names")?)?.to_json();
            out.set(|| zmgr_value::new(&drift));
            Ok(())
        })
    }
}

/// Brings the host to the files of these zones (for `count` 0: of all): builds wishes, changes what differs, leaves what somebody
/// else put there. The report as in zmgr_zones_create; its actions are "created", "applied", "recreated" and "unchanged".
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
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, names) = (handle(manager, "manager")?, texts(names, count, "names")?);
            let options = options::apply_options(options)?;
            report_to(out, options::with_run_options(run, |run| manager.0.apply(&names, &options, run))?)
        })
    }
}

/// Sets keys of a zone's own file: texts such as "attr.owner=alice" or "capped-memory.physical=2G"; an empty value takes the zone's
/// own away. Only the file is changed: zmgr_apply brings it to the host. `out` may be NULL.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `pairs` points to `count` texts; `out` and `error` are NULL or point to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_set(
    manager: *const zmgr_manager,
    name: *const c_char,
    pairs: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let mut given = Vec::new();
            for pair in texts(pairs, count, "pairs")? {
                let wrong = || Error::new(Code::InvalidArgument, format!("{pair:?} is not KEY=VALUE"));
                given.push(pair.split_once('=').ok_or_else(wrong)?);
            }
            let zone = manager.0.set(name, &given)?;
            out.set(|| zmgr_zone::new(zone));
            Ok(())
        })
    }
}
