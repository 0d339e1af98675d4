//! Power, commands and logins of zones.

use std::ffi::{OsString, c_char, c_void};
use std::time::Duration;

use zmgr_core::{ExecOptions, ExecStream, Manager, Result};

use crate::cancel::zmgr_cancel;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Options, handle, optional_handle, optional_text, out_number, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{zmgr_halt_options, zmgr_run_options};

/// Stream that a command wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_stream {
    /// Standard output.
    ZMGR_STREAM_STDOUT = 1,
    /// Standard error.
    ZMGR_STREAM_STDERR = 2,
}

/// Output callback. Receives what a command in a zone writes, as it arrives, on the thread that made the call. `stream` is one of
/// zmgr_stream. Return false to stop the command. Must not throw, longjmp or close the manager.
pub type zmgr_output_fn =
    Option<unsafe extern "C" fn(userdata: *mut c_void, stream: u32, bytes: *const u8, length: usize) -> bool>;

/// Options for zmgr_zone_exec().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_exec_options {
    /// sizeof(zmgr_exec_options)
    pub size: usize,
    /// Output callback; may be NULL.
    pub output: zmgr_output_fn,
    /// Passed to `output`.
    pub userdata: *mut c_void,
    /// Cancellation token; may be NULL.
    pub cancel: *const zmgr_cancel,
    /// Time limit in milliseconds; 0: no limit.
    pub timeout_ms: u64,
    /// Pass the caller's standard input to the command; otherwise its input is empty.
    pub read_stdin: bool,
}
// SAFETY: repr(C), the size first, all zero legal.
unsafe impl Options for zmgr_exec_options {}

/// Boots a zone and waits until it is running. Does nothing if it is already running.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if it is not installed; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT;
/// ZMGR_RECOVERY_NEEDED for an unfinished operation.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
/// points to a place for a pointer. The same holds for halt, shutdown and reboot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_boot(
    manager: *const zmgr_manager,
    name: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::alone(manager, name, none, run, error, |m, names, _, run| m.boot(names, run))
    }
}

/// Halts a zone immediately, without running its shutdown scripts. Does nothing if it is already down.
/// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
///
/// # Safety
/// See zmgr_zone_boot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_halt(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::alone(manager, name, options, run, error, Manager::halt) }
}

/// Shuts a zone down cleanly and waits until it is down. With `force`, halts it if it does not go down in time.
/// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT if it does not go down in time.
///
/// # Safety
/// See zmgr_zone_boot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_shutdown(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::alone(manager, name, options, run, error, Manager::shutdown) }
}

/// Shuts a running zone down cleanly and boots it again. With `force`, halts it instead of shutting it down.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if it is not running; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
///
/// # Safety
/// See zmgr_zone_boot.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_reboot(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_halt_options,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::alone(manager, name, options, run, error, Manager::reboot) }
}

/// Runs a command as root inside a running zone. `*status` receives its exit status. The `count` arguments reach the command
/// unchanged, without a shell. Returns ZMGR_OK even if the exit status is not 0.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not running or goes down; ZMGR_TIMED_OUT; ZMGR_CANCELLED;
/// ZMGR_COMMAND_FAILED if the exit status is unknown.
///
/// # Safety
/// `manager` is a live manager; strings end in a NUL; `words` points to `count` texts; `options` is NULL or of the size that it
/// states; `status` points to a number; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_exec(
    manager: *const zmgr_manager,
    name: *const c_char,
    words: *const *const c_char,
    count: usize,
    options: *const zmgr_exec_options,
    status: *mut i32,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let status = out_number(status, "status")?;
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let words: Vec<String> = texts(words, count, "words")?.into_iter().map(str::to_owned).collect();
            *status = with_exec_options(options, |options| manager.0.exec(name, &words, options))?;
            Ok(())
        })
    }
}

unsafe fn with_exec_options<T>(
    pointer: *const zmgr_exec_options,
    body: impl FnOnce(&mut ExecOptions<'_>) -> Result<T>,
) -> Result<T> {
    let given = unsafe { crate::ffi::options(pointer, "options")? };
    let mut exec = ExecOptions::new().stdin(given.read_stdin);
    if given.timeout_ms != 0 {
        exec = exec.timeout(Duration::from_millis(given.timeout_ms));
    }
    if let Some(cancel) = unsafe { optional_handle(given.cancel) } {
        exec = exec.cancel(&cancel.0);
    }
    let mut hear;
    if let Some(output) = given.output {
        hear = move |stream: ExecStream, bytes: &[u8]| {
            let stream = match stream {
                ExecStream::Stdout => zmgr_stream::ZMGR_STREAM_STDOUT,
                _ => zmgr_stream::ZMGR_STREAM_STDERR,
            };
            // SAFETY: the caller gave a function of this type and matching userdata.
            unsafe { output(given.userdata, stream as u32, bytes.as_ptr(), bytes.len()) }
        };
        exec = exec.output(&mut hear);
    }
    body(&mut exec)
}

/// Logs in to a zone on the caller's terminal, as `user` (NULL: root). `term` is the terminal type (may be NULL). `*status` receives
/// the exit status of the session.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not running.
///
/// # Safety
/// `manager` is a live manager; strings end in a NUL; `status` points to a number; `error` is NULL or points to a place for a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_login(
    manager: *const zmgr_manager,
    name: *const c_char,
    user: *const c_char,
    term: *const c_char,
    status: *mut i32,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let status = out_number(status, "status")?;
            let (manager, name) = (handle(manager, "manager")?, text(name, "name")?);
            let term = optional_text(term, "term")?.map(OsString::from);
            *status = manager.0.login(name, optional_text(user, "user")?, term)?;
            Ok(())
        })
    }
}
