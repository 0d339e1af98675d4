//! Events: each zone ends once, the numbers of zones and steps do not change on the way.

use std::collections::BTreeMap;

use zmgr::{
    ApplyOptions, CreateOptions, DestroyOptions, Event, EventKind, Fault, HaltOptions, ImportOptions, ReinstallOptions,
    Report, Result, RunOptions, SimHost,
};

use crate::fixture::{self, Fixture};

/// Runs an operation and returns its events, after checking what holds for every operation.
fn events(zones: usize, call: impl FnOnce(&mut RunOptions<'_>) -> Result<Report>) -> (Vec<Event>, Report) {
    let mut events: Vec<Event> = Vec::new();
    let mut hear = |event: &Event| {
        events.push(event.clone());
        true
    };
    let report = call(&mut RunOptions::new().progress(&mut hear).jobs(2)).unwrap();
    let finished: Vec<&Event> =
        events.iter().filter(|event| matches!(event.kind, EventKind::Finished { .. })).collect();
    let mut names: Vec<&str> = finished.iter().map(|event| event.zone.as_str()).collect();
    let mut expected: Vec<&str> = report.outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected, "each zone ends once");
    for (n, event) in finished.iter().enumerate() {
        assert_eq!(event.zones, (n + 1, zones), "{event:?}");
    }
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event.position.0 > 0) {
        let total = totals.entry(&event.zone).or_insert(event.position.1);
        assert_eq!(*total, event.position.1, "the number of steps of {} changes: {events:#?}", event.zone);
        assert!(event.position.0 <= event.position.1, "{event:?}");
    }
    (events, report)
}

fn summaries(events: &[Event]) -> Vec<&str> {
    let summary = |event: &'_ Event| match &event.kind {
        EventKind::Finished { .. } => true,
        _ => event.zone.is_empty(),
    };
    let mut all: Vec<&str> = events
        .iter()
        .filter(|event| summary(event))
        .map(|event| match &event.kind {
            EventKind::Finished { summary, .. } => summary.as_str(),
            _ => "",
        })
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn every_operation_counts_zones_and_steps() {
    let fixture = fixture::new();
    let manager = &fixture.manager;
    let (seen, _) =
        events(3, |run| manager.create_all(&["web01", "web02", "web03"], &CreateOptions::new().boot(true), run));
    assert!(summaries(&seen)[0].starts_with("created web01 10.1.0.1"), "{seen:?}");
    events(3, |run| manager.halt(&["web01", "web02", "web03"], &HaltOptions::new(), run));
    let (seen, _) = events(3, |run| manager.boot(&["web01", "web02", "web03"], run));
    assert!(summaries(&seen)[0].starts_with("booted web01 10.1.0.1"), "{seen:?}");
    events(2, |run| manager.reboot(&["web01", "web02"], &HaltOptions::new(), run));
    events(2, |run| manager.reinstall_all(&["web01", "web02"], &ReinstallOptions::new(), run));
    fixture.edit("templates/oi.kdl", "    autoboot", "    bootargs \"-v\"\n    cpu-shares 20\n    autoboot");
    events(3, |run| manager.apply(&[], &ApplyOptions::new().reboot(true), run));
    let (seen, _) = events(3, |run| manager.apply(&[], &ApplyOptions::new(), run));
    assert!(summaries(&seen)[0].starts_with("unchanged web01"), "{seen:?}");
    let address = manager.zone("web03").unwrap().nets[0].addresses[0].address.to_string();
    fixture.edit("zones/web03.kdl", &address, "10.1.0.99/24");
    events(1, |run| manager.apply(&["web03"], &ApplyOptions::new().reboot(true), run));
    events(1, |run| manager.forget(&["web02"], run));
    let (seen, _) = events(1, |run| manager.import(&["web02"], &ImportOptions::new(), run));
    assert!(summaries(&seen)[0].starts_with("adopted web02 10.1.0.1"), "{seen:?}");
    events(3, |run| manager.destroy(&["web01", "web02", "web03"], &DestroyOptions::new(), run));
}

#[test]
fn a_clone_and_its_source_end_once_each() {
    let fixture = fixture::new();
    let options = CreateOptions::new().boot(true);
    fixture.manager.create("golden", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let clone = "zone \"web01\" {\n    template \"oi\"\n    clone-from \"golden\"\n}\n";
    std::fs::write(fixture.entry("web01"), clone).unwrap();
    events(2, |run| fixture.manager.apply(&[], &ApplyOptions::new(), run));
    events(2, |run| fixture.manager.reinstall_all(&["golden", "web01"], &ReinstallOptions::new(), run));
    events(1, |run| fixture.manager.create_all(&["web02"], &options, run));
}

#[test]
fn a_failure_is_the_end_of_its_zone() {
    let fixture: Fixture = fixture::new();
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone, fault.exit) = (Some("install".to_owned()), Some("web02".to_owned()), Some(1));
    SimHost::open(fixture.dir()).unwrap().fault(&fault).unwrap();
    let (seen, report) =
        events(3, |run| fixture.manager.create_all(&["web01", "web02", "web03"], &CreateOptions::new(), run));
    assert_eq!(report.failures().count(), 1);
    let failed: Vec<&Event> =
        seen.iter().filter(|event| matches!(event.kind, EventKind::Finished { ok: false, .. })).collect();
    assert_eq!(failed.len(), 1);
    assert!(
        summaries(&seen).iter().any(|text| text.starts_with("web02: creating web02 failed at install")),
        "{seen:?}"
    );
}
