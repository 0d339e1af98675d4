//! The trees of several hosts, compared, and the fleet that a host shares addresses with.

use std::ffi::c_char;

use serde_json::json;
use zmgr_core::{Fleet, FleetStatus};

use crate::diagnostic::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{handle, optional_out, out, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::options::{with_run_options, zmgr_run_options};
use crate::value::zmgr_value;

/// Compares `count` trees (directories such as "h1/etc/zmgr"), one per host. Reads files only; needs no manager and no host.
/// `out` receives a diagnostic for each address or MAC address that is held twice, each pool that differs between hosts and each
/// file that cannot be read (errors), and for each zone name that two hosts use (warnings). Returns ZMGR_OK even if there are
/// findings.
/// Errors: ZMGR_INVALID_ARGUMENT if `count` is 0; ZMGR_NOT_FOUND if a tree does not exist; ZMGR_IO.
///
/// # Safety
/// `trees` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_check(
    trees: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let found = Fleet::read(texts(trees, count, "trees")?)?.check();
            out.set(|| zmgr_diagnostic_list::new(&found));
            Ok(())
        })
    }
}

/// Lists the zones of `count` trees, one tree per host: a list of maps with the keys "host", "name", "id", "template",
/// "addresses", "macs" and "file", by host in the order of the trees, then by name.
/// Errors: as for zmgr_fleet_check.
///
/// # Safety
/// As for zmgr_fleet_check.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_list(
    trees: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let fleet = Fleet::read(texts(trees, count, "trees")?)?;
            out.set(|| zmgr_value::new(&json!(fleet.zones().collect::<Vec<_>>())));
            Ok(())
        })
    }
}

/// Compares this host with the fleet whose store `store` in config.kdl names. `out` receives a map with the keys of
/// `zmgr fleet status --json`. Changes nothing.
/// Errors: ZMGR_CONFIG without a store; ZMGR_STORE_UNREACHABLE.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_status(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let status = handle(manager, "manager")?.0.fleet_status()?;
            out.set(|| zmgr_value::new(&status.to_json()));
            Ok(())
        })
    }
}

/// Joins the fleet: claims everything that the entries of this host hold, or nothing. Uses only `cancel` of `run`. `out` (may be
/// NULL) receives the status, as zmgr_fleet_status() returns it.
/// Errors: ZMGR_ADDRESS_IN_USE with a detail for each thing that another host holds; ZMGR_WRONG_STATE if another host of this name is
/// a member; ZMGR_CONFIG; ZMGR_STORE_UNREACHABLE; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
///
/// # Safety
/// `manager` is a live manager; `run` is NULL or points to a struct whose `size` is set; `out` and `error` are NULL or point to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_join(
    manager: *const zmgr_manager,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let manager = handle(manager, "manager")?;
            let status: FleetStatus = with_run_options(run, |run| manager.0.fleet_join(run))?;
            out.set(|| zmgr_value::new(&status.to_json()));
            Ok(())
        })
    }
}

/// Makes this host's definition of a shared pool the fleet's, if every address that is held still fits. Uses only `cancel` of `run`.
/// Errors: ZMGR_NOT_FOUND if the pool is not shared; ZMGR_WRONG_STATE with a detail for each address that does not fit; ZMGR_CONFIG;
/// ZMGR_STORE_UNREACHABLE; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
///
/// # Safety
/// `manager` is a live manager; `pool` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
/// points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_push(
    manager: *const zmgr_manager,
    pool: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let manager = handle(manager, "manager")?;
            let pool = text(pool, "pool")?;
            with_run_options(run, |run| manager.0.fleet_push(pool, run))
        })
    }
}

/// Forgets a host that is gone for good: what it holds becomes free, and its claims are refused until it joins again. `out` (may be
/// NULL) receives a list of what is free now: maps with the keys "kind", "value", "segment", "host" and "holder".
/// Errors: ZMGR_NOT_FOUND if the fleet has no such host; ZMGR_WRONG_STATE if it joined again in the meantime; ZMGR_CONFIG;
/// ZMGR_STORE_UNREACHABLE.
///
/// # Safety
/// `manager` is a live manager; `host` ends in a NUL; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_fleet_forget(
    manager: *const zmgr_manager,
    host: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let free = handle(manager, "manager")?.0.fleet_forget(text(host, "host")?)?;
            out.set(|| zmgr_value::new(&json!(free)));
            Ok(())
        })
    }
}
