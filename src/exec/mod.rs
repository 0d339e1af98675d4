//! Commands of the host: building, running, parsing.
//!
//! Invariant: each verb has three separate parts: the [`Invocation`], the run through a [`Runner`], the parser of its output. No
//! decisions are made here; those belong to `operations`.

pub mod beadm;
mod completed;
pub mod dladm;
mod fields;
#[cfg(feature = "internals")]
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
pub mod svcs;
mod system;
pub mod umount;
pub mod zfs;
pub mod zlogin;
pub mod zoneadm;
pub mod zonecfg;

pub(crate) use completed::in_words;
pub use completed::{Captured, Completed, End, Stopped};
pub use invocation::{ENVIRONMENT, Invocation, Output, SHORT, Stdin, command_line};
pub use runner::{
    CancelCheck, CancellableRunner, Control, LoggedRunner, Moment, Runner, TICK, Tick, WatchedRunner, Watcher,
    run_quietly,
};
#[cfg(feature = "sim")]
pub use simulated::SimRunner;
pub use system::{Grace, SystemRunner};
