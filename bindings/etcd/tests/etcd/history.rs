//! Processes that allocate and release on behalf of hosts, what they say about it, and a checker that compares that with the store.
//!
//! A worker says what it is about to do before it asks, and the answer afterwards. A process that is killed in between leaves an
//! unknown result, as an answer does that never came.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use zmgr::{ClaimKind, EntryId, Store, StoreAnswer, StoreClaim, StoreHost, StoreKey, StoreRefusal};
use zmgr_etcd::EtcdStoreBuilder;

use crate::cluster;
use crate::processes::{self, Line, Random, drain};
use crate::{CREATED, done, ip};

const WORK: &str = "ZMGR_ETCD_WORK";

/// Instructions for a worker.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) dir: PathBuf,
    pub(crate) host: StoreHost,
    pub(crate) urls: Vec<String>,
    /// Allocations to make; a worker that is killed anyway gets more than it can make.
    pub(crate) count: usize,
    /// Addresses to choose from.
    pub(crate) range: usize,
    /// Every so many-th allocation is released again; 0: none.
    pub(crate) release: usize,
    pub(crate) seconds: u64,
    pub(crate) seed: u64,
}

impl Work {
    fn encode(&self) -> String {
        let numbers = format!("{}|{}|{}|{}|{}", self.count, self.range, self.release, self.seconds, self.seed);
        let (host, id) = (&self.host.host, &self.host.incarnation);
        format!("{}|{host}|{id}|{}|{numbers}", self.dir.display(), self.urls.join(","))
    }

    fn decode(text: &str) -> Work {
        let words: Vec<&str> = text.split('|').collect();
        let number = |n: usize| words[n].parse::<u64>().unwrap();
        Work {
            dir: PathBuf::from(words[0]),
            host: StoreHost::new(words[1], words[2].parse().unwrap(), CREATED),
            urls: words[3].split(',').map(str::to_owned).collect(),
            count: number(4) as usize,
            range: number(5) as usize,
            release: number(6) as usize,
            seconds: number(7),
            seed: number(8),
        }
    }

    /// Starts the process; see [`processes::start`].
    pub(crate) fn start(&self, number: usize, lines: &Sender<Line>) -> Child {
        processes::start("history::worker", (WORK, &self.encode()), number, lines)
    }
}

fn address(n: usize) -> String {
    format!("10.{}.{}.{}", 10 + n / 65536, n / 256 % 256, n % 256)
}

fn keys(address: &str) -> [StoreKey; 2] {
    let bytes: Vec<u8> = address.split('.').map(|part| part.parse().unwrap()).collect();
    let mac = format!("2:8:{:x}:{:x}:{:x}:{:x}", bytes[0], bytes[1], bytes[2], bytes[3]);
    [ip(address), StoreKey::Mac { segment: "dmz".to_owned(), mac: mac.parse().unwrap() }]
}

/// Runs in a process of its own: allocates random addresses, each with an entry of its own.
#[test]
fn worker() {
    let Ok(work) = env::var(WORK) else { return };
    let work = Work::decode(&work);
    let builder = cluster::builder(&work.dir, &work.host.host, true).timeout(Duration::from_secs(work.seconds));
    let store = work.urls.iter().fold(builder, EtcdStoreBuilder::endpoint).build().unwrap();
    let mut random = Random(work.seed);
    let mut output = std::io::stdout();
    // The harness has begun a line of its own.
    output.write_all(b"\n").unwrap();
    // One write for each line, so that a kill leaves whole lines.
    let mut say = |line: String| output.write_all(format!("@{line}\n").as_bytes()).unwrap();
    let mut made = 0;
    while made < work.count {
        let address = address(random.below(work.range));
        let claim = StoreClaim::new(EntryId::random().unwrap(), &work.host, ClaimKind::Zone, "z", CREATED);
        let entry = &claim.entry;
        say(format!("claim {entry} {address}"));
        let answer = again(|| store.claim(&claim, &keys(&address), &[]));
        say(format!("{answer} {entry} {address}"));
        if answer != "claimed" {
            continue;
        }
        made += 1;
        if work.release > 0 && made % work.release == 0 {
            say(format!("release {entry} {address}"));
            let answer = match again(|| store.release(&work.host, entry, &keys(&address))) {
                "claimed" => "released",
                // Nothing was done: it is still held.
                "unreachable" => "claimed",
                other => other,
            };
            say(format!("{answer} {entry} {address}"));
        }
    }
}

/// Asks until the result is known, a few times at most.
fn again(call: impl Fn() -> StoreAnswer<()>) -> &'static str {
    let mut unknown = false;
    for _ in 0..4 {
        match call() {
            StoreAnswer::Done(()) => return "claimed",
            StoreAnswer::Refused(StoreRefusal::Held(_)) if !unknown => return "held",
            // The first request may still be carried out.
            StoreAnswer::Refused(StoreRefusal::Held(_)) => return "unknown",
            StoreAnswer::Refused(other) => panic!("{other:?}"),
            StoreAnswer::Unknown(_) => unknown = true,
            StoreAnswer::Unreachable(_) if !unknown => return "unreachable",
            StoreAnswer::Unreachable(_) => {}
        }
    }
    "unknown"
}

/// State of an entry as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The host was told that it holds the address.
    Acknowledged,
    /// It does not hold it.
    No,
    /// It may hold it.
    Unknown,
}

/// Answers of the hosts.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: BTreeMap<EntryId, (String, String, State)>,
    pub(crate) lines: usize,
    pub(crate) unknown: usize,
}

impl History {
    /// Takes a line of a host.
    pub(crate) fn say(&mut self, host: &str, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [verb, entry, address] = words[..] else { panic!("{line:?}") };
        let state = match verb {
            "claimed" => State::Acknowledged,
            "held" | "unreachable" | "released" => State::No,
            // Not yet answered, or without a known result.
            "claim" | "release" | "unknown" => State::Unknown,
            _ => panic!("{line:?}"),
        };
        self.lines += 1;
        self.unknown += usize::from(verb == "unknown");
        self.entries.insert(entry.parse().unwrap(), (host.to_owned(), address.to_owned(), state));
    }

    /// Number of allocations that were acknowledged and not released.
    pub(crate) fn acknowledged(&self) -> usize {
        self.entries.values().filter(|(.., state)| *state == State::Acknowledged).count()
    }

    /// Compares with the store: what was acknowledged is there, and what is there was acknowledged or is unknown.
    pub(crate) fn check(&self, store: &dyn Store) {
        let records = done(store.read(""));
        let mut found: BTreeMap<&EntryId, BTreeSet<&StoreKey>> = BTreeMap::new();
        for record in &records {
            let Some(claim) = record.claim() else { continue };
            let (host, address, state) =
                self.entries.get(&claim.entry).unwrap_or_else(|| panic!("no host asked for it: {record:?}"));
            assert!(*state != State::No && *host == claim.host, "{state:?} on {host}: {record:?}");
            assert!(keys(address).contains(&record.key), "{address}: {record:?}");
            found.entry(&claim.entry).or_default().insert(&record.key);
        }
        for (entry, (host, address, state)) in &self.entries {
            let held = found.get(entry).map_or(0, BTreeSet::len);
            // All or nothing.
            assert!(held == 0 || held == 2, "{entry} of {host} has {held} of 2 keys for {address}");
            assert!(
                held == 2 || *state != State::Acknowledged,
                "{address} was acknowledged to {host} ({entry}) and is free"
            );
        }
    }

    /// Releases what is unknown, as recovery does, and requires that nothing but what was acknowledged is left.
    pub(crate) fn settle(&mut self, store: &dyn Store, hosts: &[StoreHost]) {
        for (entry, (host, address, state)) in &mut self.entries {
            if *state == State::Unknown {
                let host = hosts.iter().find(|each| each.host == *host).unwrap();
                done(store.release(host, entry, &keys(address)));
                *state = State::No;
            }
        }
        self.check(store);
        let claims = done(store.read("")).iter().filter(|record| record.claim().is_some()).count();
        assert_eq!(claims, 2 * self.acknowledged());
    }
}

/// Waits for processes that end by themselves, and takes what they say.
pub(crate) fn collect(history: &mut History, children: Vec<Child>, hosts: &[StoreHost], lines: &Receiver<Line>) {
    drain(children.len(), lines, &mut |number, line| history.say(&hosts[number].host, line));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

/// Returns hosts that have joined.
pub(crate) fn members(store: &dyn Store, count: usize) -> Vec<StoreHost> {
    let hosts: Vec<StoreHost> = (1..=count).map(|n| crate::host(&format!("h{n}"))).collect();
    for host in &hosts {
        done(store.join(host));
    }
    hosts
}

/// Returns the work of a host with the usual limits.
pub(crate) fn work(dir: &Path, host: &StoreHost, urls: Vec<String>, count: usize) -> Work {
    let seed = host.host.bytes().map(u64::from).sum();
    Work { dir: dir.to_owned(), host: host.clone(), urls, count, range: 40_000, release: 0, seconds: 10, seed }
}
