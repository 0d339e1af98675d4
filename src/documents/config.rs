//! `config.kdl`: global settings.

use std::str::FromStr;
use std::time::Duration;

use crate::documents::document::{Kind, Reader, integer};
use crate::documents::environment::Environment;
use crate::documents::settings::{Settings, read, write};
use crate::documents::store::StoreConfig;
use crate::kdl_util::Node;
use crate::schema::At;
use crate::value::address::MacPrefix;
use crate::value::name::TemplateName;
use crate::value::source::{Source, Sourced};
use crate::value::words;

/// Global settings. A missing file means these defaults.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Config {
    /// Name of this host in a fleet, if the file gives it.
    pub host: Option<Sourced<String>>,
    /// True if a zone name may exist on one host of the fleet only.
    pub unique_names: bool,
    /// Parent directory of the zonepaths of new zones: `PREFIX/NAME`.
    pub zonepath_prefix: Sourced<String>,
    /// Template of zones for which none is given.
    pub default_template: Option<Sourced<TemplateName>>,
    /// Time to wait for a lock; zero fails at once.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub lock_timeout: Duration,
    /// Treatment of completed steps when a later one fails.
    pub on_failure: FailureRule,
    /// The pattern of VNIC names.
    pub vnic_name: Sourced<String>,
    /// Prefix of the MAC addresses that zmgr chooses. Without one, 46 bits of them are random.
    pub mac_prefix: Option<Sourced<MacPrefix>>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Environment variables of the commands that fetch packages.
    pub environment: Environment,
    /// The store that the hosts of a fleet share.
    pub store: Option<StoreConfig>,
    /// Directory for the full output of long commands.
    pub log_dir: String,
    /// The layer below every template.
    pub defaults: Settings,
    /// The file, if it exists.
    pub source: Source,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            host: None,
            unique_names: false,
            zonepath_prefix: "/zones".to_owned().into(),
            default_template: None,
            lock_timeout: Duration::from_secs(30),
            on_failure: FailureRule::RollBack,
            vnic_name: "{zone}_{index}".to_owned().into(),
            mac_prefix: None,
            timeouts: Timeouts::default(),
            environment: Environment::default(),
            store: None,
            log_dir: "/var/log/zmgr".to_owned(),
            defaults: Settings::default(),
            source: Source::none(),
        }
    }
}

/// Time limits.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(Config::default().timeouts.boot.as_secs(), 600);
/// let timeouts: Timeouts = Config::default().timeouts;
/// assert!(timeouts.shutdown.as_secs() > 100, "illumos itself waits 100 seconds");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Timeouts {
    /// Install and clone.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub install: Duration,
    /// Boot, until the zone is running.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub boot: Duration,
    /// Shutdown, until the zone is down. illumos itself waits 100 seconds.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub shutdown: Duration,
    /// Every other command.
    #[serde(serialize_with = "crate::documents::document::json::seconds")]
    pub command: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            install: Duration::from_secs(3600),
            boot: Duration::from_secs(600),
            shutdown: Duration::from_secs(130),
            command: Duration::from_secs(120),
        }
    }
}

/// Treatment of completed steps when a later one fails.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(Config::default().on_failure, FailureRule::RollBack);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[non_exhaustive]
pub enum FailureRule {
    /// They are undone.
    #[serde(rename = "rollback")]
    #[default]
    RollBack,
    /// They are kept, and the entry is `failed`.
    #[serde(rename = "keep")]
    Keep,
}

impl FailureRule {
    /// Returns its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureRule::RollBack => "rollback",
            FailureRule::Keep => "keep",
        }
    }
}

words!(FailureRule: FailureRule::RollBack, FailureRule::Keep);

impl Config {
    /// Returns what it says as JSON, without the lines that the values stand on.
    pub fn to_json(&self) -> serde_json::Value {
        crate::documents::document::json::of(self)
    }
}

impl Kind for Config {
    const FILE: Option<At> = None;

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let plain = Config::default();
        let timeout = |name: &str, default: Duration| {
            let entry = root.child("timeouts").and_then(|node| node.property(name));
            entry.and_then(|entry| integer(&entry.value)).map_or(default, Duration::from_secs)
        };
        Some(Config {
            host: reader.text_of(root, "host"),
            unique_names: reader.flag(root, "unique-names").is_some_and(|unique| unique.value),
            zonepath_prefix: reader.text_of(root, "zonepath-prefix").unwrap_or(plain.zonepath_prefix),
            default_template: reader.parsed(root, "default-template"),
            lock_timeout: reader
                .number(root, "lock-timeout")
                .map_or(plain.lock_timeout, |s| Duration::from_secs(s.value)),
            on_failure: reader.parsed(root, "on-failure").map_or(plain.on_failure, |rule| rule.value),
            vnic_name: reader.text_of(root, "vnic-name").unwrap_or(plain.vnic_name),
            mac_prefix: reader.parsed(root, "mac-prefix"),
            timeouts: Timeouts {
                install: timeout("install", plain.timeouts.install),
                boot: timeout("boot", plain.timeouts.boot),
                shutdown: timeout("shutdown", plain.timeouts.shutdown),
                command: timeout("command", plain.timeouts.command),
            },
            environment: root
                .children_named("environment")
                .filter_map(|node| {
                    let mut words = node.texts();
                    Some((words.next()?.to_owned(), words.next()?.to_owned()))
                })
                .collect(),
            store: root.child("store").and_then(|node| StoreConfig::decode(node, reader)),
            log_dir: reader.text_of(root, "log-dir").map_or(plain.log_dir, |path| path.value),
            defaults: root.child("defaults").map(|node| read::settings(node, reader)).unwrap_or_default(),
            source: reader.source(root),
        })
    }

    fn encode(&self) -> Vec<Node> {
        let plain = Config::default();
        let mut nodes = Vec::new();
        nodes.extend(self.host.as_ref().map(|host| Node::new("host").arg(host.as_str())));
        let changed = |differs: bool, node: Node| differs.then_some(node);
        nodes.extend(changed(self.unique_names, Node::new("unique-names").arg(true)));
        nodes.extend(changed(
            self.zonepath_prefix != plain.zonepath_prefix,
            Node::new("zonepath-prefix").arg(self.zonepath_prefix.as_str()),
        ));
        nodes.extend(self.default_template.as_ref().map(|name| Node::new("default-template").arg(name.as_str())));
        nodes.extend(changed(
            self.lock_timeout != plain.lock_timeout,
            Node::new("lock-timeout").arg(self.lock_timeout.as_secs()),
        ));
        nodes.extend(changed(
            self.on_failure != plain.on_failure,
            Node::new("on-failure").arg(self.on_failure.as_str()),
        ));
        nodes.extend(changed(self.vnic_name != plain.vnic_name, Node::new("vnic-name").arg(self.vnic_name.as_str())));
        nodes.extend(self.mac_prefix.as_ref().map(|prefix| Node::new("mac-prefix").arg(prefix.value.to_string())));
        nodes.extend(changed(
            self.timeouts != plain.timeouts,
            Node::new("timeouts")
                .prop("install", self.timeouts.install.as_secs())
                .prop("boot", self.timeouts.boot.as_secs())
                .prop("shutdown", self.timeouts.shutdown.as_secs())
                .prop("command", self.timeouts.command.as_secs()),
        ));
        nodes.extend(self.environment.iter().map(|(name, value)| Node::new("environment").arg(name).arg(value)));
        nodes.extend(self.store.as_ref().map(StoreConfig::encode));
        nodes.extend(changed(self.log_dir != plain.log_dir, Node::new("log-dir").arg(self.log_dir.as_str())));
        let defaults = write::settings(&self.defaults);
        nodes.extend((!defaults.is_empty()).then(|| Node::new("defaults").block(defaults)));
        nodes
    }
}
