//! What benches and tests of whole programs use beside the public interface. Nothing here is promised: any version may change it.

pub use crate::fuzz::{TARGETS, Target};

/// The store of a fleet.
pub mod fleet {
    pub use crate::fleet::{Disturbance, MemoryStore, StoreCall};
}

/// The programs of the host.
pub mod exec {
    pub use crate::exec::*;
}

/// What is queried from the host.
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
