//! Decides which names and addresses an entry gains, and what prevents it from having them.
//!
//! Invariant: what an entry already holds is never refused; everything else is compared with every other holder, in every
//! operation.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Allocator, Beside, By, HeldBy, link_of};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::registry::host_usage::ZoneUsage;
use crate::registry::pools::Segment;
use crate::registry::summary::{EntryKind, EntrySummary, NetSummary, NetView, SummaryView};
use crate::value::address::MacAddr;
use crate::value::name::ZoneName;

/// The zone or the owner of a reservation that needs an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressOwner<'a> {
    /// Zone or reservation.
    pub kind: EntryKind,
    /// Its name, for which a pool may reserve addresses.
    pub name: &'a str,
}

impl<'a> AddressOwner<'a> {
    /// Returns the owner for a zone.
    pub fn zone(name: &'a ZoneName) -> Self {
        AddressOwner { kind: EntryKind::Zone, name: name.as_str() }
    }
}

/// Addresses, links and MAC addresses that a zone or reservation holds besides its desired state.
#[derive(Debug, Default)]
pub(in crate::registry) struct Own {
    /// Each address with the link and the VLAN that it is on, as far as they are known.
    addresses: HashSet<(IpAddr, Option<Box<str>>, Option<u16>)>,
    links: HashSet<String>,
    macs: HashSet<[u8; 6]>,
}

impl Own {
    fn take_in(&mut self, net: &NetSummary, segment: Segment<'_>) {
        let (_, link, vlan) = segment.parts();
        self.addresses.extend(net.addresses.iter().map(|(address, _)| (address.addr(), link.map(Box::from), vlan)));
        self.links.extend(net.vnic.iter().chain(&net.physical).cloned());
        self.macs.extend(net.mac);
    }

    /// Returns true if it holds the address there, or on a link that is not known. On another link the address is not its own.
    fn has(&self, address: IpAddr, segment: Segment<'_>) -> bool {
        let (_, link, vlan) = segment.parts();
        self.addresses.iter().any(|(own, own_link, own_vlan)| {
            *own == address
                && match (own_link.as_deref(), link) {
                    (Some(ours), Some(theirs)) => ours == theirs && *own_vlan == vlan,
                    _ => true,
                }
        })
    }

    /// Returns true if these nets have something that is not held yet.
    fn lacks(&self, net: &NetSummary, segment: Segment<'_>) -> bool {
        !net.addresses.iter().all(|(address, _)| self.has(address.addr(), segment))
            || !net.vnic.iter().chain(&net.physical).all(|link| self.links.contains(link))
            || !net.mac.iter().all(|mac| self.macs.contains(mac))
    }
}

/// Returns true if the desired state of an entry has something that the entry itself does not hold yet.
pub(crate) fn gains(entry: &ZoneEntry) -> bool {
    let summary = EntrySummary::from(entry);
    let mut own = Own::default();
    let held = summary.applied.iter().chain(summary.nets.iter().filter(|net| net.held));
    held.for_each(|net| own.take_in(net, stated(net)));
    summary.nets.iter().any(|net| own.lacks(net, stated(net)))
}

/// Returns the segment of a net as it stands, without what its pool adds.
fn stated(net: &NetSummary) -> Segment<'_> {
    Segment::from_parts(net.pool.as_deref(), net.stub.as_deref().or(net.physical.as_deref()), net.vlan)
}

impl Allocator {
    /// Returns what this entry, or the host's zone of its name, holds.
    fn own(&self, kind: EntryKind, name: &str) -> Own {
        let mut own = Own::default();
        let mut take_in = |net: &NetSummary| own.take_in(net, Segment::of_summary(&self.pools, net));
        if let Some(entry) = self.snapshot.entry(kind, name) {
            entry.summary.all_nets().filter(NetView::held).for_each(|net| take_in(&net.to_summary()));
        }
        if kind == EntryKind::Zone {
            let zone = self.host_usage.zone(name);
            zone.iter().flat_map(ZoneUsage::nets).for_each(|net| take_in(&net.to_summary()));
        }
        own
    }

    /// Refuses a desired state that needs something that another holder has: `address-in-use` for an address, `exists` for a link
    /// or a MAC address, `invalid-argument` for an address that its pool never allocates. What the entry already holds is not
    /// checked.
    pub(crate) fn refuse_taken(&mut self, entry: &ZoneEntry, shared: bool) -> Result<()> {
        let summary = EntrySummary { shared: Some(shared), ..EntrySummary::from(entry) };
        match self.conflicts(EntryKind::Zone, &summary, true)?.into_iter().next() {
            Some(conflict) => Err(conflict.with_context(format!("zone {}", entry.name))),
            None => Ok(()),
        }
    }

    /// Returns an error for each thing that another holder has or that is never allocated. With `gained`, checks only what the
    /// entry does not hold yet, and also applies the rules of the pools.
    pub(in crate::registry) fn conflicts(
        &mut self,
        kind: EntryKind,
        summary: &EntrySummary,
        gained: bool,
    ) -> Result<Vec<Error>> {
        let mut found = Vec::new();
        let own = if gained { self.own(kind, &summary.name) } else { Own::default() };
        let owner = (kind, summary.name.as_str());
        let pools = Arc::clone(&self.pools);
        for net in &summary.nets {
            for (address, _) in &net.addresses {
                let address = address.addr();
                let there = Segment::of_summary(&pools, net);
                if own.has(address, there) {
                    continue;
                }
                // The rules of a pool apply to its own segment only.
                let pool = net.pool.as_deref().and_then(|name| pools.get(name));
                let by_rule = match pool {
                    Some(pool) => {
                        self.check_wanted(&pool.name, address, AddressOwner { kind, name: &summary.name }).err()
                    }
                    None => None,
                };
                let conflict = by_rule.or_else(|| {
                    let holder = self.holder(there, address, owner)?;
                    Some(in_use(address, &holder))
                });
                found.extend(
                    conflict.or_else(|| if gained { self.conflict_on_the_way(summary, net, address) } else { None }),
                );
            }
            if !gained {
                continue;
            }
            let is_made = self.was_made_for(summary, net);
            let shared = summary.shared == Some(true);
            let names = net.vnic.iter().map(|link| (link, false)).chain(net.physical.iter().map(|link| (link, true)));
            for (link, physical) in names.filter(|(link, _)| !own.links.contains(*link)) {
                let conflict = self.link_conflict(link, physical, shared, owner);
                found.extend(conflict.or_else(|| if physical || is_made { None } else { self.link_on_host(link) }));
            }
            if let Some(mac) = net.mac.filter(|mac| !own.macs.contains(mac)) {
                let conflict = self.mac_conflict(mac, owner);
                found.extend(conflict.or_else(|| if is_made { None } else { self.mac_on_host(mac) }));
            }
        }
        Ok(found)
    }

    /// Returns true if the host has the VNIC of this net, where it is to be and with its MAC address, which zmgr wrote to the entry
    /// before it made the VNIC. An apply that was killed has left it.
    fn was_made_for(&self, summary: &EntrySummary, net: &NetSummary) -> bool {
        let (Some(vnic), Some(mac), true) = (&net.vnic, net.mac, net.managed) else { return false };
        let (_, link, vlan) = Segment::of_summary(&self.pools, net).parts();
        let is_it = |(name, over, on): (&str, &str, Option<u16>)| {
            name == vnic && link == Some(over) && vlan.unwrap_or_default() == on.unwrap_or_default()
        };
        if !self.host_usage.vnics().any(is_it) {
            return false;
        }
        // The host's answer does not say which VNIC has the address. Under its old name, this zone's has it too.
        let others = summary.nets.iter().chain(&summary.applied).filter(|other| other.mac == Some(mac));
        let others: HashSet<&str> =
            others.filter_map(|other| other.vnic.as_deref()).filter(|name| name != vnic).collect();
        let there = self.host_usage.vnics().filter(|(name, ..)| others.contains(name)).count();
        self.host_usage.macs().filter(|known| *known == mac).count() > there
    }

    /// Returns the reason why a VNIC that moves to another segment cannot have a new address: the zone's configuration gets the
    /// address before the VNIC moves, and an operation may be interrupted between the two.
    fn conflict_on_the_way(&mut self, summary: &EntrySummary, net: &NetSummary, address: IpAddr) -> Option<Error> {
        let is_same = |before: &&NetSummary| before.vnic.is_some() && before.vnic == net.vnic;
        let before = summary.applied.iter().find(is_same)?;
        let pools = Arc::clone(&self.pools);
        let (from, to) = (Segment::of_summary(&pools, before), Segment::of_summary(&pools, net));
        if from.parts() == to.parts() {
            return None;
        }
        let holder = self.holder(from, address, (EntryKind::Zone, summary.name.as_str()))?;
        let link = net.vnic.as_deref().unwrap_or_default();
        let message = format!("{address} is in use by {holder} on the link that {link} is on until it moves");
        Some(
            Error::new(Code::AddressInUse, message)
                .with_help("apply the change of the link alone first, then that of the address"),
        )
    }

    /// Returns the reason why the zone cannot use this link, as a VNIC of its own or as an existing link.
    fn link_conflict(&mut self, link: &str, physical: bool, shared: bool, own: (EntryKind, &str)) -> Option<Error> {
        let used = self.may_use_link(link);
        if let Some(holder) = used.then(|| self.user_of_link(link, shared, own)).flatten() {
            return Some(
                Error::new(Code::Exists, format!("link {link} belongs to {holder}"))
                    .with_help("use another link, or destroy that zone first"),
            );
        }
        let object = self.host_usage.addresses().map(|(_, object)| object).find(|object| link_of(object) == link);
        if let Some(object) = object.filter(|_| physical && !shared) {
            let message = format!("link {link} is in use by the host itself, which has an address on it ({object})");
            return Some(
                Error::new(Code::Exists, message)
                    .with_help("use another link; a zone with `ip-type \"shared\"` can share this one with the host"),
            );
        }
        None
    }

    /// Returns the reason why a VNIC cannot have this name on the host.
    fn link_on_host(&self, link: &str) -> Option<Error> {
        self.host_usage.has_link(link).then(|| {
            Error::new(Code::Exists, format!("the host already has a link {link}"))
                .with_help("set `vnic-name` in config.kdl to another pattern, or delete the link with dladm")
        })
    }

    /// Returns the other zone whose use of this link conflicts with ours.
    fn user_of_link(&self, link: &str, shared: bool, own: (EntryKind, &str)) -> Option<HeldBy> {
        let together = |theirs: Option<bool>| shared && theirs != Some(false);
        // Nearly every net has other links, so these are compared before the rest of its entry is decoded.
        let uses = |summary: &SummaryView<'_>, net: &NetView<'_>| {
            if net.has_link(link) {
                return !(net.links().physical == Some(link) && together(summary.shared()));
            }
            !shared && net.is_on(link) && net.links().vnic.is_none() && summary.shared() == Some(true)
        };
        let of_entry = self.claimant(own, &|summary, net| uses(summary, net));
        let beside = |beside: &&Beside| {
            let net = &beside.net;
            let named = [&net.vnic, &net.physical].into_iter().flatten().any(|known| known == link);
            named && !(net.physical.as_deref() == Some(link) && together(Some(beside.shared)))
        };
        let other = |beside: &&Beside| own != (EntryKind::Zone, beside.zone.as_str());
        let of_host = self.beside.iter().filter(other).filter(beside).map(|beside| By::Zone(&beside.zone)).min();
        of_entry.into_iter().chain(of_host).min().map(|by| self.say(by))
    }

    fn mac_conflict(&mut self, mac: [u8; 6], own: (EntryKind, &str)) -> Option<Error> {
        if !self.has_mac(mac) {
            return None;
        }
        let text = MacAddr::new(mac);
        let of_entry = self.claimant(own, &|_, net| net.mac() == Some(mac));
        let other = |beside: &&Beside| own != (EntryKind::Zone, beside.zone.as_str());
        let of_host = self.beside.iter().filter(other).find(|beside| beside.net.mac == Some(mac));
        let of_host = of_host.map(|beside| By::Zone(&beside.zone));
        if let Some(by) = of_entry.into_iter().chain(of_host).min() {
            return Some(Error::new(Code::Exists, format!("MAC address {text} belongs to {}", self.say(by))));
        }
        self.elsewhere
            .has_mac(mac)
            .then(|| Error::new(Code::Exists, format!("MAC address {text} belongs to another host of the fleet")))
    }

    /// Returns the reason why a new VNIC of this host cannot have the MAC address.
    fn mac_on_host(&self, mac: [u8; 6]) -> Option<Error> {
        self.host_usage.macs().any(|known| known == mac).then(|| {
            let text = MacAddr::new(mac);
            Error::new(Code::Exists, format!("MAC address {text} belongs to a VNIC of the host"))
        })
    }

    /// Returns the first entry other than `own` that has such a net, either held or in a desired state older than ours.
    fn claimant<'s>(
        &'s self,
        own: (EntryKind, &str),
        has: &dyn Fn(&SummaryView<'s>, &NetView<'s>) -> bool,
    ) -> Option<By<'s>> {
        let others =
            self.snapshot.entries().map(|entry| entry.summary).filter(|summary| (summary.kind, summary.name) != own);
        let claims = |summary: &SummaryView<'s>| {
            let by = By::entry(summary.kind, summary.name);
            summary.all_nets().any(|net| has(summary, &net) && (net.held() || self.is_older(by, own)))
        };
        others.filter(claims).map(|summary| By::entry(summary.kind, summary.name)).min()
    }
}

pub(in crate::registry) fn in_use(address: IpAddr, holder: &HeldBy) -> Error {
    let help = match holder {
        HeldBy::Zone { name, .. } => format!("request another address, or destroy zone {name} first"),
        HeldBy::Reservation { name, .. } => {
            format!("request another address, or release it first: `zmgr pool release POOL {name}`")
        }
        HeldBy::HostZone(name) => {
            format!("request another address; run `zmgr import {name}` to register the zone")
        }
        HeldBy::Host(_) | HeldBy::Gateway(_) | HeldBy::Fleet(_) => "request another address".to_owned(),
    };
    Error::new(Code::AddressInUse, format!("{address} is in use by {holder}")).with_help(help)
}
