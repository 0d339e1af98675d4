//! Recovery of zones that were edited in the meantime, beside files that cannot be read, and after another process was faster.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use zmgr::internals::fleet::MemoryStore;
use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Dialect, Error, Manager, OnFailure, RecoverOptions,
    ReinstallOptions, RollbackOptions, RunOptions, UpdateOptions, ZoneState, ZoneStatus,
};

use crate::fixture::{self, Fixture, When};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn zonecfg(fixture: &Fixture, commands: &str) {
    let said = fixture.machine.argv(&["zonecfg", "-z", "web01", commands], "");
    assert!(said.ends_with("=0"), "{commands}: {said}");
}

/// Runs an operation in which zmgr dies, after the first command whose line contains `command`.
fn die(fixture: &Fixture, command: &str, act: impl Fn(&Manager) -> Result<(), Error>) {
    let manager = fixture.with_interference(When::After, command, |_| panic!("zmgr dies here"));
    let lived = catch_unwind(AssertUnwindSafe(|| act(&manager)));
    assert!(lived.is_err(), "it never ran {command}: {lived:?}");
}

/// Creates a zone whose installation fails, and keeps what was made.
fn unfinished(fixture: &Fixture, name: &str) {
    fixture.fail("zoneadm", "install");
    let options = CreateOptions::new().boot(false);
    fixture.manager.create(name, &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
}

/// Changes a setting that needs the zone down.
fn change_its_link(fixture: &Fixture) {
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    fs::write(fixture.entry("web01"), text.replacen("stub \"stub0\"", "stub \"stub0\"; vlan 20", 1)).unwrap();
}

type Operation = (&'static str, &'static str, fn(&Manager) -> Result<(), Error>);

/// Operations that write no configuration of a zone, or have written it, and the command after which zmgr dies.
const OPERATIONS: &[Operation] = &[
    ("apply", "zoneadm -z web01 shutdown", |m| {
        m.apply(&["web01"], &ApplyOptions::new().reboot(true), &mut run())?.into_result().map(drop)
    }),
    ("reinstall", "zoneadm -z web01 uninstall", |m| {
        m.reinstall("web01", &ReinstallOptions::new(), &mut run()).map(drop)
    }),
    ("rollback", "zfs rollback", |m| {
        m.roll_back("web01", "before", &RollbackOptions::new(), &mut run())?.into_result().map(drop)
    }),
    ("update", "update --accept --no-refresh", |m| {
        m.update(&["web01"], &UpdateOptions::new().reboot(true), &mut run())?.into_result().map(drop)
    }),
];

#[test]
fn a_configuration_that_was_edited_in_the_meantime_does_not_stop_recovery() {
    for (what, command, act) in OPERATIONS {
        let fixture = fixture::new();
        fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
        crate::update::release(fixture.dir());
        if *what == "rollback" {
            fixture.manager.create_snapshot("web01", Some("before"), &mut run()).unwrap();
        }
        change_its_link(&fixture);
        die(&fixture, command, act);
        zonecfg(&fixture, "add attr; set name=owner; set type=string; set value=me; end");
        let report = fixture.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap();
        assert_eq!(report.outcomes[0].action.to_string(), "finished", "{what}: {report:?}");
        // The report has the zone as it is now.
        let zones = report.into_result().unwrap();
        let zone = fixture.manager.zone("web01").unwrap();
        assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Running)), "{what}");
        assert_eq!((zones[0].state, zones[0].status, &zones[0].uuid), (zone.state, zone.status, &zone.uuid), "{what}");
        let shown = fixture.machine.run("zonecfg -z web01 info attr");
        assert!(shown.contains("value: me"), "{what}: {shown}");
    }
}

#[test]
fn a_destruction_needs_no_whole_configuration() {
    let fixture = fixture::with_two_nets();
    fixture.create("web01");
    die(&fixture, "zoneadm -z web01 uninstall", |manager| {
        manager.destroy(&["web01"], &DestroyOptions::new(), &mut run())?.into_result().map(drop)
    });
    zonecfg(&fixture, "remove net physical=web01_0");
    assert_eq!(fixture.recover(), ["destroyed web01"]);
    fixture.assert_bare();
}

#[test]
fn a_restored_zone_boots_with_the_host_if_it_did_before() {
    for autoboot in [true, false] {
        let fixture = fixture::new();
        fixture.edit("templates/oi.kdl", "autoboot #true", &format!("autoboot #{autoboot}"));
        fixture.manager.create("web01", &CreateOptions::new().boot(true), &mut run()).unwrap();
        fixture.fail("zoneadm", "halt");
        let destroyed = fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap();
        assert!(destroyed.error().is_some());
        assert_eq!(fixture.recover(), ["restored web01"]);
        let shown = fixture.machine.run("zonecfg -z web01 info autoboot");
        assert_eq!(shown, format!("autoboot: {autoboot}\n=0"));
    }
}

/// A uuid identifies an installation.
#[test]
fn the_uuid_of_a_zone_without_files_does_not_matter() {
    let fixture = fixture::new();
    fixture.create("web01");
    die(&fixture, "zoneadm -z web01 uninstall", |manager| {
        manager.destroy(&["web01"], &DestroyOptions::new(), &mut run())?.into_result().map(drop)
    });
    let index = fixture.dir().join("etc/zones/index");
    let text = fs::read_to_string(&index).unwrap();
    let without = "web01:configured:/zones/web01:\n";
    assert!(text.contains(without), "{text}");
    let text = text.replace(without, &without.replace(":\n", ":00000000-1111-4222-8333-444444444444\n"));
    fs::write(&index, text).unwrap();
    assert_eq!(fixture.recover(), ["destroyed web01"]);
    fixture.assert_bare();
}

/// Returns a machine with a creation that stopped at its install, and whose zone has no files.
fn configured() -> Fixture {
    let fixture = fixture::with_two_nets();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    bootargs \"-v\"");
    unfinished(&fixture, "web01");
    let said = fixture.machine.run("zoneadm -z web01 uninstall -F");
    assert!(said.ends_with("=0"), "{said}");
    fixture
}

#[test]
fn a_configuration_without_files_that_lacks_a_part_is_not_deleted() {
    let fixture = configured();
    zonecfg(&fixture, "clear bootargs");
    let report = fixture.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap();
    let error = report.error().unwrap();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    // That is seen before anything is undone.
    assert!(error.message().contains("the zone on the host is not the one that was being created"), "{error:?}");
    assert_eq!(fixture.zones(), ["web01:configured"]);
}

/// The step after the last recorded one may be done.
#[test]
fn a_whole_configuration_is_one_step_ahead_of_the_links() {
    let fixture = configured();
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    fs::write(fixture.entry("web01"), text.replacen("step=\"install\"", "step=\"vnic:internal\"", 1)).unwrap();
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
}

#[test]
fn a_recovery_of_everything_leaves_out_files_that_cannot_be_read() {
    let fixture = fixture::new();
    for name in ["web01", "web02"] {
        unfinished(&fixture, name);
    }
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    fs::write(fixture.entry("web01"), "zone \"web01\" {\n").unwrap();
    assert_eq!(fixture.recover(), ["undone web02"]);
    fs::write(fixture.entry("web01"), text).unwrap();
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
    for name in ["web01", "web02"] {
        let lock = fixture.file(&format!(".zmgr/locks/{name}.lock"));
        assert!(!lock.exists(), "the lock of a removed zone is left");
    }
}

/// Recovers the zone without installing anything; returns the action.
fn without_installs(fixture: &Fixture, resume: bool) -> String {
    let options = RecoverOptions::new().resume(resume).skip_installs(true);
    let report = fixture.manager.recover(&["web01"], &options, &mut run()).unwrap();
    report.outcomes[0].action.to_string()
}

#[test]
fn without_installs_all_other_operations_are_recovered() {
    type Act<'a> = dyn Fn(&Manager) -> Result<(), Error> + 'a;
    let (apply, reinstall) = (OPERATIONS[0].2, OPERATIONS[1].2);
    for (resume, expected) in [(true, "skipped"), (false, "undone")] {
        let fixture = fixture::new();
        unfinished(&fixture, "web01");
        assert_eq!(without_installs(&fixture, resume), expected);
    }
    let destroy = |m: &Manager| m.destroy(&["web01"], &DestroyOptions::new(), &mut run())?.into_result().map(drop);
    let built: [(&str, &Act<'_>, bool, &str); 6] = [
        ("zoneadm -z web01 uninstall", &destroy, false, "destroyed"),
        ("zoneadm -z web01 shutdown", &apply, false, "finished"),
        ("zoneadm -z web01 halt", &reinstall, true, "skipped"),
        ("zoneadm -z web01 halt", &reinstall, false, "restored"),
        ("zoneadm -z web01 uninstall", &reinstall, false, "skipped"),
        ("zoneadm -z web01 boot", &reinstall, false, "finished"),
    ];
    for (command, act, resume, expected) in built {
        let fixture = fixture::new();
        fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
        change_its_link(&fixture);
        let file = fixture.dir().join("zones/web01/root/etc/mine");
        fs::write(&file, "old").unwrap();
        die(&fixture, command, act);
        let is_new = file.parent().unwrap().is_dir() && !file.exists();
        if is_new {
            fs::write(&file, "new").unwrap();
        }
        assert_eq!(without_installs(&fixture, resume), expected, "after {command}");
        match expected {
            "skipped" => {
                let options = RecoverOptions::new().resume(true);
                let report = fixture.manager.recover(&["web01"], &options, &mut run()).unwrap();
                assert_eq!(report.outcomes[0].action.to_string(), "finished", "after {command}: {report:?}");
                assert!(!file.exists(), "after {command}: the old files are there");
            }
            "destroyed" => fixture.assert_bare(),
            _ => assert_eq!(fs::read_to_string(&file).unwrap(), if is_new { "new" } else { "old" }, "after {command}"),
        }
    }
}

#[test]
fn a_zone_that_another_process_works_on_is_left_to_it() {
    let fixture = fixture::new();
    unfinished(&fixture, "web01");
    let (manager, said) = (fixture.manager.clone(), Arc::new(Mutex::new(None)));
    let heard = Arc::clone(&said);
    let other = fixture.with_interference(When::Before, "uninstall -F", move |_| {
        let report = manager.recover(&["web01"], &RecoverOptions::new(), &mut run()).unwrap();
        *heard.lock().unwrap() = report.error();
    });
    other.recover(&[], &RecoverOptions::new(), &mut run()).unwrap().into_result().unwrap();
    let error = said.lock().unwrap().take().unwrap();
    assert_eq!(error.code(), Code::Busy);
    assert!(error.message().starts_with("web01 is unfinished at step install: "), "{error}");
    fixture.assert_bare();
}

/// Recovery reads the entry, and looks up the golden zone, before it takes the locks.
#[test]
fn a_recovery_looks_again_once_it_has_the_lock() {
    for is_gone in [true, false] {
        let (pretend, manager) = crate::golden::site(Dialect::OpenIndiana, "nlipkg");
        crate::golden::create(&manager, "web01");
        let fixture = Fixture { machine: pretend, manager };
        die(&fixture, "zoneadm -z web01 uninstall", |manager| {
            manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).map(drop)
        });
        let (manager, entry) = (fixture.manager.clone(), fixture.entry("web01"));
        let interfered = fixture.with_interference(When::Before, "zoneadm list", move |_| {
            if is_gone {
                let destroyed = manager.destroy(&["web01"], &DestroyOptions::new().force(true), &mut run()).unwrap();
                destroyed.into_result().unwrap();
            } else {
                fs::write(&entry, "zone \"web01\" {\n").unwrap();
            }
        });
        let report = interfered.recover(&["web01"], &RecoverOptions::new(), &mut run()).unwrap();
        let said = (report.outcomes[0].action.to_string(), report.error().map(|error| error.code()));
        match is_gone {
            true => assert_eq!(said, ("undone".to_owned(), None)),
            false => assert_eq!(said, ("failed".to_owned(), Some(Code::Config))),
        }
    }
}

#[test]
fn a_zone_that_the_host_lost_is_built_again_from_the_golden_zone_of_its_present_settings() {
    let (machine, manager) = crate::golden::site(Dialect::OpenIndiana, "nlipkg");
    let fixture = Fixture { machine, manager };
    let source = |name: &str| crate::golden::source_of(&fixture.manager, name);
    crate::golden::create(&fixture.manager, "web01");
    let old = source("web01");
    fixture.edit("templates/t.kdl", "golden #true", "golden #true; package \"editor/vim\"");
    crate::golden::create(&fixture.manager, "web02");
    for line in ["zoneadm -z web01 halt", "zoneadm -z web01 uninstall -F", "zonecfg -z web01 delete -F"] {
        let said = fixture.machine.run(line);
        assert!(said.ends_with("=0"), "{line}: {said}");
    }
    die(&fixture, "zonecfg -z web01 -f", |manager| {
        manager.apply(&["web01"], &ApplyOptions::new().recreate(true), &mut run())?.into_result().map(drop)
    });
    let options = RecoverOptions::new().resume(true);
    fixture.manager.recover(&["web01"], &options, &mut run()).unwrap().into_result().unwrap();
    assert_eq!(source("web01"), source("web02"));
    assert_ne!(source("web01"), old);
    assert!(fixture.manager.diff(&["web01"]).unwrap().is_clean());
}

#[test]
fn a_creation_goes_on_with_the_golden_zone_that_it_began_with() {
    let (machine, manager) = crate::golden::site(Dialect::OpenIndiana, "nlipkg");
    let fixture = Fixture { machine, manager };
    let source = |name: &str| crate::golden::source_of(&fixture.manager, name);
    die(&fixture, "zonecfg -z web01 -f", |manager| {
        manager.create("web01", &crate::golden::options(), &mut run()).map(drop)
    });
    let old = source("web01");
    fixture.edit("templates/t.kdl", "golden #true", "golden #true; package \"editor/vim\"");
    crate::golden::create(&fixture.manager, "web02");
    let options = RecoverOptions::new().resume(true);
    fixture.manager.recover(&["web01"], &options, &mut run()).unwrap().into_result().unwrap();
    assert_eq!(source("web01"), old);
    assert_ne!(source("web02"), old);
    let clone = fixture.machine.run("zfs get -H -o value origin rpool/zones/web01/ROOT/zbe");
    assert!(clone.starts_with(&format!("rpool/zones/{old}/")), "{clone}");
}

#[test]
fn a_recovery_of_everything_waits_for_the_lock_of_the_fleet() {
    let (scratch, store) = (crate::snapshot::scratch(), MemoryStore::new());
    let manager = crate::fleet_store::host(scratch.path(), "h1", &store);
    let config = manager.root().join("config.kdl");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replacen("lock-timeout 30", "lock-timeout 0", 1)).unwrap();
    let recover = || manager.recover(&[], &RecoverOptions::new(), &mut run());
    let lock = fs::File::open(manager.root().join(".zmgr/locks/fleet")).unwrap();
    lock.lock().unwrap();
    // Another process holds it.
    assert_eq!(recover().unwrap_err().code(), Code::Busy);
    drop(lock);
    recover().unwrap().into_result().unwrap();
}
