//! Link names, MAC addresses and zonepaths, which are looked up for each zone of a batch.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use super::Allocator;
use crate::registry::summary::{EntryKind, LinksView, NetSummary, SummaryView};

/// Link names and MAC addresses that are held, or were held by an entry that was replaced since.
#[derive(Debug, Default)]
pub(super) struct Names {
    links: HashSet<Box<str>>,
    /// Links that a net without a VNIC is on: zones that share the host's IP stack use them.
    below: HashSet<Box<str>>,
    macs: HashSet<[u8; 6]>,
}

impl Names {
    pub(super) fn take_in(&mut self, net: LinksView<'_>) {
        self.links.extend(net.vnic.into_iter().chain(net.physical).map(Box::from));
        // Few links, of thousands of nets.
        if let Some(below) = net.stub.filter(|stub| net.vnic.is_none() && !self.below.contains(*stub)) {
            self.below.insert(below.into());
        }
        self.macs.extend(net.mac);
    }
}

/// Zonepaths of zones that are created, or are being created.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeSet<Box<str>>);

impl Places {
    pub(super) fn take_in(&mut self, summary: &SummaryView<'_>) {
        if summary.kind == EntryKind::Zone && summary.state().is_some() {
            self.0.extend(summary.zonepath().map(Box::from));
        }
    }

    /// Returns true if a zonepath is this path, is within it, or has it within.
    fn meets(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(slash, _)| &path[..slash]);
        let within = format!("{path}/");
        let first_within = self.0.range::<str, _>((Bound::Included(within.as_str()), Bound::Unbounded)).next();
        above.chain([path]).any(|place| self.0.contains(place))
            || first_within.is_some_and(|place| place.starts_with(&within))
    }
}

/// Returns true if the paths are the same or one is within the other.
pub(crate) fn nested(a: &str, b: &str) -> bool {
    let within = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    within(a, b) || within(b, a)
}

impl Allocator {
    /// Returns every link name and MAC address, after the first few questions.
    fn names(&mut self) -> Option<&Names> {
        let Allocator { snapshot, host_usage, beside, names, .. } = self;
        names.ask(|| {
            let mut all = Names::default();
            snapshot.entries().flat_map(|entry| entry.summary.all_nets()).for_each(|net| all.take_in(net.links()));
            for net in beside.iter().map(|beside| &beside.net) {
                all.links.extend(net.vnic.iter().chain(&net.physical).map(|link| Box::from(link.as_str())));
                all.macs.extend(net.mac);
            }
            all.links.extend(host_usage.links().map(Box::from));
            all.macs.extend(host_usage.macs());
            all
        })
    }

    /// Returns true if an entry or the host has a link of this name.
    pub fn has_link(&mut self, name: &str) -> bool {
        let is_known = self.names().map(|names| names.links.contains(name));
        if let Some(is_known) = is_known.filter(|is_known| !is_known || !self.is_stale) {
            return is_known;
        }
        let of_zone = |net: &NetSummary| [&net.vnic, &net.physical].into_iter().flatten().any(|link| link == name);
        self.host_usage.has_link(name)
            || self.beside.iter().any(|beside| of_zone(&beside.net))
            || self.snapshot.entries().flat_map(|entry| entry.summary.all_nets()).any(|net| net.has_link(name))
    }

    /// Returns true if an entry or the host has this MAC address.
    pub fn has_mac(&mut self, mac: [u8; 6]) -> bool {
        if self.elsewhere.has_mac(mac) {
            return true;
        }
        let is_known = self.names().map(|names| names.macs.contains(&mac));
        if let Some(is_known) = is_known.filter(|is_known| !is_known || !self.is_stale) {
            return is_known;
        }
        self.host_usage.macs().any(|known| known == mac)
            || self.beside.iter().any(|beside| beside.net.mac == Some(mac))
            || self.snapshot.entries().flat_map(|entry| entry.summary.all_nets()).any(|net| net.mac() == Some(mac))
    }

    /// Returns true if an entry or the host may use the link. False is certain.
    pub(super) fn may_use_link(&mut self, link: &str) -> bool {
        self.names().is_none_or(|names| names.links.contains(link) || names.below.contains(link))
    }

    /// Returns the zone, created or being created, whose zonepath is this path, is within it, or has it within.
    pub(crate) fn zone_around(&mut self, name: &str, path: &str) -> Option<&str> {
        let Allocator { snapshot, places, .. } = self;
        let places = places.ask(|| {
            let mut places = Places::default();
            snapshot.entries().for_each(|entry| places.take_in(&entry.summary));
            places
        });
        if places.is_some_and(|places| !places.meets(path)) {
            return None;
        }
        let zones = self.snapshot.entries().map(|entry| entry.summary).filter(|zone| zone.kind == EntryKind::Zone);
        let others = zones.filter(|zone| zone.name != name && zone.state().is_some());
        let mut around = others.filter(|zone| zone.zonepath().is_some_and(|other| nested(other, path)));
        around.next().map(|zone| zone.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_meet_are_those_that_are_nested() {
        let all = ["/zones/a", "/zones/a/b", "/zones/ab", "/zones/a-b", "/zones", "/", "/other/a", "/zones/a/b/c"];
        for place in all {
            let places = Places(BTreeSet::from([place.into(), "/zones/a!/b".into(), "/srv".into()]));
            for path in all {
                let expected = nested(place, path) || nested("/srv", path) || nested("/zones/a!/b", path);
                assert_eq!(places.meets(path), expected, "{place} and {path}");
            }
        }
    }
}
