//! Snapshots of zones: takes, lists and deletes them, and rolls zones back to them.
//!
//! Invariant: zmgr deletes only snapshots that it took, found again by their guids. A running zone is shut down only once everything
//! that its next boot needs was checked.

mod changes;
mod deleting;
mod keeping;
mod listing;
mod operate;
mod resume;
mod rolling_back;
mod taking;
mod work;
mod zone_data;

pub(crate) use keeping::{plan as plan_keeping, resume as resume_keeping};
pub(crate) use listing::snapshots;
pub(crate) use operate::{create, delete, plan, plan_create, plan_delete, plan_roll_back, roll_back, work_on};
pub(crate) use resume::{Progress, Stopped, Unfinished};
pub(crate) use rolling_back::plan_return;
pub(crate) use taking::plan as plan_taking;
pub(crate) use work::{Subject, Work, subject, unfinished_subject};
pub(crate) use zone_data::check_data;
