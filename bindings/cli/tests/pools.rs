//! `pool allocate` and `pool release` as many processes use them at once, and killed at random instants.
#![allow(missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use serde_json::Value;

struct Host(tempfile::TempDir);

impl Host {
    /// A simulated machine with its tree, and this pool.
    fn new(pool: &str) -> Host {
        let host = Host(tempfile::tempdir().unwrap());
        assert!(host.run(&["init"]).status.success());
        fs::write(host.tree().join("pools/p.kdl"), pool).unwrap();
        // Of the host nothing is asked again: what the last look found is what counts.
        assert!(host.run(&["pool", "list"]).status.success());
        host
    }

    fn tree(&self) -> PathBuf {
        self.0.path().join("etc/zmgr")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
        command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null());
        command.arg("--simulate").arg(self.0.path()).arg("--json").args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until this many changes of the tree have been seen, or the child has ended.
    fn await_changes(&self, child: &mut Child, count: u64) {
        let paths = ["reservations", ".zmgr", ".zmgr/locks", ".zmgr/locks/registry"].map(|path| self.tree().join(path));
        let stamps = || paths.clone().map(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
        let (mut seen, mut last) = (0, stamps());
        while seen < count && child.try_wait().unwrap().is_none() {
            let now = stamps();
            seen += u64::from(now != last);
            last = now;
        }
    }

    /// The files of the reservations, hidden ones too.
    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.tree().join("reservations")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Returns the holder of each address of the pool, as the tool prints it.
    fn held(&self) -> BTreeMap<String, String> {
        let usage = self.json(&["pool", "show", "p"]);
        let mut held = BTreeMap::new();
        for holder in usage["holders"].as_array().unwrap() {
            let (address, by) = (holder["address"].as_str().unwrap(), holder.to_string());
            assert_eq!(held.insert(address.to_owned(), by), None, "{address} is held twice");
        }
        for family in usage["families"].as_array().unwrap() {
            let of = |key: &str| family[key].as_u64().unwrap();
            let parts = ["zones", "reservations", "host", "gateways", "excluded", "reserved", "free"];
            assert_eq!(parts.map(of).iter().sum::<u64>(), of("total"), "{family}");
        }
        held
    }
}

#[test]
fn sixteen_processes_share_nothing() {
    let host = Host::new("pool \"p\" { network \"10.5.0.0/20\"; stub \"stub0\"; }\n");
    thread::scope(|scope| {
        for n in 0..16 {
            let host = &host;
            scope.spawn(move || {
                for k in 0..50 {
                    let owner = format!("w{n}-{k}");
                    let given = host.json(&["pool", "allocate", "p", &owner]);
                    assert_eq!(given["addresses"].as_array().unwrap().len(), 1, "{given}");
                    if k % 3 == 0 {
                        assert!(host.run(&["pool", "release", "p", &owner]).status.success());
                    }
                }
            });
        }
    });
    assert_eq!((host.held().len(), host.files().len()), (16 * 33, 16 * 33));
    assert_eq!(host.run(&["pool", "check"]).status.code(), Some(0));
}

#[test]
fn twenty_addresses_for_forty_processes() {
    let host = Host::new("pool \"p\" { network \"10.5.0.0/24\"; stub \"stub0\"; range \"10.5.0.1\" \"10.5.0.20\"; }\n");
    let children: Vec<Child> = (0..40).map(|n| host.start(&["pool", "allocate", "p", &format!("o{n}")])).collect();
    let codes = children.into_iter().map(|mut child| child.wait().unwrap().code());
    let mut counts = BTreeMap::new();
    codes.for_each(|code| *counts.entry(code).or_insert(0) += 1);
    // 7 is `pool-exhausted`.
    assert_eq!(counts, BTreeMap::from([(Some(0), 20), (Some(7), 20)]));
    assert_eq!(host.held().len(), 20);
}

/// An owner holds an address of each family or none, nothing is held twice, and no temp file outlives the next command.
fn whole(host: &Host) {
    let held = host.held();
    let files = host.files();
    assert!(files.iter().all(|name| name.ends_with(".kdl") && !name.starts_with('.')), "{files:?}");
    assert_eq!(held.len(), 2 * files.len(), "{held:?}\n{files:?}");
    for path in [host.tree(), host.tree().join(".zmgr")] {
        let temp = |name: &str| name.ends_with(".tmp");
        let left: Vec<String> = names(&path).into_iter().filter(|name| temp(name)).collect();
        assert!(left.is_empty(), "{left:?} in {}", path.display());
    }
}

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn killed_at_random_instants() {
    kill(300);
}

/// Part of the long tests alone: it says so by taking no time otherwise.
#[test]
fn soak_killed_ten_thousand_times() {
    if std::env::var_os("ZMGR_SOAK").is_some() {
        kill(10_000);
    }
}

fn kill(rounds: usize) {
    let host = Host::new(
        "pool \"p\" {\n    stub \"stub0\"\n    network \"10.6.0.0/24\"\n    network \"2001:db8:6::/64\"\n}\n",
    );
    host.json(&["pool", "allocate", "p", "bystander"]);
    let bystander: Vec<String> = host.held().into_keys().collect();
    let mut seed: u64 = 0x5eed;
    let mut made = 0;
    for round in 0..rounds {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let owner = format!("w{}", round % 7);
        let verb = if round % 14 < 7 { "allocate" } else { "release" };
        let mut child = host.start(&["pool", verb, "p", &owner]);
        host.await_changes(&mut child, (seed >> 33) % 6);
        child.kill().unwrap();
        made += usize::from(child.wait().unwrap().success());
        if round % 10 == 9 {
            // The next one who works there clears up.
            let again = host.json(&["pool", "allocate", "p", "bystander"]);
            assert_eq!(again["addresses"].as_array().unwrap().len(), 2);
            whole(&host);
        }
        if rounds > 1000 && round % 1000 == 999 {
            eprintln!("soak: {} of {rounds} killed in `pool allocate` and `pool release`", round + 1);
        }
    }
    assert!(made < rounds * 9 / 10, "of {rounds}, {made} came to their end");
    for n in 0..7 {
        let _ = host.run(&["pool", "release", "p", &format!("w{n}")]);
    }
    assert_eq!(host.held().into_keys().collect::<Vec<_>>(), bystander);
    assert_eq!(host.files(), BTreeSet::from(["bystander.kdl".to_owned()]));
}
