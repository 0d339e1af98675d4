//! Arguments whose conversion can fail with an exception of zmgr.

use std::net::IpAddr;

use pyo3::prelude::*;
use zmgr_core::{Code, Error};

use crate::error::raised;

/// Converts an address, given as a string or an `ipaddress` object.
pub(crate) fn one_address(address: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = address.str()?.to_string();
    text.parse().map_err(|_| {
        let message = format!("{text:?} is not an address without prefix length");
        raised(address.py(), &Error::new(Code::InvalidArgument, message))
    })
}
