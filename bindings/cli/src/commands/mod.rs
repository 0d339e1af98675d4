//! The commands. Each turns its options into one call of the API and prints the result.

pub mod check;
pub mod completions;
mod confirm;
pub mod create;
pub mod destroy;
pub mod doctor;
pub mod documents;
pub mod drift;
pub mod edit;
pub mod find;
pub mod fleet;
pub mod forget;
pub mod import;
pub mod init;
pub mod man;
mod operation;
pub mod plan;
pub mod pool;
mod pool_map;
pub mod power;
pub mod recover;
pub mod reinstall;
pub mod rename;
pub mod show;
pub mod sim;
pub mod snapshot;
mod zone_args;
