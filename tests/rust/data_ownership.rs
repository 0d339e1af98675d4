//! Data that zmgr did not make outlives whatever zmgr does.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, RecoverOptions, ReinstallOptions, RunOptions, ZoneState,
};

use crate::fixture::{self, Fixture, When};
use crate::snapshot::copy;

fn run() -> RunOptions<'static> {
    RunOptions::new()
}

/// Puts a file of the administrator's at a path of the host.
fn put(fixture: &Fixture, path: &str) {
    let path = fixture.dir().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "mine\n").unwrap();
}

fn is_there(fixture: &Fixture, path: &str) -> bool {
    fixture.dir().join(path).is_file()
}

#[test]
fn a_dataset_of_the_administrator_is_not_installed_into_and_not_destroyed() {
    for (make, file) in [
        ("zfs create rpool/zones/web01", "zones/web01/file"),
        ("zfs create -o mountpoint=/elsewhere rpool/zones/web01", "elsewhere/file"),
        ("zfs create -o mountpoint=/zones/web01 rpool/other", "zones/web01/file"),
        ("zfs list rpool", "zones/web01/file"),
    ] {
        let fixture = fixture::new();
        fixture.machine.run(make);
        put(&fixture, file);
        let before = crate::snapshot::whole(fixture.dir());
        for plan in [true, false] {
            let options = CreateOptions::new();
            let error = match plan {
                true => fixture.manager.plan_create(&["web01"], &options).map(drop).unwrap_err(),
                false => fixture.manager.create("web01", &options, &mut run()).map(drop).unwrap_err(),
            };
            assert_eq!(error.code(), Code::Exists, "{make}: {error:?}");
            assert!(error.message().contains("rpool/") || error.message().contains("/zones/web01"), "{error}");
        }
        assert!(is_there(&fixture, file), "{make}");
        assert_eq!(before, crate::snapshot::whole(fixture.dir()), "{make}");
    }
}

#[test]
fn an_unmounted_dataset_of_the_zones_name_is_in_the_way() {
    let fixture = fixture::new();
    fixture.machine.run("zfs create rpool/zones/web01");
    put(&fixture, "zones/web01/file");
    fixture.machine.run("zfs unmount rpool/zones/web01");
    assert_eq!(fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap_err().code(), Code::Exists);
    fixture.machine.run("zfs mount rpool/zones/web01");
    assert!(is_there(&fixture, "zones/web01/file"));
}

#[test]
fn files_of_a_zone_that_a_restored_backup_forgot_are_kept() {
    let fixture = fixture::new();
    let saved = tempfile::tempdir().unwrap();
    for directory in ["etc/zmgr", "etc/zones"] {
        copy(&fixture.dir().join(directory), &saved.path().join(directory));
    }
    fixture.create("web01");
    put(&fixture, "zones/web01/root/etc/data");
    for directory in ["etc/zmgr", "etc/zones"] {
        fs::remove_dir_all(fixture.dir().join(directory)).unwrap();
        copy(&saved.path().join(directory), &fixture.dir().join(directory));
    }
    let error = fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists, "{error:?}");
    assert!(error.help().unwrap().contains("attach"), "{error:?}");
    assert!(is_there(&fixture, "zones/web01/root/etc/data"));
}

#[test]
fn data_that_appears_during_a_creation_is_not_rolled_back_with_it() {
    for moment in ["dladm create-vnic", "zonecfg -z web01 -f"] {
        let fixture = fixture::new();
        let interfered = fixture.with_interference(When::After, moment, |machine| {
            machine.run("zfs create rpool/zones/web01");
            fs::write(machine.dir.path().join("zones/web01/file"), "mine\n").unwrap();
        });
        let error = interfered.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
        assert_eq!(error.code(), Code::Exists, "{moment}: {error:?}");
        assert!(is_there(&fixture, "zones/web01/file"), "{moment}");
        assert_eq!((fixture.zones(), fixture.vnics()), (Vec::new(), Vec::new()), "{moment}");
        assert!(!fixture.entry("web01").exists(), "{moment}");
    }
}

#[test]
fn a_dataset_in_the_place_of_ours_is_not_destroyed() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.machine.run("zfs destroy -r rpool/zones/web01");
    fixture.machine.run("zfs create rpool/zones/web01");
    put(&fixture, "zones/web01/file");
    let destroyed = fixture.manager.destroy(&["web01"], &DestroyOptions::new().force(true), &mut run()).unwrap();
    assert_eq!(destroyed.into_result().unwrap_err().code(), Code::RecoveryNeeded);
    let error = fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error:?}");
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
    assert!(is_there(&fixture, "zones/web01/file"));
}

#[test]
fn a_creation_that_is_resumed_or_undone_leaves_what_was_put_there_since() {
    for resume in [true, false] {
        let fixture = fixture::new();
        fixture.machine.run("zfs list rpool");
        let kept = &mut RunOptions::new().on_failure(zmgr::OnFailure::Keep);
        let mut fault = zmgr::Fault::new("zoneadm");
        (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(1), Some(1));
        zmgr::SimHost::open(fixture.dir()).unwrap().fault(&fault).unwrap();
        fixture.manager.create("web01", &CreateOptions::new(), kept).unwrap_err();
        fixture.machine.run("zoneadm -z web01 uninstall -F");
        fixture.machine.run("zfs create rpool/zones/web01");
        put(&fixture, "zones/web01/file");
        let options = if resume { RecoverOptions::new().resume(true) } else { RecoverOptions::new() };
        let recovered = fixture.manager.recover(&["web01"], &options, &mut run()).unwrap();
        if resume {
            assert_eq!(recovered.error().unwrap().code(), Code::Exists, "{recovered:?}");
        }
        assert!(is_there(&fixture, "zones/web01/file"), "{resume}");
    }
}

#[test]
fn a_zone_that_the_host_lost_is_not_built_again_over_its_data() {
    let fixture = fixture::new();
    fixture.create("web01");
    put(&fixture, "zones/web01/root/etc/data");
    fs::remove_file(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    let index = fixture.dir().join("etc/zones/index");
    let text = fs::read_to_string(&index).unwrap();
    let others: Vec<&str> = text.lines().filter(|line| !line.starts_with("web01:")).collect();
    fs::write(&index, others.join("\n") + "\n").unwrap();
    let report = fixture.manager.apply(&["web01"], &ApplyOptions::new().recreate(true), &mut run()).unwrap();
    assert_eq!(report.error().unwrap().code(), Code::Exists, "{report:?}");
    assert!(is_there(&fixture, "zones/web01/root/etc/data"));
}
