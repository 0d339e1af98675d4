//! The manager: one thin door to everything; no logic of its own.

mod addresses;
mod documents;
mod open;
mod options;
mod zone;
mod zones;

pub use open::{Manager, ManagerBuilder};
pub use options::{CreateOptions, DestroyOptions, HaltOptions, Live, OnFailure, Query, RecoverOptions, RunOptions};
pub use zone::{Zone, ZoneAddress, ZoneNet};
