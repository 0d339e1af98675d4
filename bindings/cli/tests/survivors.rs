//! zmgr killed or interrupted while commands of its own work on: real processes, through linked programs.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A machine driven through its linked programs.
struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Host {
        let host = Host(tempfile::tempdir().unwrap());
        host.sim(&["new"]);
        host.sim(&["link", host.dir().join("usr/sbin").to_str().unwrap()]);
        assert!(host.zmgr(&["init"]).status.success());
        host
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
        command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null());
        command
    }

    fn sim(&self, words: &[&str]) {
        let output = self.program().arg("--simulate").arg(self.dir()).arg("sim").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.program();
        command.arg("--host-root").arg(self.dir()).arg("--json").args(words);
        command
    }

    fn zmgr(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The registry's word on a zone and the host's.
    fn zone(&self, name: &str) -> Option<(String, String)> {
        let zones: Value = serde_json::from_slice(&self.zmgr(&["list"]).stdout).unwrap();
        let zone = zones.as_array().unwrap().iter().find(|zone| zone["name"] == name)?;
        Some((zone["state"].as_str()?.to_owned(), zone["status"].as_str()?.to_owned()))
    }

    fn wait_for(&self, name: &str, status: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.zone(name).is_none_or(|(_, now)| now != status) {
            assert!(Instant::now() < end, "waited in vain; {name} is {:?}", self.zone(name));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every document and datum of the machine that speaks of the zone, logs aside.
    fn traces(&self, name: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.dir().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let own = path.ends_with(".zmgr") || path.ends_with("var/log");
                if own {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path.clone());
                }
                let named = path.file_name().is_some_and(|file| file.to_string_lossy().contains(name));
                let text = std::fs::read(&path).unwrap_or_default();
                if named || String::from_utf8_lossy(&text).contains(name) {
                    found.push(path);
                }
            }
        }
        found
    }
}

fn error(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default();
    let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("no error in: {text}"));
    error["error"].clone()
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

#[test]
fn a_long_install_outlives_zmgr_and_is_finished_by_recover() {
    let host = Host::new();
    host.sim(&["fault", "zoneadm", "install", "--delay", "3", "--times", "1"]);
    let mut zmgr = host.start(&["create", "web01"]);
    host.wait_for("web01", "incomplete");
    zmgr.kill().unwrap();
    zmgr.wait().unwrap();

    let busy = host.zmgr(&["recover", "web01"]);
    assert_eq!(busy.status.code(), Some(9));
    let said = error(&busy);
    assert!(said["message"].as_str().unwrap().contains("install"), "{said}");
    assert!(said["message"].as_str().unwrap().contains("a command that an earlier zmgr started still works"), "{said}");
    assert!(said["help"].as_str().unwrap().contains("--wait"), "{said}");
    // The file by which the survivor can be found is the one that it has open.
    let lock = host.dir().join("etc/zmgr/.zmgr/locks/web01.child");
    assert!(said["help"].as_str().unwrap().contains(lock.to_str().unwrap()) && lock.exists(), "{said}");
    assert_eq!(host.zone("web01").unwrap().0, "creating");

    let waited = host.zmgr(&["recover", "--wait", "web01"]);
    assert!(waited.status.success(), "{}", String::from_utf8_lossy(&waited.stderr));
    assert_eq!(host.zone("web01"), Some(("ready".to_owned(), "running".to_owned())));
}

#[test]
fn an_interrupt_during_the_install_leaves_nothing() {
    let host = Host::new();
    host.sim(&["fault", "zoneadm", "install", "--delay", "20", "--times", "1"]);
    let zmgr = host.start(&["create", "web01"]);
    host.wait_for("web01", "incomplete");
    thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() < Duration::from_secs(15), "it waited for the install");
    assert_eq!(host.traces("web01"), Vec::<PathBuf>::new());
    assert!(host.zmgr(&["create", "web01"]).status.success());
}

#[test]
fn one_interrupt_does_not_stop_the_roll_back_and_a_second_leaves_what_recover_ends() {
    let host = Host::new();
    host.sim(&["fault", "zoneadm", "install", "--delay", "20", "--times", "1"]);
    host.sim(&["fault", "zoneadm", "uninstall", "--delay", "3", "--times", "1"]);
    let zmgr = host.start(&["create", "web01"]);
    host.wait_for("web01", "incomplete");
    thread::sleep(Duration::from_millis(300));
    interrupt(&zmgr);
    // By now it is the uninstall that works.
    thread::sleep(Duration::from_millis(1500));
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    let said = error(&output);
    assert!(said["help"].as_str().unwrap_or_default().contains("recover"), "{said}");
    assert_eq!(host.zone("web01").unwrap().0, "creating");

    let recovered = host.zmgr(&["recover", "--wait"]);
    assert!(recovered.status.success(), "{}", String::from_utf8_lossy(&recovered.stderr));
    assert_eq!(host.traces("web01"), Vec::<PathBuf>::new());
}

#[test]
fn a_zone_made_by_hand_is_never_touched_by_recover() {
    let host = Host::new();
    host.sim(&["fault", "zonecfg", "--abort", "before", "--times", "1"]);
    // zmgr dies before it configures the zone; a person then makes one of that name.
    assert!(!host.zmgr(&["create", "web01"]).status.success());
    let bin = |program: &str| host.dir().join("usr/sbin").join(program);
    let zone = "create -b; set zonepath=/zones/web01; set brand=nlipkg; set ip-type=exclusive; \
                add attr; set name=owner; set type=string; set value=me; end";
    let zonecfg = Command::new(bin("zonecfg")).args(["-z", "web01", zone]).stdin(Stdio::null()).status().unwrap();
    assert!(zonecfg.success());
    let zoneadm = Command::new(bin("zoneadm"))
        .args(["-z", "web01", "install"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(zoneadm.success());
    for words in [&["recover"][..], &["recover", "--rollback"], &["recover", "--resume"]] {
        let output = host.zmgr(words);
        assert_eq!(output.status.code(), Some(16), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(host.zone("web01"), Some(("creating".to_owned(), "installed".to_owned())));
    }
}
