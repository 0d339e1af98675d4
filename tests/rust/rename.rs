//! A zone gets another name: on the host, in its entry, in every file that names it; or nothing changes, and the error says why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use zmgr::{
    CreateOptions, DestroyOptions, Dialect, DriftStatus, Fault, Manager, RecoverOptions, RenameOptions, RunOptions,
    Zone,
};

use crate::fixture::{self, Fixture, When, slug};
use crate::sim_machine;
use crate::snapshot::{differences, whole};

fn run() -> RunOptions<'static> {
    RunOptions::new()
}

fn rename(manager: &Manager, from: &str, to: &str, options: &RenameOptions) -> Result<Zone, zmgr::Error> {
    Ok(manager.rename(from, to, options, &mut run())?.into_result()?.remove(0))
}

fn all() -> RenameOptions {
    RenameOptions::new().links(true).zonepath(true)
}

/// Adds a node to the one node of a file of the tree.
fn add(fixture: &Fixture, name: &str, line: &str) {
    let path = fixture.file(name);
    let text = fs::read_to_string(&path).unwrap();
    let end = text.rfind('}').unwrap();
    fs::write(path, format!("{}    {line}\n}}\n", &text[..end])).unwrap();
}

/// Returns what a directory has, but for zmgr's own files and those of the simulation.
fn state(dir: &Path) -> BTreeMap<String, String> {
    whole(dir)
}

fn is_clean(manager: &Manager) -> bool {
    manager.diff(&[]).unwrap().zones.iter().all(|zone| zone.status == DriftStatus::Clean)
}

#[test]
fn every_file_that_names_the_zone_gets_the_new_name_and_keeps_the_rest() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.create("web02", &CreateOptions::new().clone_from("web01").boot(false), &mut run()).unwrap();
    fixture.edit("zones/web01.kdl", "zone \"web01\" {", "// the first\nzone \"web01\" { // mine");
    add(&fixture, "pools/internal.kdl", "reserve \"10.1.0.99\" for=\"web01\" // kept for it");
    add(&fixture, "zones/web02.kdl", "after \"web01\"");
    fs::write(fixture.file("templates/copy.kdl"), "template \"copy\" {\n    clone-from web01\n}\n").unwrap();
    let id = fixture.manager.zone("web01").unwrap().id;
    let zone = rename(&fixture.manager, "web01", "db01", &RenameOptions::new()).unwrap();
    assert_eq!((zone.name.as_str(), &zone.id, zone.state), ("db01", &id, Some(zmgr::ZoneState::Ready)));
    assert_eq!((zone.zonepath.as_deref(), zone.nets[0].vnic.as_deref()), (Some("/zones/web01"), Some("web01_0")));
    assert_eq!(fixture.zones(), ["db01:installed", "web02:installed"]);
    let text = fs::read_to_string(fixture.entry("db01")).unwrap();
    assert!(text.starts_with("// the first\nzone \"db01\" { // mine\n"), "{text}");
    assert!(!text.contains("renaming") && text.contains("format 2"), "{text}");
    assert!(!fixture.entry("web01").exists());
    let text = fs::read_to_string(fixture.entry("web02")).unwrap();
    assert!(!text.contains("\"web01\"") && text.matches("clone-from \"db01\"").count() == 2, "{text}");
    assert!(text.contains("after \"db01\""), "{text}");
    let text = fs::read_to_string(fixture.file("pools/internal.kdl")).unwrap();
    assert!(text.contains("reserve \"10.1.0.99\" for=\"db01\" // kept for it"), "{text}");
    let text = fs::read_to_string(fixture.file("templates/copy.kdl")).unwrap();
    assert!(!text.contains("web01") && text.contains("db01"), "{text}");
    fixture.edit("zones/web02.kdl", "    after \"db01\"\n", "");
    assert!(is_clean(&fixture.manager));
    assert!(fixture.manager.check().unwrap().iter().all(|found| found.severity != zmgr::Severity::Error));
}

#[test]
fn links_and_zonepath_get_the_name_too_and_the_zone_comes_up_with_its_addresses() {
    for dialect in [Dialect::OpenIndiana, Dialect::OmniOs] {
        let machine = std::sync::Arc::new(sim_machine::new(dialect));
        let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
        manager.init().unwrap();
        let fixture = Fixture { machine, manager };
        let before = fixture.manager.create("web01", &CreateOptions::new().boot(true), &mut run()).unwrap();
        let address = before.nets[0].addresses[0].address;
        fixture.manager.halt(&["web01"], &zmgr::HaltOptions::new(), &mut run()).unwrap();
        let zone = rename(&fixture.manager, "web01", "db01", &all()).unwrap();
        assert_eq!((zone.zonepath.as_deref(), zone.nets[0].vnic.as_deref()), (Some("/zones/db01"), Some("db01_0")));
        assert_eq!(fixture.vnics(), ["db01_0"]);
        assert!(is_clean(&fixture.manager), "{dialect:?}");
        fixture.manager.boot(&["db01"], &mut run()).unwrap().into_result().unwrap();
        let shown = fixture.machine.run("zlogin db01 ipadm show-addr -p -o state,addr");
        assert!(shown.contains(&format!("ok:{address}\n")), "{dialect:?}: {shown}");
        fixture.manager.destroy(&["db01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
        fixture.assert_bare();
    }
}

#[test]
fn there_and_back_again_is_where_it_was() {
    for options in [RenameOptions::new(), RenameOptions::new().links(true), all()] {
        let fixture = fixture::new();
        fixture.create("web01");
        let before = state(fixture.dir());
        rename(&fixture.manager, "web01", "db01", &options).unwrap();
        assert_ne!(state(fixture.dir()), before);
        rename(&fixture.manager, "db01", "web01", &options).unwrap();
        let mut after = state(fixture.dir());
        if options.links {
            // The zone still has to be told of the links, which it had before its first boot.
            let entry = after.get_mut("etc/zmgr/zones/web01.kdl").unwrap();
            *entry = entry.lines().filter(|line| !line.contains("take-up")).collect::<Vec<_>>().join("\n");
        }
        // zoneadm sets the mount point of a zone that it moves.
        let kept = |all: BTreeMap<String, String>| -> BTreeMap<String, String> {
            all.into_iter().filter(|(path, _)| !options.zonepath || !path.starts_with("etc/zfs/")).collect()
        };
        let (before, after) = (kept(before), kept(after));
        assert!(before == after, "{options:?}\n{}", differences(&before, &after));
    }
}

#[test]
fn the_old_name_is_free_and_what_keeps_it_is_not() {
    let fixture = fixture::new();
    fixture.create("web01");
    rename(&fixture.manager, "web01", "db01", &RenameOptions::new()).unwrap();
    // Its zonepath and its VNIC are still in use.
    let error = fixture.manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap_err();
    assert!(error.message().contains("the zonepath /zones/web01 overlaps that of zone db01"), "{error}");
    rename(&fixture.manager, "db01", "db02", &all()).unwrap();
    // The VNIC has the name of a zone that it never was named after: it keeps it.
    assert_eq!(fixture.vnics(), ["web01_0"]);
}

/// Changes something, and says what a rename then ends with, and a part of the reason.
type Refused = (&'static str, fn(&Fixture), [&'static str; 2], RenameOptions, &'static str, &'static str);

#[test]
fn what_refuses_a_rename_changes_nothing() {
    let plain = RenameOptions::new;
    let nothing: fn(&Fixture) = |_| {};
    let table: Vec<Refused> = vec![
        ("no such zone", nothing, ["nope", "db01"], plain(), "not-found", "not found"),
        ("the same name", nothing, ["web01", "web01"], plain(), "invalid-argument", "is its current name"),
        ("a reserved name", nothing, ["web01", "SUNWdb"], plain(), "invalid-argument", "not a valid zone name"),
        ("the global zone", nothing, ["web01", "global"], plain(), "invalid-argument", "not a valid zone name"),
        ("another entry", nothing, ["web01", "web02"], plain(), "exists", "zone web02 is already registered"),
        (
            "running",
            |f| drop(f.machine.run("zoneadm -z web01 boot")),
            ["web01", "db01"],
            plain(),
            "wrong-state",
            "web01 is running",
        ),
        (
            "ready",
            |f| drop(f.machine.run("zoneadm -z web01 ready")),
            ["web01", "db01"],
            plain(),
            "wrong-state",
            "web01 is ready",
        ),
        (
            "incomplete",
            |f| drop(f.machine.run("zoneadm -z web01 mark incomplete")),
            ["web01", "db01"],
            plain(),
            "wrong-state",
            "web01 is incomplete",
        ),
        (
            "gone from the host",
            |f| {
                f.machine.run("zoneadm -z web01 uninstall -F");
                f.machine.run("zonecfg -z web01 delete -F");
            },
            ["web01", "db01"],
            plain(),
            "wrong-state",
            "the host does not have zone web01",
        ),
        (
            "installed again by hand",
            |f| {
                f.machine.run("zoneadm -z web01 uninstall -F");
                f.machine.run("zoneadm -z web01 install");
            },
            ["web01", "db01"],
            plain(),
            "recovery-needed",
            "its uuid is",
        ),
        (
            "an unbuilt zone",
            |f| fs::write(f.entry("new"), "zone \"new\" {\n    template \"oi\"\n}\n").unwrap(),
            ["new", "db01"],
            plain(),
            "wrong-state",
            "new has not been created yet",
        ),
        (
            "a zone of the host",
            |f| {
                drop(
                    f.machine
                        .argv(&["zonecfg", "-z", "db01", "create -b; set brand=nlipkg; set zonepath=/zones/x"], ""),
                )
            },
            ["web01", "db01"],
            plain(),
            "exists",
            "the host already has a zone db01",
        ),
        (
            "a document without a zone",
            |f| fs::copy(f.dir().join("etc/zones/web01.xml"), f.dir().join("etc/zones/db01.xml")).map(drop).unwrap(),
            ["web01", "db01"],
            plain(),
            "exists",
            "the host has no zone db01",
        ),
        (
            "data where a zone of that name would be",
            |f| drop(f.machine.run("zfs create rpool/zones/db01")),
            ["web01", "db01"],
            plain(),
            "exists",
            "dataset rpool/zones/db01",
        ),
        (
            "files where a zone of that name would be",
            |f| {
                fs::create_dir_all(f.dir().join("zones/db01")).unwrap();
                fs::write(f.dir().join("zones/db01/precious"), "").unwrap();
            },
            ["web01", "db01"],
            all(),
            "exists",
            "the zonepath /zones/db01",
        ),
        (
            "a reservation",
            |f| drop(f.manager.allocate("internal", "db01", None, &mut run()).unwrap()),
            ["web01", "db01"],
            plain(),
            "exists",
            "a reservation has the name db01",
        ),
        (
            "an address reserved for that name",
            |f| add(f, "pools/internal.kdl", "reserve \"10.1.0.99\" for=\"db01\""),
            ["web01", "db01"],
            plain(),
            "exists",
            "pools/internal.kdl already names a zone db01",
        ),
        (
            "a template that cannot be read",
            |f| fs::write(f.file("templates/odd.kdl"), "template \"odd\" {").unwrap(),
            ["web01", "db01"],
            plain(),
            "config",
            "templates/odd.kdl cannot be read",
        ),
        (
            "an entry that cannot be read and has the name in it",
            |f| fs::write(f.entry("odd"), "zone \"odd\" { clone-from \"web01\"").unwrap(),
            ["web01", "db01"],
            plain(),
            "config",
            "odd.kdl",
        ),
        (
            "storage named after the zone",
            |f| {
                fs::create_dir_all(f.dir().join("export/web01")).unwrap();
                add(f, "templates/oi.kdl", "fs \"/data\" special=\"/export/{zone}\" type=\"lofs\"");
            },
            ["web01", "db01"],
            plain(),
            "config",
            "would lose its file system /data from /export/web01",
        ),
        (
            "a link that is gone",
            |f| drop(f.machine.run("dladm delete-vnic web01_0")),
            ["web01", "db01"],
            all(),
            "wrong-state",
            "the host does not have the VNIC web01_0",
        ),
        (
            "an unfinished operation",
            |f| f.edit("zones/web01.kdl", "state \"ready\"", "state \"destroying\" step=\"uninstall\""),
            ["web01", "db01"],
            plain(),
            "recovery-needed",
            "web01 has an unfinished operation",
        ),
        (
            "a newer zmgr",
            |f| f.edit("zones/web01.kdl", "format 2", "format 99"),
            ["web01", "db01"],
            plain(),
            "config",
            "newer zmgr",
        ),
    ];
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    for (what, change, [from, to], options, code, part) in table {
        let copy = tempfile::tempdir().unwrap();
        crate::snapshot::copy(fixture.dir(), copy.path());
        let machine = sim_machine::Pretend { host: zmgr::SimHost::open(copy.path()).unwrap(), dir: copy };
        let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
        let site = Fixture { machine: machine.into(), manager };
        change(&site);
        let before = state(site.dir());
        for error in [
            site.manager.plan_rename(from, to, &options).map(drop).unwrap_err(),
            rename(&site.manager, from, to, &options).map(drop).unwrap_err(),
        ] {
            assert_eq!(error.code().slug(), code, "{what}: {error:?}");
            let said = format!("{error} {:?}", error.details());
            assert!(said.contains(part), "{what}: {said}");
        }
        let after = state(site.dir());
        assert!(before == after, "{what}:\n{}", differences(&before, &after));
        let locks = fs::read_dir(site.file(".zmgr/locks")).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!locks.into_iter().any(|lock| lock.to_string_lossy().starts_with("db01")), "{what}: a lock stays");
    }
}

#[test]
fn a_sparse_zone_or_one_outside_a_dataset_is_not_moved() {
    let machine = std::sync::Arc::new(sim_machine::new(Dialect::OmniOs));
    let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    let fixture = Fixture { machine, manager };
    let template = fs::read_to_string(fixture.file("templates/omnios.kdl")).unwrap();
    let line = template.lines().find(|line| line.trim_start().starts_with("brand ")).unwrap().to_owned();
    fixture.edit("templates/omnios.kdl", &line, "    brand \"sparse\"");
    fixture.create("web01");
    let error = rename(&fixture.manager, "web01", "db01", &all()).unwrap_err();
    assert_eq!(error.code().slug(), "wrong-state", "{error}");
    assert!(error.message().contains("brand sparse cannot be moved"), "{error}");
    rename(&fixture.manager, "web01", "db01", &RenameOptions::new().links(true)).unwrap();
    // A zone without files has nothing to move.
    fixture.machine.run("zoneadm -z db01 uninstall -F");
    let error = rename(&fixture.manager, "db01", "db02", &all()).unwrap_err();
    assert!(error.message().contains("only an installed zone can be moved"), "{error}");
}

/// The command that fails, and what another process does right before it, and takes back.
type Meddling = (&'static str, fn(&sim_machine::Pretend), fn(&sim_machine::Pretend));

#[test]
fn a_step_that_fails_takes_everything_back() {
    let table: [Meddling; 3] = [
        (
            "rename-link",
            |machine| drop(machine.run("dladm create-vnic -l stub0 db01_0")),
            |machine| drop(machine.run("dladm delete-vnic db01_0")),
        ),
        (
            "set zonename",
            |machine| {
                machine.argv(&["zonecfg", "-z", "db01", "create -b; set brand=nlipkg; set zonepath=/zones/x"], "");
            },
            |machine| drop(machine.run("zonecfg -z db01 delete -F")),
        ),
        (
            "move",
            |machine| {
                fs::create_dir_all(machine.dir.path().join("zones/db01")).unwrap();
                fs::write(machine.dir.path().join("zones/db01/x"), "").unwrap();
            },
            |machine| fs::remove_dir_all(machine.dir.path().join("zones/db01")).unwrap(),
        ),
    ];
    for (command, meddle, take_back) in table {
        let fixture = fixture::new();
        fixture.create("web01");
        add(&fixture, "pools/internal.kdl", "reserve \"10.1.0.99\" for=\"web01\"");
        let before = state(fixture.dir());
        let meddled = fixture.with_interference(When::Before, command, meddle);
        let error = rename(&meddled, "web01", "db01", &all()).unwrap_err();
        assert!(error.to_string().contains("and was rolled back"), "{command}: {error}");
        take_back(&fixture.machine);
        let after = state(fixture.dir());
        assert!(before == after, "{command}:\n{}", differences(&before, &after));
        rename(&fixture.manager, "web01", "db01", &all()).unwrap();
    }
}

#[test]
fn a_command_that_did_its_work_is_believed_whatever_its_status() {
    for (program, subcommand) in [("dladm", Some("rename-link")), ("zonecfg", None), ("zoneadm", Some("move"))] {
        let fixture = fixture::new();
        fixture.create("web01");
        let mut fault = Fault::new(program);
        fault.subcommand = subcommand.map(str::to_owned);
        (fault.exit, fault.times) = (Some(1), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
        match rename(&fixture.manager, "web01", "db01", &all()) {
            Ok(_) => assert_eq!(fixture.zones(), ["db01:installed"], "{program}"),
            Err(error) => {
                assert!(error.to_string().contains("and was rolled back"), "{program}: {error}");
                assert_eq!(fixture.zones(), ["web01:installed"], "{program}");
            }
        }
        assert!(is_clean(&fixture.manager), "{program}");
    }
}

#[test]
fn a_document_that_a_killed_zonecfg_left_goes_with_the_recovery() {
    let xml = |fixture: &Fixture, name: &str| fixture.dir().join(format!("etc/zones/{name}.xml"));
    // Dead before the index was changed, and after it.
    for (when, left, after) in [(When::Before, "db01", "web01"), (When::After, "web01", "db01")] {
        let fixture = fixture::new();
        fixture.create("web01");
        let text = fs::read(xml(&fixture, "web01")).unwrap();
        let abort = fixture.with_interference(when, "zonecfg", move |machine| {
            let place = machine.dir.path().join("etc/zones").join(format!("{left}.xml"));
            fs::write(place, &text).unwrap();
            panic!("dead");
        });
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            rename(&abort, "web01", "db01", &RenameOptions::new())
        }));
        assert!(died.is_err() || died.is_ok_and(|result| result.is_err()));
        assert!(xml(&fixture, left).exists());
        fixture.recover();
        assert!(!xml(&fixture, left).exists(), "{left}");
        assert_eq!(fixture.zones(), [format!("{after}:installed")]);
        assert_eq!(fixture.manager.zone(after).unwrap().state, Some(zmgr::ZoneState::Ready));
    }
}

#[test]
fn recovery_goes_where_it_is_told_and_refuses_what_it_does_not_know() {
    let begun = || {
        let fixture = fixture::new();
        fixture.create("web01");
        let dead = fixture.with_interference(When::After, "set zonename", |_| panic!("dead"));
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rename(&dead, "web01", "db01", &all())));
        assert!(died.is_err());
        assert_eq!(fixture.zones(), ["db01:installed"]);
        fixture
    };
    let recover = |fixture: &Fixture, options: &RecoverOptions| {
        fixture.manager.recover(&[], options, &mut run()).unwrap().into_result()
    };
    let fixture = begun();
    let before = fixture.manager.zone("web01").unwrap();
    assert_eq!(before.state, Some(zmgr::ZoneState::Creating));
    // Until it is recovered nothing else is done to it, under either name.
    assert_eq!(slug(rename(&fixture.manager, "web01", "x", &RenameOptions::new())), "recovery-needed");
    assert_eq!(slug(fixture.manager.create("db01", &CreateOptions::new(), &mut run())), "exists");
    recover(&fixture, &RecoverOptions::new().roll_back(true)).unwrap();
    assert_eq!(fixture.zones(), ["web01:installed"]);
    assert_eq!(fixture.vnics(), ["web01_0"]);
    assert!(is_clean(&fixture.manager));

    let fixture = begun();
    recover(&fixture, &RecoverOptions::new()).unwrap();
    assert_eq!(fixture.manager.zone("db01").unwrap().zonepath.as_deref(), Some("/zones/db01"));
    assert!(is_clean(&fixture.manager));

    let fixture = begun();
    fixture.machine.argv(&["zonecfg", "-z", "web01", "create -b; set brand=nlipkg; set zonepath=/zones/y"], "");
    let error = recover(&fixture, &RecoverOptions::new()).unwrap_err();
    assert_eq!(error.code().slug(), "recovery-needed");
    assert!(error.message().contains("the host has both zone web01 and zone db01"), "{error}");
    fixture.machine.run("zonecfg -z web01 delete -F");
    fixture.machine.run("zoneadm -z db01 boot");
    let error = recover(&fixture, &RecoverOptions::new().roll_back(true)).unwrap_err();
    assert!(error.message().contains("active under its new name"), "{error}");
}

#[test]
fn a_plan_is_run_as_it_was_approved_or_not_at_all() {
    let fixture = fixture::new();
    fixture.create("web01");
    let before = state(fixture.dir());
    let plan = fixture.manager.plan_rename("web01", "db01", &all()).unwrap();
    assert_eq!(state(fixture.dir()), before);
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps, ["link:internal", "zonecfg", "move", "entry"]);
    assert!(plan.changes[0].steps[..3].iter().all(|step| step.evidence.is_some() && !step.undo.is_empty()));
    assert!(
        plan.to_string().contains("select net physical=web01_0; set physical=db01_0; end; set zonename=db01; commit")
    );
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    add(&fixture, "pools/internal.kdl", "reserve \"10.1.0.99\" for=\"web01\"");
    let stale = fixture.manager.run(&plan, &mut run()).unwrap_err();
    assert_eq!(stale.code().slug(), "stale-plan", "{stale}");
    assert_eq!(fixture.zones(), ["web01:installed"]);
    let plan = fixture.manager.plan_rename("web01", "db01", &all()).unwrap();
    let report = fixture.manager.run(&plan, &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, zmgr::Action::Renamed);
    assert!(
        report.outcomes[0].notes.iter().any(|note| note.contains("zmgr boot db01")),
        "{:?}",
        report.outcomes[0].notes
    );
    assert_eq!(slug(fixture.manager.run(&plan, &mut run())), "stale-plan");
}
