use super::*;
use crate::documents::document::Document;
use crate::registry::AddressOwner;
use proptest::prelude::*;
use std::path::Path;

mod besides;
mod choice;
mod conflicts;
mod entries;
mod gains;
mod holders;
mod names;
mod replaced;
mod unreadable;
mod usage;
mod wires;

use usage::{OnHost, Usage};

const POOL: &str = "pool \"p\" {\n    network \"10.4.0.0/28\"\n    gateway \"10.4.0.1\"\n    stub \"stub0\"\n}\n";

/// The addresses of [`POOL`] on another link.
const OTHER: &str = "pool \"q\" {\n    network \"10.4.0.0/28\"\n    stub \"stub1\"\n}\n";

const MAC: [u8; 6] = [2, 8, 32, 0, 0, 1];

fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 4, 0, n])
}

/// Pools of these files. The name of this host is `here`.
fn pools(files: &[&str]) -> Arc<Pools> {
    let pool = |text: &&str| {
        let file = format!("{}.kdl", text.split('"').nth(1).unwrap());
        let pool: Pool = Document::parse(Path::new(&file), text.as_bytes()).unwrap().value;
        (pool.name.clone(), pool)
    };
    Arc::new(Pools::new(files.iter().map(pool).collect(), Some("here".to_owned())))
}

fn allocator(files: &[&str], entries: &[(EntryKind, EntrySummary)], host_usage: impl Into<HostUsage>) -> Allocator {
    let mut snapshot = Snapshot::default();
    for (kind, summary) in entries {
        snapshot.replace(*kind, summary);
    }
    Allocator::new(Tree::new("/t"), snapshot, pools(files), Arc::new(host_usage.into())).unwrap()
}

/// A net that is held, with no link.
fn net(addresses: &[&str]) -> NetSummary {
    let addresses = addresses.iter().map(|address| (address.parse::<IpAddr>().unwrap().into(), None)).collect();
    NetSummary { held: true, addresses, ..NetSummary::default() }
}

fn in_pool(pool: &str, addresses: &[&str]) -> NetSummary {
    NetSummary { pool: Some(pool.to_owned()), ..net(addresses) }
}

/// A net with an address on this link.
fn on_link(stub: &str, address: &str) -> NetSummary {
    NetSummary { stub: Some(stub.to_owned()), ..net(&[address]) }
}

/// A net with a VNIC over `stub0`.
fn with_vnic(vnic: &str) -> NetSummary {
    NetSummary { vnic: Some(vnic.to_owned()), stub: Some("stub0".to_owned()), ..net(&[]) }
}

/// A net on an existing link.
fn with_physical(link: &str) -> NetSummary {
    NetSummary { physical: Some(link.to_owned()), ..net(&[]) }
}

fn with_mac(mac: [u8; 6]) -> NetSummary {
    NetSummary { mac: Some(mac), ..net(&[]) }
}

/// An edit of a net that was not applied.
fn desired(net: NetSummary) -> NetSummary {
    NetSummary { held: false, ..net }
}

fn zone(name: &str, nets: &[NetSummary]) -> (EntryKind, EntrySummary) {
    (EntryKind::Zone, EntrySummary { name: name.to_owned(), nets: nets.to_vec(), ..EntrySummary::default() })
}

fn reservation(name: &str, nets: &[NetSummary]) -> (EntryKind, EntrySummary) {
    (EntryKind::Reservation, zone(name, nets).1)
}

fn created(year: &str, (kind, summary): (EntryKind, EntrySummary)) -> (EntryKind, EntrySummary) {
    (kind, EntrySummary { created: Some(format!("{year}-01-01T00:00:00Z")), ..summary })
}

fn on_host(name: &str, nets: &[NetSummary]) -> OnHost {
    let document = Some(<_>::default());
    OnHost { name: name.to_owned(), document, nets: nets.to_vec(), ..OnHost::default() }
}

fn host_of(zones: &[OnHost]) -> Usage {
    Usage { zones: zones.to_vec(), ..Usage::default() }
}

fn strings(all: &[&str]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

/// Asks once, when all entries are scanned, and often enough that the last answers come from what was collected.
fn always<T: PartialEq + std::fmt::Debug>(mut ask: impl FnMut() -> T) -> T {
    let first = ask();
    for n in 0..12 {
        assert_eq!(ask(), first, "question {n}");
    }
    first
}

fn summary(name: &str, n: u8, in_pool: bool) -> EntrySummary {
    let (pool, stub) = if in_pool { (Some("p".to_owned()), None) } else { (None, Some("stub0".to_owned())) };
    let net =
        NetSummary { held: true, pool, stub, addresses: vec![(address(n).into(), None)], ..NetSummary::default() };
    EntrySummary { name: name.to_owned(), nets: vec![net], ..EntrySummary::default() }
}

fn held() -> impl proptest::strategy::Strategy<Value = Vec<(usize, u8)>> {
    proptest::collection::vec((0..4usize, 2..8u8), 0..6)
}

proptest! {
    /// The counted answer and a scan of every holder must agree.
    #[test]
    fn an_address_is_free_only_if_no_other_holder_has_it(entries in held(), host_zones in held(), put in held(), ask in (0..4usize, 2..8u8), in_pool: bool, asks in 0..12usize) {
        let name = |n: usize| ["a", "b", "c", "d"][n];
        let pool: Pool = Document::parse(Path::new("p.kdl"), POOL.as_bytes()).unwrap().value;
        let mut snapshot = Snapshot::default();
        for (zone, n) in entries {
            snapshot.replace(EntryKind::Zone, &summary(name(zone), n, in_pool));
        }
        let zones = host_zones.iter().map(|(zone, n)| OnHost {
            name: name(*zone).to_owned(),
            nets: summary("", *n, false).nets,
            ..OnHost::default()
        });
        let host_usage = HostUsage::from(Usage { zones: zones.collect(), ..Usage::default() });
        let pools = Arc::new(Pools::new([(pool.name.clone(), pool.clone())].into(), None));
        let mut allocator = Allocator::new(Tree::new("/t"), snapshot, pools, Arc::new(host_usage)).unwrap();
        let (owner, wanted) = (AddressOwner { kind: EntryKind::Zone, name: name(ask.0) }, address(ask.1));
        // This also updates the collected sets.
        for _ in 0..asks {
            allocator.check_wanted(&pool.name, wanted, owner).ok();
            allocator.holder(Segment::of(&pool), wanted, (EntryKind::Zone, owner.name));
        }
        for (zone, n) in put {
            allocator.put(EntryKind::Zone, &summary(name(zone), n, in_pool));
        }
        let own = (EntryKind::Zone, owner.name);
        let holder = allocator.holder(Segment::of(&pool), wanted, own);
        let checked = allocator.check_wanted(&pool.name, wanted, owner);
        prop_assert_eq!(checked.is_err(), holder.is_some(), "{:?}", checked);
        // Scans every claim, without the collected sets.
        let mut claims = Vec::new();
        allocator.each_claim(None, |held, claim| if held == wanted { claims.push(claim.by) });
        prop_assert_eq!(claims.iter().any(|by| *by != By::Zone(owner.name)), holder.is_some(), "{:?}", claims);
    }
}

/// Returns true if the pool `p` takes an address of the host on this object for held.
fn counts_address_on(object: &str, host_usage: Usage) -> bool {
    let pool: Pool = Document::parse(Path::new("p.kdl"), POOL.as_bytes()).unwrap().value;
    let pools = Arc::new(Pools::new([(pool.name.clone(), pool.clone())].into(), None));
    let addresses = vec![("10.4.0.5/28".parse().unwrap(), object.to_owned())];
    let host_usage = Arc::new(Usage { addresses, ..host_usage }.into());
    let mut allocator = Allocator::new(Tree::new("/t"), Snapshot::default(), pools, host_usage).unwrap();
    let owner = AddressOwner { kind: EntryKind::Zone, name: "a" };
    allocator.check_wanted(&pool.name, address(5), owner).is_err()
}

#[test]
fn addresses_of_the_host_count_where_their_links_are() {
    let of = |links: &[&str], vnics: &[(&str, &str, Option<u16>)]| Usage {
        links: strings(links),
        vnics: vnics.iter().map(|(name, over, vlan)| (name.to_string(), over.to_string(), *vlan)).collect(),
        ..Usage::default()
    };
    assert!(counts_address_on("stub0/v4", of(&["stub0", "e1000g0"], &[])), "on the pool's own link");
    assert!(!counts_address_on("e1000g0/v4", of(&["stub0", "e1000g0"], &[])), "on another link");
    assert!(counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "stub0", None)])), "on a VNIC over it");
    assert!(!counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "stub0", Some(7))])), "in another VLAN");
    assert!(!counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "e1000g0", None)])), "over another link");
    assert!(counts_address_on("ipmp0/v4", of(&["stub0", "e1000g0"], &[])), "on an interface without a link");
}
