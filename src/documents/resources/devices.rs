//! Devices.

use serde::{Deserialize, Serialize};

/// Devices of the host in the zone.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(Device::new("dsk/*").pattern, "dsk/*");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// Pattern below `/dev`, with shell wildcards. The key.
    pub pattern: String,
}

impl Device {
    /// Returns the devices that match this pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Device { pattern: pattern.into() }
    }
}
