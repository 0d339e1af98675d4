//! Many creations at once: reserved together, and yet each for itself.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::{Registry, Tree, Wait, WriteHook};
use zmgr::{Code, CreateOptions, Error, Fault, Manager, Report, RunOptions};

use crate::fixture::{self, Fixture};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("z{n:02}")).collect()
}

fn create(manager: &Manager, names: &[String], jobs: usize) -> Report {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    manager.create_all(&names, &CreateOptions::new().boot(false), &mut RunOptions::new().jobs(jobs)).unwrap()
}

fn addresses(report: &Report) -> Vec<String> {
    let zones = report.outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()?.as_ref());
    zones.map(|zone| zone.nets[0].addresses[0].address.addr().to_string()).collect()
}

fn codes(report: &Report) -> Vec<Option<Code>> {
    report.outcomes.iter().map(|outcome| outcome.result.as_ref().err().map(Error::code)).collect()
}

/// Number of entries, noted at each command that makes a VNIC.
fn counting(fixture: &Fixture) -> (Manager, Arc<Mutex<Vec<usize>>>) {
    let counts: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (seen, zones) = (Arc::clone(&counts), fixture.file("zones"));
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::Before(invocation) = moment
            && invocation.to_string().contains("create-vnic")
        {
            seen.lock().unwrap().push(fs::read_dir(&zones).unwrap().count());
        }
    });
    (fixture.observed(watcher, WriteHook::none()), counts)
}

#[test]
fn they_are_reserved_together_and_in_order() {
    let fixture = fixture::new();
    let (manager, counts) = counting(&fixture);
    let report = create(&manager, &names(40), 1);
    assert_eq!(codes(&report), [None; 40]);
    let expected: Vec<String> = (10..50).map(|n| format!("10.1.0.{n}")).collect();
    assert_eq!(addresses(&report), expected);
    let counts = counts.lock().unwrap().clone();
    assert_eq!((counts[0], counts[31], counts[32]), (32, 32, 40), "{counts:?}");
    assert_eq!(fixture.zones().len(), 40);
}

#[test]
fn workers_share_them() {
    let fixture = fixture::new();
    let report = create(&fixture.manager, &names(40), 4);
    assert_eq!(codes(&report), [None; 40]);
    let listed: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
    assert_eq!(listed, names(40), "in the order asked for");
    assert_eq!(addresses(&report).into_iter().collect::<BTreeSet<_>>().len(), 40);
}

#[test]
fn what_keeps_one_keeps_no_other() {
    let fixture = fixture::new();
    fixture.create("z01");
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let registry = Registry::new(Tree::new(fixture.file("")), "test", WriteHook::none());
    let held = registry.lock_zone(&"z03".parse().unwrap(), &mut Wait::none()).unwrap();
    let report = create(&fixture.manager, &names(6), 1);
    drop(held);
    assert_eq!(codes(&report), [None, Some(Code::Exists), None, Some(Code::Busy), None, None]);
    assert_eq!(fixture.zones().len(), 5);
    assert!(!fixture.entry("z03").exists());
}

#[test]
fn a_pool_gives_what_it_has() {
    let fixture = fixture::new();
    fixture.edit("pools/internal.kdl", "10.1.0.250", "10.1.0.14");
    let report = create(&fixture.manager, &names(8), 2);
    let done = report.outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
    assert_eq!(done, 5);
    assert!(codes(&report).into_iter().flatten().all(|code| code == Code::PoolExhausted));
    assert_eq!(fs::read_dir(fixture.file("zones")).unwrap().count(), 5);
    assert_eq!(fixture.zones().len(), 5);
}

#[test]
fn a_worker_that_dies_leaves_its_own_zone_to_recover_and_no_other() {
    let fixture = fixture::new();
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone, fault.panic) = (Some("install".to_owned()), Some("z02".to_owned()), true);
    fixture.machine.host.fault(&fault).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| create(&fixture.manager, &names(6), 1))).is_err());
    fixture.machine.host.clear_faults().unwrap();
    let left: BTreeSet<String> =
        fs::read_dir(fixture.file("zones")).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left.into_iter().collect::<Vec<_>>(), ["z00.kdl", "z01.kdl", "z02.kdl"]);
    assert_eq!(fixture.recover(), ["undone z02"]);
    assert_eq!(fixture.zones(), ["z00:installed", "z01:installed"]);
}
