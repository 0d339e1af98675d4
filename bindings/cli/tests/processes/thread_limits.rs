//! A system that refuses threads and processes: zmgr makes do with fewer, or ends with an error and has changed nothing. It never
//! panics.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A user who is not exempt from limits, and has nothing else running.
const USER: u32 = 54_321;

/// Runs zmgr on the simulated host in this directory with at most so many threads and processes.
fn limited(directory: &Path, most: u32, words: &[&str]) -> Output {
    let mut command = Command::new("prlimit");
    if rustix::process::geteuid().is_root() {
        command = Command::new("setpriv");
        let user = format!("--reuid={USER}");
        command.args([&user, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "prlimit"]);
    }
    command.arg(format!("--nproc={most}")).arg(env!("CARGO_BIN_EXE_zmgr"));
    command.arg("--json").arg("--simulate").arg(directory).args(words);
    command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null()).output().unwrap()
}

/// Gives a directory to the user.
fn give(path: &Path) {
    chown(path, Some(USER), None).unwrap();
    if fs::symlink_metadata(path).unwrap().is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path()));
    }
}

/// A simulated host with a zone `a` that the limited user may change, below a directory that goes away with this.
fn machine() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let mut zmgr = Command::new(env!("CARGO_BIN_EXE_zmgr"));
    zmgr.arg("-q").arg("--simulate").arg(directory.path()).args(["create", "a"]);
    assert!(zmgr.env_remove("ZMGR_ROOT").stdout(Stdio::null()).status().unwrap().success());
    if fs::metadata(directory.path()).unwrap().uid() == 0 {
        give(directory.path());
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn queries_are_answered_without_a_thread() {
    let machine = machine();
    for words in
        [&["list"][..], &["show", "a"], &["check"], &["diff"], &["pool", "show", "internal"], &["pool", "list"]]
    {
        let output = limited(machine.path(), 1, words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", said(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|_| panic!("{words:?}"));
    }
}

#[test]
fn an_operation_without_a_thread_changes_nothing() {
    let machine = machine();
    let before = limited(machine.path(), 100, &["list"]).stdout;
    for most in [1, 2] {
        for words in [
            &["create", "b", "c", "-j8"][..],
            &["apply", "-j4"],
            &["destroy", "a", "--yes"],
            &["reinstall", "a", "--yes"],
            &["halt", "a"],
            &["reboot", "a"],
        ] {
            let output = limited(machine.path(), most, words);
            assert_eq!(output.status.code(), Some(15), "{most}: {words:?}: {}", said(&output));
            assert!(said(&output).contains("try again when fewer"), "{}", said(&output));
        }
        assert_eq!(limited(machine.path(), most, &["list"]).stdout, before);
    }
}

#[test]
fn fewer_workers_do_the_work_of_many() {
    let machine = machine();
    for most in [3, 4, 6] {
        let output = limited(machine.path(), most, &["create", "b", "c", "d", "-j8"]);
        assert_eq!(output.status.code(), Some(0), "{most}: {}", said(&output));
        let output = limited(machine.path(), most, &["destroy", "b", "c", "d", "-j8", "--yes"]);
        assert_eq!(output.status.code(), Some(0), "{most}: {}", said(&output));
    }
}
