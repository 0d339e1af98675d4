//! Arguments whose conversion can fail with an exception of zmgr.

use std::net::IpAddr;
use std::time::Duration;

use pyo3::prelude::*;
use zmgr_core::{Code, Error};

use crate::error::{invalid, raised};

/// Converts an address, given as a string or an `ipaddress` object.
pub(crate) fn one_address(address: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = address.str()?.to_string();
    text.parse().map_err(|_| {
        let message = format!("{text:?} is not an address without prefix length");
        raised(address.py(), &Error::new(Code::InvalidArgument, message))
    })
}

/// Converts a time in seconds; `float("inf")` and values out of range become the longest duration.
pub(crate) fn seconds(seconds: f64) -> PyResult<Duration> {
    if seconds >= Duration::MAX.as_secs_f64() {
        return Ok(Duration::MAX);
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| invalid(format!("{seconds} seconds: {error}")))
}
