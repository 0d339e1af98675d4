//! What a template may say and a zone may override: one layer of the wish.
//!
//! Invariant: a layer says only what was written in its file; what is unset falls through to the layer beneath.

mod link_property;
pub(crate) mod read;
pub(crate) mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::address::{MacAddr, NetAddress};
use crate::name::{LinkName, PoolName, PublisherName, ZoneName};
use crate::resources::Resources;
use crate::source::{Source, Sourced};

/// The nodes that `defaults`, a template, a zone and `applied` share, but for their nets.
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
    /// Whether the zone boots with the host.
    pub autoboot: Option<Sourced<bool>>,
    /// Whether the zone has its own network stack.
    pub ip_type: Option<Sourced<IpType>>,
    /// How it is installed.
    pub install: Option<Sourced<Install>>,
    /// The zone to clone in place of installing.
    pub clone_from: Option<Sourced<ZoneName>>,
    /// What is written into the zone before its first boot.
    pub setup: Setup,
    /// The name servers of the zone.
    pub resolvers: Option<Sourced<Vec<IpAddr>>>,
    /// The DNS domain of the zone.
    pub dns_domain: Option<Sourced<String>>,
    /// Words to find it by.
    pub tags: Option<Sourced<Vec<String>>>,
    /// Whether `destroy` is refused without force.
    pub protected: Option<Sourced<bool>>,
    /// Commands passed through to zonecfg, last; one each.
    pub zonecfg: Option<Sourced<Vec<String>>>,
    /// What is dropped of the layers beneath: the kind of a keyed node and its key, or a node without a key.
    pub without: Vec<Sourced<Without>>,
    /// The resources.
    pub resources: Resources,
}

/// An inherited node that a layer drops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Without {
    /// The node's name, such as `attr`.
    pub node: String,
    /// Its key, such as the attribute's name; `None` for a node that has none, and for all of a kind.
    pub key: Option<String>,
}

impl Without {
    /// A node and its key.
    pub fn new(node: impl Into<String>, key: Option<String>) -> Self {
        Without { node: node.into(), key }
    }
}

/// Whose network stack a zone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IpType {
    /// Its own, on links of its own.
    #[default]
    Exclusive,
    /// The host's: the addresses are put on links of the host.
    Shared,
}

impl IpType {
    /// zonecfg's word.
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

/// How a zone is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Install {
    /// The publishers its image gets, by the names of their documents. Empty: those of the host.
    pub publishers: Vec<PublisherName>,
    /// Packages beyond the brand's own.
    pub packages: Vec<String>,
    /// The archive, dataset, snapshot or directory that the brands which need one are installed from.
    pub image: Option<String>,
}

/// What is written into the zone before its first boot. Each is merged by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Setup {
    /// Its host name. Without one, the zone's name.
    pub hostname: Option<Sourced<String>>,
    /// Files on the host whose lines go to root's `authorized_keys`.
    pub ssh_keys: Option<Sourced<Vec<String>>>,
    /// Its time zone, such as `Europe/Zurich`.
    pub timezone: Option<Sourced<String>>,
}

impl Setup {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        *self == Setup::default()
    }
}

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
    /// `address "none"`: it gets no address from zmgr; DHCP or the zone's own business.
    pub no_address: bool,
    /// Host names that stand in the place of addresses, as import may find them on a zone with a shared stack.
    pub host_names: Vec<String>,
    /// The VNIC.
    pub vnic: Option<LinkName>,
    /// The link below the VNIC; on a shared stack, the link that gets the address.
    pub stub: Option<String>,
    /// An existing link that is used as it is, never made or deleted.
    pub physical: Option<String>,
    /// The VLAN.
    pub vlan: Option<u16>,
    /// The largest packet.
    pub mtu: Option<u32>,
    /// The VNIC's MAC address.
    pub mac: Option<MacAddr>,
    /// Properties of the VNIC beside its MTU, by dladm's names, such as `maxbw`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub link_properties: BTreeMap<String, String>,
    /// In `applied`: what the entry sets itself, other than its pool has it: `stub`, `vlan`, `mtu`, `gateway`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// Whether zmgr made the VNIC, so that destroy may delete it.
    pub managed: bool,
    /// Whether the zone's default routes go through this net; `None`: the first net with a gateway has them.
    pub default_route: Option<bool>,
    /// Where it was written.
    pub source: Source,
}

impl EntryNet {
    /// A net of this name, with nothing else said.
    pub fn new(name: impl Into<String>) -> Self {
        EntryNet { name: name.into(), ..EntryNet::default() }
    }
}

macro_rules! words {
    ($type:ty: $($variant:path),+) => {
        /// The error is a sentence.
        impl FromStr for $type {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                let all = [$($variant),+];
                all.into_iter().find(|each| each.as_str() == word).ok_or_else(|| {
                    let words: Vec<_> = all.iter().map(|each| format!("{:?}", each.as_str())).collect();
                    format!("{word:?} is not one of {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

words!(IpType: IpType::Exclusive, IpType::Shared);
