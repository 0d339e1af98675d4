//! Links and MAC addresses that an entry cannot have, and those that it has already.

use super::*;

/// Returns the reasons why a zone cannot have this net: the same after many other questions.
fn refused(site: &dyn Fn() -> Allocator, shared: bool, summary: EntrySummary) -> Vec<String> {
    let summary = EntrySummary { shared: Some(shared), ..summary };
    let mut allocator = site();
    always(|| {
        let found = allocator.conflicts(EntryKind::Zone, &summary, true).unwrap();
        found.iter().map(|error| error.message().to_owned()).collect()
    })
}

fn new(net: NetSummary) -> EntrySummary {
    zone("new", &[desired(net)]).1
}

fn shared(is: Option<bool>, (kind, summary): (EntryKind, EntrySummary)) -> (EntryKind, EntrySummary) {
    (kind, EntrySummary { shared: is, ..summary })
}

/// Zones with links of every kind.
fn of_links() -> Allocator {
    let stub = |link: &str| NetSummary { stub: Some(link.to_owned()), ..net(&[]) };
    let entries = [
        shared(Some(false), zone("vnic", &[with_vnic("e0")])),
        shared(Some(true), zone("shares", &[with_physical("net1")])),
        shared(Some(true), zone("below", &[stub("net2"), stub("gone0")])),
        shared(None, zone("open", &[with_physical("net3")])),
        shared(Some(false), zone("whole", &[with_physical("net6")])),
        created("2024", shared(Some(false), zone("younger", &[desired(with_vnic("y0"))]))),
    ];
    let zones = [
        on_host("hvnic", &[with_vnic("h0")]),
        OnHost { shared: true, ..on_host("hshares", &[with_physical("net4")]) },
        on_host("hwhole", &[with_physical("net5")]),
    ];
    let links = ["stub0", "net0", "net1", "net2", "net3", "net4", "net5", "net6", "net7", "mine0"];
    let host_usage = Usage {
        links: strings(&links),
        addresses: vec![("10.9.9.9/24".parse().unwrap(), "net0/v4".to_owned())],
        ..host_of(&zones)
    };
    allocator(&[POOL], &entries, host_usage)
}

#[test]
fn a_link_belongs_to_one_zone_unless_all_share_the_host_s_ip_stack() {
    let belongs = |link: &str, zone: &str| format!("link {link} belongs to zone {zone} (/t/zones/{zone}.kdl)");
    let beside = |link: &str, zone: &str| format!("link {link} belongs to zone {zone}, which is not in the registry");
    let on_host = |link: &str| format!("the host already has a link {link}");
    for (shared, wanted, expected) in [
        (false, with_vnic("e0"), Some(belongs("e0", "vnic"))),
        (false, with_physical("e0"), Some(belongs("e0", "vnic"))),
        (true, with_physical("e0"), Some(belongs("e0", "vnic"))),
        (false, with_physical("net1"), Some(belongs("net1", "shares"))),
        (true, with_physical("net1"), None),
        (false, with_physical("net2"), Some(belongs("net2", "below"))),
        (true, with_physical("net2"), None),
        // The host does not have it now.
        (false, with_physical("gone0"), Some(belongs("gone0", "below"))),
        (false, with_physical("net3"), Some(belongs("net3", "open"))),
        (true, with_physical("net3"), None),
        (false, with_physical("net6"), Some(belongs("net6", "whole"))),
        (true, with_physical("net6"), Some(belongs("net6", "whole"))),
        (false, with_vnic("y0"), Some(belongs("y0", "younger"))),
        (false, with_vnic("h0"), Some(beside("h0", "hvnic"))),
        (true, with_physical("h0"), Some(beside("h0", "hvnic"))),
        (false, with_physical("net4"), Some(beside("net4", "hshares"))),
        (true, with_physical("net4"), None),
        (false, with_physical("net5"), Some(beside("net5", "hwhole"))),
        (true, with_physical("net5"), Some(beside("net5", "hwhole"))),
        // The host's own links: as they are, or the name of a VNIC.
        (true, with_physical("net0"), None),
        (false, with_vnic("net0"), Some(on_host("net0"))),
        (false, with_vnic("mine0"), Some(on_host("mine0"))),
        (false, with_physical("mine0"), None),
        (false, with_physical("net7"), None),
        (false, with_physical("stub0"), None),
        (false, with_vnic("new0"), None),
    ] {
        let case = format!("{shared} {wanted:?}");
        assert_eq!(refused(&of_links, shared, new(wanted)), Vec::from_iter(expected), "{case}");
    }
    assert_eq!(
        refused(&of_links, false, new(with_physical("net0"))),
        ["link net0 is in use by the host itself, which has an address on it (net0/v4)"]
    );
}

#[test]
fn what_a_zone_has_it_keeps_and_the_older_of_two_gets_the_rest() {
    let of = |year: &str, summary| created(year, (EntryKind::Zone, summary)).1;
    assert!(refused(&of_links, false, zone("vnic", &[with_vnic("e0")]).1).is_empty());
    assert!(refused(&of_links, false, zone("hvnic", &[desired(with_vnic("h0"))]).1).is_empty());
    assert!(refused(&of_links, false, zone("hwhole", &[desired(with_physical("net5"))]).1).is_empty());
    // Both only want it.
    let site = |year: &'static str| {
        move || {
            let mut allocator = of_links();
            allocator.put(EntryKind::Zone, &of(year, zone("own", &[desired(with_vnic("y0"))]).1));
            allocator
        }
    };
    let own = || zone("own", &[desired(with_vnic("y0"))]).1;
    assert!(refused(&site("2020"), false, own()).is_empty());
    assert_eq!(refused(&site("2026"), false, own()), ["link y0 belongs to zone younger (/t/zones/younger.kdl)"]);
}

#[test]
fn a_mac_address_belongs_to_one_net() {
    let mac = |n: u8| [2, 8, 32, 0, 0, n];
    let site = || {
        let entries = [zone("z", &[with_mac(mac(1))]), created("2024", zone("younger", &[desired(with_mac(mac(6)))]))];
        let zones = [on_host("h", &[with_mac(mac(2))]), on_host("i", &[with_mac(mac(5))])];
        let host_usage = Usage { macs: vec![mac(3)], ..host_of(&zones) };
        let mut allocator = allocator(&[POOL], &entries, host_usage);
        let mut elsewhere = Elsewhere::default();
        elsewhere.hold_mac(mac(4), "zone far on host b".to_owned());
        allocator.set_elsewhere(Arc::new(elsewhere));
        allocator.put(EntryKind::Zone, &created("2020", zone("older", &[desired(with_mac(mac(6)))])).1);
        allocator
    };
    for (own, last, expected) in [
        ("new", 1, Some("zone z (/t/zones/z.kdl)")),
        ("new", 2, Some("zone h, which is not in the registry")),
        ("new", 3, Some("a VNIC of the host")),
        ("new", 4, Some("another host of the fleet")),
        ("new", 5, Some("zone i, which is not in the registry")),
        ("new", 6, Some("zone older (/t/zones/older.kdl)")),
        ("new", 7, None),
        ("z", 1, None),
        ("h", 2, None),
        ("h", 5, Some("zone i, which is not in the registry")),
        ("older", 6, None),
        ("younger", 6, Some("zone older (/t/zones/older.kdl)")),
    ] {
        let found = refused(&site, false, zone(own, &[desired(with_mac(mac(last)))]).1);
        let expected = expected.map(|by| format!("MAC address 2:8:20:0:0:{last} belongs to {by}"));
        assert_eq!(found, Vec::from_iter(expected), "{own} {last}");
    }
}

#[test]
fn a_refusal_names_the_zone_that_asks() {
    let mut allocator = of_links();
    let text = "zone \"web\" {\n    net \"a\" { physical \"net1\" }\n}\n";
    let entry: ZoneEntry = Document::parse(Path::new("web.kdl"), text.as_bytes()).unwrap().value;
    let error = allocator.refuse_taken(&entry, false).unwrap_err();
    assert_eq!(error.message(), "zone web: link net1 belongs to zone shares (/t/zones/shares.kdl)");
    allocator.refuse_taken(&entry, true).unwrap();
}
