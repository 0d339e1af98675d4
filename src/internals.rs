//! Internals for benches and whole-program tests. Nothing here is promised: any version may change it.

pub use crate::fuzz::{TARGETS, Target};

/// The store of a fleet.
pub mod fleet {
    pub use crate::fleet::{Disturbance, MemoryStore, StoreCall};
}

/// The programs of the host.
pub mod exec {
    pub use crate::exec::*;
}

/// Queries to the host.
pub mod host {
    pub use crate::host::*;
}

/// Address arithmetic.
pub mod ipam {
    pub use crate::ipam::*;
}

/// Files, locks and allocation.
pub mod registry {
    pub use crate::registry::*;
}
