//! Compares the command with recordings of the real one, and with itself.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use crate::{Call, Caller, Dialect, Machine, Output, Status};

/// Output of a command.
#[derive(Default)]
struct Written {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Output for Written {
    fn stdout(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.err.extend_from_slice(bytes);
    }
}

/// Runs a command on the machine, with `input` as standard input.
fn run(machine: &Machine, argv: &[&[u8]], input: &[u8]) -> (Status, Written) {
    let argv: Vec<OsString> = argv.iter().map(|arg| OsString::from_vec(arg.to_vec())).collect();
    let env = [("PAGER".into(), "cat".into()), ("PATH".into(), std::env::var_os("PATH").unwrap_or_default())];
    let mut written = Written::default();
    let mut input = input;
    let mut call = Call {
        hooks: None,
        argv: &argv,
        env: &env,
        cwd: machine.root(),
        stdin: &mut input,
        interrupted: &|| false,
        caller: Caller::InProcess,
    };
    let status = machine.answer(&mut call, &mut written);
    (status, written)
}

fn machine(dialect: Dialect) -> (tempfile::TempDir, Machine) {
    let directory = tempfile::tempdir().unwrap();
    let machine = Machine::create(directory.path(), dialect).unwrap();
    (directory, machine)
}

mod behaviour;
mod random;
mod recordings;
