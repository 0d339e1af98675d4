use super::*;
use crate::documents::document::Document;
use crate::registry::AddressOwner;
use crate::registry::host_usage::ZoneUsage;
use proptest::prelude::*;
use std::path::Path;

const POOL: &str = "pool \"p\" {\n    network \"10.4.0.0/28\"\n    gateway \"10.4.0.1\"\n    stub \"stub0\"\n}\n";

fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 4, 0, n])
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
        let zones = host_zones.iter().map(|(zone, n)| ZoneUsage {
            name: name(*zone).to_owned(),
            nets: summary("", *n, false).nets,
            ..ZoneUsage::default()
        });
        let host_usage = HostUsage { zones: zones.collect(), ..HostUsage::default() };
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
fn counts_address_on(object: &str, host_usage: HostUsage) -> bool {
    let pool: Pool = Document::parse(Path::new("p.kdl"), POOL.as_bytes()).unwrap().value;
    let pools = Arc::new(Pools::new([(pool.name.clone(), pool.clone())].into(), None));
    let addresses = vec![("10.4.0.5/28".parse().unwrap(), object.to_owned())];
    let host_usage = Arc::new(HostUsage { addresses, ..host_usage });
    let mut allocator = Allocator::new(Tree::new("/t"), Snapshot::default(), pools, host_usage).unwrap();
    let owner = AddressOwner { kind: EntryKind::Zone, name: "a" };
    allocator.check_wanted(&pool.name, address(5), owner).is_err()
}

#[test]
fn addresses_of_the_host_count_where_their_links_are() {
    let of = |links: &[&str], vnics: &[(&str, &str, Option<u16>)]| HostUsage {
        links: links.iter().map(ToString::to_string).collect(),
        vnics: vnics.iter().map(|(name, over, vlan)| (name.to_string(), over.to_string(), *vlan)).collect(),
        ..HostUsage::default()
    };
    assert!(counts_address_on("stub0/v4", of(&["stub0", "e1000g0"], &[])), "on the pool's own link");
    assert!(!counts_address_on("e1000g0/v4", of(&["stub0", "e1000g0"], &[])), "on another link");
    assert!(counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "stub0", None)])), "on a VNIC over it");
    assert!(!counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "stub0", Some(7))])), "in another VLAN");
    assert!(!counts_address_on("gw0/v4", of(&["stub0", "gw0"], &[("gw0", "e1000g0", None)])), "over another link");
    assert!(counts_address_on("ipmp0/v4", of(&["stub0", "e1000g0"], &[])), "on an interface without a link");
}
