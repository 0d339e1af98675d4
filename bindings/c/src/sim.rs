//! The simulated illumos host: for tests, dry runs and the first five minutes.

use std::ffi::{CString, OsString, c_char};
use std::time::Duration;

use serde_json::{Value, json};
use zmgr_core::{Abort, Code, Dialect, Error, Fault, SimHost};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{
    Options, c_text, call, free, handle, optional_out, optional_text, options, out, read_text, text, texts,
};
use crate::value::zmgr_value;

/// A simulated illumos host in a directory. It survives the process; several processes and threads may use it at once, and several
/// threads this handle, until zmgr_sim_close. A zmgr_manager opens the same machine by its directory.
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

/// When the caller of a command dies.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_sim_abort {
    /// Not at all.
    ZMGR_SIM_ABORT_NEVER = 0,
    /// Before the command has done anything.
    ZMGR_SIM_ABORT_BEFORE = 1,
    /// When it has done all, and the caller does not know yet.
    ZMGR_SIM_ABORT_AFTER = 2,
}

/// What shall go wrong, and with which commands.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_sim_fault_options {
    /// sizeof(zmgr_sim_fault_options)
    pub size: usize,
    /// The program: "zoneadm", "dladm", …
    pub program: *const c_char,
    /// Only this subcommand: "install", "create-vnic", …; NULL: all.
    pub subcommand: *const c_char,
    /// Only commands on this zone; NULL: all.
    pub zone: *const c_char,
    /// Written to standard error; NULL: nothing.
    pub stderr_text: *const c_char,
    /// Written to standard output; NULL: nothing.
    pub stdout_text: *const c_char,
    /// How long the command takes, in milliseconds, the zone in its middle state meanwhile.
    pub delay_ms: u64,
    /// The command fails with this status, after the change of state with which the real one would have begun; 0: it does not.
    pub exit_status: i32,
    /// One of zmgr_sim_abort.
    pub abort: u32,
    /// How many times; 0: always.
    pub times: u32,
    /// The command panics in the caller's thread.
    pub panic: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_sim_fault_options {}

/// Makes a new machine in `directory`, which is made when absent. `dialect` is "illumos", "openindiana", "omnios" or "smartos"; NULL
/// is "openindiana". `out` may be NULL.
/// Errors: ZMGR_EXISTS where the directory holds a machine already; ZMGR_INVALID_ARGUMENT for another dialect.
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

/// The machine in `directory`.
/// Errors: ZMGR_NOT_FOUND where it holds none.
///
/// # Safety
/// `directory` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
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

/// The machine's directory, absolute.
///
/// # Safety
/// `sim` is NULL or a live machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_directory(sim: *const zmgr_sim) -> *const c_char {
    unsafe { read_text(sim, |sim| Some(&sim.directory)) }
}

/// The line of illumos that it speaks: "illumos", "openindiana", "omnios" or "smartos".
///
/// # Safety
/// `sim` is NULL or a live machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_dialect(sim: *const zmgr_sim) -> *const c_char {
    unsafe { read_text(sim, |sim| Some(&sim.dialect)) }
}

/// Writes programs named zonecfg, zoneadm, dladm, … that act on the machine into the folder `bin`, for other people's tools. They run
/// `command` (`count` words, the first an absolute path), followed by the machine's directory, the program's name and its
/// arguments: the words "/usr/bin/zmgr", "sim", "answer" do what they need.
/// Errors: ZMGR_INVALID_ARGUMENT where there is no such command.
///
/// # Safety
/// `sim` is a live machine; texts end in a NUL; `command` points to `count` texts; `error` is NULL or points to a place for a
/// pointer.
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

/// Sets a fault, until it is cleared or has happened as often as it says. The one set last is asked first.
/// Errors: ZMGR_INVALID_ARGUMENT for no program, and for what is no exit status.
///
/// # Safety
/// `sim` is a live machine; `fault` points to options of the size that they state; `error` is NULL or points to a place for a
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
                    return Err(Error::new(Code::InvalidArgument, format!("{other} is no value of fault->abort")));
                }
            };
            fault.times = (given.times != 0).then_some(given.times);
            fault.panic = given.panic;
            sim.host.fault(&fault)
        })
    }
}

/// Forgets every fault.
/// Errors: those that any call has.
///
/// # Safety
/// `sim` is a live machine; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_clear_faults(sim: *const zmgr_sim, error: *mut *mut zmgr_error) -> zmgr_status {
    unsafe { call(error, || handle(sim, "sim")?.host.clear_faults()) }
}

/// Reboots the machine: active zones end, and those with autoboot boot. `*out` (which may be NULL) gets a list of maps ("zone",
/// "stderr") of those that should have booted and did not.
/// Errors: those that any call has.
///
/// # Safety
/// `sim` is a live machine; `out` and `error` are NULL or point to a place for a pointer.
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

/// Lets go of the machine; it stays in its directory. NULL is fine.
///
/// # Safety
/// `sim` is NULL or a machine that no call uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_sim_close(sim: *mut zmgr_sim) {
    unsafe { free(sim) }
}
