//! Many processes at once: none gets what another has, and none waits forever.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};

use zmgr::Code;

use super::*;

/// Starts this test program again, to do one thing in a process of its own.
pub(super) fn child(task: &str, root: &Path, owner: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "registry::concurrency::in_a_process_of_its_own",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("ZMGR_TEST_TASK", task)
        .env("ZMGR_TEST_TREE", root)
        .env("ZMGR_TEST_OWNER", owner)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "what the children of other tests do"]
fn in_a_process_of_its_own() {
    let Ok(task) = std::env::var("ZMGR_TEST_TASK") else { return };
    let root = std::path::PathBuf::from(std::env::var_os("ZMGR_TEST_TREE").unwrap());
    let owner = std::env::var("ZMGR_TEST_OWNER").unwrap();
    let registry = registry(&root);
    match task.as_str() {
        "fifty" => fifty(&registry, &owner),
        "for-ever" => {
            for n in 0.. {
                let owner = format!("{owner}-{}", n % 5);
                allocate(&registry, "p", &owner, None).unwrap();
                allocate(&registry, "q", &owner, None).unwrap();
                release(&registry, "p", &owner, None).unwrap();
                if n % 3 > 0 {
                    release(&registry, "q", &owner, None).unwrap();
                }
            }
        }
        other => panic!("no task {other}"),
    }
}

/// Fifty allocations, every third of them released again.
fn fifty(registry: &Registry, owner: &str) {
    for n in 0..50 {
        let owner = format!("{owner}-{n}");
        allocate(registry, "p", &owner, None).unwrap();
        if n % 3 == 0 {
            release(registry, "p", &owner, None).unwrap();
        }
    }
}

fn pool_of(prefix: u8) -> String {
    format!("pool \"p\" {{\n    network \"10.5.0.0/{prefix}\"\n    stub \"stub0\"\n}}\n")
}

/// Every address held, checked to be held once.
fn held(root: &Path) -> HashSet<IpAddr> {
    let snapshot = registry(root).snapshot().unwrap();
    assert!(snapshot.unreadable().is_empty());
    let all: Vec<IpAddr> = snapshot
        .entries()
        .flat_map(|e| e.summary.nets())
        .flat_map(|net| net.addresses())
        .map(|(address, _)| address.addr())
        .collect();
    let set: HashSet<IpAddr> = all.iter().copied().collect();
    assert_eq!(set.len(), all.len(), "an address is held twice");
    set
}

#[test]
fn sixteen_processes() {
    let site = Site::new(&[&pool_of(20)]);
    let children: Vec<Child> = (0..16).map(|n| child("fifty", site.path(), &format!("p{n}"))).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(held(site.path()).len(), 16 * (50 - 17));
    assert_eq!(site.names("reservations").len(), 16 * (50 - 17));
}

#[test]
fn sixteen_threads() {
    let site = Site::new(&[&pool_of(20)]);
    let registry = registry(site.path());
    std::thread::scope(|scope| {
        for n in 0..16 {
            let registry = &registry;
            scope.spawn(move || fifty(registry, &format!("t{n}")));
        }
    });
    assert_eq!(held(site.path()).len(), 16 * (50 - 17));
}

/// Tests clones and references of one manager, which share its locks.
#[test]
fn sixteen_threads_on_one_manager() {
    let dir = tempfile::tempdir().unwrap();
    let manager = zmgr::Manager::builder().simulate(dir.path()).build().unwrap();
    manager.init().unwrap();
    let tree = manager.root().to_owned();
    std::fs::write(tree.join("pools/p.kdl"), pool_of(20)).unwrap();
    std::thread::scope(|scope| {
        for n in 0..16 {
            let manager = &manager;
            scope.spawn(move || {
                for k in 0..50 {
                    let owner = format!("t{n}-{k}");
                    let given = manager.allocate("p", &owner, None, &mut zmgr::RunOptions::new()).unwrap();
                    if k % 3 == 0 {
                        manager
                            .release("p", &owner, None, Some(given.id.as_str()), &mut zmgr::RunOptions::new())
                            .unwrap();
                    }
                }
            });
        }
    });
    assert_eq!(held(&tree).len(), 16 * (50 - 17));
    let usage = &manager.pool_usage("p").unwrap().families[0];
    assert_eq!((usage.reservations, usage.free), (16 * 33, usage.total - 16 * 33));
    assert_eq!(manager.check_pools(None).unwrap(), []);
}

#[test]
fn twenty_for_forty() {
    let site = Site::new(&[r#"pool "p" { network "10.5.0.0/24"; stub "stub0"; range "10.5.0.1" "10.5.0.20"; }"#]);
    let registry = registry(site.path());
    let answers: Vec<Result<Allocation>> = std::thread::scope(|scope| {
        let ask = |n: usize| {
            let registry = &registry;
            scope.spawn(move || allocate(registry, "p", &format!("o{n}"), None))
        };
        let threads: Vec<_> = (0..40).map(ask).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (given, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.is_ok());
    assert_eq!((given.len(), refused.len()), (20, 20));
    for refused in refused {
        assert_eq!(refused.unwrap_err().code(), Code::PoolExhausted);
    }
    assert_eq!(held(site.path()).len(), 20);
}
