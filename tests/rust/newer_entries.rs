//! Entries that a newer zmgr wrote: listed as such, their addresses held, every change refused.
#![allow(missing_docs)]

use std::fs;

use zmgr::*;

const NEWER: &str = r#"zone "later" {
    format 9
    id "5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f"
    state "half-frozen" depth=3
    net "internal" { pool "internal"; address "by-magic"; vnic "later_0"; wonder 1 }
    applied {
        net "internal" { pool "internal"; address "10.1.0.10/24"; vnic "later_0" }
        wonder { of "the world" }
    }
}
"#;

fn failure(result: Result<Report>) -> Option<Error> {
    result.map_or_else(Some, |report| report.error())
}

#[test]
fn an_entry_of_a_newer_version_is_listed_held_and_never_changed() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::builder().simulate(dir.path()).build().unwrap();
    manager.init().unwrap();
    let path = manager.root().join("zones/later.kdl");
    fs::write(&path, NEWER).unwrap();
    let run = &mut RunOptions::new();
    assert_eq!(manager.zones(&Query::new()).unwrap()[0].state, Some(ZoneState::Newer));
    assert_eq!(manager.zone("later").unwrap().state, Some(ZoneState::Newer));
    let given = manager.allocate("internal", "printer", None, run).unwrap();
    assert_eq!(given.addresses[0].address.to_string(), "10.1.0.11/24", "what is applied is held");
    let holders = manager.pool_usage("internal").unwrap().holders;
    assert!(holders.iter().any(|held| held.address.to_string() == "10.1.0.10"), "{holders:?}");

    let names = ["later"];
    let refused: Vec<Code> = [
        manager.create("later", &CreateOptions::new(), run).err(),
        failure(manager.destroy(&names, &DestroyOptions::new().force(true), run)),
        failure(manager.apply(&names, &ApplyOptions::new(), run)),
        manager.reinstall("later", &ReinstallOptions::new().force(true), run).err(),
        failure(manager.boot(&names, run)),
        failure(manager.halt(&names, &HaltOptions::new(), run)),
        failure(manager.forget(&names, run)),
        failure(manager.recover(&names, &RecoverOptions::new(), run)),
        manager.set("later", &[("autoboot", "true")], run).err(),
    ]
    .into_iter()
    .map(|error| error.expect("it must be refused").code())
    .collect();
    assert_eq!(refused[0], Code::Exists);
    assert!(refused[1..].iter().all(|code| *code == Code::Config), "{refused:?}");
    // Not even by an operation on everything.
    assert!(manager.recover(&[], &RecoverOptions::new(), run).unwrap().outcomes.is_empty());
    let found = manager.check().unwrap();
    assert!(found.iter().any(|finding| finding.code == "newer"), "{found:?}");
    assert!(!found.iter().any(|finding| finding.code == "unfinished"), "{found:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), NEWER);
}

#[test]
fn an_unfinished_operation_is_left_to_versions_that_know_its_steps() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::builder().simulate(dir.path()).build().unwrap();
    manager.init().unwrap();
    let path = manager.root().join("zones/web01.kdl");
    let mut formats = Vec::new();
    let mut hear = |event: &Event| {
        if matches!(event.kind, EventKind::StepDone { .. }) {
            let text = fs::read_to_string(&path).unwrap();
            formats.push(text.contains("format 3"));
        }
        true
    };
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new().progress(&mut hear)).unwrap();
    assert!(formats.len() > 2 && formats.iter().all(|newest| *newest), "{formats:?}");
    assert!(fs::read_to_string(&path).unwrap().contains("format 2"));
}
