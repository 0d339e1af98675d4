//! Reading of files as bytes: documents, and what the host keeps in files.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::registry::Tree;

/// The bytes of a document; `None` where there is none.
pub(crate) fn read_document(tree: &Tree, path: &Path) -> Result<Option<Vec<u8>>> {
    match tree.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The bytes of a file of the host; `None` where there is none.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}
