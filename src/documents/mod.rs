//! The configuration files: what they say, and the spec that they come to for each zone.

pub mod config;
pub mod document;
pub mod environment;
pub mod pool;
pub mod publisher;
pub mod reservation;
pub mod resolve;
pub mod resources;
pub mod settings;
pub mod template;
pub mod zone;
