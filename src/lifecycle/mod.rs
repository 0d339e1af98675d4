//! What zmgr does to zones: plans as values, steps that can be undone and repeated, the journal, recovery.

mod cancel;
mod conduct;
mod event;
mod floor;
mod plan;
mod power;
mod recover;
mod report;
mod request;
mod steps;

pub use cancel::Cancel;
pub use event::{Event, EventKind};
pub use plan::{Basis, Change, Plan, PlannedFile, PlannedStep};
pub use report::{Outcome, Report};
pub use request::{Pinned, PinnedNet, Request};
