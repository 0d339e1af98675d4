//! Reports of operations.

use std::ffi::{CString, c_char};

use zmgr_core::{Report, Result};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Out, c_text, free, read, read_part, read_text};
use crate::words::zmgr_action;
use crate::zone::zmgr_zone;

/// Outcome of an operation for each zone, in the order of the request. An immutable snapshot that any thread may read; valid until
/// zmgr_report_free(), even after zmgr_close().
pub struct zmgr_report(Vec<Outcome>);

struct Outcome {
    name: CString,
    action: CString,
    done: zmgr_action,
    zone: Option<zmgr_zone>,
    error: Option<zmgr_error>,
    notes: Vec<CString>,
}

impl zmgr_report {
    pub(crate) fn new(report: Report) -> Self {
        let outcome = |outcome: zmgr_core::Outcome| {
            let (zone, error) = match outcome.result {
                Ok(zone) => (zone.map(zmgr_zone::new), None),
                Err(error) => (None, Some(zmgr_error::new(error))),
            };
            Outcome {
                name: c_text(&outcome.name),
                action: c_text(outcome.action.as_str()),
                done: outcome.action.into(),
                zone,
                error,
                notes: outcome.notes.iter().map(|note| c_text(note)).collect(),
            }
        };
        zmgr_report(report.outcomes.into_iter().map(outcome).collect())
    }
}

/// Passes the report to the caller, then returns its error, if any.
pub(crate) fn report_to(out: Out<zmgr_report>, report: Report) -> Result<()> {
    let failure = report.error();
    out.set(|| zmgr_report::new(report));
    failure.map_or(Ok(()), Err)
}

/// Returns the number of zones in the report.
///
/// # Safety
/// `report` is NULL or a live report; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_len(report: *const zmgr_report) -> usize {
    unsafe { read(report, 0, |report| report.0.len()) }
}

/// Returns the name of zone `index`; NULL if out of range.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_name(report: *const zmgr_report, index: usize) -> *const c_char {
    unsafe { read_text(report, |report| report.0.get(index).map(|o| o.name.as_c_str())) }
}

/// Returns what was done to zone `index`: "created", "destroyed", "adopted", "skipped", …; "failed" if it has an error; NULL if out of
/// range.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_action(report: *const zmgr_report, index: usize) -> *const c_char {
    unsafe { read_text(report, |report| report.0.get(index).map(|o| o.action.as_c_str())) }
}

/// Returns what was done to zone `index` as a constant; ZMGR_ACTION_FAILED if it has an error, ZMGR_ACTION_OTHER if out of range.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_get_action(report: *const zmgr_report, index: usize) -> zmgr_action {
    let none = zmgr_action::ZMGR_ACTION_OTHER;
    unsafe { read(report, none, |report| report.0.get(index).map_or(none, |outcome| outcome.done)) }
}

/// Returns the status of zone `index`; ZMGR_INVALID_ARGUMENT if out of range.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_status(report: *const zmgr_report, index: usize) -> zmgr_status {
    let past = zmgr_status::ZMGR_INVALID_ARGUMENT;
    unsafe {
        read(report, past, |report| match report.0.get(index) {
            Some(outcome) => outcome.error.as_ref().map_or(zmgr_status::ZMGR_OK, zmgr_error::status),
            None => past,
        })
    }
}

/// Returns the error of zone `index`, which the report owns; NULL if it succeeded.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_error(report: *const zmgr_report, index: usize) -> *const zmgr_error {
    unsafe { read_part(report, |report| report.0.get(index).and_then(|o| o.error.as_ref())) }
}

/// Returns the resulting zone, which the report owns; NULL if the zone is gone or failed.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_zone(report: *const zmgr_report, index: usize) -> *const zmgr_zone {
    unsafe { read_part(report, |report| report.0.get(index).and_then(|o| o.zone.as_ref())) }
}

/// Returns note `note` on zone `index`: information for the user that did not stop the operation; NULL if out of range.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_note(report: *const zmgr_report, index: usize, note: usize) -> *const c_char {
    unsafe {
        read_text(report, |report| report.0.get(index).and_then(|o| o.notes.get(note)).map(|note| note.as_c_str()))
    }
}

/// Frees a report with its zones and errors; does nothing if it is NULL.
///
/// # Safety
/// `report` is NULL or a report that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_free(report: *mut zmgr_report) {
    unsafe { free(report) }
}
