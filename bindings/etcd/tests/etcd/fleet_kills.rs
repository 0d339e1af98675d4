//! Many hosts at once, and kills of their processes and of nodes of the store at counted points.

use std::process::Child;
use std::sync::mpsc::{self, Receiver};

use crate::cluster::{Cluster, Shape, available};
use crate::fleet::{Setup, Site, check};
use crate::history::Random;
use crate::kills::soak;
use crate::operators::{Said, Work};

/// Takes the lines of processes until each has ended.
fn collect(said: &mut Said, running: usize, sites: &[Site], lines: &Receiver<(usize, String)>) {
    let mut running = running;
    while running > 0 {
        let (number, line) = lines.recv().unwrap();
        match line.as_str() {
            "" => running -= 1,
            line => said.say(&sites[number].name, line),
        }
    }
}

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
    collect(&mut said, children.len(), &sites, &lines);
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

/// Kills so many processes and nodes, each after a counted number of lines.
fn kill(kills: usize, seed: u64) {
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let setup = Setup { timeout: 5, last: "10.1.40.255", ..Setup::of(&cluster) };
    let sites = Site::members(&cluster, 4, &setup);
    let (sender, lines) = mpsc::channel();
    let mut random = Random(seed);
    let start = |number: usize, seed: u64| -> Child {
        Work { site: sites[number].clone(), count: usize::MAX, mixed: true, seed }.start(number, &sender)
    };
    let mut children: Vec<Child> = (0..sites.len()).map(|number| start(number, number as u64)).collect();
    let mut said = Said::default();
    let (mut nodes, mut down) = (0, None);
    for killed in 0..kills {
        for _ in 0..1 + random.below(12) {
            let (number, line) = lines.recv().unwrap();
            assert!(!line.is_empty(), "the process of {} has ended", sites[number].name);
            said.say(&sites[number].name, &line);
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
            let number = random.below(sites.len());
            children[number].kill().unwrap();
            children[number].wait().unwrap();
            loop {
                let (of, line) = lines.recv().unwrap();
                if line.is_empty() {
                    assert_eq!(of, number, "another process has ended");
                    break;
                }
                said.say(&sites[of].name, &line);
            }
            children[number] = start(number, 1000 + killed as u64);
        }
        if kills > 100 && (killed + 1) % 100 == 0 {
            eprintln!("soak: {} of {kills} processes of hosts and nodes of the store killed", killed + 1);
        }
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    collect(&mut said, children.len(), &sites, &lines);
    if let Some(node) = down {
        cluster.restart(&[node]);
    }
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
