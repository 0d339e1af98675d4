//! The snapshots that cloning a zone leaves on its source go with the clone; those of others stay.

use std::fs;
use std::sync::Arc;

use zmgr::{ApplyOptions, Code, CreateOptions, DestroyOptions, Dialect, Manager, ReinstallOptions, RunOptions};

use crate::fixture::{self, When};
use crate::sim_machine::{self, Pretend};

const SVC: &str = "rpool/zones/one/ROOT/zbe/svc@two_snap";

fn options() -> CreateOptions {
    CreateOptions::new().template("t").boot(false)
}

/// A machine with a sparse zone "one".
fn with_source() -> (Arc<Pretend>, Manager) {
    let pretend = Arc::new(sim_machine::new(Dialect::OmniOs));
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    let template = "template \"t\" {\n    net \"internal\" { pool \"internal\"; }\n    brand \"sparse\"\n}\n";
    fs::write(pretend.dir.path().join("etc/zmgr/templates/t.kdl"), template).unwrap();
    manager.create("one", &options(), &mut RunOptions::new()).unwrap();
    (pretend, manager)
}

fn snapshots(pretend: &Pretend) -> Vec<String> {
    let listed = pretend.run("zfs list -H -o name -t snapshot");
    listed.lines().filter(|line| line.contains('@')).map(str::to_owned).collect()
}

fn destroy(manager: &Manager, name: &str) -> Result<(), zmgr::Error> {
    manager.destroy(&[name], &DestroyOptions::new(), &mut RunOptions::new())?.into_result().map(drop)
}

#[test]
fn a_destroyed_clone_leaves_no_snapshot_and_its_plan_says_which_it_takes_along() {
    let (pretend, manager) = with_source();
    manager.create("two", &options().clone_from("one"), &mut RunOptions::new()).unwrap();
    let plan = manager.plan_destroy(&["two"], &DestroyOptions::new()).unwrap();
    let taken: Vec<&str> = plan.changes[0].steps.iter().filter_map(|step| step.id.strip_prefix("origin:")).collect();
    assert_eq!(taken, ["rpool/zones/one/ROOT/zbe/fm@two_snap", SVC]);
    manager.reinstall("two", &ReinstallOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    assert_eq!(snapshots(&pretend).len(), 3, "a reinstalled clone has the snapshots of its last clone alone");
    destroy(&manager, "two").unwrap();
    assert_eq!(snapshots(&pretend), [""; 0]);
    destroy(&manager, "one").unwrap();
}

#[test]
fn a_snapshot_that_others_made_is_not_taken_for_one_of_cloning() {
    let (pretend, manager) = with_source();
    manager.create("two", &options().clone_from("one"), &mut RunOptions::new()).unwrap();
    pretend.run("zfs snapshot rpool/zones/one/ROOT/zbe/svc@mine");
    pretend.run("zfs clone rpool/zones/one/ROOT/zbe/fm@two_snap rpool/export/fm");
    destroy(&manager, "two").unwrap();
    // One has a clone of the administrator's, the other was never zmgr's.
    assert_eq!(snapshots(&pretend), ["rpool/zones/one/ROOT/zbe/fm@two_snap", "rpool/zones/one/ROOT/zbe/svc@mine"]);
    let error = destroy(&manager, "one").unwrap_err();
    assert!(error.code() == Code::WrongState && error.message().contains("svc@mine"), "{error}");
}

#[test]
fn a_snapshot_of_the_same_name_with_another_guid_stays() {
    let (pretend, manager) = with_source();
    manager.create("two", &options().clone_from("one"), &mut RunOptions::new()).unwrap();
    for line in
        ["zfs destroy -R rpool/zones/one/ROOT/zbe/svc@two_snap", "zfs snapshot rpool/zones/one/ROOT/zbe/svc@two_snap"]
    {
        assert!(pretend.run(line).ends_with("=0"), "{line}");
    }
    destroy(&manager, "two").unwrap();
    assert_eq!(snapshots(&pretend), [SVC]);
}

#[test]
fn a_clone_that_fails_half_way_leaves_no_snapshot() {
    let (pretend, manager) = with_source();
    let before = pretend.run("zfs list -H -o name -t all");
    assert!(pretend.run("zfs create -o zoned=on rpool/data").ends_with("=0"));
    let text = "zone \"two\" {\n    template \"t\"\n    clone-from \"one\"\n    dataset \"rpool/data\"\n}\n";
    fs::write(pretend.dir.path().join("etc/zmgr/zones/two.kdl"), text).unwrap();
    // The hook clones, then finds that the zone cannot be mounted.
    let interfered = fixture::interfering(&pretend, When::Before, "two clone", |machine| {
        drop(machine.run("zfs destroy rpool/data"));
    });
    let report = interfered.apply(&["two"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    let error = report.error().unwrap();
    assert_eq!(error.code(), Code::CommandFailed, "{error:?}");
    assert_eq!(pretend.run("zfs list -H -o name -t all"), before);
    destroy(&manager, "one").unwrap();
}
