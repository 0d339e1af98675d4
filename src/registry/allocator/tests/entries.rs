//! Entries that are added, replaced or dropped after the first questions.

use super::*;

const NEW: (EntryKind, &str) = (EntryKind::Zone, "new");

fn mac(n: u8) -> [u8; 6] {
    [2, 8, 32, 0, 0, n]
}

/// A zone with the address, VNIC, MAC address and zonepath of this number.
fn numbered(name: &str, n: u8) -> EntrySummary {
    let net = NetSummary {
        pool: Some("p".to_owned()),
        addresses: vec![(address(n).into(), None)],
        mac: Some(mac(n)),
        ..with_vnic(&format!("vnic{n}"))
    };
    let (_, summary) = zone(name, &[net]);
    EntrySummary { state: Some("ready".to_owned()), zonepath: Some(format!("/zones/{n}")), ..summary }
}

/// Returns true if what has this number is in use, as every question says.
fn in_use(allocator: &mut Allocator, n: u8) -> bool {
    let pools = Arc::clone(&allocator.pools);
    let pool = pools.values().next().unwrap();
    let owner = AddressOwner { kind: NEW.0, name: NEW.1 };
    let answers = always(|| {
        [
            allocator.holder(Segment::of(pool), address(n), NEW).is_some(),
            allocator.check_wanted(&pool.name, address(n), owner).is_err(),
            allocator.has_link(&format!("vnic{n}")),
            allocator.has_mac(mac(n)),
            allocator.zone_around(NEW.1, &format!("/zones/{n}")).is_some(),
        ]
    });
    assert_eq!(answers, [answers[0]; 5], "{n}");
    answers[0]
}

#[test]
fn what_an_entry_loses_is_free_again() {
    let mut allocator = allocator(&[POOL], &[], Usage::default());
    assert!(!in_use(&mut allocator, 2));
    allocator.put(EntryKind::Zone, &numbered("a", 2));
    assert!(in_use(&mut allocator, 2) && !in_use(&mut allocator, 3));
    allocator.put(EntryKind::Zone, &numbered("a", 3));
    assert!(!in_use(&mut allocator, 2) && in_use(&mut allocator, 3));
    allocator.put(EntryKind::Zone, &numbered("b", 2));
    assert!(in_use(&mut allocator, 2) && in_use(&mut allocator, 3));
    assert!(allocator.find(EntryKind::Zone, "b").is_some() && allocator.snapshot().entries().count() == 2);
    allocator.drop_entry(EntryKind::Zone, "b");
    assert!(!in_use(&mut allocator, 2) && in_use(&mut allocator, 3));
    assert!(allocator.find(EntryKind::Zone, "b").is_none());
}

#[test]
fn an_entry_that_is_added_holds_its_routers_and_only_on_its_segment() {
    let mut allocator = allocator(&[POOL, OTHER], &[], Usage::default());
    let pools = Arc::clone(&allocator.pools);
    let taken = |allocator: &mut Allocator, last: u8| -> Vec<String> {
        let owner = AddressOwner { kind: NEW.0, name: NEW.1 };
        let is_taken = |pool: &&Pool| {
            let by = allocator.holder(Segment::of(pool), address(last), NEW);
            let checked = allocator.check_wanted(&pool.name, address(last), owner);
            assert_eq!(checked.is_err(), by.is_some(), "{checked:?} {by:?}");
            by.is_some()
        };
        pools.values().filter(is_taken).map(|pool| pool.name.to_string()).collect()
    };
    for _ in 0..12 {
        assert!(taken(&mut allocator, 2).is_empty());
    }
    let routed = NetSummary { addresses: vec![(address(2).into(), Some(address(14)))], ..in_pool("p", &[]) };
    allocator.put(EntryKind::Zone, &zone("a", &[routed]).1);
    allocator.put(EntryKind::Zone, &zone("b", &[on_link("stub1", "10.4.0.3"), net(&["10.4.0.4"])]).1);
    assert_eq!(taken(&mut allocator, 2), ["p"]);
    assert_eq!(taken(&mut allocator, 14), ["p"]);
    assert_eq!(taken(&mut allocator, 3), ["q"]);
    assert_eq!(taken(&mut allocator, 4), ["p", "q"]);
}

#[test]
fn the_next_address_follows_that_of_the_newest_entry_of_the_pool() {
    const NEXT: &str = "pool \"n\" {\n    network \"10.4.0.0/28\"\n    network \"2001:db8::/64\"\n    stub \"stub0\"\n    \
                        strategy \"next\"\n}\n";
    let routed =
        NetSummary { addresses: vec![(address(3).into(), Some(address(12)))], ..in_pool("n", &["2001:db8::20"]) };
    let entries = [
        created("2020", zone("old", &[in_pool("n", &["10.4.0.9"])])),
        created("2024", zone("new", &[routed, in_pool("n", &["2001:db8::20"])])),
        created("2021", zone("middle", &[in_pool("n", &["10.4.0.8"])])),
        // The pool had another network then.
        created("2025", zone("former", &[in_pool("n", &["10.9.0.9"])])),
        created("2026", zone("beside", &[on_link("stub0", "10.4.0.6")])),
    ];
    let mut allocator = allocator(&[NEXT], &entries, Usage::default());
    let pool = allocator.pool_names().remove(0);
    let owner = AddressOwner { kind: EntryKind::Reservation, name: "asks" };
    let next = |allocator: &mut Allocator, keep: bool| -> Vec<String> {
        let given = allocator.choose(&pool, owner, crate::registry::AddressRequest::EachFamily(&[]), &[]).unwrap();
        if !keep {
            allocator.last_given.clear();
        }
        given.iter().map(|given| given.address.addr().to_string()).collect()
    };
    assert_eq!(next(&mut allocator, false), ["10.4.0.4", "2001:db8::21"]);
    for (year, nets, expected) in [
        ("2027", in_pool("n", &["10.4.0.7"]), ["10.4.0.10", "2001:db8::21"]),
        ("2022", in_pool("n", &["10.4.0.2"]), ["10.4.0.10", "2001:db8::21"]),
        ("2028", on_link("stub0", "10.4.0.13"), ["10.4.0.10", "2001:db8::21"]),
        ("2029", in_pool("n", &["2001:db8::50"]), ["10.4.0.10", "2001:db8::51"]),
    ] {
        allocator.put(EntryKind::Zone, &created(year, zone(year, &[nets])).1);
        assert_eq!(next(&mut allocator, false), expected, "{year}");
    }
    // What was given last comes before any entry.
    assert_eq!(next(&mut allocator, true), ["10.4.0.10", "2001:db8::51"]);
    assert_eq!(next(&mut allocator, true), ["10.4.0.11", "2001:db8::52"]);
}

#[test]
fn a_planned_zone_holds_what_its_file_names() {
    let mut allocator = allocator(&[POOL], &[], Usage::default());
    let text = "zone \"web\" {\n    net \"a\" { pool \"p\"; address \"10.4.0.2/28\" }\n}\n";
    let entry: ZoneEntry = Document::parse(Path::new("web.kdl"), text.as_bytes()).unwrap().value;
    let pool = allocator.pool_names().remove(0);
    let owner = AddressOwner { kind: NEW.0, name: NEW.1 };
    assert!(allocator.check_wanted(&pool, address(2), owner).is_ok());
    allocator.plan_entry(&entry);
    assert!(allocator.check_wanted(&pool, address(2), owner).is_err());
}
