//! Plans: made, approved, run, refused when stale; what a destruction takes with it; clones and reinstallations.

use std::collections::BTreeMap;
use std::fs;

use zmgr::{
    Code, CreateOptions, DestroyOptions, Error, Fault, Plan, ReinstallOptions, RunOptions, ZoneState, ZoneStatus,
};

use crate::fixture::{self, Fixture, When, slug};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn quiet() -> CreateOptions {
    CreateOptions::new().boot(false)
}

/// Through JSON and back, as an approval goes.
fn approved(plan: &Plan) -> Plan {
    Plan::from_json(&plan.to_json()).unwrap()
}

fn stale(fixture: &Fixture, plan: &Plan) -> String {
    let before = fixture.machine.state();
    let error = fixture.manager.run(plan, &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::StalePlan, "{error:?}");
    assert_eq!(fixture.machine.state(), before, "a stale plan did something");
    error.message().to_owned()
}

#[test]
fn a_plan_is_run_with_what_was_chosen_when_it_was_made() {
    let fixture = fixture::new();
    let plan = fixture.manager.plan_create(&["web01", "web02"], &quiet()).unwrap();
    // Another process comes first, and gets other addresses than the plan's.
    let options = quiet().address("internal", "10.1.0.99".parse().unwrap());
    fixture.manager.create("db01", &options, &mut run()).unwrap();
    let report = fixture.manager.run(&approved(&plan), &mut run().jobs(2)).unwrap();
    assert!(report.error().is_none());
    for (change, zone) in plan.changes.iter().zip(report.zones()) {
        assert_eq!((zone.name.as_str(), zone.id.as_deref()), (change.zone.as_str(), Some(change.entry_id.as_str())));
        assert!(plan.to_json().contains(&zone.nets[0].addresses[0].address.to_string()));
        assert!(plan.to_json().contains(zone.nets[0].mac.as_deref().unwrap()));
    }
    let again = stale(&fixture, &plan);
    assert!(again.contains("web01 is already registered"), "{again}");

    let plan = fixture.manager.plan_destroy(&["web01", "web02", "db01"], &DestroyOptions::new()).unwrap();
    let report = fixture.manager.run(&approved(&plan), &mut run().jobs(3)).unwrap();
    assert!(report.error().is_none() && report.zones().count() == 0);
    fixture.assert_bare();
}

#[test]
fn a_stale_plan_says_what_has_changed_and_does_nothing() {
    let fixture = fixture::new();
    let plan = fixture.manager.plan_create(&["web01", "web02"], &quiet()).unwrap();

    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #false");
    let how = stale(&fixture, &plan);
    assert!(how.contains("templates/oi.kdl has changed"), "{how}");
    fixture.edit("templates/oi.kdl", "autoboot #false", "autoboot #true");

    fs::write(
        fixture.file("reservations/printer.kdl"),
        "reservation \"printer\" { format 1; id \"0123456789abcdef0123456789abcdef\"; address \"10.1.0.11\" pool=\"internal\" }\n",
    )
    .unwrap();
    let how = stale(&fixture, &plan);
    assert!(how.contains("10.1.0.11") && how.contains("printer"), "{how}");
    fs::remove_file(fixture.file("reservations/printer.kdl")).unwrap();

    fixture.machine.run("dladm create-vnic -l stub0 web02_0");
    let how = stale(&fixture, &plan);
    assert!(how.contains("web02_0"), "{how}");
    fixture.machine.run("dladm delete-vnic web02_0");

    fixture.manager.run(&plan, &mut run()).unwrap().into_result().unwrap();
    let plan = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    fixture.machine.run("zoneadm -z web01 boot");
    let how = stale(&fixture, &plan);
    assert!(how.contains("zone web01 is now running"), "{how}");
    fixture.machine.run("zoneadm -z web01 halt");
    fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap();
    fixture.create("web01");
    let how = stale(&fixture, &plan);
    assert!(how.contains("created again"), "{how}");
}

#[test]
fn no_command_is_taken_out_of_a_plan() {
    let fixture = fixture::new();
    let plan = fixture.manager.plan_create(&["web01"], &quiet()).unwrap();
    for (n, step) in plan.changes[0].steps.iter().enumerate().filter(|(_, step)| !step.argv.is_empty()) {
        let mut forged = plan.clone();
        forged.changes[0].steps[n].argv.push("; rm -rf /".to_owned());
        let how = stale(&fixture, &forged);
        assert!(how.contains(&format!("the step {} would do something else", step.id)), "{how}");
    }
    let mut forged = plan.clone();
    forged.changes[0].steps.remove(0);
    stale(&fixture, &forged);
    let mut forged = plan.clone();
    forged.operation = zmgr::Operation::Destroy;
    assert_eq!(slug(fixture.manager.run(&forged, &mut run())), "invalid-argument");
    let mut forged = plan.clone();
    forged.changes.push(plan.changes[0].clone());
    assert_eq!(slug(fixture.manager.run(&forged, &mut run())), "invalid-argument");
    let mut forged = plan.clone();
    forged.changes[0].zone = "../../etc/passwd".to_owned();
    assert_eq!(slug(fixture.manager.run(&forged, &mut run())), "invalid-argument");
    fixture.assert_bare();
}

#[test]
fn what_goes_stale_under_the_lock_is_noticed_there() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    let plan = fixture.manager.plan_destroy(&["web01", "web02"], &DestroyOptions::new()).unwrap();
    let interfered =
        fixture.with_interference(When::After, "web01 uninstall", |machine| drop(machine.run("zoneadm -z web02 boot")));
    let report = interfered.run(&plan, &mut run()).unwrap();
    let failures: Vec<(&str, Code)> = report.failures().map(|(name, error)| (name, error.code())).collect();
    assert_eq!(failures, [("web02", Code::StalePlan)]);
    assert_eq!(fixture.zones(), ["web02:running"]);
}

fn destroy(fixture: &Fixture, name: &str, options: &DestroyOptions) -> Result<(), Error> {
    fixture.manager.destroy(&[name], options, &mut run())?.into_result().map(drop)
}

#[test]
fn snapshots_and_clones_are_destroyed_with_force_alone_and_named_before() {
    let fixture = fixture::new();
    fixture.create("golden");
    fixture.manager.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap();
    fixture.machine.run("zfs snapshot rpool/zones/golden/ROOT/zbe@mine");
    for result in [
        fixture.manager.plan_destroy(&["golden"], &DestroyOptions::new()).map(drop),
        destroy(&fixture, "golden", &DestroyOptions::new()),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.code(), Code::WrongState);
        assert!(error.message().contains("@mine") && error.message().contains("clones (copy)"), "{error}");
    }
    let plan = fixture.manager.plan_destroy(&["golden"], &DestroyOptions::new().force(true)).unwrap();
    let notes = plan.changes[0].notes.join("\n");
    assert!(notes.contains("zbe@mine is destroyed with it") && notes.contains("zone copy is a clone of it"), "{notes}");
    // Another snapshot was not approved.
    fixture.machine.run("zfs snapshot rpool/zones/golden/ROOT/zbe@later");
    let how = stale(&fixture, &plan);
    assert!(how.contains("@later"), "{how}");
    fixture.machine.run("zfs destroy rpool/zones/golden/ROOT/zbe@later");
    fixture.manager.run(&plan, &mut run()).unwrap().into_result().unwrap();
    assert_eq!(fixture.zones(), ["copy:installed"]);
    fixture.manager.boot(&["copy"], &mut run()).unwrap().into_result().unwrap();
    destroy(&fixture, "copy", &DestroyOptions::new().force(true)).unwrap();
    fixture.assert_bare();
}

#[test]
fn file_systems_mounted_below_its_root_are_refused() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.machine.run("zfs create -o mountpoint=/zones/web01/root/mnt rpool/precious");
    let error = destroy(&fixture, "web01", &DestroyOptions::new().force(true)).unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("umount /zones/web01/root/mnt")));
    assert_eq!(fixture.zones(), ["web01:installed"]);
    fixture.machine.run("zfs destroy rpool/precious");
    destroy(&fixture, "web01", &DestroyOptions::new()).unwrap();
    fixture.assert_bare();
}

#[test]
fn delegated_datasets_stay_and_keep_data_keeps_the_files() {
    let fixture = fixture::new();
    fixture.machine.run("zfs create rpool/data");
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    dataset \"rpool/data\"");
    fixture.create("web01");
    let plan = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    assert_eq!(plan.changes[0].notes, ["the delegated dataset rpool/data stays"]);
    fixture.machine.run("zfs snapshot rpool/zones/web01/ROOT/zbe@mine");
    let report = fixture.manager.destroy(&["web01"], &DestroyOptions::new().keep_data(true), &mut run()).unwrap();
    assert!(report.error().is_none(), "{:?}", report.error());
    assert!(report.outcomes[0].notes.iter().any(|note| note.starts_with("its files stay in /zones/web01")));
    assert_eq!(fixture.zones(), [""; 0]);
    assert_eq!(fixture.vnics(), [""; 0]);
    assert!(fixture.machine.run("zfs list -H -o name rpool/zones/web01/ROOT/zbe").ends_with("=0"));
    assert!(fixture.machine.run("zfs list -H -o name rpool/data").ends_with("=0"));
}

#[test]
fn what_another_boot_environment_keeps_is_reported_and_stays() {
    let fixture = fixture::new();
    fixture.create("web01");
    let other = "rpool/zones/web01/ROOT/zbe-1";
    let parent = "org.opensolaris.libbe:parentbe=11111111-2222-3333-4444-555555555555";
    let made = fixture.machine.run(&format!("zfs create -o canmount=noauto -o {parent} {other}"));
    assert!(made.ends_with("=0"), "{made}");
    let plan = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let note = format!("{other} belongs to another boot environment of the host and stays");
    assert_eq!(plan.changes[0].notes, [note]);
    destroy(&fixture, "web01", &DestroyOptions::new()).unwrap();
    let left = fixture.machine.run("zfs list -H -o name -t all -r rpool/zones/web01");
    assert!(left.contains(&format!("{other}\n")), "{left}");
    assert_eq!(fixture.zones(), [""; 0]);
}

#[test]
fn a_protected_zone_is_destroyed_and_reinstalled_with_force_alone() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    protected #true");
    fixture.create("web01");
    // Its template protects it.
    let error = destroy(&fixture, "web01", &DestroyOptions::new()).unwrap_err();
    assert!(error.code() == Code::WrongState && error.message().contains("templates/oi.kdl:"), "{error}");
    fixture.edit("templates/oi.kdl", "protected #true", "protected #false");
    fixture.manager.set("web01", &[("protected", "true")], &mut run()).unwrap();
    assert_eq!(slug(destroy(&fixture, "web01", &DestroyOptions::new())), "wrong-state");
    let reinstall = |force| fixture.manager.reinstall("web01", &ReinstallOptions::new().force(force), &mut run());
    assert_eq!(slug(reinstall(false)), "wrong-state");
    reinstall(true).unwrap();
    destroy(&fixture, "web01", &DestroyOptions::new().force(true)).unwrap();
    fixture.assert_bare();
}

#[test]
fn a_clone_needs_a_source_that_is_down_and_left_in_peace() {
    let fixture = fixture::new();
    let clone = |name: &str| fixture.manager.create(name, &quiet().clone_from("golden"), &mut run());
    assert_eq!(slug(clone("copy")), "not-found");
    fixture.create("golden");
    fixture.manager.boot(&["golden"], &mut run()).unwrap();
    let error = clone("copy").unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("run `zmgr shutdown golden`")));
    fixture.manager.halt(&["golden"], &zmgr::HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(slug(clone("golden")), "exists");
    // Booted after the plan was made: the new zone is rolled back.
    let interfered = fixture
        .with_interference(When::After, "zonecfg -z copy -f", |machine| drop(machine.run("zoneadm -z golden boot")));
    let error = interfered.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::WrongState, "{error:?}");
    assert!(error.message().contains("golden is now running"), "{error}");
    assert_eq!(fixture.zones(), ["golden:running"]);
    fixture.machine.run("zoneadm -z golden halt");
    clone("copy").unwrap();
    assert_eq!(fixture.zones(), ["golden:installed", "copy:installed"]);
}

#[test]
fn the_source_does_not_change_while_it_is_cloned() {
    let fixture = fixture::new();
    fixture.create("golden");
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let other = fixture.manager.clone();
    for name in ["after", "zebra"] {
        let other = other.clone();
        let interfered = fixture.with_interference(When::Before, "clone golden", move |_| {
            assert_eq!(slug(other.boot(&["golden"], &mut run()).unwrap().into_result()), "busy");
            assert_eq!(
                slug(other.destroy(&["golden"], &DestroyOptions::new(), &mut run()).unwrap().into_result()),
                "busy"
            );
        });
        interfered.create(name, &quiet().clone_from("golden"), &mut run()).unwrap();
    }
    fixture.manager.boot(&["golden"], &mut run()).unwrap().into_result().unwrap();
}

#[test]
fn a_clone_that_shares_a_dataset_with_its_source_is_refused() {
    let fixture = fixture::new();
    fixture.machine.run("zfs create rpool/data");
    fixture.create("golden");
    let lend = "add dataset; set name=rpool/data; end";
    fixture.machine.argv(&["zonecfg", "-z", "golden", lend], "");
    let before = fixture.machine.state();
    let template = fs::read_to_string(fixture.file("templates/oi.kdl")).unwrap();
    for desired in
        ["dataset \"rpool/data\"", "zonecfg \"add dataset\"\n    zonecfg \"set name=rpool/data\"\n    zonecfg \"end\""]
    {
        fs::write(fixture.file("templates/oi.kdl"), template.replace("autoboot #true", desired)).unwrap();
        let error = fixture.manager.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
        assert_eq!(error.code(), Code::Config, "{error:?}");
        assert!(error.message().contains("clone source golden have the dataset rpool/data"), "{error}");
    }
    // Delegated to the new one between two steps.
    fs::write(fixture.file("templates/oi.kdl"), template).unwrap();
    let interfered = fixture.with_interference(When::Before, "zoneadm -z golden list", move |machine| {
        machine.argv(&["zonecfg", "-z", "copy", lend], "");
    });
    let error = interfered.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
    assert!(error.message().contains("rpool/data"), "{error}");
    assert!(fixture.zones().contains(&"golden:installed".to_owned()), "{:?}", fixture.zones());
    let golden = |state: Vec<String>| -> BTreeMap<String, String> {
        let of_golden =
            state.into_iter().filter(|line| line.split(' ').next().is_some_and(|path| path.contains("zones/golden")));
        of_golden.map(|line| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap()).collect()
    };
    assert_eq!(golden(before), golden(fixture.machine.state()));
}

#[test]
fn a_reinstalled_zone_has_new_files_and_everything_else_as_it_was() {
    let fixture = fixture::new();
    let before = fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let config = fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    let litter = fixture.dir().join("zones/web01/root/etc/litter");
    fs::write(&litter, "").unwrap();
    let plan = fixture.manager.plan_reinstall(&["web01"], &ReinstallOptions::new()).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps.first(), Some(&"autoboot-off"));
    assert_eq!(steps.last(), Some(&"boot"));
    let report = fixture.manager.run(&approved(&plan), &mut run()).unwrap();
    let after = report.into_result().unwrap().remove(0);
    assert_eq!((&after.id, &after.nets, after.state), (&before.id, &before.nets, Some(ZoneState::Ready)));
    assert_ne!(after.uuid, before.uuid);
    assert!(!litter.exists());
    assert_eq!(fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap(), config);
    assert_eq!(fixture.zones(), ["web01:running"]);
    // One that is down stays down.
    fixture.machine.run("zoneadm -z web01 halt");
    fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap();
    assert_eq!(fixture.zones(), ["web01:installed"]);
    // One whose files are gone gets them back.
    fixture.machine.run("zoneadm -z web01 uninstall -F");
    fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap();
    assert_eq!(fixture.zones(), ["web01:installed"]);
    destroy(&fixture, "web01", &DestroyOptions::new()).unwrap();
    fixture.assert_bare();
}

fn failing(fixture: &Fixture, subcommand: &str) {
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some(subcommand.to_owned());
    fault.exit = Some(1);
    fault.times = Some(1);
    fixture.machine.host.fault(&fault).unwrap();
}

#[test]
fn a_reinstallation_that_fails_before_the_files_are_gone_leaves_the_zone_as_it_was() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let uuid = fixture.manager.zone("web01").unwrap().uuid;
    // A halt unmounts whatever is mounted below the root, so the zone is down before.
    fixture.machine.run("zoneadm -z web01 halt");
    fixture.machine.run("zfs create -o mountpoint=/zones/web01/root/mnt rpool/precious");
    let error = fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::WrongState);
    assert!(error.message().contains("file systems are mounted below the root of web01"), "{error}");
    let zone = fixture.manager.zone("web01").unwrap();
    assert_eq!((zone.state, zone.status, zone.uuid), (Some(ZoneState::Ready), Some(ZoneStatus::Installed), uuid));
    assert!(fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap().contains("autoboot=\"true\""));
}

#[test]
fn a_reinstallation_that_fails_later_is_finished_by_recover_or_removed_by_destroy() {
    let fixture = fixture::new();
    fixture.create("web01");
    for subcommand in ["uninstall", "install"] {
        failing(&fixture, subcommand);
        let error = fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
        assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
        let zone = fixture.manager.zone("web01").unwrap();
        assert_eq!((zone.state, zone.status), (Some(ZoneState::Failed), Some(ZoneStatus::Incomplete)), "{subcommand}");
        assert_eq!(fixture.recover(), ["finished web01"]);
        let zone = fixture.manager.zone("web01").unwrap();
        assert_eq!(zone.state, Some(ZoneState::Ready));
        assert!(zone.uuid.is_some());
        fixture.machine.run("zoneadm -z web01 halt");
    }
    failing(&fixture, "install");
    fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
    destroy(&fixture, "web01", &DestroyOptions::new()).unwrap();
    fixture.assert_bare();
}

#[test]
fn each_command_of_a_plan_says_how_it_is_known() {
    let fixture = fixture::new();
    fixture.create("web01");
    let plans = [
        fixture.manager.plan_create(&["web02"], &CreateOptions::new()).unwrap(),
        fixture.manager.plan_reinstall(&["web01"], &zmgr::ReinstallOptions::new()).unwrap(),
        fixture.manager.plan_destroy(&["web01"], &zmgr::DestroyOptions::new()).unwrap(),
    ];
    for plan in plans {
        for step in &plan.changes[0].steps {
            assert_eq!(step.evidence.is_some(), !step.argv.is_empty(), "{} {step:?}", plan.operation);
        }
        let json = plan.to_json();
        assert_eq!(zmgr::Plan::from_json(&json).unwrap(), plan);
        assert!(json.contains("\"evidence\": \"recorded\""), "{json}");
    }
}
