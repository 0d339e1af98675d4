//! Nodes that are killed, stopped and cut off: nothing is acknowledged without a quorum, and nothing twice.

use std::time::Duration;

use zmgr::{Store, StoreAnswer, StoreClaim};
use zmgr_etcd::EtcdStoreBuilder;

use crate::cluster::{Cluster, Shape, available};
use crate::history::members;
use crate::proxy::{Mode, Proxy};
use crate::{claim, done, ip, unreachable};

#[test]
fn without_a_quorum_nothing_is_acknowledged() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let hosts = members(&store, 2);
    let held = claim(&hosts[0], "held");
    done(store.claim(&held, &[ip("10.1.0.9")], &[]));
    let short = |host: &str| {
        let builder = cluster.builder(host).timeout(Duration::from_secs(2));
        cluster.urls().into_iter().fold(builder, EtcdStoreBuilder::endpoint).build().unwrap()
    };
    let stores = [short("h1"), short("h2")];
    done(stores[0].read(""));
    done(stores[1].read(""));
    cluster.kill(1);
    cluster.kill(2);

    // Two hosts ask for the same address, and neither gets it.
    let claims: Vec<StoreClaim> = hosts.iter().map(|host| claim(host, "web01")).collect();
    for (store, claim) in stores.iter().zip(&claims) {
        let answer = store.claim(claim, &[ip("10.1.0.10")], &[]);
        assert!(matches!(answer, StoreAnswer::Unknown(_) | StoreAnswer::Unreachable(_)), "{answer:?}");
    }
    let release = stores[0].release(&hosts[0], &held.entry, &[ip("10.1.0.9")]);
    assert!(matches!(release, StoreAnswer::Unknown(_) | StoreAnswer::Unreachable(_)), "{release:?}");
    // The one node that is left does not answer from what it has.
    unreachable(stores[1].read(""));

    // With the quorum back, one of them has it: the same question gets the answer.
    cluster.restart(&[1, 2]);
    let answers: Vec<bool> = claims
        .iter()
        .map(|claim| match store.claim(claim, &[ip("10.1.0.10")], &[]) {
            StoreAnswer::Done(()) => true,
            StoreAnswer::Refused(_) => false,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers.iter().filter(|done| **done).count(), 1, "{answers:?}");
    done(store.release(&hosts[0], &held.entry, &[ip("10.1.0.9")]));
    let records = done(store.read("ip/"));
    let winner = answers.iter().position(|done| *done).unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].claim(), Some(&claims[winner]));

    // All three.
    for node in 0..3 {
        cluster.kill(node);
    }
    unreachable(stores[0].claim(&claim(&hosts[0], "web02"), &[ip("10.1.0.11")], &[]));
}

/// A leader that does not run for a while does not know that it is none, and must not answer from what it remembers.
#[test]
fn a_leader_that_was_stopped_answers_nothing_old() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let hosts = members(&store, 1);
    for node in 0..3 {
        let direct = cluster.builder("h1").endpoint(cluster.url(node)).build().unwrap();
        done(direct.read(""));
        cluster.pause(node);
        let address = format!("10.1.0.{}", 10 + node);
        // The two others elect a leader if this was it.
        done(again(|| store.claim(&claim(&hosts[0], "web01"), &[ip(&address)], &[])));
        cluster.unpause(node);
        let seen = done(again(|| direct.read("ip/")));
        assert!(seen.iter().any(|record| record.key == ip(&address)), "node {node} has not seen {address}: {seen:?}");
    }
}

/// Asks until there is an answer. Each call takes its own time, so that this waits for the election and not for a clock.
fn again<T: std::fmt::Debug>(call: impl Fn() -> StoreAnswer<T>) -> StoreAnswer<T> {
    let mut last = None;
    for _ in 0..10 {
        match call() {
            answer @ (StoreAnswer::Done(_) | StoreAnswer::Refused(_)) => return answer,
            other => last = Some(other),
        }
    }
    last.unwrap()
}

/// A host that is cut off from the store allocates nothing; the others go on, and it finds out what became of its calls.
#[test]
fn a_host_that_is_cut_off_allocates_nothing() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape::default());
    let proxies: Vec<Proxy> = (0..3).map(|node| Proxy::new(&cluster.address(node))).collect();
    let builder = cluster.builder("h1").timeout(Duration::from_secs(2));
    let cut = proxies.iter().map(Proxy::url).fold(builder, EtcdStoreBuilder::endpoint).build().unwrap();
    let other = cluster.store("h2");
    let hosts = members(&other, 2);
    done(cut.claim(&claim(&hosts[0], "web01"), &[ip("10.1.0.10")], &[]));

    for mode in [Mode::Swallow, Mode::Close] {
        for proxy in &proxies {
            proxy.set(mode);
        }
        let lost = claim(&hosts[0], "web02");
        let answer = cut.claim(&lost, &[ip("10.1.0.11")], &[]);
        assert!(matches!(answer, StoreAnswer::Unknown(_) | StoreAnswer::Unreachable(_)), "{mode:?}: {answer:?}");
        unreachable(cut.read(""));
        // The key that the host could not claim is free for the others.
        let theirs = claim(&hosts[1], "db01");
        done(other.claim(&theirs, &[ip("10.1.0.11")], &[]));
        for proxy in &proxies {
            proxy.set(Mode::Pass);
        }
        let answer = cut.claim(&lost, &[ip("10.1.0.11")], &[]);
        assert!(matches!(answer, StoreAnswer::Refused(_)), "{mode:?}: {answer:?}");
        done(other.release(&hosts[1], &theirs.entry, &[ip("10.1.0.11")]));
    }

    // Only one of three members can be reached.
    for proxy in &proxies[..2] {
        proxy.set(Mode::Swallow);
    }
    done(again(|| cut.claim(&claim(&hosts[0], "web03"), &[ip("10.1.0.12")], &[])));
}
