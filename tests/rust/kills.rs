//! SIGKILL at random instants, creations, destructions and recoveries mixed; and many processes at once on one pool.

use std::collections::BTreeSet;
use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use zmgr::{Code, CreateOptions, DestroyOptions, Fault, Live, Manager, Query, RecoverOptions, RunOptions, SimHost};

use crate::whole::{differences, whole};

/// Names the work of a child of this test: `DIR|NAME|ROUNDS`.
const WORK: &str = "ZMGR_TEST_WORK";

fn manager(dir: &Path) -> Manager {
    Manager::builder().simulate(dir).build().unwrap()
}

/// Runs in a process of its own: creates and destroys one zone again and again, after a recovery each time.
#[test]
fn worker() {
    let Ok(work) = env::var(WORK) else { return };
    let words: Vec<&str> = work.split('|').collect();
    let (manager, name) = (manager(Path::new(words[0])), words[1]);
    for _ in 0..words[2].parse::<u32>().unwrap() {
        let run = &mut RunOptions::new();
        let recovered = match manager.recover(&[name], &RecoverOptions::new(), run) {
            Ok(report) => report.error(),
            Err(error) => Some(error),
        };
        assert!(recovered.as_ref().is_none_or(|error| error.code() == Code::NotFound), "{recovered:?}");
        if let Err(error) = manager.create(name, &CreateOptions::new(), run) {
            assert_eq!(error.code(), Code::Exists, "{error:?}");
        }
        let destroyed = manager.destroy(&[name], &DestroyOptions::new(), run).unwrap().error();
        assert!(destroyed.is_none(), "{destroyed:?}");
    }
}

fn start(dir: &Path, name: &str, rounds: u32) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::worker", "--test-threads=1"])
        .env(WORK, format!("{}|{name}|{rounds}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn kills() -> u64 {
    env::var("ZMGR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[test]
fn nothing_leaks_however_often_zmgr_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    manager(dir.path()).zones(&Query::new()).unwrap();
    let empty = whole(dir.path());
    // A generator of its own, so that a failure can be played again.
    let mut seed: u64 = 0x5eed;
    for round in 0..kills() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let names = [format!("a{}", round % 3), format!("b{}", round % 5)];
        let mut children: Vec<Child> = names.iter().map(|name| start(dir.path(), name, 1000)).collect();
        thread::sleep(Duration::from_micros(4_000 + (seed >> 33) % 40_000));
        for child in &mut children {
            child.kill().unwrap();
            let _ = child.wait();
        }
    }
    let manager = manager(dir.path());
    let report = manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(report.error().is_none(), "{:?}", report.error());
    let left: Vec<String> = manager.zones(&Query::new()).unwrap().into_iter().map(|zone| zone.name).collect();
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    if !left.is_empty() {
        let report = manager.destroy(&left, &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
        assert!(report.error().is_none(), "{:?}", report.error());
    }
    let now = whole(dir.path());
    assert!(now == empty, "{}", differences(&empty, &now));
}

#[test]
fn many_processes_on_one_pool_share_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let manager = manager(dir.path());
    manager.zones(&Query::new()).unwrap();
    let machine = SimHost::open(dir.path()).unwrap();
    let mut slow = Fault::new("zoneadm");
    slow.subcommand = Some("install".to_owned());
    slow.delay = Some(Duration::from_millis(5));
    machine.fault(&slow).unwrap();
    let children: Vec<Child> = (0..16).map(|n| start(dir.path(), &format!("p{n}"), 25)).collect();
    // Meanwhile nobody ever sees an address twice.
    let mut looks = 0;
    let mut children = children;
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        let zones = manager.zones(&Query::new().live(Live::Never)).unwrap();
        let addresses: Vec<_> = zones.iter().flat_map(|zone| &zone.nets).flat_map(|net| &net.addresses).collect();
        let distinct: BTreeSet<_> = addresses.iter().map(|each| each.address.addr()).collect();
        assert_eq!(distinct.len(), addresses.len(), "an address is held twice");
        looks += 1;
    }
    assert!(looks > 5);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(manager.zones(&Query::new()).unwrap().is_empty());
}
