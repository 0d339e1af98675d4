//! `forget` removes the entry of a zone, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use zmgr::{Code, CreateOptions, Dialect, Fault, ImportOptions, Manager, Plan, Query, RunOptions, ZoneStatus};

use crate::import::{configure, manager};
use crate::sim_machine::{self, Pretend};

/// Every file below the directory, without what can be derived again.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            // The record of changes is not what they change.
            if path.ends_with(".zmgr") || path.ends_with("changes.jsonl") {
                continue;
            }
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn locks(manager: &Manager) -> Vec<String> {
    let entries = fs::read_dir(manager.root().join(".zmgr/locks")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name != "registry").collect()
}

fn legacy(pretend: &Pretend) {
    pretend.run("dladm create-vnic -l stub0 legacy0");
    configure(
        pretend,
        "legacy",
        "set ip-type=exclusive\nadd net\nset physical=legacy0\nset allowed-address=10.1.0.10/24\nend",
    );
    assert!(pretend.run("zoneadm -z legacy install").ends_with("=0"));
}

#[test]
fn import_and_forget_leave_tree_and_host_as_they_were() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    legacy(&pretend);
    let before = files(pretend.dir.path());
    manager.import(&["legacy"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_ne!(files(pretend.dir.path()), before);
    let plan = manager.plan_forget(&["legacy"]).unwrap();
    assert!(plan.changes[0].notes.is_empty(), "nothing is lost: {plan}");
    let outcomes = manager.run(&Plan::from_json(&plan.to_json()).unwrap(), &mut RunOptions::new()).unwrap().outcomes;
    assert_eq!((outcomes[0].action, outcomes[0].result.as_ref().unwrap()), (zmgr::Action::Forgotten, &None));
    assert_eq!(files(pretend.dir.path()), before);
    assert!(locks(&manager).is_empty(), "{:?}", locks(&manager));
    assert!(manager.zones(&Query::new()).unwrap().is_empty());
    assert_eq!(manager.forget(&["legacy"], &mut RunOptions::new()).unwrap().error().unwrap().code(), Code::NotFound);
    assert!(locks(&manager).is_empty(), "{:?}", locks(&manager));
    assert_eq!(manager.run(&plan, &mut RunOptions::new()).unwrap_err().code(), Code::StalePlan);
}

#[test]
fn what_a_forgotten_zone_has_stays_held() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let plan = manager.plan_forget(&["web01"]).unwrap();
    assert!(plan.changes[0].notes[0].contains("zmgr created web01"), "{plan}");
    manager.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    let on_host = manager.zones(&Query::new().unregistered(true)).unwrap();
    assert_eq!((on_host[0].state, on_host[0].status), (None, Some(ZoneStatus::Running)));
    // Neither an allocation, which trusts the last look at the host, nor a new zone is given its address.
    let given = manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    assert_eq!(given.addresses[0].address.to_string(), "10.1.0.11/24");
    let zone = manager.create("web02", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(zone.nets[0].addresses[0].address.to_string(), "10.1.0.12/24");
    assert_eq!(zone.nets[0].vnic.as_deref(), Some("web02_0"));
}

#[test]
fn an_entry_with_an_unfinished_operation_is_not_forgotten() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("install".to_owned());
    fault.exit = Some(1);
    pretend.host.fault(&fault).unwrap();
    let mut run = RunOptions::new().on_failure(zmgr::OnFailure::Keep);
    manager.create("web01", &CreateOptions::new(), &mut run).unwrap_err();
    let before = files(manager.root());
    let error = manager.forget(&["web01"], &mut RunOptions::new()).unwrap().error().unwrap();
    assert_eq!(error.code(), Code::RecoveryNeeded, "{error}");
    assert!(error.help().unwrap().contains("zmgr recover web01"), "{error:?}");
    assert_eq!(manager.plan_forget(&["web01"]).unwrap_err().code(), Code::RecoveryNeeded);
    assert_eq!(files(manager.root()), before);
}

#[test]
fn what_is_lost_with_an_entry_is_said() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    legacy(&pretend);
    manager.import(&["legacy"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    fs::write(manager.root().join("zones/new.kdl"), "zone \"new\" {\n    template \"oi\"\n}\n").unwrap();
    let notes = |zone: &str| manager.plan_forget(&[zone]).unwrap().changes[0].notes.join("\n");
    assert!(notes("new").contains("only record"), "{}", notes("new"));
    let path = manager.root().join("zones/legacy.kdl");
    let text = fs::read_to_string(&path).unwrap();
    for edited in [
        text.replacen("    brand", "    // Ask Alice before touching it.\n    brand", 1),
        text.replacen("    applied {", "    tag \"web\"\n    applied {", 1),
        text.replacen("    applied {", "    cpu-shares 7\n    applied {", 1),
    ] {
        assert_ne!(edited, text);
        fs::write(&path, &edited).unwrap();
        assert!(notes("legacy").contains("edited since"), "{edited}: {}", notes("legacy"));
    }
    fs::write(&path, &text).unwrap();
    assert_eq!(notes("legacy"), "");
    pretend.run("zoneadm -z legacy uninstall -F");
    pretend.run("zonecfg -z legacy delete -F");
    assert!(notes("legacy").contains("10.1.0.10 becomes free"), "{}", notes("legacy"));
    let names = ["legacy", "new"];
    manager.forget(&names, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(fs::read_dir(manager.root().join("zones")).unwrap().next().is_none());
}

#[test]
fn a_zone_that_another_process_works_on_is_busy() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let config = manager.root().join("config.kdl");
    let text = fs::read_to_string(&config).unwrap().replacen("lock-timeout 30", "lock-timeout 0", 1);
    fs::write(&config, text).unwrap();
    let lock =
        fs::OpenOptions::new().read(true).write(true).open(manager.root().join(".zmgr/locks/web01.lock")).unwrap();
    lock.lock().unwrap();
    let error = manager.forget(&["web01"], &mut RunOptions::new()).unwrap().error().unwrap();
    assert_eq!(error.code(), Code::Busy, "{error}");
    drop(lock);
    manager.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
}

#[test]
fn forget_did_not_say_what_stays() {
    let fixture = crate::fixture::new();
    let said = fixture.machine.run("zfs create rpool/data");
    assert!(said.ends_with("=0"), "{said}");
    fixture.edit("templates/oi.kdl", "autoboot", "dataset \"rpool/data/{zone}\" create=#true\n    autoboot");
    fixture.create("web01");
    let notes = fixture.manager.plan_forget(&["web01"]).unwrap().changes[0].notes.join("\n");
    for what in ["dataset rpool/zones/web01 (the zone's files)", "dataset rpool/data/web01 (delegated)", "link web01_0"]
    {
        assert!(notes.contains(what), "{notes}");
    }
    fixture.manager.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    fixture.manager.import(&["web01"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(!fixture.manager.plan_forget(&["web01"]).unwrap().to_string().contains("stays on the host"));
}
