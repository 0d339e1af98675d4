//! A dataset is delegated to one zone at most, or mounted in one, whichever operation asks for it, and however many zones ask at the same time.

use std::fs;

use zmgr::{ApplyOptions, Code, CreateOptions, DestroyOptions, Diagnostic, Dialect, Manager, RunOptions};

use crate::fixture::{self, Fixture};
use crate::invariants::doubles;
use crate::sim_machine;
use crate::snapshot::{differences, whole};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// A host with these running zones, the first created first, and the datasets `rpool/data/x` and `rpool/data/x/y`.
fn with_zones(zones: &[&str]) -> Fixture {
    let fixture = fixture::new();
    for zone in zones {
        fixture.manager.create(zone, &CreateOptions::new().boot(true), &mut run()).unwrap();
        // Times of creation have whole seconds; the one that is first is not the first by name.
        let text = fs::read_to_string(fixture.entry(zone)).unwrap();
        let second = fs::read_dir(fixture.file("zones")).unwrap().count();
        let (before, after) = text.split_once("created \"").unwrap();
        let rest = after.split_once('"').unwrap().1;
        fs::write(fixture.entry(zone), format!("{before}created \"2026-01-01T00:00:0{second}Z\"{rest}")).unwrap();
    }
    for dataset in ["rpool/data", "rpool/data/x", "rpool/data/x/y"] {
        ok(&fixture, &format!("zfs create {dataset}"));
    }
    fixture
}

fn ok(fixture: &Fixture, line: &str) {
    let said = fixture.machine.run(line);
    assert!(said.ends_with("=0"), "{line}: {said}");
}

/// Adds a node to an entry, above its state.
fn add(fixture: &Fixture, zone: &str, node: &str) {
    let text = fs::read_to_string(fixture.entry(zone)).unwrap();
    fs::write(fixture.entry(zone), text.replacen("    state ", &format!("    {node}\n    state "), 1)).unwrap();
}

fn remove(fixture: &Fixture, zone: &str, node: &str) {
    let text = fs::read_to_string(fixture.entry(zone)).unwrap();
    fs::write(fixture.entry(zone), text.replacen(&format!("    {node}\n"), "", 1)).unwrap();
}

/// Applies the files of these zones: by zone, what was done or why not.
fn apply(fixture: &Fixture, zones: &[&str], jobs: usize, reboot: bool) -> Vec<(String, String)> {
    let options = ApplyOptions::new().reboot(reboot);
    let report = fixture.manager.apply(zones, &options, &mut run().jobs(jobs)).unwrap();
    let said = |outcome: zmgr::Outcome| match outcome.result {
        Ok(_) => (outcome.name, outcome.action.as_str().to_owned()),
        Err(error) => {
            assert_eq!(error.code(), Code::Config, "{error:?}");
            (outcome.name, error.message().to_owned())
        }
    };
    report.outcomes.into_iter().map(said).collect()
}

fn holders(fixture: &Fixture, zones: &[&str]) -> Vec<String> {
    let has = |zone: &&&str| fixture.machine.run(&format!("zonecfg -z {zone} export")).contains("add dataset");
    zones.iter().filter(has).map(|zone| (*zone).to_owned()).collect()
}

fn findings(manager: &Manager) -> Vec<Diagnostic> {
    let is_of_dataset = |found: &Diagnostic| found.code == "cannot-boot" && found.message.contains("dataset");
    manager.check().unwrap().into_iter().filter(is_of_dataset).collect()
}

#[test]
fn one_dataset_of_a_template_was_given_to_every_zone_of_one_apply() {
    for jobs in [1, 3] {
        let zones = ["web03", "web01", "web02"];
        let fixture = with_zones(&zones);
        fixture.edit("templates/oi.kdl", "autoboot", "dataset \"rpool/data/x\"\n    autoboot");
        assert_eq!(findings(&fixture.manager).len(), 1, "{:#?}", findings(&fixture.manager));
        let plan = fixture.manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
        assert_eq!(plan.changes.iter().filter(|change| !change.steps.is_empty()).count(), 1, "{plan}");
        // Not even if it is asked for alone, and first.
        let asks = "which was created first, asks for it too";
        assert!(apply(&fixture, &["web02"], jobs, false)[0].1.contains(asks));
        let outcomes = apply(&fixture, &[], jobs, false);
        for (zone, said) in &outcomes {
            let right = if zone == "web03" { said == "applied" } else { said.contains("web03") };
            assert!(right, "{outcomes:?}");
        }
        assert_eq!(holders(&fixture, &zones), ["web03"]);
        assert_eq!(doubles(fixture.dir()).len(), 0);
        let created = fixture.manager.create("new", &CreateOptions::new(), &mut run()).map(drop);
        assert!(created.unwrap_err().message().contains("zone web03 has it"));
    }
}

#[test]
fn a_part_of_a_dataset_was_given_to_another_zone_of_the_same_apply() {
    let zones = ["a", "b", "c"];
    let fixture = with_zones(&zones);
    for (zone, dataset) in [("a", "rpool/data/x/y"), ("b", "rpool/data/x"), ("c", "rpool/data")] {
        add(&fixture, zone, &format!("dataset \"{dataset}\""));
    }
    apply(&fixture, &[], 2, true);
    assert_eq!(holders(&fixture, &zones), ["a"]);
    // Once the first no longer asks, the next one gets it.
    remove(&fixture, "a", "dataset \"rpool/data/x/y\"");
    apply(&fixture, &["a"], 1, true);
    apply(&fixture, &[], 2, true);
    assert_eq!(holders(&fixture, &zones), ["b"]);
}

#[test]
fn a_running_zone_kept_its_dataset_while_another_zone_got_it() {
    let fixture = with_zones(&["a", "b"]);
    let node = "dataset \"rpool/data/x\"";
    add(&fixture, "a", node);
    assert_eq!(apply(&fixture, &["a"], 1, true)[0].1, "applied");
    remove(&fixture, "a", node);
    assert_eq!(apply(&fixture, &["a"], 1, false)[0].1, "applied");
    add(&fixture, "b", node);
    let refused = &apply(&fixture, &["b"], 1, true)[0].1;
    assert!(refused.contains("zone a runs with it until its next boot"), "{refused}");
    assert_eq!(findings(&fixture.manager).len(), 1);
    let new = "zone \"new\" {\n    template \"oi\"\n    dataset \"rpool/data/x/y\"\n}\n";
    fs::write(fixture.file("zones/new.kdl"), new).unwrap();
    let refused = &apply(&fixture, &["new"], 1, false)[0].1;
    assert!(refused.contains("zone a runs with rpool/data/x until its next boot"), "{refused}");
    fs::remove_file(fixture.file("zones/new.kdl")).unwrap();
    assert_eq!(apply(&fixture, &["a"], 1, true)[0].1, "applied");
    assert_eq!(apply(&fixture, &["b"], 1, true)[0].1, "applied");
}

#[test]
fn check_was_silent_about_datasets_that_apply_refuses() {
    let fixture = with_zones(&["a", "b"]);
    for dataset in ["rpool", "rpool/ROOT", "rpool/zones", "rpool/zones/b", "rpool/zones/a/ROOT/zbe"] {
        let node = format!("dataset \"{dataset}\"");
        add(&fixture, "a", &node);
        let found = findings(&fixture.manager);
        assert_eq!(found.len(), 1, "{dataset}: {found:#?}");
        let says = format!("zone a cannot be changed as its files say: dataset {dataset} cannot be delegated: ");
        assert!(found[0].message.starts_with(&says) && found[0].line == Some(7), "{:#?}", found[0]);
        assert!(apply(&fixture, &["a"], 1, false)[0].1.contains("cannot be delegated"));
        remove(&fixture, "a", &node);
    }
    assert_eq!(fixture.manager.check().unwrap(), []);
}

#[test]
fn a_zone_that_could_not_be_detached_was_left_half_destroyed() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    let image = pretend.dir.path().join("export/base.tar");
    fs::create_dir_all(image.parent().unwrap()).unwrap();
    fs::write(image, format!("{}ustar{}", "\0".repeat(257), "\0".repeat(762))).unwrap();
    let template = "template \"t\" {\n    brand \"illumos\"\n    net \"internal\" { pool \"internal\"; }\n    \
                    install { image \"/export/base.tar\"; }\n}\n";
    fs::write(manager.root().join("templates/t.kdl"), template).unwrap();
    manager.create("web01", &CreateOptions::new().template("t").boot(false), &mut run()).unwrap();
    assert!(pretend.run("zfs create rpool/zones/web01/data").ends_with("=0"));
    let before = whole(pretend.dir.path());
    let options = DestroyOptions::new().keep_data(true);
    let error = manager.destroy(&["web01"], &options, &mut run()).unwrap().error().unwrap();
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("umount /zones/web01/data")), "{error:?}");
    let now = whole(pretend.dir.path());
    assert!(now == before, "{}", differences(&before, &now));
    assert!(pretend.run("zfs destroy rpool/zones/web01/data").ends_with("=0"));
    manager.destroy(&["web01"], &options, &mut run()).unwrap().into_result().unwrap();
}

#[test]
fn a_dataset_passed_through_to_zonecfg_was_given_to_two_zones_of_one_apply() {
    let fixture = with_zones(&["a", "b"]);
    for zone in ["a", "b"] {
        add(&fixture, zone, "zonecfg \"add dataset\" \"set name=rpool/data/x\" \"end\"");
    }
    apply(&fixture, &[], 2, false);
    assert_eq!(holders(&fixture, &["a", "b"]), ["a"]);
}

/// The node that mounts a dataset.
fn mount(dataset: &str) -> String {
    format!("fs \"/data\" special=\"{dataset}\" type=\"zfs\"")
}

#[test]
fn a_dataset_was_mounted_in_two_zones() {
    let fixture = with_zones(&["b", "a"]);
    ok(&fixture, "zfs create -o mountpoint=legacy rpool/data/m");
    let node = mount("rpool/data/m");
    for zone in ["a", "b"] {
        add(&fixture, zone, &node);
    }
    let found = findings(&fixture.manager);
    assert!(found.len() == 1 && found[0].message.contains("zone b, which was created first"), "{found:#?}");
    let outcomes = apply(&fixture, &[], 2, false);
    assert_eq!(outcomes[1], ("b".to_owned(), "applied".to_owned()));
    let why = "zone a: dataset rpool/data/m cannot be mounted: zone b";
    assert!(outcomes[0].1.starts_with(why), "{outcomes:?}");
    // The same for a zone of the host that is not registered, for new zones, and for those without a file yet.
    fixture.manager.forget(&["b"], &mut run()).unwrap().into_result().unwrap();
    assert!(apply(&fixture, &["a"], 1, true)[0].1.starts_with(why));
    let new = format!("zone \"new\" {{\n    template \"oi\"\n    {node}\n}}\n");
    fs::write(fixture.file("zones/new.kdl"), new).unwrap();
    assert!(apply(&fixture, &["new"], 1, false)[0].1.contains("cannot be mounted: zone b has it"));
    fs::remove_file(fixture.file("zones/new.kdl")).unwrap();
    let template = fs::read_to_string(fixture.file("templates/oi.kdl")).unwrap();
    let end = template.rfind('}').unwrap();
    fs::write(fixture.file("templates/oi.kdl"), format!("{}    {node}\n}}\n", &template[..end])).unwrap();
    let error = fixture.manager.create("c", &CreateOptions::new(), &mut run()).unwrap_err();
    assert!(error.code() == Code::Config && error.message().contains("zone b has it"), "{error}");
    assert_eq!(doubles(fixture.dir()), Default::default());
}

#[test]
fn a_dataset_was_mounted_in_one_zone_and_delegated_to_another() {
    let fixture = with_zones(&["a", "b"]);
    ok(&fixture, "zfs create -o mountpoint=legacy rpool/data/m");
    ok(&fixture, "zfs create -o mountpoint=legacy rpool/data/m/n");
    add(&fixture, "a", &mount("rpool/data/m/n"));
    assert_eq!(apply(&fixture, &["a"], 1, true)[0].1, "applied");
    for taken in ["rpool/data", "rpool/data/m", "rpool/data/m/n"] {
        let node = format!("dataset \"{taken}\"");
        add(&fixture, "b", &node);
        let refused = &apply(&fixture, &["b"], 1, true)[0].1;
        assert!(refused.contains(&format!("dataset {taken} cannot be delegated: zone a has ")), "{refused}");
        assert_eq!(findings(&fixture.manager).len(), 1);
        remove(&fixture, "b", &node);
    }
    // Nothing below a mounted dataset goes with it, nor does what it lies in.
    add(&fixture, "b", &mount("rpool/data/m"));
    assert_eq!(apply(&fixture, &["b"], 1, true)[0].1, "applied");
    remove(&fixture, "a", &mount("rpool/data/m/n"));
    assert_eq!(apply(&fixture, &["a"], 1, false)[0].1, "applied");
    let new = format!("zone \"new\" {{\n    template \"oi\"\n    {}\n}}\n", mount("rpool/data/m/n"));
    fs::write(fixture.file("zones/new.kdl"), new).unwrap();
    let refused = &apply(&fixture, &["new"], 1, false)[0].1;
    assert!(refused.contains("zone a runs with it until its next boot"), "{refused}");
    fixture.manager.reboot(&["a"], &zmgr::HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(apply(&fixture, &["new"], 1, false)[0].1, "created");
    assert_eq!(doubles(fixture.dir()), Default::default());
}

#[test]
fn check_was_silent_about_datasets_that_cannot_be_mounted() {
    let fixture = with_zones(&["a", "b"]);
    ok(&fixture, "zfs create -o mountpoint=legacy rpool/data/m");
    for dataset in ["rpool/zones/b/ROOT/zbe", "rpool/zones/a/ROOT/zbe", "rpool/zones/a/ROOT"] {
        add(&fixture, "a", &mount(dataset));
        let found = findings(&fixture.manager);
        let says = format!("zone a cannot be changed as its files say: dataset {dataset} cannot be mounted: ");
        assert!(found.iter().any(|found| found.message.starts_with(&says)), "{dataset}: {found:#?}");
        assert!(apply(&fixture, &["a"], 1, false)[0].1.contains("cannot be mounted"));
        remove(&fixture, "a", &mount(dataset));
    }
    add(&fixture, "a", &mount("rpool/data/m"));
    for (node, why) in [
        ("fs \"/again\" special=\"rpool/data/m\" type=\"zfs\"", "dataset rpool/data/m is mounted at two places"),
        ("dataset \"rpool/data/m\"", "dataset rpool/data/m cannot be mounted: dataset rpool/data/m is delegated"),
        ("dataset \"rpool/data\"", "dataset rpool/data/m cannot be mounted: dataset rpool/data is delegated"),
    ] {
        add(&fixture, "a", node);
        assert!(findings(&fixture.manager).iter().any(|found| found.message.contains(why)), "{node}");
        let refused = &apply(&fixture, &["a"], 1, false)[0].1;
        assert!(refused.contains(why), "{refused}");
        remove(&fixture, "a", node);
    }
    assert_eq!(fixture.manager.check().unwrap(), []);
    // The zone has the dataset already, at one place.
    assert_eq!(apply(&fixture, &["a"], 1, true)[0].1, "applied");
    add(&fixture, "a", "fs \"/again\" special=\"rpool/data/m\" type=\"zfs\"");
    assert!(findings(&fixture.manager).iter().any(|found| found.message.contains("is mounted at two places")));
    let refused = &apply(&fixture, &["a"], 1, true)[0].1;
    assert!(refused.contains("is mounted at two places"), "{refused}");
}

#[test]
fn check_was_silent_about_files_of_new_zones_that_ask_for_one_dataset() {
    let fixture = with_zones(&[]);
    for (zone, node) in [("a", "dataset \"rpool/data/x\""), ("b", "dataset \"rpool/data/x/y\"")] {
        let text = format!("zone \"{zone}\" {{\n    template \"oi\"\n    {node}\n}}\n");
        fs::write(fixture.entry(zone), text).unwrap();
    }
    let found = fixture.manager.check().unwrap();
    let said: Vec<_> = found.iter().filter(|found| found.code == "cannot-create").map(|f| &f.message).collect();
    let why = "zone b cannot be created: dataset rpool/data/x/y cannot be delegated: zone a asks for rpool/data/x too";
    assert_eq!(said, [why], "{found:#?}");
}

#[test]
fn zones_that_were_created_together_got_one_dataset() {
    let node = "fs \"/data\" special=\"rpool/data/x\" type=\"zfs\"";
    for (node, how) in [("dataset \"rpool/data/x\"", "delegated"), (node, "mounted")] {
        for jobs in [1, 2] {
            let fixture = with_zones(&[]);
            if how == "mounted" {
                ok(&fixture, "zfs set mountpoint=legacy rpool/data/x");
            }
            fixture.edit("templates/oi.kdl", "autoboot", &format!("{node}\n    autoboot"));
            let why = format!("dataset rpool/data/x cannot be {how}: zone a has it");
            let planned = fixture.manager.plan_create(&["a", "b"], &CreateOptions::new()).map(drop);
            let planned = planned.unwrap_err();
            assert!(planned.message().contains(&why), "{planned:?}");
            let names = ["a", "b", "c"];
            let report = fixture.manager.create_all(&names, &CreateOptions::new(), &mut run().jobs(jobs)).unwrap();
            let refused: Vec<_> = report.outcomes.into_iter().filter_map(|outcome| outcome.result.err()).collect();
            assert_eq!(refused.len(), 2, "{node}, {jobs} jobs: {refused:?}");
            assert!(refused.iter().all(|error| error.message().contains(&format!("cannot be {how}: zone "))));
            assert_eq!(doubles(fixture.dir()).len(), 0);
            assert_eq!(fixture.manager.zones(&zmgr::Query::new()).unwrap().len(), 1, "the others left nothing");
        }
    }
}

#[test]
fn zones_of_one_apply_were_installed_over_one_another() {
    let fixture = fixture::new();
    for (zone, zonepath) in [("a", "/zones/one"), ("b", "/zones/one/"), ("c", "/zones/one")] {
        let text = format!("zone \"{zone}\" {{\n    template \"oi\"\n    zonepath \"{zonepath}\"\n}}\n");
        fs::write(fixture.entry(zone), text).unwrap();
    }
    let outcomes = apply(&fixture, &[], 3, false);
    let failed = outcomes.iter().filter(|(_, said)| said.contains("the zonepath /zones/one overlaps that of zone "));
    assert_eq!(failed.count(), 2, "{outcomes:?}");
    assert_eq!(fixture.manager.zones(&zmgr::Query::new().name("a").name("b").name("c")).unwrap().len(), 3);
    assert_eq!(fixture.vnics().len(), 1);
}
