//! The zone of the public API: data of the registry and of the host.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use serde::{Deserialize, Deserializer};

use crate::api::{ZoneState, ZoneStatus};
use crate::documents::zone::Origin;
use crate::error::{Code, Diagnostic, Error, Result};

/// A zone: its registry entry, its template's defaults and its status on the host. A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// Id of its entry, 32 hex digits; `None` for a zone that has not been created yet or is not registered.
    pub id: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
    /// Its template.
    pub template: Option<String>,
    /// Its zonepath on the host.
    pub zonepath: Option<String>,
    /// State in the registry; `None` for a zone that has not been created yet or is not registered.
    pub state: Option<ZoneState>,
    /// Status on the host; `None` if the host was not queried, or cannot read the zone.
    pub status: Option<ZoneStatus>,
    /// The uuid of its installation.
    pub uuid: Option<String>,
    /// True if it boots with the host; `None` if that is not set.
    pub autoboot: Option<bool>,
    /// Time of registration, RFC 3339.
    pub created: Option<String>,
    /// Its origin: created by zmgr, or imported.
    pub origin: Option<Origin>,
    /// Its nets, in the order of the entry.
    pub nets: Vec<ZoneNet>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its attributes.
    pub attrs: BTreeMap<String, String>,
    /// Changes that were applied while it was running and take effect at its next boot.
    #[serde(default)]
    pub pending: Vec<String>,
    /// The addresses that are up in the zone, without those of its loopback; `None` if it was not asked: it is not running, has no
    /// ipadm, did not answer, or is one of a list.
    #[serde(default)]
    pub up: Option<Vec<IpAddr>>,
    /// Error of its file, if any.
    #[serde(deserialize_with = "fault")]
    pub fault: Option<Diagnostic>,
    /// The host's boot time and the zone's id when the pending changes were applied; used until the host was queried.
    #[serde(skip)]
    pub(crate) waits_since: Option<(Option<u64>, u32)>,
}

/// A net of a zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ZoneNet {
    /// Its name within the zone.
    pub name: String,
    /// The pool its addresses come from.
    pub pool: Option<String>,
    /// Its addresses, with the prefix length of their network.
    pub addresses: Vec<ZoneAddress>,
    /// VNIC created for it.
    pub vnic: Option<String>,
    /// The link below the VNIC.
    pub stub: Option<String>,
    /// The VNIC's MAC address, as dladm prints it.
    pub mac: Option<String>,
    /// Its VLAN.
    pub vlan: Option<u16>,
    /// Existing link that it uses instead of a VNIC.
    pub physical: Option<String>,
    /// True if zmgr created the VNIC, and so may delete it.
    pub managed: bool,
}

/// An address of a net.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ZoneAddress {
    /// The address with its prefix length.
    pub address: IpNet,
    /// Its gateway.
    pub gateway: Option<IpAddr>,
}

impl Zone {
    /// Parses a zone from its JSON; fails with `invalid-argument` if it is invalid.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let zone = manager.zone("web01")?;
    /// assert_eq!(Zone::from_json(&zone.to_json().to_string())?.name, zone.name);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Zone> {
        serde_json::from_str(json)
            .map_err(|error| Error::new(Code::InvalidArgument, format!("not a zone: {error}")).with_source(error))
    }

    /// Returns the zone as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name,
            "id": self.id,
            "brand": self.brand,
            "template": self.template,
            "zonepath": self.zonepath,
            "state": self.state,
            "status": self.status,
            "uuid": self.uuid,
            "autoboot": self.autoboot,
            "created": self.created,
            "origin": self.origin,
            "nets": self.nets.iter().map(ZoneNet::to_json).collect::<Vec<_>>(),
            "tags": self.tags,
            "attrs": self.attrs,
            "pending": self.pending,
            "up": self.up.as_ref().map(|up| up.iter().map(IpAddr::to_string).collect::<Vec<_>>()),
            "fault": self.fault.as_ref().map(Diagnostic::to_json),
        })
    }
}

impl ZoneNet {
    /// Returns the net as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        let first = self.addresses.first();
        serde_json::json!({
            "name": self.name,
            "pool": self.pool,
            "address": first.map(|a| a.address.to_string()),
            "gateway": first.and_then(|a| a.gateway).map(|g| g.to_string()),
            "addresses": self.addresses.iter().map(|a| serde_json::json!({
                "address": a.address.to_string(),
                "gateway": a.gateway.map(|g| g.to_string()),
            })).collect::<Vec<_>>(),
            "vnic": self.vnic,
            "stub": self.stub,
            "mac": self.mac,
            "vlan": self.vlan,
            "physical": self.physical,
            "managed": self.managed,
        })
    }
}

fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Diagnostic>, D::Error> {
    let value: Option<serde_json::Value> = Deserialize::deserialize(deserializer)?;
    value
        .map(|value| {
            Diagnostic::from_json(&value).ok_or_else(|| serde::de::Error::custom("a diagnostic has no message"))
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_comes_back_from_its_json() {
        let mut fault = Diagnostic::new("unknown-node", "no such node").warning().at_path("/etc/zmgr/zones/a.kdl");
        fault.line = Some(3);
        fault.span = Some(7..9);
        let mut net = ZoneNet { name: "internal".to_owned(), vlan: Some(20), managed: true, ..ZoneNet::default() };
        net.addresses =
            vec![ZoneAddress { address: "10.1.0.10/24".parse().unwrap(), gateway: Some("10.1.0.1".parse().unwrap()) }];
        let zone = Zone {
            name: "a".to_owned(),
            autoboot: Some(true),
            nets: vec![net],
            tags: vec!["web".to_owned()],
            attrs: BTreeMap::from([("env".to_owned(), "prod".to_owned())]),
            pending: vec!["bootargs".to_owned()],
            up: Some(vec!["10.1.0.10".parse().unwrap()]),
            fault: Some(fault),
            ..Zone::default()
        };
        assert_eq!(Zone::from_json(&zone.to_json().to_string()).unwrap(), zone);
        assert_eq!(Zone::from_json("{}").unwrap_err().code(), Code::InvalidArgument);
    }
}
