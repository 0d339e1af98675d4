//! A publisher of packages, `publishers/NAME.kdl`.

use std::net::Ipv6Addr;

use crate::documents::document::{Kind, Reader};
use crate::kdl_util::{Node, Value, credentials};
use crate::schema::At;
use crate::value::name::PublisherName;
use crate::value::source::Source;

/// A publisher of packages.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Publisher {
    /// Its name; the file's stem.
    pub name: PublisherName,
    /// True if it has the package `entire`, from which zones are installed.
    pub entire: bool,
    /// Origins of packages, at least one.
    pub origins: Vec<String>,
    /// Mirrors of their content.
    pub mirrors: Vec<String>,
    /// True if updates of its packages must come from it too.
    pub sticky: bool,
    /// Client certificate: a file of the host.
    pub ssl_cert: Option<String>,
    /// Key of the certificate: a file of the host.
    pub ssl_key: Option<String>,
    /// Line of the publisher.
    pub source: Source,
}

impl Publisher {
    /// Returns a publisher without origins.
    pub fn new(name: PublisherName) -> Self {
        Publisher {
            name,
            entire: false,
            origins: Vec::new(),
            mirrors: Vec::new(),
            sticky: true,
            ssl_cert: None,
            ssl_key: None,
            source: Source::none(),
        }
    }
}

impl Publisher {
    /// Returns what it says as JSON, without the lines that the values stand on.
    pub fn to_json(&self) -> serde_json::Value {
        crate::documents::document::json::of(self)
    }
}

impl Kind for Publisher {
    const FILE: Option<At> = Some(At::PublisherFile);

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let list = |name: &str| reader.list(root, name).map(|list| list.value).unwrap_or_default();
        let text = |name: &str| root.child(name).and_then(Node::text).map(str::to_owned);
        let publisher = Publisher {
            entire: root.property("entire").is_some_and(|entry| entry.value == Value::Bool(true)),
            origins: list("origin"),
            mirrors: list("mirror"),
            sticky: reader.flag(root, "sticky").is_none_or(|sticky| sticky.value),
            ssl_cert: text("ssl-cert"),
            ssl_key: text("ssl-key"),
            source: reader.source(root),
            ..Publisher::new(root.text()?.parse().ok()?)
        };
        check_addresses(root, reader);
        let alone = match (root.child("ssl-cert"), root.child("ssl-key")) {
            (Some(cert), None) => Some((cert, "ssl-key")),
            (None, Some(key)) => Some((key, "ssl-cert")),
            _ => None,
        };
        if let Some((node, other)) = alone {
            reader.faults.add("missing-node", node.name_span, format!("`{}` needs `{other}`", node.name));
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
        let node = Node::new("publisher").arg(self.name.as_str());
        vec![if self.entire { node.prop("entire", true) } else { node }.block(inner)]
    }
}

/// Reports addresses that pkg refuses, which would be noticed only after the zone is installed.
fn check_addresses(root: &Node, reader: &mut Reader<'_>) {
    let mut mirrors: Vec<String> = Vec::new();
    for name in ["origin", "mirror"] {
        for node in root.children_named(name) {
            // A URL with a password is refused by its type, which does not show it.
            for uri in node.texts().filter(|uri| credentials(uri).is_none()) {
                let mut fault = address_fault(uri);
                if name == "origin" && uri.ends_with("//") {
                    fault = fault.or(Some("it ends in more than one slash"));
                }
                if name == "mirror" {
                    let kept = uri.trim_end_matches('/').to_owned();
                    if mirrors.contains(&kept) {
                        fault = fault.or(Some("the mirror is given twice"));
                    }
                    mirrors.push(kept);
                }
                if let Some(fault) = fault {
                    reader.faults.add(
                        "bad-value",
                        node.name_span,
                        format!("pkg does not accept the {name} {uri:?}: {fault}"),
                    );
                }
            }
        }
    }
}

/// Returns why pkg would refuse an address. Paths and addresses of other schemes are not checked here.
fn address_fault(uri: &str) -> Option<&'static str> {
    let (scheme, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "file" => (!authority.is_empty()).then_some("a file address must not have a host"),
        "http" | "https" => {
            // An IPv6 address is in brackets, and contains colons.
            if let Some((host, port)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                return ipv6_fault(host, port);
            }
            let host = authority.split(':').next().unwrap_or_default();
            if host.is_empty() || host.starts_with('.') {
                return Some("it has no host");
            }
            let is_host = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
            (!is_host).then_some("a host consists of letters, digits, '.' and '-'")
        }
        _ => None,
    }
}

/// Returns why pkg would refuse an IPv6 host, given without its brackets, or what follows it.
fn ipv6_fault(host: &str, port: &str) -> Option<&'static str> {
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if host.parse::<Ipv6Addr>().is_err() {
        Some("the host in brackets is not an IPv6 address")
    } else if host.ends_with(':') {
        Some("an IPv6 host must not end in a colon")
    } else if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        Some("only a port may follow the host in brackets")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::address_fault;
    use crate::value::name::PublisherName;

    #[test]
    fn what_pkg_refuses_after_the_install_is_refused_before_it() {
        for uri in [
            "https://a_b.example/",
            "http://",
            "http://.",
            "http://:80/",
            "file://host/repo",
            "file://localhost/repo",
            "http://a%20b/",
            "http://[fd00::1/",
            "http://[fd00::/",
            "http://[fd00::]/",
            "http://[fd00::1%25net0]/",
            "http://[fd00::1]x/",
            "http://[fd00::1]:x/",
            "http://[]/",
            "http://[10.0.0.1]/",
        ] {
            assert!(address_fault(uri).is_some(), "{uri}");
        }
        for uri in [
            "http://h.example/~u@x",
            "https://10.0.0.1:8443/a_b",
            "http://[fd00::1]:80/x",
            "https://[::ffff:10.0.0.1]",
            "http://[::1]:/",
            "file:///repo",
            "/repo",
        ] {
            assert_eq!(address_fault(uri), None, "{uri}");
        }
        assert!("a_b".parse::<PublisherName>().is_err());
        assert!("None".parse::<PublisherName>().is_err());
        assert!("a-b.org".parse::<PublisherName>().is_ok());
    }
}
