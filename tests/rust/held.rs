//! Held addresses stay held: an edit of a file frees nothing, and nothing is allocated twice.

use std::fs;

use zmgr::{
    Allocation, ApplyOptions, Code, CreateOptions, DestroyOptions, Diagnostic, Error, HaltOptions, Manager, Query,
    ReinstallOptions, Result, RunOptions, Zone, ZoneStatus,
};

use crate::fixture::{self, Fixture, slug};

fn booted(fixture: &Fixture, name: &str) -> Zone {
    fixture.manager.create(name, &CreateOptions::new(), &mut RunOptions::new()).unwrap()
}

fn address(zone: &Zone) -> String {
    zone.nets[0].addresses[0].address.addr().to_string()
}

fn new_address(fixture: &Fixture, name: &str) -> String {
    address(&fixture.create(name))
}

/// Changes the desired state above `applied`.
fn edit_desired(fixture: &Fixture, zone: &str, from: &str, to: &str) {
    let path = fixture.entry(zone);
    let text = fs::read_to_string(&path).unwrap();
    let at = text.find("\n    applied").unwrap_or(text.len());
    let (desired, rest) = text.split_at(at);
    assert!(desired.contains(from), "{text}");
    fs::write(path, desired.replace(from, to) + rest).unwrap();
}

fn apply(manager: &Manager, zone: &str) -> Result<Vec<Zone>> {
    let report = manager.apply(&[zone], &ApplyOptions::new(), &mut RunOptions::new())?;
    report.into_result()
}

fn reboot(fixture: &Fixture, zone: &str) {
    let report = fixture.manager.reboot(&[zone], &HaltOptions::new(), &mut RunOptions::new()).unwrap();
    report.into_result().unwrap();
}

fn allocate(fixture: &Fixture, owner: &str) -> Result<Allocation> {
    fixture.manager.allocate("internal", owner, None, &mut RunOptions::new())
}

fn messages(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| found.message.clone()).collect()
}

/// Output of `check` and `pool check`.
fn checked(fixture: &Fixture) -> Vec<String> {
    let mut found = messages(&fixture.manager.check().unwrap());
    found.extend(messages(&fixture.manager.check_pools(None).unwrap()));
    found
}

fn assert_reported(fixture: &Fixture, words: &[&str]) {
    let files = messages(&fixture.manager.check().unwrap());
    let pools = messages(&fixture.manager.check_pools(None).unwrap());
    for found in [files, pools] {
        assert!(found.iter().any(|message| words.iter().all(|word| message.contains(word))), "{words:?}: {found:?}");
    }
}

fn refused(result: Result<Vec<Zone>>, code: Code, words: &[&str]) -> Error {
    let error = result.unwrap_err();
    let error = match error.code() {
        Code::Partial => panic!("{error:?}"),
        _ => error,
    };
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.message().contains(word), "{word}: {error}");
    }
    error
}

#[test]
fn an_address_stays_held_when_it_is_edited_away() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    edit_desired(&fixture, "web01", "10.1.0.10/24", "10.1.0.99/24");
    assert_eq!(new_address(&fixture, "web02"), "10.1.0.11");
    let taken = fixture.manager.allocate("internal", "p", Some("10.1.0.10".parse().unwrap()), &mut RunOptions::new());
    let error = taken.unwrap_err();
    assert_eq!(error.code(), Code::AddressInUse);
    assert!(error.message().contains("zone web01"), "{error}");
    // An address that is only desired is not free either.
    assert_eq!(
        slug(fixture.manager.allocate("internal", "p", Some("10.1.0.99".parse().unwrap()), &mut RunOptions::new())),
        "address-in-use"
    );
}

#[test]
fn an_address_stays_held_when_its_net_is_deleted() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    let start = text.find("    net \"internal\"").unwrap();
    let end = start + text[start..].find("\n    }\n").unwrap() + 7;
    fs::write(fixture.entry("web01"), format!("{}{}", &text[..start], &text[end..])).unwrap();
    assert_eq!(new_address(&fixture, "web02"), "10.1.0.11");
}

#[test]
fn a_running_zone_keeps_its_address_until_it_reboots() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    edit_desired(&fixture, "web01", "10.1.0.10/24", "10.1.0.99/24");
    apply(&fixture.manager, "web01").unwrap();
    assert_eq!(new_address(&fixture, "web02"), "10.1.0.11");
    assert_eq!(allocate(&fixture, "p").unwrap().addresses[0].address.to_string(), "10.1.0.12/24");
    let usage = fixture.manager.pool_usage("internal").unwrap();
    let of_web01: Vec<String> = usage
        .holders
        .iter()
        .filter(|held| held.by.to_string().contains("web01"))
        .map(|held| held.address.to_string())
        .collect();
    assert_eq!(of_web01, ["10.1.0.10", "10.1.0.99"]);
    reboot(&fixture, "web01");
    assert_eq!(new_address(&fixture, "web03"), "10.1.0.10");
    assert_eq!(checked(&fixture), [""; 0]);
}

#[test]
fn an_address_stays_held_after_an_apply_that_failed() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    edit_desired(&fixture, "web01", "10.1.0.10/24", "10.1.0.99/24");
    let mut fault = zmgr::Fault::new("zonecfg");
    fault.exit = Some(1);
    let host = zmgr::SimHost::open(fixture.dir()).unwrap();
    host.fault(&fault).unwrap();
    apply(&fixture.manager, "web01").unwrap_err();
    host.clear_faults().unwrap();
    assert_eq!(new_address(&fixture, "web02"), "10.1.0.11");
}

#[test]
fn a_zone_file_that_left_the_registry_frees_nothing() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    // So that there is a snapshot of the host that was taken while the zone was registered.
    allocate(&fixture, "first").unwrap();
    let (file, away) = (fixture.entry("web01"), fixture.dir().join("web01.kdl"));
    fs::rename(&file, &away).unwrap();
    assert_eq!(allocate(&fixture, "p").unwrap().addresses[0].address.to_string(), "10.1.0.12/24");
    let usage = fixture.manager.pool_usage("internal").unwrap();
    let by = usage.holders.iter().find(|held| held.address.to_string() == "10.1.0.10").unwrap();
    assert_eq!(by.by, zmgr::HeldBy::HostZone("web01".to_owned()));
    // An older version of the file, with another address: both are held.
    let older = fs::read_to_string(&away).unwrap().replace("10.1.0.10", "10.1.0.13");
    fs::write(&file, older).unwrap();
    assert_eq!(allocate(&fixture, "q").unwrap().addresses[0].address.to_string(), "10.1.0.14/24");
    fs::rename(&away, &file).unwrap();
    assert_eq!(allocate(&fixture, "r").unwrap().addresses[0].address.to_string(), "10.1.0.13/24");
    assert_eq!(checked(&fixture), [""; 0]);
}

#[test]
fn an_edit_to_an_address_of_another_is_refused_by_every_operation() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    booted(&fixture, "web02");
    edit_desired(&fixture, "web02", "10.1.0.11/24", "10.1.0.10/24");
    let said = ["10.1.0.10", "zone web01"];
    refused(apply(&fixture.manager, "web02"), Code::AddressInUse, &said);
    let reinstalled =
        fixture.manager.reinstall("web02", &ReinstallOptions::new(), &mut RunOptions::new()).map(|zone| vec![zone]);
    refused(reinstalled, Code::AddressInUse, &said);
    assert_eq!(slug(fixture.manager.plan_apply(&["web02"], &ApplyOptions::new())), "address-in-use");
    assert_reported(&fixture, &["10.1.0.10", "web01", "web02"]);
    let ips = fixture.machine.run("dladm show-linkprop -c -o value -p allowed-ips web02_0");
    assert_eq!(ips, "10.1.0.11/32\n=0", "nothing was done");
    // Only its own zone is blocked.
    assert_eq!(slug(apply(&fixture.manager, "web01")), "ok");
    assert_eq!(new_address(&fixture, "web03"), "10.1.0.12");
}

#[test]
fn an_edit_to_a_reserved_address_is_refused() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    let wanted = "10.1.0.50".parse().unwrap();
    fixture.manager.allocate("internal", "printer", Some(wanted), &mut RunOptions::new()).unwrap();
    fixture.edit("pools/internal.kdl", "\n    range ", "\n    reserve \"10.1.0.60\" for=\"db01\"\n    range ");
    for (address, code, word) in [
        ("10.1.0.50", Code::AddressInUse, "reservation printer"),
        ("10.1.0.60", Code::AddressInUse, "db01"),
        ("10.1.0.1", Code::AddressInUse, "gateway"),
    ] {
        let before = fs::read(fixture.entry("web01")).unwrap();
        edit_desired(&fixture, "web01", "10.1.0.10/24\" gateway=\"10.1.0.1\"", &format!("{address}/24\""));
        refused(apply(&fixture.manager, "web01"), code, &[address, word]);
        fs::write(fixture.entry("web01"), before).unwrap();
    }
}

#[test]
fn of_two_desired_states_the_older_entry_wins() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    let older = fs::read_to_string(fixture.entry("web02")).unwrap();
    let created = older.lines().find(|line| line.trim_start().starts_with("created")).unwrap().to_owned();
    fs::write(fixture.entry("web02"), older.replace(&created, "    created \"2020-01-01T00:00:00Z\"")).unwrap();
    edit_desired(&fixture, "web01", "10.1.0.10/24", "10.1.0.99/24");
    edit_desired(&fixture, "web02", "10.1.0.11/24", "10.1.0.99/24");
    refused(apply(&fixture.manager, "web01"), Code::AddressInUse, &["10.1.0.99", "zone web02"]);
    assert_eq!(slug(apply(&fixture.manager, "web02")), "ok");
    refused(apply(&fixture.manager, "web01"), Code::AddressInUse, &["10.1.0.99", "zone web02"]);
}

#[test]
fn two_zones_swap_their_addresses_in_two_applies_at_most_with_one_free_address() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    edit_desired(&fixture, "web01", "10.1.0.10/24", "10.1.0.11/24");
    edit_desired(&fixture, "web02", "10.1.0.11/24", "10.1.0.10/24");
    refused(apply(&fixture.manager, "web01"), Code::AddressInUse, &["web02"]);
    refused(apply(&fixture.manager, "web02"), Code::AddressInUse, &["web01"]);
    edit_desired(&fixture, "web02", "10.1.0.10/24", "10.1.0.20/24");
    apply(&fixture.manager, "web02").unwrap();
    apply(&fixture.manager, "web01").unwrap();
    edit_desired(&fixture, "web02", "10.1.0.20/24", "10.1.0.10/24");
    apply(&fixture.manager, "web02").unwrap();
    assert_eq!(checked(&fixture), [""; 0]);
}

#[test]
fn one_thing_on_two_nets_of_a_zone_is_an_error_of_the_file() {
    let fixture = fixture::new();
    for (a, b, word) in [
        ("address \"10.1.0.30/24\"", "address \"10.1.0.30/24\"", "address 10.1.0.30"),
        ("vnic \"q_0\"", "vnic \"q_0\"", "link q_0"),
        ("mac \"2:8:20:1:2:3\"", "mac \"2:8:20:1:2:3\"", "MAC address 2:8:20:1:2:3"),
        ("physical \"net0\"", "physical \"net0\"", "link net0"),
    ] {
        let net = |name: &str, more: &str| match more.contains("physical") {
            true => format!("    net {name:?} {{ {more}; address \"none\" }}\n"),
            false => format!("    net {name:?} {{ pool \"internal\"; {more} }}\n"),
        };
        let text = format!("zone \"q\" {{\n    brand \"nlipkg\"\n{}{}}}\n", net("a", a), net("b", b));
        fs::write(fixture.entry("q"), text).unwrap();
        refused(apply(&fixture.manager, "q"), Code::Config, &[word]);
        let found = messages(&fixture.manager.check().unwrap());
        assert_eq!(found.iter().filter(|message| message.contains(word)).count(), 1, "{found:?}");
        assert_eq!((fixture.zones(), fixture.vnics()), (vec![], vec![]));
    }
}

#[test]
fn an_existing_link_of_another_zone_or_of_the_host_is_refused() {
    let fixture = fixture::new();
    fixture.create("own");
    let with = |name: &str, link: &str| {
        let text = format!(
            "zone {name:?} {{\n    brand \"nlipkg\"\n    net \"a\" {{ physical {link:?}; address \"none\" }}\n}}\n"
        );
        fs::write(fixture.entry(name), text).unwrap();
    };
    with("q", "own_0");
    refused(apply(&fixture.manager, "q"), Code::Exists, &["own_0", "zone own"]);
    assert_reported(&fixture, &["own_0", "own", "q"]);
    with("q", "net0");
    assert!(fixture.machine.run("ipadm show-addr -p -o addrobj").lines().all(|line| !line.starts_with("net0")));
    apply(&fixture.manager, "q").unwrap();
    with("r", "net0");
    refused(apply(&fixture.manager, "r"), Code::Exists, &["net0", "zone q"]);
    assert_reported(&fixture, &["net0", "q", "r"]);
    fs::remove_file(fixture.entry("r")).unwrap();

    let fixture = fixture::new();
    for command in ["ipadm create-if net0", "ipadm create-addr -T static -a 192.168.7.1/24 net0/v4"] {
        assert!(fixture.machine.run(command).ends_with("=0"), "{command}");
    }
    let text = "zone \"q\" {\n    brand \"nlipkg\"\n    net \"a\" { physical \"net0\"; address \"none\" }\n}\n";
    fs::write(fixture.entry("q"), text).unwrap();
    refused(apply(&fixture.manager, "q"), Code::Exists, &["net0", "the host itself"]);
    assert_reported(&fixture, &["net0", "the host itself"]);
}

#[test]
fn a_vnic_of_another_zone_is_not_taken_for_one_that_a_killed_apply_left() {
    let fixture = fixture::new();
    let mac = |name: &str| {
        let text = fs::read_to_string(fixture.entry(name)).unwrap();
        let line = text.lines().find(|line| line.trim_start().starts_with("mac ")).unwrap();
        line.trim().to_owned()
    };
    fixture.create("a");
    fixture.create("b");
    edit_desired(&fixture, "b", "vnic \"b_0\"", "vnic \"a_0\"");
    edit_desired(&fixture, "b", &mac("b"), &mac("a"));
    refused(apply(&fixture.manager, "b"), Code::Exists, &["a_0", "zone a"]);
    assert_eq!(fixture.vnics(), ["a_0", "b_0"]);
}

#[test]
fn pool_check_sees_what_a_registered_zone_really_has() {
    let fixture = fixture::new();
    fixture.create("a");
    fixture.create("b");
    let add = "select net physical=b_0; set allowed-address=10.1.0.10/24; end";
    let said = fixture.machine.argv(&["zonecfg", "-z", "b", add], "");
    assert!(said.ends_with("=0"), "{said}");
    assert_reported(&fixture, &["10.1.0.10", "zone a", "zone b"]);
}

/// A zone of the host that is not in the registry, and its document.
fn by_hand(fixture: &Fixture, zone: &str, address: &str) -> std::path::PathBuf {
    fixture.machine.run(&format!("dladm create-vnic -l stub0 {zone}0"));
    let script = format!(
        "create -b; set brand=nlipkg; set zonepath=/zones/{zone}; set ip-type=exclusive; \
         add net; set physical={zone}0; set allowed-address={address}/24; end"
    );
    let said = fixture.machine.argv(&["zonecfg", "-z", zone, &script], "");
    assert!(said.ends_with("=0"), "{said}");
    fixture.dir().join(format!("etc/zones/{zone}.xml"))
}

#[test]
fn a_zone_that_the_host_cannot_read_frees_no_address() {
    for text in ["<zone", ""] {
        let fixture = fixture::new();
        fixture.create("a");
        let document = by_hand(&fixture, "old", "10.1.0.11");
        let before = fs::read(&document).unwrap();
        // Nothing is known of it: zmgr has never seen it before.
        fs::remove_file(fixture.file(".zmgr/host.v1")).unwrap();
        fs::write(&document, text).unwrap();
        refused(
            fixture
                .manager
                .create("b", &CreateOptions::new().boot(false), &mut RunOptions::new())
                .map(|zone| vec![zone]),
            Code::Io,
            &["old.xml", "the addresses of the zone are unknown", "no pool allocates"],
        );
        assert!(allocate(&fixture, "printer").is_err());
        assert_eq!(fixture.vnics(), ["a_0", "old0"]);
        assert_reported(&fixture, &["old.xml", "unknown"]);
        let usage = fixture.manager.pool_usage("internal").unwrap();
        assert_eq!(usage.unknown.len(), 1, "{usage:?}");
        // Restored, and known from then on.
        fs::write(&document, before).unwrap();
        assert_eq!(new_address(&fixture, "b"), "10.1.0.12");
        fs::write(&document, text).unwrap();
        assert_eq!(new_address(&fixture, "c"), "10.1.0.13");
        assert_eq!(allocate(&fixture, "printer").unwrap().addresses[0].address.to_string(), "10.1.0.14/24");
        assert_reported(&fixture, &["old.xml", "its last known addresses count as held"]);
    }
}

#[test]
fn a_document_that_is_a_fifo_is_not_waited_for() {
    let fixture = fixture::new();
    fixture.create("a");
    fixture.create("b");
    let document = fixture.dir().join("etc/zones/a.xml");
    let text = fs::read(&document).unwrap();
    fs::remove_file(&document).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&document).status().unwrap().success());
    assert_reported(&fixture, &["a.xml", "a FIFO"]);
    let known = messages(&fixture.manager.check().unwrap());
    assert!(known.iter().all(|message| !message.contains("does not have it")), "{known:?}");
    refused(apply(&fixture.manager, "a"), Code::Io, &["a.xml", "a FIFO"]);
    let destroy = || {
        let report = fixture.manager.destroy(&["a"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
        report.into_result()
    };
    let error = destroy().unwrap_err();
    assert!(error.message().contains("a FIFO"), "{error}");
    // Its addresses are still known.
    assert_eq!(new_address(&fixture, "c"), "10.1.0.12");
    fs::remove_file(&document).unwrap();
    fs::write(&document, text).unwrap();
    destroy().unwrap();
}

#[test]
fn a_zone_that_the_host_cannot_read_is_not_absent() {
    let fixture = fixture::new();
    fixture.create("a");
    fixture.create("b");
    let status = || {
        let zones = fixture.manager.zones(&Query::new()).unwrap();
        zones.iter().map(|zone| zone.status).collect::<Vec<_>>()
    };
    fs::write(fixture.dir().join("etc/zones/a.xml"), "<zone").unwrap();
    assert_eq!(status(), [None, Some(ZoneStatus::Installed)]);
    assert_eq!(fixture.manager.zone("a").unwrap().status, None);
    fixture.machine.run("zoneadm -z b uninstall -F");
    fixture.machine.run("zonecfg -z b delete -F");
    assert_eq!(status(), [None, Some(ZoneStatus::Absent)]);
}

#[test]
fn a_reserve_that_can_never_be_given_is_reported_and_never_replaced() {
    for (address, word) in [
        ("10.1.0.5", "not in a range"),
        ("10.1.0.1", "gateway"),
        ("10.1.0.53", "excluded"),
        ("10.1.0.255", "broadcast"),
        ("10.1.0.0", "network"),
    ] {
        let fixture = fixture::new();
        let more = format!("\n    exclude \"10.1.0.53\"\n    reserve {address:?} for=\"db01\"\n    range ");
        fixture.edit("pools/internal.kdl", "\n    range ", &more);
        let found = messages(&fixture.manager.check().unwrap());
        assert!(found.iter().any(|message| message.contains(address) && message.contains(word)), "{found:?}");
        let error = fixture.manager.create("db01", &CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
        assert!(matches!(error.code(), Code::Config | Code::AddressInUse), "{error}");
        assert!(error.message().contains("db01") && error.message().contains(address), "{error}");
        assert_eq!(new_address(&fixture, "web01"), "10.1.0.10", "others are not concerned");
    }
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.edit("pools/internal.kdl", "\n    range ", "\n    reserve \"10.1.0.10\" for=\"db01\"\n    range ");
    let error = fixture.manager.create("db01", &CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
    assert_eq!(error.code(), Code::AddressInUse);
    assert!(error.message().contains("zone web01"), "{error}");
    fixture.manager.destroy(&["web01"], &Default::default(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(new_address(&fixture, "db01"), "10.1.0.10");
}

#[test]
fn old_addresses_are_shown_after_the_network_of_a_pool_changed() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.edit("pools/internal.kdl", "10.1.0.", "10.7.0.");
    let usage = fixture.manager.pool_usage("internal").unwrap();
    let held: Vec<(String, bool)> =
        usage.holders.iter().map(|held| (held.address.to_string(), held.in_range)).collect();
    assert!(held.contains(&("10.1.0.10".to_owned(), false)), "{held:?}");
    assert_eq!(usage.families[0].outside, 1);
    assert_eq!(new_address(&fixture, "web02"), "10.7.0.10");
}

#[test]
fn a_gateway_moved_onto_the_address_of_a_zone_is_reported() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.edit("pools/internal.kdl", "gateway \"10.1.0.1\"", "gateway \"10.1.0.10\"");
    assert_reported(&fixture, &["10.1.0.10", "gateway", "web01"]);
}

#[test]
fn next_moves_on_after_the_last_zone_was_destroyed() {
    let fixture = fixture::new();
    fixture.edit("pools/internal.kdl", "\n    range ", "\n    strategy \"next\"\n    range ");
    for (n, expected) in ["10.1.0.10", "10.1.0.11", "10.1.0.12"].into_iter().enumerate() {
        let name = format!("web{n}");
        assert_eq!(new_address(&fixture, &name), expected);
        fixture.manager.destroy(&[&name], &Default::default(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    }
    let given = allocate(&fixture, "p").unwrap();
    assert_eq!(given.addresses[0].address.to_string(), "10.1.0.13/24");
    fixture.manager.release("internal", "p", None, None, &mut RunOptions::new()).unwrap();
    assert_eq!(allocate(&fixture, "p").unwrap().addresses[0].address.to_string(), "10.1.0.14/24");
}

#[test]
fn mac_addresses_have_46_random_bits_or_the_prefix_of_the_configuration() {
    let fixture = fixture::new();
    let mac = |name: &str| -> [u8; 6] {
        let zone = fixture.create(name);
        zone.nets[0].mac.as_ref().unwrap().parse::<zmgr::MacAddr>().unwrap().bytes()
    };
    let (a, b) = (mac("a"), mac("b"));
    assert_eq!((a[0] & 3, b[0] & 3), (2, 2), "locally administered, unicast");
    assert_ne!(a[..3], b[..3], "one time in 2^22 this is chance");
    fixture.edit("config.kdl", "default-template", "mac-prefix \"2:8:20\"\ndefault-template");
    assert_eq!(mac("c")[..3], [2, 8, 0x20]);
    fixture.edit("config.kdl", "2:8:20", "3:8");
    assert_eq!(slug(fixture.manager.create("d", &CreateOptions::new(), &mut RunOptions::new())), "config");
}

#[test]
fn an_unreadable_file_does_not_collide_with_its_own_zone() {
    let fixture = fixture::new();
    booted(&fixture, "web02");
    allocate(&fixture, "p").unwrap();
    fs::write(fixture.entry("web02"), "zone {").unwrap();
    let found = messages(&fixture.manager.check_pools(None).unwrap());
    assert!(found.iter().all(|message| !message.contains("held twice")), "{found:?}");
    assert!(found.iter().any(|message| message.contains("cannot be read")), "{found:?}");
}

#[test]
fn the_same_holder_is_named_first_with_and_without_an_index() {
    let fixture = fixture::new();
    for name in ["a", "b", "c"] {
        fixture.create(name);
    }
    edit_desired(&fixture, "b", "10.1.0.11/24", "10.1.0.10/24");
    edit_desired(&fixture, "c", "10.1.0.12/24", "10.1.0.10/24");
    let with = messages(&fixture.manager.check_pools(None).unwrap());
    fs::remove_file(fixture.file(".zmgr/index.v1")).unwrap();
    let without = messages(&fixture.manager.check_pools(None).unwrap());
    assert_eq!(with, without);
    assert!(!with.is_empty());
}

#[test]
fn a_shared_zone_keeps_its_address_until_it_reboots() {
    let fixture = fixture::new();
    let pool =
        "pool \"lan\" {\n    network \"10.5.0.0/24\"\n    stub \"net0\"\n    range \"10.5.0.10\" \"10.5.0.20\"\n}\n";
    fs::write(fixture.file("pools/lan.kdl"), pool).unwrap();
    let template = "template \"sh\" {\n    brand \"nlipkg\"\n    autoboot #true\n    ip-type \"shared\"\n    net \"lan\" { pool \"lan\" }\n}\n";
    fs::write(fixture.file("templates/sh.kdl"), template).unwrap();
    let create = |name: &str| {
        let options = CreateOptions::new().template("sh");
        address(&fixture.manager.create(name, &options, &mut RunOptions::new()).unwrap())
    };
    assert_eq!(create("s1"), "10.5.0.10");
    edit_desired(&fixture, "s1", "10.5.0.10/24", "10.5.0.15/24");
    apply(&fixture.manager, "s1").unwrap();
    assert_eq!(create("s2"), "10.5.0.11");
    reboot(&fixture, "s1");
    assert_eq!(create("s3"), "10.5.0.10");
    assert_eq!(checked(&fixture), [""; 0]);
}

#[test]
fn a_stub_was_recorded_as_applied_over_a_vnic_that_is_left_alone() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    for line in ["dladm delete-vnic web01_0", "dladm create-etherstub stub1", "dladm create-vnic -l stub1 web01_0"] {
        assert!(fixture.machine.run(line).ends_with("=0"), "{line}");
    }
    edit_desired(&fixture, "web01", "stub \"stub0\"", "stub \"net0\"");
    let report = fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    let notes: Vec<&String> = report.outcomes.iter().flat_map(|outcome| &outcome.notes).collect();
    assert!(notes.iter().any(|note| note.contains("VNIC web01_0 over stub1")), "{report:?}");
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    let applied = text.split_once("\n    applied").unwrap().1;
    assert!(applied.contains("stub \"stub0\"") && !applied.contains("net0"), "{text}");
    let drift = fixture.manager.diff(&["web01"]).unwrap();
    assert!(!drift.is_clean(), "{drift:?}");
}

#[test]
fn an_edit_after_an_interrupted_apply_was_carried_out_by_recover() {
    let fixture = fixture::new();
    booted(&fixture, "web01");
    booted(&fixture, "web02");
    edit_desired(&fixture, "web02", "10.1.0.11/24", "10.1.0.77/24");
    edit_desired(&fixture, "web02", "stub \"stub0\"", "stub \"net0\"");
    // A machine as it is left if zmgr dies while the zone is down.
    let left = crate::snapshot::scratch();
    let dir = left.path().join("machine");
    let to = dir.clone();
    let before_boot = fixture.with_interference(fixture::When::Before, "web02 boot", move |machine| {
        crate::snapshot::copy(machine.dir.path(), &to);
    });
    let options = ApplyOptions::new().reboot(true);
    before_boot.apply(&["web02"], &options, &mut RunOptions::new()).unwrap().into_result().unwrap();

    let manager = Manager::builder().simulate(&dir).build().unwrap();
    let path = dir.join("etc/zmgr/zones/web02.kdl");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("state \"creating\" step=\"apply:"), "{text}");
    let (desired, rest) = text.split_once("\n    applied").unwrap();
    fs::write(&path, format!("{}\n    applied{rest}", desired.replace("10.1.0.77/24", "10.1.0.10/24"))).unwrap();
    // It is booted as it is, and `apply` reports the difference.
    manager.recover(&[], &zmgr::RecoverOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(manager.zone("web02").unwrap().status, Some(zmgr::ZoneStatus::Running));
    assert_eq!(crate::invariants::doubles(&dir), Default::default());
    let apply = manager.apply(&["web02"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(apply.error().map(|error| error.code()), Some(Code::AddressInUse));
}

#[test]
fn an_address_moved_with_its_pool_to_a_link_on_which_another_zone_had_it() {
    let fixture = fixture::new();
    let pool = "pools/internal.kdl";
    let taken = new_address(&fixture, "web01");
    fixture.manager.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    // On another link the address is free.
    assert!(fixture.machine.run("dladm create-etherstub stub1").ends_with("=0"));
    fixture.edit(pool, "stub \"stub0\"", "stub \"stub1\"");
    assert_eq!(new_address(&fixture, "web02"), taken);
    fixture.edit(pool, "stub \"stub1\"", "stub \"stub0\"");
    let refused = apply(&fixture.manager, "web02").unwrap_err();
    assert_eq!(refused.code(), Code::AddressInUse, "{refused:?}");
    assert!(refused.message().contains(&taken) && refused.message().contains("web01"), "{refused:?}");
    fixture.manager.halt(&["web02"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let refused = fixture.manager.reinstall("web02", &ReinstallOptions::new(), &mut RunOptions::new()).unwrap_err();
    assert_eq!(refused.code(), Code::AddressInUse, "{refused:?}");
    assert_eq!(crate::invariants::doubles(fixture.dir()).len(), 0);
    // Where it is, it stays the zone's own.
    fixture.edit(pool, "stub \"stub0\"", "stub \"stub1\"");
    apply(&fixture.manager, "web02").unwrap();
}

/// Random sequences found it: killed between the new configuration and the new VNIC, both zones had the address on one link.
#[test]
fn an_address_that_another_zone_has_on_the_link_that_a_vnic_leaves() {
    let fixture = fixture::new();
    let pool = "pools/internal.kdl";
    let mine = new_address(&fixture, "web01");
    let theirs = new_address(&fixture, "web02");
    fixture.manager.forget(&["web02"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(fixture.machine.run("dladm create-etherstub stub1").ends_with("=0"));
    fixture.edit(pool, "stub \"stub0\"", "stub \"stub1\"");
    edit_desired(&fixture, "web01", "stub \"stub0\"", "stub \"stub1\"");
    edit_desired(&fixture, "web01", &mine, &theirs);
    let refused = apply(&fixture.manager, "web01").unwrap_err();
    assert_eq!(refused.code(), Code::AddressInUse, "{refused:?}");
    assert!(refused.message().contains("web02") && refused.message().contains("until it moves"), "{refused:?}");
    assert_reported_by_check(&fixture, "until it moves");
    // One after the other.
    edit_desired(&fixture, "web01", &theirs, &mine);
    apply(&fixture.manager, "web01").unwrap();
    edit_desired(&fixture, "web01", &mine, &theirs);
    apply(&fixture.manager, "web01").unwrap();
    assert_eq!(crate::invariants::doubles(fixture.dir()).len(), 0);
}

fn assert_reported_by_check(fixture: &Fixture, words: &str) {
    let found = messages(&fixture.manager.check().unwrap());
    assert!(found.iter().any(|message| message.contains(words)), "{found:?}");
}
