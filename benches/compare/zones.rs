//! Rows about whole zones: creating one against a script of the same commands, many at once, listing them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmgr::exec::{Moment, Watcher};
use zmgr::registry::Points;
use zmgr::{CreateOptions, DestroyOptions, Live, Manager, Query, RunOptions, SimHost};

use crate::rows::{Aim, Table, medians, time};

const ROUNDS: usize = 7;

pub(crate) fn rows(table: &mut Table) {
    if table.wants("create") {
        one_against_a_script(table);
    }
    if table.wants("batch create") {
        many(table);
    }
    if table.wants("list") {
        list(table);
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

fn one_against_a_script(table: &mut Table) {
    let what = "create of a zone, its commands being processes";
    let Some(zmgr) = zmgr() else {
        return table.row(what, Duration::ZERO, "sh", None, Aim::Within(1.1));
    };
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("host");
    linked(&dir, &zmgr);
    let commands = recorded(&dir, scratch.path());
    let script = scratch.path().join("create.sh");
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
        let mut create = Command::new(&zmgr);
        create.arg("--host-root").arg(&dir).args(["-q", "create", "web01"]);
        let took = time(|| assert!(create.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()));
        destroy();
        took
    };
    let mut theirs = || {
        let mut sh = Command::new("sh");
        let took =
            time(|| assert!(sh.arg(&script).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()));
        clean(&dir);
        took
    };
    let [ours, theirs] = medians(ROUNDS, [&mut ours, &mut theirs]);
    table.row(what, ours, "a sh script with the same commands", Some(theirs), Aim::Within(1.1));
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
        lines.push(format!("{} </dev/null", zmgr::exec::command_line(&argv)));
    });
    let manager = Manager::builder().host_root(dir).observed(watcher, Points::none()).build().unwrap();
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
        let dir = tempfile::tempdir().unwrap();
        let manager = roomy(&dir.path().join("host"));
        time(|| {
            manager
                .create_all(&names, &CreateOptions::new(), &mut RunOptions::new().jobs(2))
                .unwrap()
                .into_result()
                .unwrap()
        })
    };
    let [ours] = medians(3, [&mut create]);
    let wanted = Duration::from_millis(5) * u32::try_from(ZONES).unwrap();
    table.row(
        "batch create of 400 zones on the simulated host",
        ours,
        "200 zones a second",
        Some(wanted),
        Aim::Within(1.0),
    );
}

fn list(table: &mut Table) {
    const ZONES: usize = 1000;
    let dir = tempfile::tempdir().unwrap();
    let manager = roomy(&dir.path().join("host"));
    let names: Vec<String> = (0..ZONES).map(|n| format!("z{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    manager
        .create_all(&names, &CreateOptions::new().boot(false), &mut RunOptions::new().jobs(2))
        .unwrap()
        .into_result()
        .unwrap();
    // The first reservation after files are at rest writes the index anew.
    std::thread::sleep(Duration::from_millis(1100));
    manager.create("last", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let zones = manager.root().join("zones");
    let mut ours = || time(|| assert_eq!(manager.zones(&Query::new().live(Live::Never)).unwrap().len(), ZONES + 1));
    let mut floor = || {
        time(|| {
            let seen = fs::read_dir(&zones).unwrap().filter(|entry| entry.as_ref().unwrap().metadata().is_ok()).count();
            assert!(seen > ZONES);
        })
    };
    let [ours, floor] = medians(15, [&mut ours, &mut floor]);
    table.row(
        "list of 1,001 zones, warm, without the host",
        ours,
        "readdir and a stat of each file",
        Some(floor),
        Aim::Within(2.0),
    );
}
