//! Snapshots of zones: what is in them, how they are found again, when a zone can be rolled back, and what is refused.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    ApplyOptions, Cancel, Code, CreateOptions, DestroyOptions, Dialect, Error, Event, EventKind, Evidence, Fault,
    HaltOptions, Manager, Plan, RecoverOptions, ReinstallOptions, RenameOptions, RollbackOptions, RunOptions, Snapshot,
    SnapshotState,
};

use crate::brand_lives::{brands, site};
use crate::fixture::slug;
use crate::sim_machine::Pretend;
use crate::snapshot::{differences, whole};

/// A machine with one zone of this brand.
struct Site {
    pretend: Pretend,
    manager: Manager,
}

impl Site {
    fn of(dialect: Dialect, brand: &str) -> Option<Site> {
        let (pretend, manager) = site(dialect, brand);
        let options = CreateOptions::new().template("t").boot(false);
        manager.plan_create(&["web01"], &options).ok()?;
        manager.create("web01", &options, &mut RunOptions::new()).unwrap();
        Some(Site { pretend, manager })
    }

    fn nlipkg() -> Site {
        Site::of(Dialect::OpenIndiana, "nlipkg").unwrap()
    }

    fn sparse() -> Site {
        Site::of(Dialect::OmniOs, "sparse").unwrap()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.pretend.dir.path().join(path)
    }

    /// Writes a file into the zone, which for brand illumos must be ready to have a root.
    fn write(&self, path: &str, text: &str) {
        let path = self.path("zones/web01/root").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path("zones/web01/root").join(path)).unwrap_or_else(|_| "(absent)".to_owned())
    }

    fn ok(&self, line: &str) -> String {
        let said = self.pretend.run(line);
        assert!(said.ends_with("=0"), "{line}: {said}");
        said.trim_end_matches("=0").trim_end().to_owned()
    }

    fn take(&self, label: &str) -> Snapshot {
        self.manager.create_snapshot("web01", Some(label), &mut RunOptions::new()).unwrap()
    }

    fn roll_back(&self, label: &str, force: bool) -> Result<Vec<String>, Error> {
        let options = RollbackOptions::new().force(force);
        let report = self.manager.roll_back("web01", label, &options, &mut RunOptions::new())?;
        let notes = report.outcomes[0].notes.clone();
        report.into_result().map(|_| notes)
    }

    fn delete(&self, label: &str) -> Result<(), Error> {
        self.manager.delete_snapshot("web01", label, &mut RunOptions::new())?.into_result().map(drop)
    }

    fn status(&self) -> String {
        self.manager.zone("web01").unwrap().status.unwrap().to_string()
    }

    fn boot(&self) {
        self.manager.boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    }

    fn halt(&self) {
        self.manager.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    }

    /// The names of the snapshots on the host.
    fn on_host(&self) -> Vec<String> {
        self.ok("zfs list -H -o name -t snapshot -r rpool")
            .lines()
            .filter(|l| !l.starts_with('!'))
            .map(str::to_owned)
            .collect()
    }

    fn entry(&self) -> String {
        fs::read_to_string(self.path("etc/zmgr/zones/web01.kdl")).unwrap()
    }

    /// Checks that this leaves everything as it is, and returns its error.
    fn refused<T>(&self, act: impl FnOnce(&Site) -> Result<T, Error>) -> Error {
        let before = whole(self.pretend.dir.path());
        let error = act(self).map(drop).unwrap_err();
        let now = whole(self.pretend.dir.path());
        assert!(now == before, "{error:?}\n{}", differences(&before, &now));
        error
    }

    fn fault(&self, program: &str, subcommand: &str, change: impl FnOnce(&mut Fault)) {
        let mut fault = Fault::new(program);
        (fault.subcommand, fault.exit, fault.times) = (Some(subcommand.to_owned()), Some(1), Some(1));
        change(&mut fault);
        self.pretend.host.fault(&fault).unwrap();
    }

    /// Checks that exactly one boot environment is active, as the host's own update needs it.
    fn assert_one_active(&self) {
        let shown = self.ok("zfs get -H -r -o name,value org.opensolaris.libbe:active rpool/zones/web01/ROOT");
        assert_eq!(shown.lines().filter(|line| line.ends_with("\ton")).count(), 1, "{shown}");
    }
}

/// Files of a zone that lie in each of its datasets.
fn files(brand: &str) -> &'static [&'static str] {
    match brand {
        "sparse" | "pkgsrc" => &["etc/motd", "lib/svc/seed", "usr/lib/fm/seed"],
        _ => &["etc/motd"],
    }
}

#[test]
fn each_brand_gets_its_files_back_on_each_distribution() {
    let mut lived = Vec::new();
    for dialect in [Dialect::OpenIndiana, Dialect::OmniOs, Dialect::Illumos] {
        for brand in brands() {
            let Some(site) = Site::of(dialect, &brand) else { continue };
            // Its root is there while it is ready or running only.
            site.boot();
            files(&brand).iter().for_each(|file| site.write(file, "old"));
            site.halt();
            let taken = site.take("before");
            assert_eq!(taken.state, SnapshotState::Complete, "{brand}");
            let parts: Vec<&str> = taken.datasets.iter().map(|part| part.name.split('@').next().unwrap()).collect();
            let expected: &[&str] = match brand.as_str() {
                "lx" => &["rpool/zones/web01"],
                "illumos" => &["rpool/zones/web01/ROOT/illumos"],
                "sparse" | "pkgsrc" => {
                    &["rpool/zones/web01/ROOT/zbe", "rpool/zones/web01/ROOT/zbe/fm", "rpool/zones/web01/ROOT/zbe/svc"]
                }
                _ => &["rpool/zones/web01/ROOT/zbe"],
            };
            assert_eq!(parts, expected, "{dialect:?} {brand}");
            site.boot();
            files(&brand).iter().for_each(|file| site.write(file, "new"));
            site.write("etc/added", "new");
            site.roll_back("before", false).unwrap();
            assert_eq!(site.status(), "running", "it ran before");
            for file in files(&brand) {
                assert_eq!(site.read(file), "old", "{dialect:?} {brand}");
            }
            assert_eq!(site.read("etc/added"), "(absent)", "{dialect:?} {brand}");
            site.halt();
            site.delete("before").unwrap();
            assert_eq!(site.on_host(), [""; 0], "{dialect:?} {brand}");
            assert!(!site.path("etc/zmgr/snapshots").exists());
            // An entry without snapshots can be read by an older zmgr again.
            assert!(site.entry().contains("    format 2\n"), "{}", site.entry());
            lived.push(brand);
        }
    }
    assert!(lived.len() >= 10 && lived.iter().any(|brand| brand == "lx"), "{lived:?}");
}

#[test]
fn a_snapshot_is_recorded_listed_and_kept_with_a_copy_of_the_file() {
    let site = Site::nlipkg();
    let file = site.entry();
    let taken = site.take("before");
    assert_eq!(site.on_host(), [format!("rpool/zones/web01/ROOT/zbe@{}", taken.name)]);
    let id = site.manager.zone("web01").unwrap().id.unwrap();
    assert!(
        taken.name.starts_with(&format!("zmgr-{}-", &id[..8])) && taken.name.ends_with("Z-before"),
        "{}",
        taken.name
    );
    assert_eq!(fs::read_to_string(site.path("etc/zmgr/snapshots/web01/before.kdl")).unwrap(), file);
    let entry = site.entry();
    assert!(entry.contains("    format 3\n") && entry.contains("snapshot \"before\" name=\"zmgr-"), "{entry}");
    assert!(entry.contains("    state \"ready\"\n"), "{entry}");
    let unnamed = site.manager.create_snapshot("web01", None, &mut RunOptions::new()).unwrap();
    assert_eq!(unnamed.label.len(), 16, "{}", unnamed.label);
    let listed = site.manager.snapshots(&[]).unwrap();
    assert_eq!(listed.iter().map(|taken| taken.label.as_str()).collect::<Vec<_>>(), ["before", &unnamed.label]);
    assert_eq!(listed[0], taken);
    assert_eq!(listed[0].referenced, Some(512 << 20));
    // One that another program destroyed.
    site.ok(&format!("zfs destroy rpool/zones/web01/ROOT/zbe@{}", taken.name));
    assert_eq!(site.manager.snapshots(&["web01"]).unwrap()[0].state, SnapshotState::Missing);
    let error = site.refused(|site| site.roll_back("before", true));
    assert_eq!(error.code(), Code::WrongState);
    let plan = site.manager.plan_delete_snapshot("web01", "before").unwrap();
    assert!(plan.changes[0].notes[0].contains("only its record is removed"), "{plan}");
    site.delete("before").unwrap();
    assert_eq!(site.manager.snapshots(&[]).unwrap().len(), 1);
}

#[test]
fn what_is_not_in_a_snapshot_is_reported_each_time() {
    let site = Site::nlipkg();
    site.ok("zfs create -o zoned=on rpool/data");
    fs::create_dir_all(site.path("export/web")).unwrap();
    let path = site.path("etc/zmgr/zones/web01.kdl");
    let text = site.entry();
    let more = "    dataset \"rpool/data\"\n    fs \"/web\" special=\"/export/web\" type=\"lofs\"\n    state \"ready\"";
    fs::write(&path, text.replacen("    state \"ready\"", more, 1)).unwrap();
    site.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let excluded = ["delegated dataset rpool/data", "file system /web (/export/web)"];
    let plan = site.manager.plan_create_snapshot("web01", Some("before")).unwrap();
    assert_eq!(plan.changes[0].notes, excluded.map(|what| format!("{what} is not in the snapshot")));
    assert_eq!(site.take("before").excluded, excluded);
    assert_eq!(site.manager.snapshots(&[]).unwrap()[0].excluded, excluded);
    site.manager.set("web01", &[("attr.owner", "alice")], &mut RunOptions::new()).unwrap();
    let notes = site.roll_back("before", false).unwrap();
    for what in excluded {
        assert!(notes.contains(&format!("{what} is not rolled back")), "{notes:?}");
    }
    let changed = "zones/web01.kdl has changed since the snapshot and stays as it is: +attr \"owner\" \"alice\"";
    assert!(notes.contains(&changed.to_owned()), "{notes:?}");
    assert!(site.entry().contains("attr \"owner\" \"alice\""));
}

#[test]
fn a_running_zone_is_noted_and_stays_up_while_its_snapshot_is_taken() {
    let site = Site::nlipkg();
    site.boot();
    let id = site.ok("zoneadm -z web01 list -p");
    let plan = site.manager.plan_create_snapshot("web01", Some("live")).unwrap();
    assert!(plan.changes[0].notes[0].contains("as after a loss of power"), "{plan}");
    site.take("live");
    assert_eq!(site.ok("zoneadm -z web01 list -p"), id);
}

#[test]
fn refusals_change_nothing() {
    let site = Site::nlipkg();
    site.take("before");
    let run = || RunOptions::new();
    let create = |name: &str, label: &str| slug(site.manager.create_snapshot(name, Some(label), &mut run()).map(drop));
    let before = whole(site.pretend.dir.path());
    assert_eq!(create("web01", "before"), "exists");
    assert_eq!(create("web02", "before"), "not-found");
    for bad in ["a b", "a@b", "a/b", "", "-a", "x_snap3", "SUNWzone1"] {
        assert_eq!(create("web01", bad), "invalid-argument", "{bad}");
    }
    assert_eq!(slug(site.delete("other")), "not-found");
    assert_eq!(slug(site.roll_back("other", true)), "not-found");
    let now = whole(site.pretend.dir.path());
    assert!(now == before, "{}", differences(&before, &now));
    // Zones without files, and zones that are neither down nor running.
    site.ok("zoneadm -z web01 ready");
    assert_eq!(slug(Err::<(), _>(site.refused(|site| site.roll_back("before", true)))), "wrong-state");
    site.ok("zoneadm -z web01 halt");
    site.ok("zoneadm -z web01 uninstall -F");
    assert_eq!(create("web01", "again"), "wrong-state");
}

#[test]
fn later_snapshots_of_zmgr_go_only_if_asked_for() {
    let site = Site::nlipkg();
    for label in ["one", "two", "three"] {
        site.write("etc/motd", label);
        site.take(label);
    }
    let error = site.refused(|site| site.roll_back("one", false));
    assert_eq!(error.code(), Code::WrongState);
    assert!(error.message().contains("two, three") && error.help().unwrap().contains("--force"), "{error:?}");
    let plan = site.manager.plan_roll_back("web01", "one", &RollbackOptions::new().force(true)).unwrap();
    let kinds: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["discard", "discarded", "discard", "discarded", "rollback"]);
    assert!(plan.changes[0].notes.contains(&"the later snapshot two is destroyed".to_owned()), "{plan}");
    site.roll_back("one", true).unwrap();
    assert_eq!(site.read("etc/motd"), "one");
    let labels: Vec<String> = site.manager.snapshots(&[]).unwrap().into_iter().map(|taken| taken.label).collect();
    assert_eq!(labels, ["one"]);
    assert_eq!(site.on_host().len(), 1);
    assert!(!site.path("etc/zmgr/snapshots/web01/two.kdl").exists());
}

#[test]
fn a_zone_with_boot_environments_switches_if_others_snapshots_are_in_the_way() {
    let site = Site::nlipkg();
    site.write("etc/motd", "old");
    site.take("before");
    site.write("etc/motd", "new");
    // As `beadm create` of the host does it.
    site.ok("zfs snapshot -r rpool/zones/web01/ROOT/zbe@2026-11-30-12:00:00");
    site.ok("zfs clone -o canmount=noauto -o org.opensolaris.libbe:active=on -o org.opensolaris.libbe:parentbe=other \
             rpool/zones/web01/ROOT/zbe@2026-11-30-12:00:00 rpool/zones/web01/ROOT/zbe-1");
    site.boot();
    let plan = site.manager.plan_roll_back("web01", "before", &RollbackOptions::new()).unwrap();
    let kinds: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["shutdown", "clone-environment", "deactivate", "activate", "mount", "boot"]);
    assert_eq!(plan.changes[0].steps[3].evidence, Some(Evidence::Inferred));
    let notes = site.roll_back("before", false).unwrap();
    assert!(notes.iter().any(|note| note.contains("zbe stays as it is")), "{notes:?}");
    assert_eq!((site.read("etc/motd").as_str(), site.status().as_str()), ("old", "running"));
    let own = "zfs get -H -o value org.opensolaris.libbe:parentbe,org.opensolaris.libbe:active,zoned,canmount,mountpoint \
               rpool/zones/web01/ROOT/zbe-2";
    let shown = site.ok(own);
    assert!(shown.ends_with("on\non\nnoauto\nlegacy"), "{shown}");
    site.halt();
    assert_eq!(site.read("etc/motd"), "old");
    // The old environment still holds the newer files.
    let all = site.ok("zfs list -H -o name -t filesystem -r rpool/zones/web01/ROOT");
    assert!(all.contains("ROOT/zbe\n"), "{all}");
    // The snapshot is in use now.
    let error = site.refused(|site| site.delete("before"));
    assert!(error.message().contains("rpool/zones/web01/ROOT/zbe-2 was cloned from it"), "{error:?}");
    let destroy = DestroyOptions::new().force(true);
    site.manager.destroy(&["web01"], &destroy, &mut RunOptions::new()).unwrap().into_result().unwrap();
}

#[test]
fn other_brands_are_refused_if_something_is_in_the_way() {
    for brand in ["sparse", "illumos", "lx"] {
        let site = Site::of(Dialect::OmniOs, brand).unwrap();
        let taken = site.take("before");
        let dataset = taken.datasets[0].name.split('@').next().unwrap().to_owned();
        site.ok(&format!("zfs snapshot -r {dataset}@other"));
        let error = site.refused(|site| site.roll_back("before", true));
        assert_eq!(error.code(), Code::WrongState);
        assert!(error.message().contains(&format!("{dataset}@other")), "{brand}: {error:?}");
    }
}

#[test]
fn a_later_snapshot_of_zmgr_that_is_in_use_is_in_the_way() {
    let site = Site::sparse();
    site.take("one");
    let two = site.take("two");
    site.ok(&format!("zfs hold keep rpool/zones/web01/ROOT/zbe/svc@{}", two.name));
    let error = site.refused(|site| site.roll_back("one", true));
    assert_eq!(error.code(), Code::WrongState);
    let error = site.refused(|site| site.delete("two"));
    assert!(error.message().contains("is held") && error.help().unwrap().contains("zfs holds"), "{error:?}");
    site.ok(&format!("zfs release keep rpool/zones/web01/ROOT/zbe/svc@{}", two.name));
    site.roll_back("one", true).unwrap();
}

#[test]
fn a_snapshot_that_lacks_a_part_is_not_rolled_back_to() {
    let site = Site::sparse();
    let taken = site.take("before");
    site.ok(&format!("zfs destroy rpool/zones/web01/ROOT/zbe/fm@{}", taken.name));
    assert_eq!(site.manager.snapshots(&[]).unwrap()[0].state, SnapshotState::Partial);
    let error = site.refused(|site| site.roll_back("before", false));
    assert!(error.message().contains("is not complete") && error.message().contains("zbe/fm@"), "{error:?}");
    site.delete("before").unwrap();
    assert_eq!(site.on_host(), [""; 0]);
}

#[test]
fn a_snapshot_is_found_again_where_the_host_has_moved_it() {
    let site = Site::nlipkg();
    site.write("etc/motd", "old");
    let taken = site.take("before");
    site.write("etc/motd", "new");
    let clone = CreateOptions::new().template("t").clone_from("web01").boot(false);
    site.manager.create("web02", &clone, &mut RunOptions::new()).unwrap();
    // As `beadm activate` of the host does it.
    site.ok("zfs promote rpool/zones/web02/ROOT/zbe");
    let found = site.manager.snapshots(&["web01"]).unwrap().remove(0);
    assert_eq!(found.state, SnapshotState::Complete);
    assert_eq!(found.datasets[0].name, format!("rpool/zones/web02/ROOT/zbe@{}", taken.name));
    assert!(site.manager.snapshots(&["web02"]).unwrap().is_empty(), "it is not the clone's");
    site.roll_back("before", false).unwrap();
    assert_eq!(site.read("etc/motd"), "old");
    site.assert_one_active();
    // It goes with its zone all the same.
    let destroy = DestroyOptions::new().force(true);
    let plan = site.manager.plan_destroy(&["web01"], &destroy).unwrap();
    assert!(plan.to_string().contains("snapshot before (rpool/zones/web02/ROOT/zbe@"), "{plan}");
    site.manager.destroy(&["web01"], &destroy, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(!site.on_host().iter().any(|name| name.contains(&taken.name)), "{:?}", site.on_host());
    site.manager.destroy(&["web02"], &destroy, &mut RunOptions::new()).unwrap().into_result().unwrap();
}

#[test]
fn names_are_unique_over_all_zones() {
    let site = Site::nlipkg();
    let options = CreateOptions::new().template("t").boot(false);
    site.manager.create("web02", &options, &mut RunOptions::new()).unwrap();
    let one = site.take("before");
    let two = site.manager.create_snapshot("web02", Some("before"), &mut RunOptions::new()).unwrap();
    assert_ne!(one.name, two.name);
    // Another dataset has a snapshot of the name that a plan chose.
    let plan = site.manager.plan_create_snapshot("web01", Some("again")).unwrap();
    let name = plan.changes[0].steps[1].argv.last().unwrap().split('@').nth(1).unwrap().to_owned();
    site.ok(&format!("zfs snapshot rpool/zones@{name}"));
    let error = site.refused(|site| site.manager.run(&plan, &mut RunOptions::new()));
    assert_eq!(error.code(), Code::StalePlan);
}

#[test]
fn nothing_is_stopped_before_what_the_next_boot_needs_was_checked() {
    let site = Site::nlipkg();
    fs::create_dir_all(site.path("export/web")).unwrap();
    let file = "    fs \"/web\" special=\"/export/web\" type=\"lofs\"\n    state \"ready\"";
    fs::write(site.path("etc/zmgr/zones/web01.kdl"), site.entry().replacen("    state \"ready\"", file, 1)).unwrap();
    site.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    site.take("before");
    site.boot();
    let id = site.ok("zoneadm -z web01 list -p");
    fs::remove_dir_all(site.path("export/web")).unwrap();
    let error = site.refused(|site| site.roll_back("before", false));
    assert!(error.message().contains("/export/web"), "{error:?}");
    assert_eq!(site.ok("zoneadm -z web01 list -p"), id);
}

#[test]
fn a_failure_before_anything_is_lost_leaves_the_zone_as_it_was() {
    let site = Site::nlipkg();
    site.write("etc/motd", "old");
    site.take("before");
    site.write("etc/motd", "new");
    site.boot();
    // It does not shut down; then ZFS refuses; then the zone is not cloned.
    site.fault("zoneadm", "shutdown", |_| {});
    assert_eq!(slug(site.roll_back("before", false)), "command-failed");
    site.halt();
    site.boot();
    site.fault("zfs", "rollback", |_| {});
    let error = site.roll_back("before", false).unwrap_err();
    assert!(error.message().contains("web01 is unchanged"), "{error:?}");
    assert_eq!((site.read("etc/motd").as_str(), site.status().as_str()), ("new", "running"));
    assert!(site.entry().contains("    state \"ready\"\n"), "{}", site.entry());
    site.ok("zfs snapshot rpool/zones/web01/ROOT/zbe@other");
    for (program, subcommand) in [("zfs", "clone"), ("zfs", "set")] {
        site.fault(program, subcommand, |_| {});
        let error = site.roll_back("before", false).expect_err(subcommand);
        assert!(error.message().contains("web01 is unchanged"), "{subcommand}: {error:?}");
        assert_eq!((site.read("etc/motd").as_str(), site.status().as_str()), ("new", "running"), "{subcommand}");
        let all = site.ok("zfs list -H -o name -t filesystem -r rpool/zones/web01/ROOT");
        assert!(!all.contains("zbe-1"), "{subcommand}: {all}");
        site.assert_one_active();
    }
    site.fault("zfs", "snapshot", |_| {});
    assert_eq!(slug(site.manager.create_snapshot("web01", Some("again"), &mut RunOptions::new())), "command-failed");
    assert!(!site.path("etc/zmgr/snapshots/web01/again.kdl").exists() && !site.entry().contains("again"));
    site.fault("zfs", "destroy", |_| {});
    assert_eq!(slug(site.delete("before")), "command-failed");
    assert_eq!(site.manager.snapshots(&[]).unwrap()[0].state, SnapshotState::Complete);
}

#[test]
fn half_of_a_rollback_is_resumed() {
    let site = Site::sparse();
    files("sparse").iter().for_each(|file| site.write(file, "old"));
    site.take("before");
    files("sparse").iter().for_each(|file| site.write(file, "new"));
    site.boot();
    site.fault("zfs", "rollback", |fault| fault.zone = Some("/svc@".to_owned()));
    let error = site.roll_back("before", false).unwrap_err();
    assert!(error.help().unwrap().contains("zmgr recover web01"), "{error:?}");
    assert_eq!(site.status(), "installed");
    assert_eq!(slug(site.delete("before")), "recovery-needed");
    let undo = RecoverOptions::new().roll_back(true);
    let refused = site.manager.recover(&[], &undo, &mut RunOptions::new()).unwrap().error().unwrap();
    assert_eq!(refused.code(), Code::RecoveryNeeded, "{refused:?}");
    site.manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(site.status(), "running");
    for file in files("sparse") {
        assert_eq!(site.read(file), "old");
    }
}

#[test]
fn a_cancelled_rollback_leaves_the_zone_as_it_was() {
    let site = Site::nlipkg();
    site.write("etc/motd", "old");
    site.take("before");
    site.write("etc/motd", "new");
    site.boot();
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let mut hear = move |event: &Event| {
        if event.step.starts_with("rollback") && matches!(event.kind, EventKind::StepStarted) {
            stop.cancel();
        }
        true
    };
    let mut run = RunOptions::new().progress(&mut hear).cancel(&cancel);
    let report = site.manager.roll_back("web01", "before", &RollbackOptions::new(), &mut run).unwrap();
    assert_eq!(report.error().unwrap().code(), Code::Cancelled);
    assert_eq!((site.read("etc/motd").as_str(), site.status().as_str()), ("new", "running"));
}

#[test]
fn plans_are_saved_and_run() {
    let site = Site::nlipkg();
    let run = |plan: &Plan| {
        let plan = Plan::from_json(&plan.to_json()).unwrap();
        site.manager.run(&plan, &mut RunOptions::new())?.into_result()
    };
    let before = whole(site.pretend.dir.path());
    let take = site.manager.plan_create_snapshot("web01", Some("before")).unwrap();
    assert!(whole(site.pretend.dir.path()) == before, "a plan does nothing");
    run(&take).unwrap();
    assert_eq!(slug(run(&take)), "stale-plan");
    site.write("etc/motd", "new");
    let back = site.manager.plan_roll_back("web01", "before", &RollbackOptions::new()).unwrap();
    let shown = back.to_string();
    assert!(shown.contains("[rollback:before] /usr/sbin/zfs rollback rpool/zones/web01/ROOT/zbe@zmgr-"), "{shown}");
    run(&back).unwrap();
    let delete = site.manager.plan_delete_snapshot("web01", "before").unwrap();
    run(&delete).unwrap();
    assert_eq!(slug(run(&delete)), "stale-plan");
    assert_eq!(slug(run(&back)), "stale-plan");
}

#[test]
fn apply_takes_a_snapshot_of_what_it_changes() {
    let site = Site::nlipkg();
    let options = ApplyOptions::new().snapshot(true);
    let apply = |options: &ApplyOptions| {
        site.manager.apply(&[], options, &mut RunOptions::new()).unwrap().into_result().unwrap();
    };
    apply(&options);
    assert!(site.manager.snapshots(&[]).unwrap().is_empty(), "there was nothing to change");
    site.manager.set("web01", &[("attr.owner", "alice")], &mut RunOptions::new()).unwrap();
    let plan = site.manager.plan_apply(&[], &options).unwrap();
    let kinds: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds[..2], ["copy", "take"], "{plan}");
    site.manager
        .run(&Plan::from_json(&plan.to_json()).unwrap(), &mut RunOptions::new())
        .unwrap()
        .into_result()
        .unwrap();
    let taken = site.manager.snapshots(&[]).unwrap();
    assert_eq!((taken.len(), taken[0].state), (1, SnapshotState::Complete));
    let copy = fs::read_to_string(site.path(&format!("etc/zmgr/snapshots/web01/{}.kdl", taken[0].label))).unwrap();
    assert!(!copy.split("applied {").nth(1).unwrap().contains("alice"), "it is from before: {copy}");
    assert!(site.ok("zonecfg -z web01 info attr").contains("alice"));
    site.manager.set("web01", &[("attr.owner", "bob")], &mut RunOptions::new()).unwrap();
    apply(&options);
    assert_eq!(site.manager.snapshots(&[]).unwrap().len(), 2);
    site.manager.set("web01", &[("attr.owner", "carol")], &mut RunOptions::new()).unwrap();
    apply(&ApplyOptions::new());
    assert_eq!(site.manager.snapshots(&[]).unwrap().len(), 2);
}

#[test]
fn removing_a_zone_names_its_snapshots() {
    let site = Site::nlipkg();
    site.take("before");
    let error = site.refused(|site| site.manager.reinstall("web01", &ReinstallOptions::new(), &mut RunOptions::new()));
    assert!(error.message().contains("has snapshots, which a reinstallation destroys: before"), "{error:?}");
    let reinstall = ReinstallOptions::new().force(true);
    let plan = site.manager.plan_reinstall(&["web01"], &reinstall).unwrap();
    assert!(plan.to_string().contains("snapshot before (rpool/zones/web01/ROOT/zbe@"), "{plan}");
    site.manager.reinstall("web01", &reinstall, &mut RunOptions::new()).unwrap();
    assert!(site.manager.snapshots(&[]).unwrap().is_empty());
    assert!(!site.path("etc/zmgr/snapshots").exists());

    site.take("again");
    let forget = site.manager.plan_forget(&["web01"]).unwrap();
    assert!(forget.to_string().contains("snapshot again (zmgr-"), "{forget}");
    let keep = site.manager.plan_destroy(&["web01"], &DestroyOptions::new().keep_data(true)).unwrap();
    assert!(keep.to_string().contains("snapshot again of it stays"), "{keep}");
    // Those of zmgr need no force; one of another program does.
    let destroy = site.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    assert!(destroy.to_string().contains("is destroyed with it"), "{destroy}");
    site.ok("zfs snapshot rpool/zones/web01/ROOT/zbe@mine");
    let error = site.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap_err();
    assert!(error.message().contains("zbe@mine") && !error.message().contains("zmgr-"), "{error:?}");
    site.ok("zfs destroy rpool/zones/web01/ROOT/zbe@mine");
    site.manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(site.on_host(), [""; 0]);
    assert!(!site.path("etc/zmgr/snapshots").exists());
}

#[test]
fn a_renamed_zone_keeps_its_snapshots() {
    let site = Site::nlipkg();
    site.write("etc/motd", "old");
    site.take("before");
    site.write("etc/motd", "new");
    let run = || RunOptions::new();
    site.manager.rename("web01", "web09", &RenameOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(
        site.path("etc/zmgr/snapshots/web09/before.kdl").exists() && !site.path("etc/zmgr/snapshots/web01").exists()
    );
    let report = site.manager.roll_back("web09", "before", &RollbackOptions::new(), &mut run()).unwrap();
    assert!(!report.outcomes[0].notes.iter().any(|note| note.contains("web09.kdl")), "{:?}", report.outcomes[0].notes);
    assert_eq!(site.read("etc/motd"), "old");
    site.manager.delete_snapshot("web09", "before", &mut run()).unwrap().into_result().unwrap();
}

#[test]
fn a_zone_that_is_destroyed_with_its_data_kept_keeps_its_snapshots() {
    let site = Site::nlipkg();
    let taken = site.take("before");
    let keep = DestroyOptions::new().keep_data(true);
    site.manager.destroy(&["web01"], &keep, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(site.on_host(), [format!("rpool/zones/web01/ROOT/zbe@{}", taken.name)]);
    assert!(site.path("etc/zmgr/snapshots/web01/before.kdl").exists());
}

/// Nothing is destroyed with `-R` or by force, and nothing but zmgr's own.
#[test]
fn no_command_destroys_more_than_it_names() {
    let site = Site::sparse();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let commands = Arc::clone(&seen);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::Before(invocation) = moment {
            commands.lock().unwrap().push(invocation.to_string());
        }
    });
    let dir = site.pretend.dir.path();
    let manager = Manager::builder().simulate(dir).observed(watcher, WriteHook::none()).build().unwrap();
    for label in ["one", "two"] {
        manager.create_snapshot("web01", Some(label), &mut RunOptions::new()).unwrap();
    }
    let options = RollbackOptions::new().force(true);
    manager.roll_back("web01", "one", &options, &mut RunOptions::new()).unwrap().into_result().unwrap();
    manager.delete_snapshot("web01", "one", &mut RunOptions::new()).unwrap().into_result().unwrap();
    let seen = seen.lock().unwrap();
    let destructive: Vec<&String> =
        seen.iter().filter(|line| line.contains("zfs destroy") || line.contains("zfs rollback")).collect();
    assert_eq!(destructive.len(), 5, "{destructive:?}");
    for line in destructive {
        assert!(line.contains("@zmgr-") && !line.contains(" -R") && !line.contains(" -f"), "{line}");
        assert!(!line.contains("rollback -"), "{line}");
    }
}
