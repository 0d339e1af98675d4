//! A simulated illumos host: the commands that manage zones, answering with the real grammar, state rules, messages and
//! exit statuses, on a directory that looks like the root of such a host.
//!
//! This package depends on nothing of zmgr: if it took its idea of illumos from the code that it tests, the tests would agree
//! with themselves.
#![forbid(unsafe_code)]

mod answer;
mod calendar;
mod call;
mod dialect;
mod dladm;
mod document;
mod error;
mod fault;
mod hints;
mod index;
mod inject;
mod interface;
mod ipadm;
mod kernel;
mod layout;
mod link;
mod machine;
mod options;
mod pkg;
mod reboot;
mod record;
mod session;
mod small;
mod state;
mod svcs;
mod table;
mod tree;
mod zfs;
mod zlogin;
mod zoneadm;
mod zonecfg;

pub use call::{Call, Caller, Output, Start, Status};
pub use dialect::Dialect;
pub use error::Error;
pub use fault::{Abort, Fault};
pub use machine::Machine;
pub use reboot::FailedBoot;

use state::ZoneState;
