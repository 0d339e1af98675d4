//! Events of a running operation.

use std::path::PathBuf;
use std::time::Duration;

use crate::api::{Action, Outcome};

/// An event. Events of a zone arrive in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The zone it is about.
    pub zone: String,
    /// The step's id within the plan, such as `install` or `vnic:internal`; empty for events of the zone as a whole.
    pub step: String,
    /// Number of the step and of all steps, from 1; `(0, n)` for events of the zone as a whole; `(n, 0)` if the number of all steps
    /// is not known. It never changes while the operation works on the zone.
    pub position: (usize, usize),
    /// Number of zones that the operation has finished, this event included, and of all its zones.
    pub zones: (usize, usize),
    /// Event that occurred.
    pub kind: EventKind,
}

/// Kind of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The operation on the zone begins.
    Started,
    /// A step is about to begin: not before the callback has returned, and not at all if it cancels.
    StepStarted,
    /// A command runs, formatted for display.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
    /// A command of the step is still running.
    Running {
        /// Time since it started.
        elapsed: Duration,
        /// The last line that it printed, if any.
        last_line: Option<String>,
    },
    /// A step is done.
    StepDone {
        /// Duration of the step.
        elapsed: Duration,
    },
    /// A step failed; the ones before are undone next.
    StepFailed {
        /// Reason for the failure.
        message: String,
    },
    /// A step is being undone.
    Undoing,
    /// A note for the user; the operation continues.
    Warning {
        /// Text of the note.
        message: String,
    },
    /// The full output of a long command is written to this file.
    Log {
        /// The file.
        path: PathBuf,
    },
    /// The operation on the zone has ended. Each zone has one, also those that were left alone.
    Finished {
        /// True if it succeeded.
        ok: bool,
        /// Action taken, as in [`Outcome::action`](crate::Outcome::action).
        action: Action,
        /// The outcome in a line: `created web01 10.1.0.10/24`, or the error.
        summary: String,
    },
}

impl Event {
    /// Returns an event of a zone. The numbers of zones are set when it is delivered.
    pub(crate) fn new(zone: &str, step: &str, position: (usize, usize), kind: EventKind) -> Event {
        Event { zone: zone.to_owned(), step: step.to_owned(), position, zones: (0, 0), kind }
    }

    /// Returns the event that ends a zone.
    pub(crate) fn finished(outcome: &Outcome, steps: usize) -> Event {
        let (ok, action) = (outcome.result.is_ok(), outcome.action);
        let kind = EventKind::Finished { ok, action, summary: outcome.to_string() };
        Event::new(&outcome.name, "", (0, steps), kind)
    }
}
