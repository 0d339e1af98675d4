//! The wish for one zone after all layers: `defaults`, the chain of templates, the zone's own entry.
//!
//! Invariant: pure. Each value knows the line that it comes from, and no placeholder is left in it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::error::Result;
use crate::name::{PoolName, TemplateName, ZoneName};
use crate::pool::Pool;
use crate::resources::Resources;
use crate::settings::{EntryNet, Install, IpType, Setup};
use crate::source::Sourced;
use crate::template::Template;
use crate::zone::ZoneEntry;

/// What a zone shall be, each value with its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ZoneSpec {
    /// Its name.
    pub name: ZoneName,
    /// Its template.
    pub template: Option<Sourced<TemplateName>>,
    /// Its brand.
    pub brand: Sourced<String>,
    /// Its zonepath.
    pub zonepath: Sourced<String>,
    /// Whether it boots with the host.
    pub autoboot: Sourced<bool>,
    /// Whose network stack it has.
    pub ip_type: Sourced<IpType>,
    /// Its nets. Those of a pool have the pool's `stub`, `vlan` and `mtu` where the net says nothing else; addresses, VNIC and
    /// MAC are there where the entry has them, and are chosen by the plan otherwise.
    pub nets: Vec<EntryNet>,
    /// How it is installed.
    pub install: Install,
    /// The zone it is cloned from in place of being installed.
    pub clone_from: Option<Sourced<ZoneName>>,
    /// What is written into it before its first boot.
    pub setup: Setup,
    /// Its name servers.
    pub resolvers: Sourced<Vec<IpAddr>>,
    /// Its DNS domain.
    pub dns_domain: Option<Sourced<String>>,
    /// Its tags.
    pub tags: Sourced<Vec<String>>,
    /// Whether `destroy` is refused without force.
    pub protected: Sourced<bool>,
    /// Commands passed through to zonecfg, last.
    pub zonecfg: Sourced<Vec<String>>,
    /// Its resources.
    pub resources: Resources,
}

/// Lays the zone's entry over its template's chain over `defaults`. An entry that names nets has those alone. `config` with every
/// fault where the layers do not give a whole zone: a template or pool that is missing, a circle of `extends`, no brand.
pub fn effective(
    config: &Config,
    templates: &BTreeMap<TemplateName, Template>,
    pools: &BTreeMap<PoolName, Pool>,
    zone: &ZoneEntry,
) -> Result<ZoneSpec> {
    let _ = (config, templates, pools, zone);
    todo!()
}
