//! What a running call tells.

use std::ffi::{CString, c_char, c_void};

use zmgr_core::{Event, EventKind};

use crate::ffi::{c_text, read, read_text};

/// Hears of each event: on the thread that made the call, one at a time, also where several zones are worked on at once;
/// never after the call has returned. `event` lives for this one call. Returns false to ask to stop; a step that is refused
/// when it is about to begin is not done. It must not throw, not longjmp, and not close the manager.
pub type zmgr_progress_fn = Option<unsafe extern "C" fn(userdata: *mut c_void, event: *const zmgr_event) -> bool>;

/// What happened. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_event_kind {
    /// A kind that this version of the library has no number for.
    ZMGR_EVENT_OTHER = 0,
    /// Work on the zone begins.
    ZMGR_EVENT_STARTED = 1,
    /// A step begins.
    ZMGR_EVENT_STEP_STARTED = 2,
    /// A command runs; the message is its words.
    ZMGR_EVENT_COMMAND = 3,
    /// A command still runs; the message is the last line that it printed.
    ZMGR_EVENT_RUNNING = 4,
    /// A step is done.
    ZMGR_EVENT_STEP_DONE = 5,
    /// A step failed; the message says why.
    ZMGR_EVENT_STEP_FAILED = 6,
    /// A step is being undone.
    ZMGR_EVENT_UNDOING = 7,
    /// Something that a person should know and that stops nothing.
    ZMGR_EVENT_WARNING = 8,
    /// The output of a long command goes to the file that the message names.
    ZMGR_EVENT_LOG = 9,
    /// Work on the zone has ended, well or not.
    ZMGR_EVENT_FINISHED = 10,
}

/// One thing that happened. Lives for one call of the callback, and is read on its thread.
pub struct zmgr_event {
    kind: zmgr_event_kind,
    zone: CString,
    step: CString,
    position: (usize, usize),
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
            EventKind::Finished { ok } => (ZMGR_EVENT_FINISHED, None, 0, *ok),
            _ => (ZMGR_EVENT_OTHER, None, 0, true),
        };
        zmgr_event {
            kind,
            zone: c_text(&event.zone),
            step: c_text(&event.step),
            position: event.position,
            message,
            elapsed_ms,
            ok,
        }
    }
}

/// What happened.
///
/// # Safety
/// `event` is NULL or the event of the running callback; so for all that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_get_kind(event: *const zmgr_event) -> zmgr_event_kind {
    unsafe { read(event, zmgr_event_kind::ZMGR_EVENT_OTHER, |e| e.kind) }
}

/// The zone it is about.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_zone(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| Some(&e.zone)) }
}

/// The step's id within the plan, such as "install"; empty for events of the zone as a whole.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_step(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| Some(&e.step)) }
}

/// Which step it is, from 1; 0 for events of the zone as a whole.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_position(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.position.0) }
}

/// How many steps there are.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_steps(event: *const zmgr_event) -> usize {
    unsafe { read(event, 0, |e| e.position.1) }
}

/// The words that go with it; NULL where there are none.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_message(event: *const zmgr_event) -> *const c_char {
    unsafe { read_text(event, |e| e.message.as_deref()) }
}

/// How long the step or command has taken, in milliseconds.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_elapsed_ms(event: *const zmgr_event) -> u64 {
    unsafe { read(event, 0, |e| e.elapsed_ms) }
}

/// False for a step that failed and for a zone that did not come to what was asked.
///
/// # Safety
/// See zmgr_event_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_event_ok(event: *const zmgr_event) -> bool {
    unsafe { read(event, false, |e| e.ok) }
}
