//! Reinstallations that keep the old root with a snapshot: what is there afterwards, how the zone gets it back, when it goes, and which
//! brands cannot.

use std::fs;
use std::path::PathBuf;

use zmgr::{
    Code, CreateOptions, DestroyOptions, Dialect, Error, Fault, Manager, RecoverOptions, ReinstallOptions,
    RollbackOptions, RunOptions, SnapshotState, ZoneStatus,
};

use crate::brand_lives::site;
use crate::crash_matrix::{assert_tidy, die, manager, recover};
use crate::fixture::slug;
use crate::sim_machine::Pretend;
use crate::snapshot::{copy, differences, scratch, whole};

/// The brands whose zones have boot environments that an uninstall tells apart.
const KEEPING: [(Dialect, &str); 4] = [
    (Dialect::OpenIndiana, "nlipkg"),
    (Dialect::OpenIndiana, "ipkg"),
    (Dialect::OmniOs, "ipkg"),
    (Dialect::OmniOs, "lipkg"),
];

/// A machine with one zone of this brand.
struct Site {
    pretend: Pretend,
    manager: Manager,
}

impl Site {
    fn of(dialect: Dialect, brand: &str) -> Site {
        let (pretend, manager) = site(dialect, brand);
        let options = CreateOptions::new().template("t").boot(false);
        manager.create("web01", &options, &mut RunOptions::new()).unwrap();
        Site { pretend, manager }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.pretend.dir.path().join(path)
    }

    fn motd(&self) -> String {
        fs::read_to_string(self.path("zones/web01/root/etc/motd")).unwrap_or_default()
    }

    fn set_motd(&self, text: &str) {
        fs::write(self.path("zones/web01/root/etc/motd"), text).unwrap();
    }

    fn ok(&self, line: &str) -> String {
        let said = self.pretend.run(line);
        assert!(said.ends_with("=0"), "{line}: {said}");
        said.trim_end_matches("=0").trim_end().to_owned()
    }

    /// Lets the next command fail.
    fn fail(&self, program: &str, subcommand: &str) {
        let mut fault = Fault::new(program);
        (fault.exit, fault.times) = (Some(1), Some(1));
        fault.subcommand = (!subcommand.is_empty()).then(|| subcommand.to_owned());
        self.pretend.host.fault(&fault).unwrap();
    }

    fn reinstall(&self, options: &ReinstallOptions) -> Result<(), Error> {
        self.manager.reinstall("web01", options, &mut RunOptions::new()).map(drop)
    }

    fn keep(&self) {
        self.reinstall(&ReinstallOptions::new().snapshot(true)).unwrap();
    }

    fn labels(&self) -> Vec<String> {
        self.manager.snapshots(&["web01"]).unwrap().into_iter().map(|found| found.label).collect()
    }

    fn roll_back(&self, label: &str) -> Vec<String> {
        let report = self.manager.roll_back("web01", label, &RollbackOptions::new(), &mut RunOptions::new()).unwrap();
        let notes = report.outcomes[0].notes.clone();
        report.into_result().unwrap();
        notes
    }

    fn delete(&self, label: &str) -> Result<(), Error> {
        self.manager.delete_snapshot("web01", label, &mut RunOptions::new())?.into_result().map(drop)
    }

    /// The boot environments of the zone, each with its parent: `now` is the host's.
    fn environments(&self) -> Vec<(String, String)> {
        let uuid = self.ok("beadm list -H").split(';').nth(1).unwrap().to_owned();
        let text = self.pretend.run("zfs list -H -o name,org.opensolaris.libbe:parentbe -r rpool/zones/web01/ROOT");
        let rows = text.lines().filter_map(|line| line.split_once('\t'));
        let environments = rows.filter_map(|(name, parent)| {
            let name = name.strip_prefix("rpool/zones/web01/ROOT/")?;
            let parent = if parent == uuid { "now" } else { parent };
            Some((name.to_owned(), parent.to_owned()))
        });
        environments.collect()
    }
}

fn names(environments: &[(String, String)]) -> Vec<(&str, bool)> {
    environments.iter().map(|(name, parent)| (name.as_str(), parent == "now")).collect()
}

#[test]
fn the_old_root_stays_with_its_snapshot_and_comes_back_with_a_rollback() {
    for (dialect, brand) in KEEPING {
        let site = Site::of(dialect, brand);
        site.set_motd("old");
        site.manager.create_snapshot("web01", Some("earlier"), &mut RunOptions::new()).unwrap();
        let options = ReinstallOptions::new().snapshot(true);
        let plan = site.manager.plan_reinstall(&["web01"], &options).unwrap();
        let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.kind.as_str()).collect();
        assert!(steps.starts_with(&["copy", "take", "unmount", "set-aside", "uninstall", "install"]), "{steps:?}");
        assert!(plan.to_string().contains("the old root of web01 stays, as rpool/zones/web01/ROOT/zbe"), "{plan}");
        assert!(!plan.to_string().contains("destroyed"), "{plan}");
        // The plan names the time of the snapshot, so that it can be run later.
        site.manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();

        assert_ne!(site.motd(), "old", "{brand}");
        let labels = site.labels();
        assert_eq!((labels.len(), labels[0].as_str()), (2, "earlier"));
        let found = site.manager.snapshots(&["web01"]).unwrap();
        assert!(found.iter().all(|snapshot| snapshot.state == SnapshotState::Complete), "{found:?}");
        assert_eq!(names(&site.environments()), [("zbe", false), ("zbe-1", true)]);
        assert!(site.path(&format!("etc/zmgr/snapshots/web01/{}.kdl", labels[1])).exists());
        site.manager.boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();

        // A rollback switches to a clone of the old root; the zone is shut down and booted again.
        site.roll_back(&labels[1]);
        assert_eq!(site.motd(), "old");
        assert_eq!(site.manager.zone("web01").unwrap().status, Some(ZoneStatus::Running));
        assert_eq!(names(&site.environments()), [("zbe", false), ("zbe-1", true), ("zbe-2", true)]);
        // Nothing of the host trips over the old root.
        let diagnosis = site.manager.doctor().unwrap();
        assert!(!format!("{diagnosis:?}").contains("Active"), "{diagnosis:?}");
        // The clone needs it.
        let error = site.delete(&labels[1]).unwrap_err();
        assert!(error.message().contains("in use"), "{error:?}");
    }
}

#[test]
fn an_old_root_goes_with_its_last_snapshot() {
    let site = Site::of(Dialect::OpenIndiana, "nlipkg");
    site.manager.create_snapshot("web01", Some("earlier"), &mut RunOptions::new()).unwrap();
    site.keep();
    let last = site.labels().pop().unwrap();
    site.delete(&last).unwrap();
    assert_eq!(names(&site.environments()), [("zbe", false), ("zbe-1", true)], "a snapshot is left of it");
    site.ok("zfs snapshot rpool/zones/web01/ROOT/zbe@mine");
    let error = site.delete("earlier").unwrap_err();
    assert!(error.code() == Code::WrongState && error.message().contains("zbe@mine"), "{error:?}");
    site.ok("zfs destroy rpool/zones/web01/ROOT/zbe@mine");
    let plan = site.manager.plan_delete_snapshot("web01", "earlier").unwrap();
    assert!(
        plan.to_string().contains("[drop-root:earlier:zbe] /usr/sbin/zfs destroy -r rpool/zones/web01/ROOT/zbe\n"),
        "{plan}"
    );
    site.delete("earlier").unwrap();
    assert_eq!(names(&site.environments()), [("zbe-1", true)]);
    assert!(site.labels().is_empty() && !site.path("etc/zmgr/snapshots").exists());
}

/// A second reinstallation keeps everything that the first one and a rollback have left; a destruction leaves nothing.
#[test]
fn roots_are_kept_again_and_go_with_the_zone() {
    let site = Site::of(Dialect::OmniOs, "ipkg");
    site.set_motd("first");
    site.keep();
    let first = site.labels().remove(0);
    site.set_motd("second");
    site.roll_back(&first);
    site.manager.create_snapshot("web01", Some("third"), &mut RunOptions::new()).unwrap();
    site.keep();
    assert_eq!(site.labels().len(), 3);
    let found = site.manager.snapshots(&["web01"]).unwrap();
    assert!(found.iter().all(|snapshot| snapshot.state == SnapshotState::Complete), "{found:?}");
    let environments = site.environments();
    assert_eq!(names(&environments), [("zbe", false), ("zbe-1", false), ("zbe-2", false), ("zbe-3", true)]);
    site.roll_back(&first);
    assert_eq!(site.motd(), "first");

    let error = site.reinstall(&ReinstallOptions::new()).unwrap_err();
    assert!(error.help().unwrap().contains("use --snapshot to keep them"), "{error:?}");
    site.manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(
        site.pretend.run("zfs list -H -o name -t all -r rpool/zones").lines().count(),
        2,
        "zones and the status"
    );
    assert!(!site.path("zones/web01").exists());
    // The place is free again.
    let options = CreateOptions::new().template("t").boot(false);
    site.manager.create("web01", &options, &mut RunOptions::new()).unwrap();
}

#[test]
fn without_the_snapshot_old_roots_go_too() {
    let site = Site::of(Dialect::OpenIndiana, "nlipkg");
    site.keep();
    let options = ReinstallOptions::new().force(true);
    let plan = site.manager.plan_reinstall(&["web01"], &options).unwrap();
    assert!(plan.to_string().contains("the old root rpool/zones/web01/ROOT/zbe is destroyed with it"), "{plan}");
    site.reinstall(&options).unwrap();
    assert_eq!(names(&site.environments()), [("zbe", true)]);
    assert!(site.labels().is_empty());
}

/// Zones that were cloned from the old root keep their origin: nothing is promoted.
#[test]
fn clones_of_the_old_root_do_not_matter() {
    let site = Site::of(Dialect::OpenIndiana, "nlipkg");
    let clone = CreateOptions::new().template("t").clone_from("web01").boot(false);
    site.manager.create("web02", &clone, &mut RunOptions::new()).unwrap();
    assert!(site.reinstall(&ReinstallOptions::new()).is_err());
    site.keep();
    let origin = || site.ok("zfs list -H -o origin rpool/zones/web02/ROOT/zbe");
    assert_eq!(origin(), "rpool/zones/web01/ROOT/zbe@web02_snap");
    let label = site.labels().remove(0);
    let error = site.delete(&label).unwrap_err();
    assert!(error.message().contains("web02_snap"), "{error:?}");
    for force in [false, true] {
        let error = site.manager.plan_destroy(&["web01"], &DestroyOptions::new().force(force)).unwrap_err();
        assert!(error.help().unwrap().contains("zfs promote rpool/zones/web02/ROOT/zbe"), "{error:?}");
    }
    // The clone is kept too, and what it was cloned from goes with its old root.
    let keep = ReinstallOptions::new().snapshot(true);
    site.manager.reinstall("web02", &keep, &mut RunOptions::new()).unwrap();
    let destroy = |name| site.manager.destroy(&[name], &DestroyOptions::new().force(true), &mut RunOptions::new());
    destroy("web02").unwrap().into_result().unwrap();
    site.delete(&label).unwrap();
    destroy("web01").unwrap().into_result().unwrap();
    assert_eq!(site.pretend.run("zfs list -H -o name -t all -r rpool/zones").lines().count(), 2);
}

#[test]
fn other_brands_are_refused_with_the_reason() {
    for (brand, why) in [
        ("sparse", "needs exactly one boot environment"),
        ("pkgsrc", "needs exactly one boot environment"),
        ("illumos", "destroys every dataset of the zone"),
        ("lx", "destroys every dataset of the zone"),
    ] {
        let site = Site::of(Dialect::OmniOs, brand);
        let before = whole(site.pretend.dir.path());
        let error = site.reinstall(&ReinstallOptions::new().snapshot(true)).unwrap_err();
        assert!(error.code() == Code::WrongState && error.message().contains(why), "{brand}: {error:?}");
        assert!(error.help().unwrap().contains("zfs send"), "{error:?}");
        assert_eq!(before, whole(site.pretend.dir.path()), "{brand}");
    }
}

/// A failure before the uninstall leaves the zone exactly as it was; one after it leaves the old root with its snapshot.
#[test]
fn a_failure_leaves_the_old_root() {
    let keep = ReinstallOptions::new().snapshot(true).boot(false);
    for (program, sub) in [("umount", ""), ("zfs", "set"), ("zfs", "snapshot")] {
        let site = Site::of(Dialect::OpenIndiana, "nlipkg");
        site.set_motd("old");
        let before = whole(site.pretend.dir.path());
        site.fail(program, sub);
        let error = site.reinstall(&keep).unwrap_err();
        assert!(error.message().contains("the zone is unchanged"), "{program} {sub}: {error:?}");
        let now = whole(site.pretend.dir.path());
        assert_eq!(before, now, "{program} {sub}: {}", differences(&before, &now));
    }
    let site = Site::of(Dialect::OpenIndiana, "nlipkg");
    site.set_motd("old");
    site.fail("zoneadm", "install");
    assert_eq!(slug(site.reinstall(&keep)), "command-failed");
    assert_eq!(names(&site.environments()).first(), Some(&("zbe", false)));
    let report = site.manager.recover(&["web01"], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
    report.into_result().unwrap();
    site.roll_back(&site.labels().remove(0));
    assert_eq!(site.motd(), "old");
}

/// Death at every point: the zone is as before, or reinstalled with its old root beside it.
#[test]
fn death_at_every_point() {
    for (dialect, brand, running) in [(Dialect::OpenIndiana, "nlipkg", true), (Dialect::OmniOs, "ipkg", false)] {
        let scratch = scratch();
        let start = scratch.path().join("start");
        crate::crash_matrix::with_zone_down(&start, dialect, brand);
        fs::write(start.join("zones/web01/root/etc/motd"), "old\n").unwrap();
        if running {
            manager(&start).boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
        }
        let before = whole(&start);
        let done = scratch.path().join("done");
        copy(&start, &done);
        assert!(!die(&done, "reinstall-snapshot", 0));
        let after = whole(&done);
        let count = fs::read_to_string(format!("{}.count", done.display())).unwrap();
        let (mut back, mut on) = (0, 0);
        for point in 1..=count.parse().unwrap() {
            let dir = scratch.path().join(point.to_string());
            copy(&start, &dir);
            assert!(die(&dir, "reinstall-snapshot", point));
            recover(&dir);
            let now = whole(&dir);
            if now == before {
                back += 1;
            } else if now == after {
                on += 1;
            } else {
                panic!(
                    "{brand}, death at point {point} of {count}:\nto before:\n{}\nto after:\n{}",
                    differences(&before, &now),
                    differences(&after, &now)
                );
            }
            assert_tidy(&dir, &["web01"]);
            fs::remove_dir_all(&dir).unwrap();
        }
        assert!(back > 0 && on > 0, "{brand}: {back} as before, {on} reinstalled");
    }
}

/// Checks roots of zones on the simulated host, which have a legacy mount point.
#[test]
fn a_root_is_unmounted_by_umount_alone() {
    let site = Site::of(Dialect::OpenIndiana, "nlipkg");
    let said = site.pretend.run("zfs unmount rpool/zones/web01/ROOT/zbe");
    assert!(said.contains("legacy mountpoint") && said.ends_with("=1"), "{said}");
    site.manager.boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    let said = site.pretend.run("umount /zones/web01/root");
    assert!(said.contains("Device busy") && said.ends_with("=1"), "{said}");
    site.ok("zoneadm -z web01 halt");
    site.ok("umount /zones/web01/root");
    let said = site.pretend.run("umount /zones/web01/root");
    assert!(said.contains("not mounted") && said.ends_with("=1"), "{said}");
    site.manager.boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
}
