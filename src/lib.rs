//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]

pub mod error;
pub mod name;
pub mod sim;

pub use error::{Code, Diagnostic, Error, FailedCommand, Result, Severity};
