//! Many processes, and kills of processes and nodes at counted points.

use std::process::Child;
use std::sync::mpsc;

use crate::cluster::{Cluster, Shape, available};
use crate::history::{History, Random, collect, members, work};

/// Returns true if long tests are asked for.
pub(crate) fn soak() -> bool {
    std::env::var_os("ZMGR_SOAK").is_some()
}

#[test]
fn eight_hosts_allocate_at_once() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let hosts = members(&store, 8);
    let (sender, lines) = mpsc::channel();
    let start = |count: usize, range: usize| -> Vec<Child> {
        let work = hosts.iter().map(|host| {
            let mut work = work(cluster.path(), host, cluster.urls(), count);
            work.range = range;
            work
        });
        work.enumerate().map(|(number, work)| work.start(number, &sender)).collect()
    };
    let mut history = History::default();
    // From a range that is hardly larger, so that hosts meet; one node is killed on the way.
    let children = start(1250, 11_000);
    let mut early = Vec::new();
    while early.len() < 4000 {
        early.push(lines.recv().unwrap());
    }
    cluster.kill(2);
    let ended = early.iter().filter(|(_, line)| line.is_empty()).count();
    assert_eq!(ended, 0, "a worker has ended early");
    for (number, line) in early {
        history.say(&hosts[number].host, &line);
    }
    collect(&mut history, children, &hosts, &lines);
    assert_eq!(history.acknowledged(), 10_000);
    history.check(&store);
    history.settle(&store, &hosts);
}

/// Kills so many processes and nodes, each after a counted number of lines.
fn kill(kills: usize, seed: u64) {
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let hosts = members(&store, 4);
    let (sender, lines) = mpsc::channel();
    let mut random = Random(seed);
    let urls = cluster.urls();
    let dir = cluster.path().to_owned();
    let start = |number: usize, seed: usize| -> Child {
        let mut work = work(&dir, &hosts[number], urls.clone(), usize::MAX >> 1);
        // Few addresses, so that what one leaves behind is in the way of the others.
        (work.range, work.release, work.seconds, work.seed) = (600.max(kills * 5), 2, 5, seed as u64);
        work.start(number, &sender)
    };
    let mut children: Vec<Child> = (0..hosts.len()).map(|number| start(number, number)).collect();
    let mut history = History::default();
    let (mut nodes, mut down) = (0, None);
    for killed in 0..kills {
        for _ in 0..1 + random.below(12) {
            let (number, line) = lines.recv().unwrap();
            assert!(!line.is_empty(), "the worker of {} has ended", hosts[number].host);
            history.say(&hosts[number].host, &line);
        }
        if random.below(4) == 0 {
            // A node; the one that was killed before comes back first.
            if let Some(node) = down.take() {
                cluster.restart(&[node]);
            }
            let node = random.below(3);
            cluster.kill(node);
            down = Some(node);
            nodes += 1;
        } else {
            let number = random.below(hosts.len());
            children[number].kill().unwrap();
            children[number].wait().unwrap();
            loop {
                let (of, line) = lines.recv().unwrap();
                if line.is_empty() {
                    assert_eq!(of, number, "another worker has ended");
                    break;
                }
                history.say(&hosts[of].host, &line);
            }
            // A host recovers before it goes on: what its last process left unknown stays for the checker here.
            children[number] = start(number, random.below(1 << 30));
        }
        if kills > 100 && (killed + 1) % 100 == 0 {
            eprintln!("soak: {} of {kills} processes and nodes of the store killed", killed + 1);
        }
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut running = children.len();
    while running > 0 {
        let (number, line) = lines.recv().unwrap();
        if line.is_empty() {
            running -= 1;
        } else {
            history.say(&hosts[number].host, &line);
        }
    }
    if let Some(node) = down {
        cluster.restart(&[node]);
    }
    assert!(nodes > kills / 10 && history.lines > kills, "{nodes} nodes were killed in {} lines", history.lines);
    history.check(&store);
    history.settle(&store, &hosts);
}

#[test]
fn nothing_is_held_twice_or_lost_however_often_processes_and_nodes_are_killed() {
    if available() {
        kill(100, 7);
    }
}

#[test]
fn soak_nothing_is_held_twice_or_lost_in_two_thousand_kills() {
    if soak() && available() {
        kill(2000, 11);
    }
}
