//! The log of a manager.

use std::ffi::{CString, c_char, c_void};

use zmgr_core::{Code, Error, LogLevel, LogRecord, Result};

use crate::ffi::{c_text, optional_text, read, read_text};

/// Severity of a log record. Severities may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_log_level {
    /// A zone failed.
    ZMGR_LOG_ERROR = 1,
    /// Something that a user should know, or a step that failed.
    ZMGR_LOG_WARN = 2,
    /// Beginning and end of an operation on a zone.
    ZMGR_LOG_INFO = 3,
    /// Steps, and commands of the host with their duration and status.
    ZMGR_LOG_DEBUG = 4,
    /// Details for the developers of zmgr.
    ZMGR_LOG_TRACE = 5,
}

/// Log callback, in zmgr_open_options. Called on the threads that do the work, several at once, and only during calls that use the
/// manager. It must not use the manager, throw or `longjmp`. The record is valid only during the call.
pub type zmgr_log_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, record: *const zmgr_log_record)>;

/// Record of a log: a message and details by name, such as operation, zone, step, command, status and elapsed_ms. Lives for the
/// callback only, on its thread. Holds no secrets.
pub struct zmgr_log_record {
    level: zmgr_log_level,
    message: CString,
    line: CString,
    fields: Vec<(&'static str, CString)>,
}

/// Callback and its first argument.
struct Sink {
    call: unsafe extern "C" fn(*mut c_void, *const zmgr_log_record),
    userdata: *mut c_void,
}

// SAFETY: the header says that the callback is called on several threads at once.
unsafe impl Send for Sink {}
unsafe impl Sync for Sink {}

impl Sink {
    fn tell(&self, record: &LogRecord) {
        let level = match record.level {
            LogLevel::Error => zmgr_log_level::ZMGR_LOG_ERROR,
            LogLevel::Warn => zmgr_log_level::ZMGR_LOG_WARN,
            LogLevel::Info => zmgr_log_level::ZMGR_LOG_INFO,
            LogLevel::Debug => zmgr_log_level::ZMGR_LOG_DEBUG,
            _ => zmgr_log_level::ZMGR_LOG_TRACE,
        };
        let record = zmgr_log_record {
            level,
            message: c_text(&record.message),
            line: c_text(&record.to_string()),
            fields: record.fields.iter().map(|(name, value)| (*name, c_text(value))).collect(),
        };
        // SAFETY: the caller gave the function, which the header describes; the record lives until it returns.
        unsafe { (self.call)(self.userdata, &raw const record) }
    }
}

/// Returns what a manager calls with its records, and up to which level.
pub(crate) fn sink(
    call: zmgr_log_fn,
    userdata: *mut c_void,
    level: u32,
) -> Result<Option<(LogLevel, impl Fn(&LogRecord) + Send + Sync + 'static)>> {
    let Some(call) = call else { return Ok(None) };
    let level = match level {
        0 | 3 => LogLevel::Info,
        1 => LogLevel::Error,
        2 => LogLevel::Warn,
        4 => LogLevel::Debug,
        5 => LogLevel::Trace,
        other => {
            return Err(Error::new(
                Code::InvalidArgument,
                format!("options->log_level: {other} is not a zmgr_log_level"),
            ));
        }
    };
    let sink = Sink { call, userdata };
    Ok(Some((level, move |record: &LogRecord| sink.tell(record))))
}

/// Returns the severity of a record.
///
/// # Safety
/// `record` is NULL or the record of the running callback; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_log_record_get_level(record: *const zmgr_log_record) -> zmgr_log_level {
    unsafe { read(record, zmgr_log_level::ZMGR_LOG_TRACE, |record| record.level) }
}

/// Returns what happened, such as "started", "step done" or "command".
///
/// # Safety
/// See zmgr_log_record_get_level.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_log_record_message(record: *const zmgr_log_record) -> *const c_char {
    unsafe { read_text(record, |record| Some(&record.message)) }
}

/// Returns message and details on one line.
///
/// # Safety
/// See zmgr_log_record_get_level.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_log_record_line(record: *const zmgr_log_record) -> *const c_char {
    unsafe { read_text(record, |record| Some(&record.line)) }
}

/// Returns the detail of this name, such as "zone" or "command"; NULL if the record has none.
///
/// # Safety
/// See zmgr_log_record_get_level; `name` is NULL or ends in a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_log_record_field(record: *const zmgr_log_record, name: *const c_char) -> *const c_char {
    let Ok(Some(name)) = (unsafe { optional_text(name, "name") }) else { return std::ptr::null() };
    let field = |record: &zmgr_log_record| record.fields.iter().position(|(known, _)| *known == name);
    unsafe { read_text(record, |record| field(record).map(|at| record.fields[at].1.as_c_str())) }
}
