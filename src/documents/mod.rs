//! The configuration files: what they say, and the spec that they come to for each zone.

pub(crate) mod config;
pub(crate) mod document;
pub(crate) mod entry_state;
pub(crate) mod environment;
pub(crate) mod pool;
pub(crate) mod publisher;
pub(crate) mod renaming;
pub(crate) mod reservation;
pub(crate) mod resolve;
pub(crate) mod resources;
pub(crate) mod settings;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod template;
pub(crate) mod zone;
