//! Links, MAC addresses and zonepaths that are in use.

use super::*;

fn site() -> Allocator {
    let entries = [
        zone("a", &[NetSummary { mac: Some(MAC), ..with_vnic("a0") }]),
        zone("b", &[with_physical("net1"), desired(with_vnic("b1"))]),
    ];
    let mac = |n: u8| [2, 8, 32, 0, 0, n];
    let zones = [on_host("h", &[NetSummary { mac: Some(mac(2)), ..with_vnic("h0") }, with_physical("net2")])];
    let host_usage = Usage { links: strings(&["net0", "stub0"]), macs: vec![mac(3)], ..host_of(&zones) };
    let mut allocator = allocator(&[POOL], &entries, host_usage);
    let mut elsewhere = Elsewhere::default();
    elsewhere.hold_mac(mac(4), "zone far on host b".to_owned());
    allocator.set_elsewhere(Arc::new(elsewhere));
    allocator
}

#[test]
fn links_of_entries_of_other_zones_and_of_the_host_are_in_use() {
    for (link, expected) in [
        ("a0", true),
        ("net1", true),
        ("b1", true),
        ("h0", true),
        ("net2", true),
        ("net0", true),
        ("stub0", true),
        ("a1", false),
        ("net3", false),
    ] {
        let mut allocator = site();
        assert_eq!(always(|| allocator.has_link(link)), expected, "{link}");
    }
}

#[test]
fn mac_addresses_of_entries_other_zones_the_host_and_the_fleet_are_in_use() {
    for last in 0..6 {
        let mut allocator = site();
        assert_eq!(always(|| allocator.has_mac([2, 8, 32, 0, 0, last])), (1..5).contains(&last), "{last}");
    }
}

#[test]
fn zones_that_are_not_built_have_no_place() {
    let place = |name: &str, state: Option<&str>, path: &str| {
        let (kind, summary) = zone(name, &[]);
        (kind, EntrySummary { state: state.map(str::to_owned), zonepath: Some(path.to_owned()), ..summary })
    };
    let entries = [
        place("a", Some("ready"), "/zones/a"),
        place("making", Some("creating"), "/zones/making"),
        place("planned", None, "/zones/planned"),
        (EntryKind::Reservation, place("r", Some("ready"), "/zones/r").1),
    ];
    for (name, path, expected) in [
        ("new", "/zones/a", Some("a")),
        ("new", "/zones/a/within", Some("a")),
        ("new", "/zones/making", Some("making")),
        ("new", "/zones/planned", None),
        ("new", "/zones/r", None),
        ("new", "/zones/ab", None),
        ("a", "/zones/a", None),
        ("a", "/zones/a/within", None),
        ("a", "/zones", Some("making")),
        ("making", "/zones", Some("a")),
    ] {
        let mut allocator = allocator(&[POOL], &entries, Usage::default());
        let around = always(|| allocator.zone_around(name, path).map(str::to_owned));
        assert_eq!(around.as_deref(), expected, "{name} at {path}");
    }
}
