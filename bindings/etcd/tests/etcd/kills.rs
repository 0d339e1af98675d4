//! Many processes, and kills of processes and nodes at counted points.

use std::process::Child;
use std::sync::mpsc::{self, Sender};

use crate::cluster::{Cluster, Shape, available};
use crate::history::{History, collect, members, work};
use crate::processes::{Kills, Line, soak};

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

fn kill(kills: usize, seed: u64) {
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let hosts = members(&store, 4);
    let (urls, dir) = (cluster.urls(), cluster.path().to_owned());
    // A host recovers before it goes on: what its last process left unknown stays for the checker here.
    let start = |number: usize, seed: u64, lines: &Sender<Line>| {
        let mut work = work(&dir, &hosts[number], urls.clone(), usize::MAX >> 1);
        // Few addresses, so that what one leaves behind is in the way of the others.
        (work.range, work.release, work.seconds, work.seed) = (600.max(kills * 5), 2, 5, seed);
        work.start(number, lines)
    };
    let mut history = History::default();
    let nodes = Kills { processes: hosts.len(), kills, seed }
        .run(&mut cluster, &start, &mut |number, line| history.say(&hosts[number].host, line));
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
