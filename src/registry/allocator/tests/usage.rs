//! Host usages of any content, part by part: a snapshot of a host could not have all of it.

use std::collections::HashSet;

use ipnet::IpNet;

use crate::exec::dladm::{HostLink, HostVnic, LinkClass};
use crate::exec::ipadm::HostAddress;
use crate::host::{FileStamp, HostSnapshot, HostZoneNets, UnreadDocument};
use crate::registry::HostUsage;
use crate::registry::host_usage::ZoneUsage;
use crate::registry::summary::NetSummary;

/// The parts of a host usage.
#[derive(Debug, Default, Clone)]
pub(super) struct Usage {
    pub(super) zones: Vec<OnHost>,
    /// Addresses of the host itself, each with its address object.
    pub(super) addresses: Vec<(IpNet, String)>,
    pub(super) links: Vec<String>,
    pub(super) vnics: Vec<(String, String, Option<u16>)>,
    pub(super) macs: Vec<[u8; 6]>,
}

/// A zone of the host.
#[derive(Debug, Default, Clone)]
pub(super) struct OnHost {
    pub(super) name: String,
    pub(super) document: Option<FileStamp>,
    pub(super) unread: Option<UnreadDocument>,
    pub(super) shared: bool,
    pub(super) nets: Vec<NetSummary>,
}

impl From<Usage> for HostUsage {
    fn from(usage: Usage) -> HostUsage {
        let mut host = HostSnapshot::default();
        let link = |name| HostLink { name, class: LinkClass::Vnic, mtu: None, over: None };
        host.links = usage.links.into_iter().map(link).collect();
        let vnic = |(name, over, vlan)| HostVnic { name, over, mac: None, vlan };
        host.vnics = usage.vnics.into_iter().map(vnic).collect();
        let other = |mac| HostVnic { name: "other0".to_owned(), over: String::new(), mac: Some(mac), vlan: None };
        host.vnics.extend(usage.macs.into_iter().map(other));
        let address = |(address, object)| HostAddress { object, address };
        host.addresses = usage.addresses.into_iter().map(address).collect();
        HostUsage::encode(&host, &HashSet::new(), |e| {
            for zone in usage.zones {
                let nets = HostZoneNets {
                    zone: zone.name,
                    document: zone.document,
                    unread: zone.unread,
                    shared: zone.shared,
                    ..HostZoneNets::default()
                };
                ZoneUsage::encode(&nets, &zone.nets, NetSummary::encode, e);
            }
        })
    }
}
