//! Addresses, links and MAC addresses that are chosen, and the reasons why none is.

use super::*;
use crate::ipam::Family;
use crate::registry::AddressRequest;
use crate::value::address::{MacAddr, MacPrefix};
use crate::value::name::{LinkName, ZoneName};

const DUAL: &str = "pool \"d\" {\n    network \"10.4.0.0/28\"\n    network \"2001:db8::/64\"\n    stub \"stub0\"\n    \
                    reserve \"10.4.0.5\" for=\"db01\"\n    reserve \"10.4.0.6\" for=\"db01\"\n    \
                    reserve \"2001:db8::5\" for=\"db01\"\n}\n";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Chooses addresses of the first pool for this zone, as text.
fn choose(
    allocator: &mut Allocator,
    owner: &str,
    request: AddressRequest<'_>,
    taken: &[IpAddr],
) -> Result<Vec<String>> {
    let pool = allocator.pool_names().remove(0);
    let given = allocator.choose(&pool, AddressOwner { kind: EntryKind::Zone, name: owner }, request, taken)?;
    Ok(given.iter().map(|given| given.address.addr().to_string()).collect())
}

fn each(allocator: &mut Allocator, owner: &str) -> Result<Vec<String>> {
    choose(allocator, owner, AddressRequest::EachFamily(&[]), &[])
}

#[test]
fn a_net_gets_one_address_of_each_family() {
    let mut site = allocator(&[DUAL], &[], Usage::default());
    let mut asked = |wanted: &[IpAddr], taken: &[IpAddr]| {
        choose(&mut site, "web", AddressRequest::EachFamily(wanted), taken).map_err(|error| error.to_string())
    };
    assert_eq!(asked(&[], &[]).unwrap(), ["10.4.0.1", "2001:db8::1"]);
    assert_eq!(asked(&[], &[ip("10.4.0.1")]).unwrap(), ["10.4.0.2", "2001:db8::1"]);
    assert_eq!(asked(&[ip("2001:db8::9"), ip("10.4.0.9")], &[]).unwrap(), ["10.4.0.9", "2001:db8::9"]);
    assert_eq!(asked(&[ip("2001:db8::9")], &[ip("10.4.0.1")]).unwrap(), ["10.4.0.2", "2001:db8::9"]);
    assert_eq!(
        asked(&[ip("10.4.0.9"), ip("10.4.0.10")], &[]).unwrap_err(),
        "two IPv4 addresses are requested, but a net gets one"
    );
    assert_eq!(asked(&[ip("10.4.0.9")], &[ip("10.4.0.9")]).unwrap_err(), "10.4.0.9 is requested twice");
    let only = |site: &mut Allocator, address| choose(site, "web", AddressRequest::Only(address), &[]).unwrap();
    assert_eq!(only(&mut site, ip("2001:db8::9")), ["2001:db8::9"]);
    // The lowest one again: nothing was held, and such a pool does not go round.
    assert_eq!(each(&mut site, "web").unwrap(), ["10.4.0.1", "2001:db8::1"]);
    assert!(site.last_given.is_empty());
}

#[test]
fn a_reserved_address_is_never_replaced_by_another() {
    let held = |addresses: &[&str]| zone("x", &[in_pool("d", addresses)]);
    let asked = |addresses: &[&str]| each(&mut allocator(&[DUAL], &[held(addresses)], Usage::default()), "db01");
    assert_eq!(asked(&[]).unwrap(), ["10.4.0.5", "2001:db8::5"]);
    assert_eq!(asked(&["10.4.0.5"]).unwrap(), ["10.4.0.6", "2001:db8::5"]);
    for (addresses, first) in [(&["10.4.0.5", "10.4.0.6"][..], "10.4.0.5"), (&["2001:db8::5"], "2001:db8::5")] {
        let error = asked(addresses).unwrap_err();
        assert_eq!(error.code(), Code::AddressInUse, "{error}");
        let words = format!("pool \"d\" reserves {first} for db01: {first} is in use by zone x");
        assert!(error.message().starts_with(&words), "{error}");
    }
    // The pool never gives what it reserves: its file is wrong.
    let excluded = DUAL.replace("    reserve \"2001", "    exclude \"10.4.0.5-10.4.0.6\"\n    reserve \"2001");
    let error = each(&mut allocator(&[&excluded], &[], Usage::default()), "db01").unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::Config, Some("change `reserve` in /t/pools/d.kdl")), "{error}");
    // Another net of the same zone has the reserved one.
    let mut site = allocator(&[DUAL], &[held(&["10.4.0.6"])], Usage::default());
    let second = choose(&mut site, "db01", AddressRequest::EachFamily(&[]), &[ip("10.4.0.5"), ip("2001:db8::5")]);
    assert_eq!(second.unwrap(), ["10.4.0.1", "2001:db8::1"]);
    // An owner for whom nothing is reserved gets another address.
    assert_eq!(each(&mut site, "web").unwrap(), ["10.4.0.1", "2001:db8::1"]);
}

#[test]
fn hosts_that_contend_for_addresses_begin_anywhere() {
    let fleet = DUAL.replace("    stub", "    fleet segment=\"lan\"\n    stub");
    let chosen = |segment: &str| {
        let mut elsewhere = Elsewhere::default();
        elsewhere.hold(segment, ip("2001:db8::99"), "zone far on host b".to_owned());
        let mut allocator = allocator(&[&fleet], &[], Usage::default());
        allocator.set_elsewhere(Arc::new(elsewhere));
        each(&mut allocator, "web").unwrap().remove(1)
    };
    // One of 2^64 addresses.
    assert_ne!(chosen("lan"), "2001:db8::1");
    assert_eq!(chosen("wan"), "2001:db8::1");
}

#[test]
fn a_full_pool_says_how_its_addresses_are_used() {
    const SHARED: &str = "pool \"s\" {\n    network \"10.4.0.0/28\" { share \"here\" \"10.4.0.2\" \"10.4.0.4\"; \
                          share \"there\" \"10.4.0.5\" \"10.4.0.6\"; exclude \"10.4.0.4\" }\n    \
                          network \"2001:db8::/64\" { share \"there\" \"2001:db8::2\" \"2001:db8::3\" }\n    \
                          stub \"stub0\"\n}\n";
    let said = |entries: &[(EntryKind, EntrySummary)]| {
        let error = each(&mut allocator(&[SHARED], entries, Usage::default()), "web").unwrap_err();
        assert_eq!(error.code(), Code::PoolExhausted, "{error}");
        error.message().to_owned()
    };
    assert_eq!(
        said(&[zone("a", &[in_pool("s", &["10.4.0.2"])]), reservation("b", &[in_pool("s", &["10.4.0.3"])])]),
        "pool s has no free IPv4 address: of 3, 1 held by zones, 1 held by reservations, 1 excluded"
    );
    assert_eq!(
        said(&[]),
        "pool \"s\" has no IPv6 address to give: host \"here\" has no IPv6 share of it (/t/pools/s.kdl)"
    );
}

#[test]
fn usage_counts_each_address_for_its_kind_of_holder() {
    let fleet = POOL.replace("    stub", "    fleet segment=\"lan\"\n    stub");
    let routed = NetSummary { addresses: vec![(address(2).into(), Some(address(14)))], ..in_pool("p", &[]) };
    let entries = [zone("z", &[routed]), reservation("r", &[in_pool("p", &["10.4.0.6"])])];
    let host_usage = Usage {
        links: strings(&["stub0"]),
        addresses: vec![("10.4.0.5/28".parse().unwrap(), "stub0/v4".to_owned())],
        ..host_of(&[
            on_host("z", &[on_link("stub0", "10.4.0.2"), on_link("stub0", "10.4.0.3")]),
            on_host("h", &[on_link("stub0", "10.4.0.4")]),
        ])
    };
    let mut allocator = allocator(&[&fleet], &entries, host_usage);
    let mut elsewhere = Elsewhere::default();
    elsewhere.hold("lan", address(7), "zone far on host b".to_owned());
    allocator.set_elsewhere(Arc::new(elsewhere));
    let pool = allocator.pool_names().remove(0);
    let usage = allocator.pool_usage(&pool).unwrap().families.remove(0);
    assert_eq!(usage.family, Family::V4);
    let of = |usage: &crate::ipam::Usage| (usage.zones, usage.reservations, usage.host, usage.fleet, usage.gateways);
    // The host: its own address, that of a zone that is not registered, and a router that the pool does not list.
    assert_eq!(of(&usage), (2, 1, 3, 1, 1));
    assert_eq!(usage.free, 6);
}

#[test]
fn a_link_s_name_is_one_that_no_other_link_has() {
    let host_usage = Usage { links: strings(&["web_1"]), ..Usage::default() };
    let mut allocator = allocator(&[POOL], &[zone("a", &[with_vnic("web_0")])], host_usage);
    let zone = ZoneName::new("web").unwrap();
    let mut named = |index: usize, taken: &[&str]| {
        let taken: Vec<LinkName> = taken.iter().map(|link| LinkName::new(*link).unwrap()).collect();
        allocator.choose_link("{zone}_{index}", &zone, index, &taken).unwrap().to_string()
    };
    assert_eq!(named(2, &[]), "web_2");
    let others = [named(0, &[]), named(1, &[]), named(2, &["web_2"])];
    for other in others {
        assert!(!["web_0", "web_1", "web_2"].contains(&other.as_str()), "{other}");
    }
    assert_eq!(named(2, &["web_3"]), "web_2");
}

#[test]
fn a_prefix_of_mac_addresses_that_is_used_up_is_said_so() {
    let prefix: MacPrefix = "2:8:20:0:0".parse().unwrap();
    let mac = |last: u8| [2, 8, 32, 0, 0, last];
    let entries: Vec<_> = (0..128).map(|n| zone(&format!("z{n}"), &[with_mac(mac(n))])).collect();
    let taken: Vec<MacAddr> = (128..=255).map(|n| MacAddr::new(mac(n))).collect();
    let mut allocator = allocator(&[POOL], &entries, Usage::default());
    let error = allocator.choose_mac(Some(&prefix), &taken).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::PoolExhausted, "no free MAC address begins with 2:8:20:0:0"));
    let free = allocator.choose_mac(Some(&prefix), &taken[..64]).unwrap().bytes();
    assert!(free[..5] == mac(0)[..5] && free[5] >= 192, "{free:?}");
    assert!(allocator.choose_mac(None, &taken).is_ok());
}
