//! A simulated machine whose programs are linked: they run by path and in processes of their own, as those of a real one do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A machine, which goes away with this.
pub(crate) struct Machine(tempfile::TempDir);

impl Machine {
    /// With linked programs, and nothing of zmgr's.
    pub(crate) fn bare() -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        machine.sim(&["new"]);
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

    /// Where a linked program is.
    pub(crate) fn bin(&self, program: &str) -> PathBuf {
        self.dir().join("usr/sbin").join(program)
    }

    pub(crate) fn sim(&self, words: &[&str]) {
        let output = zmgr().arg("--simulate").arg(self.dir()).arg("sim").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
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

pub(crate) fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}
