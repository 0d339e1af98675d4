//! Searches the host: the configurations of its zones, what running zones have, and what the host itself has.

use std::collections::HashSet;
use std::net::IpAddr;

use super::{HeldKind, HolderKind, Holding, HoldingReason, Query, address};
use crate::error::Result;
use crate::exec::dladm;
use crate::host::HostSnapshot;
use crate::operations::Context;
use crate::value::source::Source;

/// Searches the host. Runs one command besides those of the snapshot, if a zone with links of its own is running.
pub(super) fn search(
    context: &Context,
    host: &HostSnapshot,
    query: &Query,
    is_registered: &dyn Fn(&str) -> bool,
) -> Result<Vec<Holding>> {
    let mut search = Search { host, query, is_registered, found: Vec::new() };
    search.zones(context);
    search.running(context)?;
    search.own();
    Ok(search.found)
}

struct Search<'a> {
    host: &'a HostSnapshot,
    query: &'a Query,
    is_registered: &'a dyn Fn(&str) -> bool,
    found: Vec<Holding>,
}

impl Search<'_> {
    fn of_zone(&mut self, zone: &str, what: HeldKind, why: HoldingReason, link: Option<&str>, source: Source) {
        let kind = if (self.is_registered)(zone) { HolderKind::Zone } else { HolderKind::HostZone };
        let link = link.map(str::to_owned);
        self.found.push(Holding { what, kind, name: zone.to_owned(), why, net: None, link, host: None, source });
    }

    /// Searches the configurations of the zones.
    fn zones(&mut self, context: &Context) {
        for zone in self.host.zones.iter().filter(|zone| zone.name != "global") {
            let document = Source::new(context.host.zone_document(&zone.name).into(), 0);
            if matches!(self.query, Query::Word(word) if *word == zone.name) {
                self.of_zone(&zone.name, HeldKind::Name, HoldingReason::Configured, None, document);
            }
        }
        for zone in &self.host.nets {
            for net in &zone.nets {
                let what = match self.query {
                    Query::Address(wanted) => {
                        net.addresses.iter().any(|net| net.addr() == *wanted).then_some(HeldKind::Address)
                    }
                    Query::Mac(wanted) => (net.mac == Some(*wanted)).then_some(HeldKind::Mac),
                    Query::Word(word) => (net.link == *word).then_some(HeldKind::Link),
                };
                let Some(what) = what else { continue };
                let (why, source) = match net.running {
                    true => (HoldingReason::Running, Source::none()),
                    false => {
                        let document = context.host.zone_document(&zone.zone);
                        (HoldingReason::Configured, Source::new(document.into(), 0))
                    }
                };
                self.of_zone(&zone.zone, what, why, Some(&net.link), source);
            }
        }
    }

    /// Searches the links and addresses of the running zones.
    fn running(&mut self, context: &Context) -> Result<()> {
        let active = |zone: &&crate::exec::zoneadm::HostZone| zone.name != "global" && zone.state.is_active();
        let (exclusive, shared): (Vec<_>, Vec<_>) =
            self.host.zones.iter().filter(active).partition(|zone| zone.exclusive_ip);
        if !exclusive.is_empty() {
            // One unreadable link makes the exit status 1; the others are listed nevertheless.
            let lent = dladm::parse_properties(&context.host.question(&dladm::show_lent())?)?;
            for ((link, property), zone) in &lent {
                if property != "zone" {
                    continue;
                }
                let allowed = lent.get(&(link.clone(), "allowed-ips".to_owned()));
                let has = |wanted: &IpAddr| {
                    allowed.is_some_and(|texts| texts.split(',').any(|text| address(text.trim()) == Some(*wanted)))
                };
                let mac = self.host.vnic(link).and_then(|vnic| vnic.mac);
                let what = match self.query {
                    Query::Address(wanted) => has(wanted).then_some(HeldKind::Address),
                    Query::Mac(wanted) => (mac == Some(*wanted)).then_some(HeldKind::Mac),
                    Query::Word(word) => (link == word).then_some(HeldKind::Link),
                };
                if let Some(what) = what {
                    self.of_zone(zone, what, HoldingReason::Running, Some(link), Source::none());
                }
            }
        }
        let Query::Address(wanted) = self.query else { return Ok(()) };
        let up = self.host.addresses.iter().find(|held| held.address.addr() == *wanted);
        let Some(object) = up.map(|held| held.object.clone()) else { return Ok(()) };
        for zone in shared {
            if self.shares(&zone.name, *wanted) {
                self.of_zone(&zone.name, HeldKind::Address, HoldingReason::Running, Some(&object), Source::none());
            }
        }
        Ok(())
    }

    /// Returns true if a zone on the host's IP stack has this address.
    fn shares(&self, zone: &str, wanted: IpAddr) -> bool {
        let nets = self.host.nets.iter().filter(|nets| nets.shared && nets.zone == zone).flat_map(|nets| &nets.nets);
        nets.flat_map(|net| &net.addresses).any(|address| address.addr() == wanted)
    }

    /// Searches what the host itself has. An address of a zone on its IP stack is the zone's.
    fn own(&mut self) {
        let names: HashSet<&str> = self.host.zones.iter().map(|zone| zone.name.as_str()).collect();
        let mut held: Vec<(HeldKind, String)> = Vec::new();
        match self.query {
            Query::Address(wanted) if !names.iter().any(|zone| self.shares(zone, *wanted)) => {
                let objects = self.host.addresses.iter().filter(|held| held.address.addr() == *wanted);
                held.extend(objects.map(|held| (HeldKind::Address, held.object.clone())));
            }
            Query::Address(_) => {}
            Query::Mac(wanted) => {
                let vnics = self.host.vnics.iter().filter(|vnic| vnic.mac == Some(*wanted));
                held.extend(vnics.map(|vnic| (HeldKind::Mac, vnic.name.clone())));
            }
            Query::Word(word) => {
                let links = self.host.links.iter().filter(|link| link.name == *word);
                held.extend(links.map(|link| (HeldKind::Link, link.name.clone())));
            }
        }
        for (what, name) in held {
            let (kind, why, link) = (HolderKind::Host, HoldingReason::Host, Some(name.clone()));
            self.found.push(Holding { what, kind, name, why, net: None, link, host: None, source: Source::none() });
        }
    }
}
