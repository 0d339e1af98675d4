//! Types that callers see: options, zones, plans, reports, events.

mod attach_options;
mod event;
mod exec_options;
mod operation;
mod options;
mod plan;
mod query;
mod record;
mod refresh_options;
mod rename_options;
mod report;
mod request;
mod run_options;
mod setters;
mod snapshot;
mod state;
mod step_kind;
mod update_options;
mod zone;

pub use attach_options::AttachOptions;
pub use event::{Event, EventKind};
pub use exec_options::{ExecOptions, ExecStream};
pub use operation::{Action, Operation};
pub use options::{
    ApplyOptions, CreateOptions, DestroyOptions, HaltOptions, ImportOptions, RecoverOptions, ReinstallOptions,
};
pub use plan::{Basis, Change, Plan, PlannedFile, PlannedStep};
pub(crate) use plan::{difference, hex};
pub use query::{Query, QueryHost};
pub(crate) use record::{ChangeRecord, RecordedOperation};
pub use refresh_options::RefreshOptions;
pub use rename_options::RenameOptions;
pub use report::{Outcome, Report};
pub use request::{Pinned, PinnedNet, Request};
pub use run_options::{OnFailure, RunOptions};
pub use snapshot::{RollbackOptions, Snapshot, SnapshotDataset, SnapshotState};
pub use state::{ZoneState, ZoneStatus};
pub use step_kind::StepKind;
pub use update_options::UpdateOptions;
pub use zone::{Zone, ZoneAddress, ZoneNet};
