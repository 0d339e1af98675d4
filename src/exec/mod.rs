//! Commands of the host: how each is built, run and read back.
//!
//! Invariant: each verb is three things that can be had alone: the [`Invocation`], the run through a [`Runner`], the parsing
//! of its answer. Nothing here decides anything; that is `operations`'s.

pub mod beadm;
mod completed;
pub mod dladm;
mod fields;
pub mod fuzz;
pub mod identify;
mod invocation;
pub mod ipadm;
pub mod kstat;
pub mod pkg;
pub mod quote;
mod runner;
#[cfg(feature = "sim")]
mod simulated;
mod sink;
mod system;
pub mod zfs;
pub mod zlogin;
pub mod zoneadm;
pub mod zonecfg;

pub(crate) use completed::in_words;
pub use completed::{Captured, Completed, End, Stopped};
pub use invocation::{ENVIRONMENT, Invocation, Output, SHORT, Stdin, command_line};
pub use runner::{
    CancelCheck, CancellableRunner, Control, Moment, Runner, TICK, Tick, WatchedRunner, Watcher, run_quietly,
};
#[cfg(feature = "sim")]
pub use simulated::SimRunner;
pub use system::{Grace, SystemRunner};
