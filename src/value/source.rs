//! Source of a value: the file and line for errors, `show --effective` and `diff`.
//!
//! Invariant: the source is not part of the value. Two values are equal whatever their lines, so that moving a line in a file is
//! never a difference.

use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A line of a file, or nothing for one of zmgr's own defaults. Any two are equal.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let spec = manager.effective("web01")?;
/// let source: &Source = &spec.brand.source;
/// println!("{source}: {}", spec.brand.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Source {
    /// The file.
    pub file: Option<Arc<Path>>,
    /// The line, from 1; 0 if there is none.
    pub line: u32,
}

impl Source {
    /// Returns a line of a file.
    pub fn new(file: Arc<Path>, line: u32) -> Self {
        Source { file: Some(file), line }
    }

    /// Returns no source: for one of zmgr's own defaults, or a value of the caller's.
    pub fn none() -> Self {
        Source::default()
    }
}

impl PartialEq for Source {
    fn eq(&self, _: &Source) -> bool {
        true
    }
}

impl Eq for Source {}

/// `FILE:LINE`, `FILE` without a line, or `default`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) if self.line == 0 => file.display().fmt(f),
            Some(file) => write!(f, "{}:{}", file.display(), self.line),
            None => f.write_str("default"),
        }
    }
}

/// A value and its line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Its line.
    #[serde(default)]
    pub source: Source,
}

impl<T> Sourced<T> {
    /// Returns a value with its line.
    pub fn new(value: T, source: Source) -> Self {
        Sourced { value, source }
    }
}

/// Returns a value that is not in a file.
impl<T> From<T> for Sourced<T> {
    fn from(value: T) -> Self {
        Sourced { value, source: Source::none() }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
