//! The status of a call, and the object that tells why it failed.

use std::ffi::{CString, c_char};

use zmgr_core::{Code, Diagnostic, Error, Severity};

use crate::ffi::{c_text, free, give_text, read, read_part, read_text};

/// How a call ended. New numbers may be added, so a `switch` needs a `default:`; none is ever changed or used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_status {
    /// It did what was asked.
    ZMGR_OK = 0,
    /// A fault of zmgr itself, never of its input.
    ZMGR_INTERNAL = 1,
    /// An argument that can never be right, whatever the files and the host say.
    ZMGR_INVALID_ARGUMENT = 2,
    /// A document below the root has a fault; the error's details point at it.
    ZMGR_CONFIG = 3,
    /// Something named does not exist.
    ZMGR_NOT_FOUND = 4,
    /// Something of that name exists already.
    ZMGR_EXISTS = 5,
    /// The thing is not in a state that allows this.
    ZMGR_WRONG_STATE = 6,
    /// No address of the pool is free.
    ZMGR_POOL_EXHAUSTED = 7,
    /// The address asked for is held by somebody else.
    ZMGR_ADDRESS_IN_USE = 8,
    /// Somebody else works on it; the same call may go through later.
    ZMGR_BUSY = 9,
    /// The caller may not do this.
    ZMGR_PERMISSION_DENIED = 10,
    /// A command of the host failed; see zmgr_error_command_arg and its kin.
    ZMGR_COMMAND_FAILED = 11,
    /// A command or a wait took longer than its limit.
    ZMGR_TIMED_OUT = 12,
    /// The caller asked to stop.
    ZMGR_CANCELLED = 13,
    /// The host cannot do what is asked.
    ZMGR_UNSUPPORTED_HOST = 14,
    /// A file could not be read or written.
    ZMGR_IO = 15,
    /// Work was left unfinished, and a person or zmgr_recover has to go first.
    ZMGR_RECOVERY_NEEDED = 16,
    /// Some of several things were done and others not; the error's details tell which.
    ZMGR_PARTIAL = 17,
    /// What the plan rests on has changed since it was made. Nothing was done.
    ZMGR_STALE_PLAN = 18,
    /// The host differs from the files. Exit status of `zmgr diff` only: no call returns it.
    ZMGR_DRIFT = 19,
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
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_severity {
    /// It stops what needs the document.
    ZMGR_SEVERITY_ERROR = 0,
    /// It is worth a look and stops nothing.
    ZMGR_SEVERITY_WARNING = 1,
}

/// Why a call failed. Immutable: any thread may read it. The one that a call gave is freed with zmgr_error_free; one of a report
/// belongs to the report.
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

/// One finding with its place. It belongs to the object that it was asked of, and any thread may read it as long as that lives.
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

/// The stable word for a status, such as "not-found"; "ok" for ZMGR_OK; NULL for a number that this library does not know.
/// The text is never freed.
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
    }
}

/// The status that the failed call returned; ZMGR_OK for NULL.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_code(error: *const zmgr_error) -> zmgr_status {
    unsafe { read(error, zmgr_status::ZMGR_OK, |e| e.error.code().into()) }
}

/// The status as a stable word, such as "not-found".
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_name(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| Some(&e.name)) }
}

/// What went wrong, in a sentence without final stop, colour or line break.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_message(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| Some(&e.message)) }
}

/// What to do next; NULL where there is nothing to say.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_help(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.help.as_deref()) }
}

/// Whether the same call may succeed later without anything being mended.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_can_retry(error: *const zmgr_error) -> bool {
    unsafe { read(error, false, |e| e.error.can_retry()) }
}

/// How many findings the error has.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_detail_count(error: *const zmgr_error) -> usize {
    unsafe { read(error, 0, |e| e.details.len()) }
}

/// Finding number `index`; NULL past the last. It belongs to the error.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_detail(error: *const zmgr_error, index: usize) -> *const zmgr_diagnostic {
    unsafe { read_part(error, |e| e.details.get(index)) }
}

/// Word number `index` of the command of the host that failed, the program first; NULL past the last, and where the failure
/// was not that of a command.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_arg(error: *const zmgr_error, index: usize) -> *const c_char {
    unsafe { read_text(error, |e| e.argv.get(index).map(|word| word.as_c_str())) }
}

/// The exit status of the command that failed; -1 where a signal ended it, and where there was no command.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_status(error: *const zmgr_error) -> i32 {
    unsafe { read(error, -1, |e| e.error.command().and_then(|command| command.status).unwrap_or(-1)) }
}

/// The last lines that the command printed on its standard output; NULL where there was no command.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_stdout(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.stdout.as_deref()) }
}

/// The last lines that the command printed on its standard error; NULL where there was no command.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_stderr(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.stderr.as_deref()) }
}

/// The file that holds all that the command printed; NULL where there is none.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_command_log(error: *const zmgr_error) -> *const c_char {
    unsafe { read_text(error, |e| e.log.as_deref()) }
}

/// The whole error as JSON, as `zmgr --json` prints it. The text is the caller's: zmgr_string_free.
///
/// # Safety
/// `error` is NULL or a live error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_json(error: *const zmgr_error) -> *mut c_char {
    unsafe { read(error, std::ptr::null_mut(), |e| give_text(&e.error.to_json().to_string())) }
}

/// Frees an error. NULL is fine.
///
/// # Safety
/// `error` is NULL or an error of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_error_free(error: *mut zmgr_error) {
    unsafe { free(error) }
}

/// How much the finding weighs.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_severity(finding: *const zmgr_diagnostic) -> zmgr_severity {
    unsafe { read(finding, zmgr_severity::ZMGR_SEVERITY_ERROR, |f| f.severity) }
}

/// A stable word for this kind of finding, such as "unknown-node".
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_code(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| Some(&f.code)) }
}

/// What is wrong, in a sentence.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_message(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| Some(&f.message)) }
}

/// What to do about it; NULL where there is nothing to say.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_help(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.help.as_deref()) }
}

/// The file; NULL where the finding is about none.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_path(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.path.as_deref()) }
}

/// The line, from 1; 0 where it is not known.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_line(finding: *const zmgr_diagnostic) -> u64 {
    unsafe { read(finding, 0, |f| f.line) }
}

/// The column in characters, from 1; 0 where it is not known.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_column(finding: *const zmgr_diagnostic) -> u64 {
    unsafe { read(finding, 0, |f| f.column) }
}

/// The line of the file as it stands; NULL where the finding has no place.
///
/// # Safety
/// `finding` is NULL or a live finding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnostic_snippet(finding: *const zmgr_diagnostic) -> *const c_char {
    unsafe { read_text(finding, |f| f.snippet.as_deref()) }
}
