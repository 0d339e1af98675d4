//! zmgr killed or interrupted while commands of its own work on: real processes, through linked programs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::machine::{Machine, error, interrupt, wait_for, zone};

/// Every document and datum of the machine that speaks of the zone, logs aside.
fn traces(machine: &Machine, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![machine.dir().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let own = path.ends_with(".zmgr") || path.ends_with("var/log");
            if own {
                continue;
            }
            if path.is_dir() {
                directories.push(path.clone());
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

#[test]
fn a_long_install_outlives_zmgr_and_is_finished_by_recover() {
    let machine = Machine::new();
    machine.sim(&["fault", "zoneadm", "install", "--delay", "3", "--times", "1"]);
    let mut zmgr = machine.start(&["create", "web01"]);
    wait_for(&machine, "web01", "incomplete");
    zmgr.kill().unwrap();
    zmgr.wait().unwrap();

    let busy = machine.zmgr(&["recover", "web01"]);
    assert_eq!(busy.status.code(), Some(9));
    let said = error(&busy);
    assert!(said["message"].as_str().unwrap().contains("install"), "{said}");
    assert!(said["message"].as_str().unwrap().contains("a command of an earlier zmgr is still running"), "{said}");
    assert!(said["help"].as_str().unwrap().contains("--wait"), "{said}");
    // The file by which the survivor can be found is the one that it has open.
    let lock = machine.dir().join("etc/zmgr/.zmgr/locks/web01.child");
    assert!(said["help"].as_str().unwrap().contains(lock.to_str().unwrap()) && lock.exists(), "{said}");
    assert_eq!(zone(&machine, "web01").unwrap().0, "creating");

    let waited = machine.zmgr(&["recover", "--wait", "web01"]);
    assert!(waited.status.success(), "{}", String::from_utf8_lossy(&waited.stderr));
    assert_eq!(zone(&machine, "web01"), Some(("ready".to_owned(), "running".to_owned())));
}

/// Duration of an install that is interrupted.
const INSTALL: Duration = Duration::from_secs(600);

#[test]
fn an_interrupt_during_the_install_leaves_nothing() {
    let machine = Machine::new();
    machine.sim(&["fault", "zoneadm", "install", "--delay", "600", "--times", "1"]);
    let zmgr = machine.start(&["create", "web01"]);
    wait_for(&machine, "web01", "incomplete");
    machine.wait_for_faults(0);
    let began = Instant::now();
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() < INSTALL, "it waited for the install");
    assert_eq!(traces(&machine, "web01"), Vec::<PathBuf>::new());
    assert!(machine.zmgr(&["create", "web01"]).status.success());
}

/// Before anything has begun: the first that zmgr asks of the host is not answered.
#[test]
fn an_interrupt_while_the_host_does_not_answer_ends_at_once() {
    let machine = Machine::new();
    machine.sim(&["fault", "zoneadm", "list", "--delay", "600", "--times", "1"]);
    let zmgr = machine.start(&["create", "web01"]);
    machine.wait_for_faults(0);
    let began = Instant::now();
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() < Duration::from_secs(600), "it waited for an answer");
    assert_eq!(traces(&machine, "web01"), Vec::<PathBuf>::new());
    machine.sim(&["fault", "--clear"]);
    machine.succeed(&["create", "web01"]);
}

#[test]
fn one_interrupt_does_not_stop_the_roll_back_and_a_second_leaves_what_recover_ends() {
    let machine = Machine::new();
    machine.sim(&["fault", "zoneadm", "install", "--delay", "20", "--times", "1"]);
    machine.sim(&["fault", "zoneadm", "uninstall", "--delay", "8", "--times", "1"]);
    let zmgr = machine.start(&["create", "web01"]);
    machine.wait_for_faults(1);
    interrupt(&zmgr);
    // It is the uninstall that works.
    machine.wait_for_faults(0);
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    let said = error(&output);
    assert!(said["help"].as_str().unwrap_or_default().contains("recover"), "{said}");
    assert_eq!(zone(&machine, "web01").unwrap().0, "creating");

    let recovered = machine.zmgr(&["recover", "--wait"]);
    assert!(recovered.status.success(), "{}", String::from_utf8_lossy(&recovered.stderr));
    assert_eq!(traces(&machine, "web01"), Vec::<PathBuf>::new());
}

#[test]
fn a_zone_made_by_hand_is_never_touched_by_recover() {
    let machine = Machine::new();
    machine.sim(&["fault", "zonecfg", "--abort", "before", "--times", "1"]);
    // zmgr dies before it configures the zone; a person then makes one of that name.
    assert!(!machine.zmgr(&["create", "web01"]).status.success());
    let commands = "create -b; set zonepath=/zones/web01; set brand=nlipkg; set ip-type=exclusive; \
                    add attr; set name=owner; set type=string; set value=me; end";
    assert!(machine.run(&["zonecfg", "-z", "web01", commands]).status.success());
    assert!(machine.run(&["zoneadm", "-z", "web01", "install"]).status.success());
    for words in [&["recover"][..], &["recover", "--rollback"], &["recover", "--resume"]] {
        let output = machine.zmgr(words);
        assert_eq!(output.status.code(), Some(16), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(zone(&machine, "web01"), Some(("creating".to_owned(), "installed".to_owned())));
    }
}
