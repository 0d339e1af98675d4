//! The documents that people write: the first tree, checks, and each document as it stands.

use std::path::PathBuf;

use super::Manager;
use crate::error::{Code, Error, Result};
use crate::registry::Folder;
use crate::starter::starter;

impl Manager {
    /// Writes the first tree: a small one that works, with comments that teach the format. What is there already stays as it is.
    /// Answers with the files that it wrote, in order.
    pub fn init(&self) -> Result<Vec<PathBuf>> {
        let registry = self.registry();
        let tree = registry.tree();
        let make =
            |folder: PathBuf| std::fs::create_dir_all(&folder).map_err(|error| Error::io("make", &folder, error));
        make(tree.root().to_owned())?;
        for folder in Folder::ALL {
            make(tree.folder(folder))?;
        }
        let mut written = Vec::new();
        for (path, text) in starter() {
            let path = tree.root().join(path);
            match registry.create(&path, text.as_bytes()) {
                Ok(()) => written.push(path),
                Err(error) if error.code() == Code::Exists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}
