//! Many hosts at once, and kills of their processes and of nodes of the store at counted points.

use std::process::Child;
use std::sync::mpsc::{self, Sender};

use crate::cluster::{Cluster, Shape, available};
use crate::fleet::{Setup, Site, check};
use crate::operators::{Said, Work};
use crate::processes::{Kills, Line, drain, soak};

/// Eight hosts make allocations at once from a range that is hardly larger, while one node of three is killed.
fn allocate(count: usize, last: &'static str) {
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let setup = Setup { last, unique_names: false, ..Setup::of(&cluster) };
    let sites = Site::members(&cluster, 8, &setup);
    let (sender, lines) = mpsc::channel();
    let children: Vec<Child> = sites
        .iter()
        .enumerate()
        .map(|(n, site)| Work { site: site.clone(), count, mixed: false, seed: n as u64 }.start(n, &sender))
        .collect();
    let mut said = Said::default();
    for _ in 0..count * 4 {
        let (number, line) = lines.recv().unwrap();
        assert!(!line.is_empty(), "the process of {} has ended early", sites[number].name);
        said.say(&sites[number].name, &line);
    }
    cluster.kill(2);
    drain(children.len(), &lines, &mut |number, line| said.say(&sites[number].name, line));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(said.counts(), (0, 8 * count));
    // An answer that was lost may have left a claim.
    for site in &sites {
        site.recover();
    }
    said.check(&sites);
    check(&store, &sites);
}

#[test]
fn eight_whole_hosts_allocate_at_once() {
    if available() {
        // 400 allocations from 441 addresses.
        allocate(50, "10.1.1.194");
    }
}

#[test]
fn soak_eight_whole_hosts_allocate_ten_thousand_addresses() {
    if soak() && available() {
        allocate(1250, "10.1.42.255");
    }
}

fn kill(kills: usize, seed: u64) {
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let setup = Setup { timeout: 5, last: "10.1.40.255", ..Setup::of(&cluster) };
    let sites = Site::members(&cluster, 4, &setup);
    let start = |number: usize, seed: u64, lines: &Sender<Line>| {
        Work { site: sites[number].clone(), count: usize::MAX, mixed: true, seed }.start(number, lines)
    };
    let mut said = Said::default();
    let nodes = Kills { processes: sites.len(), kills, seed }
        .run(&mut cluster, &start, &mut |number, line| said.say(&sites[number].name, line));
    let (_, made) = said.counts();
    assert!(nodes > kills / 10 && made > kills / 4, "{nodes} nodes were killed, {made} entries made");
    for site in &sites {
        site.recover();
    }
    said.check(&sites);
    check(&store, &sites);
}

#[test]
fn no_kill_of_a_host_or_a_node_leaves_a_double_or_a_leak() {
    if available() {
        kill(100, 5);
    }
}

#[test]
fn soak_two_thousand_kills_of_hosts_and_nodes_leave_no_double_and_no_leak() {
    if soak() && available() {
        kill(2000, 13);
    }
}
