//! Nets that zones have on the host beside those that their entries hold.

use crate::registry::host_usage::{HostUsage, ZoneUsage};
use crate::registry::snapshot::Snapshot;
use crate::registry::summary::{EntryKind, NetSummary, NetView, SummaryView};

/// A net that a zone has on the host and that no entry holds.
#[derive(Debug)]
pub(in crate::registry) struct Beside {
    pub(in crate::registry) zone: String,
    pub(in crate::registry) shared: bool,
    pub(in crate::registry) net: NetSummary,
}

/// Returns the nets that zones have on the host and their entries do not hold; for zones without an entry, all nets.
pub(super) fn find(snapshot: &Snapshot, host_usage: &HostUsage) -> Vec<Beside> {
    let mut all = Vec::new();
    for zone in host_usage.zones() {
        let entry = snapshot.entry(EntryKind::Zone, zone.name).map(|entry| entry.summary);
        for net in zone.nets().filter(|net| !holds_all(entry.as_ref(), &zone, net)) {
            let net = without_held(entry.as_ref(), host_usage, &zone, net);
            all.push(Beside { zone: zone.name.to_owned(), shared: zone.shared, net });
        }
    }
    all
}

/// Returns the nets that an entry holds.
fn held<'a>(entry: Option<&SummaryView<'a>>) -> impl Iterator<Item = NetView<'a>> {
    entry.into_iter().flat_map(SummaryView::all_nets).filter(NetView::held)
}

/// Returns true if an entry holds a link: as one of its own, or on the host's own IP stack, where it names the link as the stub.
fn holds_link(entry: Option<&SummaryView<'_>>, zone: &ZoneUsage<'_>, link: &str, physical: bool) -> bool {
    held(entry).any(|net| net.has_link(link) || physical && zone.shared && net.is_on(link))
}

fn holds_address(entry: Option<&SummaryView<'_>>, address: std::net::IpAddr) -> bool {
    held(entry).flat_map(|net| net.addresses()).any(|(held, _)| held.addr() == address)
}

/// Returns true if the entry holds all of the net. Of most zones it does.
fn holds_all(entry: Option<&SummaryView<'_>>, zone: &ZoneUsage<'_>, net: &NetView<'_>) -> bool {
    let links = net.links();
    links.vnic.is_none_or(|link| holds_link(entry, zone, link, false))
        && links.physical.is_none_or(|link| holds_link(entry, zone, link, true))
        && links.mac.is_none_or(|mac| held(entry).any(|net| net.mac() == Some(mac)))
        && net.addresses().all(|(address, _)| holds_address(entry, address.addr()))
}

/// Returns a net without what the entry holds of it.
fn without_held(
    entry: Option<&SummaryView<'_>>,
    host_usage: &HostUsage,
    zone: &ZoneUsage<'_>,
    net: NetView<'_>,
) -> NetSummary {
    let mut net = net.to_summary();
    // If the link does not exist now, the entry determines its segment.
    if let (None, Some(name)) = (&net.stub, net.physical.clone()) {
        match held(entry).map(|net| net.links()).find(|links| links.vnic == Some(name.as_str())) {
            Some(known) => (net.stub, net.vlan) = (known.stub.map(str::to_owned), known.vlan),
            None => net.stub = Some(name).filter(|name| host_usage.has_link(name)),
        }
    }
    net.addresses.retain(|(address, _)| !holds_address(entry, address.addr()));
    net.mac = net.mac.filter(|mac| !held(entry).any(|net| net.mac() == Some(*mac)));
    net.vnic = net.vnic.filter(|link| !holds_link(entry, zone, link, false));
    net.physical = net.physical.filter(|link| !holds_link(entry, zone, link, true));
    net
}
