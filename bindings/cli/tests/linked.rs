//! Programs of `sim link`, run as other people's tools run them: by path, in processes of their own, killed at will.
#![allow(missing_docs)]

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

struct Host(tempfile::TempDir);

impl Host {
    /// A machine with linked programs and a configured zone.
    fn new() -> Host {
        let host = Host(tempfile::tempdir().unwrap());
        host.sim(&["new"]);
        host.sim(&["link", host.bin("").to_str().unwrap()]);
        assert!(host.run(&["dladm", "create-vnic", "-l", "stub0", "web1_0"]).status.success());
        let zone = "create -b; set zonepath=/zones/web1; set brand=nlipkg; set ip-type=exclusive; \
                    add net; set physical=web1_0; end";
        assert!(host.run(&["zonecfg", "-z", "web1", zone]).status.success());
        host
    }

    fn bin(&self, name: &str) -> PathBuf {
        self.0.path().join("usr/sbin").join(name)
    }

    fn sim(&self, words: &[&str]) {
        let mut zmgr = Command::new(env!("CARGO_BIN_EXE_zmgr"));
        let output = zmgr.arg("--simulate").arg(self.0.path()).arg("sim").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// With an empty environment, as some tools do.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.bin(words[0]));
        command.args(&words[1..]).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }

    fn state(&self) -> String {
        let output = self.run(&["zoneadm", "-z", "web1", "list", "-p"]);
        let line = String::from_utf8(output.stdout).unwrap();
        line.split(':').nth(2).unwrap_or_default().to_owned()
    }

    /// An install that takes three seconds, once the zone shows its middle state. In a process group of its own.
    fn slow_install(&self) -> Child {
        self.sim(&["fault", "zoneadm", "install", "--delay", "3", "--times", "1"]);
        let child = self.command(&["zoneadm", "-z", "web1", "install"]).process_group(0).spawn().unwrap();
        self.wait_until(|host| host.state() == "incomplete");
        // The hook takes a moment to start; before that a signal would end zoneadm alone.
        thread::sleep(Duration::from_millis(1000));
        child
    }

    fn wait_until(&self, holds: impl Fn(&Host) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(Instant::now() < end, "waited in vain; the zone is {}", self.state());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_hook_outlives_its_zoneadm() {
    let host = Host::new();
    let mut zoneadm = host.slow_install();
    zoneadm.kill().unwrap();
    zoneadm.wait().unwrap();
    let root = host.0.path().join("zones/web1/root/etc/passwd");
    assert!(!root.exists() && host.state() == "incomplete");
    host.wait_until(|_| root.exists());
    // Nobody is left to say that it is installed.
    assert_eq!(host.state(), "incomplete");
    let again = host.run(&["zoneadm", "-z", "web1", "install"]);
    assert_eq!(
        String::from_utf8_lossy(&again.stderr),
        "zoneadm: zone 'web1': zone is incomplete; uninstall required.\n"
    );
    host.wait_until(|host| host.run(&["zoneadm", "-z", "web1", "uninstall", "-F"]).status.success());
    assert_eq!(host.state(), "configured");
}

#[test]
fn an_interrupt_reaches_the_hook() {
    let host = Host::new();
    let mut zoneadm = host.slow_install();
    let group = format!("-{}", zoneadm.id());
    assert!(Command::new("kill").args(["-INT", "--", &group]).status().unwrap().success());
    assert_eq!(zoneadm.wait().unwrap().code(), Some(1));
    assert_eq!(host.state(), "incomplete");
}

#[test]
fn a_fault_kills_the_caller() {
    let host = Host::new();
    for (when, state) in [("before", "configured"), ("after", "installed")] {
        host.sim(&["fault", "zoneadm", "install", "--abort", when, "--times", "1"]);
        let line = format!("{} -z web1 install; echo survived", host.bin("zoneadm").display());
        let shell = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(shell.status.signal(), Some(9), "{when}");
        host.wait_until(|host| host.state() == state);
    }
}

#[test]
fn processes_at_once_keep_the_index_whole() {
    let host = Host::new();
    thread::scope(|scope| {
        for worker in 0..4 {
            let host = &host;
            scope.spawn(move || {
                for round in 0..6 {
                    let zone = format!("w{worker}-{round}");
                    let link = format!("w{worker}r{round}");
                    let text = format!("create -b; set zonepath=/zones/{zone}; set brand=nlipkg; set autoboot=true");
                    assert!(host.run(&["dladm", "create-vnic", "-l", "stub0", &link]).status.success());
                    assert!(host.run(&["zonecfg", "-z", &zone, &text]).status.success());
                    assert!(host.run(&["zoneadm", "-z", &zone, "install"]).status.success());
                }
            });
        }
    });
    let listed = String::from_utf8(host.run(&["zoneadm", "list", "-ip"]).stdout).unwrap();
    assert_eq!(listed.lines().filter(|line| line.contains(":installed:")).count(), 24, "{listed}");
    let vnics = String::from_utf8(host.run(&["dladm", "show-vnic", "-p", "-o", "macaddress"]).stdout).unwrap();
    let unique: std::collections::BTreeSet<&str> = vnics.lines().collect();
    assert_eq!(unique.len(), 25);
}
