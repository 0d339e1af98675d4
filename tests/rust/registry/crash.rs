//! SIGKILL at random instants: nothing leaked, doubled or half-written, and no temp file that stays.

use super::concurrency::child;
use super::*;
use crate::changes::until;
use std::collections::BTreeMap;

const POOLS: [&str; 2] = [
    "pool \"p\" {\n    network \"10.6.0.0/24\"\n    network \"2001:db8:6::/64\"\n    stub \"stub0\"\n}\n",
    "pool \"q\" {\n    network \"10.7.0.0/24\"\n    stub \"stub0\"\n}\n",
];

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
    let site = Site::new(&POOLS);
    let registry = registry(site.path());
    // Some neighbours that must stay as they are.
    for n in 1..=20 {
        site.zone(&format!("z{n}"), &format!("net \"n\" {{ pool \"p\"; address \"10.6.0.{n}/24\" }}"));
    }
    let bystander = allocate(&registry, "p", "bystander", None).unwrap();
    let mut random = fastrand(0x5eed);
    let mut touched = 0;
    for round in 0..rounds {
        let worked = || std::fs::metadata(site.path().join("reservations")).unwrap().modified().unwrap();
        let before = worked();
        // Killed after a number of changes: the instants are spread over its work.
        let mut child = child("for-ever", site.path(), "w");
        let mut last = before;
        for _ in 0..=random() % 12 {
            until(&site.path().join("reservations"), "the process works", || worked() != last);
            last = worked();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        touched += usize::from(worked() != before);

        // The next one who works there clears up, and then everything is whole.
        allocate(&registry, "p", "bystander", None).unwrap();
        for directory in ["zones", "reservations", ".zmgr"] {
            let temps: Vec<String> = site.names(directory).into_iter().filter(|name| name.ends_with(".tmp")).collect();
            assert!(temps.is_empty(), "round {round}: {temps:?} stays in {directory}");
        }
        let snapshot = registry.snapshot().unwrap();
        assert!(snapshot.unreadable().is_empty(), "round {round}: {:?}", snapshot.unreadable());
        let mut holders: BTreeMap<IpAddr, String> = BTreeMap::new();
        for entry in snapshot.entries() {
            let pools: Vec<&str> = entry.summary.nets().filter_map(|net| net.pool).collect();
            // Both families of a pool or none.
            let of_p = pools.iter().filter(|pool| **pool == "p").count();
            assert!(entry.summary.name.starts_with('z') || of_p == 0 || of_p == 2, "round {round}: {pools:?}");
            for (address, _) in entry.summary.nets().flat_map(|net| net.addresses()) {
                let other = holders.insert(address.addr(), entry.summary.name.to_owned());
                assert_eq!(other, None, "round {round}: {address} is held twice");
            }
        }
        // Whatever a dead process held can be given back by name, and nothing else is held.
        for name in site.names("reservations") {
            let owner = name.trim_end_matches(".kdl");
            assert!(owner == "bystander" || owner.starts_with("w-"), "{owner}");
            if round % 10 == 9 && owner != "bystander" {
                for pool in ["p", "q"] {
                    let _ = release(&registry, pool, owner, None);
                }
            }
        }
        if rounds > 1000 && round % 1000 == 999 {
            eprintln!("soak: {} of {rounds} killed while allocating", round + 1);
        }
        if round % 10 == 9 {
            assert_eq!(site.names("reservations"), ["bystander.kdl"], "round {round}");
        }
    }
    assert!(touched > rounds * 9 / 10, "the processes did {touched} pieces of work in {rounds} rounds");
    assert_eq!(allocate(&registry, "p", "bystander", None).unwrap(), bystander);
}

/// Numbers that are the same in every run.
fn fastrand(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}
