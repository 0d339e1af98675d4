//! A zone is taken from the host and brought back with everything that it had; files that were kept are a zone again. Whatever lies
//! at a zonepath and is not the zone's stays as it is.

use std::fs;

use zmgr::{
    Action, ApplyOptions, AttachOptions, CreateOptions, DestroyOptions, Dialect, DriftStatus, Error, Fault,
    HaltOptions, Manager, Query, RecoverOptions, RollbackOptions, RunOptions, Zone, ZoneState, ZoneStatus,
};

use crate::fixture::{self, Fixture, When, slug};
use crate::sim_machine;
use crate::snapshot::{differences, whole};

fn run() -> RunOptions<'static> {
    RunOptions::new()
}

fn detach(manager: &Manager, name: &str) -> Result<(), Error> {
    manager.detach(&[name], &mut run())?.into_result().map(drop)
}

fn attach(manager: &Manager, name: &str, options: &AttachOptions) -> Result<Zone, Error> {
    Ok(manager.attach(&[name], options, &mut run())?.into_result()?.remove(0))
}

fn destroy_and_keep(manager: &Manager, name: &str) {
    let keep = DestroyOptions::new().keep_data(true);
    manager.destroy(&[name], &keep, &mut run()).unwrap().into_result().unwrap();
}

/// A machine with a template `t` of this brand.
fn site(dialect: Dialect, brand: &str) -> Fixture {
    let machine = std::sync::Arc::new(sim_machine::new(dialect));
    let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    let fixture = Fixture { machine, manager };
    let text = format!(
        "template \"t\" {{\n    brand \"{brand}\"\n    autoboot #true\n    net \"internal\" {{ pool \"internal\"; }}\n}}\n"
    );
    fs::write(fixture.file("templates/t.kdl"), text).unwrap();
    fixture
}

/// The brands whose hooks detach and attach in ways of their own.
const HOOKED: [(Dialect, &str); 5] = [
    (Dialect::OpenIndiana, "nlipkg"),
    (Dialect::OpenIndiana, "ipkg"),
    (Dialect::OmniOs, "ipkg"),
    (Dialect::OmniOs, "lipkg"),
    (Dialect::OmniOs, "sparse"),
];

/// Gives the desired net of an entry another address.
fn edit_address(fixture: &Fixture, zone: &str, from: &str, to: &str) {
    let text = fs::read_to_string(fixture.entry(zone)).unwrap();
    fs::write(
        fixture.entry(zone),
        text.replacen(&format!("address \"{from}/24\""), &format!("address \"{to}/24\""), 1),
    )
    .unwrap();
}

#[test]
fn an_edit_to_the_address_of_another_zone_was_carried_out_by_detach_and_attach() {
    for before in [true, false] {
        let fixture = site(Dialect::OpenIndiana, "nlipkg");
        let options = CreateOptions::new().template("t").boot(false);
        for zone in ["a", "b"] {
            fixture.manager.create(zone, &options, &mut run()).unwrap();
        }
        if before {
            edit_address(&fixture, "b", "10.1.0.11", "10.1.0.10");
        }
        detach(&fixture.manager, "b").unwrap();
        if !before {
            edit_address(&fixture, "b", "10.1.0.11", "10.1.0.10");
        }
        // The address that it had is still its own, and is given to no other zone.
        let c = fixture.manager.create("c", &options, &mut run()).unwrap();
        assert_eq!(c.nets[0].addresses[0].address.to_string(), "10.1.0.12/24");
        let machine = whole(fixture.dir());
        let error = attach(&fixture.manager, "b", &AttachOptions::new()).unwrap_err();
        assert_eq!(error.code(), zmgr::Code::AddressInUse, "{error}");
        assert!(error.message().contains("10.1.0.10 is in use by zone a"), "{error}");
        let now = whole(fixture.dir());
        assert!(now == machine, "{}", differences(&machine, &now));
        edit_address(&fixture, "b", "10.1.0.10", "10.1.0.13");
        let b = attach(&fixture.manager, "b", &AttachOptions::new()).unwrap();
        assert_eq!(b.nets[0].addresses[0].address.to_string(), "10.1.0.13/24");
        let d = fixture.manager.create("d", &options, &mut run()).unwrap();
        assert_eq!(d.nets[0].addresses[0].address.to_string(), "10.1.0.11/24");
        assert_eq!(crate::invariants::doubles(fixture.dir()), Default::default());
    }
}

#[test]
fn a_detached_zone_comes_back_with_everything_that_it_had() {
    for (dialect, brand) in HOOKED {
        let fixture = site(dialect, brand);
        let options = CreateOptions::new().template("t").boot(true);
        let before = fixture.manager.create("web01", &options, &mut run()).unwrap();
        let root = fixture.dir().join("zones/web01/root/etc/precious");
        fs::write(&root, "a year's work").unwrap();
        fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap();
        detach(&fixture.manager, "web01").unwrap();
        assert_eq!((fixture.zones().len(), fixture.vnics().len()), (0, 0), "{brand}");
        assert_eq!(fs::read_to_string(&root).unwrap(), "a year's work");
        let text = fs::read_to_string(fixture.entry("web01")).unwrap();
        assert!(text.contains("state \"detached\"") && text.contains("format 3") && !text.contains("uuid"), "{text}");

        // Its holdings are still held, and nothing is done to it by accident.
        let other =
            fixture.manager.create("web02", &CreateOptions::new().template("t").boot(false), &mut run()).unwrap();
        assert_ne!(other.nets[0].addresses, before.nets[0].addresses);
        assert_eq!(slug(fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result()), "wrong-state");
        assert_eq!(fixture.recover(), [""; 0]);
        let drift = fixture.manager.diff(&["web01"]).unwrap();
        assert_eq!(drift.zones[0].status, DriftStatus::Clean);
        assert_eq!(fixture.manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().failures().count(), 0);
        assert!(fixture.manager.check().unwrap().iter().all(|found| found.severity != zmgr::Severity::Error));
        let listed = fixture.manager.zones(&Query::new().name("web01")).unwrap();
        assert_eq!((listed[0].state, listed[0].status), (Some(ZoneState::Detached), Some(ZoneStatus::Absent)));

        // The host starts again in between.
        fixture.machine.host.reboot().unwrap();
        let zone = attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap();
        assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Installed)), "{brand}");
        assert_eq!((&zone.nets, &zone.id, zone.autoboot), (&before.nets, &before.id, Some(true)));
        assert_ne!(zone.uuid, before.uuid);
        assert_eq!(fs::read_to_string(&root).unwrap(), "a year's work");
        let drift = fixture.manager.diff(&["web01"]).unwrap();
        assert_eq!(drift.zones[0].status, DriftStatus::Clean, "{brand}: {:?}", drift.zones[0].items);
        fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
        let shown = fixture.machine.run("zlogin web01 ipadm show-addr -p -o state,addr");
        assert!(shown.contains(&format!("ok:{}\n", before.nets[0].addresses[0].address)), "{brand}: {shown}");
        for name in ["web01", "web02"] {
            fixture.manager.destroy(&[name], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
        }
        fixture.assert_bare();
    }
}

#[test]
fn files_that_a_destruction_kept_are_a_zone_again() {
    for (dialect, brand) in HOOKED {
        let fixture = site(dialect, brand);
        let create = CreateOptions::new().template("t").boot(false);
        fixture.manager.create("web01", &create, &mut run()).unwrap();
        let root = fixture.dir().join("zones/web01/root/etc/precious");
        fs::write(&root, "a year's work").unwrap();
        destroy_and_keep(&fixture.manager, "web01");
        let error = fixture.manager.create("web01", &create, &mut run()).unwrap_err();
        assert_eq!((error.code().slug(), error.help().unwrap().contains("`zmgr attach web01`")), ("exists", true));
        let zone = attach(&fixture.manager, "web01", &AttachOptions::new().template("t").boot(true)).unwrap();
        assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Running)), "{brand}");
        let shown = fixture.machine.run("zlogin web01 ipadm show-addr -p -o state,addr");
        assert!(shown.contains(&format!("ok:{}\n", zone.nets[0].addresses[0].address)), "{brand}: {shown}");
        assert_eq!(fs::read_to_string(&root).unwrap(), "a year's work");
        // From now on they are zmgr's again.
        fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
        fixture.assert_bare();
    }
}

#[test]
fn publishers_are_those_of_the_zone_and_not_the_hosts() {
    let fixture = fixture::new();
    let publisher = "publisher \"local\" {\n    origin \"https://pkg.example/local\"\n}\n";
    fs::write(fixture.file("publishers/local.kdl"), publisher).unwrap();
    let template = fs::read_to_string(fixture.file("templates/oi.kdl")).unwrap();
    assert!(template.contains("publisher \"openindiana.org\""), "{template}");
    fixture.edit("templates/oi.kdl", "publisher \"openindiana.org\"", "publisher \"local\" \"openindiana.org\"");
    fixture.create("web01");
    let shown = || fixture.machine.run("pkg -R /zones/web01/root publisher -H -F tsv");
    let before = shown();
    detach(&fixture.manager, "web01").unwrap();
    attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap();
    assert_eq!(shown(), before);
}

/// Changes something about the zone `web01`, and says with what its detach then ends, and a part of the reason.
type Refused = (&'static str, fn(&Fixture), &'static str, &'static str);

fn assert_refused(fixture: &Fixture, what: &str, code: &str, part: &str, errors: [Error; 2]) {
    for error in errors {
        assert_eq!(error.code().slug(), code, "{what}: {error:?}");
        assert!(format!("{error} {:?}", error.details()).contains(part), "{what}: {error:?}");
    }
    let _ = fixture;
}

#[test]
fn what_refuses_a_detach_changes_nothing() {
    let table: &[Refused] = &[
        ("running", |f| drop(f.machine.run("zoneadm -z web01 boot")), "wrong-state", "web01 is running"),
        ("ready", |f| drop(f.machine.run("zoneadm -z web01 ready")), "wrong-state", "web01 is ready"),
        ("incomplete", |f| drop(f.machine.run("zoneadm -z web01 mark incomplete")), "wrong-state", "is incomplete"),
        (
            "no files",
            |f| drop(f.machine.run("zoneadm -z web01 uninstall -F")),
            "wrong-state",
            "it has no files to detach",
        ),
        (
            "no active boot environment",
            |f| drop(f.machine.run("zfs set org.opensolaris.libbe:active=off rpool/zones/web01/ROOT/zbe")),
            "wrong-state",
            "has 0 active boot environments",
        ),
        (
            "two active boot environments",
            |f| {
                let parent =
                    f.machine.run("zfs get -H -o value org.opensolaris.libbe:parentbe rpool/zones/web01/ROOT/zbe");
                let parent = parent.lines().next().unwrap().to_owned();
                f.machine.run("zfs snapshot rpool/zones/web01/ROOT/zbe@copy");
                f.machine.run(&format!(
                    "zfs clone -o canmount=noauto -o org.opensolaris.libbe:active=on -o \
                     org.opensolaris.libbe:parentbe={parent} rpool/zones/web01/ROOT/zbe@copy rpool/zones/web01/ROOT/zbe-1"
                ));
            },
            "wrong-state",
            "has 2 active boot environments",
        ),
        (
            "an unfinished operation",
            |f| f.edit("zones/web01.kdl", "state \"ready\"", "state \"destroying\" step=\"uninstall\""),
            "recovery-needed",
            "web01 has an unfinished operation",
        ),
        ("detached already", |f| detach(&f.manager, "web01").unwrap(), "wrong-state", "web01 is detached"),
        (
            "gone from the host",
            |f| {
                f.machine.run("zoneadm -z web01 uninstall -F");
                f.machine.run("zonecfg -z web01 delete -F");
            },
            "wrong-state",
            "the host does not have zone web01",
        ),
    ];
    for (what, change, code, part) in table {
        let fixture = fixture::new();
        fixture.create("web01");
        change(&fixture);
        let before = whole(fixture.dir());
        let planned = fixture.manager.plan_detach(&["web01"]).map(drop).unwrap_err();
        let done = detach(&fixture.manager, "web01").unwrap_err();
        assert_refused(&fixture, what, code, part, [planned, done]);
        let after = whole(fixture.dir());
        assert!(before == after, "{what}:\n{}", differences(&before, &after));
    }
}

#[test]
fn what_refuses_an_attach_changes_nothing() {
    let table: &[Refused] = &[
        ("a zone that is ready", |f| drop(f.create("web01")), "exists", "zone web01 is already registered"),
        ("nothing there", |_| {}, "not-found", "nothing to attach lies at /zones/web01"),
        (
            "a dataset of the administrator",
            |f| drop(f.machine.run("zfs create rpool/zones/web01")),
            "exists",
            "dataset rpool/zones/web01",
        ),
        (
            "files of the administrator",
            |f| {
                fs::create_dir_all(f.dir().join("zones/web01")).unwrap();
                fs::write(f.dir().join("zones/web01/precious"), "").unwrap();
            },
            "exists",
            "the zonepath /zones/web01",
        ),
        (
            "the files of another zone",
            |f| {
                f.create("db01");
                destroy_and_keep(&f.manager, "db01");
                f.machine.run("zfs rename rpool/zones/db01 rpool/zones/web01");
            },
            "exists",
            "are those of zone db01",
        ),
        (
            "another dataset than the recorded one",
            |f| {
                f.create("web01");
                detach(&f.manager, "web01").unwrap();
                f.machine.run("zfs rename rpool/zones/web01 rpool/zones/old");
                f.machine.run("zfs create rpool/zones/web01");
            },
            "exists",
            "dataset rpool/zones/web01",
        ),
        (
            "no ROOT",
            |f| {
                f.create("web01");
                detach(&f.manager, "web01").unwrap();
                f.machine.run("zfs rename rpool/zones/web01/ROOT rpool/zones/elsewhere");
            },
            "wrong-state",
            "dataset rpool/zones/web01/ROOT does not exist",
        ),
        (
            "a zone of the host",
            |f| {
                f.create("web01");
                detach(&f.manager, "web01").unwrap();
                f.machine.argv(&["zonecfg", "-z", "web01", "create -b; set brand=nlipkg; set zonepath=/zones/x"], "");
            },
            "exists",
            "the host already has a zone web01",
        ),
        (
            "another brand in the file",
            |f| {
                f.create("web01");
                detach(&f.manager, "web01").unwrap();
                f.edit("zones/web01.kdl", "brand \"nlipkg\"\n    zone", "brand \"ipkg\"\n    zone");
            },
            "wrong-state",
            "was detached with brand",
        ),
    ];
    for (what, change, code, part) in table {
        let fixture = fixture::new();
        change(&fixture);
        let before = whole(fixture.dir());
        let planned = fixture.manager.plan_attach(&["web01"], &AttachOptions::new()).map(drop).unwrap_err();
        let done = attach(&fixture.manager, "web01", &AttachOptions::new()).map(drop).unwrap_err();
        assert_refused(&fixture, what, code, part, [planned, done]);
        let after = whole(fixture.dir());
        assert!(before == after, "{what}:\n{}", differences(&before, &after));
    }
}

#[test]
fn an_attach_that_fails_leaves_the_files_and_can_be_repeated() {
    for kept in [false, true] {
        let fixture = fixture::new();
        fixture.create("web01");
        match kept {
            true => destroy_and_keep(&fixture.manager, "web01"),
            false => detach(&fixture.manager, "web01").unwrap(),
        }
        let root = fixture.dir().join("zones/web01/root/etc/precious");
        fs::write(&root, "a year's work").unwrap();
        let before = whole(fixture.dir());
        let mut fault = Fault::new("zoneadm");
        (fault.subcommand, fault.exit, fault.times) = (Some("attach".to_owned()), Some(254), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
        let error = attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap_err();
        assert!(error.to_string().contains("attaching web01 failed at attach and was rolled back"), "{error}");
        assert!(error.help().unwrap().contains("--update"), "{error:?}");
        assert_eq!(fs::read_to_string(&root).unwrap(), "a year's work");
        let (before, after) = (without_zfs(before), without_zfs(whole(fixture.dir())));
        assert!(before == after, "{}", differences(&before, &after));
        attach(&fixture.manager, "web01", &AttachOptions::new().update(true)).unwrap();
        assert_eq!(fs::read_to_string(&root).unwrap(), "a year's work");
    }
}

/// Leaves out the properties of datasets: an attach that was taken back says so there.
fn without_zfs(mut all: std::collections::BTreeMap<String, String>) -> std::collections::BTreeMap<String, String> {
    all.retain(|path, _| !path.starts_with("etc/zfs/"));
    all
}

#[test]
fn what_a_killed_attach_left_is_attached_after_the_host_has_started_again() {
    let fixture = fixture::new();
    fixture.create("web01");
    detach(&fixture.manager, "web01").unwrap();
    // As the hook leaves it when it is killed: for the zone to mount, and not for the host.
    let zbe = "rpool/zones/web01/ROOT/zbe";
    for change in [format!("zfs set canmount=noauto {zbe}"), format!("zfs inherit mountpoint {zbe}")] {
        fixture.machine.run(&change);
    }
    fixture.machine.host.reboot().unwrap();
    assert!(!fixture.dir().join("zones/web01/root/etc").exists());
    let zone = attach(&fixture.manager, "web01", &AttachOptions::new().boot(true)).unwrap();
    assert_eq!(zone.status, Some(ZoneStatus::Running));
}

#[test]
fn recovery_brings_a_detach_and_an_attach_to_an_end() {
    let recover = |fixture: &Fixture, options: &RecoverOptions| {
        fixture.manager.recover(&[], options, &mut run()).unwrap().into_result()
    };
    let begun = |command: &'static str, attach_it: bool| {
        let fixture = fixture::new();
        fixture.create("web01");
        if attach_it {
            detach(&fixture.manager, "web01").unwrap();
        }
        let dead = fixture.with_interference(When::After, command, |_| panic!("dead"));
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match attach_it {
            true => attach(&dead, "web01", &AttachOptions::new()).map(drop),
            false => detach(&dead, "web01"),
        }));
        assert!(died.is_err());
        fixture
    };
    let state = |fixture: &Fixture| fixture.manager.zone("web01").unwrap().state.unwrap();
    let fixture = begun("zoneadm -z web01 detach", false);
    recover(&fixture, &RecoverOptions::new()).unwrap();
    assert_eq!((state(&fixture), fixture.zones().len()), (ZoneState::Detached, 0));

    let fixture = begun("zoneadm -z web01 attach", true);
    recover(&fixture, &RecoverOptions::new().roll_back(true)).unwrap();
    assert_eq!((state(&fixture), fixture.zones().len()), (ZoneState::Detached, 0));
    attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap();

    let fixture = begun("zoneadm -z web01 attach", true);
    recover(&fixture, &RecoverOptions::new()).unwrap();
    assert_eq!((state(&fixture), fixture.zones()), (ZoneState::Ready, vec!["web01:installed".to_owned()]));
}

#[test]
fn a_detached_zone_is_destroyed_with_a_word_about_its_files() {
    let fixture = fixture::new();
    fixture.create("web01");
    detach(&fixture.manager, "web01").unwrap();
    let error = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap_err();
    assert_eq!(error.code().slug(), "wrong-state", "{error}");
    assert!(error.details()[0].message.contains("its files stay in /zones/web01 (rpool/zones/web01)"), "{error:?}");
    destroy_and_keep(&fixture.manager, "web01");
    assert!(!fixture.entry("web01").exists());
    attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap();
}

#[test]
fn plans_are_run_as_they_were_approved() {
    let fixture = fixture::new();
    fixture.create("web01");
    let plan = zmgr::Plan::from_json(&fixture.manager.plan_detach(&["web01"]).unwrap().to_json()).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps, ["autoboot-off", "detach", "unconfigure", "unlink:internal", "detached"]);
    let report = fixture.manager.run(&plan, &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, Action::Detached);
    assert_eq!(slug(fixture.manager.run(&plan, &mut run())), "stale-plan");
    let plan = fixture.manager.plan_attach(&["web01"], &AttachOptions::new().update(true)).unwrap();
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    assert!(plan.to_string().contains("zoneadm -z web01 attach -u"), "{plan}");
    let report = fixture.manager.run(&plan, &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, Action::Attached);
    assert_eq!(slug(fixture.manager.run(&plan, &mut run())), "stale-plan");
}

#[test]
fn snapshots_of_a_detached_zone_are_listed_and_used_again_once_it_is_attached() {
    let fixture = fixture::new();
    fixture.create("web01");
    let root = fixture.dir().join("zones/web01/root/etc/precious");
    fs::write(&root, "old").unwrap();
    fixture.manager.create_snapshot("web01", Some("s"), &mut run()).unwrap();
    fs::write(&root, "new").unwrap();
    detach(&fixture.manager, "web01").unwrap();
    let before = whole(fixture.dir());
    let refused = [
        fixture.manager.create_snapshot("web01", Some("t"), &mut run()).map(drop),
        fixture.manager.delete_snapshot("web01", "s", &mut run()).and_then(|report| report.into_result()).map(drop),
        fixture
            .manager
            .roll_back("web01", "s", &RollbackOptions::new(), &mut run())
            .and_then(|report| report.into_result())
            .map(drop),
        fixture.manager.plan_create_snapshot("web01", None).map(drop),
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert_eq!(error.code().slug(), "wrong-state", "{error:?}");
        assert!(error.to_string().contains("web01 is detached"), "{error:?}");
        assert!(error.help().unwrap().contains("zmgr attach web01"), "{error:?}");
    }
    let after = whole(fixture.dir());
    assert!(before == after, "{}", differences(&before, &after));
    let listed = fixture.manager.snapshots(&["web01"]).unwrap();
    assert_eq!((listed.len(), listed[0].label.as_str(), listed[0].state), (1, "s", zmgr::SnapshotState::Complete));
    attach(&fixture.manager, "web01", &AttachOptions::new()).unwrap();
    fixture.manager.roll_back("web01", "s", &RollbackOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(fs::read_to_string(&root).unwrap(), "old");
}

/// Labels of the zone's snapshots, and the number of those that the host has.
fn snapshots(fixture: &Fixture) -> (Vec<String>, usize) {
    let entry = fixture.manager.snapshots(&["web01"]).unwrap().into_iter().map(|taken| taken.label).collect();
    let host = fixture.machine.run("zfs list -H -o name -t snapshot -r rpool/zones");
    (entry, host.lines().filter(|line| line.contains("@zmgr-")).count())
}

#[test]
fn an_attach_takes_a_snapshot_first_if_it_is_asked_for() {
    for (dialect, brand) in HOOKED {
        let fixture = site(dialect, brand);
        fixture.manager.create("web01", &CreateOptions::new().template("t").boot(false), &mut run()).unwrap();
        let version = || fixture.machine.run("pkg -R /zones/web01/root list -H entire");
        let old = version();
        detach(&fixture.manager, "web01").unwrap();
        crate::update::upgrade_host(fixture.dir());
        let options = AttachOptions::new().update(true).snapshot(true);
        let mut fault = Fault::new("zoneadm");
        (fault.subcommand, fault.exit, fault.times) = (Some("attach".to_owned()), Some(254), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
        attach(&fixture.manager, "web01", &options).unwrap_err();
        assert_eq!(snapshots(&fixture), (Vec::new(), 0), "{brand}");
        attach(&fixture.manager, "web01", &options).unwrap();
        assert_ne!(version(), old, "{brand}");
        assert_eq!(snapshots(&fixture).0, ["before-attach"], "{brand}");
        let back = RollbackOptions::new();
        fixture.manager.roll_back("web01", "before-attach", &back, &mut run()).unwrap().into_result().unwrap();
        assert_eq!(version(), old, "{brand}");
    }
}

#[test]
fn what_removes_the_entry_alone_leaves_the_snapshots_and_the_copies_of_the_file() {
    for keep in [false, true] {
        let fixture = fixture::new();
        fixture.create("web01");
        fixture.manager.create_snapshot("web01", Some("s"), &mut run()).unwrap();
        let copy = fixture.file("snapshots/web01/s.kdl");
        let text = fs::read_to_string(&copy).unwrap();
        let options = DestroyOptions::new().keep_data(true);
        let plan = match keep {
            true => fixture.manager.plan_destroy(&["web01"], &options).unwrap(),
            false => fixture.manager.plan_forget(&["web01"]).unwrap(),
        };
        assert!(plan.to_string().contains("snapshot s"), "{plan}");
        match keep {
            true => destroy_and_keep(&fixture.manager, "web01"),
            false => drop(fixture.manager.forget(&["web01"], &mut run()).unwrap().into_result().unwrap()),
        }
        assert_eq!(fs::read_to_string(&copy).unwrap(), text);
        let left = fixture.machine.run("zfs list -H -o name -t snapshot -r rpool/zones");
        assert_eq!(left.lines().filter(|line| line.contains("@zmgr-")).count(), 1, "{left}");
    }
}
