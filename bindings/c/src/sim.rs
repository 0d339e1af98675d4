//! The simulated illumos host, for tests and trials.

use std::ffi::{CString, OsString, c_char};
use std::time::Duration;

use serde_json::{Value, json};
use zmgr_core::{Abort, Code, Dialect, Error, Fault, SimHost};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Options, c_text, free, handle, optional_out, optional_text, options, out, read_text, text, texts};
use crate::guard::call;
use crate::value::zmgr_value;

/// Simulated illumos host in a directory. Its state persists; several processes may use it concurrently, and several threads this
/// handle, until zmgr_sim_close(). To manage it, open a zmgr_manager with its directory as `simulate`.
pub struct zmgr_sim {
    host: SimHost,
    directory: CString,
    dialect: CString,
}

impl zmgr_sim {
    fn new(host: SimHost) -> Self {
        zmgr_sim { directory: c_text(&host.dir().to_string_lossy()), dialect: c_text(host.dialect().name()), host }
    }
}

/// Time at which the caller of a command is killed.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_sim_abort {
    /// Never.
    ZMGR_SIM_ABORT_NEVER = 0,
    /// Before the command starts.
    ZMGR_SIM_ABORT_BEFORE = 1,
    /// After the command has finished, before the caller learns of it.
    ZMGR_SIM_ABORT_AFTER = 2,
}

/// A fault to inject.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_sim_fault_options {
    /// sizeof(zmgr_sim_fault_options)
    pub size: usize,
    /// Program that fails: "zoneadm", "dladm", …
    pub program: *const c_char,
    /// Subcommand that fails: "install", "create-vnic", …; NULL: all.
    pub subcommand: *const c_char,
    /// Zone whose commands fail; NULL: all.
    pub zone: *const c_char,
    /// Text to print on standard error; may be NULL.
    pub stderr_text: *const c_char,
    /// Text to print on standard output; may be NULL.
    pub stdout_text: *const c_char,
    /// Duration of the command in milliseconds; the zone is in its transitional state for that time.
    pub delay_ms: u64,
    /// Exit status; the command fails after its first change of state. 0: it does not fail.
    pub exit_status: i32,
    /// One of zmgr_sim_abort.
    pub abort: u32,
    /// Number of times the fault happens; 0: no limit.
    pub times: u32,
    /// Panic in the thread of the caller.
    pub panic: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_sim_fault_options {}

/// Creates a simulated host in `directory`, which is created if missing. `dialect` is "illumos", "openindiana", "omnios" or
/// "smartos"; NULL is "openindiana". `out` may be NULL.
/// Errors: ZMGR_EXISTS if the directory already has a simulated host; ZMGR_INVALID_ARGUMENT for an unknown dialect.
///
/// # Safety
/// Texts end in a NUL; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_create(
    directory: *const c_char,
    dialect: *const c_char,
    out: *mut *mut zmgr_sim,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let directory = text(directory, "directory")?;
            let dialect = match optional_text(dialect, "dialect")? {
                None => Dialect::default(),
                Some(name) => Dialect::from_name(name).ok_or_else(|| {
                    Error::new(Code::InvalidArgument, format!("there is no dialect {name:?}"))
                        .with_help("illumos, openindiana, omnios or smartos")
                })?,
            };
            let host = SimHost::create(directory, dialect)?;
            out.set(|| zmgr_sim::new(host));
            Ok(())
        })
    }
}

/// Opens the simulated host in `directory`.
/// Errors: ZMGR_NOT_FOUND if there is none.
///
/// # Safety
/// `directory` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_open(
    directory: *const c_char,
    out: *mut *mut zmgr_sim,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let host = SimHost::open(text(directory, "directory")?)?;
            out.set(|| zmgr_sim::new(host));
            Ok(())
        })
    }
}

/// Returns the absolute directory of the simulated host.
///
/// # Safety
/// `sim` is NULL or a live simulated host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_directory(sim: *const zmgr_sim) -> *const c_char {
    unsafe { read_text(sim, |sim| Some(&sim.directory)) }
}

/// Returns the simulated distribution: "illumos", "openindiana", "omnios" or "smartos".
///
/// # Safety
/// `sim` is NULL or a live simulated host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_dialect(sim: *const zmgr_sim) -> *const c_char {
    unsafe { read_text(sim, |sim| Some(&sim.dialect)) }
}

/// Writes programs named zonecfg, zoneadm, dladm, … into the directory `bin`, so that other tools can use the simulated host. Each
/// program runs `command` (`count` arguments, the first an absolute path) followed by the directory of the simulated host, the
/// program's name and its arguments. Use the command "/usr/bin/zmgr", "sim", "answer".
/// Errors: ZMGR_INVALID_ARGUMENT if the command does not exist.
///
/// # Safety
/// `sim` is a live simulated host; strings end in a NUL; `command` points to `count` texts; `error` is NULL or points to a place
/// for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_link(
    sim: *const zmgr_sim,
    bin: *const c_char,
    command: *const *const c_char,
    count: usize,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let sim = handle(sim, "sim")?;
            let words: Vec<OsString> = texts(command, count, "command")?.into_iter().map(OsString::from).collect();
            sim.host.link(text(bin, "bin")?, &words).map(drop)
        })
    }
}

/// Adds a fault, which lasts until it is cleared or has happened `times` times. The most recent matching fault applies.
/// Errors: ZMGR_INVALID_ARGUMENT if the program is missing or the exit status is out of range.
///
/// # Safety
/// `sim` is a live simulated host; `fault` points to options whose `size` is set; `error` is NULL or points to a place for a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_fault(
    sim: *const zmgr_sim,
    fault: *const zmgr_sim_fault_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let sim = handle(sim, "sim")?;
            let given = options(fault, "fault")?;
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let mut fault = Fault::new(text(given.program, "fault->program")?);
            fault.subcommand = owned(optional_text(given.subcommand, "fault->subcommand")?);
            fault.zone = owned(optional_text(given.zone, "fault->zone")?);
            fault.stderr = owned(optional_text(given.stderr_text, "fault->stderr_text")?);
            fault.stdout = owned(optional_text(given.stdout_text, "fault->stdout_text")?);
            fault.delay = (given.delay_ms != 0).then(|| Duration::from_millis(given.delay_ms));
            fault.exit = (given.exit_status != 0).then_some(given.exit_status);
            fault.abort = match given.abort {
                0 => None,
                1 => Some(Abort::Before),
                2 => Some(Abort::After),
                other => {
                    return Err(Error::new(Code::InvalidArgument, format!("{other} is not a value of fault->abort")));
                }
            };
            fault.times = (given.times != 0).then_some(given.times);
            fault.panic = given.panic;
            sim.host.fault(&fault)
        })
    }
}

/// Removes all faults.
/// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
///
/// # Safety
/// `sim` is a live simulated host; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_clear_faults(sim: *const zmgr_sim, error: *mut *mut zmgr_error) -> zmgr_status {
    unsafe { call(error, || handle(sim, "sim")?.host.clear_faults()) }
}

/// Reboots the simulated host: running zones stop, and zones with autoboot boot. `*out` receives a list of maps ("zone", "stderr")
/// of the zones that failed to boot; `out` may be NULL.
/// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
///
/// # Safety
/// `sim` is a live simulated host; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_reboot(
    sim: *const zmgr_sim,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let failed = handle(sim, "sim")?.host.reboot()?;
            let failed: Value = failed.iter().map(|f| json!({ "zone": f.zone, "stderr": f.stderr })).collect();
            out.set(|| zmgr_value::new(&failed));
            Ok(())
        })
    }
}

/// Closes the handle; does nothing if it is NULL. The simulated host stays in its directory.
///
/// # Safety
/// `sim` is NULL or a simulated host that no call uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_close(sim: *mut zmgr_sim) {
    unsafe { free(sim) }
}
