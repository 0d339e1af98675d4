//! The needs of a zone's next boot are checked before anything is written, and reported when they go missing.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    ApplyOptions, Code, CreateOptions, Diagnostic, DriftCause, DriftStatus, HaltOptions, ImportOptions, Manager,
    ReinstallOptions, RunOptions, Severity,
};

use crate::fixture::{self, Fixture, slug};
use crate::snapshot::whole;

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// Changes what an entry says above its `applied` block.
fn edit(fixture: &Fixture, zone: &str, change: impl Fn(&str) -> String) {
    let path = fixture.entry(zone);
    let text = fs::read_to_string(&path).unwrap();
    let (own, rest) = text.split_once("    applied {").unwrap();
    let changed = change(own);
    assert_ne!(own, changed);
    fs::write(path, format!("{changed}    applied {{{rest}")).unwrap();
}

/// Adds nodes to an entry.
fn add(fixture: &Fixture, zone: &str, nodes: &str) {
    edit(fixture, zone, |own| format!("{own}    {nodes}\n"));
}

fn ok(fixture: &Fixture, line: &str) {
    let said = fixture.machine.run(line);
    assert!(said.ends_with("=0"), "{line}: {said}");
}

fn running(fixture: &Fixture, zone: &str) {
    fixture.manager.create(zone, &CreateOptions::new().boot(true), &mut run()).unwrap();
}

fn make_directory(fixture: &Fixture, path: &str) {
    fs::create_dir_all(fixture.dir().join(path)).unwrap();
}

/// Diagnostics of `check` about boots.
fn cannot_boot(manager: &Manager) -> Vec<Diagnostic> {
    manager.check().unwrap().into_iter().filter(|found| found.code == "cannot-boot").collect()
}

/// Applies the file of a zone that has nothing to change.
fn unchanged(fixture: &Fixture, zone: &str) -> zmgr::Outcome {
    let mut report = fixture.manager.apply(&[zone], &ApplyOptions::new(), &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, zmgr::Action::Unchanged, "{report:#?}");
    report.outcomes.remove(0)
}

fn apply(fixture: &Fixture, zone: &str, options: &ApplyOptions) -> zmgr::Result<&'static str> {
    fixture.manager.apply(&[zone], options, &mut run())?.into_result().map(|_| "ok")
}

#[test]
fn an_edit_that_cannot_boot_was_applied_and_the_zone_went_down() {
    let edits = [
        ("dataset \"rpool/typo\"", "the host has no dataset rpool/typo, which "),
        ("fs \"/mnt\" special=\"/export/none\" type=\"lofs\"", "the host has no file or directory /export/none"),
        ("fs \"/mnt\" special=\"rpool/none\" type=\"zfs\"", "the host has no dataset rpool/none"),
        ("fs \"/mnt\" special=\"rpool/zones\" type=\"zfs\"", "the dataset rpool/zones has mountpoint /zones"),
        ("net \"more\" { physical \"nolink0\"; }", "nolink0"),
    ];
    let fixture = fixture::new();
    running(&fixture, "web01");
    let (entry, before) = (fs::read_to_string(fixture.entry("web01")).unwrap(), whole(fixture.dir()));
    for (nodes, message) in edits {
        add(&fixture, "web01", nodes);
        let edited = whole(fixture.dir());
        for options in [ApplyOptions::new(), ApplyOptions::new().reboot(true)] {
            let planned = fixture.manager.plan_apply(&["web01"], &options).unwrap_err();
            let error = apply(&fixture, "web01", &options).unwrap_err();
            assert_eq!((planned.code().slug(), error.code().slug()), ("config", "config"), "{nodes}: {error}");
            assert!(planned.message().contains(message) && error.message().contains(message), "{nodes}: {error}");
            assert!(error.help().is_some(), "{error}");
        }
        assert_eq!(whole(fixture.dir()), edited, "{nodes}");
        let found = fixture.manager.check().unwrap();
        assert!(found.iter().any(|found| found.severity == Severity::Error), "{nodes}: {found:#?}");
        assert!(!fixture.manager.diff(&[]).unwrap().is_clean(), "{nodes}");
        fs::write(fixture.entry("web01"), &entry).unwrap();
    }
    assert_eq!(whole(fixture.dir()), before);
    assert_eq!(fixture.zones(), ["web01:running"]);
    assert_eq!(cannot_boot(&fixture.manager), []);
}

/// A running zone with everything that a host can lose, and how the host loses each.
fn with_everything(fixture: &Fixture) -> [(&'static str, Vec<String>); 4] {
    ok(fixture, "zfs create rpool/data");
    ok(fixture, "zfs create rpool/data/web01");
    ok(fixture, "zfs create -o mountpoint=legacy rpool/data/legacy");
    make_directory(fixture, "export/home");
    running(fixture, "web01");
    add(
        fixture,
        "web01",
        "dataset \"rpool/data/web01\"; fs \"/mnt\" special=\"/export/home\" type=\"lofs\"; \
         fs \"/old\" special=\"rpool/data/legacy\" type=\"zfs\"",
    );
    apply(fixture, "web01", &ApplyOptions::new().reboot(true)).unwrap();
    [
        (
            "dataset rpool/data/web01 on the host",
            vec!["zfs set zoned=off rpool/data/web01".into(), "zfs destroy rpool/data/web01".into()],
        ),
        ("/export/home on the host", vec!["rm".into()]),
        ("dataset rpool/data/legacy on the host", vec!["zfs destroy rpool/data/legacy".into()]),
        ("brand nlipkg on the host", vec!["brand".into()]),
    ]
}

fn lose(fixture: &Fixture, how: &[String]) {
    for command in how {
        match command.as_str() {
            "rm" => fs::remove_dir_all(fixture.dir().join("export/home")).unwrap(),
            "brand" => fs::remove_file(fixture.dir().join("usr/lib/brand/nlipkg/config.xml")).unwrap(),
            command => ok(fixture, command),
        }
    }
}

#[test]
fn what_the_host_lost_was_noticed_only_when_the_boot_failed() {
    for n in 0..4 {
        let fixture = fixture::new();
        let (what, how) = with_everything(&fixture)[n].clone();
        assert!(fixture.manager.diff(&[]).unwrap().is_clean());
        ok(&fixture, "zoneadm -z web01 halt");
        lose(&fixture, &how);
        let drift = fixture.manager.diff(&["web01"]).unwrap();
        let zone = &drift.zones[0];
        assert_eq!(zone.status, DriftStatus::Differs, "{what}: {drift}");
        let item = zone.items.iter().find(|item| item.what == what).unwrap_or_else(|| panic!("{what}: {drift}"));
        assert_eq!(item.cause, DriftCause::Host, "{what}");
        assert!(item.source.line > 0 && item.to_string().contains("not on host ("), "{item}");
        let found = fixture.manager.check().unwrap();
        let reported = ["cannot-boot", "cannot-create", "no-such-brand"];
        assert!(
            found.iter().any(|found| reported.contains(&found.code.as_str()) && found.line.is_some()),
            "{found:#?}"
        );
        let before = whole(fixture.dir());
        assert!(fixture.manager.boot(&["web01"], &mut run()).and_then(zmgr::Report::into_result).is_err(), "{what}");
        let outcome = unchanged(&fixture, "web01");
        assert!(outcome.notes.iter().any(|note| note.starts_with("web01 cannot boot: ")), "{what}: {outcome:#?}");
        assert_eq!(whole(fixture.dir()), before, "{what}");
        // Operations that would change the zone are refused.
        add(&fixture, "web01", "attr \"owner\" \"alice\"");
        let before = whole(fixture.dir());
        let refused = if what.starts_with("brand") { "unsupported-host" } else { "config" };
        assert_eq!(slug(fixture.manager.plan_apply(&["web01"], &ApplyOptions::new())), refused, "{what}");
        assert_eq!(slug(apply(&fixture, "web01", &ApplyOptions::new())), refused, "{what}");
        assert_eq!(whole(fixture.dir()), before, "{what}");
    }
}

#[test]
fn a_reboot_did_not_stop_before_a_source_that_was_gone() {
    let fixture = fixture::new();
    let [_, (_, lofs), ..] = with_everything(&fixture);
    lose(&fixture, &lofs);
    let reboot = |options: &HaltOptions| fixture.manager.reboot(&["web01"], options, &mut run()).unwrap().into_result();
    assert_eq!(slug(reboot(&HaltOptions::new())), "config");
    assert_eq!(slug(reboot(&HaltOptions::new().force(true))), "config");
    assert_eq!(slug(fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run())), "config");
    assert_eq!(fixture.zones(), ["web01:running"]);
}

#[test]
fn imported_links_that_are_gone_are_reported_and_faithful_imports_are_not() {
    let fixture = fixture::new();
    running(&fixture, "web01");
    ok(&fixture, "dladm create-vnic -l stub0 theirs0");
    ok(&fixture, "zoneadm -z web01 halt");
    let script = "select net physical=web01_0; set physical=theirs0; end";
    let said = fixture.machine.argv(&["zonecfg", "-z", "web01", script], "");
    assert!(said.ends_with("=0"), "{said}");
    fixture.manager.forget(&["web01"], &mut run()).unwrap().into_result().unwrap();
    fixture.manager.import(&["web01"], &ImportOptions::new(), &mut run()).unwrap().into_result().unwrap();
    let drift = fixture.manager.diff(&[]).unwrap();
    assert!(drift.is_clean(), "{drift}");
    assert_eq!(cannot_boot(&fixture.manager), []);
    assert_eq!(
        fixture.manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().outcomes[0].action,
        zmgr::Action::Unchanged
    );
    ok(&fixture, "dladm delete-vnic theirs0");
    let drift = fixture.manager.diff(&[]).unwrap();
    let item = &drift.zones[0].items[0];
    assert_eq!((item.what.as_str(), item.cause), ("link theirs0 on the host", DriftCause::Host), "{drift}");
    let found = cannot_boot(&fixture.manager);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].message, "zone web01 cannot boot: the host has no link theirs0, which the zone needs to boot");
    let note = "web01 cannot boot: the host has no link theirs0, which the zone needs to boot";
    assert_eq!(unchanged(&fixture, "web01").notes, [note]);
}

#[test]
fn a_dataset_that_a_template_creates_was_never_made_for_zones_that_exist() {
    let fixture = fixture::new();
    running(&fixture, "web01");
    ok(&fixture, "zfs create rpool/data");
    fixture.edit(
        "templates/oi.kdl",
        "autoboot",
        "dataset \"rpool/data/{zone}\" create=#true quota=\"1G\"\n    autoboot",
    );
    let plan = fixture.manager.plan_apply(&["web01"], &ApplyOptions::new()).unwrap();
    assert!(plan.changes[0].steps.iter().any(|step| step.id == "dataset:rpool/data/web01"), "{plan}");
    apply(&fixture, "web01", &ApplyOptions::new().reboot(true)).unwrap();
    assert_eq!(fixture.machine.run("zfs get -Hpo value quota rpool/data/web01"), "1073741824\n=0");
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
    // Made again if it is lost, whether or not the configuration has changed.
    ok(&fixture, "zoneadm -z web01 halt");
    ok(&fixture, "zfs destroy rpool/data/web01");
    apply(&fixture, "web01", &ApplyOptions::new()).unwrap();
    ok(&fixture, "zfs list rpool/data/web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
}

#[test]
fn apply_with_the_stub_gone_ended_with_an_error_of_dladm() {
    let fixture = fixture::new();
    fixture.create("web01");
    ok(&fixture, "dladm delete-vnic web01_0");
    ok(&fixture, "dladm delete-etherstub stub0");
    let before = whole(fixture.dir());
    let error = apply(&fixture, "web01", &ApplyOptions::new()).unwrap_err();
    assert!(error.message().contains("the host has no link stub0"), "{error}");
    assert!(error.help().unwrap().contains("dladm create-etherstub stub0"), "{error:?}");
    assert_eq!(whole(fixture.dir()), before);
}

#[test]
fn a_link_that_the_host_uses_itself_was_given_to_a_zone_that_then_could_not_boot() {
    let fixture = fixture::new();
    running(&fixture, "web01");
    let addresses = fixture.machine.run("ipadm show-addr -p -o addrobj");
    let link = addresses.lines().find_map(|line| line.split('/').next().filter(|link| *link != "lo0")).unwrap();
    add(&fixture, "web01", &format!("net \"more\" {{ physical \"{link}\"; }}"));
    let error = apply(&fixture, "web01", &ApplyOptions::new()).unwrap_err();
    assert!(error.message().contains(&format!("the link {link}")) || error.message().contains(link), "{error}");
    assert_eq!(fixture.zones(), ["web01:running"]);
}

#[test]
fn a_configuration_that_zoneadm_refuses_is_put_back() {
    let fixture = fixture::new();
    running(&fixture, "web01");
    let before = fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    let entry = fs::read_to_string(fixture.entry("web01")).unwrap();
    make_directory(&fixture, "export/home");
    for options in [ApplyOptions::new(), ApplyOptions::new().reboot(true)] {
        add(&fixture, "web01", "fs \"/mnt\" special=\"/export/home\" type=\"nosuchfs\"; bootargs \"-v\"");
        let error = apply(&fixture, "web01", &options).unwrap_err();
        assert!(error.to_string().contains("could not boot with the new configuration"), "{error:?}");
        assert!(error.to_string().contains("web01 is configured as before"), "{error:?}");
        assert_eq!(fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap(), before);
        assert_eq!(fixture.zones(), ["web01:running"]);
        assert!(!fs::read_to_string(fixture.entry("web01")).unwrap().contains("pending"));
        fs::write(fixture.entry("web01"), &entry).unwrap();
    }
}

/// A manager that counts the commands whose line holds this text.
fn counted(fixture: &Fixture, text: &'static str) -> (Manager, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>) {
    let (count, all) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counter, lines) = (Arc::clone(&count), Arc::clone(&all));
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::Before(invocation) = moment {
            let line = invocation.to_string();
            counter.fetch_add(usize::from(line.contains(text)), Ordering::SeqCst);
            lines.lock().unwrap().push(line);
        }
    });
    (fixture.observed(watcher, WriteHook::none()), count, all)
}

#[test]
fn every_dataset_of_every_zone_was_asked_for_by_itself() {
    let fixture = fixture::new();
    ok(&fixture, "zfs create rpool/data");
    fixture.edit("templates/oi.kdl", "autoboot", "dataset \"rpool/data/{zone}\" create=#true\n    autoboot");
    let names: Vec<String> = (0..8).map(|n| format!("z{n}")).collect();
    for name in &names {
        fixture.create(name);
    }
    type Call = (&'static str, fn(&Manager));
    let calls: [Call; 3] = [
        ("diff", |manager| assert!(manager.diff(&[]).unwrap().is_clean())),
        ("apply", |manager| drop(manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap())),
        ("check", |manager| assert_eq!(cannot_boot(manager), [])),
    ];
    for (what, call) in calls {
        let (manager, datasets, all) = counted(&fixture, "zfs list");
        call(&manager);
        let all = all.lock().unwrap();
        assert!(datasets.load(Ordering::SeqCst) <= 3, "{what}: {all:#?}");
        assert!(all.iter().all(|line| !line.contains("verify")), "{what}: {all:#?}");
    }
    // One that is changed is verified, the others are not.
    fixture.manager.set("z3", &[("attr.owner", "alice")], &mut run()).unwrap();
    let (manager, verified, _) = counted(&fixture, " verify");
    manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(verified.load(Ordering::SeqCst), 1);
}

#[test]
fn a_dataset_to_be_created_had_no_parent_and_the_creation_failed_half_way() {
    let fixture = crate::fixture::new();
    let zone = "zone \"a\" {\n    template \"oi\"\n    dataset \"rpool/none/a\" create=#true\n}\n";
    fs::write(fixture.entry("a"), zone).unwrap();
    let found = fixture.manager.check().unwrap();
    assert!(
        found.iter().any(|found| found.message.contains("no dataset rpool/none, in which rpool/none/a")),
        "{found:?}"
    );
    let before = crate::snapshot::whole(fixture.dir());
    let error = fixture.manager.apply(&["a"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().error().unwrap();
    assert_eq!(error.code(), Code::Config, "{error}");
    let now = crate::snapshot::whole(fixture.dir());
    assert!(now == before, "{}", crate::snapshot::differences(&before, &now));
    assert!(fixture.machine.run("zfs create rpool/none").ends_with("=0"));
    fixture.manager.apply(&["a"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
}

#[test]
fn a_reinstallation_ignored_another_zonepath_or_brand_in_the_file() {
    let fixture = crate::fixture::new();
    fixture.manager.create("a", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let text = fs::read_to_string(fixture.entry("a")).unwrap();
    for (from, to) in [("zonepath \"/zones/a\"", "zonepath \"/zones/aa\""), ("brand \"nlipkg\"", "brand \"ipkg\"")] {
        fs::write(fixture.entry("a"), text.replacen(from, to, 1)).unwrap();
        let before = crate::snapshot::whole(fixture.dir());
        let options = zmgr::ReinstallOptions::new();
        let error = fixture.manager.reinstall("a", &options, &mut RunOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::WrongState, "{error}");
        assert!(error.message().contains("cannot change the "), "{error}");
        let now = crate::snapshot::whole(fixture.dir());
        assert!(now == before, "{}", crate::snapshot::differences(&before, &now));
    }
}
