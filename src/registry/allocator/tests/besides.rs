//! Nets that zones have on the host besides what their entries hold.

use super::*;

/// Returns what is left of a net of zone `z` on the host if its entry has these nets.
fn left(entry: Option<&[NetSummary]>, host: NetSummary, shared: bool) -> Option<NetSummary> {
    let entries: Vec<_> = entry.map(|nets| zone("z", nets)).into_iter().collect();
    let mut snapshot = Snapshot::default();
    for (kind, summary) in &entries {
        snapshot.replace(*kind, summary);
    }
    let zones = vec![OnHost { shared, ..on_host("z", &[host]) }];
    let host_usage = Usage { links: strings(&["net0", "net1"]), zones, ..Usage::default() };
    let mut all = beside::find(&snapshot, &host_usage.into());
    assert!(all.len() < 2, "{all:?}");
    all.pop().map(|beside| {
        assert_eq!((beside.zone.as_str(), beside.shared), ("z", shared));
        beside.net
    })
}

fn whole() -> NetSummary {
    NetSummary { mac: Some(MAC), addresses: net(&["10.4.0.2", "10.4.0.3"]).addresses, ..with_vnic("z0") }
}

#[test]
fn a_zone_without_an_entry_has_all_its_nets_besides() {
    assert_eq!(left(None, whole(), false), Some(whole()));
    assert_eq!(left(None, net(&[]), false), None);
    for alone in [net(&["10.4.0.2"]), with_mac(MAC), with_vnic("z0")] {
        assert_eq!(left(None, alone.clone(), false), Some(alone));
    }
}

#[test]
fn what_the_entry_holds_is_left_out() {
    assert_eq!(left(Some(&[whole()]), whole(), false), None);
    assert_eq!(left(Some(&[desired(whole())]), whole(), false), Some(whole()), "an edit holds nothing");
    let other = NetSummary { mac: None, ..with_vnic("other0") };
    for (held, rest) in [
        (net(&["10.4.0.2"]), NetSummary { addresses: net(&["10.4.0.3"]).addresses, ..whole() }),
        (with_mac(MAC), NetSummary { mac: None, ..whole() }),
        (with_vnic("z0"), NetSummary { vnic: None, ..whole() }),
        (other, whole()),
    ] {
        assert_eq!(left(Some(std::slice::from_ref(&held)), whole(), false), Some(rest), "{held:?}");
    }
}

#[test]
fn an_existing_link_is_its_own_segment_if_the_host_has_it() {
    let on_net0 = NetSummary { stub: Some("net0".to_owned()), ..with_physical("net0") };
    assert_eq!(left(None, with_physical("net0"), false), Some(on_net0));
    assert_eq!(left(None, with_physical("gone0"), false), Some(with_physical("gone0")));
    assert_eq!(left(Some(&[with_physical("net0")]), with_physical("net0"), false), None);
    // The entry tells where a VNIC is that does not exist now.
    let absent = NetSummary { addresses: net(&["10.4.0.2"]).addresses, ..with_physical("z0") };
    let held = [with_vnic("y0"), NetSummary { vlan: Some(7), ..with_vnic("z0") }];
    let there = NetSummary { physical: None, stub: Some("stub0".to_owned()), vlan: Some(7), ..absent.clone() };
    assert_eq!(left(Some(&held), absent, false), Some(there));
}

#[test]
fn a_zone_on_the_host_s_ip_stack_names_its_link_as_the_stub() {
    let host = || NetSummary { addresses: net(&["10.4.0.2"]).addresses, ..with_physical("net0") };
    let all = NetSummary { stub: Some("net0".to_owned()), ..host() };
    let address_only = NetSummary { physical: None, ..all.clone() };
    let stub = |link: &str| [NetSummary { stub: Some(link.to_owned()), ..net(&[]) }];
    assert_eq!(left(Some(&stub("net0")), host(), true), Some(address_only));
    assert_eq!(left(Some(&stub("net1")), host(), true), Some(all.clone()));
    assert_eq!(left(Some(&stub("net0")), host(), false), Some(all.clone()), "a zone of its own stack takes it whole");
    assert_eq!(left(None, host(), true), Some(all));
}

#[test]
fn links_and_macs_that_two_zones_have_are_reported() {
    let nets = [NetSummary { mac: Some(MAC), ..with_vnic("z0") }];
    let allocator = allocator(&[POOL], &[zone("z", &nets)], host_of(&[on_host("h", &nets), on_host("z", &nets)]));
    let found: Vec<_> = allocator.collisions().iter().map(|c| (c.what.to_string(), c.first, c.second)).collect();
    let (z, h) = (By::Zone("z"), By::Zone("h"));
    assert_eq!(found, [("link z0".to_owned(), h, z), ("MAC address 2:8:20:0:0:1".to_owned(), h, z)]);
}
