//! Death at every command and at every write: one `recover` later the machine and the tree are as if the work had never begun, or
//! done. The points are counted by the runner and the writer themselves, and each is visited; of the two ways in which apply
//! builds, each third but in the long tests.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zmgr::internals::exec::Watcher;
use zmgr::internals::registry::{FsChange, HookPoint, WriteHook, WriteObserver};
use zmgr::{
    ApplyOptions, AttachOptions, CreateOptions, DestroyOptions, Dialect, Error, Event, EventKind, ImportOptions,
    Manager, RecoverOptions, RefreshOptions, ReinstallOptions, RenameOptions, Report, RollbackOptions, RunOptions,
    SimHost, UpdateOptions, ZoneState, ZoneStatus,
};

use crate::brand_lives::write_template;
use crate::sim_machine;
use crate::snapshot::{copy, differences, scratch, whole};

/// Names the work of a child of this test: `DIR|OPERATION|POINT`, a point of 0 to count them.
const DEATH: &str = "ZMGR_TEST_DEATH";

/// Counts the points, and dies at one of them.
pub(crate) struct Reaper {
    pub(crate) at: u64,
    pub(crate) passed: AtomicU64,
}

impl Reaper {
    pub(crate) fn pass(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        }
    }
}

impl WriteObserver for Reaper {
    fn at(&self, _: HookPoint, _: FsChange, _: &Path) -> io::Result<()> {
        self.pass();
        Ok(())
    }
}

pub(crate) fn operate(manager: &Manager, operation: &str) {
    operate_with(manager, operation, &mut RunOptions::new()).unwrap();
}

/// Returns the first error of a report.
pub(crate) fn done(report: Report) -> Result<(), Error> {
    report.into_result().map(drop)
}

fn operate_with(manager: &Manager, operation: &str, run: &mut RunOptions<'_>) -> Result<(), Error> {
    match operation {
        "create" => manager.create("web01", &CreateOptions::new(), run).map(drop),
        "destroy" => manager.destroy(&["web01"], &DestroyOptions::new(), run).and_then(done),
        "purge" => manager.destroy(&["web01"], &DestroyOptions::new().purge(true), run).and_then(done),
        "reinstall" => manager.reinstall("web01", &ReinstallOptions::new(), run).map(drop),
        "reinstall-snapshot" => manager.reinstall("web01", &ReinstallOptions::new().snapshot(true), run).map(drop),
        "clone" => manager.create("web02", &CreateOptions::new().clone_from("web01").boot(false), run).map(drop),
        "refresh" => manager.refresh_templates(&["t"], &RefreshOptions::new(), run).and_then(done),
        "prune" => manager.refresh_templates(&[], &RefreshOptions::new(), run).and_then(done),
        "attach-snapshot" => {
            let options = AttachOptions::new().snapshot(true);
            manager.attach(&["web01"], &options, run).and_then(done)
        }
        "golden" => manager.create("web01", &CreateOptions::new().template("t").boot(false), run).map(drop),
        "import" => manager.import(&[], &ImportOptions::new(), run).and_then(done),
        "apply" => manager.apply(&["web01"], &ApplyOptions::new().recreate(true), run).and_then(done),
        "change" => manager.apply(&["web01"], &ApplyOptions::new().reboot(true), run).and_then(done),
        "rename" => manager.rename("web01", "web09", &RenameOptions::new(), run).and_then(done),
        "rename-all" => {
            let options = RenameOptions::new().links(true).zonepath(true);
            manager.rename("web01", "web09", &options, run).and_then(done)
        }
        "snapshot" => manager.create_snapshot("web01", Some("s"), run).map(drop),
        "snapshot-delete" => manager.delete_snapshot("web01", "s", run).and_then(done),
        "snapshot-rollback" => manager.roll_back("web01", "s", &RollbackOptions::new().force(true), run).and_then(done),
        "detach" => manager.detach(&["web01"], run).and_then(done),
        "attach" => manager.attach(&["web01"], &AttachOptions::new().boot(true), run).and_then(done),
        // The work after the boot of a zone that zmgr did not install waits for its next boot if zmgr dies.
        "attach-kept" => manager.attach(&["web01"], &AttachOptions::new(), run).and_then(done),
        "update" => manager.update(&["web01"], &UpdateOptions::new().snapshot(false), run).and_then(done),
        "update-reboot" => manager.update(&["web01"], &UpdateOptions::new().reboot(true), run).and_then(done),
        "recover" => manager.recover(&[], &RecoverOptions::new(), run).and_then(done),
        other => crate::crash_brands::operate_brand(manager, other, run),
    }
}

/// Runs in a process of its own, which is killed.
#[test]
fn child() {
    let Ok(work) = env::var(DEATH) else { return };
    let mut words = work.split('|');
    let (dir, operation, point) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let reaper = Arc::new(Reaper { at: point.parse().unwrap(), passed: AtomicU64::new(0) });
    let watched = Arc::clone(&reaper);
    let watcher: Arc<Watcher> = Arc::new(move |_| watched.pass());
    let manager = Manager::builder().simulate(dir).observed(watcher, WriteHook::new(reaper.clone())).build().unwrap();
    let mut steps = String::new();
    let mut progress = |event: &Event| {
        if event.kind == EventKind::StepStarted {
            steps.push_str(&format!("{}\n", event.step));
        }
        true
    };
    operate_with(&manager, operation, &mut RunOptions::new().progress(&mut progress)).unwrap();
    fs::write(format!("{dir}.steps"), steps).unwrap();
    fs::write(format!("{dir}.count"), reaper.passed.load(Ordering::SeqCst).to_string()).unwrap();
}

/// Runs the operation in a child that dies at this point; whether it died.
pub(crate) fn die(dir: &Path, operation: &str, point: u64) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash_matrix::child", "--test-threads=1"])
        .env(DEATH, format!("{}|{operation}|{point}", dir.display()))
        .output()
        .unwrap();
    let died = output.status.signal() == Some(9);
    assert!(died || output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    died
}

pub(crate) fn manager(dir: &Path) -> Manager {
    Manager::builder().simulate(dir).build().unwrap()
}

pub(crate) fn recover(dir: &Path) {
    recover_after(dir, &dir.display().to_string());
}

pub(crate) fn recover_after(dir: &Path, death: &str) {
    let report = manager(dir).recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
    if let Some((name, error)) = report.failures().next() {
        panic!("recovery of {name}, {death}: {error:?}");
    }
}

/// Nothing but locks of zones that are there, no temp file, no script.
pub(crate) fn assert_tidy(dir: &Path, zones: &[&str]) {
    let own = dir.join("etc/zmgr/.zmgr");
    if !own.exists() {
        return;
    }
    let mut files = Vec::new();
    let mut directories = vec![own.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path.strip_prefix(&own).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    for file in files {
        let name = file.rsplit('/').next().unwrap();
        let of_zone = zones.iter().any(|zone| name.starts_with(&format!("{zone}.")));
        let own = matches!(name, "index.v1" | "host.v1" | ".gitignore" | "registry" | "registry.lock");
        assert!(own || of_zone, "{file} stays in {}", dir.display());
        assert!(!name.contains("tmp") && !name.ends_with(".zonecfg"), "{file} stays in {}", dir.display());
    }
}

/// Visits every point of an operation that begins with what `prepare` makes.
fn visit(operation: &str, zones: &[&str], prepare: impl Fn(&Path)) {
    visit_where(operation, 1, zones, prepare, |_, before, now| before == now);
}

pub(crate) type Whole = std::collections::BTreeMap<String, String>;

/// Distance between visited points, where building takes the longest.
pub(crate) fn sampled() -> usize {
    if env::var_os("ZMGR_SOAK").is_some() { 1 } else { 3 }
}

/// Tests one in `every` points; `is_undone` compares the directory before and now, and returns true if it was rolled back.
pub(crate) fn visit_where(
    operation: &str,
    one_in: usize,
    zones: &[&str],
    prepare: impl Fn(&Path),
    is_undone: impl Fn(&Path, &Whole, &Whole) -> bool,
) {
    let scratch = scratch();
    let start = scratch.path().join("start");
    prepare(&start);
    let before = whole(&start);

    let done = scratch.path().join("done");
    copy(&start, &done);
    assert!(!die(&done, operation, 0));
    let after = whole(&done);
    assert_ne!(before, after, "{operation} did nothing");
    let write_hook: u64 =
        fs::read_to_string(PathBuf::from(format!("{}.count", done.display()))).unwrap().parse().unwrap();
    assert!(write_hook > 4, "{operation} has {write_hook} points");

    let (mut undone, mut finished) = (0, 0);
    for point in (1..=write_hook).step_by(one_in) {
        let dir = scratch.path().join(point.to_string());
        copy(&start, &dir);
        assert!(die(&dir, operation, point), "{operation} did not come to point {point} of {write_hook}");
        recover(&dir);
        let now = whole(&dir);
        if now == after {
            finished += 1;
        } else if is_undone(&dir, &before, &now) {
            undone += 1;
        } else {
            panic!(
                "{operation}, death at point {point} of {write_hook}: neither begun nor done.\nto before:\n{}\nto after:\n{}",
                differences(&before, &now),
                differences(&after, &now)
            );
        }
        assert_tidy(&dir, zones);
        fs::remove_dir_all(&dir).unwrap();
    }
    assert_eq!(undone + finished, write_hook.div_ceil(one_in as u64));
    assert!(undone > 0 && finished > 0, "{operation}: {undone} undone, {finished} finished");
}

/// A machine with its tree.
fn fresh(dir: &Path) {
    manager(dir).zones(&zmgr::Query::new()).unwrap();
}

fn with_zone(dir: &Path) {
    manager(dir).create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
}

#[test]
fn create() {
    visit("create", &["web01"], fresh);
}

#[test]
fn destroy() {
    visit("destroy", &["web01"], with_zone);
}

#[test]
fn reinstall() {
    visit("reinstall", &["web01"], |dir| {
        with_zone(dir);
        // A file of the first installation, by which the two are told apart.
        fs::write(dir.join("zones/web01/root/etc/motd"), "old\n").unwrap();
    });
}

#[test]
fn clone() {
    visit("clone", &["web01", "web02"], |dir| {
        manager(dir).create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    });
}

/// Of the golden zone and its clone, each is undone or done.
#[test]
fn import() {
    visit("import", &["db"], |dir| {
        fresh(dir);
        let host = zmgr::SimHost::open(dir).unwrap();
        let run = |words: &[&str]| {
            let argv: Vec<std::ffi::OsString> = words.iter().map(Into::into).collect();
            let (mut none, mut out, mut err) = (io::empty(), Vec::new(), Vec::new());
            let around = zmgr::CommandIo {
                env: &[],
                cwd: Path::new("/"),
                stdin: &mut none,
                stdout: &mut out,
                stderr: &mut err,
                interrupted: &|| false,
                hooks: None,
            };
            assert_eq!(host.answer(&argv, around), zmgr::SimStatus::Exited(0), "{}", String::from_utf8_lossy(&err));
        };
        run(&["dladm", "create-vnic", "-l", "stub0", "db0"]);
        let zone = "create -b; set brand=nlipkg; set zonepath=/zones/db; set ip-type=exclusive; \
                    add net; set physical=db0; set allowed-address=10.1.0.77/24; end";
        run(&["zonecfg", "-z", "db", zone]);
    });
}

/// A zone that is down, and files that name it.
fn with_named_zone(dir: &Path, dialect: Dialect) {
    zmgr::SimHost::create(dir, dialect).unwrap();
    let (manager, run) = (manager(dir), &mut RunOptions::new());
    manager.init().unwrap();
    manager.create("web01", &CreateOptions::new().boot(false), run).unwrap();
    manager.create("web02", &CreateOptions::new().clone_from("web01").boot(false), run).unwrap();
    let pool = dir.join("etc/zmgr/pools/internal.kdl");
    let text = fs::read_to_string(&pool).unwrap();
    let end = text.rfind('}').unwrap();
    fs::write(&pool, format!("{}    reserve \"10.1.0.99\" for=\"web01\"\n}}\n", &text[..end])).unwrap();
    let template = "template \"copy\" {\n    extends \"oi\"\n    clone-from \"web01\" // golden\n}\n";
    fs::write(dir.join("etc/zmgr/templates/copy.kdl"), template).unwrap();
}

#[test]
fn rename_on_openindiana() {
    visit("rename-all", &["web01", "web02", "web09"], |dir| with_named_zone(dir, Dialect::OpenIndiana));
}

#[test]
fn rename_on_omnios() {
    visit("rename-all", &["web01", "web02", "web09"], |dir| with_named_zone(dir, Dialect::OmniOs));
}

#[test]
fn rename_of_the_zone_alone() {
    visit("rename", &["web01", "web02", "web09"], |dir| with_named_zone(dir, Dialect::OpenIndiana));
}

/// A zone of this brand that is down.
pub(crate) fn with_zone_down(dir: &Path, dialect: Dialect, brand: &str) {
    zmgr::SimHost::create(dir, dialect).unwrap();
    let (manager, run) = (manager(dir), &mut RunOptions::new());
    manager.init().unwrap();
    let template = format!(
        "template \"t\" {{\n    brand \"{brand}\"\n    autoboot #true\n    net \"internal\" {{ pool \"internal\"; }}\n}}\n"
    );
    fs::write(dir.join("etc/zmgr/templates/t.kdl"), template).unwrap();
    manager.create("web01", &CreateOptions::new().template("t").boot(false), run).unwrap();
}

/// The brands whose hooks detach and attach in ways of their own.
pub(crate) const HOOKED: [(Dialect, &str); 3] =
    [(Dialect::OpenIndiana, "nlipkg"), (Dialect::OmniOs, "ipkg"), (Dialect::OmniOs, "sparse")];

#[test]
fn detach() {
    for (dialect, brand) in HOOKED {
        visit("detach", &["web01"], |dir| with_zone_down(dir, dialect, brand));
    }
}

#[test]
fn attach_of_a_detached_zone() {
    for (dialect, brand) in HOOKED {
        visit("attach", &["web01"], |dir| {
            with_zone_down(dir, dialect, brand);
            manager(dir).detach(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
        });
    }
}

#[test]
fn attach_of_kept_files() {
    visit("attach-kept", &["web01"], |dir| {
        with_zone(dir);
        let keep = DestroyOptions::new().keep_data(true);
        manager(dir).destroy(&["web01"], &keep, &mut RunOptions::new()).unwrap().into_result().unwrap();
    });
}

#[test]
fn update_without_a_snapshot() {
    for (dialect, brand) in HOOKED {
        visit("update", &["web01"], |dir| {
            with_zone_down(dir, dialect, brand);
            crate::update::release(dir);
            // The catalogs were read before, so that a death right after they are queried leaves nothing new.
            let host = SimHost::open(dir).unwrap();
            sim_machine::answer(&host, &["pkg", "-R", "/zones/web01/root", "refresh"], "");
        });
    }
}

/// The versions of the zone's packages.
fn packages(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("zones/web01/root/var/pkg/pkg5.image")).unwrap();
    text.lines().filter(|line| line.starts_with("version ")).collect::<Vec<_>>().join("\n")
}

/// The time in the label of the snapshot differs, so the machines cannot be compared as a whole.
#[test]
fn update_of_a_running_zone_after_a_snapshot() {
    for (dialect, brand) in HOOKED {
        let scratch = scratch();
        let start = scratch.path().join("start");
        with_zone_down(&start, dialect, brand);
        crate::update::release(&start);
        manager(&start).boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
        let done = scratch.path().join("done");
        copy(&start, &done);
        assert!(!die(&done, "update-reboot", 0));
        let (old, new) = (packages(&start), packages(&done));
        assert_ne!(old, new);
        let count = fs::read_to_string(format!("{}.count", done.display())).unwrap();
        let (mut back, mut on) = (0, 0);
        for point in 1..=count.parse().unwrap() {
            let dir = scratch.path().join(point.to_string());
            copy(&start, &dir);
            assert!(die(&dir, "update-reboot", point));
            recover(&dir);
            let zone = manager(&dir).zone("web01").unwrap();
            assert_eq!(
                (zone.state, zone.status),
                (Some(ZoneState::Ready), Some(ZoneStatus::Running)),
                "{brand}, death at point {point}"
            );
            match packages(&dir) {
                now if now == old => back += 1,
                now if now == new => on += 1,
                now => panic!("{brand}, death at point {point}: {now}"),
            }
            assert_tidy(&dir, &["web01"]);
            fs::remove_dir_all(&dir).unwrap();
        }
        assert!(back > 0 && on > 0, "{brand}: {back} as before, {on} updated");
    }
}

const ENTRY: &str = "etc/zmgr/zones/web01.kdl";

/// A file that a user wrote survives everything that happens during the creation: only what was chosen may be added to it.
#[test]
fn creating_a_zone_from_a_users_file() {
    let desired = "// ours\nzone \"web01\" {\n    template \"oi\" // keep\n    attr \"owner\" \"alice\"\n}\n";
    let prepare = |dir: &Path| {
        fresh(dir);
        fs::write(dir.join(ENTRY), desired).unwrap();
    };
    let done = scratch();
    let done = done.path().join("done");
    prepare(&done);
    operate(&manager(&done), "apply");
    let built = whole(&done);
    visit_where("apply", sampled(), &["web01"], prepare, |dir, before, now| {
        let rest = |all: &Whole| {
            let mut all = all.clone();
            all.remove(ENTRY);
            all
        };
        let text = &now[ENTRY];
        let kept =
            ["// ours", "template \"oi\" // keep", "attr \"owner\" \"alice\""].iter().all(|line| text.contains(line));
        let bare = !text.contains("state \"") && !text.contains("id \"") && !text.contains("applied");
        assert!(kept && bare, "{text}");
        // It can be built as before, but that what was chosen stands where it stood.
        operate(&manager(dir), "apply");
        let again = whole(dir);
        assert!(again.keys().eq(built.keys()), "{}", differences(&built, &again));
        assert!(again[ENTRY].contains("state \"ready\""), "{}", again[ENTRY]);
        rest(before) == rest(now)
    });
}

/// A zone that the host has lost is registered as before, whatever happens while it is built again.
#[test]
fn recreation() {
    let without_uuid = |all: &Whole| {
        let mut all = all.clone();
        let entry = all.get_mut(ENTRY).unwrap();
        // The host has lost the installation and its dataset, which are forgotten with the first step.
        let mut in_datasets = false;
        let mut is_kept = |line: &&str| {
            let was_in = in_datasets;
            in_datasets = line.starts_with("    datasets {") || in_datasets && !line.starts_with("    }");
            !(was_in || in_datasets || line.trim_start().starts_with("uuid") || line.starts_with("    format "))
        };
        *entry = entry.lines().filter(&mut is_kept).collect::<Vec<_>>().join("\n");
        all
    };
    let prepare = |dir: &Path| {
        let empty = dir.join("../empty");
        fresh(&empty);
        fresh(dir);
        let run = &mut RunOptions::new();
        manager(dir).create("web01", &CreateOptions::new(), run).unwrap();
        let entry = fs::read(dir.join(ENTRY)).unwrap();
        manager(dir).destroy(&["web01"], &DestroyOptions::new(), run).unwrap().into_result().unwrap();
        fs::write(dir.join(ENTRY), entry).unwrap();
    };
    visit_where("apply", sampled(), &["web01"], prepare, |_, before, now| without_uuid(before) == without_uuid(now));
}

/// A running zone that is taken down for a change of its link is booted again, with the old link or the new one.
#[test]
fn change_of_a_link_below_a_running_zone() {
    visit("change", &["web01"], |dir| {
        fresh(dir);
        let pool = dir.join("etc/zmgr/pools/internal.kdl");
        let text = fs::read_to_string(&pool).unwrap().replace("stub \"stub0\"", "stub \"net0\"");
        fs::write(&pool, &text).unwrap();
        with_zone(dir);
        fs::write(&pool, text.replace("stub \"net0\"", "stub \"net0\"\n    vlan 20")).unwrap();
        let entry = dir.join(ENTRY);
        let text = fs::read_to_string(&entry).unwrap();
        let (own, applied) = text.split_once("    applied {").unwrap();
        let own = own.replace("stub \"net0\"", "stub \"net0\"\n        vlan 20");
        fs::write(&entry, format!("{own}    applied {{{applied}")).unwrap();
    });
}

/// A tree whose zones have a dataset that zmgr creates and files that it writes before their first boot.
fn furnished(dir: &Path, dialect: Dialect) {
    let host = SimHost::create(dir, dialect).unwrap();
    assert_eq!(sim_machine::answer(&host, &["zfs", "create", "rpool/data"], ""), "=0");
    manager(dir).init().unwrap();
    fs::write(dir.join("key.pub"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== ops\n").unwrap();
    let template = manager(dir).config().unwrap().default_template.unwrap();
    let path = dir.join(format!("etc/zmgr/templates/{template}.kdl"));
    let text = fs::read_to_string(&path).unwrap();
    let nodes = "    dataset \"rpool/data/{zone}\" create=#true quota=\"1G\"\n    resolver \"10.1.0.53\"\n    \
                 dns-domain \"example.org\"\n    setup { hostname \"{zone}\"; ssh-key \"/key.pub\"; timezone \"UTC\"; }\n";
    let end = text.rfind('}').unwrap();
    fs::write(&path, format!("{}{nodes}{}", &text[..end], &text[end..])).unwrap();
}

fn with_furnished_zone(dir: &Path, dialect: Dialect) {
    furnished(dir, dialect);
    with_zone(dir);
    // A file of the first installation, by which the two are told apart.
    fs::write(dir.join("zones/web01/root/etc/motd"), "old\n").unwrap();
}

const DIALECTS: [Dialect; 2] = [Dialect::OpenIndiana, Dialect::OmniOs];

#[test]
fn creation_with_a_dataset_and_first_boot_files() {
    for dialect in DIALECTS {
        visit_where("create", sampled(), &["web01"], |dir| furnished(dir, dialect), |_, before, now| before == now);
    }
}

#[test]
fn destruction_of_a_zone_and_the_dataset_that_it_was_given() {
    for dialect in DIALECTS {
        let prepare = |dir: &Path| with_furnished_zone(dir, dialect);
        visit_where("purge", sampled(), &["web01"], prepare, |_, before, now| before == now);
        visit_where("destroy", sampled(), &["web01"], prepare, |_, before, now| before == now);
    }
}

#[test]
fn reinstallation_with_a_dataset_and_first_boot_files() {
    for dialect in DIALECTS {
        let prepare = |dir: &Path| with_furnished_zone(dir, dialect);
        visit_where("reinstall", sampled(), &["web01"], prepare, |_, before, now| before == now);
    }
}

/// The brands whose files lie in different datasets, on the distributions that have them.
pub(crate) const ROOTS: [(Dialect, &str); 5] = [
    (Dialect::OpenIndiana, "nlipkg"),
    (Dialect::OmniOs, "ipkg"),
    (Dialect::OmniOs, "sparse"),
    (Dialect::OmniOs, "illumos"),
    (Dialect::OmniOs, "lx"),
];

/// A zone of this brand, and the runs of commands of other programs that follow.
fn with_zone_of(dir: &Path, (dialect, brand): (Dialect, &str), boot: bool) {
    SimHost::create(dir, dialect).unwrap();
    let manager = manager(dir);
    manager.init().unwrap();
    write_template(dir, brand);
    let options = CreateOptions::new().template("t").boot(boot);
    manager.create("web01", &options, &mut RunOptions::new()).unwrap();
}

fn take(dir: &Path, label: &str) {
    manager(dir).create_snapshot("web01", Some(label), &mut RunOptions::new()).unwrap();
}

/// Writes into the zone what a rollback takes away.
fn write_later(dir: &Path) {
    fs::write(dir.join("zones/web01/root/later"), "later\n").unwrap();
}

#[test]
fn taking_a_snapshot() {
    for site in ROOTS {
        visit("snapshot", &["web01"], |dir| with_zone_of(dir, site, false));
    }
}

#[test]
fn deleting_a_snapshot() {
    for site in ROOTS {
        visit("snapshot-delete", &["web01"], |dir| {
            with_zone_of(dir, site, false);
            take(dir, "s");
        });
    }
}

/// A running zone is down for its rollback, and comes up whatever happens.
#[test]
fn rolling_back() {
    for site in ROOTS {
        visit("snapshot-rollback", &["web01"], |dir| {
            with_zone_of(dir, site, true);
            take(dir, "s");
            write_later(dir);
        });
    }
}

#[test]
fn rolling_back_past_a_later_snapshot() {
    visit("snapshot-rollback", &["web01"], |dir| {
        with_zone_of(dir, ROOTS[2], false);
        take(dir, "s");
        take(dir, "later");
    });
}

#[test]
fn switching_to_another_boot_environment() {
    for site in &ROOTS[..2] {
        visit("snapshot-rollback", &["web01"], |dir| {
            with_zone_of(dir, *site, true);
            take(dir, "s");
            write_later(dir);
            let host = SimHost::open(dir).unwrap();
            crate::sim_machine::answer(&host, &["zfs", "snapshot", "rpool/zones/web01/ROOT/zbe@other"], "");
        });
    }
}

/// Recovery dies too: after a death in the midst of an install, and of one past it.
#[test]
fn recovery() {
    let scratch = scratch();
    let count = scratch.path().join("count");
    fresh(&count);
    assert!(!die(&count, "create", 0));
    let write_hook: u64 =
        fs::read_to_string(PathBuf::from(format!("{}.count", count.display()))).unwrap().parse().unwrap();
    for part in [4, 6, 8] {
        let point = write_hook * part / 10;
        let start = scratch.path().join(format!("start{part}"));
        fresh(&start);
        let nothing = whole(&start);
        assert!(die(&start, "create", point));
        let whole_zone = {
            let dir = scratch.path().join(format!("done{part}"));
            copy(&start, &dir);
            assert!(!die(&dir, "recover", 0));
            whole(&dir)
        };
        let inner: u64 = fs::read_to_string(scratch.path().join(format!("done{part}.count"))).unwrap().parse().unwrap();
        for at in 1..=inner {
            let dir = scratch.path().join(format!("{part}-{at}"));
            copy(&start, &dir);
            assert!(die(&dir, "recover", at), "recovery did not come to point {at} of {inner}");
            recover(&dir);
            let now = whole(&dir);
            assert!(
                now == whole_zone || now == nothing,
                "recovery of a death at {point}, itself dead at {at} of {inner}:\n{}",
                differences(&whole_zone, &now)
            );
            assert_tidy(&dir, &["web01"]);
            fs::remove_dir_all(&dir).unwrap();
        }
    }
}
