//! Golden zones: installed once for their settings, cloned by every zone of these settings, and left alone by everything else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    Action, ApplyOptions, Code, CreateOptions, DestroyOptions, Dialect, Document, Error, Fault, ImportOptions, Manager,
    Origin, Query, RecoverOptions, ReinstallOptions, RenameOptions, RunOptions, ZoneEntry, ZoneStatus,
};

use crate::brand_lives::{self, write_template};
use crate::fixture::slug;
use crate::sim_machine::Pretend;

/// Each brand that has golden zones, on a distribution that has it.
const SITES: [(Dialect, &str); 7] = [
    (Dialect::OpenIndiana, "nlipkg"),
    (Dialect::OpenIndiana, "ipkg"),
    (Dialect::OmniOs, "lipkg"),
    (Dialect::OmniOs, "sparse"),
    (Dialect::OmniOs, "pkgsrc"),
    (Dialect::OmniOs, "illumos"),
    (Dialect::OmniOs, "lx"),
];

/// Makes template `t` clone its zones from a golden zone.
pub(crate) fn make_golden(dir: &Path, brand: &str) {
    write_template(dir, brand);
    let path = dir.join("etc/zmgr/templates/t.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let golden = match text.contains("install {") {
        true => text.replace("install {", "install { golden #true; "),
        false => text.replace("    setup", "    install { golden #true; }\n    setup"),
    };
    fs::write(path, golden).unwrap();
}

pub(crate) fn site(dialect: Dialect, brand: &str) -> (Arc<Pretend>, Manager) {
    let (pretend, manager) = brand_lives::site(dialect, brand);
    make_golden(pretend.dir.path(), brand);
    (Arc::new(pretend), manager)
}

pub(crate) fn options() -> CreateOptions {
    CreateOptions::new().template("t")
}

pub(crate) fn create(manager: &Manager, name: &str) {
    manager.create(name, &options(), &mut RunOptions::new()).unwrap();
}

/// Names of the golden zones in the registry.
pub(crate) fn goldens(manager: &Manager) -> Vec<String> {
    let all = manager.zones(&Query::new().unregistered(true)).unwrap();
    all.into_iter().filter(|zone| zone.origin == Some(Origin::Golden)).map(|zone| zone.name).collect()
}

pub(crate) fn source_of(manager: &Manager, name: &str) -> String {
    let path = manager.root().join(format!("zones/{name}.kdl"));
    let entry: ZoneEntry = Document::parse(&path, &fs::read(&path).unwrap()).unwrap().value;
    entry.applied.unwrap().settings.clone_from.map(|source| source.to_string()).unwrap_or_default()
}

/// A manager that counts the runs of each subcommand of zoneadm.
fn counting(pretend: &Pretend) -> (Manager, Arc<Mutex<BTreeMap<String, usize>>>) {
    let counts = Arc::new(Mutex::new(BTreeMap::new()));
    let counted = Arc::clone(&counts);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::Before(invocation) = moment
            && let [program, _, _, subcommand, ..] = invocation.argv().as_slice()
            && program.ends_with("zoneadm")
        {
            *counted.lock().unwrap().entry(subcommand.clone()).or_default() += 1;
        }
    });
    let manager = Manager::builder().simulate(pretend.dir.path()).observed(watcher, WriteHook::none()).build().unwrap();
    (manager, counts)
}

#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Error>, code: Code, part: &str) {
    match result {
        Ok(_) => panic!("not refused: {part}"),
        Err(error) => assert!(error.code() == code && error.to_string().contains(part), "{error}"),
    }
}

#[test]
fn twenty_zones_need_one_install_and_twenty_clones() {
    let (pretend, _) = site(Dialect::OpenIndiana, "nlipkg");
    let (manager, counts) = counting(&pretend);
    let names: Vec<String> = (1..=20).map(|n| format!("web{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = manager.create_all(&names, &options().boot(false), &mut RunOptions::new().jobs(4)).unwrap();
    let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
    assert_eq!(actions, [Action::Created; 21]);
    assert_eq!(report.into_result().unwrap().len(), 21);
    let counts = counts.lock().unwrap();
    assert_eq!((counts.get("install"), counts.get("clone")), (Some(&1), Some(&20)), "{counts:?}");
    assert_eq!(manager.zones(&Query::new()).unwrap().len(), 20, "golden zones are listed only on request");
    let all = manager.zones(&Query::new().unregistered(true)).unwrap();
    let golden = all.iter().find(|zone| zone.origin == Some(Origin::Golden)).unwrap();
    assert_eq!((all.len(), golden.status, golden.nets.len()), (21, Some(ZoneStatus::Installed), 0));
}

#[test]
fn zones_of_each_brand_are_cloned_booted_and_destroyed() {
    for (dialect, brand) in SITES {
        let (pretend, manager) = site(dialect, brand);
        let before = pretend.run("zfs list -H -o name -t all");
        for name in ["one", "two"] {
            manager.create(name, &options().boot(true), &mut RunOptions::new()).unwrap();
            brand_lives::assert_up(&pretend, brand, &manager.zone(name).unwrap());
        }
        let [golden] = goldens(&manager).try_into().unwrap();
        assert_eq!((source_of(&manager, "one"), source_of(&manager, "two")), (golden.clone(), golden.clone()));
        assert!(manager.diff(&[]).unwrap().is_empty(), "{brand}");
        let destroy = |names: &[&str], force: bool| {
            let options = DestroyOptions::new().force(force);
            manager.destroy(names, &options, &mut RunOptions::new()).and_then(|report| report.into_result())
        };
        for force in [false, true] {
            refused(destroy(&[&golden], force), Code::WrongState, "zones are cloned from it: one, two");
        }
        destroy(&["one"], false).unwrap();
        destroy(&[&golden, "two"], false).unwrap();
        assert_eq!(pretend.run("zfs list -H -o name -t all"), before, "{brand}");
        assert_eq!(goldens(&manager), [""; 0]);
    }
}

#[test]
fn other_settings_have_another_golden_zone_and_the_same_ones_share_it() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    create(&manager, "one");
    let templates = pretend.dir.path().join("etc/zmgr/templates");
    let text = fs::read_to_string(templates.join("t.kdl")).unwrap();
    let write = |name: &str, from: &str, to: &str| {
        let text = text.replace("template \"t\"", &format!("template \"{name}\"")).replace(from, to);
        fs::write(templates.join(format!("{name}.kdl")), text).unwrap();
    };
    write("same", "setup {", "tag \"same\"\n    setup {");
    write("other", "golden #true", "golden #true; package \"editor/vim\"");
    for (zone, template) in [("two", "same"), ("three", "other")] {
        manager.create(zone, &CreateOptions::new().template(template), &mut RunOptions::new()).unwrap();
    }
    let sources = ["one", "two", "three"].map(|name| source_of(&manager, name));
    assert!(sources[0] == sources[1] && sources[1] != sources[2], "{sources:?}");
    assert_eq!(goldens(&manager).len(), 2);
}

#[test]
fn a_plan_has_the_golden_zone_first_and_runs() {
    let (pretend, manager) = site(Dialect::OmniOs, "lipkg");
    let plan = manager.plan_create(&["one", "two"], &options()).unwrap();
    let zones: Vec<&str> = plan.changes.iter().map(|change| change.zone.as_str()).collect();
    assert!(zones[0].starts_with("zmgr-golden-") && zones[1..] == ["one", "two"], "{zones:?}");
    assert!(pretend.run("zoneadm list -cp").lines().count() == 2, "a plan does nothing");
    let report = manager.run(&plan, &mut RunOptions::new()).unwrap();
    assert_eq!(report.into_result().unwrap().len(), 3);
    // The next plan clones what is there.
    let plan = manager.plan_create(&["three"], &options()).unwrap();
    assert_eq!(plan.changes.len(), 1);
    assert!(plan.changes[0].steps.iter().any(|step| step.id == "clone"));
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
}

#[test]
fn a_plan_whose_golden_zone_came_or_went_is_stale() {
    let (_pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let with = manager.plan_create(&["one"], &options()).unwrap();
    create(&manager, "two");
    assert_eq!(slug(manager.run(&with, &mut RunOptions::new())), "stale-plan");
    let without = manager.plan_create(&["one"], &options()).unwrap();
    let golden = goldens(&manager).remove(0);
    manager.destroy(&["two", &golden], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(slug(manager.run(&without, &mut RunOptions::new())), "stale-plan");
}

#[test]
fn files_of_new_zones_are_applied_with_their_golden_zone() {
    let (pretend, _) = site(Dialect::OpenIndiana, "nlipkg");
    let (manager, counts) = counting(&pretend);
    for name in ["one", "two"] {
        let text = format!("zone \"{name}\" {{\n    template \"t\"\n}}\n");
        fs::write(pretend.dir.path().join(format!("etc/zmgr/zones/{name}.kdl")), text).unwrap();
    }
    let plan = manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
    assert!(plan.changes[0].zone.starts_with("zmgr-golden-") && plan.changes.len() == 3);
    manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new().jobs(2)).unwrap().into_result().unwrap();
    let done = counts.lock().unwrap().clone();
    assert_eq!((done.get("install"), done.get("clone")), (Some(&1), Some(&2)));
    assert!(manager.plan_apply(&[], &ApplyOptions::new()).unwrap().changes.is_empty());
    assert!(manager.diff_offline(&[]).unwrap().is_clean());
    assert!(manager.check().unwrap().is_empty());
}

/// The second process sees that the golden zone is being installed, and clones it when it is there.
#[test]
fn a_process_waits_for_the_golden_zone_that_another_one_installs() {
    let (pretend, _) = site(Dialect::OpenIndiana, "nlipkg");
    let (installs, meet) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let watched = |waits: bool| {
        let (installs, meet) = (Arc::clone(&installs), Arc::clone(&meet));
        let watcher: Arc<Watcher> = Arc::new(move |moment| match moment {
            Moment::Before(invocation) if invocation.to_string().contains(" install") => {
                installs.fetch_add(1, Ordering::SeqCst);
                if waits {
                    meet.wait();
                }
            }
            _ => {}
        });
        Manager::builder().simulate(pretend.dir.path()).observed(watcher, WriteHook::none()).build().unwrap()
    };
    let (first, second) = (watched(true), watched(false));
    std::thread::scope(|scope| {
        scope.spawn(|| create(&first, "one"));
        let mut begun = false;
        let mut progress = |_: &zmgr::Event| true;
        // From its first look at the host on, the golden zone of the first is in the registry.
        let mut pulse = || {
            if !std::mem::replace(&mut begun, true) {
                meet.wait();
            }
            true
        };
        let mut run = RunOptions::new().progress(&mut progress).pulse(&mut pulse);
        second.create("two", &options(), &mut run).unwrap();
    });
    assert_eq!(installs.load(Ordering::SeqCst), 1);
    assert_eq!(source_of(&first, "one"), source_of(&first, "two"));
}

#[test]
fn a_golden_zone_is_exempt_from_operations_on_all_zones() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    manager.create("one", &options().boot(false), &mut RunOptions::new()).unwrap();
    let golden = goldens(&manager).remove(0);
    let booted = manager.boot_all(&mut RunOptions::new()).unwrap();
    assert!(booted.outcomes.iter().all(|outcome| outcome.name != golden));
    assert!(pretend.run("zoneadm list -p").lines().all(|line| !line.contains(&golden)), "it never boots");
    assert!(manager.snapshots(&[]).unwrap().is_empty());
    assert!(manager.fleet_names().contains(&"one".to_owned()));
    // The registry loses it, and import leaves it alone.
    fs::remove_file(manager.root().join(format!("zones/{golden}.kdl"))).unwrap();
    let imported = manager.import(&[], &ImportOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(!manager.root().join(format!("zones/{golden}.kdl")).exists(), "{imported:?}");
    // The next zone gets a new one, under another name.
    create(&manager, "two");
    assert_eq!(source_of(&manager, "two"), format!("{golden}-2"));
}

trait FleetNames {
    fn fleet_names(&self) -> Vec<String>;
}

impl FleetNames for Manager {
    fn fleet_names(&self) -> Vec<String> {
        let fleet = zmgr::Fleet::read([self.root(), self.root()]).unwrap();
        let names = fleet.zones().map(|zone| zone.name.clone()).collect::<Vec<_>>();
        assert!(names.iter().all(|name| !name.starts_with("zmgr-golden-")), "{names:?}");
        names
    }
}

#[test]
fn what_a_golden_zone_cannot_be_asked_is_refused() {
    let (_pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    create(&manager, "one");
    let golden = goldens(&manager).remove(0);
    let (golden, run) = (golden.as_str(), &mut RunOptions::new());
    let is = "is a golden zone";
    refused(manager.boot(&[golden], run).and_then(|report| report.into_result()), Code::WrongState, is);
    refused(manager.set(golden, &[("autoboot", "true")], run), Code::WrongState, is);
    let renamed = manager.rename(golden, "web09", &RenameOptions::new(), run);
    refused(renamed.and_then(|report| report.into_result()), Code::WrongState, is);
    refused(manager.reinstall(golden, &ReinstallOptions::new(), run), Code::WrongState, is);
    refused(manager.create_snapshot(golden, Some("s"), run), Code::WrongState, is);
    refused(manager.forget(&[golden], run).and_then(|report| report.into_result()), Code::WrongState, is);
    refused(
        manager.rename("one", "zmgr-golden-one", &RenameOptions::new(), run).and_then(|report| report.into_result()),
        Code::InvalidArgument,
        "which only zmgr gives",
    );
    refused(manager.create("zmgr-golden-two", &options(), run), Code::InvalidArgument, "which only zmgr gives");
    refused(manager.create("two", &options().clone_from(golden), run), Code::Config, "`clone-from` cannot name");
}

#[test]
fn a_directory_that_is_no_file_system_has_no_golden_zone() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let config = pretend.dir.path().join("etc/zmgr/config.kdl");
    let text = fs::read_to_string(&config).unwrap();
    let other = text.replace("zonepath-prefix \"/zones\"", "zonepath-prefix \"/plain\"");
    assert_ne!(text, other);
    fs::write(&config, other).unwrap();
    fs::create_dir_all(pretend.dir.path().join("plain")).unwrap();
    refused(manager.plan_create(&["one"], &options()), Code::UnsupportedHost, "is not a mounted ZFS file system");
}

/// The hook ends with 0, and zoneadm says that the zone is installed.
#[test]
fn a_clone_that_keeps_the_identity_is_undone() {
    for (dialect, brand) in [(Dialect::OmniOs, "lipkg"), (Dialect::OpenIndiana, "nlipkg")] {
        let (pretend, manager) = site(dialect, brand);
        create(&manager, "one");
        let golden = goldens(&manager).remove(0);
        let root = pretend.dir.path().join(format!("zones/{golden}/root/etc"));
        fs::create_dir_all(root.join("ssh")).unwrap();
        fs::write(root.join("ssh/ssh_host_rsa_key"), "secret\n").unwrap();
        let mut fault = Fault::new("zlogin");
        (fault.exit, fault.times) = (Some(1), Some(1));
        fault.subcommand = Some("/usr/lib/brand/ipkg/system-unconfigure".to_owned());
        pretend.host.fault(&fault).unwrap();
        let before = pretend.run("zfs list -H -o name -t all");
        refused(
            manager.create("two", &options(), &mut RunOptions::new()),
            Code::CommandFailed,
            "still has its identity",
        );
        assert_eq!(pretend.run("zfs list -H -o name -t all"), before, "{brand}");
        assert_eq!(slug(manager.zone("two")), "not-found");
        create(&manager, "two");
        let own = fs::read_to_string(pretend.dir.path().join("zones/two/root/etc/ssh/ssh_host_rsa_key")).unwrap();
        assert_ne!(own, "secret\n");
    }
}

#[test]
fn a_failed_installation_of_the_golden_zone_leaves_nothing_and_starts_no_clone() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(254), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.create_all(&["one", "two"], &options(), &mut RunOptions::new()).unwrap();
    let errors: Vec<&str> = report.outcomes.into_iter().map(|outcome| slug(outcome.result)).collect();
    assert_eq!(errors, ["command-failed", "wrong-state", "wrong-state"]);
    assert_eq!(pretend.run("zfs list -H -o name -t all -r rpool/zones"), "rpool/zones\n=0");
    assert_eq!(fs::read_dir(manager.root().join("zones")).unwrap().count(), 0);
    create(&manager, "one");
}

#[test]
fn an_unfinished_golden_zone_is_recovered_before_it_is_cloned() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(254), Some(1));
    pretend.host.fault(&fault).unwrap();
    let mut keep = RunOptions::new().on_failure(zmgr::OnFailure::Keep);
    manager.create_all(&["one"], &options(), &mut keep).unwrap();
    refused(manager.create("one", &options(), &mut RunOptions::new()), Code::RecoveryNeeded, "unfinished");
    manager.recover(&[], &RecoverOptions::new().resume(true), &mut RunOptions::new()).unwrap().into_result().unwrap();
    create(&manager, "one");
    assert_eq!(goldens(&manager).len(), 1);
}
