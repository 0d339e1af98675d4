//! What became of each zone of an operation.

use std::ffi::{CString, c_char};

use zmgr_core::{Report, Result};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{Out, c_text, free, read, read_part, read_text};
use crate::zone::zmgr_zone;

/// What became of each zone, in the order of the request. A snapshot: immutable, any thread may read it; it outlives the manager,
/// until zmgr_report_free.
pub struct zmgr_report(Vec<Outcome>);

struct Outcome {
    name: CString,
    action: CString,
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
                action: c_text(&outcome.action),
                zone,
                error,
                notes: outcome.notes.iter().map(|note| c_text(note)).collect(),
            }
        };
        zmgr_report(report.outcomes.into_iter().map(outcome).collect())
    }
}

/// Hands the report over, whatever it says; then the call fails as the report does.
pub(crate) fn report_to(out: Out<zmgr_report>, report: Report) -> Result<()> {
    let failure = report.error();
    out.set(|| zmgr_report::new(report));
    failure.map_or(Ok(()), Err)
}

/// How many zones the report speaks of.
///
/// # Safety
/// `report` is NULL or a live report; so for all that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_len(report: *const zmgr_report) -> usize {
    unsafe { read(report, 0, |report| report.0.len()) }
}

/// The name of zone number `index`; NULL past the last.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_name(report: *const zmgr_report, index: usize) -> *const c_char {
    unsafe { read_text(report, |report| report.0.get(index).map(|o| o.name.as_c_str())) }
}

/// What was done to it, in a word: "created", "destroyed", "adopted", "skipped", …
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_action(report: *const zmgr_report, index: usize) -> *const c_char {
    unsafe { read_text(report, |report| report.0.get(index).map(|o| o.action.as_c_str())) }
}

/// How it ended for this zone; ZMGR_INVALID_ARGUMENT past the last.
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

/// Why it failed; NULL where it did not. It belongs to the report.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_error(report: *const zmgr_report, index: usize) -> *const zmgr_error {
    unsafe { read_part(report, |report| report.0.get(index).and_then(|o| o.error.as_ref())) }
}

/// The zone as it is now; NULL where it is no more, or failed. It belongs to the report.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_zone(report: *const zmgr_report, index: usize) -> *const zmgr_zone {
    unsafe { read_part(report, |report| report.0.get(index).and_then(|o| o.zone.as_ref())) }
}

/// Note number `note` on zone number `index`: what a person should know, and which stopped nothing; NULL past the last.
///
/// # Safety
/// See zmgr_report_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_note(report: *const zmgr_report, index: usize, note: usize) -> *const c_char {
    unsafe {
        read_text(report, |report| report.0.get(index).and_then(|o| o.notes.get(note)).map(|note| note.as_c_str()))
    }
}

/// Frees a report, its zones and its errors. NULL is fine.
///
/// # Safety
/// `report` is NULL or a report of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_report_free(report: *mut zmgr_report) {
    unsafe { free(report) }
}
