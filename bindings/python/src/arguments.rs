//! Arguments whose conversion can fail with an exception of zmgr.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString};
use zmgr_core::{Code, Error};

use crate::error::{invalid, raised};

/// A text. One that is not valid Unicode, because it has a lone surrogate, is an `InvalidArgumentError`.
pub(crate) struct Text(String);

impl<'a, 'py> FromPyObject<'a, 'py> for Text {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        text(given).map(Text)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

/// Converts a `str`.
pub(crate) fn text(given: Borrowed<'_, '_, PyAny>) -> PyResult<String> {
    let (py, text) = (given.py(), given.extract::<String>());
    text.map_err(|error| match error.is_instance_of::<PyUnicodeEncodeError>(py) {
        true => match given.repr() {
            Ok(shown) => invalid(format!("{} is not valid Unicode", shown.to_string_lossy())),
            Err(error) => error,
        },
        false => error,
    })
}

/// Converts a number, or `None` if `T` is an option. One that is out of range is an `InvalidArgumentError`.
pub(crate) fn in_range<'py, T: FromPyObjectOwned<'py>>(given: &Bound<'py, PyAny>) -> PyResult<T> {
    given.extract::<T>().map_err(|error| {
        let error: PyErr = error.into();
        match error.is_instance_of::<PyOverflowError>(given.py()) {
            true => invalid(format!("{given} is out of range")),
            false => error,
        }
    })
}

/// Values by name, from any mapping.
pub(crate) struct ByName<T>(pub(crate) BTreeMap<String, T>);

impl<'a, 'py, T: FromPyObjectOwned<'py>> FromPyObject<'a, 'py> for ByName<T> {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let items = given.cast::<PyMapping>()?.items()?;
        let pair = |item: Bound<'py, PyAny>| -> PyResult<(String, T)> {
            Ok((text(item.get_item(0)?.as_borrowed())?, item.get_item(1)?.extract().map_err(Into::into)?))
        };
        items.iter().map(pair).collect::<PyResult<_>>().map(ByName)
    }
}

/// Texts by name.
pub(crate) type Pairs = ByName<Text>;

impl Pairs {
    /// Returns the texts by name.
    pub(crate) fn into_strings(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|(name, text)| (name, text.into())).collect()
    }
}

/// A command and its arguments. A single text is refused, because it would be its characters.
pub(crate) struct Words(pub(crate) Vec<String>);

impl<'a, 'py> FromPyObject<'a, 'py> for Words {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err(format!(
                "expected a sequence of words such as ['ls', '/'], not {}: no shell splits it",
                given.repr()?.to_string_lossy()
            )));
        }
        given.try_iter()?.map(|word| text(word?.as_borrowed())).collect::<PyResult<_>>().map(Words)
    }
}

/// One string or several; empty if the argument was omitted.
pub(crate) enum Names {
    /// A single string.
    One(String),
    /// Strings from any iterable.
    Many(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Names::Many(Vec::new())
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Names {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if given.is_instance_of::<PyString>() {
            return text(given).map(Names::One);
        }
        given.try_iter()?.map(|name| text(name?.as_borrowed())).collect::<PyResult<_>>().map(Names::Many)
    }
}

impl Names {
    pub(crate) fn as_strs(&self) -> Vec<&str> {
        match self {
            Names::One(name) => vec![name],
            Names::Many(names) => names.iter().map(String::as_str).collect(),
        }
    }

    /// Returns owned strings, for use after the call.
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Names::One(name) => vec![name],
            Names::Many(names) => names,
        }
    }
}

/// Converts an address, given as a string or an `ipaddress` object.
pub(crate) fn one_address(address: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    let text = text(address.str()?.as_any().as_borrowed())?;
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
    Duration::try_from_secs_f64(seconds).map_err(|_| invalid(not_a_time(seconds)))
}

/// Returns the message for a negative time and for `float("nan")`.
pub(crate) fn not_a_time(seconds: f64) -> String {
    format!("invalid time of {seconds} seconds: it must be a number from 0 on, or None")
}
