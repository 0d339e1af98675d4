//! Holds the simulated programs against recordings of the real ones: `ZMGR_RECORDINGS` names the directory with the recordings,
//! one `.jsonl` file per kind; without it nothing is compared.
//!
//! The harness is here, one comparison module per kind below it. A new kind is a module with a function from a case to an
//! [`Outcome`], and a test that names its files. `ZMGR_ONLY` replays the cases whose id or kind it names, `ZMGR_DIFFERENCES`
//! names a file for the differences of every case.

mod bench;
mod dladm;
mod pkg;
mod renamed;
mod text;
mod zoneadm;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use serde_json::Value;

/// Result of replaying one case.
pub(crate) enum Outcome {
    /// The simulated program did what the real one did.
    Same,
    /// It answered that it does not simulate this.
    NotSimulated,
    /// The simulated host cannot be brought to where the recording began.
    NotComparable,
    /// It did something else.
    Differs(Vec<String>),
}

/// Share of the cases of one file that may be answered with "not simulated", in percent.
const NOT_SIMULATED_LIMIT: usize = 10;

#[derive(Default)]
struct Tally {
    same: usize,
    differs: usize,
    not_simulated: usize,
    not_comparable: usize,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { same, differs, not_simulated, not_comparable } = self;
        write!(f, "{same} same, {differs} differ, {not_simulated} not simulated, {not_comparable} not comparable")
    }
}

/// Replays every case of a file and fails if one differs, or if too many are not simulated.
fn replay(file: &str, case: fn(&Value) -> Outcome) {
    replay_as(file, Value::clone, case);
}

/// Replays every case of a file after a change that must make no difference.
fn replay_as(file: &str, change: fn(&Value) -> Value, case: fn(&Value) -> Outcome) {
    let Some(directory) = env::var_os("ZMGR_RECORDINGS").filter(|name| Path::new(name).is_dir()) else { return };
    let text = fs::read_to_string(Path::new(&directory).join(file)).unwrap();
    let read = |line: &str| change(&serde_json::from_str(line).unwrap());
    let mut cases: Vec<Value> = text.lines().map(read).collect();
    if let Ok(only) = env::var("ZMGR_ONLY") {
        cases.retain(|case| case["id"] == *only || case["kind"] == *only);
    }
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let work = || {
        while let Some(recorded) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = case(recorded);
            outcomes.lock().unwrap().push((recorded, outcome));
        }
    };
    thread::scope(|scope| {
        (0..thread::available_parallelism().map_or(2, usize::from)).for_each(|_| drop(scope.spawn(work)))
    });
    report(file, outcomes.into_inner().unwrap());
}

fn report(file: &str, outcomes: Vec<(&Value, Outcome)>) {
    let mut kinds: BTreeMap<&str, Tally> = BTreeMap::new();
    let (mut total, mut failed) = (Tally::default(), Vec::new());
    for (recorded, outcome) in &outcomes {
        let id = recorded["id"].as_str().unwrap_or_default();
        for tally in [&mut total, kinds.entry(recorded["kind"].as_str().unwrap_or("all")).or_default()] {
            match outcome {
                Outcome::Same => tally.same += 1,
                Outcome::NotSimulated => tally.not_simulated += 1,
                Outcome::NotComparable => tally.not_comparable += 1,
                Outcome::Differs(_) => tally.differs += 1,
            }
        }
        if let Outcome::Differs(differences) = outcome {
            failed.push(format!("{id}\n    {}\n", differences.join("\n    ")));
        }
    }
    failed.sort();
    let kinds: String = kinds.iter().map(|(kind, tally)| format!("  {kind}: {tally}\n")).collect();
    // Seen even if the test passes: what is not simulated must not pass for compared.
    let summary = format!("{file}: {total}\n{kinds}");
    use std::io::Write as _;
    let _ = std::io::stderr().write_all(summary.as_bytes());
    if let Some(path) = env::var_os("ZMGR_DIFFERENCES") {
        fs::write(path, failed.concat()).unwrap();
    }
    assert!(failed.is_empty(), "{file}: {} of {} differ:\n{}", failed.len(), outcomes.len(), failed.concat());
    let compared = total.same + total.not_simulated;
    assert!(
        total.not_simulated * 100 <= compared * NOT_SIMULATED_LIMIT,
        "{file}: {} of {compared} are not simulated",
        total.not_simulated
    );
}

/// Files of the simulation itself, which no host has.
const MACHINERY: [&str; 15] = [
    "answer.rs",
    "calendar.rs",
    "call.rs",
    "document/tree.rs",
    "error.rs",
    "fault.rs",
    "hints.rs",
    "inject.rs",
    "lib.rs",
    "link.rs",
    "machine.rs",
    "options.rs",
    "record.rs",
    "session.rs",
    "tree.rs",
];

#[test]
fn every_file_with_rules_names_a_recording_or_a_source() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut directories = vec![top.clone()];
    let mut silent = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(&top).unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.ends_with("tests") {
                directories.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && !MACHINERY.contains(&name.as_str()) {
                let text = fs::read_to_string(&path).unwrap();
                let cites = ["source: ", "recorded: "].iter().any(|word| text.contains(word));
                // dladm's ids stand alone, as [vid-1].
                let names_case = name.starts_with("dladm/") && text.contains('[') && text.contains("-");
                if !cites && !names_case {
                    silent.push(name);
                }
            }
        }
    }
    assert!(silent.is_empty(), "no recording and no source: {silent:?}");
}

#[test]
fn zoneadm_does_what_the_real_one_did() {
    replay("zoneadm.jsonl", zoneadm::replay);
}

#[test]
fn brand_hooks_do_what_the_real_ones_did() {
    replay("hooks.jsonl", zoneadm::replay);
}

#[test]
fn dladm_does_what_the_real_one_did() {
    replay("dladm.jsonl", dladm::replay);
}

#[test]
fn pkg_does_what_the_real_one_did() {
    replay("pkg.jsonl", pkg::replay);
}

#[test]
fn dladm_pkg_and_hooks_do_the_same_for_other_names() {
    replay_as("dladm.jsonl", renamed::links, dladm::replay);
    replay_as("pkg.jsonl", renamed::publishers, pkg::replay);
    replay_as("hooks.jsonl", renamed::zones, zoneadm::replay);
}
