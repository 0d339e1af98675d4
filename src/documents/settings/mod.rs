//! Settings that a template defines and a zone may override: one layer of the desired state.
//!
//! Invariant: a layer contains only what is in its file; unset values come from the layer below.

mod link_property;
pub(crate) mod read;
pub(crate) mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::documents::resources::Resources;
use crate::value::address::{MacAddr, NetAddress};
use crate::value::name::{LinkName, PoolName, PublisherName, ZoneName};
use crate::value::source::{Source, Sourced};
use crate::value::words;

/// Settings that `defaults`, a template, a zone and `applied` share, except their nets.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// manager.init()?;
/// let template = manager.template("oi")?;
/// let (settings, nets): (&Settings, &[EntryNet]) = (&template.settings, &template.nets);
/// assert!(settings.brand.is_some() && nets[0].pool.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// The brand.
    pub brand: Option<Sourced<String>>,
    /// True if the zone boots with the host.
    pub autoboot: Option<Sourced<bool>>,
    /// The zone's IP type.
    pub ip_type: Option<Sourced<IpType>>,
    /// Install settings.
    pub install: Option<Sourced<Install>>,
    /// The zone to clone instead of installing.
    pub clone_from: Option<Sourced<ZoneName>>,
    /// Files written before the zone's first boot.
    pub setup: Setup,
    /// The name servers of the zone.
    pub resolvers: Option<Sourced<Vec<IpAddr>>>,
    /// The DNS domain of the zone.
    pub dns_domain: Option<Sourced<String>>,
    /// Tags for selecting zones.
    pub tags: Option<Sourced<Vec<String>>>,
    /// Zones that must be up before this one boots.
    pub after: Option<Sourced<Vec<ZoneName>>>,
    /// True if `destroy` needs force.
    pub protected: Option<Sourced<bool>>,
    /// Commands passed through to zonecfg, which run last; one per item.
    pub zonecfg: Option<Sourced<Vec<String>>>,
    /// Node of lower layers to drop: the kind of a keyed node and its key, or a node without a key.
    pub without: Vec<Sourced<Without>>,
    /// The resources.
    pub resources: Resources,
}

/// An inherited node that a layer drops.
///
/// ```
/// # use zmgr::*;
/// let dropped = Without::new("attr", Some("env".to_owned()));
/// assert_eq!(dropped.node, "attr");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Without {
    /// The node's name, such as `attr`.
    pub node: String,
    /// Its key, such as the attribute's name; `None` for a node that has none, and for all of a kind.
    pub key: Option<String>,
}

impl Without {
    /// Returns a node and its key.
    pub fn new(node: impl Into<String>, key: Option<String>) -> Self {
        Without { node: node.into(), key }
    }
}

/// IP type of a zone.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(IpType::default(), IpType::Exclusive);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IpType {
    /// A separate IP stack, with links of its own.
    #[default]
    Exclusive,
    /// The host's IP stack: the addresses are set on links of the host.
    Shared,
}

impl IpType {
    /// Returns zonecfg's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            IpType::Exclusive => "exclusive",
            IpType::Shared => "shared",
        }
    }
}

impl fmt::Display for IpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Install settings of a zone.
///
/// ```
/// # use zmgr::*;
/// let mut install = Install::default();
/// install.publishers.push(PublisherName::new("openindiana.org")?);
/// install.packages.push("editor/vim".to_owned());
/// install.golden = Some(true);
/// assert!(install.is_golden());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Install {
    /// Names of the publishers of its image. Empty: those of the host.
    pub publishers: Vec<PublisherName>,
    /// Packages in addition to the brand's own.
    pub packages: Vec<String>,
    /// Archive, dataset, snapshot or directory to install from, for brands that need one.
    pub image: Option<String>,
    /// True if its zones are cloned from a golden zone, which zmgr installs once with these settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub golden: Option<bool>,
}

impl Install {
    /// Returns true if zones are cloned from a golden zone.
    pub fn is_golden(&self) -> bool {
        self.golden == Some(true)
    }
}

/// Files written before the zone's first boot. Each setting is merged separately.
///
/// ```
/// # use zmgr::*;
/// let mut setup = Setup::default();
/// assert!(setup.is_empty());
/// setup.timezone = Some("Europe/Zurich".to_owned().into());
/// assert!(!setup.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Setup {
    /// Its host name. Without one, the zone's name.
    pub hostname: Option<Sourced<String>>,
    /// Files on the host with lines for root's `authorized_keys`.
    pub ssh_keys: Option<Sourced<Vec<String>>>,
    /// File on the host with the hash of root's password.
    pub root_password_file: Option<Sourced<String>>,
    /// Lines for its hosts file: an address, then host names.
    pub hosts: Option<Sourced<Vec<String>>>,
    /// Its time zone, such as `Europe/Zurich`.
    pub timezone: Option<Sourced<String>>,
}

impl Setup {
    /// Returns true if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == Setup::default()
    }
}

/// A way in which a zone gets an address by itself.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// let entry = b"zone \"web01\" {\n    template \"oi\"\n    net \"lan\" { pool \"internal\"; address \"dhcp\"; }\n}\n";
/// std::fs::write(manager.root().join("zones/web01.kdl"), entry)?;
/// assert_eq!(manager.effective("web01")?.nets[0].inside, [InsideAddress::Dhcp]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum InsideAddress {
    /// DHCP.
    Dhcp,
    /// IPv6 autoconfiguration from router advertisements.
    Slaac,
}

impl InsideAddress {
    /// Returns its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            InsideAddress::Dhcp => "dhcp",
            InsideAddress::Slaac => "slaac",
        }
    }
}

impl fmt::Display for InsideAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

words!(InsideAddress: InsideAddress::Dhcp, InsideAddress::Slaac);

/// A net of a zone or template: a link and the addresses on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EntryNet {
    /// Its name within the zone.
    pub name: String,
    /// The pool its addresses come from.
    pub pool: Option<PoolName>,
    /// Its addresses.
    pub addresses: Vec<NetAddress>,
    /// zmgr assigns no address: the zone configures itself, or as `inside` says.
    pub no_address: bool,
    /// Addresses that zmgr makes the zone get by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<InsideAddress>,
    /// Host names instead of addresses, which import may find on a shared-IP zone.
    pub host_names: Vec<String>,
    /// The VNIC.
    pub vnic: Option<LinkName>,
    /// Link below the VNIC; for a shared-IP zone, the link that gets the address.
    pub stub: Option<String>,
    /// Existing link that is used as it is, never created or deleted.
    pub physical: Option<String>,
    /// The VLAN.
    pub vlan: Option<u16>,
    /// MTU.
    pub mtu: Option<u32>,
    /// The VNIC's MAC address.
    pub mac: Option<MacAddr>,
    /// Properties of the VNIC except its MTU, by dladm's names, such as `maxbw`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub link_properties: BTreeMap<String, String>,
    /// In `applied`: settings of the entry that differ from its pool: `stub`, `vlan`, `mtu`, `gateway`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// True if zmgr made the VNIC, so that destroy may delete it.
    pub managed: bool,
    /// True if the zone's default routes use this net; `None`: those of the first net with a gateway.
    pub default_route: Option<bool>,
    /// Line of the net.
    pub source: Source,
}

impl EntryNet {
    /// Returns a net of this name without settings.
    pub fn new(name: impl Into<String>) -> Self {
        EntryNet { name: name.into(), ..EntryNet::default() }
    }
}

words!(IpType: IpType::Exclusive, IpType::Shared);
