//! What an operation tells while it runs.

use std::path::PathBuf;
use std::time::Duration;

/// One thing that happened, in the order in which it happened for its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The zone it is about.
    pub zone: String,
    /// The step's id within the plan, such as `install` or `vnic:internal`; empty for events of the zone as a whole.
    pub step: String,
    /// Which step of how many, from 1; `(0, n)` for events of the zone as a whole.
    pub position: (usize, usize),
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// Work on the zone begins.
    Started,
    /// A step is about to begin: not before the caller has heard of it, and not at all where it asks to stop.
    StepStarted,
    /// A command runs, as printed for a person.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
    /// A command of the step is still running.
    Running {
        /// How long it has been.
        elapsed: Duration,
        /// The last line that it printed, where it printed one.
        last_line: Option<String>,
    },
    /// A step is done.
    StepDone {
        /// How long it took.
        elapsed: Duration,
    },
    /// A step failed; what follows is the undoing of the ones before.
    StepFailed {
        /// Why.
        message: String,
    },
    /// A step is being undone.
    Undoing,
    /// Something that a person should know and that stops nothing.
    Warning {
        /// The sentence.
        message: String,
    },
    /// The full output of a long command goes to this file.
    Log {
        /// The file.
        path: PathBuf,
    },
    /// Work on the zone has ended.
    Finished {
        /// Whether it did what was asked.
        ok: bool,
    },
}
