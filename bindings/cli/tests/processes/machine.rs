//! A simulated machine whose programs are linked: they run by path and in processes of their own, as those of a real one do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use zmgr::SimHost;

#[path = "../../../../tests/rust/changes.rs"]
mod changes;

pub(crate) use changes::until;

/// A machine, which goes away with this.
pub(crate) struct Machine(tempfile::TempDir);

impl Machine {
    /// With linked programs, and nothing of zmgr's.
    pub(crate) fn bare() -> Machine {
        Machine::of("openindiana")
    }

    /// A machine of this dialect, with linked programs.
    pub(crate) fn of(dialect: &str) -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        machine.sim(&["new", "--dialect", dialect]);
        machine.sim(&["link", machine.bin("").to_str().unwrap()]);
        machine
    }

    /// With zmgr's tree as well.
    pub(crate) fn new() -> Machine {
        let machine = Machine::bare();
        machine.succeed(&["init"]);
        machine
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    /// Returns the path of a linked program.
    pub(crate) fn bin(&self, program: &str) -> PathBuf {
        self.dir().join("usr/sbin").join(program)
    }

    pub(crate) fn sim(&self, words: &[&str]) {
        let output = zmgr().arg("--simulate").arg(self.dir()).arg("sim").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Waits until no more than so many faults are set: one with `--times 1` is gone as soon as its command has come to it.
    pub(crate) fn wait_for_faults(&self, left: usize) {
        let machine = SimHost::open(self.dir()).unwrap();
        until(self.dir(), "a command has come to its fault", || machine.faults().unwrap().len() <= left);
    }

    /// zmgr on this machine, in words for a person.
    pub(crate) fn spoken(&self, words: &[&str]) -> Command {
        let mut command = zmgr();
        command.arg("--host-root").arg(self.dir()).args(words);
        command
    }

    /// zmgr on this machine, in JSON.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.spoken(&[&["--json"], words].concat())
    }

    pub(crate) fn zmgr(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn succeed(&self, words: &[&str]) -> Output {
        let output = self.zmgr(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        serde_json::from_slice(&self.succeed(words).stdout).unwrap()
    }

    /// Puts a script in the place of a linked program.
    pub(crate) fn replace(&self, program: &str, script: &str) {
        let path = self.bin(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A program of the machine, with an empty environment, as some tools call it.
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.bin(words[0]));
        command.args(&words[1..]).env_clear().stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.program(words).output().unwrap()
    }
}

/// Nothing that is set where the tests run says which machine it is about.
fn zmgr() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
    command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null());
    command
}

/// The error that zmgr ended with, which is the last it says.
pub(crate) fn error(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default();
    let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("no error in: {text}"));
    error["error"].clone()
}

/// The state of a zone in the registry, and that on the host.
pub(crate) fn zone(machine: &Machine, name: &str) -> Option<(String, String)> {
    let zones = machine.json(&["list"]);
    let zone = zones.as_array().unwrap().iter().find(|zone| zone["name"] == name)?;
    Some((zone["state"].as_str()?.to_owned(), zone["status"].as_str()?.to_owned()))
}

/// Waits until the host says this of a zone.
pub(crate) fn wait_for(machine: &Machine, name: &str, status: &str) {
    until(machine.dir(), &format!("{name} is {status}"), || zone(machine, name).is_some_and(|(_, now)| now == status));
}

pub(crate) fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}
