//! Files of entries, before they are read.

use std::path::PathBuf;

use super::Tree;
use super::summary::EntryKind;

/// A file of the registry to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// Zone or reservation.
    pub kind: EntryKind,
    /// Its name, from the file name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl EntryFile {
    pub(super) fn new(tree: &Tree, kind: EntryKind, name: &str) -> EntryFile {
        let path = tree.directory(kind.directory()).join(format!("{name}.kdl"));
        EntryFile { kind, name: name.to_owned(), path }
    }
}

/// An entry whose file is read, and its record if it has one.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) kind: EntryKind,
    pub(super) name: String,
    /// True if its file is known to be a regular one.
    pub(super) regular: bool,
    pub(super) record: Option<usize>,
}
