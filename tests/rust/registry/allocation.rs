//! Allocations, their holders, and the errors of refused ones.

use zmgr::Code;
use zmgr::internals::exec::ipadm::HostAddress;
use zmgr::internals::host::{HostNet, HostSnapshot, HostZoneNets};
use zmgr::internals::registry::HostUsage;

use super::*;

const INTERNAL: &str = r#"pool "internal" {
    network "10.1.0.0/28"
    gateway "10.1.0.1"
    stub "stub0"
    range "10.1.0.2" "10.1.0.9"
    exclude "10.1.0.4"
    reserve "10.1.0.6" for="db01"
}
"#;

const DUAL: &str = r#"pool "dual" {
    network "10.2.0.0/30" { gateway "10.2.0.1" }
    network "2001:db8:1::/64" { gateway "fe80::1"; range "2001:db8:1::10" "2001:db8:1::ffff" }
    stub "stub0"
}
"#;

#[test]
fn the_lowest_of_each_family_and_the_same_again() {
    let site = Site::new(&[INTERNAL, DUAL]);
    let registry = registry(site.path());
    let first = allocate(&registry, "internal", "printer", None).unwrap();
    assert_eq!(given(&first), ["10.1.0.2/28"]);
    assert_eq!(first.addresses[0].gateway, Some(address("10.1.0.1")));
    assert_eq!(allocate(&registry, "internal", "printer", None).unwrap(), first);
    assert_eq!(allocate(&registry, "internal", "printer", Some("10.1.0.2")).unwrap(), first);
    let other = allocate(&registry, "internal", "printer", Some("10.1.0.3")).unwrap_err();
    assert_eq!(other.code(), Code::Exists);
    assert_eq!(given(&allocate(&registry, "internal", "scanner", None).unwrap()), ["10.1.0.3/28"]);
    // A second pool goes into the same file, under the same id.
    let dual = allocate(&registry, "dual", "printer", None).unwrap();
    assert_eq!(given(&dual), ["10.2.0.2/30", "2001:db8:1::10/64"]);
    assert_eq!(dual.addresses[1].gateway, Some(address("fe80::1")));
    assert_eq!(dual.id, first.id);
    assert_eq!(site.names("reservations"), ["printer.kdl", "scanner.kdl"]);
}

#[test]
fn release_takes_only_what_the_owner_has() {
    let site = Site::new(&[INTERNAL, DUAL]);
    let registry = registry(site.path());
    let first = allocate(&registry, "internal", "printer", None).unwrap();
    allocate(&registry, "dual", "printer", None).unwrap();
    for (pool, owner, which) in [
        ("internal", "scanner", None),
        ("internal", "printer", Some("10.1.0.3")),
        ("internal", "printer", Some("10.2.0.2")),
        ("other", "printer", None),
    ] {
        let error = release(&registry, pool, owner, which).unwrap_err();
        assert_eq!(error.code(), Code::NotFound, "{pool} {owner} {which:?}: {error}");
    }
    let other = zmgr::EntryId::random().unwrap();
    let of = |id: &zmgr::EntryId| {
        within(&registry, |s| s.release(&pool_name("internal"), &owner_name("printer"), None, Some(id)))
    };
    assert_eq!(of(&other).unwrap_err().code(), Code::NotFound);
    of(&first.id).unwrap();
    assert_eq!(site.names("reservations"), ["printer.kdl"]);
    release(&registry, "dual", "printer", Some("10.2.0.2")).unwrap();
    assert_eq!(given(&allocate(&registry, "dual", "printer", None).unwrap()), ["2001:db8:1::10/64"]);
    release(&registry, "dual", "printer", None).unwrap();
    assert!(site.names("reservations").is_empty());
    let again = allocate(&registry, "internal", "printer", None).unwrap();
    assert_ne!(again.id, first.id);
}

/// Builds the usage of a host that has this zone with an address, and addresses of its own.
fn on_host(zone: &str, address: &str, own: &[(&str, &str)]) -> HostUsage {
    let net = HostNet { link: "net7".to_owned(), addresses: vec![address.parse().unwrap()], ..HostNet::default() };
    let document = Some(<_>::default());
    let mut host = HostSnapshot::default();
    host.nets = vec![HostZoneNets { zone: zone.to_owned(), document, nets: vec![net], ..HostZoneNets::default() }];
    let own = own.iter().map(|(object, address)| (object.to_string(), address.parse().unwrap()));
    host.addresses = own.map(|(object, address)| HostAddress { object, address }).collect();
    HostUsage::of(&host, &<_>::default())
}

#[test]
fn who_and_where_and_what_to_do() {
    let site = Site::new(&[INTERNAL]);
    let registry = registry(site.path());
    site.zone("web01", "net \"a\" { pool \"internal\"; address \"10.1.0.3/28\" }");
    allocate(&registry, "internal", "printer", Some("10.1.0.2")).unwrap();
    let host_usage = on_host("vm1", "10.1.0.7/28", &[("stub0/v4", "10.1.0.5/28")]);
    let file = |name: &str| site.path().join(name).display().to_string();
    for (wanted, code, words) in [
        ("10.1.0.2", Code::AddressInUse, vec!["reservation printer".to_owned(), file("reservations/printer.kdl")]),
        ("10.1.0.3", Code::AddressInUse, vec!["zone web01".to_owned(), file("zones/web01.kdl")]),
        ("10.1.0.5", Code::AddressInUse, vec!["the host itself (stub0/v4)".to_owned()]),
        ("10.1.0.7", Code::AddressInUse, vec!["zone vm1, which is not in the registry".to_owned()]),
        ("10.1.0.1", Code::AddressInUse, vec!["the gateway of pool internal".to_owned()]),
        ("10.1.0.6", Code::AddressInUse, vec!["reserved for db01".to_owned(), file("pools/internal.kdl")]),
        ("10.1.0.4", Code::InvalidArgument, vec!["excluded".to_owned(), file("pools/internal.kdl")]),
        ("10.1.0.0", Code::InvalidArgument, vec!["address of a network".to_owned()]),
        ("10.1.0.15", Code::InvalidArgument, vec!["broadcast".to_owned()]),
        ("10.1.0.12", Code::InvalidArgument, vec!["not in a range".to_owned(), file("pools/internal.kdl")]),
        ("10.9.0.1", Code::InvalidArgument, vec!["not in pool internal".to_owned(), "10.1.0.0/28".to_owned()]),
        ("2001:db8::1", Code::InvalidArgument, vec!["not in pool internal".to_owned()]),
    ] {
        let error = host_zones(&registry, host_usage.clone(), |session| {
            session.allocate(&pool_name("internal"), &owner_name("new"), Some(address(wanted)))
        })
        .unwrap_err();
        let said = format!("{error} / {}", error.help().unwrap_or_default());
        assert_eq!(error.code(), code, "{wanted}: {said}");
        for word in words {
            assert!(said.contains(&word), "{wanted}: {said:?} lacks {word:?}");
        }
    }
    assert_eq!(site.names("reservations"), ["printer.kdl"]);

    // .8 and .9 are left; .6 goes to db01 alone, and first.
    let take = |owner: &str| {
        host_zones(&registry, host_usage.clone(), |s| s.allocate(&pool_name("internal"), &owner_name(owner), None))
    };
    assert_eq!(given(&take("a").unwrap()), ["10.1.0.8/28"]);
    assert_eq!(given(&take("db01").unwrap()), ["10.1.0.6/28"]);
    assert_eq!(given(&take("b").unwrap()), ["10.1.0.9/28"]);
    let error = take("c").unwrap_err();
    assert_eq!(error.code(), Code::PoolExhausted);
    assert_eq!(
        error.message(),
        "pool internal has no free IPv4 address: of 8, 1 held by zones, 4 held by reservations, 2 held by the host and by zones \
         that are not in the registry, 1 excluded"
    );
    let zone = take("web01").unwrap_err();
    assert_eq!(zone.code(), Code::Exists);
    let missing = allocate(&registry, "none", "x", None).unwrap_err();
    assert_eq!((missing.code(), missing.help()), (Code::NotFound, Some("the pools are internal")));
}

#[test]
fn pools_that_overlap() {
    let site = Site::new(&[INTERNAL]);
    let registry = registry(site.path());
    let twin =
        |name: &str, stub: &str| format!("pool {name:?} {{\n    network \"10.1.0.0/24\"\n    stub {stub:?}\n}}\n");
    site.pool(&twin("twin", "stub0"));
    let error = allocate(&registry, "internal", "x", None).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("\"internal\"") && error.message().contains("\"twin\""), "{error}");
    // On another wire the same addresses are others.
    site.pool(&twin("twin", "stub1"));
    assert_eq!(given(&allocate(&registry, "internal", "x", None).unwrap()), ["10.1.0.2/28"]);
    assert_eq!(given(&allocate(&registry, "twin", "y", Some("10.1.0.2")).unwrap()), ["10.1.0.2/24"]);
}

#[test]
fn next_goes_round() {
    let site = Site::new(&[
        "pool \"p\" {\n    network \"10.3.0.0/24\"\n    stub \"stub0\"\n    range \"10.3.0.1\" \"10.3.0.4\"\n    strategy \"next\"\n}\n",
    ]);
    let registry = registry(site.path());
    let zone = |name: &str, created: &str, address: &str| {
        site.zone(name, &format!("created {created:?}\nnet \"n\" {{ pool \"p\"; address {address:?} }}"));
    };
    zone("old", "2020-01-01T00:00:00Z", "10.3.0.1/24");
    zone("newest", "2024-01-01T00:00:00Z", "10.3.0.3/24");
    assert_eq!(given(&allocate(&registry, "p", "a", None).unwrap()), ["10.3.0.4/24"]);
    assert_eq!(given(&allocate(&registry, "p", "b", None).unwrap()), ["10.3.0.2/24"]);
    assert_eq!(allocate(&registry, "p", "c", None).unwrap_err().code(), Code::PoolExhausted);
}

#[test]
fn an_unreadable_file() {
    let site = Site::new(&[INTERNAL]);
    let registry = registry(site.path());
    site.zone("web01", "net \"a\" { pool \"internal\"; address \"10.1.0.2/28\" }");
    allocate(&registry, "internal", "printer", Some("10.1.0.3")).unwrap();
    // It was good once: what it held then is held.
    std::fs::write(site.path().join("zones/web01.kdl"), "zone \"web01\" {").unwrap();
    assert_eq!(given(&allocate(&registry, "internal", "a", None).unwrap()), ["10.1.0.5/28"]);
    let held = allocate(&registry, "internal", "b", Some("10.1.0.2")).unwrap_err();
    assert_eq!(held.code(), Code::AddressInUse);
    // The addresses are unknown: nothing is allocated, and the error names the file.
    std::fs::remove_file(site.path().join(".zmgr/index.v1")).unwrap();
    let refused = allocate(&registry, "internal", "b", None).unwrap_err();
    assert_eq!(refused.code(), Code::Config);
    assert!(refused.message().contains("zones/web01.kdl"), "{refused}");
    assert!(!refused.details().is_empty());
    // Neither is what one has already taken away, nor kept from being given back.
    release(&registry, "internal", "a", None).unwrap();
    // The host knows the zone: what it says is held.
    let host_usage = on_host("web01", "10.1.0.2/28", &[]);
    let c = host_zones(&registry, host_usage, |s| s.allocate(&pool_name("internal"), &owner_name("c"), None)).unwrap();
    assert_eq!(given(&c), ["10.1.0.5/28"]);
}

#[test]
fn several_at_once_or_none() {
    let site = Site::new(&[INTERNAL]);
    let registry = registry(site.path());
    let many = |owners: &[&str]| {
        within(&registry, |session| {
            owners
                .iter()
                .map(|owner| session.allocate(&pool_name("internal"), &owner_name(owner), None))
                .collect::<Result<Vec<_>>>()
        })
    };
    let got: Vec<_> = many(&["a", "b", "a", "c"]).unwrap().iter().flat_map(given).collect();
    assert_eq!(got, ["10.1.0.2/28", "10.1.0.3/28", "10.1.0.2/28", "10.1.0.5/28"]);
    assert_eq!(many(&["d", "e", "f", "g"]).unwrap_err().code(), Code::PoolExhausted);
    assert_eq!(site.names("reservations"), ["a.kdl", "b.kdl", "c.kdl"]);
    // Given and taken back within one session leaves nothing.
    within(&registry, |session| {
        session.allocate(&pool_name("internal"), &owner_name("d"), None)?;
        session.release(&pool_name("internal"), &owner_name("d"), None, None)
    })
    .unwrap();
    assert_eq!(site.names("reservations"), ["a.kdl", "b.kdl", "c.kdl"]);
}

#[test]
fn a_report_says_who_has_what() {
    let site = Site::new(&[INTERNAL, DUAL]);
    let registry = registry(site.path());
    site.zone("web01", "net \"a\" { pool \"internal\"; address \"10.1.0.3/28\" gateway=\"10.1.0.1\" }");
    site.zone("web02", "net \"a\" { pool \"internal\"; address \"10.1.0.3/28\"; address \"10.1.0.4/28\" }");
    allocate(&registry, "dual", "printer", None).unwrap();
    let mut allocator = registry.allocator(pools(site.path()), HostUsage::default()).unwrap();
    let internal = allocator.pool_usage(&pool_name("internal")).unwrap();
    let usage = &internal.families[0];
    assert_eq!((usage.total, usage.zones, usage.excluded, usage.reserved, usage.free), (8, 2, 0, 1, 5));
    let run = usage.largest_free.unwrap();
    assert_eq!((run.first, run.last, run.count), (address("10.1.0.7"), address("10.1.0.9"), 3));
    let said: Vec<String> =
        internal.holders.iter().map(|h| format!("{} {} {}", h.address, name_of(&h.by), h.in_range)).collect();
    assert_eq!(
        said,
        ["10.1.0.1 pool internal true", "10.1.0.3 web01 true", "10.1.0.3 web02 true", "10.1.0.4 web02 false"]
    );
    let dual = allocator.pool_usage(&pool_name("dual")).unwrap();
    assert_eq!(dual.families.iter().map(|u| (u.total, u.free)).collect::<Vec<_>>(), [(2, 0), (0xfff0, 0xffef)]);

    let found: Vec<String> = allocator.check_addresses(None).unwrap().iter().map(|d| d.code.clone()).collect();
    assert_eq!(found, ["held-twice", "against-pool"]);
    assert!(allocator.check_addresses(Some(&pool_name("dual"))).unwrap().is_empty());
}

fn name_of(by: &zmgr::internals::registry::HeldBy) -> String {
    use zmgr::internals::registry::HeldBy::*;
    match by {
        Zone { name, .. } | Reservation { name, .. } | HostZone(name) | Host(name) => name.clone(),
        Gateway(pool) => format!("pool {pool}"),
        _ => String::new(),
    }
}
