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
