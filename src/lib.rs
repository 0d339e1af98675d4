//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]

pub mod error;
#[doc(hidden)]
pub mod exec;
#[doc(hidden)]
#[doc(hidden)]
pub mod host;
pub mod ipam;
pub mod lifecycle;
pub mod manager;
pub mod name;
#[doc(hidden)]
pub mod registry;
#[doc(hidden)]
pub mod sim;
mod simhost;

pub use error::{Code, Diagnostic, Error, FailedCommand, Result, Severity};
pub use lifecycle::{Cancel, Event, EventKind, Outcome, Plan, Report};
pub use manager::{
    CreateOptions, DestroyOptions, HaltOptions, Live, Manager, ManagerBuilder, OnFailure, Query, RunOptions, Zone,
    ZoneAddress, ZoneNet,
};
pub use simhost::{Abort, Dialect, FailedBoot, Fault, SimHost, SimStatus, Surroundings};
