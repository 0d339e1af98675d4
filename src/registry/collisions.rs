//! Addresses, links and MAC addresses that two holders have and only one can have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use super::allocator::{Allocator, By, Claim, link_of};
use super::pools::Segment;
use super::summary::EntryKind;
use crate::ipam::{Family, number};
use crate::value::address::MacAddr;

impl Allocator {
    /// Returns everything that two holders have and only one can have, in a fixed order. Each comes with the rightful holder and
    /// the colliding one: of two equals, the first by kind and name.
    pub(crate) fn collisions(&self) -> Vec<Collision<'_>> {
        let mut found = self.address_collisions();
        found.extend(self.name_collisions());
        found
    }

    fn address_collisions(&self) -> Vec<Collision<'_>> {
        let mut all: Vec<(IpAddr, Claim<'_>)> = Vec::new();
        self.each_claim(None, |address, claim| {
            let gateway = matches!(claim.by, By::Gateway(_));
            if !claim.router || gateway {
                all.push((address, claim));
            }
        });
        all.sort_by_key(|(address, claim)| (Family::of(*address), number(*address), claim.by, !claim.held));
        let mut found = Vec::new();
        for same in all.chunk_by(|a, b| a.0 == b.0) {
            let mut pairs: BTreeSet<(By<'_>, By<'_>)> = BTreeSet::new();
            let mut before = Before::default();
            for (n, (address, later)) in same.iter().enumerate() {
                let mut reported = 0;
                for earlier in before.near(&later.segment).into_iter().map(|at| &same[at].1) {
                    let collide = earlier.by != later.by
                        && earlier.segment.meets(&later.segment)
                        && self.is_ours(earlier.by, later.by)
                        && !self.is_router(earlier, later)
                        && pairs.insert((earlier.by, later.by));
                    if collide {
                        let (first, second) = self.in_order((earlier.by, earlier.held), (later.by, later.held));
                        let wires = [earlier.segment, later.segment];
                        found.push(Collision { what: What::Address(*address), first, second, wires });
                        reported += 1;
                    }
                    if reported == MAX_REPORTED {
                        break;
                    }
                }
                before.add(n, later.segment);
            }
        }
        found
    }

    /// Returns true if an entry of the registry is involved. Collisions between unregistered holders are not reported.
    fn is_ours(&self, a: By<'_>, b: By<'_>) -> bool {
        [a, b].into_iter().any(|by| match by {
            By::Zone(name) => self.snapshot.entry(EntryKind::Zone, name).is_some(),
            By::Reservation(_) => true,
            By::Host(_) | By::Gateway(_) | By::Fleet(_) => false,
        })
    }

    /// Returns true if one of them is a gateway and the other is the zone that serves as this router: it was not created with the
    /// address, and uses no other router there.
    fn is_router(&self, a: &Claim<'_>, b: &Claim<'_>) -> bool {
        let (a, b) = if matches!(a.by, By::Gateway(_)) { (a, b) } else { (b, a) };
        if !matches!(a.by, By::Gateway(_)) {
            return false;
        }
        match (b.by, b.summary.map(|summary| summary.to_summary())) {
            (By::Gateway(_) | By::Host(_) | By::Fleet(_), _) => true,
            (By::Zone(_), Some(summary)) => {
                let routed = summary.nets.iter().chain(&summary.applied).any(|net| {
                    let ours = a.segment.pool.is_none() || net.pool.as_deref() == a.segment.pool;
                    ours && net.addresses.iter().any(|(_, gateway)| gateway.is_some())
                });
                !routed && summary.origin.as_deref() != Some("create")
            }
            (By::Zone(_), None) => true,
            (By::Reservation(_), _) => false,
        }
    }

    /// Orders two holders of the same thing, the rightful one first: held before only desired, an older desired state before a
    /// younger one, otherwise by kind and name.
    fn in_order<'s>(&self, a: (By<'s>, bool), b: (By<'s>, bool)) -> (By<'s>, By<'s>) {
        let zone = |by: By<'s>| if let By::Zone(name) = by { Some(name) } else { None };
        let swap = match (a.1, b.1) {
            (false, true) => true,
            (false, false) => match (zone(a.0), zone(b.0)) {
                (Some(_), Some(name)) => !self.is_older(a.0, (EntryKind::Zone, name)),
                _ => false,
            },
            _ => false,
        };
        if swap { (b.0, a.0) } else { (a.0, b.0) }
    }

    /// Returns links and MAC addresses that two zones have.
    fn name_collisions(&self) -> Vec<Collision<'_>> {
        /// Use of a link by a zone.
        #[derive(Clone, Copy, PartialEq)]
        enum Use {
            Own,
            Shared,
        }
        let mut links: BTreeMap<&str, BTreeMap<By<'_>, (Use, bool)>> = BTreeMap::new();
        let mut macs: BTreeMap<[u8; 6], BTreeMap<By<'_>, bool>> = BTreeMap::new();
        for entry in self.snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone) {
            let by = By::Zone(entry.summary.name);
            let shared = entry.summary.shared() == Some(true);
            for net in entry.summary.all_nets().map(|net| net.links()) {
                let physical = net.physical.map(|link| (link, if shared { Use::Shared } else { Use::Own }));
                let uses = net.vnic.map(|link| (link, Use::Own)).into_iter().chain(physical);
                for (link, how) in uses {
                    let known = links.entry(link).or_default().entry(by).or_insert((how, net.held));
                    known.1 |= net.held;
                }
                if let Some(mac) = net.mac {
                    *macs.entry(mac).or_default().entry(by).or_insert(net.held) |= net.held;
                }
            }
        }
        for beside in self.beside() {
            let by = By::Zone(&beside.zone);
            let how = if beside.shared { Use::Shared } else { Use::Own };
            for link in beside.net.vnic.iter().chain(&beside.net.physical) {
                links.entry(link).or_default().insert(by, (how, true));
            }
            if let Some(mac) = beside.net.mac {
                macs.entry(mac).or_default().insert(by, true);
            }
        }
        for (mac, users) in &mut macs {
            users.extend(self.elsewhere.of_mac(*mac).map(|holder| (By::Fleet(holder), true)));
        }
        // The host's own use of a link conflicts with a zone that uses the link exclusively.
        let whole = match self.host_usage.addresses().next() {
            None => HashSet::new(),
            Some(_) => self.taken_whole(),
        };
        for (_, object) in self.host_usage.addresses() {
            if let Some(users) = links.get_mut(link_of(object))
                && users.values().any(|(how, _)| *how == Use::Own)
                && whole.contains(link_of(object))
            {
                users.insert(By::Host(object), (Use::Shared, true));
            }
        }
        let mut found = Vec::new();
        for (link, users) in &links {
            let users: Vec<(By<'_>, (Use, bool))> = users.iter().map(|(by, how)| (*by, *how)).collect();
            for (n, (later, (how, held))) in users.iter().enumerate() {
                let earlier = users[..n].iter().filter(|(_, (other, _))| [*how, *other] != [Use::Shared; 2]);
                let earlier = earlier.filter(|(by, _)| self.is_ours(*by, *later)).take(MAX_REPORTED);
                for (earlier, (_, other_held)) in earlier {
                    let (first, second) = self.in_order((*earlier, *other_held), (*later, *held));
                    let wires = [Segment::default(); 2];
                    found.push(Collision { what: What::Link((*link).to_owned()), first, second, wires });
                }
            }
        }
        for (mac, users) in &macs {
            let users: Vec<(By<'_>, bool)> = users.iter().map(|(by, held)| (*by, *held)).collect();
            for (n, later) in users.iter().enumerate() {
                let earlier = users[..n].iter().filter(|earlier| self.is_ours(earlier.0, later.0));
                for earlier in earlier.take(MAX_REPORTED) {
                    let (first, second) = self.in_order(*earlier, *later);
                    found.push(Collision {
                        what: What::Mac(MacAddr::new(*mac)),
                        first,
                        second,
                        wires: [Segment::default(); 2],
                    });
                }
            }
        }
        found
    }

    /// Returns the existing links that exclusive-IP zones name.
    fn taken_whole(&self) -> HashSet<&str> {
        let exclusive = self.snapshot.entries().filter(|entry| entry.summary.shared() != Some(true));
        exclusive.flat_map(|entry| entry.summary.all_nets()).filter_map(|net| net.links().physical).collect()
    }
}

/// Number of other holders of the same thing with which a holder is reported.
const MAX_REPORTED: usize = 8;
/// Number of claims on one segment that a claim is compared with: all of them collide, except those of one holder.
const MAX_NEAR: usize = 64;

/// Claims on one address by their segments, so that only those that may be on the same one are compared.
#[derive(Default)]
struct Before<'a> {
    count: usize,
    /// Claims whose link is unknown: they may be on any segment.
    anywhere: Vec<usize>,
    by_pool: HashMap<&'a str, Vec<usize>>,
    by_link: HashMap<(&'a str, Option<u16>), Vec<usize>>,
}

impl<'a> Before<'a> {
    fn add(&mut self, at: usize, segment: Segment<'a>) {
        let (pool, stub, vlan) = segment.parts();
        self.count = at + 1;
        match stub {
            Some(stub) => self.by_link.entry((stub, vlan)).or_default().push(at),
            None => self.anywhere.push(at),
        }
        if let Some(pool) = pool {
            self.by_pool.entry(pool).or_default().push(at);
        }
    }

    /// Returns claims that may meet this segment, in the order in which they were added: of many on one segment, the first ones.
    fn near(&self, segment: &Segment<'_>) -> BTreeSet<usize> {
        let (pool, stub, vlan) = segment.parts();
        match stub {
            // No other segment is distinct from one whose link is unknown.
            None => (0..self.count).take(MAX_NEAR).collect(),
            Some(stub) => {
                let of_pool = pool.and_then(|pool| self.by_pool.get(pool)).into_iter().flatten();
                let of_link = self.by_link.get(&(stub, vlan)).into_iter().flatten();
                let parts = of_pool.take(MAX_NEAR).chain(of_link.take(MAX_NEAR));
                parts.chain(self.anywhere.iter().take(MAX_NEAR)).copied().collect()
            }
        }
    }
}

/// Something that two holders have and only one can have.
pub(crate) struct Collision<'a> {
    pub(crate) what: What,
    /// The rightful holder.
    pub(crate) first: By<'a>,
    /// The other holder.
    pub(crate) second: By<'a>,
    /// The segments of both.
    pub(super) wires: [Segment<'a>; 2],
}

/// Resource that two holders have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Address(IpAddr),
    Link(String),
    Mac(MacAddr),
}

impl What {
    pub(super) fn help(&self) -> &'static str {
        match self {
            What::Address(_) => "change the address of one of them",
            What::Link(_) => "change the link of one of them",
            What::Mac(_) => "change the MAC address of one of them",
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Address(address) => write!(f, "{address}"),
            What::Link(link) => write!(f, "link {link}"),
            What::Mac(mac) => write!(f, "MAC address {mac}"),
        }
    }
}
