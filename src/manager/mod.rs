//! The public API (`Manager`); delegates only.

mod addresses;
mod doctor;
mod documents;
mod drift;
mod import;
mod open;
mod options;
mod power;
mod zone;
mod zones;

pub use open::{Manager, ManagerBuilder};
pub use options::{
    ApplyOptions, CreateOptions, DestroyOptions, ExecOptions, ExecStream, HaltOptions, ImportOptions, OnFailure, Query,
    QueryHost, RecoverOptions, ReinstallOptions, RunOptions,
};
pub use zone::{Zone, ZoneAddress, ZoneNet};
