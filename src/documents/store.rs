//! The node `store` of config.kdl: how to reach the store that the hosts of a fleet share.

use std::path::PathBuf;
use std::time::Duration;

use crate::documents::document::{Reader, integer};
use crate::kdl_util::Node;
use crate::value::source::Source;
use crate::value::{EntryId, word_enum};

/// Seconds until a call of the store fails, if `timeout` is not set.
const TIMEOUT: u64 = 10;

word_enum! {
    /// Kind of a store.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!("etcd".parse(), Ok(StoreKind::Etcd));
    /// ```
    StoreKind {
        /// An etcd cluster.
        Etcd "etcd",
    }
}

/// Connection to the store of a fleet.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// # std::fs::write(manager.root().join("config.kdl"), r#"default-template "oi"
/// # store "etcd" {
/// #     fleet "prod"
/// #     endpoint "https://a.example:2379" "https://b.example:2379"
/// # }"#)?;
/// let store: StoreConfig = manager.config()?.store.expect("config.kdl has one");
/// assert_eq!((store.fleet.as_str(), store.endpoints.len(), store.timeout.as_secs()), ("prod", 2, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StoreConfig {
    /// Kind of the store.
    pub kind: StoreKind,
    /// Name of the fleet; each has its own keys.
    pub fleet: String,
    /// URLs of the members, in the order in which they are tried.
    pub endpoints: Vec<String>,
    /// Certificates, if the endpoints use TLS.
    pub tls: Option<StoreTls>,
    /// User, if the store has users.
    pub user: Option<StoreUser>,
    /// Time limit of each call.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub timeout: Duration,
    /// Id that `fleet join` drew for this host.
    pub incarnation: Option<EntryId>,
    /// The node.
    pub source: Source,
}

/// Files of the TLS connection to a store.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// # std::fs::write(manager.root().join("config.kdl"), r#"store "etcd" {
/// #     fleet "prod"
/// #     endpoint "https://a.example:2379"
/// #     tls ca="/etc/zmgr/tls/ca.pem"
/// # }"#)?;
/// let tls: StoreTls = manager.config()?.store.and_then(|store| store.tls).expect("config.kdl has it");
/// assert!(tls.ca.is_some() && tls.cert.is_none(), "this host shows no certificate");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StoreTls {
    /// Certificates of the authorities that the endpoints' certificates are checked against.
    pub ca: Option<PathBuf>,
    /// Certificate of this host.
    pub cert: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

/// User of a store.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// # std::fs::write(manager.root().join("config.kdl"), r#"store "etcd" {
/// #     fleet "prod"
/// #     endpoint "https://a.example:2379"
/// #     user "h1" password-file="/etc/zmgr/tls/h1.password"
/// # }"#)?;
/// let user: StoreUser = manager.config()?.store.and_then(|store| store.user).expect("config.kdl has one");
/// assert_eq!(user.name, "h1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct StoreUser {
    /// Name.
    pub name: String,
    /// File with the password: its first line.
    pub password_file: PathBuf,
}

impl StoreConfig {
    pub(super) fn decode(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let path = |node: &Node, name: &str| node.property_text(name).map(PathBuf::from);
        let tls = node.child("tls").map(|tls| StoreTls {
            ca: path(tls, "ca"),
            cert: path(tls, "cert"),
            key: path(tls, "key"),
        });
        let user = node.child("user").and_then(|user| {
            Some(StoreUser { name: user.text()?.to_owned(), password_file: path(user, "password-file")? })
        });
        let timeout = node.child("timeout").and_then(|node| integer(node.first()?)).unwrap_or(TIMEOUT);
        Some(StoreConfig {
            kind: node.text()?.parse().ok()?,
            fleet: node.child("fleet")?.text()?.to_owned(),
            endpoints: node.children_named("endpoint").flat_map(|node| node.texts()).map(str::to_owned).collect(),
            tls,
            user,
            timeout: Duration::from_secs(timeout),
            incarnation: node.child("incarnation").and_then(|node| node.text()?.parse().ok()),
            source: reader.source(node),
        })
    }

    pub(super) fn encode(&self) -> Node {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut nodes = vec![Node::new("fleet").arg(self.fleet.as_str())];
        nodes.push(self.endpoints.iter().fold(Node::new("endpoint"), |node, url| node.arg(url.as_str())));
        nodes.extend(self.tls.as_ref().map(|tls| {
            let files = [("ca", &tls.ca), ("cert", &tls.cert), ("key", &tls.key)];
            let given = files.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)));
            given.fold(Node::new("tls"), |node, (name, path)| node.prop(name, text(path)))
        }));
        nodes.extend(
            self.user
                .as_ref()
                .map(|user| Node::new("user").arg(user.name.as_str()).prop("password-file", text(&user.password_file))),
        );
        let plain = self.timeout == Duration::from_secs(TIMEOUT);
        nodes.extend((!plain).then(|| Node::new("timeout").arg(self.timeout.as_secs())));
        nodes.extend(self.incarnation.as_ref().map(|id| Node::new("incarnation").arg(id.as_str())));
        Node::new("store").arg(self.kind.as_str()).block(nodes)
    }
}
