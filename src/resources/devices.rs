//! Devices.

use serde::{Deserialize, Serialize};

/// Devices of the host that the zone sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// A pattern below `/dev`, with the shell's wildcards. The key.
    pub pattern: String,
}

impl Device {
    /// The devices that match this pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Device { pattern: pattern.into() }
    }
}
