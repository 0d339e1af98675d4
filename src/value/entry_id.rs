//! Ids of zone entries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// 128 random bits that distinguish an entry from every other of the same name: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

impl EntryId {
    /// Returns a new one. Fails with `internal` if the system gives no random bytes.
    pub fn random() -> Result<Self> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(Code::Internal, format!("the system gives no random bytes: {error}")))?;
        Ok(EntryId(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EntryId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(EntryId(text.to_owned()));
        }
        Err(Error::new(
            Code::InvalidArgument,
            format!("invalid id {text:?}: expected 32 lower-case hexadecimal digits"),
        ))
    }
}

impl TryFrom<String> for EntryId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> String {
        id.0
    }
}
