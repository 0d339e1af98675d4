//! Addresses and VNICs of one zone on several links: what a killed apply made, and what moves from one link to another.

use super::*;

fn refused(allocator: &mut Allocator, kind: EntryKind, summary: &EntrySummary) -> Vec<String> {
    let found = allocator.conflicts(kind, summary, true).unwrap();
    found.iter().map(|error| error.message().to_owned()).collect()
}

#[test]
fn a_vnic_that_a_killed_apply_made_is_the_zone_s_own() {
    let wanted = |vlan: Option<u16>, managed: bool| {
        zone("k", &[NetSummary { mac: Some(MAC), managed, vlan, ..desired(with_vnic("k0")) }]).1
    };
    let host = |vnics: &[(&str, &str, Option<u16>)], macs: &[[u8; 6]]| Usage {
        links: strings(&["k0", "old0", "net0", "stub0"]),
        vnics: vnics.iter().map(|(name, over, vlan)| (name.to_string(), over.to_string(), *vlan)).collect(),
        macs: macs.to_vec(),
        ..Usage::default()
    };
    let (k0, old0) = (("k0", "stub0", None), ("old0", "stub0", None));
    let both = ["the host already has a link k0", "MAC address 2:8:20:0:0:1 belongs to a VNIC of the host"];
    for (host_usage, summary, expected) in [
        (host(&[k0], &[MAC]), wanted(None, true), &[][..]),
        (host(&[k0, old0], &[MAC, [2; 6]]), wanted(None, true), &[]),
        (host(&[k0], &[MAC]), wanted(Some(0), true), &[]),
        (host(&[("k0", "stub0", Some(7))], &[MAC]), wanted(Some(7), true), &[]),
        (host(&[k0], &[MAC]), wanted(None, false), &both),
        (host(&[("k0", "net0", None)], &[MAC]), wanted(None, true), &both),
        (host(&[("k0", "stub0", Some(7))], &[MAC]), wanted(None, true), &both),
        (host(&[old0], &[MAC]), wanted(None, true), &both),
        (host(&[("old0", "net0", None)], &[MAC]), wanted(None, true), &both),
        (host(&[k0], &[[2; 6]]), wanted(None, true), &both[..1]),
    ] {
        let case = format!("{:?} {summary:?}", host_usage.vnics);
        let mut allocator = allocator(&[POOL], &[], host_usage);
        assert_eq!(refused(&mut allocator, EntryKind::Zone, &summary), expected, "{case}");
    }
    // The VNIC gets a new name: under its old name it has the same MAC address.
    let renamed = |nets: &[NetSummary]| EntrySummary { applied: nets.to_vec(), ..wanted(None, true) };
    let old = NetSummary { mac: Some(MAC), ..with_vnic("old0") };
    let other = NetSummary { mac: Some([2; 6]), ..with_vnic("old0") };
    for (macs, applied, expected) in
        [(&[MAC][..], old.clone(), &both[..]), (&[MAC, MAC], old, &[]), (&[MAC, [2; 6]], other, &[])]
    {
        let mut allocator = allocator(&[POOL], &[], host(&[k0, old0], macs));
        assert_eq!(refused(&mut allocator, EntryKind::Zone, &renamed(&[applied])), expected, "{macs:?}");
    }
}

#[test]
fn a_vnic_that_moves_gets_no_address_that_is_in_use_where_it_was() {
    let at = |stub: &str, address: &str| NetSummary { vnic: Some("m0".to_owned()), ..on_link(stub, address) };
    let moves = |from: NetSummary, to: NetSummary| {
        let (kind, summary) = zone("m", &[desired(to)]);
        let entry = (kind, EntrySummary { applied: vec![from], ..summary });
        let mut allocator =
            allocator(&[], &[entry.clone(), zone("other", &[on_link("stub0", "10.4.0.3")])], Usage::default());
        refused(&mut allocator, entry.0, &entry.1)
    };
    let other = "zone other (/t/zones/other.kdl)";
    assert_eq!(
        moves(at("stub0", "10.4.0.2"), at("stub1", "10.4.0.3")),
        [format!("10.4.0.3 is in use by {other} on the link that m0 is on until it moves")]
    );
    assert!(moves(at("stub0", "10.4.0.2"), at("stub1", "10.4.0.4")).is_empty());
    assert!(moves(at("stub1", "10.4.0.2"), at("stub1", "10.4.0.3")).is_empty());
    assert_eq!(
        moves(at("stub0", "10.4.0.2"), at("stub0", "10.4.0.3")),
        [format!("10.4.0.3 is in use by {other}")],
        "once"
    );
    // Another VNIC, or none: nothing moves.
    let second = NetSummary { vnic: Some("m1".to_owned()), ..at("stub1", "10.4.0.3") };
    assert!(moves(at("stub0", "10.4.0.2"), second).is_empty());
    let without = |stub: &str, address: &str| on_link(stub, address);
    assert!(moves(without("stub0", "10.4.0.2"), without("stub1", "10.4.0.3")).is_empty());
}

#[test]
fn an_address_is_the_zone_s_own_only_where_it_has_it() {
    let own = NetSummary { vlan: Some(7), ..on_link("stub0", "10.4.0.2") };
    let on = |stub: &str, vlan: Option<u16>, address: &str| NetSummary { vlan, ..on_link(stub, address) };
    let everywhere =
        [on("stub0", Some(7), "10.4.0.2"), on("stub0", None, "10.4.0.2"), on("stub1", Some(7), "10.4.0.2")];
    let entries = [zone("o", &[own]), zone("x", &everywhere), reservation("r", &[net(&["10.4.0.5"])])];
    let zones = [on_host("o", &[net(&["10.4.0.5"])]), on_host("r2", &[net(&["10.4.0.6"])])];
    let by_x = ["10.4.0.2 is in use by zone x (/t/zones/x.kdl)"];
    let by_host = ["10.4.0.6 is in use by zone r2, which is not in the registry"];
    for (kind, name, wanted, expected) in [
        (EntryKind::Zone, "o", on("stub0", Some(7), "10.4.0.2"), &[][..]),
        (EntryKind::Zone, "o", on("stub0", None, "10.4.0.2"), &by_x),
        (EntryKind::Zone, "o", on("stub1", Some(7), "10.4.0.2"), &by_x),
        (EntryKind::Zone, "o", net(&["10.4.0.2"]), &[]),
        (EntryKind::Zone, "new", net(&["10.4.0.2"]), &["10.4.0.2 is in use by zone o (/t/zones/o.kdl)"]),
        // The host says that the zone has it.
        (EntryKind::Zone, "o", net(&["10.4.0.5"]), &[]),
        (EntryKind::Zone, "o", net(&["10.4.0.6"]), &by_host),
        (EntryKind::Zone, "r2", net(&["10.4.0.6"]), &[]),
        (EntryKind::Reservation, "r2", net(&["10.4.0.6"]), &by_host),
    ] {
        let case = format!("{kind:?} {name} {wanted:?}");
        let mut allocator = allocator(&[], &entries, host_of(&zones));
        let (_, summary) = zone(name, &[desired(wanted)]);
        assert_eq!(refused(&mut allocator, kind, &summary), expected, "{case}");
    }
}

#[test]
fn a_zone_that_is_adopted_is_asked_about_its_addresses_only() {
    let taken = NetSummary { vnic: Some("x0".to_owned()), mac: Some(MAC), ..in_pool("p", &["10.4.0.2"]) };
    let mut allocator = allocator(&[POOL], &[zone("x", std::slice::from_ref(&taken))], Usage::default());
    let (kind, summary) = zone("new", &[taken]);
    let found = allocator.conflicts(kind, &summary, false).unwrap();
    let found: Vec<&str> = found.iter().map(Error::message).collect();
    assert_eq!(found, ["10.4.0.2 is in use by zone x (/t/zones/x.kdl)"]);
    assert_eq!(allocator.conflicts(kind, &summary, true).unwrap().len(), 3);
}
