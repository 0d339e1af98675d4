//! A publisher of packages, `publishers/NAME.kdl`.

use crate::document::{Kind, Reader};
use crate::kdl_util::Node;
use crate::name::PublisherName;
use crate::schema::At;
use crate::source::Source;

/// A publisher of packages.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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

impl Kind for Publisher {
    const FILE: Option<At> = Some(At::PublisherFile);

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let list = |name: &str| reader.list(root, name).map(|list| list.value).unwrap_or_default();
        let text = |name: &str| root.child(name).and_then(Node::text).map(str::to_owned);
        let publisher = Publisher {
            origins: list("origin"),
            mirrors: list("mirror"),
            sticky: reader.flag(root, "sticky").is_none_or(|sticky| sticky.value),
            ssl_cert: text("ssl-cert"),
            ssl_key: text("ssl-key"),
            source: reader.source(root),
            ..Publisher::new(root.text()?.parse().ok()?)
        };
        let alone = match (root.child("ssl-cert"), root.child("ssl-key")) {
            (Some(cert), None) => Some((cert, "ssl-key")),
            (None, Some(key)) => Some((key, "ssl-cert")),
            _ => None,
        };
        if let Some((node, other)) = alone {
            reader.faults.add("missing-node", node.name_span, format!("`{}` needs `{other}` beside it", node.name));
        }
        Some(publisher)
    }

    fn encode(&self) -> Vec<Node> {
        let mut inner: Vec<Node> = Vec::new();
        inner.extend(self.origins.iter().map(|url| Node::new("origin").arg(url.as_str())));
        inner.extend(self.mirrors.iter().map(|url| Node::new("mirror").arg(url.as_str())));
        inner.extend((!self.sticky).then(|| Node::new("sticky").arg(false)));
        inner.extend(self.ssl_cert.as_ref().map(|path| Node::new("ssl-cert").arg(path.as_str())));
        inner.extend(self.ssl_key.as_ref().map(|path| Node::new("ssl-key").arg(path.as_str())));
        vec![Node::new("publisher").arg(self.name.as_str()).block(inner)]
    }
}
