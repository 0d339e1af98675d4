//! Random sequences of what administrators, editors, backups and zmgr do to one machine, deaths included. After each, two checkers
//! that do not ask zmgr look at the machine's own files: nothing has what something else has, nothing is gone or down that the
//! operation had no right to touch.
//!
//! A sequence is a list of words, so that a failure prints what to run again: `ZMGR_SEQUENCE=SEED cargo test sequences`,
//! `ZMGR_SEQUENCE=FIRST-LAST` for several.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use zmgr::internals::exec::Watcher;
use zmgr::internals::registry::WriteHook;
use zmgr::{
    ApplyOptions, AttachOptions, CreateOptions, DestroyOptions, Dialect, Error, HaltOptions, ImportOptions, Manager,
    Plan, RecoverOptions, RefreshOptions, ReinstallOptions, RenameOptions, Report, RollbackOptions, RunOptions,
    SimHost, UpdateOptions,
};

mod meddle;

use crate::crash_matrix::Reaper;
use crate::invariants::{Holdings, active, doubles, without_link};
use crate::sim_machine;
use crate::snapshot::scratch;

/// Tells a child of this test what to do and where to die: `DIR|POINT|OPERATION`.
const WORK: &str = "ZMGR_TEST_SEQUENCE";
/// Operations in one sequence.
const LENGTH: usize = 30;

const ZONES: &[&str] = &["a", "b", "c", "d"];
const POOLS: &[&str] = &["internal", "dmz"];
/// Operations of which a plan is kept and run later, when it may be stale.
const PLANS: &[&str] = &["create", "destroy", "apply", "reinstall", "import", "rename"];

const POOL: &str = r#"pool "internal" {
    network "10.1.0.0/24"
    gateway "10.1.0.1"
    stub "stub0"
    range "10.1.0.10" "10.1.0.15"
    reserve "10.1.0.13" for="d"
}
"#;
const OTHER_POOL: &str = r#"pool "dmz" {
    network "10.2.0.0/24"
    gateway "10.2.0.1"
    stub "stub1"
    vlan 20
    range "10.2.0.10" "10.2.0.14"
    network "2001:db8:2::/64" { range "2001:db8:2::10" "2001:db8:2::13"; }
}
"#;
const SHARED_POOL: &str = r#"pool "front" {
    network "10.3.0.0/24"
    gateway "10.3.0.1"
    stub "net0"
    range "10.3.0.10" "10.3.0.12"
}
"#;
const SHARED: &str = r#"template "shared" {
    brand "nlipkg"
    ip-type "shared"
    net "front" { pool "front"; }
}
"#;

const GOLDEN: &str = r#"template "golden" {
    brand "nlipkg"
    net "internal" { pool "internal"; }
    install { golden #true; }
}
"#;

/// A generator of its own, so that a seed gives the same sequence for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

/// Draws what is done next, as one line of words.
fn draw(dice: &mut Dice) -> String {
    let (zone, other) = (dice.pick(ZONES), dice.pick(ZONES));
    let address = format!("10.1.0.{}", 9 + dice.roll(8));
    let (number, gib) = (dice.roll(3), 1 + dice.roll(4));
    match dice.roll(99) {
        0..=5 => format!("create {zone}"),
        6 => format!("create-at {zone} {address}"),
        7 => format!("clone {zone} {other}"),
        8..=9 => format!("destroy {zone}"),
        10 => format!("destroy {zone} {other}"),
        11 => format!("keep-data {zone}"),
        12..=14 => format!("edit-address {zone} {address}"),
        15 => format!("edit-drop-address {zone}"),
        16 => format!("edit-pool {zone} dmz"),
        17 => format!("edit-net {zone} dmz"),
        18 => format!("edit-range 10.1.0.{} 10.1.0.{}", 10 + dice.roll(3), 13 + dice.roll(5)),
        19 => format!("edit-gateway {address}"),
        20 => format!("edit-template {gib}"),
        21 => format!("move-away {zone}"),
        22 => format!("move-back {zone}"),
        23 => format!("save {number}"),
        24 => format!("restore {number}"),
        25 => format!("restore-all {number}"),
        26..=28 => "apply".to_owned(),
        29..=30 => "apply-reboot".to_owned(),
        31 => format!("reinstall {zone}"),
        32 => format!("import {zone}"),
        33 => format!("forget {zone}"),
        34 => format!("allocate r{number}"),
        35 => format!("release r{number}"),
        36 => format!("boot {zone}"),
        37 => format!("halt {zone}"),
        38 => format!("reboot {zone}"),
        39 => "sim-reboot".to_owned(),
        40 => format!("by-hand {zone} {address}"),
        41 => format!("precious {zone}"),
        42 => format!("fault {}", dice.pick(&["install", "boot", "uninstall", "halt", "shutdown", "verify"])),
        43 => format!("edit-vlan {}", dice.pick(&["0", "30"])),
        44 => format!("edit-stub {}", dice.pick(&["stub0", "stub1"])),
        45 => format!("edit-vnic {zone} {other}_0"),
        46 => "template-net".to_owned(),
        47 => "template-data".to_owned(),
        48 => format!("pool-away {}", dice.pick(POOLS)),
        49..=50 => format!("pool-back {}", dice.pick(POOLS)),
        51 => format!("create-shared {zone}"),
        52 => format!("purge {zone}"),
        53 => "apply-all".to_owned(),
        54 => format!("set {zone} {number}"),
        55..=56 => format!("edit-data {zone}"),
        57 => "template-shared".to_owned(),
        58 => format!("recover-{}", dice.pick(&["on", "back"])),
        59..=60 => format!("rename {zone} {other}"),
        61 => format!("rename-links {zone} {other}"),
        62 => format!("create-golden {zone}"),
        63 => format!("snapshot {zone} s{number}"),
        64 => format!("snapshot-delete {zone} s{number}"),
        65..=66 => format!("snapshot-rollback {zone} s{number}"),
        67 => format!("detach {zone}"),
        68..=69 => format!("attach {zone}"),
        70 => format!("update {zone}"),
        71 => format!("update-reboot {zone}"),
        72..=73 => "next-release".to_owned(),
        74 => format!("shutdown {zone}"),
        75 => "boot-all".to_owned(),
        76 => "shutdown-all".to_owned(),
        77 => format!("attach-as-is {zone}"),
        78..=79 => format!("plan {} {zone}", dice.pick(PLANS)),
        80..=82 => format!("run-plan {} {zone}", dice.pick(PLANS)),
        83 => format!("create-two {zone} {other}"),
        84 => format!("allocate-dmz r{number}"),
        85 => format!("release-dmz r{number}"),
        86 => format!("import-links {zone}"),
        87 => format!("recover-one {zone}"),
        88..=89 => format!("edit-fs {zone}"),
        90 => "template-fs".to_owned(),
        91..=92 => format!("reinstall-snapshot {zone}"),
        93 => format!("reinstall-two {zone} {other}"),
        94 => "refresh".to_owned(),
        95 => "apply-snapshot".to_owned(),
        96 => format!("edit-packages {number}"),
        _ => "recover".to_owned(),
    }
}

/// Operations of zmgr, as opposed to a person's, an editor's or the host's.
fn is_operation(words: &[&str]) -> bool {
    matches!(
        words[0],
        "create"
            | "create-at"
            | "clone"
            | "destroy"
            | "keep-data"
            | "apply"
            | "apply-reboot"
            | "reinstall"
            | "reinstall-snapshot"
            | "reinstall-two"
            | "refresh"
            | "apply-snapshot"
            | "import"
            | "forget"
            | "allocate"
            | "release"
            | "boot"
            | "halt"
            | "reboot"
            | "snapshot"
            | "snapshot-delete"
            | "snapshot-rollback"
            | "recover"
            | "detach"
            | "attach"
            | "update"
            | "update-reboot"
            | "rename"
            | "rename-links"
            | "recover-on"
            | "recover-back"
            | "create-shared"
            | "create-golden"
            | "purge"
            | "apply-all"
            | "set"
            | "shutdown"
            | "boot-all"
            | "shutdown-all"
            | "attach-as-is"
            | "run-plan"
            | "create-two"
            | "allocate-dmz"
            | "release-dmz"
            | "import-links"
            | "recover-one"
    )
}

fn manager(dir: &Path) -> Manager {
    Manager::builder().simulate(dir).build().unwrap()
}

/// Place of a plan beside the machine.
fn plan_file(manager: &Manager, operation: &str, zone: &str) -> PathBuf {
    manager.root().ancestors().nth(3).unwrap().join(format!("plan-{operation}-{zone}"))
}

/// Does what the words say with zmgr.
fn operate(manager: &Manager, words: &[&str]) -> Result<(), Error> {
    let run = &mut RunOptions::new();
    let done = |report: Report| report.error().map_or(Ok(()), Err);
    match *words {
        ["create", zone] => manager.create(zone, &CreateOptions::new(), run).map(drop),
        ["create-at", zone, address] => {
            let options = CreateOptions::new().address("internal", address.parse().unwrap());
            manager.create(zone, &options, run).map(drop)
        }
        ["clone", zone, source] => manager.create(zone, &CreateOptions::new().clone_from(source), run).map(drop),
        ["destroy", ref zones @ ..] => manager.destroy(zones, &DestroyOptions::new(), run).and_then(done),
        ["keep-data", zone] => manager.destroy(&[zone], &DestroyOptions::new().keep_data(true), run).and_then(done),
        ["apply"] => manager.apply(&[], &ApplyOptions::new(), run).and_then(done),
        ["apply-reboot"] => manager.apply(&[], &ApplyOptions::new().reboot(true), run).and_then(done),
        ["reinstall", zone] => manager.reinstall(zone, &ReinstallOptions::new(), run).map(drop),
        ["reinstall-snapshot", zone] => manager.reinstall(zone, &ReinstallOptions::new().snapshot(true), run).map(drop),
        ["reinstall-two", zone, other] => {
            manager.reinstall_all(&[zone, other], &ReinstallOptions::new(), run).and_then(done)
        }
        ["refresh"] => manager.refresh_templates(&[], &RefreshOptions::new(), run).and_then(done),
        ["apply-snapshot"] => manager.apply(&[], &ApplyOptions::new().reboot(true).snapshot(true), run).and_then(done),
        ["forget", zone] => manager.forget(&[zone], run).and_then(done),
        ["import", zone] => manager.import(&[zone], &ImportOptions::new(), run).and_then(done),
        ["allocate", owner] => manager.allocate("internal", owner, None, run).map(drop),
        ["release", owner] => manager.release("internal", owner, None, None, run).map(drop),
        ["boot", zone] => manager.boot(&[zone], run).and_then(done),
        ["halt", zone] => manager.halt(&[zone], &HaltOptions::new(), run).and_then(done),
        ["reboot", zone] => manager.reboot(&[zone], &HaltOptions::new(), run).and_then(done),
        ["detach", zone] => manager.detach(&[zone], run).and_then(done),
        ["attach", zone] => manager.attach(&[zone], &AttachOptions::new().update(true), run).and_then(done),
        ["update", zone] => manager.update(&[zone], &UpdateOptions::new().snapshot(false), run).and_then(done),
        ["update-reboot", zone] => manager.update(&[zone], &UpdateOptions::new().reboot(true), run).and_then(done),
        ["rename", zone, to] => manager.rename(zone, to, &RenameOptions::new(), run).and_then(done),
        ["rename-links", zone, to] => manager.rename(zone, to, &RenameOptions::new().links(true), run).and_then(done),
        ["create-golden", zone] => manager.create(zone, &CreateOptions::new().template("golden"), run).map(drop),
        ["create-shared", zone] => manager.create(zone, &CreateOptions::new().template("shared"), run).map(drop),
        ["purge", zone] => manager.destroy(&[zone], &DestroyOptions::new().purge(true).force(true), run).and_then(done),
        ["apply-all"] => {
            let options = ApplyOptions::new().prune(true).reboot(true).recreate(true);
            manager.apply(&[], &options, run).and_then(done)
        }
        ["set", zone, number] => manager.set(zone, &[("attr.n", number)], run).map(drop),
        ["recover-on"] => manager.recover(&[], &RecoverOptions::new().resume(true), run).and_then(done),
        ["recover-back"] => manager.recover(&[], &RecoverOptions::new().roll_back(true), run).and_then(done),
        ["snapshot", zone, label] => manager.create_snapshot(zone, Some(label), run).map(drop),
        ["snapshot-delete", zone, label] => manager.delete_snapshot(zone, label, run).and_then(done),
        ["snapshot-rollback", zone, label] => {
            manager.roll_back(zone, label, &RollbackOptions::new().force(true), run).and_then(done)
        }
        ["recover"] => manager.recover(&[], &RecoverOptions::new(), run).and_then(done),
        ["shutdown", zone] => manager.shutdown(&[zone], &HaltOptions::new(), run).and_then(done),
        ["boot-all"] => manager.boot_all(run).and_then(done),
        ["shutdown-all"] => manager.shutdown_all(&HaltOptions::new(), run).and_then(done),
        ["attach-as-is", zone] => manager.attach(&[zone], &AttachOptions::new(), run).and_then(done),
        ["create-two", zone, other] => {
            manager.create_all(&[zone, other], &CreateOptions::new(), &mut RunOptions::new().jobs(2)).and_then(done)
        }
        ["allocate-dmz", owner] => manager.allocate("dmz", owner, None, run).map(drop),
        ["release-dmz", owner] => manager.release("dmz", owner, None, None, run).map(drop),
        ["import-links", zone] => manager.import(&[zone], &ImportOptions::new().adopt_links(true), run).and_then(done),
        ["recover-one", zone] => manager.recover(&[zone], &RecoverOptions::new(), run).and_then(done),
        ["run-plan", operation, zone] => match fs::read_to_string(plan_file(manager, operation, zone)) {
            Ok(text) => manager.run(&Plan::from_json(&text)?, run).and_then(done),
            Err(_) => Ok(()),
        },
        _ => panic!("no operation {words:?}"),
    }
}

/// Runs in a process of its own, which may be killed.
#[test]
fn child() {
    let Ok(work) = env::var(WORK) else { return };
    let mut parts = work.split('|');
    let (dir, point, words) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let reaper = Arc::new(Reaper { at: point.parse().unwrap(), passed: AtomicU64::new(0) });
    let watched = Arc::clone(&reaper);
    let watcher: Arc<Watcher> = Arc::new(move |_| watched.pass());
    let manager = Manager::builder().simulate(dir).observed(watcher, WriteHook::new(reaper)).build().unwrap();
    let _ = operate(&manager, &words.split(' ').collect::<Vec<_>>());
}

/// One machine, and what its history says of whose each thing is.
struct Machine {
    scratch: tempfile::TempDir,
    /// By guid of a dataset, the entry ids under which zmgr made or adopted it. The file of an earlier entry may come back after
    /// an import, and the dataset is still its own.
    made: BTreeMap<String, BTreeSet<String>>,
}

impl Machine {
    fn new() -> Machine {
        let machine = Machine { scratch: scratch(), made: BTreeMap::new() };
        SimHost::create(machine.dir(), Dialect::OpenIndiana).unwrap();
        manager(&machine.dir()).init().unwrap();
        machine.on_host("dladm create-etherstub stub1");
        fs::write(machine.tree("pools/internal.kdl"), POOL).unwrap();
        for dataset in ["delegated", "shared", "shared/a"] {
            machine.on_host(&format!("zfs create rpool/{dataset}"));
        }
        machine.on_host("zfs create -o mountpoint=legacy rpool/shared/b");
        fs::write(machine.tree("pools/dmz.kdl"), OTHER_POOL).unwrap();
        fs::write(machine.tree("pools/front.kdl"), SHARED_POOL).unwrap();
        fs::write(machine.tree("templates/shared.kdl"), SHARED).unwrap();
        fs::write(machine.tree("templates/golden.kdl"), GOLDEN).unwrap();
        machine
    }

    fn dir(&self) -> PathBuf {
        self.scratch.path().join("machine")
    }

    fn tree(&self, name: &str) -> PathBuf {
        self.dir().join("etc/zmgr").join(name)
    }

    fn aside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn on_host(&self, line: &str) {
        let host = SimHost::open(self.dir()).unwrap();
        sim_machine::answer(&host, &line.split(' ').collect::<Vec<_>>(), "");
    }

    fn entry_ids(&self) -> BTreeMap<String, String> {
        let id = |zone: &String| {
            let text = fs::read_to_string(self.tree(&format!("zones/{zone}.kdl"))).ok()?;
            let line = text.lines().find_map(|line| line.trim_start().strip_prefix("id \""))?;
            Some((zone.clone(), line.trim_end_matches('"').to_owned()))
        };
        let files = fs::read_dir(self.tree("zones")).unwrap().map(|entry| entry.unwrap().file_name());
        let names = files.filter_map(|file| Some(file.to_str()?.strip_suffix(".kdl")?.to_owned()));
        let golden = names.filter(|name| name.starts_with("zmgr-golden-"));
        let zones: BTreeSet<String> = ZONES.iter().map(|zone| (*zone).to_owned()).chain(golden).collect();
        zones.iter().filter_map(id).collect()
    }

    /// By the last part of its zonepath, the zone and the id of each entry: a zone that was renamed keeps its zonepath.
    fn homes(&self) -> BTreeMap<String, (String, String)> {
        let home = |(zone, id): (String, String)| {
            let text = fs::read_to_string(self.tree(&format!("zones/{zone}.kdl"))).unwrap_or_default();
            let path = text.lines().find_map(|line| line.strip_prefix("    zonepath \"/zones/"));
            (path.map_or_else(|| zone.clone(), |path| path.trim_end_matches('"').to_owned()), (zone, id))
        };
        self.entry_ids().into_iter().map(home).collect()
    }

    /// Runs one operation in this process or, with a point to die at, in another.
    fn run(&self, words: &[&str], point: Option<u64>) -> Result<(), Option<Error>> {
        let Some(point) = point else { return operate(&manager(&self.dir()), words).map_err(Some) };
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "sequences::child", "--test-threads=1"])
            .env(WORK, format!("{}|{point}|{}", self.dir().display(), words.join(" ")))
            .output()
            .unwrap();
        let died = output.status.signal() == Some(9);
        assert!(died || output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
        Err(None)
    }

    /// Takes one step of a sequence; a sentence for each thing that must not be.
    fn step(&mut self, line: &str, point: Option<u64>) -> Vec<String> {
        let words: Vec<&str> = line.split(' ').collect();
        if !is_operation(&words) {
            self.meddle(&words);
            return Vec::new();
        }
        let (held, was, homes) = (doubles(&self.dir()), Holdings::of(&self.dir()), self.homes());
        let (unlinked, broken) = (without_link(&self.dir()), self.environments());
        let result = self.run(&words, point);
        let (holds, is, new_homes) = (doubles(&self.dir()), Holdings::of(&self.dir()), self.homes());
        // Another name makes no other holder.
        let renamed = match words[..] {
            ["rename", from, to] => Some((from, to)),
            ["run-plan", "rename", from] => Some((from, "d")),
            _ => None,
        };
        let was_there = |id: &String| homes.values().any(|(_, known)| known == id);
        let is_old = |double: &&String| {
            unlinked.iter().any(|(address, zone)| {
                double.starts_with(&format!("{address} on ")) && double.contains(&format!("{zone:?}"))
            })
        };
        let new = holds
            .difference(&held)
            .filter(|double| !is_old(double) && !held.iter().any(|was| is_part(double, was, renamed)));
        let mut wrong: Vec<String> = new.map(|double| format!("held twice: {double}")).collect();

        for (guid, name) in &was.datasets {
            if is.datasets.contains_key(guid) {
                continue;
            }
            // Gone: right only for what zmgr made under the entry that was there, or for what a rolled back creation made.
            if !self.made.get(guid).is_some_and(|ids| ids.iter().any(was_there)) {
                wrong.push(format!("dataset {name} ({guid}) is gone"));
            }
        }
        for path in was.precious.difference(&is.precious) {
            // A zone's own files go with the zone.
            let of_zone = homes.iter().any(|(home, (_, id))| {
                // Those of a root that is not mounted lie in its dataset.
                let places = [format!("zones/{home}"), format!("etc/zfs/rpool/zones/{home}")];
                places.iter().any(|place| path.starts_with(place)) && self.made.values().any(|ids| ids.contains(id))
            });
            if !of_zone {
                wrong.push(format!("{} is gone", path.display()));
            }
        }
        for (guid, name) in &is.datasets {
            if was.datasets.contains_key(guid) {
                continue;
            }
            let home = name.split('/').nth(2).unwrap_or_default();
            if let Some((_, id)) = new_homes.get(home).or_else(|| homes.get(home)) {
                self.made.entry(guid.clone()).or_default().insert(id.clone());
            }
        }
        if matches!(words[0], "import" | "import-links" | "attach" | "attach-as-is")
            && matches!(result, Ok(()) | Err(None))
        {
            // Adopted, even if zmgr was killed after that: what lies at its zonepath is the zone's from now on.
            for (guid, name) in &is.datasets {
                let home = name.split('/').nth(2).unwrap_or_default();
                if let Some((zone, id)) = new_homes.get(home)
                    && zone == words[1]
                {
                    self.made.entry(guid.clone()).or_default().insert(id.clone());
                }
            }
        }
        wrong.extend(self.down(&words, &was.running, &result));
        // A death in the middle is for recovery.
        if !matches!(result, Err(None)) {
            let new = self.environments();
            wrong.extend(new.difference(&broken).map(|zone| format!("{zone} has not exactly one boot environment")));
        }
        wrong
    }

    /// The installed zones that have none or several active boot environments: they break the host's own update.
    fn environments(&self) -> BTreeSet<String> {
        let host = SimHost::open(self.dir()).unwrap();
        let ask = |line: &str| sim_machine::answer(&host, &line.split(' ').collect::<Vec<_>>(), "");
        let datasets = ask(
            "zfs list -H -o name,org.opensolaris.libbe:active,org.opensolaris.libbe:parentbe -t filesystem -r rpool/zones",
        );
        let active = |path: &str| {
            let below = format!("rpool{path}/ROOT/");
            let is_active = |line: &&str| {
                let fields: Vec<&str> = line.split('\t').collect();
                let name = fields[0].strip_prefix(&below);
                // An old root that is kept belongs to no boot environment of the host.
                let is_kept = fields.get(2).is_some_and(|parent| parent.starts_with("zmgr-"));
                name.is_some_and(|name| !name.contains('/')) && fields.get(1) == Some(&"on") && !is_kept
            };
            datasets.lines().filter(is_active).count()
        };
        let zones = ask("zoneadm list -cp");
        let fields = zones.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(|fields| fields.len() > 5);
        fields
            .filter(|fields| !matches!(fields[2], "configured" | "incomplete") && fields[1] != "global")
            .filter(|fields| active(fields[3]) != 1)
            .map(|fields| fields[1].to_owned())
            .collect()
    }

    /// The zones that an operation took down without a right to, or without a word.
    fn down(&self, words: &[&str], was: &BTreeSet<String>, result: &Result<(), Option<Error>>) -> Vec<String> {
        let is = active(&self.dir());
        let down = was.difference(&is);
        let may_end = |zone: &String| {
            let ends = |word: &str| {
                matches!(word, "destroy" | "keep-data" | "purge" | "halt" | "shutdown") || word.starts_with("reinstall")
            };
            words[0] == "shutdown-all"
                || words.iter().take(2).any(|word| ends(word)) && words[1..].contains(&zone.as_str())
        };
        match result {
            // Killed: recovery has the word.
            Err(None) => Vec::new(),
            Ok(()) => down
                .filter(|zone| !may_end(zone) && !words[0].starts_with("recover"))
                .map(|z| format!("{z} is down"))
                .collect(),
            Err(Some(error)) => {
                let mut said = format!("{error}");
                error.details().iter().for_each(|detail| said += &format!("\n{}", detail.message));
                let named = |zone: &String| said.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == zone);
                // Each of several zones succeeds or fails on its own.
                let ids = self.entry_ids();
                let is_end = words[0].starts_with("shutdown");
                let destroyed = |zone: &String| may_end(zone) && (is_end || !ids.contains_key(zone));
                down.filter(|zone| !named(zone) && !destroyed(zone))
                    .map(|z| format!("{z} is down, and the error does not name it: {said}"))
                    .collect()
            }
        }
    }
}

/// Returns true if a double has only holders of another at the same place: one of three has let go. `renamed`: the old and the new
/// name of a zone that has been renamed since the other was seen.
fn is_part(double: &str, other: &str, renamed: Option<(&str, &str)>) -> bool {
    let split = |text: &str| {
        let (place, holders) = text.split_once(": ").unwrap_or_default();
        (place.to_owned(), holders.split('"').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<String>>())
    };
    let ((place, few), (same, all)) = (split(double), split(other));
    let old_name = |name: &String| match renamed {
        Some((from, to)) if name == to => from.to_owned(),
        _ => name.clone(),
    };
    place == same && few.iter().map(old_name).all(|name| all.contains(&name))
}

/// Plays one sequence; the steps so far and what is wrong where something is.
fn play(seed: u64) -> Result<usize, String> {
    let mut dice = Dice(seed);
    let mut machine = Machine::new();
    let mut steps: Vec<String> = Vec::new();
    let mut done = 0;
    for zone in &ZONES[..2] {
        machine.step(&format!("create {zone}"), None);
    }
    for _ in 0..LENGTH {
        let line = draw(&mut dice);
        let dies = dice.roll(16) == 0;
        let point = dies.then(|| 1 + dice.roll(60) as u64);
        let point = point.filter(|_| is_operation(&line.split(' ').collect::<Vec<_>>()));
        steps.push(point.map_or_else(|| line.clone(), |point| format!("{line} (killed at {point})")));
        let wrong = machine.step(&line, point);
        if !wrong.is_empty() {
            let kept = machine.scratch.keep();
            return Err(format!(
                "seed {seed}, after\n  {}\n{}\n(the machine is in {})",
                steps.join("\n  "),
                wrong.join("\n"),
                kept.display()
            ));
        }
        done += 1;
    }
    Ok(done)
}

/// Plays the sequences of these seeds on all cores.
fn play_all(seeds: std::ops::Range<u64>) {
    let next = AtomicUsize::new(seeds.start as usize);
    let failures = std::sync::Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst) as u64;
                    if seed >= seeds.end || failures.lock().unwrap().len() > 4 {
                        return;
                    }
                    if seed > seeds.start && (seed - seeds.start).is_multiple_of(1000) {
                        eprintln!("soak: {} of {} sequences", seed - seeds.start, seeds.end - seeds.start);
                    }
                    if let Err(failure) = play(seed) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn random_sequences_lose_nothing_and_double_nothing() {
    match env::var("ZMGR_SEQUENCE") {
        Ok(seeds) => {
            let (first, last) = seeds.split_once('-').unwrap_or((&seeds, &seeds));
            play_all(first.parse().unwrap()..last.parse::<u64>().unwrap() + 1);
        }
        Err(_) => play_all(1..301),
    }
}

#[test]
fn soak_random_sequences() {
    if env::var_os("ZMGR_SOAK").is_some() {
        play_all(1..30_001);
    }
}
