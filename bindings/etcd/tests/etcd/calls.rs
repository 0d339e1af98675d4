//! Effect of each call, compared with a store in memory.

use std::collections::BTreeSet;
use std::str::FromStr;

use zmgr::internals::fleet::MemoryStore;
use zmgr::{
    ClaimKind, EntryId, MacAddr, PoolName, Store, StoreAnswer, StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord,
    StoreRefusal, StoreValue,
};

use crate::cluster::{Cluster, Shape, available};
use crate::processes::Random;
use crate::{CREATED, claim, done, host, ip, refused};

fn held(answer: StoreAnswer<()>) -> Vec<String> {
    match refused(answer) {
        StoreRefusal::Held(records) => {
            records.iter().map(|record| format!("{}: {}", record.key, record.claim().unwrap())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_call_with_three_nodes() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::start(Shape::default());
    let (a, b) = (cluster.store("h1"), cluster.store("h2"));
    let (h1, h2) = (host("h1"), host("h2"));
    let pool =
        |digest: &str, host: &str| [("front".parse::<PoolName>().unwrap(), StorePool::new(digest, host, CREATED))];

    // Only members claim.
    let early = claim(&h1, "web01");
    assert_eq!(refused(a.claim(&early, &[ip("10.1.0.10")], &[])), StoreRefusal::NotJoined(None));
    assert_eq!(refused(a.release(&h1, &early.entry, &[ip("10.1.0.10")])), StoreRefusal::NotJoined(None));
    done(a.join(&h1));
    done(a.join(&h1));
    done(b.join(&h2));
    assert_eq!(refused(b.join(&host("h1"))), StoreRefusal::NotJoined(Some(h1.clone())));

    // All or nothing, and the holders are named.
    let web01 = claim(&h1, "web01");
    let mac = StoreKey::Mac { segment: "dmz".to_owned(), mac: "2:8:20:0:0:1".parse().unwrap() };
    let name = StoreKey::Zone("web01".parse().unwrap());
    let keys = [ip("10.1.0.10"), ip("fd00::10"), mac.clone(), name.clone()];
    done(a.claim(&web01, &keys, &pool("d1", "h1")));
    let web02 = claim(&h2, "web02");
    let refusal = held(b.claim(&web02, &[ip("10.1.0.11"), ip("10.1.0.10"), mac.clone()], &pool("d1", "h2")));
    assert_eq!(refusal, ["ip/dmz/10.1.0.10: zone web01 on host h1", "mac/dmz/2:8:20:0:0:1: zone web01 on host h1"]);
    assert_eq!(done(b.read("ip/dmz/10.1.0.11")).len(), 0);

    // Several claims, all or none.
    let (db01, db02) = (claim(&h2, "db01"), claim(&h2, "db02"));
    let both = |second: &str| [(db01.clone(), vec![ip("10.1.0.20")]), (db02.clone(), vec![ip(second)])];
    assert_eq!(held(b.claim_all(&both("10.1.0.10"), &[])), ["ip/dmz/10.1.0.10: zone web01 on host h1"]);
    assert_eq!(done(b.read("ip/dmz/10.1.0.20")).len(), 0);
    done(b.claim_all(&both("10.1.0.21"), &[]));
    done(b.claim_all(&both("10.1.0.21"), &[]));
    assert_eq!(done(a.read("ip/dmz/10.1.0.21"))[0].claim(), Some(&db02));
    done(b.release(&h2, &db01.entry, &[ip("10.1.0.20"), ip("10.1.0.21")]));
    done(b.release(&h2, &db02.entry, &[ip("10.1.0.21")]));

    // Claiming again, with more keys and another name.
    done(a.claim(&web01, &keys, &pool("d1", "h1")));
    done(a.claim(&web01, &[ip("10.1.0.10"), ip("10.1.0.12")], &[]));
    let renamed = StoreClaim::new(web01.entry.clone(), &h1, ClaimKind::Zone, "www01", "2026-12-01T00:00:00Z");
    done(a.claim(&renamed, &[ip("10.1.0.12"), ip("10.1.0.12")], &[]));
    assert_eq!(done(b.read("ip/dmz/10.1.0.12"))[0].claim(), Some(&renamed));

    // A tree that was copied to another host has the same ids, and holds nothing.
    let copied = StoreClaim::new(web01.entry.clone(), &h2, ClaimKind::Zone, "web01", CREATED);
    assert_eq!(held(b.claim(&copied, &[ip("10.1.0.10")], &[])), ["ip/dmz/10.1.0.10: zone web01 on host h1"]);
    done(b.release(&h2, &web01.entry, &keys));
    assert_eq!(done(b.read("ip/")).len(), 3);

    // Pools.
    let other = refused(b.claim(&web02, &[ip("10.1.0.11")], &pool("d2", "h2")));
    let [(front, d1)] = pool("d1", "h1");
    assert_eq!(other, StoreRefusal::PoolDiffers { pool: front.clone(), stored: Some(d1.clone()) });
    let d2 = StorePool::new("d2", "h2", CREATED);
    assert!(matches!(refused(b.push(&h2, &front, &d2, Some("d0"))), StoreRefusal::PoolDiffers { .. }));
    assert!(matches!(refused(b.push(&h2, &front, &d2, None)), StoreRefusal::PoolDiffers { .. }));
    assert_eq!(refused(b.push(&host("h2"), &front, &d2, Some("d1"))), StoreRefusal::NotJoined(Some(h2.clone())));
    done(b.push(&h2, &front, &d2, Some("d1")));
    done(b.push(&h2, &front, &d2, Some("d1")));
    done(b.claim(&web02, &[ip("10.1.0.11")], &pool("d2", "h2")));
    assert!(matches!(refused(a.claim(&web01, &[], &pool("d1", "h1"))), StoreRefusal::PoolDiffers { .. }));

    // Release.
    done(a.release(&h1, &web01.entry, &[ip("10.1.0.10"), ip("10.1.0.11"), ip("10.1.0.99")]));
    let left: Vec<String> = done(a.read("ip/")).iter().map(|record| record.key.to_string()).collect();
    assert_eq!(left, ["ip/dmz/10.1.0.11", "ip/dmz/10.1.0.12", "ip/dmz/fd00::10"]);

    // One of three nodes is killed: nothing changes for the hosts.
    cluster.kill(0);
    done(a.claim(&claim(&h1, "web03"), &[ip("10.1.0.30")], &[]));
    cluster.restart(&[0]);

    // A forgotten host.
    let removed = done(b.forget("h1"));
    let keys: BTreeSet<String> = removed.iter().map(|record| record.key.to_string()).collect();
    let expected =
        ["host/h1", "ip/dmz/10.1.0.12", "ip/dmz/10.1.0.30", "ip/dmz/fd00::10", "mac/dmz/2:8:20:0:0:1", "zone/web01"];
    assert_eq!(keys, expected.into_iter().map(str::to_owned).collect());
    assert_eq!(done(b.forget("h1")), []);
    assert_eq!(refused(a.claim(&web01, &[ip("10.1.0.40")], &[])), StoreRefusal::NotJoined(None));
    assert_eq!(refused(a.release(&h1, &web02.entry, &[ip("10.1.0.11")])), StoreRefusal::NotJoined(None));
    let again = host("h1");
    done(a.join(&again));
    assert_eq!(refused(a.claim(&web01, &[ip("10.1.0.40")], &[])), StoreRefusal::NotJoined(Some(again)));
}

#[test]
fn a_dead_host_with_many_zones_is_forgotten_in_few_transactions() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let store = cluster.store("h1");
    let (h1, h2) = (host("h1"), host("h2"));
    done(store.join(&h1));
    done(store.join(&h2));
    for n in 0..100u8 {
        let name: StoreKey = StoreKey::Zone(format!("web{n:03}").parse().unwrap());
        let mac = StoreKey::Mac { segment: "dmz".to_owned(), mac: format!("2:8:20:0:0:{n:x}").parse().unwrap() };
        done(store.claim(&claim(&h1, &format!("web{n:03}")), &[ip(&format!("10.1.1.{n}")), mac, name], &[]));
    }
    // More of one entry than a transaction of etcd takes.
    let large = claim(&h1, "large");
    for part in 0..2 {
        let keys: Vec<StoreKey> = (0..100).map(|n| ip(&format!("10.1.{}.{n}", 2 + part))).collect();
        done(store.claim(&large, &keys, &[]));
    }
    done(store.claim(&claim(&h2, "db01"), &[ip("10.1.9.1")], &[]));
    assert_eq!(done(store.forget("h1")).len(), 1 + 300 + 200);
    let left: Vec<String> = done(store.read("")).iter().map(|record| record.key.to_string()).collect();
    assert_eq!(left, ["host/h2", "ip/dmz/10.1.9.1"]);
}

fn random_id(random: &mut Random, of: usize) -> EntryId {
    format!("{:032x}", random.below(of) + 1).parse().unwrap()
}

fn ordered(answer: StoreAnswer<Vec<StoreRecord>>) -> String {
    match answer {
        StoreAnswer::Done(mut records) => {
            records.sort_by(|a, b| a.key.cmp(&b.key));
            format!("{records:?}")
        }
        other => format!("{other:?}"),
    }
}

/// Long random sequences of calls get the same answers, and leave the same behind.
#[test]
fn a_store_in_memory_answers_the_same() {
    if !available() {
        return;
    }
    let cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let (real, memory) = (cluster.store("h1"), MemoryStore::new());
    let mut random = Random(1);
    for turn in 0..1500 {
        let member = StoreHost::new(format!("h{}", random.below(3)), random_id(&mut random, 2), CREATED);
        // The id says which host it is of, as ids that are drawn do.
        let entry: EntryId = format!("{}{:031x}", &member.host[1..], random.below(4)).parse().unwrap();
        let keys: BTreeSet<StoreKey> = (0..random.below(5))
            .map(|_| match random.below(3) {
                0 => ip(&format!("10.1.0.{}", random.below(6))),
                1 => StoreKey::Mac { segment: "dmz".to_owned(), mac: mac(random.below(4)) },
                _ => StoreKey::Zone(format!("web{}", random.below(4)).parse().unwrap()),
            })
            .collect();
        let keys: Vec<StoreKey> = keys.into_iter().collect();
        let pool: PoolName = format!("p{}", random.below(2)).parse().unwrap();
        let definition = StorePool::new(format!("d{}", random.below(2)), member.host.as_str(), CREATED);
        let (one, other) = match random.below(20) {
            0..=1 => (format!("{:?}", real.join(&member)), format!("{:?}", memory.join(&member))),
            2 => (ordered(real.forget(&member.host)), ordered(memory.forget(&member.host))),
            3..=4 => {
                let expected = [None, Some("d0"), Some("d1")][random.below(3)];
                let answers =
                    [&real as &dyn Store, &memory].map(|store| store.push(&member, &pool, &definition, expected));
                let [one, other] = answers.map(|answer| format!("{answer:?}"));
                (one, other)
            }
            5..=9 => (
                format!("{:?}", real.release(&member, &entry, &keys)),
                format!("{:?}", memory.release(&member, &entry, &keys)),
            ),
            _ => {
                let name = format!("z{entry}");
                // The second has no keys, or some of them.
                let second = EntryId::from_str(&format!("{}{:031x}", &member.host[1..], random.below(4))).unwrap();
                let (keys, others) = keys.split_at(keys.len() - random.below(2).min(keys.len()));
                let claim = |entry, name: String| StoreClaim::new(entry, &member, ClaimKind::Zone, name, CREATED);
                let name_of_second = format!("z{second}");
                let claims = [(claim(entry, name), keys.to_vec()), (claim(second, name_of_second), others.to_vec())];
                let pools = if random.below(3) == 0 { vec![(pool, definition)] } else { Vec::new() };
                let answers = [&real as &dyn Store, &memory].map(|store| store.claim_all(&claims, &pools));
                let [one, other] = answers.map(sorted);
                (one, other)
            }
        };
        assert_eq!(one, other, "turn {turn}");
        if turn % 50 == 0 {
            assert_eq!(ordered(real.read("")), ordered(memory.read("")), "turn {turn}");
        }
    }
    assert_eq!(ordered(real.read("")), ordered(memory.read("")));
}

fn mac(n: usize) -> MacAddr {
    format!("2:8:20:0:0:{n}").parse().unwrap()
}

fn sorted(answer: StoreAnswer<()>) -> String {
    match answer {
        StoreAnswer::Refused(StoreRefusal::Held(mut records)) => {
            records.sort_by(|a, b| a.key.cmp(&b.key));
            format!("held {records:?}")
        }
        other => format!("{other:?}"),
    }
}

/// A value that is not one of zmgr keeps its key taken.
#[test]
fn an_unreadable_value_is_taken() {
    if !available() {
        return;
    }
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let cluster = Cluster::start(Shape { nodes: 1, ..Shape::default() });
    let store = cluster.store("h1");
    let h1 = host("h1");
    done(store.join(&h1));
    let key = STANDARD.encode(ip("10.1.0.10").encode("prod"));
    let root = cluster.root(0);
    let put = serde_json::json!({"key": key, "value": STANDARD.encode("damaged")});
    assert_eq!(cluster.admin(0, "/v3/kv/put", Some(&root), &put).0, 200);
    let StoreRefusal::Held(records) = refused(store.claim(&claim(&h1, "web01"), &[ip("10.1.0.10")], &[])) else {
        panic!("not held")
    };
    assert_eq!(records[0].value, StoreValue::Unreadable("damaged".to_owned()));
    done(store.forget("h1"));
    assert_eq!(done(store.read("ip/")).len(), 1);
}
