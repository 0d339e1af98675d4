//! Plans: made, approved, run, refused when stale; what a destruction takes with it; clones and reinstallations.

use std::collections::BTreeMap;
use std::fs;

use zmgr::{Code, CreateOptions, DestroyOptions, Error, Fault, Plan, ReinstallOptions, RunOptions};

use crate::scene::{self, Scene, When, slug};

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

fn stale(scene: &Scene, plan: &Plan) -> String {
    let before = scene.machine.state();
    let error = scene.manager.run(plan, &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::StalePlan, "{error:?}");
    assert_eq!(scene.machine.state(), before, "a stale plan did something");
    error.message().to_owned()
}

#[test]
fn a_plan_is_run_with_what_was_chosen_when_it_was_made() {
    let scene = scene::new();
    let plan = scene.manager.plan_create(&["web01", "web02"], &quiet()).unwrap();
    // Somebody else comes first, and gets other addresses than the plan's.
    let options = quiet().address("internal", "10.1.0.99".parse().unwrap());
    scene.manager.create("db01", &options, &mut run()).unwrap();
    let report = scene.manager.run(&approved(&plan), &mut run().jobs(2)).unwrap();
    assert!(report.error().is_none());
    for (change, zone) in plan.changes.iter().zip(report.zones()) {
        assert_eq!((zone.name.as_str(), zone.id.as_deref()), (change.zone.as_str(), Some(change.entry_id.as_str())));
        assert!(plan.to_json().contains(&zone.nets[0].addresses[0].address.to_string()));
        assert!(plan.to_json().contains(zone.nets[0].mac.as_deref().unwrap()));
    }
    let again = stale(&scene, &plan);
    assert!(again.contains("web01 is in the registry already"), "{again}");

    let plan = scene.manager.plan_destroy(&["web01", "web02", "db01"], &DestroyOptions::new()).unwrap();
    let report = scene.manager.run(&approved(&plan), &mut run().jobs(3)).unwrap();
    assert!(report.error().is_none() && report.zones().count() == 0);
    scene.assert_bare();
}

#[test]
fn a_stale_plan_says_what_has_changed_and_does_nothing() {
    let scene = scene::new();
    let plan = scene.manager.plan_create(&["web01", "web02"], &quiet()).unwrap();

    scene.edit("templates/oi.kdl", "autoboot #true", "autoboot #false");
    let how = stale(&scene, &plan);
    assert!(how.contains("templates/oi.kdl has changed"), "{how}");
    scene.edit("templates/oi.kdl", "autoboot #false", "autoboot #true");

    fs::write(
        scene.file("reservations/printer.kdl"),
        "reservation \"printer\" { format 1; id \"0123456789abcdef0123456789abcdef\"; address \"10.1.0.11\" pool=\"internal\" }\n",
    )
    .unwrap();
    let how = stale(&scene, &plan);
    assert!(how.contains("10.1.0.11") && how.contains("printer"), "{how}");
    fs::remove_file(scene.file("reservations/printer.kdl")).unwrap();

    scene.machine.run("dladm create-vnic -l stub0 web02_0");
    let how = stale(&scene, &plan);
    assert!(how.contains("web02_0"), "{how}");
    scene.machine.run("dladm delete-vnic web02_0");

    scene.manager.run(&plan, &mut run()).unwrap().into_result().unwrap();
    let plan = scene.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    scene.machine.run("zoneadm -z web01 boot");
    let how = stale(&scene, &plan);
    assert!(how.contains("zone web01 is running by now"), "{how}");
    scene.machine.run("zoneadm -z web01 halt");
    scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap();
    scene.create("web01");
    let how = stale(&scene, &plan);
    assert!(how.contains("made anew"), "{how}");
}

#[test]
fn no_command_is_taken_out_of_a_plan() {
    let scene = scene::new();
    let plan = scene.manager.plan_create(&["web01"], &quiet()).unwrap();
    for (n, step) in plan.changes[0].steps.iter().enumerate().filter(|(_, step)| !step.argv.is_empty()) {
        let mut forged = plan.clone();
        forged.changes[0].steps[n].argv.push("; rm -rf /".to_owned());
        let how = stale(&scene, &forged);
        assert!(how.contains(&format!("the step {} would do something else", step.id)), "{how}");
    }
    let mut forged = plan.clone();
    forged.changes[0].steps.remove(0);
    stale(&scene, &forged);
    let mut forged = plan.clone();
    forged.operation = "destroy".to_owned();
    assert_eq!(slug(scene.manager.run(&forged, &mut run())), "invalid-argument");
    let mut forged = plan.clone();
    forged.changes.push(plan.changes[0].clone());
    assert_eq!(slug(scene.manager.run(&forged, &mut run())), "invalid-argument");
    let mut forged = plan.clone();
    forged.changes[0].zone = "../../etc/passwd".to_owned();
    assert_eq!(slug(scene.manager.run(&forged, &mut run())), "invalid-argument");
    scene.assert_bare();
}

#[test]
fn what_goes_stale_under_the_lock_is_noticed_there() {
    let scene = scene::new();
    scene.create("web01");
    scene.create("web02");
    let plan = scene.manager.plan_destroy(&["web01", "web02"], &DestroyOptions::new()).unwrap();
    let meddled = scene.meddled(When::After, "web01 uninstall", |machine| drop(machine.run("zoneadm -z web02 boot")));
    let report = meddled.run(&plan, &mut run()).unwrap();
    let failures: Vec<(&str, Code)> = report.failures().map(|(name, error)| (name, error.code())).collect();
    assert_eq!(failures, [("web02", Code::StalePlan)]);
    assert_eq!(scene.zones(), ["web02:running"]);
}

fn destroy(scene: &Scene, name: &str, options: &DestroyOptions) -> Result<(), Error> {
    scene.manager.destroy(&[name], options, &mut run())?.into_result().map(drop)
}

#[test]
fn snapshots_and_clones_are_destroyed_with_force_alone_and_named_before() {
    let scene = scene::new();
    scene.create("golden");
    scene.manager.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap();
    scene.machine.run("zfs snapshot rpool/zones/golden/ROOT/zbe@mine");
    for result in [
        scene.manager.plan_destroy(&["golden"], &DestroyOptions::new()).map(drop),
        destroy(&scene, "golden", &DestroyOptions::new()),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.code(), Code::WrongState);
        assert!(error.message().contains("@mine") && error.message().contains("clones (copy)"), "{error}");
    }
    let plan = scene.manager.plan_destroy(&["golden"], &DestroyOptions::new().force(true)).unwrap();
    let notes = plan.changes[0].notes.join("\n");
    assert!(notes.contains("zbe@mine goes with it") && notes.contains("the zone copy is a clone of it"), "{notes}");
    // Another snapshot was not approved.
    scene.machine.run("zfs snapshot rpool/zones/golden/ROOT/zbe@later");
    let how = stale(&scene, &plan);
    assert!(how.contains("@later"), "{how}");
    scene.machine.run("zfs destroy rpool/zones/golden/ROOT/zbe@later");
    scene.manager.run(&plan, &mut run()).unwrap().into_result().unwrap();
    assert_eq!(scene.zones(), ["copy:installed"]);
    scene.manager.boot(&["copy"], &mut run()).unwrap().into_result().unwrap();
    destroy(&scene, "copy", &DestroyOptions::new().force(true)).unwrap();
    scene.assert_bare();
}

#[test]
fn file_systems_mounted_below_its_root_are_refused() {
    let scene = scene::new();
    scene.create("web01");
    scene.machine.run("zfs create -o mountpoint=/zones/web01/root/mnt rpool/precious");
    let error = destroy(&scene, "web01", &DestroyOptions::new().force(true)).unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("umount /zones/web01/root/mnt")));
    assert_eq!(scene.zones(), ["web01:installed"]);
    scene.machine.run("zfs destroy rpool/precious");
    destroy(&scene, "web01", &DestroyOptions::new()).unwrap();
    scene.assert_bare();
}

#[test]
fn lent_datasets_stay_and_keep_data_keeps_the_files() {
    let scene = scene::new();
    scene.machine.run("zfs create rpool/data");
    scene.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    dataset \"rpool/data\"");
    scene.create("web01");
    let plan = scene.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    assert_eq!(plan.changes[0].notes, ["the dataset rpool/data is lent to it and stays"]);
    scene.machine.run("zfs snapshot rpool/zones/web01/ROOT/zbe@mine");
    let report = scene.manager.destroy(&["web01"], &DestroyOptions::new().keep_data(true), &mut run()).unwrap();
    assert!(report.error().is_none(), "{:?}", report.error());
    assert!(report.outcomes[0].notes.iter().any(|note| note.starts_with("its files stay in /zones/web01")));
    assert_eq!(scene.zones(), [""; 0]);
    assert_eq!(scene.vnics(), [""; 0]);
    assert!(scene.machine.run("zfs list -H -o name rpool/zones/web01/ROOT/zbe").ends_with("=0"));
    assert!(scene.machine.run("zfs list -H -o name rpool/data").ends_with("=0"));
}

#[test]
fn what_another_boot_environment_keeps_is_told_and_stays() {
    let scene = scene::new();
    scene.create("web01");
    let other = "rpool/zones/web01/ROOT/zbe-1";
    let parent = "org.opensolaris.libbe:parentbe=11111111-2222-3333-4444-555555555555";
    let made = scene.machine.run(&format!("zfs create -o canmount=noauto -o {parent} {other}"));
    assert!(made.ends_with("=0"), "{made}");
    let plan = scene.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let note = format!("{other} belongs to another boot environment of the host and stays, in its dataset");
    assert_eq!(plan.changes[0].notes, [note]);
    destroy(&scene, "web01", &DestroyOptions::new()).unwrap();
    let left = scene.machine.run("zfs list -H -o name -t all -r rpool/zones/web01");
    assert!(left.contains(&format!("{other}\n")), "{left}");
    assert_eq!(scene.zones(), [""; 0]);
}

#[test]
fn a_protected_zone_is_destroyed_and_reinstalled_with_force_alone() {
    let scene = scene::new();
    scene.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    protected #true");
    scene.create("web01");
    // Its template protects it.
    let error = destroy(&scene, "web01", &DestroyOptions::new()).unwrap_err();
    assert!(error.code() == Code::WrongState && error.message().contains("templates/oi.kdl:"), "{error}");
    scene.edit("templates/oi.kdl", "protected #true", "protected #false");
    scene.manager.set("web01", &[("protected", "true")], &mut run()).unwrap();
    assert_eq!(slug(destroy(&scene, "web01", &DestroyOptions::new())), "wrong-state");
    let reinstall = |force| scene.manager.reinstall("web01", &ReinstallOptions::new().force(force), &mut run());
    assert_eq!(slug(reinstall(false)), "wrong-state");
    reinstall(true).unwrap();
    destroy(&scene, "web01", &DestroyOptions::new().force(true)).unwrap();
    scene.assert_bare();
}

#[test]
fn a_clone_needs_a_source_that_is_down_and_left_in_peace() {
    let scene = scene::new();
    let clone = |name: &str| scene.manager.create(name, &quiet().clone_from("golden"), &mut run());
    assert_eq!(slug(clone("copy")), "not-found");
    scene.create("golden");
    scene.manager.boot(&["golden"], &mut run()).unwrap();
    let error = clone("copy").unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("zmgr shutdown golden")));
    scene.manager.halt(&["golden"], &zmgr::HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(slug(clone("golden")), "exists");
    // Booted by somebody after the plan was made: the new zone is taken back.
    let meddled =
        scene.meddled(When::After, "zonecfg -z copy -f", |machine| drop(machine.run("zoneadm -z golden boot")));
    let error = meddled.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::WrongState, "{error:?}");
    assert!(error.message().contains("golden is running by now"), "{error}");
    assert_eq!(scene.zones(), ["golden:running"]);
    scene.machine.run("zoneadm -z golden halt");
    clone("copy").unwrap();
    assert_eq!(scene.zones(), ["golden:installed", "copy:installed"]);
}

#[test]
fn nobody_changes_the_source_while_it_is_cloned() {
    let scene = scene::new();
    scene.create("golden");
    scene.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let other = scene.manager.clone();
    for name in ["after", "zebra"] {
        let other = other.clone();
        let meddled = scene.meddled(When::Before, "clone golden", move |_| {
            assert_eq!(slug(other.boot(&["golden"], &mut run()).unwrap().into_result()), "busy");
            assert_eq!(
                slug(other.destroy(&["golden"], &DestroyOptions::new(), &mut run()).unwrap().into_result()),
                "busy"
            );
        });
        meddled.create(name, &quiet().clone_from("golden"), &mut run()).unwrap();
    }
    scene.manager.boot(&["golden"], &mut run()).unwrap().into_result().unwrap();
}

#[test]
fn a_clone_that_shares_a_dataset_with_its_source_is_refused() {
    let scene = scene::new();
    scene.machine.run("zfs create rpool/data");
    scene.create("golden");
    let lend = "add dataset; set name=rpool/data; end";
    scene.machine.argv(&["zonecfg", "-z", "golden", lend], "");
    let before = scene.machine.state();
    let template = fs::read_to_string(scene.file("templates/oi.kdl")).unwrap();
    for wish in
        ["dataset \"rpool/data\"", "zonecfg \"add dataset\"\n    zonecfg \"set name=rpool/data\"\n    zonecfg \"end\""]
    {
        fs::write(scene.file("templates/oi.kdl"), template.replace("autoboot #true", wish)).unwrap();
        let error = scene.manager.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
        assert_eq!(error.code(), Code::Config, "{error:?}");
        assert!(error.message().contains("both have the dataset rpool/data"), "{error}");
    }
    // Lent to the new one by somebody between two steps.
    fs::write(scene.file("templates/oi.kdl"), template).unwrap();
    let meddled = scene.meddled(When::Before, "zoneadm -z golden list", move |machine| {
        machine.argv(&["zonecfg", "-z", "copy", lend], "");
    });
    let error = meddled.create("copy", &quiet().clone_from("golden"), &mut run()).unwrap_err();
    assert!(error.message().contains("rpool/data"), "{error}");
    assert!(scene.zones().contains(&"golden:installed".to_owned()), "{:?}", scene.zones());
    let golden = |state: Vec<String>| -> BTreeMap<String, String> {
        let of_golden =
            state.into_iter().filter(|line| line.split(' ').next().is_some_and(|path| path.contains("zones/golden")));
        of_golden.map(|line| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap()).collect()
    };
    assert_eq!(golden(before), golden(scene.machine.state()));
}

#[test]
fn a_reinstalled_zone_has_new_files_and_everything_else_as_it_was() {
    let scene = scene::new();
    let before = scene.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let config = fs::read_to_string(scene.dir().join("etc/zones/web01.xml")).unwrap();
    let litter = scene.dir().join("zones/web01/root/etc/litter");
    fs::write(&litter, "").unwrap();
    let plan = scene.manager.plan_reinstall(&["web01"], &ReinstallOptions::new()).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps.first(), Some(&"autoboot-off"));
    assert_eq!(steps.last(), Some(&"boot"));
    let report = scene.manager.run(&approved(&plan), &mut run()).unwrap();
    let after = report.into_result().unwrap().remove(0);
    assert_eq!((&after.id, &after.nets, after.state.as_deref()), (&before.id, &before.nets, Some("ready")));
    assert_ne!(after.uuid, before.uuid);
    assert!(!litter.exists());
    assert_eq!(fs::read_to_string(scene.dir().join("etc/zones/web01.xml")).unwrap(), config);
    assert_eq!(scene.zones(), ["web01:running"]);
    // One that is down stays down.
    scene.machine.run("zoneadm -z web01 halt");
    scene.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap();
    assert_eq!(scene.zones(), ["web01:installed"]);
    // One whose files are gone gets them back.
    scene.machine.run("zoneadm -z web01 uninstall -F");
    scene.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap();
    assert_eq!(scene.zones(), ["web01:installed"]);
    destroy(&scene, "web01", &DestroyOptions::new()).unwrap();
    scene.assert_bare();
}

fn failing(scene: &Scene, subcommand: &str) {
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some(subcommand.to_owned());
    fault.exit = Some(1);
    fault.times = Some(1);
    scene.machine.host.fault(&fault).unwrap();
}

#[test]
fn a_reinstallation_that_fails_before_the_files_are_gone_leaves_the_zone_as_it_was() {
    let scene = scene::new();
    scene.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let uuid = scene.manager.zone("web01").unwrap().uuid;
    // A halt unmounts whatever is mounted below the root, so the zone is down before.
    scene.machine.run("zoneadm -z web01 halt");
    scene.machine.run("zfs create -o mountpoint=/zones/web01/root/mnt rpool/precious");
    let error = scene.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::WrongState);
    assert!(error.message().contains("file systems are mounted below the root of web01"), "{error}");
    let zone = scene.manager.zone("web01").unwrap();
    assert_eq!((zone.state.as_deref(), zone.status.as_deref(), zone.uuid), (Some("ready"), Some("installed"), uuid));
    assert!(fs::read_to_string(scene.dir().join("etc/zones/web01.xml")).unwrap().contains("autoboot=\"true\""));
}

#[test]
fn a_reinstallation_that_fails_later_is_finished_by_recover_or_removed_by_destroy() {
    let scene = scene::new();
    scene.create("web01");
    for (subcommand, state) in [("uninstall", "incomplete"), ("install", "incomplete")] {
        failing(&scene, subcommand);
        let error = scene.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
        assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
        let zone = scene.manager.zone("web01").unwrap();
        assert_eq!((zone.state.as_deref(), zone.status.as_deref()), (Some("failed"), Some(state)), "{subcommand}");
        assert_eq!(scene.recover(), ["finished web01"]);
        let zone = scene.manager.zone("web01").unwrap();
        assert_eq!(zone.state.as_deref(), Some("ready"));
        assert!(zone.uuid.is_some());
        scene.machine.run("zoneadm -z web01 halt");
    }
    failing(&scene, "install");
    scene.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
    destroy(&scene, "web01", &DestroyOptions::new()).unwrap();
    scene.assert_bare();
}
