//! Packages of zones are updated after a snapshot, while the zone is down; what would break a host or a zone is refused, and what fails
//! can be taken back or resumed.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use zmgr::{
    Action, AttachOptions, CreateOptions, Dialect, Error, Fault, HaltOptions, Manager, OnFailure, Outcome,
    RecoverOptions, RollbackOptions, RunOptions, UpdateOptions, ZoneState, ZoneStatus,
};

use crate::brand_lives::site;
use crate::fixture::{self, Fixture, When, slug};
use crate::snapshot::{differences, whole};

/// The version that all packages have at first.
const OLD: &str = "0.5.11-2026.0.0.22000";
const NEW: &str = "0.5.11-2026.0.1.22100";

fn run() -> RunOptions<'static> {
    RunOptions::new()
}

/// Makes the publishers of the host and of its zones offer this version of a package.
pub(crate) fn offer(dir: &Path, package: &str, version: &str) {
    let zones = fs::read_dir(dir.join("zones")).unwrap().map(|zone| zone.unwrap().path().join("root"));
    let mut publisher = String::new();
    for image in zones.chain([dir.to_path_buf()]) {
        let Ok(text) = fs::read_to_string(image.join("var/pkg/pkg5.image")) else { continue };
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("publisher", name)) => publisher = name.to_owned(),
                Some(("origin", origin)) => {
                    let host = origin.split("://").nth(1).unwrap().split('/').next().unwrap();
                    let place = dir.join(".zmgr/sim/network").join(host).join("publisher").join(&publisher).join("pkg");
                    let place = place.join(package.replace('/', "%2F"));
                    fs::create_dir_all(&place).unwrap();
                    let name = format!("{}%3A20260301T000000Z", version.replace('-', "%2C5.11-"));
                    fs::write(place.join(name), "").unwrap();
                }
                _ => {}
            }
        }
    }
}

/// Gives the host these packages of a newer release, as its own update and reboot would have.
pub(crate) fn upgrade_host(dir: &Path) {
    let path = dir.join("var/pkg/pkg5.image");
    let mut text = fs::read_to_string(&path).unwrap();
    for package in ["SUNWcs", "SUNWcsd", "entire", "system/core-os"] {
        text.push_str(&format!("version {package} {NEW}\n"));
    }
    fs::write(path, text).unwrap();
}

/// Offers the next release, which the host has already.
pub(crate) fn next_release(dir: &Path) {
    let path = dir.join("var/pkg/pkg5.image");
    let mut text = fs::read_to_string(&path).unwrap();
    let version = format!("0.5.11-2026.0.{}.1", 1 + text.matches("version entire").count());
    for package in ["SUNWcs", "entire"] {
        offer(dir, package, &version);
        text.push_str(&format!("version {package} {version}\n"));
    }
    fs::write(path, text).unwrap();
}

/// Offers a newer release, which the host has already.
pub(crate) fn release(dir: &Path) {
    for package in ["SUNWcs", "entire"] {
        offer(dir, package, NEW);
    }
    upgrade_host(dir);
}

/// A machine with a zone that is down, and a newer release.
fn with_updates() -> Fixture {
    let fixture = fixture::new();
    fixture.create("web01");
    release(fixture.dir());
    fixture
}

fn update(manager: &Manager, options: &UpdateOptions) -> Result<Outcome, Error> {
    let mut report = manager.update(&["web01"], options, &mut run())?;
    match report.error() {
        Some(error) => Err(error),
        None => Ok(report.outcomes.remove(0)),
    }
}

fn version(fixture: &Fixture, package: &str) -> String {
    let listed = fixture.machine.run(&format!("pkg -R /zones/web01/root list -H {package}"));
    listed.split_whitespace().nth(1).unwrap().to_owned()
}

fn status(fixture: &Fixture) -> Option<ZoneStatus> {
    fixture.manager.zone("web01").unwrap().status
}

fn snapshots(fixture: &Fixture) -> Vec<String> {
    fixture.manager.snapshots(&["web01"]).unwrap().into_iter().map(|taken| taken.label).collect()
}

/// One boot environment of the zone is active: without that the host's own update fails.
fn assert_one_active(fixture: &Fixture) {
    let listed = fixture.machine.run("zfs get -H -r -o value org.opensolaris.libbe:active rpool/zones/web01/ROOT");
    assert_eq!(listed.lines().filter(|value| *value == "on").count(), 1, "{listed}");
}

#[test]
fn an_update_says_what_has_changed_and_its_snapshot_brings_it_back() {
    let fixture = with_updates();
    let done = update(&fixture.manager, &UpdateOptions::new()).unwrap();
    assert_eq!(done.action, Action::Updated);
    assert!(done.notes.contains(&format!("entire {OLD} -> {NEW}")), "{:?}", done.notes);
    assert_eq!((version(&fixture, "entire"), version(&fixture, "SUNWcsd")), (NEW.to_owned(), OLD.to_owned()));
    let [label] = <[String; 1]>::try_from(snapshots(&fixture)).unwrap();
    assert_one_active(&fixture);
    // Once more: nothing to do, and no snapshot for nothing.
    let before = whole(fixture.dir());
    let done = update(&fixture.manager, &UpdateOptions::new()).unwrap();
    assert_eq!((done.action, done.notes.len()), (Action::Unchanged, 0));
    let after = whole(fixture.dir());
    assert!(before == after, "{}", differences(&before, &after));
    fixture.manager.roll_back("web01", &label, &RollbackOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(version(&fixture, "entire"), OLD);
}

#[test]
fn a_running_zone_is_rebooted_or_updated_as_it_runs_if_that_is_asked_for() {
    for options in [UpdateOptions::new().reboot(true), UpdateOptions::new().force(true).snapshot(false)] {
        let fixture = with_updates();
        fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
        let id = fixture.machine.run("zoneadm -z web01 list -p");
        assert_eq!(slug(update(&fixture.manager, &UpdateOptions::new()).map(drop)), "wrong-state");
        update(&fixture.manager, &options).unwrap();
        assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), NEW.to_owned()));
        assert_eq!(fixture.machine.run("zoneadm -z web01 list -p") == id, options.force);
        assert_eq!(snapshots(&fixture).len(), usize::from(options.snapshot));
        assert_one_active(&fixture);
    }
}

/// A case, the way to it, the code, and a part of the message.
type Refused = (&'static str, fn(&Fixture), &'static str, &'static str);

#[test]
fn what_refuses_an_update_changes_nothing() {
    let table: &[Refused] = &[
        ("a running zone", |f| drop(f.manager.boot(&["web01"], &mut run()).unwrap()), "wrong-state", "is running"),
        (
            "a zone that is half up",
            |f| drop(f.machine.run("zoneadm -z web01 ready")),
            "wrong-state",
            "its packages are updated while it is down",
        ),
        (
            "a zone without files",
            |f| drop(f.machine.run("zoneadm -z web01 uninstall -F")),
            "wrong-state",
            "only an installed zone has packages",
        ),
        (
            "a detached zone",
            |f| drop(f.manager.detach(&["web01"], &mut run()).unwrap().into_result().unwrap()),
            "wrong-state",
            "web01 is detached",
        ),
        (
            "a host that boots another environment next",
            |f| {
                let mut fault = Fault::new("beadm");
                fault.stdout = Some("be-2;77aa;R;-;536870912;static;1764430001\n".to_owned());
                f.machine.host.fault(&fault).unwrap();
            },
            "wrong-state",
            "boots be-2 next",
        ),
        (
            "no active boot environment",
            |f| drop(f.machine.run("zfs set org.opensolaris.libbe:active=off rpool/zones/web01/ROOT/zbe")),
            "wrong-state",
            "none of its boot environments is active",
        ),
        (
            "two active boot environments",
            |f| {
                f.machine.run("zfs snapshot rpool/zones/web01/ROOT/zbe@two");
                let parent =
                    f.machine.run("zfs get -H -o value org.opensolaris.libbe:parentbe rpool/zones/web01/ROOT/zbe");
                let parent = parent.lines().next().unwrap();
                let made = f.machine.run(&format!(
                    "zfs clone -o canmount=noauto -o org.opensolaris.libbe:active=on -o org.opensolaris.libbe:parentbe={parent} \
                     rpool/zones/web01/ROOT/zbe@two rpool/zones/web01/ROOT/zbe-1"
                ));
                assert!(made.ends_with("=0"), "{made}");
            },
            "wrong-state",
            "several boot environments are active",
        ),
        (
            "a root that is not mounted",
            |f| drop(f.machine.run("umount /zones/web01/root")),
            "wrong-state",
            "is not mounted on /zones/web01/root",
        ),
        (
            "another installation",
            |f| {
                f.machine.run("zoneadm -z web01 uninstall -F");
                f.machine.run("zoneadm -z web01 install");
            },
            "recovery-needed",
            "is not the registered one",
        ),
    ];
    for (what, change, code, part) in table {
        let fixture = with_updates();
        change(&fixture);
        let before = whole(fixture.dir());
        let planned = fixture.manager.plan_update(&["web01"], &UpdateOptions::new()).map(drop).unwrap_err();
        let done = update(&fixture.manager, &UpdateOptions::new()).unwrap_err();
        for error in [planned, done] {
            assert_eq!(error.code().slug(), *code, "{what}: {error:?}");
            assert!(error.to_string().contains(part), "{what}: {error:?}");
            assert!(error.help().is_some(), "{what}: {error:?}");
        }
        let after = whole(fixture.dir());
        assert!(before == after, "{what}:\n{}", differences(&before, &after));
    }
    let fixture = with_updates();
    let both = UpdateOptions::new().reboot(true).force(true);
    assert_eq!(slug(update(&fixture.manager, &both).map(drop)), "invalid-argument");
    let report = fixture.manager.update(&["nosuch"], &UpdateOptions::new(), &mut run()).unwrap();
    assert_eq!(slug(report.into_result()), "not-found");
}

#[test]
fn packages_that_are_newer_than_the_hosts_are_refused_before_anything_is_touched() {
    let fixture = fixture::new();
    fixture.create("web01");
    offer(fixture.dir(), "entire", NEW);
    let error = update(&fixture.manager, &UpdateOptions::new()).unwrap_err();
    assert_eq!(error.code().slug(), "wrong-state");
    assert!(error.to_string().contains("would get newer packages than the host"), "{error}");
    assert_eq!((version(&fixture, "entire"), snapshots(&fixture).len()), (OLD.to_owned(), 0));
    update(&fixture.manager, &UpdateOptions::new().force(true)).unwrap();
    assert_eq!(version(&fixture, "entire"), NEW);
}

#[test]
fn a_publisher_that_does_not_answer_leaves_the_zone_alone() {
    let fixture = with_updates();
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    let id = fixture.machine.run("zoneadm -z web01 list -p");
    let set = "pkg -R /zones/web01/root set-publisher --no-refresh -g https://nosuch.example/ lost.org";
    assert!(fixture.machine.run(set).ends_with("=0"));
    let error = update(&fixture.manager, &UpdateOptions::new().reboot(true)).unwrap_err();
    assert_eq!(error.code().slug(), "command-failed", "{error}");
    assert!(error.to_string().contains("updating web01 failed at refresh"), "{error}");
    assert_eq!(fixture.machine.run("zoneadm -z web01 list -p"), id);
    assert_eq!((version(&fixture, "entire"), snapshots(&fixture).len()), (OLD.to_owned(), 0));
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
}

/// A manager on whose machine pkg fails once it has planned the update.
fn failing(fixture: &Fixture) -> Manager {
    fixture.with_interference(When::After, "update -n", |machine| {
        let mut fault = Fault::new("pkg");
        (fault.subcommand, fault.exit, fault.times) = (Some("update".to_owned()), Some(1), Some(1));
        machine.host.fault(&fault).unwrap();
    })
}

#[test]
fn an_update_that_fails_is_rolled_back_to_its_snapshot_and_the_zone_is_booted_again() {
    let fixture = with_updates();
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    let error = update(&failing(&fixture), &UpdateOptions::new().reboot(true)).unwrap_err();
    assert!(error.to_string().contains("web01 was rolled back to its snapshot"), "{error:?}");
    assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), OLD.to_owned()));
    assert_eq!(snapshots(&fixture).len(), 1);
    assert_eq!(fixture.recover(), [""; 0]);
    update(&fixture.manager, &UpdateOptions::new().reboot(true)).unwrap();
    assert_eq!(version(&fixture, "entire"), NEW);
}

#[test]
fn without_a_snapshot_or_with_keep_a_failed_update_is_left_to_a_second_one() {
    for (options, keep) in [(UpdateOptions::new().snapshot(false), false), (UpdateOptions::new(), true)] {
        let fixture = with_updates();
        fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
        let options = options.reboot(true);
        let mut how = run();
        if keep {
            how = how.on_failure(OnFailure::Keep);
        }
        let report = failing(&fixture).update(&["web01"], &options, &mut how).unwrap();
        let error = report.error().unwrap();
        assert!(error.to_string().contains("may be updated in part"), "{error:?}");
        assert!(error.help().unwrap().contains("zmgr update web01"), "{error:?}");
        assert_eq!(status(&fixture), Some(ZoneStatus::Running));
        assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Ready));
        update(&fixture.manager, &options).unwrap();
        assert_eq!(version(&fixture, "entire"), NEW);
    }
}

#[test]
fn an_update_that_died_is_resumed_or_rolled_back() {
    let died = |options: UpdateOptions, command: &str| {
        let fixture = with_updates();
        fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
        let dead = fixture.with_interference(When::After, command, |_| panic!("dead"));
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| update(&dead, &options).map(drop)));
        assert!(ended.is_err());
        fixture
    };
    let recover = |fixture: &Fixture, options: &RecoverOptions| {
        fixture.manager.recover(&["web01"], options, &mut run()).unwrap().error().map(|error| error.code().slug())
    };
    let reboot = UpdateOptions::new().reboot(true);
    let in_pkg = "update --accept --no-refresh";
    // A reboot that has begun is completed, and the zone runs again.
    let fixture = died(reboot.clone(), in_pkg);
    assert_eq!(slug(update(&fixture.manager, &reboot).map(drop)), "recovery-needed");
    assert_eq!(recover(&fixture, &RecoverOptions::new()), None);
    assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), NEW.to_owned()));
    // Or it goes back to the snapshot.
    let fixture = died(reboot.clone(), in_pkg);
    assert_eq!(recover(&fixture, &RecoverOptions::new().roll_back(true)), None);
    assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), OLD.to_owned()));
    assert_one_active(&fixture);
    // Without one it can only be resumed.
    let fixture = died(reboot.clone().snapshot(false), in_pkg);
    assert_eq!(recover(&fixture, &RecoverOptions::new().roll_back(true)), Some("recovery-needed"));
    assert_eq!(recover(&fixture, &RecoverOptions::new().resume(true)), None);
    assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), NEW.to_owned()));
    // Someone has booted it with half of its packages.
    let fixture = died(reboot.clone(), in_pkg);
    assert!(fixture.machine.run("zoneadm -z web01 boot").ends_with("=0"));
    assert_eq!(recover(&fixture, &RecoverOptions::new()), Some("recovery-needed"));
    // It was only on its way down.
    let fixture = died(reboot, "zoneadm -z web01 shutdown");
    assert_eq!(recover(&fixture, &RecoverOptions::new()), None);
    assert_eq!((status(&fixture), version(&fixture, "entire")), (Some(ZoneStatus::Running), OLD.to_owned()));
}

#[test]
fn linked_zones_keep_in_step_with_the_host() {
    for brand in ["lipkg", "sparse"] {
        let (pretend, manager) = site(Dialect::OmniOs, brand);
        let fixture = Fixture { machine: Arc::new(pretend), manager };
        let options = CreateOptions::new().template("t").boot(false);
        fixture.manager.create("web01", &options, &mut run()).unwrap();
        offer(fixture.dir(), "entire", NEW);
        assert_eq!(update(&fixture.manager, &UpdateOptions::new()).unwrap().action, Action::Unchanged, "{brand}");
        upgrade_host(fixture.dir());
        assert_eq!(update(&fixture.manager, &UpdateOptions::new()).unwrap().action, Action::Updated, "{brand}");
        assert_eq!(version(&fixture, "entire"), NEW);
    }
}

#[test]
fn without_names_every_zone_with_packages_is_updated() {
    let (pretend, manager) = site(Dialect::OmniOs, "lx");
    let fixture = Fixture { machine: Arc::new(pretend), manager };
    fixture.manager.create("lx01", &CreateOptions::new().template("t").boot(false), &mut run()).unwrap();
    for zone in ["web01", "web02"] {
        fixture.create(zone);
    }
    release(fixture.dir());
    let plan = fixture.manager.plan_update(&[], &UpdateOptions::new()).unwrap();
    assert_eq!(plan.changes.iter().map(|change| change.zone.as_str()).collect::<Vec<_>>(), ["web01", "web02"]);
    let report = fixture.manager.update(&[], &UpdateOptions::new(), &mut run().jobs(2)).unwrap();
    let done: Vec<_> = report.outcomes.iter().map(|done| (done.name.as_str(), done.action)).collect();
    assert_eq!(done, [("web01", Action::Updated), ("web02", Action::Updated)]);
    let error = fixture.manager.plan_update(&["lx01"], &UpdateOptions::new()).unwrap_err();
    assert!(error.to_string().contains("whose packages pkg does not manage"), "{error}");
}

#[test]
fn a_plan_is_run_as_it_was_approved() {
    let fixture = with_updates();
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    let plan = fixture.manager.plan_update(&["web01"], &UpdateOptions::new().reboot(true)).unwrap();
    let kinds: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["refresh", "copy", "take", "shutdown", "packages", "boot"]);
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    let report = fixture.manager.run(&plan, &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, Action::Updated);
    assert!(report.outcomes[0].notes.contains(&format!("entire {OLD} -> {NEW}")), "{report:?}");
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(slug(fixture.manager.run(&plan, &mut run())), "stale-plan");
}

#[test]
fn after_an_upgrade_of_the_host_an_attach_updates_the_zone() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.detach(&["web01"], &mut run()).unwrap().into_result().unwrap();
    upgrade_host(fixture.dir());
    let attach =
        |options: &AttachOptions| fixture.manager.attach(&["web01"], options, &mut run()).unwrap().into_result();
    let error = attach(&AttachOptions::new()).unwrap_err();
    assert!(error.help().unwrap().contains("--update"), "{error:?}");
    assert_eq!(fixture.manager.zone("web01").unwrap().state, Some(ZoneState::Detached));
    attach(&AttachOptions::new().update(true)).unwrap();
    assert_eq!(version(&fixture, "entire"), NEW);
    assert_one_active(&fixture);
}
