//! The C library of zmgr. Contains no logic: each function checks its arguments, calls the public Rust API and returns the result.
//!
//! `bindings/README.md` describes the conventions; `include/zmgr.h` is generated from this crate.
#![allow(non_camel_case_types)]

// In the order of the header. A comment is the heading there of the functions of the modules below it; rustfmt sorts modules that no
// blank line separates.

// Section: Managers
mod manager;

// Section: Errors and diagnostics
mod error;

mod diagnostic;

mod ffi;

// Section: Zones
mod zones;

mod power;

mod rename;

mod attach;

mod refresh;
mod update;

mod zone;

// Section: Several zones
mod bulk;

// Section: Plans
mod plans;

mod plan;

// Section: Progress, cancellation and reports
mod event;

mod cancel;

mod report;

// Section: Snapshots
mod snapshot;

// Section: Configuration files
mod document;

mod drift;

// Section: Pools and addresses
mod address;

// Section: Diagnosis of the host
mod doctor;

// Section: Fleets of hosts
mod fleet;

// Section: Values
mod value;

// Section: Logs
mod log;

// Section: Simulated hosts
mod sim;

// Without functions of their own.
mod guard;
mod operate;
mod options;
mod words;

pub use address::*;
pub use bulk::*;
pub use cancel::{zmgr_cancel, zmgr_cancel_free, zmgr_cancel_is_requested, zmgr_cancel_new, zmgr_cancel_request};
pub use diagnostic::*;
pub use doctor::*;
pub use document::*;
pub use drift::*;
pub use error::*;
pub use event::*;
pub use ffi::zmgr_string_free;
pub use fleet::*;
pub use log::*;
pub use manager::*;
pub use options::*;
pub use plan::*;
pub use plans::*;
pub use power::*;
pub use report::*;
pub use sim::*;
pub use snapshot::*;
pub use value::*;
pub use words::*;
pub use zone::*;
pub use zones::*;
