//! Programs of `sim link`, run as other people's tools run them: by path, in processes of their own, killed at will.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::machine::{Machine, until};

/// A machine with a configured zone.
fn with_web1() -> Machine {
    let machine = Machine::bare();
    assert!(machine.run(&["dladm", "create-vnic", "-l", "stub0", "web1_0"]).status.success());
    let zone = "create -b; set zonepath=/zones/web1; set brand=nlipkg; set ip-type=exclusive; \
                add net; set physical=web1_0; end";
    assert!(machine.run(&["zonecfg", "-z", "web1", zone]).status.success());
    machine
}

fn state(machine: &Machine) -> String {
    let output = machine.run(&["zoneadm", "-z", "web1", "list", "-p"]);
    let line = String::from_utf8(output.stdout).unwrap();
    line.split(':').nth(2).unwrap_or_default().to_owned()
}

/// An install that takes six seconds, once the zone shows its middle state. In a process group of its own.
fn slow_install(machine: &Machine) -> Child {
    machine.sim(&["fault", "zoneadm", "install", "--delay", "6", "--times", "1"]);
    let mut zoneadm = machine.program(&["zoneadm", "-z", "web1", "install"]);
    let child = zoneadm.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_until(machine, || state(machine) == "incomplete");
    // The hook takes a moment to start; before that a signal would end zoneadm alone. No event tells when it catches signals.
    let hooks = || fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap_or_default();
    while !hooks().split_whitespace().any(catches_interrupts) {
        thread::yield_now();
    }
    child
}

/// Returns true if this process handles SIGINT itself.
fn catches_interrupts(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigCgt:")?.trim(), 16).ok());
    caught.is_some_and(|caught| caught & 0b10 != 0)
}

fn wait_until(machine: &Machine, holds: impl Fn() -> bool) {
    until(machine.dir(), &format!("the zone is {}", state(machine)), holds);
}

#[test]
fn a_hook_outlives_its_zoneadm() {
    let machine = with_web1();
    let mut zoneadm = slow_install(&machine);
    zoneadm.kill().unwrap();
    zoneadm.wait().unwrap();
    let root = machine.dir().join("zones/web1/root/etc/passwd");
    assert!(!root.exists() && state(&machine) == "incomplete");
    wait_until(&machine, || root.exists());
    // No process is left to report that it is installed.
    assert_eq!(state(&machine), "incomplete");
    let again = machine.run(&["zoneadm", "-z", "web1", "install"]);
    assert_eq!(
        String::from_utf8_lossy(&again.stderr),
        "zoneadm: zone 'web1': zone is incomplete; uninstall required.\n"
    );
    wait_until(&machine, || machine.run(&["zoneadm", "-z", "web1", "uninstall", "-F"]).status.success());
    assert_eq!(state(&machine), "configured");
}

#[test]
fn an_interrupt_reaches_the_hook() {
    let machine = with_web1();
    let mut zoneadm = slow_install(&machine);
    let group = format!("-{}", zoneadm.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    assert_eq!(zoneadm.wait().unwrap().code(), Some(1));
    assert_eq!(state(&machine), "incomplete");
}

#[test]
fn a_fault_kills_the_caller() {
    let machine = with_web1();
    for (when, left) in [("before", "configured"), ("after", "installed")] {
        machine.sim(&["fault", "zoneadm", "install", "--abort", when, "--times", "1"]);
        let line = format!("{} -z web1 install; echo survived", machine.bin("zoneadm").display());
        let shell = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(shell.status.signal(), Some(9), "{when}");
        wait_until(&machine, || state(&machine) == left);
    }
}

#[test]
fn processes_at_once_keep_the_index_whole() {
    let machine = with_web1();
    thread::scope(|scope| {
        for worker in 0..4 {
            let machine = &machine;
            scope.spawn(move || {
                for round in 0..6 {
                    let zone = format!("w{worker}-{round}");
                    let link = format!("w{worker}r{round}");
                    let text = format!("create -b; set zonepath=/zones/{zone}; set brand=nlipkg; set autoboot=true");
                    assert!(machine.run(&["dladm", "create-vnic", "-l", "stub0", &link]).status.success());
                    assert!(machine.run(&["zonecfg", "-z", &zone, &text]).status.success());
                    assert!(machine.run(&["zoneadm", "-z", &zone, "install"]).status.success());
                }
            });
        }
    });
    let listed = String::from_utf8(machine.run(&["zoneadm", "list", "-ip"]).stdout).unwrap();
    assert_eq!(listed.lines().filter(|line| line.contains(":installed:")).count(), 24, "{listed}");
    let vnics = String::from_utf8(machine.run(&["dladm", "show-vnic", "-p", "-o", "macaddress"]).stdout).unwrap();
    let unique: std::collections::BTreeSet<&str> = vnics.lines().collect();
    assert_eq!(unique.len(), 25);
}
