//! A roll back that cannot do all of its work: it does the rest, says each thing once, and `recover` ends it.

use std::collections::BTreeMap;

use zmgr::{CreateOptions, Error, Event, Fault, ReinstallOptions, RunOptions, ZoneState};

use crate::fixture::{self, Fixture};

fn fail(fixture: &Fixture, program: &str, subcommand: &str, change: impl FnOnce(&mut Fault)) {
    let mut fault = Fault::new(program);
    fault.subcommand = (!subcommand.is_empty()).then(|| subcommand.to_owned());
    (fault.exit, fault.times) = (Some(1), Some(1));
    change(&mut fault);
    fixture.machine.host.fault(&fault).unwrap();
}

/// A machine whose template has two nets.
fn with_two_nets() -> Fixture {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "net \"internal\"", "net \"more\" { pool \"internal\"; }\n    net \"internal\"");
    fixture
}

const INCOMPLETE: &str = "the rollback is not complete";

fn details(error: &Error) -> Vec<&str> {
    error.details().iter().map(|detail| detail.message.as_str()).collect()
}

fn create(fixture: &Fixture) -> Error {
    fixture.manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap_err()
}

#[test]
fn a_link_that_cannot_be_deleted_stays_alone() {
    let fixture = with_two_nets();
    fail(&fixture, "zoneadm", "install", |_| {});
    fail(&fixture, "dladm", "delete-vnic", |fault| fault.zone = Some("web01_1".to_owned()));
    let error = create(&fixture);
    assert_eq!((fixture.zones(), fixture.vnics()), (Vec::new(), vec!["web01_1".to_owned()]));
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Failed));
    let why = ["cannot undo vnic:internal: dladm delete-vnic web01_1 failed with exit status 1", INCOMPLETE];
    assert_eq!(details(&error), why, "{error:?}");
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
}

/// Its configuration names its links, and says where its files are.
#[test]
fn a_zone_whose_files_cannot_be_removed_keeps_its_configuration_and_its_links() {
    let fixture = with_two_nets();
    fail(&fixture, "zoneadm", "install", |_| {});
    fail(&fixture, "zoneadm", "uninstall", |_| {});
    let error = create(&fixture);
    assert_eq!(fixture.zones(), ["web01:incomplete"]);
    assert_eq!(fixture.vnics(), ["web01_0", "web01_1"]);
    assert_eq!(details(&error).len(), 2, "{error:?}");
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
}

#[test]
fn steps_keep_their_numbers_while_they_are_undone() {
    let fixture = with_two_nets();
    fail(&fixture, "zoneadm", "install", |_| {});
    let mut seen = Positions::default();
    let options = CreateOptions::new().boot(false);
    let mut hear = |event: &Event| seen.hear(event);
    fixture.manager.create("web01", &options, &mut RunOptions::new().progress(&mut hear)).unwrap_err();
    fixture.assert_bare();
    // A reinstallation that keeps the old root.
    fixture.create("web01");
    let options = ReinstallOptions::new().snapshot(true).boot(false);
    for (program, subcommand) in [("umount", ""), ("zfs", "set"), ("zfs", "snapshot")] {
        fail(&fixture, program, subcommand, |_| {});
        let mut seen = Positions::default();
        let mut hear = |event: &Event| seen.hear(event);
        let mut run = RunOptions::new().progress(&mut hear);
        let error = fixture.manager.reinstall("web01", &options, &mut run).unwrap_err();
        assert!(error.message().contains("the zone is unchanged"), "{error:?}");
    }
}

/// The number of each step that was heard of.
#[derive(Default)]
struct Positions(BTreeMap<String, (usize, usize)>);

impl Positions {
    fn hear(&mut self, event: &Event) -> bool {
        let (at, of) = event.position;
        if !event.step.is_empty() {
            assert!(1 <= at && at <= of, "{event:?}");
            assert_eq!(*self.0.entry(event.step.clone()).or_insert((at, of)), (at, of), "{event:?}");
        }
        true
    }
}
