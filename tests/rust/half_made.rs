//! Half of a thing is there: whether it is ours, and so is taken back, or somebody else's, and so stays.

use std::fs;

use zmgr::{Code, CreateOptions, DestroyOptions, Error, Fault, OnFailure, RecoverOptions, RunOptions};

use crate::scene::{self, Scene, When};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// A creation that stops at this command and is kept as it is.
fn stopped_at(program: &str, subcommand: Option<&str>) -> Scene {
    let scene = scene::new();
    let mut fault = Fault::new(program);
    fault.subcommand = subcommand.map(str::to_owned);
    (fault.exit, fault.times) = (Some(1), Some(1));
    scene.machine.host.fault(&fault).unwrap();
    let options = CreateOptions::new().boot(false);
    let error = scene.manager.create("web01", &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
    assert_eq!(scene.manager.zone("web01").unwrap().state.as_deref(), Some("failed"));
    scene
}

/// Makes the zone's configuration by hand, in place of what is there.
fn zonecfg(scene: &Scene, commands: &str) {
    scene.machine.run("zonecfg -z web01 delete -F");
    assert_eq!(scene.machine.argv(&["zonecfg", "-z", "web01", commands], ""), "=0");
}

fn refused(scene: &Scene) -> Error {
    scene.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap().error().unwrap()
}

/// As far as zonecfg comes when it stops before the ip-type, and when it stops within the net.
const BEGINNINGS: [&str; 2] = [
    "create -b; set brand=nlipkg; set zonepath=/zones/web01",
    "create -b; set brand=nlipkg; set zonepath=/zones/web01; set ip-type=exclusive",
];

#[test]
fn a_configuration_that_zonecfg_began_is_taken_back() {
    for beginning in BEGINNINGS {
        let scene = stopped_at("zonecfg", None);
        zonecfg(&scene, beginning);
        assert_eq!(scene.recover(), ["undone web01"], "{beginning}");
        scene.assert_bare();
    }
}

#[test]
fn a_configuration_that_zonecfg_began_is_made_whole_on_request() {
    let scene = stopped_at("zonecfg", None);
    zonecfg(&scene, BEGINNINGS[0]);
    let report = scene.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    let zone = scene.manager.zone("web01").unwrap();
    assert_eq!((zone.state.as_deref(), zone.status.as_deref()), (Some("ready"), Some("installed")));
}

#[test]
fn a_configuration_that_no_beginning_of_ours_explains_stays() {
    for by_hand in [
        // Its own address on the host's stack.
        "create -b; set brand=nlipkg; set zonepath=/zones/web01; add net; set physical=net0; set address=10.9.0.5/24; end",
        // All of it could have been wanted too, but zmgr would have come to its net before.
        "create -b; set brand=nlipkg; set zonepath=/zones/web01; set ip-type=exclusive; set bootargs=-v",
    ] {
        let scene = stopped_at("zonecfg", None);
        zonecfg(&scene, by_hand);
        let error = refused(&scene);
        assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
        assert_eq!((scene.zones(), scene.vnics()), (vec!["web01:configured".to_owned()], vec!["web01_0".to_owned()]));
    }
}

#[test]
fn a_bare_configuration_is_somebodys_where_zmgr_had_not_come_to_configure() {
    for beginning in BEGINNINGS {
        let scene = stopped_at("dladm", Some("create-vnic"));
        zonecfg(&scene, beginning);
        let error = refused(&scene);
        assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
        assert!(error.message().contains("half configured"), "{error}");
        assert_eq!(scene.zones(), ["web01:configured"]);
    }
}

/// As a zonecfg leaves it that was killed before it wrote the index, or after it had taken the zone out of it.
fn forget_zone(scene: &Scene) {
    let index = scene.dir().join("etc/zones/index");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(
        &index,
        text.lines().filter(|line| !line.starts_with("web01:")).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    assert!(scene.zones().is_empty());
}

#[test]
fn a_document_that_a_killed_zonecfg_left_goes_too() {
    let document = |scene: &Scene| scene.dir().join("etc/zones/web01.xml");
    let scene = stopped_at("zonecfg", None);
    forget_zone(&scene);
    assert!(document(&scene).exists());
    assert_eq!(scene.recover(), ["undone web01"]);
    assert!(!document(&scene).exists());
    scene.assert_bare();

    let scene = stopped_at("zonecfg", None);
    forget_zone(&scene);
    let report = scene.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    assert_eq!(scene.zones(), ["web01:installed"]);
    let meddled = scene.meddled(When::Before, "delete -F", |_| panic!("zmgr dies here"));
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = meddled.destroy(&["web01"], &DestroyOptions::new(), &mut run());
    }));
    assert!(died.is_err());
    forget_zone(&scene);
    assert_eq!(scene.recover(), ["destroyed web01"]);
    assert!(!document(&scene).exists());
    scene.assert_bare();
}

#[test]
fn a_document_that_is_nobodys_zone_is_told_and_stays() {
    let scene = scene::new();
    zonecfg(&scene, "create -b; set brand=nlipkg; set zonepath=/zones/web01; set bootargs=-v");
    forget_zone(&scene);
    let error = scene.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert_eq!(error.help(), Some("zonecfg -z web01 delete -F removes what a killed zonecfg has left"));
    assert!(scene.dir().join("etc/zones/web01.xml").exists() && scene.vnics().is_empty());
}

#[test]
fn the_record_of_a_link_goes_with_it() {
    let scene = scene::new();
    scene.create("web01");
    // As after a reboot for which the lower link was missing: the record is there, the link is not.
    assert_eq!(scene.machine.run("dladm delete-vnic -t web01_0"), "=0");
    assert!(scene.vnics().is_empty());
    scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(scene.machine.run("dladm show-vnic -P -p -o link"), "=0");
    scene.assert_bare();
}

#[test]
fn a_record_is_all_that_was_made_of_the_link() {
    let scene = stopped_at("zonecfg", None);
    assert_eq!(scene.machine.run("dladm delete-vnic -t web01_0"), "=0");
    assert_eq!(scene.recover(), ["undone web01"]);
    assert_eq!(scene.machine.run("dladm show-vnic -P -p -o link"), "=0");
    scene.assert_bare();
    // Resumed, the link is made anew.
    let scene = stopped_at("zonecfg", None);
    assert_eq!(scene.machine.run("dladm delete-vnic -t web01_0"), "=0");
    let report = scene.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    assert_eq!(scene.vnics(), ["web01_0"]);
}

#[test]
fn somebody_elses_record_of_that_name_is_told_and_stays() {
    let scene = scene::new();
    scene.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    scene.machine.run("dladm delete-vnic -t web01_0");
    let options = CreateOptions::new().boot(false);
    let error = scene.manager.create("web01", &options, &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert!(error.message().contains("only its record is there"), "{error}");
    assert_eq!(error.help(), Some("if it is nobody's by now, dladm delete-vnic web01_0 removes the record"));
    assert_eq!(scene.machine.run("dladm show-vnic -P -p -o link"), "web01_0\n=0");
    assert_eq!(fs::read_dir(scene.file("zones")).unwrap().count(), 0);
    // One that took the place of a registered zone's link stays as well.
    scene.machine.run("dladm delete-vnic web01_0");
    scene.create("web01");
    scene.machine.run("dladm delete-vnic web01_0");
    scene.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    scene.machine.run("dladm delete-vnic -t web01_0");
    scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(scene.machine.run("dladm show-vnic -P -p -o link"), "web01_0\n=0");
}

/// As an install leaves it that was killed before it began, or an uninstall when it was through.
#[test]
fn an_empty_folder_in_the_zones_place_goes_with_it() {
    let scene = stopped_at("zoneadm", Some("install"));
    scene.machine.run("zoneadm -z web01 uninstall -F");
    let folder = scene.dir().join("zones/web01");
    fs::create_dir(&folder).unwrap();
    assert_eq!(scene.recover(), ["undone web01"]);
    scene.assert_bare();
    assert!(!folder.exists());
    scene.create("web01");
    let meddled = scene.meddled(When::Before, "zonecfg -z web01 delete", |machine| {
        // What is in it is somebody's.
        fs::create_dir_all(machine.dir.path().join("zones/web01/mine")).unwrap();
    });
    meddled.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(folder.join("mine").exists());
}

#[test]
fn a_zone_that_was_half_halted_runs_again() {
    let scene = scene::new();
    scene.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let fault = || {
        let mut fault = Fault::new("zoneadm");
        fault.subcommand = Some("halt".to_owned());
        (fault.exit, fault.times) = (Some(1), Some(1));
        scene.machine.host.fault(&fault).unwrap();
    };
    fault();
    scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap_err();
    assert_eq!(scene.zones(), ["web01:shutting_down"]);
    assert_eq!(scene.recover(), ["restored web01"]);
    assert_eq!(scene.zones(), ["web01:running"]);
    // A reinstallation takes itself back.
    fault();
    scene.manager.reinstall("web01", &zmgr::ReinstallOptions::new(), &mut run()).unwrap_err();
    assert_eq!(scene.zones(), ["web01:running"]);
    assert_eq!(scene.manager.zone("web01").unwrap().state.as_deref(), Some("ready"));
}

#[test]
fn a_destruction_stops_at_no_change_that_a_person_made_before_it() {
    let scene = scene::new();
    scene.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let attr = "add attr; set name=owner; set type=string; set value=me; end";
    assert_eq!(scene.machine.argv(&["zonecfg", "-z", "web01", attr], ""), "=0");
    let stop_at = |subcommand: &str| {
        let mut fault = Fault::new("zoneadm");
        fault.subcommand = Some(subcommand.to_owned());
        (fault.exit, fault.times) = (Some(1), Some(1));
        scene.machine.host.fault(&fault).unwrap();
        scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap_err();
    };
    stop_at("halt");
    assert_eq!(scene.recover(), ["restored web01"]);
    assert_eq!(scene.zones(), ["web01:running"]);
    // Without its installation nothing says that it is the zone that was to go.
    stop_at("uninstall");
    scene.machine.run("zoneadm -z web01 uninstall -F");
    let error = refused(&scene);
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert!(error.help().unwrap().contains("zmgr destroy web01"), "{error:?}");
    scene.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    scene.assert_bare();
}

/// A clone that is taken up again holds its source still, as it did the first time.
#[test]
fn a_clone_that_is_resumed_shares_its_sources_lock() {
    let scene = scene::new();
    scene.create("golden");
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("clone".to_owned());
    (fault.exit, fault.times) = (Some(1), Some(1));
    scene.machine.host.fault(&fault).unwrap();
    let options = CreateOptions::new().boot(false).clone_from("golden");
    scene.manager.create("web01", &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
    scene.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let (other, seen) = (scene.manager.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let found = std::sync::Arc::clone(&seen);
    let meddled = scene.meddled(When::Before, "clone golden", move |_| {
        let destroyed = other.destroy(&["golden"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
        *found.lock().unwrap() = Some(destroyed.error().map(|error| error.code()));
    });
    meddled.recover(&["web01"], &RecoverOptions::new().resume(true), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(*seen.lock().unwrap(), Some(Some(Code::Busy)));
    assert_eq!(scene.zones().len(), 2);
}

#[test]
fn what_was_made_is_taken_back_without_the_documents_that_it_was_made_by() {
    for gone in ["templates/oi.kdl", "pools/internal.kdl"] {
        let scene = stopped_at("zoneadm", Some("install"));
        let kept = fs::read(scene.file(gone)).unwrap();
        fs::remove_file(scene.file(gone)).unwrap();
        assert_eq!(scene.recover(), ["undone web01"], "{gone}");
        fs::write(scene.file(gone), kept).unwrap();
        scene.assert_bare();
    }
}

#[test]
fn what_is_installed_is_not_finished_without_the_documents_that_say_how() {
    let scene = scene::new();
    let manager = scene.meddled(When::Before, "set autoboot=true", |_| panic!("died"));
    let options = CreateOptions::new().boot(false);
    let died = std::panic::AssertUnwindSafe(|| manager.create("web01", &options, &mut run()));
    assert!(std::panic::catch_unwind(died).is_err());
    assert_eq!(scene.zones(), ["web01:installed"]);
    let template = fs::read(scene.file("templates/oi.kdl")).unwrap();
    fs::remove_file(scene.file("templates/oi.kdl")).unwrap();
    let error = refused(&scene);
    assert_eq!(error.code(), Code::Config, "{error:?}");
    assert!(error.help().unwrap().contains("--rollback"), "{error:?}");
    fs::write(scene.file("templates/oi.kdl"), &template).unwrap();
    assert_eq!(scene.recover(), ["finished web01"]);
    fs::remove_file(scene.file("templates/oi.kdl")).unwrap();
    assert_eq!(scene.manager.zone("web01").unwrap().state.as_deref(), Some("ready"));
}
