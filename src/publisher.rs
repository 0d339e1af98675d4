//! A publisher of packages, `publishers/NAME.kdl`.

use crate::name::PublisherName;
use crate::source::Source;

/// A publisher of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Publisher {
    /// Its name; the file's stem.
    pub name: PublisherName,
    /// Where packages come from, at least one.
    pub origins: Vec<String>,
    /// Where their contents may come from as well.
    pub mirrors: Vec<String>,
    /// Whether updates of its packages must come from it too.
    pub sticky: bool,
    /// The client certificate: a file of the host.
    pub ssl_cert: Option<String>,
    /// The key of the certificate: a file of the host.
    pub ssl_key: Option<String>,
    /// Where it begins.
    pub source: Source,
}

impl Publisher {
    /// A publisher without origins.
    pub fn new(name: PublisherName) -> Self {
        Publisher {
            name,
            origins: Vec::new(),
            mirrors: Vec::new(),
            sticky: true,
            ssl_cert: None,
            ssl_key: None,
            source: Source::none(),
        }
    }
}
