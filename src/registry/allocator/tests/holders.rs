//! Holders of an address.

use super::*;

/// Returns the name of the holder that conflicts with `own` in a pool or on a link.
fn holder(allocator: &mut Allocator, pool: &str, last: u8, own: (EntryKind, &str)) -> Option<String> {
    let pools = Arc::clone(&allocator.pools);
    let there = pools.get(pool).map_or_else(|| Segment::of_link(pool, None), Segment::of);
    always(|| allocator.holder(there, address(last), own)).map(|by| by.to_string())
}

const NEW: (EntryKind, &str) = (EntryKind::Zone, "new");

#[test]
fn every_kind_of_holder_is_named() {
    let fleet = POOL.replace("    stub", "    fleet segment=\"lan\"\n    stub");
    let site = || {
        let host_usage = Usage {
            links: strings(&["stub0"]),
            addresses: vec![("10.4.0.4/28".parse().unwrap(), "stub0/v4".to_owned())],
            ..host_of(&[on_host("h", &[on_link("stub0", "10.4.0.5")])])
        };
        let entries = [zone("z", &[in_pool("p", &["10.4.0.2"])]), reservation("r", &[in_pool("p", &["10.4.0.3"])])];
        let mut allocator = allocator(&[&fleet], &entries, host_usage);
        let mut elsewhere = Elsewhere::default();
        elsewhere.hold("lan", address(6), "zone far on host b".to_owned());
        elsewhere.hold("wan", address(7), "zone farther on host b".to_owned());
        allocator.set_elsewhere(Arc::new(elsewhere));
        allocator
    };
    for (last, expected) in [
        (1, Some("the gateway of pool p")),
        (2, Some("zone z (/t/zones/z.kdl)")),
        (3, Some("reservation r (/t/reservations/r.kdl)")),
        (4, Some("the host itself (stub0/v4)")),
        (5, Some("zone h, which is not in the registry")),
        (6, Some("zone far on host b")),
        (7, None),
    ] {
        assert_eq!(holder(&mut site(), "p", last, NEW).as_deref(), expected, "{last}");
    }
}

#[test]
fn of_several_holders_the_first_by_kind_and_name_is_named() {
    let nets = [in_pool("p", &["10.4.0.2"])];
    let entries = [reservation("a", &nets), zone("c", &nets), zone("b", &nets)];
    let asked = |own: (EntryKind, &str)| {
        let host_usage = host_of(&[on_host("d", &[on_link("stub0", "10.4.0.2")])]);
        holder(&mut allocator(&[POOL], &entries, host_usage), "p", 2, own).unwrap()
    };
    assert_eq!(asked(NEW), "zone b (/t/zones/b.kdl)");
    assert_eq!(asked((EntryKind::Zone, "b")), "zone c (/t/zones/c.kdl)");
    assert_eq!(asked((EntryKind::Reservation, "b")), "zone b (/t/zones/b.kdl)");
}

#[test]
fn an_address_is_another_one_on_another_segment() {
    let vlan = NetSummary { vlan: Some(7), ..on_link("stub0", "10.4.0.3") };
    let entries = [
        zone("p2", &[in_pool("p", &["10.4.0.2"])]),
        zone("q2", &[in_pool("q", &["10.4.0.2"])]),
        zone("link3", &[on_link("stub1", "10.4.0.3")]),
        zone("vlan3", &[vlan]),
        zone("anywhere", &[net(&["10.4.0.4"])]),
    ];
    let vnic = NetSummary { vnic: Some("h0".to_owned()), ..on_link("stub1", "10.4.0.5") };
    let host_usage = host_of(&[on_host("h", &[vnic]), on_host("somewhere", &[net(&["10.4.0.6"])])]);
    for (pool, last, expected) in [
        ("p", 2, Some("zone p2 (/t/zones/p2.kdl)")),
        ("q", 2, Some("zone q2 (/t/zones/q2.kdl)")),
        ("stub0", 2, Some("zone p2 (/t/zones/p2.kdl)")),
        ("stub1", 2, Some("zone q2 (/t/zones/q2.kdl)")),
        ("stub2", 2, None),
        ("p", 3, None),
        ("q", 3, Some("zone link3 (/t/zones/link3.kdl)")),
        ("stub0", 3, None),
        ("stub1", 3, Some("zone link3 (/t/zones/link3.kdl)")),
        ("p", 4, Some("zone anywhere (/t/zones/anywhere.kdl)")),
        ("stub2", 4, Some("zone anywhere (/t/zones/anywhere.kdl)")),
        ("p", 5, None),
        ("q", 5, Some("zone h, which is not in the registry")),
        ("p", 6, Some("zone somewhere, which is not in the registry")),
        ("q", 6, Some("zone somewhere, which is not in the registry")),
    ] {
        let mut allocator = allocator(&[POOL, OTHER], &entries, host_usage.clone());
        assert_eq!(holder(&mut allocator, pool, last, NEW).as_deref(), expected, "{pool} {last}");
        // Choices look at the collected numbers first.
        if let Some(pool) = pools(&[POOL, OTHER]).get(pool) {
            let owner = AddressOwner { kind: EntryKind::Zone, name: "new" };
            let checked = allocator.check_wanted(&pool.name, address(last), owner);
            assert_eq!(checked.is_err(), expected.is_some(), "{} {last}: {checked:?}", pool.name);
        }
    }
}

#[test]
fn a_router_that_no_pool_lists_has_its_address() {
    let routed = |own: &str, router: u8| {
        let addresses = vec![(own.parse::<IpAddr>().unwrap().into(), Some(address(router)))];
        NetSummary { addresses, ..in_pool("p", &[]) }
    };
    let entries = [
        zone("a", &[routed("10.4.0.2", 14)]),
        zone("b", &[routed("10.4.0.3", 14)]),
        zone("c", &[routed("10.4.0.4", 13)]),
    ];
    let asked = |last: u8| holder(&mut allocator(&[POOL], &entries, Usage::default()), "p", last, NEW);
    assert_eq!(asked(14).as_deref(), Some("zone a (/t/zones/a.kdl)"));
    assert_eq!(asked(13).as_deref(), Some("zone c (/t/zones/c.kdl)"));
    assert_eq!(asked(12), None);
}

#[test]
fn of_desired_states_the_older_one_has_the_address() {
    let wants = || [desired(in_pool("p", &["10.4.0.2"]))];
    let entries = [
        zone("undated", &wants()),
        created("2024", zone("younger", &wants())),
        created("2020", zone("older", &wants())),
        created("2020", zone("oldest", &[desired(in_pool("p", &["10.4.0.3"]))])),
        created("2026", zone("holder", &[in_pool("p", &["10.4.0.3"])])),
    ];
    for (own, last, expected) in [
        ("older", 2, None),
        ("younger", 2, Some("zone older (/t/zones/older.kdl)")),
        ("undated", 2, Some("zone older (/t/zones/older.kdl)")),
        ("new", 2, Some("zone older (/t/zones/older.kdl)")),
        // A desired state never comes before what a zone has.
        ("oldest", 3, Some("zone holder (/t/zones/holder.kdl)")),
        ("holder", 3, Some("zone oldest (/t/zones/oldest.kdl)")),
    ] {
        let mut allocator = allocator(&[POOL], &entries, Usage::default());
        assert_eq!(holder(&mut allocator, "p", last, (EntryKind::Zone, own)).as_deref(), expected, "{own} {last}");
    }
}
