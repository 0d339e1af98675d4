//! `find`: every holder with its reasons and lines, as files, host and running zones have them.

use std::fs;

use zmgr::{
    AddressStanding, Code, CreateOptions, Found, HeldKind, HolderKind, Holding, HoldingReason, Manager, RunOptions,
};

use crate::fixture::{self, Fixture};

fn find(fixture: &Fixture, what: &str) -> Found {
    fixture.manager.find(what).unwrap()
}

/// Holder, reason, and where it is written: the text of the line if there is one.
fn told(found: &Found) -> Vec<String> {
    let line = |holding: &Holding| {
        let Some(path) = &holding.source.file else { return "running".to_owned() };
        let name = path.file_name().unwrap().to_str().unwrap();
        match holding.source.line {
            0 => name.to_owned(),
            line => {
                let text = fs::read_to_string(path).unwrap();
                format!("{name}: {}", text.lines().nth(line as usize - 1).unwrap().trim())
            }
        }
    };
    let told = |holding: &Holding| {
        format!("{} {} {} | {}", holding.kind.as_str(), holding.name, holding.why.as_str(), line(holding))
    };
    found.holdings.iter().map(told).collect()
}

fn booted(fixture: &Fixture, name: &str) {
    fixture.manager.create(name, &CreateOptions::new().boot(true), &mut RunOptions::new()).unwrap();
}

#[test]
fn an_address_of_a_running_zone_has_every_reason() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let line = "web01.kdl: address \"10.1.0.10/24\" gateway=\"10.1.0.1\"";
    let expected = [
        format!("zone web01 desired | {line}"),
        format!("zone web01 applied | {line}"),
        "zone web01 configured | web01.xml".to_owned(),
        "zone web01 running | running".to_owned(),
    ];
    let found = find(&fixture, "10.1.0.10");
    assert_eq!(told(&found), expected);
    assert_eq!(told(&find(&fixture, "10.1.0.10/24")), expected);
    assert_eq!(found.pools[0].standing, AddressStanding::Held);
    let lines: Vec<u32> = found.holdings[..2].iter().map(|holding| holding.source.line).collect();
    assert!(lines[0] < lines[1], "the second is in the block applied: {lines:?}");
}

#[test]
fn an_address_that_was_edited_away_is_held_by_what_still_has_it() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    fs::write(fixture.entry("web01"), text.replacen("10.1.0.10/24", "10.1.0.99/24", 1)).unwrap();
    let reasons = |what: &str| {
        let found = find(&fixture, what);
        found.holdings.iter().map(|holding| holding.why).collect::<Vec<_>>()
    };
    use HoldingReason::{Applied, Configured, Desired, Running};
    assert_eq!(reasons("10.1.0.10"), [Applied, Configured, Running]);
    assert_eq!(reasons("10.1.0.99"), [Desired]);
    // Once it is applied, only the running zone has the old one.
    fixture.manager.apply(&["web01"], &zmgr::ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(reasons("10.1.0.10"), [Running]);
    assert_eq!(find(&fixture, "10.1.0.10").pools[0].standing, AddressStanding::Held);
    assert_eq!(reasons("10.1.0.99"), [Desired, Applied, Configured]);
}

#[test]
fn what_a_pool_keeps_is_found_at_its_line() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let pool = "\n    reserve \"10.1.0.60\" for=\"db01\"\n    exclude \"10.1.0.70-10.1.0.72\"\n    range ";
    fixture.edit("pools/internal.kdl", "\n    range ", pool);
    let standing = |what: &str| find(&fixture, what).pools[0].standing;
    assert_eq!(told(&find(&fixture, "10.1.0.1")), ["pool internal gateway | internal.kdl: gateway \"10.1.0.1\""]);
    assert_eq!(standing("10.1.0.1"), AddressStanding::Gateway);
    let reserved = find(&fixture, "10.1.0.60");
    assert_eq!(told(&reserved), ["pool internal reserved | internal.kdl: reserve \"10.1.0.60\" for=\"db01\""]);
    for (address, expected) in [
        ("10.1.0.60", AddressStanding::Reserved),
        ("10.1.0.71", AddressStanding::Excluded),
        ("10.1.0.5", AddressStanding::OutOfRange),
        ("10.1.0.255", AddressStanding::Broadcast),
        ("10.1.0.73", AddressStanding::Free),
    ] {
        assert_eq!(standing(address), expected, "{address}");
    }
    assert!(find(&fixture, "192.0.2.1").pools.is_empty());
}

#[test]
fn reservations_links_mac_addresses_and_names() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    fixture.manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    let address = "printer.kdl: address \"10.1.0.11\" pool=\"internal\"";
    assert_eq!(told(&find(&fixture, "10.1.0.11")), [format!("reservation printer reservation | {address}")]);
    assert_eq!(find(&fixture, "printer").holdings[0].what, HeldKind::Name);

    let mac = fixture.manager.zone("web01").unwrap().nets[0].mac.clone().unwrap();
    let padded: Vec<String> = mac.split(':').map(|byte| format!("{:0>2}", byte.to_uppercase())).collect();
    for spelling in [mac, padded.join(":")] {
        let found = find(&fixture, &spelling);
        let zone: Vec<_> = found.holdings.iter().filter(|held| held.kind == HolderKind::Zone).collect();
        assert_eq!(zone.len(), 4, "{found:?}");
        assert!(found.holdings.iter().all(|held| held.what == HeldKind::Mac), "{found:?}");
    }

    let stub = find(&fixture, "stub0");
    assert_eq!(
        told(&stub),
        ["pool internal stub | internal.kdl: stub \"stub0\"", "host stub0 host | running"],
        "not every zone over it"
    );
    let link = find(&fixture, "web01_0");
    assert_eq!(link.holdings.len(), 5, "{link:?}");
    let name = find(&fixture, "web01");
    assert_eq!(told(&name), ["zone web01 named | web01.kdl: zone \"web01\" {", "zone web01 configured | web01.xml"]);
    assert_eq!(told(&find(&fixture, "oi")), ["template oi named | oi.kdl: template \"oi\" {"]);
}

#[test]
fn a_zone_that_left_the_registry_and_a_file_that_cannot_be_read_still_hold() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    booted(&fixture, "web02");
    fixture.manager.zones(&zmgr::Query::new()).unwrap();
    fixture.manager.allocate("internal", "p", None, &mut RunOptions::new()).unwrap();
    let text = fs::read_to_string(fixture.entry("web02")).unwrap();
    fs::write(fixture.entry("web02"), format!("{text}\n}}")).unwrap();
    let found = find(&fixture, "10.1.0.11");
    assert_eq!(found.holdings[0].why, HoldingReason::Desired, "{found:?}");
    assert!(found.unknown.iter().any(|unknown| unknown.path == Some(fixture.entry("web02"))), "{found:?}");
    fs::remove_file(fixture.entry("web01")).unwrap();
    let found = find(&fixture, "10.1.0.10");
    assert!(found.holdings.iter().all(|held| held.kind == HolderKind::HostZone), "{found:?}");
    assert_eq!(found.holdings.len(), 2);
}

#[test]
fn an_empty_answer_is_an_answer() {
    let fixture = fixture::new();
    booted(&fixture, "web-front");
    let found = find(&fixture, "10.9.9.9");
    assert!(found.holdings.is_empty() && found.pools.is_empty());
    assert_eq!(find(&fixture, "web-fornt").similar.as_deref(), Some("web-front"));
    for wrong in ["", "10.1.0.10/99", "a b", "web/01", "fe80::1%net0"] {
        assert_eq!(fixture.manager.find(wrong).unwrap_err().code(), Code::InvalidArgument, "{wrong}");
    }
}

#[test]
fn files_are_searched_without_a_host() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let manager = Manager::builder().root(fixture.dir().join("etc/zmgr")).build().unwrap();
    let found = manager.find("10.1.0.10").unwrap();
    assert_eq!(found.holdings.len(), 2, "{found:?}");
    assert!(found.unknown.iter().any(|unknown| unknown.code == "host-unchecked"));
}

/// Whatever a pool counts as held has a holder that `find` names.
#[test]
fn find_knows_every_holder_that_the_allocator_knows() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    booted(&fixture, "web02");
    fixture.manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    fixture.edit("zones/web02.kdl", "10.1.0.11/24", "10.1.0.77/24");
    fs::rename(fixture.entry("web01"), fixture.dir().join("web01.kdl")).unwrap();
    let usage = fixture.manager.pool_usage("internal").unwrap();
    assert!(usage.holders.len() > 4, "{usage:?}");
    for held in usage.holders {
        let found = find(&fixture, &held.address.to_string());
        let json = held.to_json();
        let names: Vec<&str> = found.holdings.iter().map(|holding| holding.name.as_str()).collect();
        assert!(names.contains(&json["name"].as_str().unwrap()), "{json}: {found:?}");
    }
}
