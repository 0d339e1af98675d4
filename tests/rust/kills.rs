//! SIGKILL at random points of the work, creations, reinstallations, destructions and recoveries mixed; and many processes at once on one
//! pool.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::{FsChange, HookPoint, WriteHook, WriteObserver};
use zmgr::{
    Code, CreateOptions, DestroyOptions, Error, Fault, Manager, Query, QueryHost, RecoverOptions, ReinstallOptions,
    RunOptions, SimHost, ZoneState, ZoneStatus,
};

use crate::snapshot::{differences, scratch, whole};

/// Names the work of a child of this test: `DIR|NAME|ROUNDS|POINT`. The child is killed at this command or change of a file; 0: never.
const WORK: &str = "ZMGR_TEST_WORK";
/// Directory in which each child has a file while it installs a zone.
const INSTALLING: &str = "installing";
/// Pipe to which children send a byte for each install.
const INSTALLS: &str = "installs";

fn manager(dir: &Path) -> Manager {
    Manager::builder().simulate(dir.join("machine")).build().unwrap()
}

/// Counts what a child does, and kills it at one of these points.
struct Reaper {
    at: u64,
    passed: AtomicU64,
}

impl Reaper {
    fn pass(&self) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.at {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

impl WriteObserver for Reaper {
    fn at(&self, _: HookPoint, _: FsChange, _: &Path) -> io::Result<()> {
        self.pass();
        Ok(())
    }
}

/// A manager that tells others when it installs, and counts how many others do meanwhile.
fn telling(dir: &Path, name: &str, most: &Arc<AtomicUsize>, at: u64) -> Manager {
    let reaper = Arc::new(Reaper { at, passed: AtomicU64::new(0) });
    let write_hook = WriteHook::new(reaper.clone());
    let (directory, own, most) = (dir.join(INSTALLING), dir.join(INSTALLING).join(name), Arc::clone(most));
    // Not all parents listen.
    let installs = UnixStream::connect(dir.join(INSTALLS)).ok();
    let tell = move |moment: Moment<'_>| match moment {
        Moment::Before(command) if command.to_string().ends_with(" install") => {
            fs::write(&own, "").unwrap();
            if let Some(mut installs) = installs.as_ref() {
                installs.write_all(&[0]).unwrap();
            }
        }
        Moment::After(command) if command.to_string().ends_with(" install") => {
            let now = fs::read_dir(&directory).unwrap().count();
            most.fetch_max(now, Ordering::SeqCst);
            fs::remove_file(&own).unwrap();
        }
        _ => {}
    };
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        reaper.pass();
        tell(moment);
    });
    Manager::builder().simulate(dir.join("machine")).observed(watcher, write_hook).build().unwrap()
}

fn unless(error: Option<Error>, code: Code) {
    assert!(error.as_ref().is_none_or(|error| error.code() == code), "{error:?}");
}

/// Runs in a process of its own: creates, now and then reinstalls, and destroys one zone again and again, after a recovery each
/// time. The last zone stays.
#[test]
fn worker() {
    let Ok(work) = env::var(WORK) else { return };
    let words: Vec<&str> = work.split('|').collect();
    let (dir, name, rounds) = (Path::new(words[0]), words[1], words[2].parse::<u32>().unwrap());
    let most = Arc::new(AtomicUsize::new(0));
    let manager = telling(dir, name, &most, words[3].parse().unwrap());
    for round in 1..=rounds {
        let run = &mut RunOptions::new();
        let recovered = manager.recover(&[name], &RecoverOptions::new(), run);
        unless(recovered.map_or_else(Some, |report| report.error()), Code::NotFound);
        unless(manager.create(name, &CreateOptions::new(), run).err(), Code::Exists);
        if round % 4 == 0 {
            manager.reinstall(name, &ReinstallOptions::new(), run).unwrap();
        }
        if round < rounds {
            let destroyed = manager.destroy(&[name], &DestroyOptions::new(), run).unwrap().error();
            assert!(destroyed.is_none(), "{destroyed:?}");
        }
    }
    fs::write(dir.join(format!("most.{name}")), most.load(Ordering::SeqCst).to_string()).unwrap();
}

fn start(dir: &Path, name: &str, rounds: u32, at: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::worker", "--test-threads=1"])
        .env(WORK, format!("{}|{name}|{rounds}|{at}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A machine with a tree and no zone, and what it looks like.
fn fresh() -> (tempfile::TempDir, std::collections::BTreeMap<String, String>) {
    let dir = scratch();
    fs::create_dir(dir.path().join(INSTALLING)).unwrap();
    manager(dir.path()).zones(&Query::new()).unwrap();
    let empty = whole(&dir.path().join("machine"));
    (dir, empty)
}

/// The first so many points of a child's work, one of which it dies at.
const POINTS: u64 = 200;

/// Kills so many processes at random points, two at a time. After a hundred each, one recovery leaves nothing but whole zones,
/// and destroying those leaves nothing at all.
fn kill(kills: u32, mut seed: u64) {
    let (dir, empty) = fresh();
    let (mut killed, mut unfinished) = (0, 0);
    while killed < kills {
        for round in 0..50 {
            // A generator of its own, so that a failure can be played again.
            let mut point = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                1 + (seed >> 33) % POINTS
            };
            let names = [format!("a{}", round % 3), format!("b{}", round % 5)];
            let children: Vec<Child> = names.iter().map(|name| start(dir.path(), name, 1000, point())).collect();
            for child in children {
                let output = child.wait_with_output().unwrap();
                assert!(output.status.code().is_none(), "{}", String::from_utf8_lossy(&output.stdout));
                killed += 1;
            }
        }
        unfinished += look(dir.path(), &empty);
        if kills > 1000 && killed % 1000 == 0 {
            eprintln!("soak: {killed} of {kills} killed while creating, reinstalling, destroying, recovering");
        }
    }
    // Or the instants were not those of the work.
    assert!(unfinished > killed / 500, "only {unfinished} pieces of work were unfinished after {killed} kills");
}

/// Recovers, destroys what is whole, and compares with a machine on which nothing ever was; how much was unfinished.
fn look(dir: &Path, empty: &std::collections::BTreeMap<String, String>) -> u32 {
    let manager = manager(dir);
    let report = manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(report.error().is_none(), "{:?}", report.error());
    let unfinished = report.outcomes.len();
    let left: Vec<String> = manager.zones(&Query::new()).unwrap().into_iter().map(|zone| zone.name).collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    if !left.is_empty() {
        let report = manager.destroy(&left, &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
        assert!(report.error().is_none(), "{:?}", report.error());
    }
    let now = whole(&dir.join("machine"));
    assert!(now == *empty, "{}", differences(empty, &now));
    let locks: Vec<_> = fs::read_dir(dir.join("machine/etc/zmgr/.zmgr/locks")).unwrap().map(|e| e.unwrap()).collect();
    assert!(locks.iter().all(|lock| lock.file_name() == "registry"), "{locks:?}");
    for stale in fs::read_dir(dir.join(INSTALLING)).unwrap() {
        fs::remove_file(stale.unwrap().path()).unwrap();
    }
    u32::try_from(unfinished).unwrap()
}

#[test]
fn nothing_leaks_however_often_zmgr_is_killed() {
    kill(300, 0x5eed);
}

/// Part of the long tests alone: it says so by taking no time otherwise.
#[test]
fn soak_nothing_leaks_in_ten_thousand_kills() {
    if env::var_os("ZMGR_SOAK").is_some() {
        kill(10_000, 0x50a4);
    }
}

/// Receives a message for each install of so many children, until all have ended.
fn installs_of(listener: &UnixListener, children: usize) -> mpsc::Receiver<()> {
    let (sender, installs) = mpsc::channel();
    for _ in 0..children {
        let ((mut stream, _), sender) = (listener.accept().unwrap(), sender.clone());
        thread::spawn(move || while stream.read(&mut [0]).is_ok_and(|bytes| bytes > 0) && sender.send(()).is_ok() {});
    }
    installs
}

#[test]
fn many_processes_on_one_pool_share_nothing() {
    let (dir, empty) = fresh();
    let manager = manager(dir.path());
    let machine = SimHost::open(dir.path().join("machine")).unwrap();
    let mut slow = Fault::new("zoneadm");
    slow.subcommand = Some("install".to_owned());
    slow.delay = Some(Duration::from_millis(5));
    machine.fault(&slow).unwrap();
    let listener = UnixListener::bind(dir.path().join(INSTALLS)).unwrap();
    let children: Vec<Child> = (0..16).map(|n| start(dir.path(), &format!("p{n}"), 25, 0)).collect();
    // Meanwhile no two zones ever hold one address. A look takes no lock, and reads two files at two moments: a pair that both this
    // look and the next one see was there at the same time.
    let mut looks = 0;
    let mut last = BTreeSet::new();
    let installs = installs_of(&listener, children.len());
    while installs.recv().is_ok() {
        // One look for all that were begun during the last one.
        installs.try_iter().for_each(drop);
        let zones = manager.zones(&Query::new().query_host(QueryHost::Never)).unwrap();
        let held = zones.iter().flat_map(|zone| zone.nets.iter().map(move |net| (zone.id.clone(), net)));
        let held: Vec<_> = held
            .flat_map(|(id, net)| net.addresses.iter().map(move |each| (id.clone(), each.address.addr())))
            .collect();
        let mut pairs = BTreeSet::new();
        for (n, one) in held.iter().enumerate() {
            pairs.extend(
                held[n + 1..].iter().filter(|other| other.1 == one.1).map(|other| (one.clone(), other.clone())),
            );
        }
        let both: Vec<_> = pairs.intersection(&last).collect();
        assert!(both.is_empty(), "an address is held twice: {both:?}");
        last = pairs;
        looks += 1;
    }
    assert!(looks > 5);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    // No process waited for another's install.
    let most = |n| fs::read_to_string(dir.path().join(format!("most.p{n}"))).unwrap().parse::<usize>().unwrap();
    let most = (0..16).map(most).max().unwrap();
    assert!(most > 3, "at most {most} installs at once");
    let zones = manager.zones(&Query::new()).unwrap();
    let running = |zone: &zmgr::Zone| zone.state == Some(ZoneState::Ready) && zone.status == Some(ZoneStatus::Running);
    assert!(zones.len() == 16 && zones.iter().all(running), "{zones:?}");
    let of = |what: fn(&zmgr::ZoneNet) -> String| {
        zones.iter().flat_map(|zone| &zone.nets).map(what).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(|net| format!("{:?}", net.mac)).len(), 16);
    assert_eq!(of(|net| format!("{:?}", net.vnic)).len(), 16);
    assert_eq!(manager.check().unwrap(), []);
    assert_eq!(manager.check_pools(None).unwrap(), []);
    look(dir.path(), &empty);
}
