//! What zmgr does to zones: plans as values, steps that can be undone and repeated, the journal, recovery.

pub(crate) mod addresses;
mod basis;
mod brand;
mod cancel;
mod conduct;
mod create;
mod destroy;
mod event;
mod exec;
mod files;
mod floor;
mod holdings;
mod identity;
mod journal;
mod library;
mod list;
mod operate;
mod perform;
mod plan;
mod power;
mod preflight;
mod recover;
mod reinstall;
mod report;
mod request;
mod run;
mod site;
mod steps;
mod view;
mod wanted;

pub use cancel::Cancel;
pub use event::{Event, EventKind};
pub use plan::{Basis, Change, Plan, PlannedFile, PlannedStep};
pub use report::{Outcome, Report};
pub use request::{Pinned, PinnedNet, Request};

pub(crate) use exec::{exec, login};
pub(crate) use list::{zone, zones};
pub(crate) use operate::{create, destroy, plan_create, plan_destroy};
pub(crate) use power::{Power, power};
pub(crate) use recover::recover;
pub(crate) use reinstall::{plan_reinstall, reinstall};
pub(crate) use run::run;
pub(crate) use site::Site;
pub(crate) use view::spec;
