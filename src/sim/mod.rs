//! A simulated illumos host: the commands that manage zones, answering with the real grammar, state rules, messages and
//! exit statuses, on a directory that looks like the root of such a host.
//!
//! Invariant: this module names nothing of the crate but itself. What it knows of illumos it knows on its own, so that the
//! rest of the crate is tested against it and not against a copy of its own beliefs.

mod call;
mod dialect;
#[allow(dead_code, reason = "the commands that use it are being built")]
mod document;
#[allow(dead_code, reason = "the commands that use it are being built")]
mod index;
mod machine;

pub use call::{Call, Caller, Output, Status};
pub use dialect::Dialect;
pub use machine::Machine;
