//! Progress events.

use std::ffi::{CString, c_char, c_void};

use zmgr_core::{Event, EventKind};

use crate::ffi::{c_text, read, read_text};

/// Progress callback. Called once per event, on the thread that made the call, one event at a time even if zones are processed in
/// parallel, and never after the call has returned. `event` is valid only during the callback. Return false to cancel; if the
/// event is the start of a step, the step does not run. Must not throw, longjmp or close the manager.
pub type zmgr_progress_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, event: *const zmgr_event) -> bool>;

/// Kind of an event. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_event_kind {
    /// A kind that is newer than this header.
    ZMGR_EVENT_OTHER = 0,
    /// The operation on the zone starts.
    ZMGR_EVENT_STARTED = 1,
    /// A step starts.
    ZMGR_EVENT_STEP_STARTED = 2,
    /// A command starts; the message is its command line.
    ZMGR_EVENT_COMMAND = 3,
    /// A command is still running; the message is its last line of output.
    ZMGR_EVENT_RUNNING = 4,
    /// A step is done.
    ZMGR_EVENT_STEP_DONE = 5,
    /// A step failed; the message says why.
    ZMGR_EVENT_STEP_FAILED = 6,
    /// A step is being undone.
    ZMGR_EVENT_UNDOING = 7,
    /// A warning; the operation continues.
    ZMGR_EVENT_WARNING = 8,
    /// The output of a long command goes to a log; the message is its path.
    ZMGR_EVENT_LOG = 9,
    /// The operation on the zone has ended, successfully or not; the message is the outcome in a line.
    ZMGR_EVENT_FINISHED = 10,
}

/// Progress event. Lives for the callback only, on its thread.
pub struct zmgr_event {
    kind: zmgr_event_kind,
    zone: CString,
    step: CString,
    position: (usize, usize),
    zones: (usize, usize),
    message: Option<CString>,
    elapsed_ms: u64,
    ok: bool,
}

impl zmgr_event {
    pub(crate) fn new(event: &Event) -> Self {
        use zmgr_event_kind::*;
        let millis = |elapsed: &std::time::Duration| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let (kind, message, elapsed_ms, ok) = match &event.kind {
            EventKind::Started => (ZMGR_EVENT_STARTED, None, 0, true),
            EventKind::StepStarted => (ZMGR_EVENT_STEP_STARTED, None, 0, true),
            EventKind::Command { argv } => (ZMGR_EVENT_COMMAND, Some(c_text(&argv.join(" "))), 0, true),
            EventKind::Running { elapsed, last_line } => {
                (ZMGR_EVENT_RUNNING, last_line.as_deref().map(c_text), millis(elapsed), true)
            }
            EventKind::StepDone { elapsed } => (ZMGR_EVENT_STEP_DONE, None, millis(elapsed), true),
            EventKind::StepFailed { message } => (ZMGR_EVENT_STEP_FAILED, Some(c_text(message)), 0, false),
            EventKind::Undoing => (ZMGR_EVENT_UNDOING, None, 0, true),
            EventKind::Warning { message } => (ZMGR_EVENT_WARNING, Some(c_text(message)), 0, true),
            EventKind::Log { path } => (ZMGR_EVENT_LOG, Some(c_text(&path.to_string_lossy())), 0, true),
            EventKind::Finished { ok, summary, .. } => (ZMGR_EVENT_FINISHED, Some(c_text(summary)), 0, *ok),
            _ => (ZMGR_EVENT_OTHER, None, 0, true),
        };
        zmgr_event {
            kind,
            zone: c_text(&event.zone),
            step: c_text(&event.step),
            position: event.position,
            zones: event.zones,
            message,
            elapsed_ms,
            ok,
        }
    }
}

/// Returns the kind of the event.
///
/// # Safety
/// `event` is NULL or the event of the running callback; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_get_kind(event: *const zmgr_event) -> zmgr_event_kind {
    unsafe { read(event, zmgr_event_kind::ZMGR_EVENT_OTHER, |e| e.kind) }
}

/// Returns the name of the zone.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_zone(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| Some(&e.zone)) }
}

/// Returns the id of the step within the plan, such as "install"; empty for events of the whole zone.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_step(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| Some(&e.step)) }
}

/// Returns the number of the step, counted from 1; 0 for events of the whole zone.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_position(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.position.0) }
}

/// Returns the number of steps; 0 if it is not known.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_steps(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.position.1) }
}

/// Returns the number of zones of the operation that have finished, this event included.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_zones_done(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.zones.0) }
}

/// Returns the number of zones of the operation.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_zones(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.zones.1) }
}

/// Returns the message of the event; NULL if it has none.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_message(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| e.message.as_deref()) }
}

/// Returns the time that the step or command has taken, in milliseconds.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_elapsed_ms(event: *const zmgr_event) -> u64 {
    unsafe { read(event, 0, |e| e.elapsed_ms) }
}

/// Returns false if the step, or the operation on the zone, failed.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_ok(event: *const zmgr_event) -> bool {
    unsafe { read(event, false, |e| e.ok) }
}
