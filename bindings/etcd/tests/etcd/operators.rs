//! Processes that operate whole hosts at random and are killed, and what they said, compared with what is left.
//!
//! A process says what it is about to do before it begins, and the result afterwards. One that is killed in between leaves an unknown
//! result, which recovery makes known.

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::process::Child;
use std::sync::mpsc::Sender;

use zmgr::{RecoverOptions, RunOptions};

use crate::fleet::Site;
use crate::processes::{self, Line, Random};

const WORK: &str = "ZMGR_ETCD_OPERATE";

/// Instructions of a process.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) site: Site,
    /// Allocations to make; a process that is killed anyway gets more than it can make.
    pub(crate) count: usize,
    /// True if it also creates and destroys zones and releases what it allocated.
    pub(crate) mixed: bool,
    pub(crate) seed: u64,
}

impl Work {
    /// Starts the process; see [`processes::start`].
    pub(crate) fn start(&self, number: usize, lines: &Sender<Line>) -> Child {
        let (name, dir) = (&self.site.name, self.site.dir.display());
        let work = format!("{name}|{dir}|{}|{}|{}", self.count, self.mixed, self.seed);
        processes::start("operators::operator", (WORK, &work), number, lines)
    }
}

/// Runs in a process of its own: recovers the host, as at its boot, and then operates it.
#[test]
fn operator() {
    let Ok(work) = env::var(WORK) else { return };
    let words: Vec<&str> = work.split('|').collect();
    let [name, dir, count, mixed, seed] = words[..] else { panic!("{work}") };
    let (count, seed): (usize, u64) = (count.parse().unwrap(), seed.parse().unwrap());
    let mixed: bool = mixed.parse().unwrap();
    let site = Site { name: name.to_owned(), dir: dir.into() };
    let mut output = std::io::stdout();
    // The harness has begun a line of its own.
    output.write_all(b"\n").unwrap();
    // One write for each line, so that a kill leaves whole lines.
    let mut say = |line: String| output.write_all(format!("@{line}\n").as_bytes()).unwrap();
    // Without a quorum it fails, and the host goes on: the next process recovers.
    let _ = site.manager().recover(&[], &RecoverOptions::new(), &mut RunOptions::new());
    let mut random = Random(seed);
    let (mut made, mut turn) = (0, 0);
    let (mut owners, mut zones): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    while made < count {
        turn += 1;
        match if mixed { random.below(8) } else { 7 } {
            0 | 1 if !owners.is_empty() => {
                let owner = owners.swap_remove(random.below(owners.len()));
                say(format!("begin {owner}"));
                let released = site.manager().release("internal", &owner, None, None, &mut RunOptions::new());
                say(format!("{} {owner}", if released.is_ok() { "gone" } else { "unknown" }));
            }
            2 if !zones.is_empty() => {
                let zone = zones.swap_remove(random.below(zones.len()));
                say(format!("begin {zone}"));
                // Without the store it waits, and recovery ends it.
                say(format!("{} {zone}", if site.destroy(&zone).is_ok() { "gone" } else { "unknown" }));
            }
            3 if zones.len() < 3 => {
                let zone = format!("z{name}-{seed}-{turn}");
                say(format!("begin {zone}"));
                match site.create(&zone) {
                    Ok(address) => {
                        say(format!("made {zone} {address}"));
                        zones.push(zone);
                    }
                    // A rollback may be interrupted by the loss of the store; recovery ends it.
                    Err(_) => say(format!("gone {zone}")),
                }
            }
            _ => {
                let owner = format!("o{name}-{seed}-{turn}");
                say(format!("begin {owner}"));
                match site.allocate(&owner, None) {
                    Ok(address) => {
                        say(format!("made {owner} {address}"));
                        owners.push(owner);
                        made += 1;
                    }
                    Err(error) => say(format!("gone {owner} {}", error.code().slug())),
                }
            }
        }
    }
}

/// Knowledge of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The caller was told that it has this address.
    Made(String),
    /// It is not there.
    Gone,
    /// It may be there.
    Unknown,
}

/// Answers of the processes.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// By host and name; each name is used once.
    entries: BTreeMap<(String, String), State>,
    pub(crate) lines: usize,
}

impl Said {
    /// Takes a line of a host.
    pub(crate) fn say(&mut self, host: &str, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let state = match words[0] {
            "made" => State::Made(words[2].to_owned()),
            "gone" => State::Gone,
            "begin" | "unknown" => State::Unknown,
            _ => panic!("{line:?}"),
        };
        self.lines += 1;
        self.entries.insert((host.to_owned(), words[1].to_owned()), state);
    }

    /// Number of results that were never told, and of those that were told and stand.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let of = |is: fn(&State) -> bool| self.entries.values().filter(|state| is(state)).count();
        (of(|state| *state == State::Unknown), of(|state| matches!(state, State::Made(_))))
    }

    /// Compares with the trees, after recovery: what was acknowledged is there with its address, and what is there was acknowledged or
    /// its result is unknown.
    pub(crate) fn check(&self, sites: &[Site]) {
        for ((host, name), state) in &self.entries {
            let site = sites.iter().find(|site| site.name == *host).unwrap();
            let directory = if name.starts_with('z') { "zones" } else { "reservations" };
            let text = std::fs::read_to_string(site.path(&format!("{directory}/{name}.kdl"))).ok();
            match state {
                State::Made(address) => {
                    let text = text.unwrap_or_else(|| panic!("{name} of {host} was acknowledged and is not there"));
                    let held = [format!("address \"{address}\""), format!("address \"{address}/")];
                    assert!(held.iter().any(|held| text.contains(held)), "{name} of {host} has not {address}: {text}");
                }
                State::Gone => assert!(text.is_none(), "{name} of {host} is not acknowledged and there: {text:?}"),
                State::Unknown => {}
            }
        }
        let known = |host: &str, name: &str| self.entries.contains_key(&(host.to_owned(), name.to_owned()));
        for site in sites {
            for directory in ["zones", "reservations"] {
                for file in std::fs::read_dir(site.path(directory)).into_iter().flatten() {
                    let path = file.unwrap().path();
                    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                    let is_entry =
                        path.extension().is_some_and(|extension| extension == "kdl") && !name.starts_with('.');
                    assert!(!is_entry || known(&site.name, &name), "nothing asked {} for {name}", site.name);
                }
            }
        }
    }
}
