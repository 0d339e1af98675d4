//! The crash matrix over linked programs: zmgr and the commands that it runs are processes of their own, so what it had started
//! works on when it is killed. One `recover` after the command's end, machine and tree are as if the work had never begun, or
//! done.
//!
//! The points are counted by the runner and the writer themselves: each command before it starts, while it works where it changes
//! the host, and when it has ended; each write, before and after. The tests visit a sample of them, the long tests all.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use zmgr::internals::exec::{Invocation, Moment, Watcher};
use zmgr::internals::registry::{FsChange, HookPoint, WriteHook, WriteObserver};
use zmgr::{
    Code, CreateOptions, DestroyOptions, Dialect, Fault, ImportOptions, Manager, RecoverOptions, ReinstallOptions,
    RunOptions, SimHost,
};

#[path = "../../../tests/rust/changes.rs"]
mod changes;
#[path = "../../../tests/rust/snapshot.rs"]
#[allow(dead_code, reason = "shared with tests that use more of it")]
mod snapshot;

/// Names the work of a child of this test: `DIR|OPERATION|POINT`, a point of 0 to count them.
const DEATH: &str = "ZMGR_TEST_DEATH";
/// Time for which a command goes on after zmgr dies.
const WORKS_ON: Duration = Duration::from_millis(800);

/// Counts the points, dies at one of them, and writes down what each was.
struct Reaper {
    dir: String,
    at: u64,
    passed: AtomicU64,
    log: std::sync::Mutex<Vec<String>>,
}

impl Reaper {
    fn pass(&self, what: String) -> bool {
        let here = self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.at;
        if self.at == 0 {
            self.log.lock().unwrap().push(what);
        }
        here
    }

    fn pass_or_die(&self, what: String) {
        if self.pass(what) {
            die_now();
        }
    }

    /// Round a command, and in its midst.
    fn command(&self, moment: &Moment<'_>) {
        match moment {
            Moment::Before(command) => {
                self.pass_or_die(format!("before {command}"));
                if changes(command) && self.pass(format!("during {command}")) {
                    let mut fault = Fault::new(command.program());
                    (fault.delay, fault.times) = (Some(WORKS_ON), Some(1));
                    let machine = SimHost::open(&self.dir).unwrap();
                    machine.fault(&fault).unwrap();
                    thread::spawn(move || {
                        // The command is at work as soon as it has taken its fault.
                        changes::until(machine.dir(), "it has", || machine.faults().unwrap().is_empty());
                        die_now();
                    });
                }
            }
            Moment::After(command) => self.pass_or_die(format!("after {command}")),
        }
    }
}

impl WriteObserver for Reaper {
    fn at(&self, when: HookPoint, change: FsChange, path: &Path) -> io::Result<()> {
        self.pass_or_die(format!("{when:?} {change:?} {}", path.display()));
        Ok(())
    }
}

fn die_now() {
    let own = std::process::id().to_string();
    let _ = Command::new("kill").args(["-KILL", &own]).status();
}

/// Returns true if a command changes the host.
fn changes(command: &Invocation) -> bool {
    const CHANGES: [&str; 9] =
        ["create-vnic", "delete-vnic", "-f", "delete", "install", "clone", "uninstall", "halt", "boot"];
    let line = command.to_string();
    line.split_whitespace().any(|word| CHANGES.contains(&word)) || line.contains(" set autoboot=")
}

fn operate(manager: &Manager, operation: &str) {
    let run = &mut RunOptions::new();
    // The parent sees from what is left that the work failed.
    let _ = match operation {
        "create" => manager.create("web01", &CreateOptions::new(), run).map(drop),
        "destroy" => manager.destroy(&["web01"], &DestroyOptions::new(), run).map(drop),
        "reinstall" => manager.reinstall("web01", &ReinstallOptions::new(), run).map(drop),
        "clone" => manager.create("web02", &CreateOptions::new().clone_from("web01").boot(false), run).map(drop),
        "import" => manager.import(&[], &ImportOptions::new(), run).map(drop),
        "recover" => manager.recover(&[], &RecoverOptions::new().wait(true), run).map(drop),
        other => panic!("no operation {other}"),
    };
}

/// Runs in a process of its own, which is killed.
#[test]
fn child() {
    let Ok(work) = env::var(DEATH) else { return };
    let mut words = work.split('|');
    let (dir, operation, point) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let reaper = Arc::new(Reaper {
        dir: dir.to_owned(),
        at: point.parse().unwrap(),
        passed: AtomicU64::new(0),
        log: std::sync::Mutex::default(),
    });
    let watched = Arc::clone(&reaper);
    let watcher: Arc<Watcher> = Arc::new(move |moment| watched.command(&moment));
    let write_hook = WriteHook::new(reaper.clone());
    let manager = Manager::builder().host_root(dir).observed(watcher, write_hook).build().unwrap();
    operate(&manager, operation);
    fs::write(format!("{dir}.points"), reaper.log.lock().unwrap().join("\n")).unwrap();
}

/// Runs the operation in a child that dies at this point; whether it died.
fn die(dir: &Path, operation: &str, point: usize) -> bool {
    // Neither its end nor that of what outlives it is waited for by way of a pipe.
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--test-threads=1"])
        .env(DEATH, format!("{}|{operation}|{point}", dir.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let died = status.signal() == Some(9);
    assert!(died || status.success(), "{operation}, point {point}: {status}");
    died
}

fn manager(dir: &Path) -> Manager {
    Manager::builder().host_root(dir).build().unwrap()
}

/// The directory of a machine is written into its programs.
fn link(dir: &Path) {
    let program = [OsString::from(env!("CARGO_BIN_EXE_zmgr")), "sim".into(), "answer".into()];
    SimHost::open(dir).unwrap().link(dir.join("usr/sbin"), &program).unwrap();
}

fn copy(from: &Path, to: &Path) {
    snapshot::copy(from, to);
    link(to);
}

fn look(dir: &Path) -> BTreeMap<String, String> {
    let mut all = snapshot::whole(dir);
    all.retain(|path, _| !path.starts_with("usr/sbin"));
    all
}

/// A machine with its tree.
fn fresh(dir: &Path) {
    SimHost::create(dir, Dialect::default()).unwrap();
    link(dir);
    manager(dir).init().unwrap();
}

fn with_zone(dir: &Path, boot: bool) {
    fresh(dir);
    manager(dir).create("web01", &CreateOptions::new().boot(boot), &mut RunOptions::new()).unwrap();
}

fn is_long() -> bool {
    env::var_os("ZMGR_SOAK").is_some()
}

/// Those of the points that are visited: all in the long tests; else these commands' midst, and one in so many of the rest.
fn chosen(write_hook: &[String], one_in: usize) -> Vec<usize> {
    let chosen = |n: &usize| is_long() || n % one_in == one_in / 2 || write_hook[n - 1].starts_with("during zoneadm");
    (1..=write_hook.len()).filter(chosen).collect()
}

/// Recovers, at once and then with patience. While a command works on that holds the zone, the first says so: whether it did.
fn recover(dir: &Path, what: &str) -> bool {
    let outcome = |wait: bool| {
        let options = RecoverOptions::new().wait(wait);
        manager(dir).recover(&[], &options, &mut RunOptions::new()).unwrap().error()
    };
    let first = outcome(false);
    if let Some(error) = &first {
        assert_eq!(error.code(), Code::Busy, "{what}: {error:?}");
        assert!(error.help().unwrap().contains("zmgr recover --wait"), "{what}: {error:?}");
    }
    if let Some(error) = outcome(true) {
        panic!("recovery after a death {what}: {error:?}");
    }
    first.is_some()
}

/// Visits points of an operation that begins with what `prepare` makes, dies there and recovers.
fn visit(operation: &str, one_in: usize, prepare: impl Fn(&Path)) {
    let scratch = tempfile::tempdir().unwrap();
    let start = scratch.path().join("start");
    prepare(&start);
    let before = look(&start);
    visit_from(operation, one_in, scratch.path(), &start, &before);
}

/// Like the above if the initial state is not the one after a rollback.
fn visit_from(operation: &str, one_in: usize, scratch: &Path, start: &Path, before: &BTreeMap<String, String>) {
    let done = scratch.join("done");
    copy(start, &done);
    assert!(!die(&done, operation, 0));
    let after = look(&done);
    let write_hook = fs::read_to_string(scratch.join("done.points")).unwrap();
    let write_hook: Vec<String> = write_hook.lines().map(str::to_owned).collect();
    assert!(write_hook.len() > 4, "{operation} has {} points", write_hook.len());

    let chosen = chosen(&write_hook, one_in);
    let (mut undone, mut finished, mut held, mut busy) = (0, 0, 0, 0);
    for &point in &chosen {
        let what = &write_hook[point - 1];
        let dir = scratch.join(point.to_string());
        copy(start, &dir);
        assert!(
            die(&dir, operation, point),
            "{operation} did not come to point {point} of {}: {what}",
            write_hook.len()
        );
        let was_busy = recover(&dir, what);
        if what.starts_with("during") && !what.ends_with(" boot") {
            // On a machine with much else to do, the command may have come to its end by then.
            (held, busy) = (held + 1, busy + u32::from(was_busy));
        }
        let mut now = look(&dir);
        if what.ends_with(" boot") {
            // A boot is not held: what it leaves behind would hold the zone for as long as it runs.
            changes::until(&dir, "the boot has ended", || {
                now = look(&dir);
                now == *before || now == after
            });
        }
        if now == *before {
            undone += 1;
        } else if now == after {
            finished += 1;
        } else {
            panic!(
                "{operation}, death at point {point} of {}, {what}: neither begun nor done.\nto before:\n{}\nto after:\n{}",
                write_hook.len(),
                snapshot::differences(before, &now),
                snapshot::differences(&after, &now)
            );
        }
        fs::remove_dir_all(&dir).unwrap();
    }
    assert_eq!(undone + finished, chosen.len());
    assert!(held == 0 || busy > 0, "{operation}: none of {held} commands that worked on held the zone");
    assert!(chosen.len() > 3, "{operation}: only {} of {} points", chosen.len(), write_hook.len());
    eprintln!(
        "soak: {operation}: {} of {} points, {undone} undone, {finished} finished",
        chosen.len(),
        write_hook.len()
    );
}

#[test]
fn create() {
    visit("create", 24, fresh);
}

#[test]
fn destroy() {
    visit("destroy", 24, |dir| with_zone(dir, true));
}

#[test]
fn clone() {
    visit("clone", 30, |dir| with_zone(dir, false));
}

#[test]
fn reinstall() {
    visit("reinstall", 30, |dir| {
        with_zone(dir, true);
        // A file of the first installation, by which the two are told apart.
        fs::write(dir.join("zones/web01/root/etc/motd"), "old\n").unwrap();
    });
}

#[test]
fn import() {
    visit("import", 7, |dir| {
        fresh(dir);
        let run = |program: &str, words: &[&str]| {
            let status = Command::new(dir.join("usr/sbin").join(program)).args(words).stdin(Stdio::null()).status();
            assert!(status.unwrap().success(), "{words:?}");
        };
        run("dladm", &["create-vnic", "-l", "stub0", "db0"]);
        let zone = "create -b; set brand=nlipkg; set zonepath=/zones/db; set ip-type=exclusive; \
                    add net; set physical=db0; set allowed-address=10.1.0.77/24; end";
        run("zonecfg", &["-z", "db", zone]);
    });
}

/// Recovery dies too: of a death while zonecfg works, which is taken back, and of one past the install, which is finished.
#[test]
fn recovery() {
    for (kind, program) in [("during", "zonecfg -z web01 -f"), ("after", "zoneadm -z web01 install")] {
        let scratch = tempfile::tempdir().unwrap();
        let start = scratch.path().join("start");
        fresh(&start);
        let nothing = look(&start);
        let count = scratch.path().join("count");
        copy(&start, &count);
        assert!(!die(&count, "create", 0));
        let write_hook = fs::read_to_string(scratch.path().join("count.points")).unwrap();
        let wanted = format!("{kind} {program}");
        let point = write_hook.lines().position(|point| point.starts_with(&wanted)).unwrap() + 1;
        assert!(die(&start, "create", point));
        // Its leftovers are completed first, since a copy of the machine is another machine.
        if let Ok(held) = fs::File::open(start.join("etc/zmgr/.zmgr/locks/web01.child")) {
            held.lock().unwrap();
        }
        visit_from("recover", 12, scratch.path(), &start, &nothing);
    }
}
