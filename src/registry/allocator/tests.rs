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
