//! A document: a file's text and what it says, read once and changed without losing what people wrote.
//!
//! Invariant: `text` decodes to `value`, whatever was changed.

use std::path::Path;
use std::sync::Arc;

use crate::error::Result;

/// A kind of document: how it is decoded and written.
pub trait Kind: kind::Sealed {}

pub(crate) mod kind {
    /// Keeps the kinds to those of this crate.
    pub trait Sealed: Sized {}
}

impl kind::Sealed for crate::zone::ZoneEntry {}
impl Kind for crate::zone::ZoneEntry {}
impl kind::Sealed for crate::reservation::Reservation {}
impl Kind for crate::reservation::Reservation {}

/// A file's text and what it says.
#[derive(Debug, Clone)]
pub struct Document<T> {
    /// What it says.
    pub value: T,
    path: Arc<Path>,
    text: Arc<str>,
}

impl<T: Kind> Document<T> {
    /// Reads a document from its bytes; `path` gives the stem that its name must equal, and stands in every diagnostic. The error
    /// (`config`) has every fault in its details.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Document<T>> {
        let _ = (path, bytes);
        todo!()
    }

    /// Several at once, on all cores. The order is kept.
    pub fn parse_many(files: &[(Arc<Path>, Vec<u8>)]) -> Vec<Result<Document<T>>> {
        let _ = files;
        todo!()
    }

    /// The text of a new document that says `value`: tidy, and the same every time.
    pub fn create(path: &Path, value: T) -> Result<Document<T>> {
        let _ = (path, value);
        todo!()
    }

    /// The document changed so that it says `value`: only the lines that differ change; comments, order and spacing stay.
    /// `config` where a newer zmgr wrote it.
    pub fn with(&self, value: T) -> Result<Document<T>> {
        let _ = value;
        todo!()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its file.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }
}
impl kind::Sealed for crate::config::Config {}
impl Kind for crate::config::Config {}
impl kind::Sealed for crate::template::Template {}
impl Kind for crate::template::Template {}
impl kind::Sealed for crate::pool::Pool {}
impl Kind for crate::pool::Pool {}
impl kind::Sealed for crate::publisher::Publisher {}
impl Kind for crate::publisher::Publisher {}
