//! Rollbacks that fail in part: they undo the rest, report each failure once, and `recover` finishes them.

use std::collections::BTreeMap;

use zmgr::{CreateOptions, Error, Event, Fault, ReinstallOptions, RunOptions, ZoneState};

use crate::fixture::{self, Fixture};

const INCOMPLETE: &str = "the rollback is not complete";

fn details(error: &Error) -> Vec<&str> {
    error.details().iter().map(|detail| detail.message.as_str()).collect()
}

fn create(fixture: &Fixture) -> Error {
    fixture.manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap_err()
}

#[test]
fn only_a_link_that_cannot_be_deleted_is_left() {
    let fixture = fixture::with_two_nets();
    fixture.fail("zoneadm", "install");
    let mut fault = Fault::new("dladm");
    (fault.subcommand, fault.zone) = (Some("delete-vnic".to_owned()), Some("web01_1".to_owned()));
    (fault.exit, fault.times) = (Some(1), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let error = create(&fixture);
    assert_eq!((fixture.zones(), fixture.vnics()), (Vec::new(), vec!["web01_1".to_owned()]));
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Failed));
    let why = ["cannot undo vnic:internal: dladm delete-vnic web01_1 failed with exit status 1", INCOMPLETE];
    assert_eq!(details(&error), why, "{error:?}");
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
}

/// The configuration names the links and the zonepath.
#[test]
fn a_zone_whose_files_cannot_be_removed_keeps_its_configuration_and_its_links() {
    let fixture = fixture::with_two_nets();
    fixture.fail("zoneadm", "install");
    fixture.fail("zoneadm", "uninstall");
    let error = create(&fixture);
    assert_eq!(fixture.zones(), ["web01:incomplete"]);
    assert_eq!(fixture.vnics(), ["web01_0", "web01_1"]);
    assert_eq!(details(&error).len(), 2, "{error:?}");
    assert_eq!(fixture.recover(), ["undone web01"]);
    fixture.assert_bare();
}

#[test]
fn steps_keep_their_numbers_while_they_are_undone() {
    let fixture = fixture::with_two_nets();
    fixture.fail("zoneadm", "install");
    let mut seen = Positions::default();
    let options = CreateOptions::new().boot(false);
    let mut hear = |event: &Event| seen.hear(event);
    fixture.manager.create("web01", &options, &mut RunOptions::new().progress(&mut hear)).unwrap_err();
    fixture.assert_bare();
    // A reinstallation that keeps the old root.
    fixture.create("web01");
    let options = ReinstallOptions::new().snapshot(true).boot(false);
    for (program, subcommand) in [("umount", ""), ("zfs", "set"), ("zfs", "snapshot")] {
        fixture.fail(program, subcommand);
        let mut seen = Positions::default();
        let mut hear = |event: &Event| seen.hear(event);
        let mut run = RunOptions::new().progress(&mut hear);
        let error = fixture.manager.reinstall("web01", &options, &mut run).unwrap_err();
        assert!(error.message().contains("the zone is unchanged"), "{error:?}");
    }
}

/// The number of each step, from its events.
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
