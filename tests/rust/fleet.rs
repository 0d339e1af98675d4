//! Trees of several hosts, compared without their hosts.

use std::fs;
use std::path::{Path, PathBuf};

use zmgr::{Code, CreateOptions, Diagnostic, Fleet, Manager, RunOptions, Severity};

use crate::snapshot::scratch;

/// Makes a host with the starter tree and these zones, and returns its tree.
fn host(scratch: &Path, name: &str, zones: &[&str]) -> PathBuf {
    let manager = Manager::builder().simulate(scratch.join(name)).build().unwrap();
    manager.init().unwrap();
    for zone in zones {
        manager.create(zone, &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    }
    let tree = manager.root().to_owned();
    let config = fs::read_to_string(tree.join("config.kdl")).unwrap();
    fs::write(tree.join("config.kdl"), format!("host \"{name}\"\n{config}")).unwrap();
    tree
}

fn with_code<'d>(found: &'d [Diagnostic], code: &str) -> Vec<&'d Diagnostic> {
    found.iter().filter(|diagnostic| diagnostic.code == code).collect()
}

#[test]
fn an_address_that_two_hosts_allocated_is_an_error_at_both_files() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["a", "b"]), host(scratch.path(), "h2", &["c"])];
    let found = Fleet::read(&trees).unwrap().check();
    let twice = with_code(&found, "held-twice");
    assert_eq!(twice.len(), 1, "{found:?}");
    let message = &twice[0].message;
    assert!(message.starts_with("address 10.1.0.10 is held twice in pool \"internal\""), "{message}");
    for part in ["zone \"a\" on h1", "zone \"c\" on h2", "zones/a.kdl:", "zones/c.kdl:"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!((twice[0].severity, twice[0].path.as_deref()), (Severity::Error, Some(&*trees[1].join("zones/c.kdl"))));
}

#[test]
fn an_address_that_was_applied_counts_after_its_line_was_edited() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["a"]), host(scratch.path(), "h2", &["c"])];
    let file = trees[0].join("zones/a.kdl");
    let text = fs::read_to_string(&file).unwrap();
    let (desired, applied) = text.split_at(text.find("applied {").unwrap());
    fs::write(&file, desired.replace("10.1.0.10/24", "10.1.0.99/24") + applied).unwrap();
    assert_eq!(with_code(&Fleet::read(&trees).unwrap().check(), "held-twice").len(), 1);
}

#[test]
fn a_reservation_and_a_zone_of_another_host_collide() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["a"]), host(scratch.path(), "h2", &[])];
    let other = Manager::builder().simulate(scratch.path().join("h2")).build().unwrap();
    other.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    let found = Fleet::read(&trees).unwrap().check();
    assert!(with_code(&found, "held-twice")[0].message.contains("reservation \"printer\" on h2"), "{found:?}");
}

#[test]
fn a_mac_address_held_twice_is_an_error() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["a"]), host(scratch.path(), "h2", &[])];
    fs::copy(trees[0].join("zones/a.kdl"), trees[1].join("zones/a.kdl")).unwrap();
    let found = Fleet::read(&trees).unwrap().check();
    let kinds: Vec<bool> =
        with_code(&found, "held-twice").iter().map(|d| d.message.starts_with("MAC address ")).collect();
    assert_eq!(kinds, [false, true], "{found:?}");
    let names = with_code(&found, "zone-name-twice");
    assert_eq!((names.len(), names[0].severity), (1, Severity::Warning));
}

#[test]
fn pools_of_one_name_must_be_one_network() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &[]), host(scratch.path(), "h2", &[])];
    let pool = trees[1].join("pools/internal.kdl");
    fs::write(&pool, "pool \"internal\" {\n    network \"10.9.0.0/24\"\n    stub \"stub0\"\n}\n").unwrap();
    let found = Fleet::read(&trees).unwrap().check();
    assert_eq!(with_code(&found, "pool-differs").len(), 1, "{found:?}");
}

#[test]
fn a_file_that_cannot_be_read_hides_nothing_else() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["a"]), host(scratch.path(), "h2", &["c"])];
    fs::write(trees[0].join("zones/broken.kdl"), "zone \"broken\" {").unwrap();
    let found = Fleet::read(&trees).unwrap().check();
    assert!(found.iter().any(|d| d.path.as_deref() == Some(&trees[0].join("zones/broken.kdl"))), "{found:?}");
    assert_eq!(with_code(&found, "held-twice").len(), 1);
}

#[test]
fn the_same_host_twice_and_no_host_at_all_are_errors() {
    let scratch = scratch();
    let tree = host(scratch.path(), "h1", &[]);
    assert_eq!(with_code(&Fleet::read([&tree, &tree]).unwrap().check(), "host-twice").len(), 1);
    assert_eq!(Fleet::read([""; 0]).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(Fleet::read([scratch.path().join("absent")]).unwrap_err().code(), Code::NotFound);
}

#[test]
fn zones_are_listed_by_host_with_their_addresses() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h2", &["b", "a"]), host(scratch.path(), "h1", &["c"])];
    let fleet = Fleet::read(&trees).unwrap();
    let zones: Vec<String> =
        fleet.zones().map(|zone| format!("{} {} {}", zone.host, zone.name, zone.addresses[0])).collect();
    assert_eq!(zones, ["h2 a 10.1.0.11/24", "h2 b 10.1.0.10/24", "h1 c 10.1.0.10/24"]);
    assert!(fleet.zones().all(|zone| zone.macs.len() == 1 && zone.file.exists()));
}

/// Writes the pool "shared", which h1 and h2 have shares of, into each tree.
fn share(trees: &[PathBuf]) {
    let pool = "pool \"shared\" {\n    network \"10.4.0.0/24\"\n    share \"h1\" \"10.4.0.10\" \"10.4.0.11\"\n    \
                share \"h2\" \"10.4.0.20\" \"10.4.0.29\"\n    stub \"stub0\"\n    vlan 4\n}\n";
    trees.iter().for_each(|tree| fs::write(tree.join("pools/shared.kdl"), pool).unwrap());
}

fn manager(scratch: &Path, name: &str) -> Manager {
    Manager::builder().simulate(scratch.join(name)).build().unwrap()
}

fn allocated(manager: &Manager, owner: &str) -> Result<String, zmgr::Error> {
    let given = manager.allocate("shared", owner, None, &mut RunOptions::new())?;
    Ok(given.addresses[0].address.to_string())
}

#[test]
fn hosts_with_shares_never_allocate_the_same_address() {
    let scratch = scratch();
    let trees = ["h1", "h2", "h3"].map(|name| host(scratch.path(), name, &[]));
    share(&trees);
    let [h1, h2, h3] = ["h1", "h2", "h3"].map(|name| manager(scratch.path(), name));
    assert_eq!(allocated(&h1, "a").unwrap(), "10.4.0.10/24");
    assert_eq!(allocated(&h1, "b").unwrap(), "10.4.0.11/24");
    assert_eq!(allocated(&h2, "c").unwrap(), "10.4.0.20/24");
    let exhausted = allocated(&h1, "d").unwrap_err();
    assert_eq!(exhausted.code(), Code::PoolExhausted);
    assert!(exhausted.message().contains("of 2, 2 held by reservations"), "{exhausted}");
    // A host without a share allocates nothing, and the error names the file.
    let without = allocated(&h3, "e").unwrap_err();
    assert_eq!(without.code(), Code::PoolExhausted);
    let file = trees[2].join("pools/shared.kdl").display().to_string();
    assert!(without.message().contains(&file) && without.message().contains("\"h3\""), "{without}");
    // Nor does it get an address of another host by asking for it.
    let asked = h1.allocate("shared", "f", Some("10.4.0.25".parse().unwrap()), &mut RunOptions::new()).unwrap_err();
    assert_eq!(asked.code(), Code::InvalidArgument);
    assert!(asked.message().contains("share of host \"h2\""), "{asked}");
    assert_eq!(Fleet::read(&trees).unwrap().check(), []);
}

#[test]
fn a_host_without_a_name_in_its_config_has_the_share_of_its_nodename() {
    let scratch = scratch();
    let tree = host(scratch.path(), "h2", &[]);
    share(std::slice::from_ref(&tree));
    let config = fs::read_to_string(tree.join("config.kdl")).unwrap();
    fs::write(tree.join("config.kdl"), config.replace("host \"h2\"\n", "")).unwrap();
    let h2 = manager(scratch.path(), "h2");
    let unnamed = allocated(&h2, "a").unwrap_err();
    assert_eq!((unnamed.code(), unnamed.help()), (Code::PoolExhausted, Some("set `host` in config.kdl")));
    let etc = tree.parent().unwrap();
    fs::write(etc.join("nodename"), "h2\n").unwrap();
    assert_eq!(allocated(&h2, "a").unwrap(), "10.4.0.20/24");
}

#[test]
fn the_use_of_a_pool_with_shares_is_that_of_this_host() {
    let scratch = scratch();
    let tree = host(scratch.path(), "h2", &[]);
    share(std::slice::from_ref(&tree));
    let h2 = manager(scratch.path(), "h2");
    allocated(&h2, "a").unwrap();
    let usage = h2.pool_usage("shared").unwrap();
    assert_eq!((usage.families[0].total, usage.families[0].free), (10, 9));
    assert_eq!(usage.host.as_deref(), Some("h2"));
    let shares: Vec<String> =
        usage.shares.iter().map(|share| format!("{} {}-{}", share.host, share.first, share.last)).collect();
    assert_eq!(shares, ["h1 10.4.0.10-10.4.0.11", "h2 10.4.0.20-10.4.0.29"]);
    assert!(usage.holders.iter().all(|held| held.in_range), "{:?}", usage.holders);
}

#[test]
fn an_address_in_the_share_of_another_host_is_reported_by_every_check() {
    let scratch = scratch();
    let trees = ["h1", "h2"].map(|name| host(scratch.path(), name, &[]));
    let [h1, _] = ["h1", "h2"].map(|name| manager(scratch.path(), name));
    share(&trees);
    allocated(&h1, "printer").unwrap();
    let file = trees[0].join("reservations/printer.kdl");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("10.4.0.10", "10.4.0.25")).unwrap();
    let fleet = Fleet::read(&trees).unwrap().check();
    let outside = with_code(&fleet, "outside-share");
    assert_eq!((outside.len(), outside[0].severity), (1, Severity::Warning), "{fleet:?}");
    assert_eq!(outside[0].path.as_deref(), Some(&*file));
    let pools = h1.check_pools(Some("shared")).unwrap();
    assert!(pools.iter().any(|found| found.code == "against-pool" && found.message.contains("share")), "{pools:?}");
    let tree = h1.check().unwrap();
    assert!(tree.iter().any(|found| found.code == "outside-pool" && found.message.contains("\"h2\"")), "{tree:?}");
}

#[test]
fn shares_that_differ_between_hosts_are_an_error() {
    let scratch = scratch();
    let trees = ["h1", "h2"].map(|name| host(scratch.path(), name, &[]));
    share(&trees);
    let pool = trees[1].join("pools/shared.kdl");
    fs::write(&pool, fs::read_to_string(&pool).unwrap().replace("10.4.0.20", "10.4.0.15")).unwrap();
    assert_eq!(with_code(&Fleet::read(&trees).unwrap().check(), "pool-differs").len(), 1);
}

#[test]
fn a_zone_name_on_two_hosts_is_an_error_if_a_tree_asks_for_unique_names() {
    let scratch = scratch();
    let trees = [host(scratch.path(), "h1", &["golden", "a"]), host(scratch.path(), "h2", &["golden", "a"])];
    let config = trees[1].join("config.kdl");
    fs::write(&config, format!("{}unique-names #true\n", fs::read_to_string(&config).unwrap())).unwrap();
    // Zones that others are cloned from may have one name everywhere.
    for tree in &trees {
        fs::write(tree.join("templates/web.kdl"), "template \"web\" { clone-from \"golden\" }\n").unwrap();
    }
    let found = Fleet::read(&trees).unwrap().check();
    let names: Vec<(&str, Severity)> =
        with_code(&found, "zone-name-twice").iter().map(|d| (d.message.as_str(), d.severity)).collect();
    assert_eq!(names, [("zone \"a\" exists on h1, h2", Severity::Error)], "{found:?}");
}
