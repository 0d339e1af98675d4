//! The public API (`Manager`); delegates only.

mod addresses;
mod doctor;
mod documents;
mod drift;
mod fleet;
mod import;
mod open;
mod power;
mod snapshots;
mod templates;
mod zones;

pub use open::{Manager, ManagerBuilder};
