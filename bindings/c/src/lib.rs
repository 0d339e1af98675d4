//! The C library of zmgr. Contains no logic: each function checks its arguments, calls the public Rust API and returns the result.
//!
//! `bindings/README.md` describes the conventions; `include/zmgr.h` is generated from this crate.
#![allow(non_camel_case_types)]

mod address;
mod attach;
mod bulk;
mod cancel;
mod diagnostic;
mod doctor;
mod document;
mod drift;
mod error;
mod event;
mod ffi;
mod fleet;
mod guard;
mod log;
mod manager;
mod operate;
mod options;
mod plan;
mod plans;
mod power;
mod rename;
mod report;
mod sim;
mod snapshot;
mod update;
mod value;
mod zone;
mod zones;

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
pub use zone::*;
pub use zones::*;
