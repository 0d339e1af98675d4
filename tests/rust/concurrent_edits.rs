//! Other people's hands on the machine and on the tree, between any two steps: each case ends in a clear error or a sound result.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use zmgr::internals::registry::{FsChange, HookPoint as Round, WriteHook, WriteObserver};
use zmgr::{
    Code, CreateOptions, DestroyOptions, Error, HaltOptions, Manager, Query, RecoverOptions, RunOptions, ZoneState,
    ZoneStatus,
};

use crate::fixture::{self, Fixture, When, slug};
use crate::snapshot::{differences, whole};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn create(manager: &Manager) -> Result<(), Error> {
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).map(drop)
}

fn destroy(manager: &Manager) -> Result<(), Error> {
    manager.destroy(&["web01"], &DestroyOptions::new(), &mut run())?.into_result().map(drop)
}

/// Makes a zone as a person would, with this address.
const BY_HAND: &str = "create -b; set brand=nlipkg; set zonepath=/zones/web01; set ip-type=exclusive; \
                       add net; set physical=hand0; set allowed-address=10.1.0.10/24; end";

fn make_by_hand(machine: &crate::sim_machine::Pretend) {
    assert_eq!(machine.run("dladm create-vnic -l stub0 hand0"), "=0");
    assert_eq!(machine.argv(&["zonecfg", "-z", "web01", BY_HAND], ""), "=0");
}

#[test]
fn a_vnic_of_that_name_is_there_before() {
    let fixture = fixture::new();
    fixture.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    create(&fixture.manager).unwrap();
    let zone = fixture.manager.zone("web01").unwrap();
    assert_ne!(zone.nets[0].vnic.as_deref(), Some("web01_0"));
    destroy(&fixture.manager).unwrap();
    assert_eq!(fixture.vnics(), ["web01_0"]);
}

#[test]
fn a_vnic_of_that_name_appears_between_two_steps() {
    let fixture = fixture::new();
    let interfered = fixture.with_interference(When::Before, "dladm create-vnic", |machine| {
        machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    });
    let error = create(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded);
    assert!(error.message().contains("VNIC web01_0 has the MAC address 2:8:20:1:2:3"), "{error}");
    assert_eq!((fixture.vnics(), fixture.zones()), (vec!["web01_0".to_owned()], Vec::new()));
}

#[test]
fn our_vnic_is_replaced_by_another_of_its_name() {
    let fixture = fixture::new();
    create(&fixture.manager).unwrap();
    fixture.machine.run("dladm delete-vnic web01_0");
    fixture.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    destroy(&fixture.manager).unwrap();
    assert_eq!((fixture.vnics(), fixture.zones()), (vec!["web01_0".to_owned()], Vec::new()));
    assert!(!fixture.entry("web01").exists());
}

#[test]
fn the_zone_appears_between_two_steps() {
    let fixture = fixture::new();
    let interfered = fixture.with_interference(When::After, "dladm create-vnic", make_by_hand);
    let error = create(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert_eq!((fixture.vnics(), fixture.zones()), (vec!["hand0".to_owned()], vec!["web01:configured".to_owned()]));
    // Its contents are in use, and the name is taken.
    let error = create(&fixture.manager).unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::Exists, Some("run `zmgr import web01` to adopt it")));
}

#[test]
fn the_zone_is_installed_by_hand_while_zmgr_configures_it() {
    let fixture = fixture::new();
    let interfered = fixture.with_interference(When::After, "zonecfg -z web01 -f", |machine| {
        machine.run("zoneadm -z web01 install");
    });
    let error = create(&interfered).unwrap_err();
    assert!(error.code() == Code::Exists && error.message().contains("rpool/zones/web01"), "{error}");
    // It is not uninstalled, and recovery finishes it.
    assert_eq!(fixture.zones(), ["web01:installed"]);
    assert_eq!(fixture.recover(), ["finished web01"]);
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
}

#[test]
fn a_zone_made_by_hand_in_place_of_ours_is_left_alone() {
    let fixture = fixture::new();
    let interfered = fixture.with_interference(When::After, "zonecfg -z web01 -f", |machine| {
        machine.run("zonecfg -z web01 delete -F");
        make_by_hand(machine);
        machine.run("zoneadm -z web01 install");
    });
    create(&interfered).unwrap_err();
    assert_eq!(fixture.zones(), ["web01:installed"]);
    let by_hand = fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    assert!(by_hand.contains("hand0") && fixture.vnics().contains(&"hand0".to_owned()));
    assert!(!fixture.entry("web01").exists() && fixture.vnics() == ["hand0"], "{:?}", fixture.vnics());
}

#[test]
fn the_zone_vanishes_between_two_steps() {
    let fixture = fixture::new();
    let interfered = fixture.with_interference(When::After, "zonecfg -z web01 -f", |machine| {
        machine.run("zonecfg -z web01 delete -F");
    });
    let error = create(&interfered).unwrap_err();
    assert!(error.message().contains("rolled back"), "{error}");
    fixture.assert_bare();
    // And while it is destroyed, which is what was wanted.
    create(&fixture.manager).unwrap();
    let interfered = fixture.with_interference(When::Before, "web01 uninstall", |machine| {
        machine.run("zoneadm -z web01 uninstall -F");
        machine.run("zonecfg -z web01 delete -F");
    });
    destroy(&interfered).unwrap();
    fixture.assert_bare();
}

#[test]
fn the_zone_is_renamed_between_two_steps() {
    for at in ["web01 install", "zonecfg -z web01 -f"] {
        let fixture = fixture::new();
        let interfered = fixture.with_interference(When::After, at, |machine| {
            machine.argv(&["zonecfg", "-z", "web01", "set zonename=mine"], "");
        });
        let error = create(&interfered).unwrap_err();
        let called = "zone web01 was renamed to mine";
        assert!(error.details().iter().any(|detail| detail.message.contains(called)), "{at}: {error:?}");
        // Its link and its address are in use by the zone under its new name.
        assert_eq!(fixture.vnics(), ["web01_0"], "{at}");
        assert!(fixture.zones()[0].starts_with("mine:"));
        assert!(fixture.entry("web01").exists());
        let error = fixture.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap().error().unwrap();
        assert!(error.message().contains("now belongs to zone mine"), "{error}");
        // Named as it was, it can be taken back.
        fixture.machine.argv(&["zonecfg", "-z", "mine", "set zonename=web01"], "");
        fixture.recover();
        destroy_if_there(&fixture);
        fixture.assert_bare();
    }
}

fn destroy_if_there(fixture: &Fixture) {
    if fixture.entry("web01").exists() {
        destroy(&fixture.manager).unwrap();
    }
}

#[test]
fn a_zone_that_was_renamed_is_not_destroyed_under_its_old_name() {
    let fixture = fixture::new();
    create(&fixture.manager).unwrap();
    fixture.machine.argv(&["zonecfg", "-z", "web01", "set zonename=mine"], "");
    let error = destroy(&fixture.manager).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded);
    assert_eq!(
        error.help(),
        Some("it was renamed outside zmgr: rename it back with `zonecfg -z mine set zonename=web01`")
    );
    assert_eq!((fixture.vnics(), fixture.zones()), (vec!["web01_0".to_owned()], vec!["mine:installed".to_owned()]));
    assert_eq!(slug(fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result()), "wrong-state");
    fixture.machine.argv(&["zonecfg", "-z", "mine", "set zonename=web01"], "");
    // Renamed while it is destroyed.
    let interfered = fixture.with_interference(When::After, "web01 uninstall", |machine| {
        machine.argv(&["zonecfg", "-z", "web01", "set zonename=mine"], "");
    });
    let error = destroy(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert_eq!((fixture.vnics(), fixture.zones()), (vec!["web01_0".to_owned()], vec!["mine:configured".to_owned()]));
    fixture.machine.argv(&["zonecfg", "-z", "mine", "set zonename=web01"], "");
    destroy(&fixture.manager).unwrap();
    fixture.assert_bare();
}

#[test]
fn the_zone_is_halted_or_booted_between_two_steps() {
    let fixture = fixture::new();
    let interfered =
        fixture.with_interference(When::After, "web01 boot", |machine| drop(machine.run("zoneadm -z web01 halt")));
    let error = interfered.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
    assert!(error.message().contains("web01 is ready but could not be booted"), "{error}");
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
    // Halted by another process just before zmgr halts it.
    fixture.machine.run("zoneadm -z web01 boot");
    let interfered =
        fixture.with_interference(When::Before, "web01 halt", |machine| drop(machine.run("zoneadm -z web01 halt")));
    interfered.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    // Booted by another process while it is destroyed: it is left alone, and as it was.
    let interfered = fixture
        .with_interference(When::Before, "web01 uninstall", |machine| drop(machine.run("zoneadm -z web01 boot")));
    let error = destroy(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
    assert_eq!(fixture.zones(), ["web01:running"]);
    assert_eq!(fixture.recover(), ["restored web01"]);
    let xml = fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    assert!(xml.contains("autoboot=\"true\""), "{xml}");
    destroy(&fixture.manager).unwrap();
    fixture.assert_bare();
}

#[test]
fn the_zone_is_reinstalled_between_two_steps() {
    let again = |machine: &crate::sim_machine::Pretend| {
        machine.run("zoneadm -z web01 uninstall -F");
        machine.run("zoneadm -z web01 install");
    };
    let fixture = fixture::new();
    create(&fixture.manager).unwrap();
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    // The new installation is not zmgr's, and is not uninstalled.
    let interfered = fixture.with_interference(When::After, "web01 halt", again);
    let error = destroy(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert!(error.message().contains("web01 was reinstalled outside zmgr"), "{error}");
    assert_eq!(fixture.zones(), ["web01:installed"]);
    let error = fixture.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap().error().unwrap();
    assert!(error.message().contains("the zone was reinstalled outside zmgr"), "{error}");
    assert_eq!(fixture.zones(), ["web01:installed"]);
}

#[test]
fn an_address_of_a_zone_made_by_hand_is_not_given_to_something_else() {
    let fixture = fixture::new();
    // The host has been looked at before the zone was there, and again before its address was another.
    fixture.manager.allocate("internal", "first", None, &mut run()).unwrap();
    make_by_hand(&fixture.machine);
    let held = fixture.manager.pool_usage("internal").unwrap();
    assert_eq!(held.families[0].host, 0, "10.1.0.10 is the first one's already");
    let edit = "select net physical=hand0; set allowed-address=10.1.0.11/24; end";
    assert_eq!(fixture.machine.argv(&["zonecfg", "-z", "web01", edit], ""), "=0");
    assert_eq!(fixture.manager.pool_usage("internal").unwrap().families[0].host, 1);
    let wanted = fixture.manager.allocate("internal", "other", Some("10.1.0.11".parse().unwrap()), &mut run());
    assert_eq!(wanted.unwrap_err().code(), Code::AddressInUse);
    let next = fixture.manager.allocate("internal", "other", None, &mut run()).unwrap();
    assert_eq!(next.addresses[0].address.to_string(), "10.1.0.12/24");
}

#[test]
fn an_unregistered_zone_holds_an_address() {
    let fixture = fixture::new();
    make_by_hand(&fixture.machine);
    let options = CreateOptions::new().boot(false);
    let zone = fixture.manager.create("web02", &options, &mut run()).unwrap();
    assert_eq!(zone.nets[0].addresses[0].address.to_string(), "10.1.0.11/24");
    let wanted = options.address("internal", "10.1.0.10".parse().unwrap());
    let error = fixture.manager.create("web03", &wanted, &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::AddressInUse);
    assert!(error.message().contains("web01"), "{error}");
}

#[test]
fn the_entry_is_edited_in_the_meantime() {
    let fixture = fixture::new();
    let path = fixture.entry("web01");
    let interfered = fixture.with_interference(When::Before, "web01 install", move |_| {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("format 3", "// by hand\n    attr \"owner\" \"alice\"\n    format 3", 1))
            .unwrap();
    });
    create(&interfered).unwrap();
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    assert!(text.contains("// by hand") && text.contains("state \"ready\""), "{text}");
    assert_eq!(fixture.manager.zone("web01").unwrap().attrs["owner"], "alice");
}

#[test]
fn the_entry_is_replaced_in_the_meantime() {
    let fixture = fixture::new();
    let path = fixture.entry("web01");
    let interfered = fixture.with_interference(When::Before, "web01 install", move |_| {
        fs::write(&path, "zone \"web01\" { template \"oi\"; id \"0123456789abcdef0123456789abcdef\" }\n").unwrap();
    });
    let error = create(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert!(error.message().contains("is not the one that the operation began with"), "{error}");
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    assert!(text.contains("0123456789abcdef0123456789abcdef"), "{text}");
}

#[test]
fn the_entry_is_spoiled_in_the_meantime() {
    let fixture = fixture::new();
    let path = fixture.entry("web01");
    let interfered = fixture
        .with_interference(When::Before, "web01 install", move |_| fs::write(&path, "zone \"web01\" {").unwrap());
    let error = create(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::Config, "{error:?}");
    // It is listed with its fault, and other zones are made and listed as ever.
    fixture.manager.create("web02", &CreateOptions::new().boot(false), &mut run()).unwrap();
    let zones = fixture.manager.zones(&Query::new()).unwrap();
    assert_eq!(zones.iter().map(|zone| zone.fault.is_some()).collect::<Vec<_>>(), [true, false]);
    // The holdings of the spoiled file are known from the host.
    assert_eq!(zones[1].nets[0].addresses[0].address.to_string(), "10.1.0.11/24");
}

#[test]
fn the_entry_is_deleted_in_the_meantime() {
    for at in ["dladm create-vnic", "zonecfg -z web01 -f", "web01 install"] {
        let fixture = fixture::new();
        let path = fixture.entry("web01");
        let interfered = fixture.with_interference(When::After, at, move |_| fs::remove_file(&path).unwrap());
        let error = create(&interfered).unwrap_err();
        assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
        assert!(error.message().contains("was removed during the operation"), "{error}");
        // The steps are undone: nothing else would undo them.
        fixture.assert_bare();
    }
    let fixture = fixture::new();
    create(&fixture.manager).unwrap();
    let path = fixture.entry("web01");
    let interfered =
        fixture.with_interference(When::After, "web01 uninstall", move |_| fs::remove_file(&path).unwrap());
    let error = destroy(&interfered).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
}

#[test]
fn a_document_is_changed_in_the_meantime() {
    let fixture = fixture::new();
    let template = fixture.file("templates/oi.kdl");
    let interfered = fixture.with_interference(When::Before, "web01 install", move |_| {
        let text = fs::read_to_string(&template).unwrap();
        fs::write(&template, text.replace("nlipkg", "ipkg")).unwrap();
    });
    create(&interfered).unwrap();
    assert_eq!(fixture.manager.zone("web01").unwrap().brand.as_deref(), Some("nlipkg"));
    destroy(&fixture.manager).unwrap();
    fixture.assert_bare();
}

/// A disk on which nothing can be written any more, from some write on; a directory of which nothing is wanted is left alone.
struct Disk {
    left: AtomicUsize,
    error: io::ErrorKind,
    repaired: AtomicBool,
}

impl WriteObserver for Disk {
    fn at(&self, when: Round, change: FsChange, _: &Path) -> io::Result<()> {
        // A name can be removed on a full disk, not on one that is read only.
        let fails = self.error == io::ErrorKind::ReadOnlyFilesystem || !matches!(change, FsChange::Unlink);
        if when == Round::After || !fails || self.repaired.load(Ordering::SeqCst) {
            return Ok(());
        }
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.error.into()),
        }
    }
}

/// Fails at each write in turn, and for ever after: once the disk works again, one recovery leaves nothing or everything.
fn on_a_failing_disk(error: io::ErrorKind) {
    let mut done = false;
    let mut writes = 0;
    while !done {
        let fixture = fixture::new();
        let before = whole(fixture.dir());
        let disk = Arc::new(Disk { left: AtomicUsize::new(writes), error, repaired: AtomicBool::new(false) });
        let manager = fixture.observed(Arc::new(|_| {}), WriteHook::new(disk.clone()));
        match create(&manager) {
            Ok(()) => done = true,
            Err(error) => {
                assert!(matches!(error.code(), Code::Io | Code::RecoveryNeeded), "write {writes}: {error:?}");
                disk.repaired.store(true, Ordering::SeqCst);
                fixture.recover();
            }
        }
        let there = fixture.entry("web01").exists();
        if fixture.file("zones/.web01.kdl.tmp").exists() {
            // Leftovers that could not be removed then go with the next operation on the zone.
            assert!(!there);
            create(&fixture.manager).unwrap();
            destroy(&fixture.manager).unwrap();
        }
        let now = whole(fixture.dir());
        assert!(there || now == before, "write {writes}: {}", differences(&before, &now));
        if there {
            let zone = fixture.manager.zone("web01").unwrap();
            assert_eq!((zone.state, zone.status.is_some()), (Some(ZoneState::Ready), true), "write {writes}");
        }
        writes += 1;
        assert!(writes < 200, "it never comes to an end");
    }
    assert!(writes > 10, "only {writes} writes");
}

#[test]
fn a_full_disk() {
    on_a_failing_disk(io::ErrorKind::StorageFull);
}

#[test]
fn a_read_only_disk() {
    on_a_failing_disk(io::ErrorKind::ReadOnlyFilesystem);
}

#[test]
fn a_log_that_cannot_be_written() {
    let fixture = fixture::new();
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 30\nlog-dir \"/etc/release/log\"");
    let error = create(&fixture.manager).unwrap_err();
    assert_eq!(error.code(), Code::Io, "{error:?}");
    fixture.assert_bare();
}

#[test]
fn the_clock_is_set_back() {
    let fixture = fixture::new();
    create(&fixture.manager).unwrap();
    fixture.manager.zones(&Query::new()).unwrap();
    // Everything derived is from the future; then a file is edited, and is as long and older than before.
    let hour = Duration::from_secs(3600);
    let later = SystemTime::now() + hour;
    for file in [fixture.file(".zmgr/index.v1"), fixture.file(".zmgr/host.v1"), fixture.entry("web01")] {
        if file.exists() {
            File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        }
    }
    fixture.manager.zones(&Query::new()).unwrap();
    fixture.edit("zones/web01.kdl", "10.1.0.10/24", "10.1.0.77/24");
    let entry = File::options().write(true).open(fixture.entry("web01")).unwrap();
    entry.set_modified(SystemTime::now() - hour).unwrap();
    let zones = fixture.manager.zones(&Query::new()).unwrap();
    assert_eq!(zones[0].nets[0].addresses[0].address.to_string(), "10.1.0.77/24");
    let options = CreateOptions::new().boot(false).address("internal", "10.1.0.77".parse().unwrap());
    assert_eq!(slug(fixture.manager.create("web02", &options, &mut run())), "address-in-use");
    fixture.edit("zones/web01.kdl", "10.1.0.77/24", "10.1.0.10/24");
    destroy(&fixture.manager).unwrap();
    fixture.assert_bare();
}

#[test]
fn the_boot_environment_is_rolled_back() {
    let fixture = fixture::new();
    let zones = fixture.dir().join("etc/zones");
    let index = fs::read_to_string(zones.join("index")).unwrap();
    create(&fixture.manager).unwrap();
    // Configurations go back in time; the tree, the links and the datasets do not.
    fs::write(zones.join("index"), index).unwrap();
    fs::remove_file(zones.join("web01.xml")).unwrap();
    assert_eq!(fixture.manager.zone("web01").unwrap().status, Some(ZoneStatus::Absent));
    assert_eq!(slug(fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result()), "wrong-state");
    destroy(&fixture.manager).unwrap();
    assert_eq!((fixture.vnics(), fixture.zones()), (Vec::new(), Vec::new()));
    assert!(!fixture.entry("web01").exists());
}
