//! Datasets that are delegated to a zone outlive it, unless its administrator says otherwise.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Dialect, Manager, Plan, RecoverOptions, ReinstallOptions,
    RunOptions,
};

use crate::fixture;
use crate::sim_machine::{self, Pretend};
use crate::snapshot::{differences, whole};

const DATA: &str = "rpool/zones/web01/data";

/// A zone of brand illumos, whose uninstall destroys every dataset below its own, with a delegated dataset there.
fn with_data_within() -> (Pretend, Manager) {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    let put = |path: &str, text: &str| {
        let path = pretend.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("export/base.tar", &format!("{}ustar{}", "\0".repeat(257), "\0".repeat(762)));
    let template = "template \"t\" {\n    net \"internal\" { pool \"internal\"; }\n    brand \"illumos\"\n    install { image \"/export/base.tar\"; }\n}\n";
    put("etc/zmgr/templates/t.kdl", template);
    let options = CreateOptions::new().template("t").boot(false);
    manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    assert!(pretend.run(&format!("zfs create -o zoned=on {DATA}")).ends_with("=0"));
    let entry = pretend.dir.path().join("etc/zmgr/zones/web01.kdl");
    let text = fs::read_to_string(&entry).unwrap();
    let state = "    state \"ready\"";
    fs::write(&entry, text.replace(state, &format!("    dataset \"{DATA}\"\n{state}"))).unwrap();
    manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    (pretend, manager)
}

fn has(pretend: &Pretend, dataset: &str) -> bool {
    pretend.run(&format!("zfs list {dataset}")).ends_with("=0")
}

#[test]
fn a_dataset_within_the_zones_own_is_not_destroyed_with_the_zone_unasked() {
    let (pretend, manager) = with_data_within();
    let before = whole(pretend.dir.path());
    let options = DestroyOptions::new().force(true);
    let planned = manager.plan_destroy(&["web01"], &options).map(drop).unwrap_err();
    let destroyed = manager.destroy(&["web01"], &options, &mut RunOptions::new()).unwrap().error().unwrap();
    let reinstall = ReinstallOptions::new().force(true);
    let reinstalled = manager.reinstall("web01", &reinstall, &mut RunOptions::new()).map(drop).unwrap_err();
    for error in [planned, destroyed, reinstalled] {
        assert_eq!(error.code(), Code::WrongState, "{error:?}");
        assert!(error.message().contains(DATA) && error.help().unwrap().contains("--purge"), "{error:?}");
    }
    let now = whole(pretend.dir.path());
    assert!(now == before, "{}", differences(&before, &now));
}

#[test]
fn a_destroy_that_purges_names_the_dataset_and_destroys_it() {
    let (pretend, manager) = with_data_within();
    let plan = manager.plan_destroy(&["web01"], &DestroyOptions::new().purge(true)).unwrap();
    assert!(plan.changes[0].notes.contains(&format!("the delegated dataset {DATA} is destroyed with it")), "{plan}");
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(!has(&pretend, DATA));
}

#[test]
fn data_that_is_kept_is_not_purged() {
    let (pretend, manager) = with_data_within();
    let both = DestroyOptions::new().keep_data(true).purge(true);
    assert_eq!(manager.plan_destroy(&["web01"], &both).map(drop).unwrap_err().code(), Code::InvalidArgument);
    let kept = DestroyOptions::new().keep_data(true);
    manager.destroy(&["web01"], &kept, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(has(&pretend, DATA));
}

#[test]
fn a_plan_that_purges_nothing_cannot_be_changed_to_purge() {
    let fixture = fixture::new();
    let file = fixture.entry("web01");
    fs::write(&file, "zone \"web01\" {\n    template \"oi\"\n    dataset \"rpool/data\" create=#true\n}\n").unwrap();
    fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let plan = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&plan.to_json()).unwrap();
    json["changes"][0]["request"]["destroy"]["options"]["purge"] = true.into();
    let plan = Plan::from_json(&json.to_string()).unwrap();
    assert_eq!(fixture.manager.run(&plan, &mut RunOptions::new()).map(drop).unwrap_err().code(), Code::StalePlan);
    assert!(has(&fixture.machine, "rpool/data"));
}

#[test]
fn a_dataset_that_zmgr_made_stays_unless_the_destroy_purges() {
    for purge in [false, true] {
        let fixture = fixture::new();
        let file = fixture.entry("web01");
        fs::write(&file, "zone \"web01\" {\n    template \"oi\"\n    dataset \"rpool/data\" create=#true\n}\n")
            .unwrap();
        fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
        let options = DestroyOptions::new().purge(purge);
        let plan = fixture.manager.plan_destroy(&["web01"], &options).unwrap();
        assert_eq!(plan.to_string().contains("zfs destroy -r rpool/data"), purge, "{plan}");
        fixture.manager.destroy(&["web01"], &options, &mut RunOptions::new()).unwrap().into_result().unwrap();
        assert_eq!(has(&fixture.machine, "rpool/data"), !purge);
    }
}

#[test]
fn a_dataset_in_the_place_of_one_that_zmgr_made_is_not_purged() {
    let fixture = fixture::new();
    let file = fixture.entry("web01");
    fs::write(
        &file,
        "zone \"web01\" {\n    template \"oi\"\n    autoboot #false\n    dataset \"rpool/data\" create=#true\n}\n",
    )
    .unwrap();
    fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    fixture.machine.run("zfs destroy -r rpool/data");
    fixture.machine.run("zfs create rpool/data");
    let options = DestroyOptions::new().purge(true);
    fixture.manager.destroy(&["web01"], &options, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(has(&fixture.machine, "rpool/data"));
}

#[test]
fn a_purge_that_was_interrupted_is_resumed_as_one() {
    let (pretend, manager) = with_data_within();
    let mut fault = zmgr::Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("uninstall".to_owned()), Some(1), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.destroy(&["web01"], &DestroyOptions::new().purge(true), &mut RunOptions::new()).unwrap();
    assert_eq!(report.error().unwrap().code(), Code::CommandFailed);
    let resume = RecoverOptions::new().resume(true);
    manager.recover(&[], &resume, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(!has(&pretend, DATA));
    assert_eq!(manager.zone("web01").unwrap_err().code(), Code::NotFound);
}
