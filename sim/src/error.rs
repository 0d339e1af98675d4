//! Errors of a machine itself; the answers of its commands are not errors.

use std::io;
use std::path::{Path, PathBuf};

/// Why a machine could not be made, opened, linked or given a fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is a machine already.
    #[error("{} holds a simulated machine already", .0.display())]
    Exists(PathBuf),
    /// There is none.
    #[error("{} holds no simulated machine", .0.display())]
    NotAMachine(PathBuf),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path in question.
        path: PathBuf,
        /// Its message.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: io::Error) -> Error {
        Error::Io { path: path.to_owned(), source }
    }
}
