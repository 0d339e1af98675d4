//! Reading of documents as bytes.

use std::path::Path;

use crate::error::{Code, Result};
use crate::registry::Tree;

/// The bytes of a document; `None` where there is none.
pub(crate) fn read_file(tree: &Tree, path: &Path) -> Result<Option<Vec<u8>>> {
    match tree.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
