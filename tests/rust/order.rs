//! Several zones at once: a clone is built after its source, and a source is removed after its clones.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Fault, Plan, RecoverOptions, ReinstallOptions, Report,
    RunOptions, ZoneState, ZoneStatus,
};

use crate::fixture::{self, Fixture};
use crate::snapshot::{differences, whole};

/// Creates a zone that is not booted, as a clone of another.
fn clone(fixture: &Fixture, name: &str, source: &str) {
    let options = CreateOptions::new().clone_from(source).boot(false);
    fixture.manager.create(name, &options, &mut RunOptions::new()).unwrap();
}

/// Creates a chain of zones, each a clone of the one before.
fn chain(fixture: &Fixture, names: &[&str]) {
    fixture.create(names[0]);
    names.windows(2).for_each(|pair| clone(fixture, pair[1], pair[0]));
}

/// Writes the file of a zone that is not built.
fn unbuilt(fixture: &Fixture, name: &str, body: &str) {
    fs::write(fixture.entry(name), format!("zone {name:?} {{\n    template \"oi\"\n    {body}\n}}\n")).unwrap();
}

fn all_well(report: Report) {
    if let Some(error) = report.error() {
        panic!("{error:?}");
    }
}

fn zones(plan: &Plan) -> Vec<&str> {
    plan.changes.iter().map(|change| change.zone.as_str()).collect()
}

fn codes(report: &Report) -> Vec<(&str, Option<Code>)> {
    let code = |outcome: &zmgr::Outcome| outcome.result.as_ref().err().map(zmgr::Error::code);
    report.outcomes.iter().map(|outcome| (outcome.name.as_str(), code(outcome))).collect()
}

/// The host loses a zone with its files.
fn lose(fixture: &Fixture, name: &str) {
    fs::remove_file(fixture.dir().join(format!("etc/zones/{name}.xml"))).unwrap();
    let index = fixture.dir().join("etc/zones/index");
    let text = fs::read_to_string(&index).unwrap();
    let prefix = format!("{name}:");
    let others: Vec<&str> = text.lines().filter(|line| !line.starts_with(&prefix)).collect();
    fs::write(&index, others.join("\n") + "\n").unwrap();
    fixture.machine.run(&format!("zfs destroy -r rpool/zones/{name}"));
}

#[test]
fn a_source_named_before_its_clone_is_destroyed_after_it() {
    for (names, jobs) in [(["g2", "a1"], 1), (["a1", "g2"], 2), (["g2", "a1"], 2)] {
        let fixture = fixture::new();
        chain(&fixture, &["g2", "a1"]);
        let plan = fixture.manager.plan_destroy(&names, &DestroyOptions::new()).unwrap();
        assert_eq!(zones(&plan), ["a1", "g2"], "the plan shows the order");
        let mut run = RunOptions::new().jobs(jobs);
        all_well(fixture.manager.destroy(&names, &DestroyOptions::new(), &mut run).unwrap());
        fixture.assert_bare();
    }
}

#[test]
fn an_approved_plan_to_destroy_a_source_and_its_clone_is_run() {
    let fixture = fixture::new();
    chain(&fixture, &["g2", "a1"]);
    let plan = fixture.manager.plan_destroy(&["g2", "a1"], &DestroyOptions::new()).unwrap();
    let plan = Plan::from_json(&plan.to_json()).unwrap();
    all_well(fixture.manager.run(&plan, &mut RunOptions::new().jobs(2)).unwrap());
    fixture.assert_bare();
}

#[test]
fn a_chain_of_clones_is_destroyed_from_its_end() {
    let fixture = fixture::new();
    let names = ["z1", "z2", "z3", "z4", "z5"];
    chain(&fixture, &names);
    let report = fixture.manager.destroy(&names, &DestroyOptions::new(), &mut RunOptions::new().jobs(4)).unwrap();
    let listed: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
    assert_eq!(listed, names, "reported in the order of the request");
    all_well(report);
    fixture.assert_bare();
}

#[test]
fn a_source_whose_clone_could_not_be_destroyed_is_not_touched() {
    let fixture = fixture::new();
    chain(&fixture, &["g2", "a1"]);
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone, fault.exit) = (Some("uninstall".to_owned()), Some("a1".to_owned()), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let options = DestroyOptions::new().force(true);
    let report = fixture.manager.destroy(&["g2", "a1"], &options, &mut RunOptions::new().jobs(2)).unwrap();
    assert_eq!(codes(&report), [("g2", Some(Code::WrongState)), ("a1", Some(Code::CommandFailed))]);
    let (_, error) = report.failures().next().unwrap();
    assert!(error.message().contains("zone g2 was not started: a1, which is cloned from it"), "{error}");
    assert!(fixture.entry("g2").exists());
}

#[test]
fn unbuilt_files_that_clone_one_another_are_built_in_order() {
    for jobs in [1, 4] {
        let fixture = fixture::new();
        // The template boots all of them, and a zone that runs cannot be cloned.
        unbuilt(&fixture, "a1", "clone-from \"b1\"");
        unbuilt(&fixture, "b1", "clone-from \"c1\"");
        unbuilt(&fixture, "c1", "");
        let plan = fixture.manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
        assert_eq!(zones(&plan), ["c1", "b1", "a1"], "the plan shows the order");
        assert_eq!(plan.changes[0].notes, ["c1 is booted after it has been cloned: b1"]);
        let report = fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new().jobs(jobs)).unwrap();
        assert!(report.zones().all(|zone| zone.status == Some(ZoneStatus::Running)), "{report:?}");
        all_well(report);
        for name in ["a1", "b1", "c1"] {
            let zone = fixture.manager.zone(name).unwrap();
            assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Running)), "{name}");
        }
    }
}

#[test]
fn an_approved_plan_of_unbuilt_files_that_clone_one_another_is_run() {
    let fixture = fixture::new();
    unbuilt(&fixture, "a1", "clone-from \"b1\"");
    unbuilt(&fixture, "b1", "");
    let plan = fixture.manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
    let plan = Plan::from_json(&plan.to_json()).unwrap();
    all_well(fixture.manager.run(&plan, &mut RunOptions::new().jobs(2)).unwrap());
    for name in ["a1", "b1"] {
        assert_eq!(fixture.manager.zone(name).unwrap().status, Some(ZoneStatus::Running), "{name}");
    }
}

#[test]
fn unbuilt_files_that_clone_each_other_in_a_circle_are_refused_and_nothing_is_done() {
    let fixture = fixture::new();
    unbuilt(&fixture, "a1", "clone-from \"b1\"");
    unbuilt(&fixture, "b1", "clone-from \"c1\"");
    unbuilt(&fixture, "c1", "clone-from \"a1\"");
    unbuilt(&fixture, "d1", "");
    let before = whole(fixture.dir());
    let planned = fixture.manager.plan_apply(&[], &ApplyOptions::new()).map(drop);
    let applied = fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).map(drop);
    for error in [planned.unwrap_err(), applied.unwrap_err()] {
        assert_eq!(error.code(), Code::Config, "{error:?}");
        assert!(error.message().contains("a1 → b1 → c1 → a1"), "{error}");
        let places: Vec<&str> = error.details().iter().map(|detail| detail.message.as_str()).collect();
        for name in ["a1", "b1", "c1"] {
            assert!(places.iter().any(|place| place.contains(&format!("zones/{name}.kdl:3"))), "{places:?}");
        }
    }
    let now = whole(fixture.dir());
    assert!(now == before, "{}", differences(&before, &now));
}

#[test]
fn a_clone_whose_source_could_not_be_built_is_not_started() {
    let fixture = fixture::new();
    unbuilt(&fixture, "a1", "clone-from \"b1\"");
    unbuilt(&fixture, "b1", "");
    unbuilt(&fixture, "c1", "clone-from \"a1\"");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone, fault.exit) = (Some("install".to_owned()), Some("b1".to_owned()), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let report = fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new().jobs(3)).unwrap();
    let refused = Some(Code::WrongState);
    assert_eq!(codes(&report), [("a1", refused), ("b1", Some(Code::CommandFailed)), ("c1", refused)]);
    let (_, error) = report.failures().next().unwrap();
    assert!(error.message().contains("zone a1 was not started: b1, which it is cloned from"), "{error}");
    assert_eq!((fixture.zones(), fixture.vnics()), (Vec::new(), Vec::new()));
}

#[test]
fn a_source_that_waited_for_its_clone_is_booted_by_recover_if_zmgr_died() {
    let fixture = fixture::new();
    unbuilt(&fixture, "a1", "clone-from \"b1\"");
    unbuilt(&fixture, "b1", "");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone, fault.panic) = (Some("clone".to_owned()), Some("a1".to_owned()), true);
    fixture.machine.host.fault(&fault).unwrap();
    // With one worker nothing goes on after its death.
    let died =
        catch_unwind(AssertUnwindSafe(|| fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new())));
    assert!(died.is_err());
    fixture.machine.host.clear_faults().unwrap();
    assert_eq!(fixture.manager.zone("b1").unwrap().status, Some(ZoneStatus::Installed));
    let report = fixture.manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new().jobs(4)).unwrap();
    all_well(report);
    assert_eq!(fixture.zones(), ["b1:running"]);
    all_well(fixture.manager.halt(&["b1"], &zmgr::HaltOptions::new(), &mut RunOptions::new()).unwrap());
    all_well(fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap());
}

#[test]
fn zones_that_the_host_lost_are_built_again_in_order() {
    let fixture = fixture::new();
    let names = ["z3", "z2", "z1"];
    chain(&fixture, &names);
    for name in ["z1", "z2", "z3"] {
        lose(&fixture, name);
    }
    let options = ApplyOptions::new().recreate(true);
    assert_eq!(zones(&fixture.manager.plan_apply(&[], &options).unwrap()), names);
    all_well(fixture.manager.apply(&[], &options, &mut RunOptions::new().jobs(4)).unwrap());
    for name in names {
        assert_eq!(fixture.manager.zone(name).unwrap().state, Some(ZoneState::Ready), "{name}");
    }
    assert_eq!(fixture.zones().len(), 3);
}

#[test]
fn a_source_is_reinstalled_before_its_clone() {
    for (names, jobs) in [(["g2", "a1"], 1), (["a1", "g2"], 2)] {
        let fixture = fixture::new();
        chain(&fixture, &["g2", "a1"]);
        fixture.manager.boot(&["g2", "a1"], &mut RunOptions::new()).unwrap();
        let options = ReinstallOptions::new();
        assert_eq!(zones(&fixture.manager.plan_reinstall(&names, &options).unwrap()), ["g2", "a1"]);
        let mut run = RunOptions::new().jobs(jobs);
        all_well(fixture.manager.reinstall_all(&names, &options, &mut run).unwrap());
        for name in names {
            let zone = fixture.manager.zone(name).unwrap();
            assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Running)), "{name}");
        }
    }
}
