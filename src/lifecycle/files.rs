//! Reading of files as bytes: documents, and what the host keeps in files.

use std::path::Path;

use crate::error::{Code, Result};
use crate::file::{self, Links, Refused};
use crate::registry::Tree;

/// The bytes of a document; `None` where there is none.
pub(crate) fn read_document(tree: &Tree, path: &Path) -> Result<Option<Vec<u8>>> {
    match tree.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The largest file of the host that is read.
const LIMIT: u64 = 16 << 20;

/// Returns the bytes of a file of the host; `None` if there is none.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match file::read(path, Links::Follow, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Refused::Absent) => Ok(None),
        Err(why) => Err(why.error("read", path)),
    }
}
