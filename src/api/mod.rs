//! Types that callers see: options, zones, plans, reports, events.

mod attach_options;
mod event;
mod operation;
mod options;
mod plan;
mod record;
mod rename_options;
mod report;
mod request;
mod snapshot;
mod state;
mod step_kind;
mod update_options;
mod zone;

pub use attach_options::AttachOptions;
pub use event::{Event, EventKind};
pub use operation::{Action, Operation};
pub use options::{
    ApplyOptions, CreateOptions, DestroyOptions, ExecOptions, ExecStream, HaltOptions, ImportOptions, OnFailure, Query,
    QueryHost, RecoverOptions, ReinstallOptions, RunOptions,
};
pub use plan::{Basis, Change, Plan, PlannedFile, PlannedStep};
pub(crate) use plan::{difference, hex};
pub(crate) use record::{ChangeRecord, RecordedOperation};
pub use rename_options::RenameOptions;
pub use report::{Outcome, Report};
pub use request::{Pinned, PinnedNet, Request};
pub use snapshot::{RollbackOptions, Snapshot, SnapshotDataset, SnapshotState};
pub use state::{ZoneState, ZoneStatus};
pub use step_kind::StepKind;
pub use update_options::UpdateOptions;
pub use zone::{Zone, ZoneAddress, ZoneNet};
