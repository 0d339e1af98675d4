//! Rows about whole zones: creating one against a script of the same commands, many at once, listing them; and starting up.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::host::{Host, HostZoneNets};
use zmgr::internals::registry::WriteHook;
use zmgr::{CreateOptions, DestroyOptions, Fault, Manager, Query, QueryHost, RunOptions, SimHost};

use crate::registry::{self, Plain, ZONES};
use crate::rows::{Aim, Table, medians, time};

const ROUNDS: usize = 7;

pub(crate) fn rows(table: &mut Table) {
    if table.wants("start") {
        start(table);
    }
    if table.wants("create many") {
        many(table);
        sleeping(table);
    }
    if table.wants("golden") {
        golden(table);
    }
    if table.wants("create one") {
        one_against_a_script(table, 0);
        one_against_a_script(table, ZONES);
    }
    if table.wants("list") {
        list(table);
    }
    if table.wants("look") {
        look(table);
    }
}

/// The release build of the command line, which the linked programs are.
fn zmgr() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/zmgr");
    path.exists().then_some(path)
}

/// A machine whose programs are processes, and its tree.
fn linked(dir: &Path, zmgr: &Path) {
    let machine = SimHost::create(dir, zmgr::Dialect::OpenIndiana).unwrap();
    machine.link(dir.join("usr/sbin"), &[zmgr.into(), "sim".into(), "answer".into()]).unwrap();
    Manager::builder().host_root(dir).build().unwrap().init().unwrap();
}

/// Adds so many installed zones to a machine and to its tree, as zmgr would have left them: by writing their files.
fn fill(dir: &Path, manager: &Manager, zones: usize) {
    if zones == 0 {
        return;
    }
    let quiet = || CreateOptions::new().boot(false);
    manager.create("pattern", &quiet(), &mut RunOptions::new()).unwrap();
    let directory = dir.join("etc/zones");
    let pattern = fs::read_to_string(directory.join("pattern.xml")).unwrap();
    let (_, after) = pattern.split_once("allowed-address=").unwrap();
    let of_pattern = format!("\"{}\"", after.split('"').nth(1).unwrap());
    manager.destroy(&["pattern"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
    fs::write(manager.root().join("pools/big.kdl"), registry::POOL).unwrap();
    let mut index = fs::read_to_string(directory.join("index")).unwrap();
    for n in 0..zones {
        let name = format!("zone{n:05}");
        index += &format!("{name}:installed:/zones/{name}:6ba7b810-9dad-11d1-80b4-{n:012x}\n");
        let address = registry::address(n);
        let document = pattern.replace("pattern", &name).replace(&of_pattern, &format!("\"{address}/16\""));
        fs::write(directory.join(format!("{name}.xml")), document).unwrap();
        fs::DirBuilder::new().mode(0o700).create(dir.join("zones").join(&name)).unwrap();
        fs::write(manager.root().join(format!("zones/{name}.kdl")), registry::zone(n)).unwrap();
    }
    fs::write(directory.join("index"), index).unwrap();
    registry::settle();
    // A reservation writes the index of the registry.
    manager.allocate("big", "first", None, &mut RunOptions::new()).unwrap();
}

/// Returns the duration of a process that must succeed.
fn run(command: &mut Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    time(|| assert!(command.status().unwrap().success(), "{command:?}"))
}

/// Cost of a process before it does anything.
fn start(table: &mut Table) {
    let scratch = table.directory();
    let (source, empty) = (scratch.join("empty.rs"), scratch.join("empty"));
    fs::write(&source, "fn main() {}\n").unwrap();
    let built = Command::new("rustc").args(["-O", "-o"]).arg(&empty).arg(&source).status();
    let (Some(zmgr), true) = (zmgr(), built.is_ok_and(|status| status.success())) else {
        return table.row("zmgr --version", Duration::ZERO, "rustc", None, Aim::Within(1.5));
    };
    let mut ours = || run(Command::new(&zmgr).arg("--version"));
    let mut theirs = || run(&mut Command::new(&empty));
    let [ours, theirs] = medians(101, [&mut ours, &mut theirs]);
    table.row("zmgr --version", ours, "an empty Rust program", Some(theirs), Aim::Within(1.5));
}

fn one_against_a_script(table: &mut Table, zones: usize) {
    let what = &format!("create of a zone beside {zones} others, its commands being processes");
    let Some(zmgr) = zmgr() else {
        return table.row(what, Duration::ZERO, "sh", None, Aim::Within(1.1));
    };
    let scratch = table.directory();
    let dir = scratch.join("host");
    linked(&dir, &zmgr);
    fill(&dir, &Manager::builder().host_root(&dir).build().unwrap(), zones);
    let commands = recorded(&dir, &scratch);
    let script = scratch.join("create.sh");
    fs::write(&script, commands.join("\n") + "\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();

    let manager = Manager::builder().host_root(&dir).build().unwrap();
    let destroy = || {
        let run = &mut RunOptions::new();
        assert!(manager.destroy(&["web01"], &DestroyOptions::new(), run).unwrap().error().is_none());
    };
    let clean = |dir: &Path| {
        let run = |program: &str, arguments: &[&str]| {
            let path = dir.join("usr/sbin").join(program);
            assert!(Command::new(path).args(arguments).stdin(Stdio::null()).status().unwrap().success());
        };
        run("zoneadm", &["-z", "web01", "halt"]);
        run("zoneadm", &["-z", "web01", "uninstall", "-F"]);
        run("zonecfg", &["-z", "web01", "delete", "-F"]);
        run("dladm", &["delete-vnic", "web01_0"]);
    };
    let mut ours = || {
        let took = run(Command::new(&zmgr).arg("--host-root").arg(&dir).args(["-q", "create", "web01"]));
        destroy();
        took
    };
    let mut theirs = || {
        let took = run(Command::new("sh").arg(&script));
        clean(&dir);
        took
    };
    let directory = manager.root().join("zones");
    let mut sweep = || registry::process("stat", &[directory.to_str().unwrap()]);
    let [ours, theirs, sweep] = medians(ROUNDS, [&mut ours, &mut theirs, &mut sweep]);
    // The promise that no address is given twice, whatever was edited by hand, costs a look at each file.
    let (name, theirs) = match zones {
        0 => ("a sh script with the same commands", theirs),
        _ => ("a sh script with the same commands, and one stat sweep", theirs + sweep),
    };
    table.row(what, ours, name, Some(theirs), Aim::Within(1.1));
}

/// Every command that a creation runs, as lines of a shell script; the files that it gives to zonecfg are kept.
fn recorded(dir: &Path, scratch: &Path) -> Vec<String> {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (seen, bin, kept) = (Arc::clone(&lines), dir.join("usr/sbin"), scratch.to_owned());
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        let Moment::Before(invocation) = moment else { return };
        let mut argv = invocation.argv();
        argv[0] = bin.join(&argv[0]).display().to_string();
        let mut lines = seen.lock().unwrap();
        for word in argv.iter_mut().filter(|word| word.ends_with(".zonecfg")) {
            let copy = kept.join(format!("script{}", lines.len()));
            fs::copy(&*word, &copy).unwrap();
            *word = copy.display().to_string();
        }
        lines.push(format!("{} </dev/null", zmgr::internals::exec::command_line(&argv)));
    });
    let manager = Manager::builder().host_root(dir).observed(watcher, WriteHook::none()).build().unwrap();
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let recorded = lines.lock().unwrap().clone();
    let quiet = Manager::builder().host_root(dir).build().unwrap();
    assert!(quiet.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().error().is_none());
    recorded
}

/// A manager whose pool has room for thousands.
fn roomy(dir: &Path) -> Manager {
    let manager = Manager::builder().simulate(dir).build().unwrap();
    manager.init().unwrap();
    let pool = "pool \"internal\" {\n    network \"10.0.0.0/16\"\n    gateway \"10.0.0.1\"\n    stub \"stub0\"\n}\n";
    fs::write(manager.root().join("pools/internal.kdl"), pool).unwrap();
    manager
}

fn many(table: &mut Table) {
    const ZONES: usize = 400;
    let names: Vec<String> = (0..ZONES).map(|n| format!("z{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut create = || {
        let manager = roomy(&table.directory().join("host"));
        time(|| {
            manager
                .create_all(&names, &CreateOptions::new(), &mut RunOptions::new().jobs(4))
                .unwrap()
                .into_result()
                .unwrap()
        })
    };
    let [ours] = medians(5, [&mut create]);
    let wanted = Duration::from_millis(5) * u32::try_from(ZONES).unwrap();
    table.row(
        "batch create of 400 zones on the simulated host, 4 at a time",
        ours,
        "200 zones a second",
        Some(wanted),
        Aim::Within(1.0),
    );
}

/// Zones whose installation takes a while, some at a time.
fn sleeping(table: &mut Table) {
    let names: Vec<String> = (0..8).map(|n| format!("z{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let create = |jobs: usize| {
        let dir = table.directory().join("host");
        let manager = roomy(&dir);
        let mut fault = Fault::new("zoneadm");
        (fault.subcommand, fault.delay) = (Some("install".to_owned()), Some(Duration::from_millis(500)));
        SimHost::open(dir).unwrap().fault(&fault).unwrap();
        let run = &mut RunOptions::new().jobs(jobs);
        time(|| manager.create_all(&names, &CreateOptions::new(), run).unwrap().into_result().unwrap())
    };
    let (mut one, mut two, mut four) = (|| create(1), || create(2), || create(4));
    let [one, two, four] = medians(5, [&mut one, &mut two, &mut four]);
    for (jobs, took) in [(2.0, two), (4.0, four)] {
        let what = format!("create of 8 zones whose install sleeps 0.5 s, {jobs} at a time");
        table.row(&what, took, "one at a time", Some(one), Aim::Faster(0.95 * jobs));
    }
}

/// Zones that are cloned from a golden zone, against the same number of installations. An install of illumos takes about a minute, a
/// clone about three seconds: here both take a part of that.
fn golden(table: &mut Table) {
    for (jobs, aim) in [(1, 8.0), (4, 3.0)] {
        let (mut cloned, mut installed) = (|| create_20(table, true, jobs), || create_20(table, false, jobs));
        let [cloned, installed] = medians(3, [&mut cloned, &mut installed]);
        let what =
            format!("create of 20 zones of a golden template, install sleeps 0.5 s, clone 0.025 s, {jobs} at a time");
        table.row(&what, cloned, "20 installs", Some(installed), Aim::Faster(aim));
    }
}

/// Creates 20 zones on a new host, whose template may be golden.
fn create_20(table: &Table, is_golden: bool, jobs: usize) -> Duration {
    let names: Vec<String> = (0..20).map(|n| format!("z{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let dir = table.directory().join("host");
    let manager = roomy(&dir);
    let template = manager.root().join("templates/oi.kdl");
    let text = fs::read_to_string(&template).unwrap();
    let install = format!("autoboot #true\n    install {{ golden #{is_golden}; }}");
    fs::write(&template, text.replace("autoboot #true", &install)).unwrap();
    let host = SimHost::open(dir).unwrap();
    for (subcommand, millis) in [("install", 500), ("clone", 25)] {
        let mut fault = Fault::new("zoneadm");
        (fault.subcommand, fault.delay) = (Some(subcommand.to_owned()), Some(Duration::from_millis(millis)));
        host.fault(&fault).unwrap();
    }
    let run = &mut RunOptions::new().jobs(jobs);
    let took = time(|| manager.create_all(&names, &CreateOptions::new(), run).unwrap().into_result().unwrap());
    let goldens = manager.zones(&Query::new().unregistered(true)).unwrap().len() - names.len();
    assert_eq!(goldens, usize::from(is_golden));
    took
}

fn list(table: &mut Table) {
    let Some(zmgr) = zmgr() else {
        return table.row("list", Duration::ZERO, "", None, Aim::Within(2.0));
    };
    let dir = table.directory().join("host");
    linked(&dir, &zmgr);
    let manager = Manager::builder().host_root(&dir).build().unwrap();
    fill(&dir, &manager, ZONES);
    let zones = manager.root().join("zones");
    let query = || Query::new().query_host(QueryHost::Never);
    let mut ours = || time(|| assert_eq!(manager.zones(&query()).unwrap().len(), ZONES));
    let mut floor = || time(|| registry::stat_floor(&zones));
    let [ours, floor] = medians(31, [&mut ours, &mut floor]);
    let what = "list of 8,000 zones in process, warm, without the host";
    table.row(what, ours, "readdir and fstatat", Some(floor), Aim::Within(2.0));

    let plain = Plain::new(table.directory(), ZONES);
    let mut whole = || run(Command::new(&zmgr).arg("--host-root").arg(&dir).arg("list"));
    let mut listed = || run(Command::new(dir.join("usr/sbin/zoneadm")).args(["list", "-cp"]));
    let mut floor = || registry::process("stat", &[zones.to_str().unwrap()]);
    let mut python = || plain.as_ref().map_or(Duration::ZERO, |plain| plain.run("list", &[]));
    let [whole, listed, floor, python] = medians(11, [&mut whole, &mut listed, &mut floor, &mut python]);
    println!("(zmgr list, whole: {whole:.2?}; zoneadm list -cp on the simulated host: {listed:.2?})");
    let beyond = whole.saturating_sub(listed);
    let what = "zmgr list of 8,000 zones beyond what zoneadm list takes";
    table.row(what, beyond, "readdir and fstatat, a process of its own", Some(floor), Aim::Within(2.0));
    let theirs = plain.map(|_| python);
    table.row(what, beyond, "Python: a directory of JSON files, no host", theirs, Aim::Faster(1.0));
}

/// A look at what zones have on the host, as before every creation: each document is checked, and read if it has changed.
fn look(table: &mut Table) {
    const CHANGED: usize = 80;
    let Some(zmgr) = zmgr() else {
        return table.row("look", Duration::ZERO, "", None, Aim::Within(2.0));
    };
    let dir = table.directory().join("host");
    linked(&dir, &zmgr);
    fill(&dir, &Manager::builder().host_root(&dir).build().unwrap(), ZONES);
    let documents = dir.join("etc/zones");
    let host = Host::below(&dir).unwrap();
    let listed = host.snapshot(&BTreeSet::new()).unwrap();
    let ask = |before: Vec<HostZoneNets>| {
        let mut state = listed.clone();
        let took = time(|| host.nets_of_zones(&mut state, before).unwrap());
        assert_eq!(state.nets.len(), ZONES);
        (took, state.nets)
    };
    let (_, known) = ask(Vec::new());
    let change = || {
        for n in 0..CHANGED {
            let document = documents.join(format!("zone{n:05}.xml"));
            let text = fs::read(&document).unwrap();
            fs::write(&document, text).unwrap();
        }
    };
    let mut unchanged = || ask(known.clone()).0;
    let mut floor = || time(|| registry::stat_floor(&documents));
    let [none, floor_of_none] = medians(31, [&mut unchanged, &mut floor]);
    let mut changed = || {
        change();
        ask(known.clone()).0
    };
    let mut read = || {
        change();
        time(|| {
            registry::stat_floor(&documents);
            for n in 0..CHANGED {
                std::hint::black_box(fs::read(documents.join(format!("zone{n:05}.xml"))).unwrap());
            }
        })
    };
    let [some, floor_of_some] = medians(31, [&mut changed, &mut read]);
    let what = "look at the configurations of 8,000 zones, none of them changed";
    table.row(what, none, "readdir and fstatat", Some(floor_of_none), Aim::Within(2.0));
    let what = format!("look at the configurations of 8,000 zones, {CHANGED} of them changed");
    table.row(&what, some, "readdir, fstatat and reading those", Some(floor_of_some), Aim::Within(2.0));
}
