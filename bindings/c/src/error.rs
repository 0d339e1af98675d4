//! Status codes and error objects.

use std::ffi::{CString, c_char};

use zmgr_core::{Code, Diagnostic, Error, Severity};

use crate::ffi::{c_text, free, give_text, read, read_part, read_text};

/// Status of a call. New numbers may be added, so a `switch` needs a `default:`. A number never changes and is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_status {
    /// Success.
    ZMGR_OK = 0,
    /// A bug in zmgr.
    ZMGR_INTERNAL = 1,
    /// An argument is invalid, whatever the state of files and host.
    ZMGR_INVALID_ARGUMENT = 2,
    /// A configuration file has an error; the details of the error point at it.
    ZMGR_CONFIG = 3,
    /// A zone, pool, template or other object does not exist.
    ZMGR_NOT_FOUND = 4,
    /// An object of that name already exists.
    ZMGR_EXISTS = 5,
    /// The state of the zone does not allow the operation.
    ZMGR_WRONG_STATE = 6,
    /// The pool has no free address.
    ZMGR_POOL_EXHAUSTED = 7,
    /// The requested address is already held.
    ZMGR_ADDRESS_IN_USE = 8,
    /// Another process holds the lock; the same call may succeed later.
    ZMGR_BUSY = 9,
    /// Permission denied.
    ZMGR_PERMISSION_DENIED = 10,
    /// A host command failed; see zmgr_error_command_arg() and the functions after it.
    ZMGR_COMMAND_FAILED = 11,
    /// A command or a wait exceeded its time limit.
    ZMGR_TIMED_OUT = 12,
    /// The call was cancelled.
    ZMGR_CANCELLED = 13,
    /// The host does not support the operation.
    ZMGR_UNSUPPORTED_HOST = 14,
    /// Reading or writing a file failed.
    ZMGR_IO = 15,
    /// An interrupted operation must be recovered first, by zmgr_recover() or by hand.
    ZMGR_RECOVERY_NEEDED = 16,
    /// Some operations failed; the details of the error list them.
    ZMGR_PARTIAL = 17,
    /// The basis of the plan has changed since it was created. Nothing was done.
    ZMGR_STALE_PLAN = 18,
    /// The host differs from the files. Exit status of `zmgr diff` only: no call returns it.
    ZMGR_DRIFT = 19,
    /// The store of the fleet cannot be reached, is full, or does not let this host in. Nothing was allocated or released.
    ZMGR_STORE_UNREACHABLE = 20,
}

macro_rules! same_numbers {
    ($($variant:ident $status:ident,)*) => {
        $(const _: () = assert!(zmgr_status::$status as u32 == Code::$variant.number());)*
        const _: () = assert!([$(Code::$variant),*].len() == Code::ALL.len(), "a code has no zmgr_status");

        impl From<Code> for zmgr_status {
            fn from(code: Code) -> Self {
                match code {
                    $(Code::$variant => zmgr_status::$status,)*
                    _ => zmgr_status::ZMGR_INTERNAL,
                }
            }
        }
    };
}

same_numbers! {
    Internal ZMGR_INTERNAL,
    InvalidArgument ZMGR_INVALID_ARGUMENT,
    Config ZMGR_CONFIG,
    NotFound ZMGR_NOT_FOUND,
    Exists ZMGR_EXISTS,
    WrongState ZMGR_WRONG_STATE,
    PoolExhausted ZMGR_POOL_EXHAUSTED,
    AddressInUse ZMGR_ADDRESS_IN_USE,
    Busy ZMGR_BUSY,
    PermissionDenied ZMGR_PERMISSION_DENIED,
    CommandFailed ZMGR_COMMAND_FAILED,
    TimedOut ZMGR_TIMED_OUT,
    Cancelled ZMGR_CANCELLED,
    UnsupportedHost ZMGR_UNSUPPORTED_HOST,
    Io ZMGR_IO,
    RecoveryNeeded ZMGR_RECOVERY_NEEDED,
    Partial ZMGR_PARTIAL,
    StalePlan ZMGR_STALE_PLAN,
    Drift ZMGR_DRIFT,
    StoreUnreachable ZMGR_STORE_UNREACHABLE,
}

/// Severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_severity {
    /// Operations that need the file fail.
    ZMGR_SEVERITY_ERROR = 0,
    /// Operations continue.
    ZMGR_SEVERITY_WARNING = 1,
}

/// Reason for a failed call. Immutable: any thread may read it. Free the error that a call returned with zmgr_error_free(); a report
/// owns its errors.
pub struct zmgr_error {
    error: Error,
    name: CString,
    message: CString,
    help: Option<CString>,
    details: Vec<zmgr_diagnostic>,
    argv: Vec<CString>,
    stdout: Option<CString>,
    stderr: Option<CString>,
    log: Option<CString>,
}

impl zmgr_error {
    pub(crate) fn status(&self) -> zmgr_status {
        self.error.code().into()
    }

    pub(crate) fn new(error: Error) -> Self {
        let command = error.command();
        zmgr_error {
            name: c_text(error.code().slug()),
            message: c_text(error.message()),
            help: error.help().map(c_text),
            details: error.details().iter().map(zmgr_diagnostic::new).collect(),
            argv: command.map(|c| c.argv.iter().map(|word| c_text(word)).collect()).unwrap_or_default(),
            stdout: command.map(|c| c_text(&c.stdout)),
            stderr: command.map(|c| c_text(&c.stderr)),
            log: command.and_then(|c| c.log.as_ref()).map(|log| c_text(&log.to_string_lossy())),
            error,
        }
    }
}

/// Message about a configuration file, with its place. It belongs to the object that returned it; any thread may read it while
/// that object exists.
pub struct zmgr_diagnostic {
    severity: zmgr_severity,
    code: CString,
    message: CString,
    help: Option<CString>,
    path: Option<CString>,
    line: u64,
    column: u64,
    snippet: Option<CString>,
}

impl zmgr_diagnostic {
    pub(crate) fn new(finding: &Diagnostic) -> Self {
        zmgr_diagnostic {
            severity: match finding.severity {
                Severity::Warning => zmgr_severity::ZMGR_SEVERITY_WARNING,
                _ => zmgr_severity::ZMGR_SEVERITY_ERROR,
            },
            code: c_text(&finding.code),
            message: c_text(&finding.message),
            help: finding.help.as_deref().map(c_text),
            path: finding.path.as_ref().map(|path| c_text(&path.to_string_lossy())),
            line: finding.line.unwrap_or(0) as u64,
            column: finding.column.unwrap_or(0) as u64,
            snippet: finding.snippet.as_deref().map(c_text),
        }
    }
}

/// Returns the stable name of a status, such as "not-found"; "ok" for ZMGR_OK; NULL for an unknown number. The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_status_name(status: u32) -> *const c_char {
    macro_rules! names {
        ($($status:ident => $name:literal,)*) => {
            match status {
                $(n if n == zmgr_status::$status as u32 => $name.as_ptr(),)*
                _ => std::ptr::null(),
            }
        };
    }
    names! {
        ZMGR_OK => c"ok",
        ZMGR_INTERNAL => c"internal",
        ZMGR_INVALID_ARGUMENT => c"invalid-argument",
        ZMGR_CONFIG => c"config",
        ZMGR_NOT_FOUND => c"not-found",
        ZMGR_EXISTS => c"exists",
        ZMGR_WRONG_STATE => c"wrong-state",
        ZMGR_POOL_EXHAUSTED => c"pool-exhausted",
        ZMGR_ADDRESS_IN_USE => c"address-in-use",
        ZMGR_BUSY => c"busy",
        ZMGR_PERMISSION_DENIED => c"permission-denied",
        ZMGR_COMMAND_FAILED => c"command-failed",
        ZMGR_TIMED_OUT => c"timed-out",
        ZMGR_CANCELLED => c"cancelled",
        ZMGR_UNSUPPORTED_HOST => c"unsupported-host",
        ZMGR_IO => c"io",
        ZMGR_RECOVERY_NEEDED => c"recovery-needed",
        ZMGR_PARTIAL => c"partial",
        ZMGR_STALE_PLAN => c"stale-plan",
        ZMGR_DRIFT => c"drift",
        ZMGR_STORE_UNREACHABLE => c"store-unreachable",
    }
}

/// Returns the status of the failed call; ZMGR_OK for NULL.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_code(error: *const zmgr_error) -> zmgr_status {
    unsafe { read(error, zmgr_status::ZMGR_OK, |e| e.error.code().into()) }
}

/// Returns the status as a stable name, such as "not-found".
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_name(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| Some(&e.name)) }
}

/// Returns the message: one sentence without full stop, colours or line breaks.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_message(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| Some(&e.message)) }
}

/// Returns what to do next; NULL if there is no advice.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_help(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.help.as_deref()) }
}

/// Returns true if the same call may succeed later without changes.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_can_retry(error: *const zmgr_error) -> bool {
    unsafe { read(error, false, |e| e.error.can_retry()) }
}

/// Returns the number of diagnostics of the error.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_detail_count(error: *const zmgr_error) -> usize {
    unsafe { read(error, 0, |e| e.details.len()) }
}

/// Returns diagnostic `index`, which the error owns; NULL if out of range.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_detail(error: *const zmgr_error, index: usize) -> *const zmgr_diagnostic {
    unsafe { read_part(error, |e| e.details.get(index)) }
}

/// Returns argument `index` of the failed host command, the program first; NULL if out of range or if no command failed.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_arg(error: *const zmgr_error, index: usize) -> *const c_char {
    unsafe { read_text(error, |e| e.argv.get(index).map(|word| word.as_c_str())) }
}

/// Returns the exit status of the failed command; -1 if a signal ended it or if no command failed.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_status(error: *const zmgr_error) -> i32 {
    unsafe { read(error, -1, |e| e.error.command().and_then(|command| command.status).unwrap_or(-1)) }
}

/// Returns the last lines of the command's standard output; NULL if no command failed.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_stdout(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.stdout.as_deref()) }
}

/// Returns the last lines of the command's standard error; NULL if no command failed.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_stderr(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.stderr.as_deref()) }
}

/// Returns the path of the log with all output of the command; NULL if there is none.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_log(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.log.as_deref()) }
}

/// Returns the error as JSON, as `zmgr --json` prints it. Free the text with zmgr_string_free.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_json(error: *const zmgr_error) -> *mut c_char {
    unsafe { read(error, std::ptr::null_mut(), |e| give_text(&e.error.to_json().to_string())) }
}

/// Frees an error; does nothing if it is NULL.
///
/// # Safety
/// `error` is NULL or an error that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_free(error: *mut zmgr_error) {
    unsafe { free(error) }
}

/// Returns the severity of the diagnostic.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_severity(finding: *const zmgr_diagnostic) -> zmgr_severity {
    unsafe { read(finding, zmgr_severity::ZMGR_SEVERITY_ERROR, |f| f.severity) }
}

/// Returns the stable name of this kind of diagnostic, such as "unknown-node".
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_code(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| Some(&f.code)) }
}

/// Returns the message: one sentence.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_message(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| Some(&f.message)) }
}

/// Returns the advice for the user; NULL if there is none.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_help(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.help.as_deref()) }
}

/// Returns the file; NULL if the diagnostic is not about a file.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_path(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.path.as_deref()) }
}

/// Returns the line, counted from 1; 0 if unknown.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_line(finding: *const zmgr_diagnostic) -> u64 {
    unsafe { read(finding, 0, |f| f.line) }
}

/// Returns the column in characters, counted from 1; 0 if unknown.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_column(finding: *const zmgr_diagnostic) -> u64 {
    unsafe { read(finding, 0, |f| f.column) }
}

/// Returns the text of the line; NULL if the diagnostic has no place.
///
/// # Safety
/// `finding` is NULL or a live diagnostic.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_snippet(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.snippet.as_deref()) }
}
