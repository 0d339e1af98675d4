//! Entries that are replaced after everything was collected.

use proptest::strategy::Strategy as _;

use super::*;

const PLACES: [&str; 3] = ["stub0", "stub1", "net0"];

/// A net of few possible addresses, routers, links and MAC addresses, so that many are the same.
fn any_net() -> impl proptest::strategy::Strategy<Value = NetSummary> {
    (2..7u8, proptest::option::of(12..14u8), 0..3usize, proptest::option::of(0..3u8), any::<bool>(), any::<bool>())
        .prop_map(|(n, gateway, place, link, in_pool, held)| NetSummary {
            pool: in_pool.then(|| "p".to_owned()),
            stub: (!in_pool).then(|| PLACES[place].to_owned()),
            vnic: link.map(|link| format!("v{link}")),
            mac: link.map(|link| [2, 8, 32, 0, 0, link]),
            addresses: vec![(address(n).into(), gateway.map(address))],
            held,
            ..NetSummary::default()
        })
}

fn any_entries() -> impl proptest::strategy::Strategy<Value = Vec<(usize, Vec<NetSummary>)>> {
    proptest::collection::vec((0..4usize, proptest::collection::vec(any_net(), 0..3)), 1..8)
}

proptest! {
    #[test]
    fn the_answers_are_those_of_an_allocator_that_never_had_the_former_ones(entries in any_entries(), put in any_entries()) {
        let name = |n: usize| ["a", "b", "c", "d"][n];
        let all = |entries: &[(usize, Vec<NetSummary>)]| -> Vec<_> {
            entries.iter().map(|(n, nets)| zone(name(*n), nets)).collect()
        };
        let mut long = allocator(&[POOL], &all(&entries), Usage::default());
        let segments = || {
            let stubs = PLACES.map(|stub| Segment::of_link(stub, None));
            [Segment::from_parts(Some("p"), Some("stub0"), None)].into_iter().chain(stubs)
        };
        let answers = |allocator: &mut Allocator| {
            let mut all = Vec::new();
            for n in (2..7).chain(12..14) {
                for own in [(EntryKind::Zone, "new"), (EntryKind::Zone, "a")] {
                    let holders = segments().map(|there| format!("{:?}", allocator.holder(there, address(n), own)));
                    all.extend(holders.collect::<Vec<_>>());
                }
            }
            for link in 0..3 {
                all.push(format!("{} {}", allocator.has_link(&format!("v{link}")), allocator.has_mac([2, 8, 32, 0, 0, link])));
            }
            all
        };
        let pool = long.pool_names().remove(0);
        answers(&mut long);
        long.used(&pool, Family::V4).unwrap();
        let mut now = all(&entries);
        for (kind, summary) in all(&put) {
            long.put(kind, &summary);
            now.push((kind, summary));
            let mut fresh = allocator(&[POOL], &now, Usage::default());
            // Often enough that both answer from what was collected.
            answers(&mut fresh);
            prop_assert_eq!(answers(&mut long), answers(&mut fresh));
            let free = |allocator: &mut Allocator| {
                let used = allocator.used(&pool, Family::V4).unwrap();
                // A router may stay counted.
                (2..7).filter(|n| !used.numbers.contains(&ipam::number(address(*n)))).collect::<Vec<_>>()
            };
            prop_assert_eq!(free(&mut long), free(&mut fresh));
        }
    }
}
