//! Something exists only in part: if zmgr made it, it is undone; otherwise it stays.

use std::fs;

use zmgr::{
    Code, CreateOptions, DestroyOptions, Error, Fault, OnFailure, RecoverOptions, RunOptions, ZoneState, ZoneStatus,
};

use crate::fixture::{self, Fixture, When};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// A creation that stops at this command and is kept as it is.
fn stopped_at(program: &str, subcommand: Option<&str>) -> Fixture {
    let fixture = fixture::new();
    let mut fault = Fault::new(program);
    fault.subcommand = subcommand.map(str::to_owned);
    (fault.exit, fault.times) = (Some(1), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let options = CreateOptions::new().boot(false);
    let error = fixture.manager.create("web01", &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Failed));
    fixture
}

/// Makes the zone's configuration by hand, in place of what is there.
fn zonecfg(fixture: &Fixture, commands: &str) {
    fixture.machine.run("zonecfg -z web01 delete -F");
    assert_eq!(fixture.machine.argv(&["zonecfg", "-z", "web01", commands], ""), "=0");
}

fn refused(fixture: &Fixture) -> Error {
    fixture.manager.recover(&[], &RecoverOptions::new(), &mut run()).unwrap().error().unwrap()
}

/// As far as zonecfg comes when it stops before the ip-type, and when it stops within the net.
const BEGINNINGS: [&str; 2] = [
    "create -b; set brand=nlipkg; set zonepath=/zones/web01",
    "create -b; set brand=nlipkg; set zonepath=/zones/web01; set ip-type=exclusive",
];

#[test]
fn a_configuration_that_zonecfg_began_is_taken_back() {
    for beginning in BEGINNINGS {
        let fixture = stopped_at("zonecfg", None);
        zonecfg(&fixture, beginning);
        assert_eq!(fixture.recover(), ["undone web01"], "{beginning}");
        fixture.assert_bare();
    }
}

#[test]
fn a_configuration_that_zonecfg_began_is_made_whole_on_request() {
    let fixture = stopped_at("zonecfg", None);
    zonecfg(&fixture, BEGINNINGS[0]);
    let report = fixture.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    let zone = fixture.manager.zone("web01").unwrap();
    assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Installed)));
}

#[test]
fn a_configuration_that_no_beginning_of_ours_explains_stays() {
    for by_hand in [
        // Its own address on the host's stack.
        "create -b; set brand=nlipkg; set zonepath=/zones/web01; add net; set physical=net0; set address=10.9.0.5/24; end",
        // All of it could have been wanted too, but zmgr would have come to its net before.
        "create -b; set brand=nlipkg; set zonepath=/zones/web01; set ip-type=exclusive; set bootargs=-v",
    ] {
        let fixture = stopped_at("zonecfg", None);
        zonecfg(&fixture, by_hand);
        let error = refused(&fixture);
        assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
        assert_eq!(
            (fixture.zones(), fixture.vnics()),
            (vec!["web01:configured".to_owned()], vec!["web01_0".to_owned()])
        );
        // Neither --resume nor --rollback would do anything else.
        assert_eq!(error.help(), Some("fix the zone by hand, then run `zmgr recover web01`"));
    }
}

#[test]
fn a_bare_configuration_is_not_zmgrs_before_its_step() {
    for beginning in BEGINNINGS {
        let fixture = stopped_at("dladm", Some("create-vnic"));
        zonecfg(&fixture, beginning);
        let error = refused(&fixture);
        assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
        assert!(error.message().contains("partly configured"), "{error}");
        assert_eq!(fixture.zones(), ["web01:configured"]);
    }
}

/// As a zonecfg leaves it that was killed before it wrote the index, or after it had taken the zone out of it.
fn forget_zone(fixture: &Fixture) {
    let index = fixture.dir().join("etc/zones/index");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(
        &index,
        text.lines().filter(|line| !line.starts_with("web01:")).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    assert!(fixture.zones().is_empty());
}

#[test]
fn a_document_that_a_killed_zonecfg_left_goes_too() {
    let document = |fixture: &Fixture| fixture.dir().join("etc/zones/web01.xml");
    let fixture = stopped_at("zonecfg", None);
    forget_zone(&fixture);
    assert!(document(&fixture).exists());
    assert_eq!(fixture.recover(), ["undone web01"]);
    assert!(!document(&fixture).exists());
    fixture.assert_bare();

    let fixture = stopped_at("zonecfg", None);
    forget_zone(&fixture);
    let report = fixture.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    assert_eq!(fixture.zones(), ["web01:installed"]);
    let interfered = fixture.with_interference(When::Before, "delete -F", |_| panic!("zmgr dies here"));
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = interfered.destroy(&["web01"], &DestroyOptions::new(), &mut run());
    }));
    assert!(died.is_err());
    forget_zone(&fixture);
    assert_eq!(fixture.recover(), ["destroyed web01"]);
    assert!(!document(&fixture).exists());
    fixture.assert_bare();
}

#[test]
fn a_document_without_a_zone_is_reported_and_stays() {
    let fixture = fixture::new();
    zonecfg(&fixture, "create -b; set brand=nlipkg; set zonepath=/zones/web01; set bootargs=-v");
    forget_zone(&fixture);
    let error = fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert_eq!(error.help(), Some("run `zonecfg -z web01 delete -F` to remove what a killed zonecfg left"));
    assert!(fixture.dir().join("etc/zones/web01.xml").exists() && fixture.vnics().is_empty());
}

#[test]
fn the_record_of_a_link_goes_with_it() {
    let fixture = fixture::new();
    fixture.create("web01");
    // As after a reboot for which the lower link was missing: the record is there, the link is not.
    assert_eq!(fixture.machine.run("dladm delete-vnic -t web01_0"), "=0");
    assert!(fixture.vnics().is_empty());
    fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(fixture.machine.run("dladm show-vnic -P -p -o link"), "=0");
    fixture.assert_bare();
}

#[test]
fn a_record_is_all_that_was_made_of_the_link() {
    let fixture = stopped_at("zonecfg", None);
    assert_eq!(fixture.machine.run("dladm delete-vnic -t web01_0"), "=0");
    assert_eq!(fixture.recover(), ["undone web01"]);
    assert_eq!(fixture.machine.run("dladm show-vnic -P -p -o link"), "=0");
    fixture.assert_bare();
    // Resumed, the link is created again.
    let fixture = stopped_at("zonecfg", None);
    assert_eq!(fixture.machine.run("dladm delete-vnic -t web01_0"), "=0");
    let report = fixture.manager.recover(&[], &RecoverOptions::new().resume(true), &mut run()).unwrap();
    report.into_result().unwrap();
    assert_eq!(fixture.vnics(), ["web01_0"]);
}

#[test]
fn a_record_of_that_name_from_others_is_reported_and_stays() {
    let fixture = fixture::new();
    fixture.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    fixture.machine.run("dladm delete-vnic -t web01_0");
    let options = CreateOptions::new().boot(false);
    let error = fixture.manager.create("web01", &options, &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert!(error.message().contains("only its record exists"), "{error}");
    assert_eq!(error.help(), Some("if it is unused, remove the record: dladm delete-vnic web01_0"));
    assert_eq!(fixture.machine.run("dladm show-vnic -P -p -o link"), "web01_0\n=0");
    assert_eq!(fs::read_dir(fixture.file("zones")).unwrap().count(), 0);
    // One that took the place of a registered zone's link stays as well.
    fixture.machine.run("dladm delete-vnic web01_0");
    fixture.create("web01");
    fixture.machine.run("dladm delete-vnic web01_0");
    fixture.machine.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0");
    fixture.machine.run("dladm delete-vnic -t web01_0");
    fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(fixture.machine.run("dladm show-vnic -P -p -o link"), "web01_0\n=0");
}

/// As an install leaves it that was killed before it began, or an uninstall when it was through.
#[test]
fn an_empty_directory_in_the_zones_place_is_removed_with_it() {
    let fixture = stopped_at("zoneadm", Some("install"));
    fixture.machine.run("zoneadm -z web01 uninstall -F");
    let directory = fixture.dir().join("zones/web01");
    fs::create_dir(&directory).unwrap();
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
    assert!(!directory.exists());
    fixture.create("web01");
    let interfered = fixture.with_interference(When::Before, "zonecfg -z web01 delete", |machine| {
        // Its content is not zmgr's.
        fs::create_dir_all(machine.dir.path().join("zones/web01/mine")).unwrap();
    });
    interfered.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(directory.join("mine").exists());
}

#[test]
fn a_zone_that_was_half_halted_runs_again() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let fault = || {
        let mut fault = Fault::new("zoneadm");
        fault.subcommand = Some("halt".to_owned());
        (fault.exit, fault.times) = (Some(1), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
    };
    fault();
    fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap_err();
    assert_eq!(fixture.zones(), ["web01:shutting_down"]);
    assert_eq!(fixture.recover(), ["restored web01"]);
    assert_eq!(fixture.zones(), ["web01:running"]);
    // A reinstallation takes itself back.
    fault();
    fixture.manager.reinstall("web01", &zmgr::ReinstallOptions::new(), &mut run()).unwrap_err();
    assert_eq!(fixture.zones(), ["web01:running"]);
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
}

#[test]
fn a_destruction_stops_at_no_change_that_a_person_made_before_it() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let attr = "add attr; set name=owner; set type=string; set value=me; end";
    assert_eq!(fixture.machine.argv(&["zonecfg", "-z", "web01", attr], ""), "=0");
    let stop_at = |subcommand: &str| {
        let mut fault = Fault::new("zoneadm");
        fault.subcommand = Some(subcommand.to_owned());
        (fault.exit, fault.times) = (Some(1), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
        fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap_err();
    };
    stop_at("halt");
    assert_eq!(fixture.recover(), ["restored web01"]);
    assert_eq!(fixture.zones(), ["web01:running"]);
    // Without its installation nothing says that it is the zone that was to go.
    stop_at("uninstall");
    fixture.machine.run("zoneadm -z web01 uninstall -F");
    let error = refused(&fixture);
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert!(error.help().unwrap().contains("zmgr destroy web01"), "{error:?}");
    fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    fixture.assert_bare();
}

/// A clone that is taken up again holds its source still, as it did the first time.
#[test]
fn a_clone_that_is_resumed_shares_its_sources_lock() {
    let fixture = fixture::new();
    fixture.create("golden");
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("clone".to_owned());
    (fault.exit, fault.times) = (Some(1), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let options = CreateOptions::new().boot(false).clone_from("golden");
    fixture.manager.create("web01", &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let (other, seen) = (fixture.manager.clone(), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let found = std::sync::Arc::clone(&seen);
    let interfered = fixture.with_interference(When::Before, "clone golden", move |_| {
        let destroyed = other.destroy(&["golden"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
        *found.lock().unwrap() = Some(destroyed.error().map(|error| error.code()));
    });
    interfered.recover(&["web01"], &RecoverOptions::new().resume(true), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(*seen.lock().unwrap(), Some(Some(Code::Busy)));
    assert_eq!(fixture.zones().len(), 2);
}

#[test]
fn what_was_made_is_taken_back_without_the_documents_that_it_was_made_by() {
    for gone in ["templates/oi.kdl", "pools/internal.kdl"] {
        let fixture = stopped_at("zoneadm", Some("install"));
        let kept = fs::read(fixture.file(gone)).unwrap();
        fs::remove_file(fixture.file(gone)).unwrap();
        assert_eq!(fixture.recover(), ["undone web01"], "{gone}");
        fs::write(fixture.file(gone), kept).unwrap();
        fixture.assert_bare();
    }
}

#[test]
fn what_is_installed_is_not_finished_without_the_documents_that_say_how() {
    let fixture = fixture::new();
    let manager = fixture.with_interference(When::Before, "set autoboot=true", |_| panic!("died"));
    let options = CreateOptions::new().boot(false);
    let died = std::panic::AssertUnwindSafe(|| manager.create("web01", &options, &mut run()));
    assert!(std::panic::catch_unwind(died).is_err());
    assert_eq!(fixture.zones(), ["web01:installed"]);
    let template = fs::read(fixture.file("templates/oi.kdl")).unwrap();
    fs::remove_file(fixture.file("templates/oi.kdl")).unwrap();
    let error = refused(&fixture);
    assert_eq!(error.code(), Code::Config, "{error:?}");
    assert!(error.help().unwrap().contains("--rollback"), "{error:?}");
    fs::write(fixture.file("templates/oi.kdl"), &template).unwrap();
    assert_eq!(fixture.recover(), ["finished web01"]);
    fs::remove_file(fixture.file("templates/oi.kdl")).unwrap();
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
}
