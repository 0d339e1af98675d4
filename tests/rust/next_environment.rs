//! A host that boots another boot environment next: what that one would lack is refused, and what only the running one sees is said.

use std::fs;

use zmgr::{
    Action, ApplyOptions, AttachOptions, Code, CreateOptions, DestroyOptions, Error, Fault, RefreshOptions,
    ReinstallOptions, RenameOptions, RunOptions, UpdateOptions,
};

use crate::fixture::{self, Fixture};
use crate::snapshot::{differences, whole};

/// From now on the host boots another environment than the one that it runs.
fn activate_other(fixture: &Fixture) {
    let mut fault = Fault::new("beadm");
    fault.stdout = Some("be-2;77aa;R;-;536870912;static;1764430001\n".to_owned());
    fixture.machine.host.fault(&fault).unwrap();
}

type Refused = (&'static str, fn(&Fixture), fn(&Fixture) -> [Error; 2]);

fn both<T, U>(planned: Result<T, Error>, done: Result<U, Error>) -> [Error; 2] {
    [planned.map(drop).unwrap_err(), done.map(drop).unwrap_err()]
}

#[test]
fn operations_whose_result_the_next_environment_lacks_are_refused() {
    let table: &[Refused] = &[
        (
            "create",
            |_| {},
            |f| {
                let options = CreateOptions::new();
                both(
                    f.manager.plan_create(&["web02"], &options),
                    f.manager.create("web02", &options, &mut RunOptions::new()),
                )
            },
        ),
        (
            "clone",
            |f| drop(f.machine.run("zoneadm -z web01 halt")),
            |f| {
                let options = CreateOptions::new().clone_from("web01");
                both(
                    f.manager.plan_create(&["web02"], &options),
                    f.manager.create("web02", &options, &mut RunOptions::new()),
                )
            },
        ),
        (
            "apply of a new zone",
            |f| fs::write(f.dir().join("etc/zmgr/zones/web02.kdl"), "zone \"web02\" { template \"oi\"; }\n").unwrap(),
            |f| {
                let options = ApplyOptions::new();
                let done = f.manager.apply(&["web02"], &options, &mut RunOptions::new());
                both(f.manager.plan_apply(&["web02"], &options), done.and_then(|report| report.into_result()))
            },
        ),
        (
            "apply --recreate",
            |f| {
                f.machine.run("zoneadm -z web01 halt");
                f.machine.run("zoneadm -z web01 uninstall -F");
                f.machine.run("zonecfg -z web01 delete -F");
            },
            |f| {
                let options = ApplyOptions::new().recreate(true);
                let done = f.manager.apply(&["web01"], &options, &mut RunOptions::new());
                both(f.manager.plan_apply(&["web01"], &options), done.and_then(|report| report.into_result()))
            },
        ),
        (
            "reinstall",
            |_| {},
            |f| {
                let options = ReinstallOptions::new();
                let done = f.manager.reinstall("web01", &options, &mut RunOptions::new());
                both(f.manager.plan_reinstall(&["web01"], &options), done)
            },
        ),
        (
            "attach",
            |f| {
                f.machine.run("zoneadm -z web01 halt");
                f.manager.detach(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
            },
            |f| {
                let options = AttachOptions::new();
                let done = f.manager.attach(&["web01"], &options, &mut RunOptions::new());
                both(f.manager.plan_attach(&["web01"], &options), done.and_then(|report| report.into_result()))
            },
        ),
        (
            "update",
            |f| drop(f.machine.run("zoneadm -z web01 halt")),
            |f| {
                let options = UpdateOptions::new();
                let done = f.manager.update(&["web01"], &options, &mut RunOptions::new());
                both(f.manager.plan_update(&["web01"], &options), done.and_then(|report| report.into_result()))
            },
        ),
        (
            "rename with the zonepath",
            |f| drop(f.machine.run("zoneadm -z web01 halt")),
            |f| {
                let options = RenameOptions::new().zonepath(true);
                let done = f.manager.rename("web01", "web09", &options, &mut RunOptions::new());
                both(f.manager.plan_rename("web01", "web09", &options), done.and_then(|report| report.into_result()))
            },
        ),
        (
            "template refresh",
            |f| f.edit("templates/oi.kdl", "autoboot #true", "install { golden #true; }"),
            |f| {
                let options = RefreshOptions::new();
                let done = f.manager.refresh_templates(&["oi"], &options, &mut RunOptions::new());
                let done = done.and_then(|report| report.into_result());
                both(f.manager.plan_refresh_templates(&["oi"], &options), done)
            },
        ),
    ];
    for (what, change, errors) in table {
        let fixture = fixture::new();
        fixture.create("web01");
        change(&fixture);
        activate_other(&fixture);
        let before = whole(fixture.dir());
        for error in errors(&fixture) {
            assert_eq!(error.code(), Code::WrongState, "{what}: {error:?}");
            assert!(format!("{error} {:?}", error.details()).contains("boots be-2 next"), "{what}: {error:?}");
        }
        let after = whole(fixture.dir());
        assert!(before == after, "{what}:\n{}", differences(&before, &after));
    }
}

#[test]
fn operations_that_only_the_running_environment_sees_say_so() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.machine.run("zoneadm -z web01 halt");
    let options = DestroyOptions::new();
    assert_eq!(fixture.manager.plan_destroy(&["web01"], &options).unwrap().changes[0].notes, [""; 0]);
    activate_other(&fixture);
    let destroyed = fixture.manager.plan_destroy(&["web01"], &options).unwrap();
    assert_eq!(destroyed.changes[0].notes, ["the host boots environment be-2 next, in which web01 is still there"]);
    let detached = fixture.manager.plan_detach(&["web01"]).unwrap();
    assert!(detached.changes[0].notes.iter().any(|note| note.ends_with("in which web01 is still attached")));
    let renamed = fixture.manager.plan_rename("web01", "web09", &RenameOptions::new()).unwrap();
    assert!(renamed.changes[0].notes.iter().any(|note| note.ends_with("in which web01 is still called web01")));
    let report = fixture.manager.destroy(&["web01"], &options, &mut RunOptions::new()).unwrap();
    assert_eq!(report.outcomes[0].action, Action::Destroyed);
    assert_eq!(report.outcomes[0].notes.len(), 1);
}
