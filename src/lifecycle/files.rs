//! Reading of documents as bytes.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};

/// The bytes of a document; `None` where there is none.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}
