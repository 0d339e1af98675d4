//! Progress of many zones on terminals of 80 and 120 columns, and without one.
#![allow(missing_docs)]

mod pty;

use std::path::Path;
use std::process::Output;

const NAMES: [&str; 3] = ["web01", "web02", "web-with-a-name-of-a-length-that-some-zones-have"];

/// A machine on which two installs take as long as each other's: both wait in the same file system.
fn host(directory: &Path) {
    let run = |words: &[&str]| {
        let output = pty::zmgr(directory).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["sim", "new"]);
    run(&["sim", "fault", "zoneadm", "install", "--delay", "0.7"]);
}

fn create(directory: &Path, words: &[&str]) -> std::process::Command {
    let mut command = pty::zmgr(directory);
    command.args(["create", "-j", "3"]).args(words).args(NAMES);
    command
}

fn at(columns: u16) {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path());
    let seen = pty::run(create(directory.path(), &[]), columns, "");
    assert!(seen.status.success(), "{}", seen.text);
    let frames = seen.frames();
    for line in frames.iter().flat_map(|frame| frame.lines()) {
        assert!(line.chars().count() <= columns.into(), "too wide for {columns}: {line}");
    }
    let working = |frame: &&String| {
        NAMES[..2]
            .iter()
            .all(|name| frame.lines().any(|l| l.starts_with(&format!("{name} [")) && l.contains("install")))
    };
    let both = frames.iter().find(working).unwrap_or_else(|| panic!("one line for each zone: {frames:#?}"));
    assert!(both.contains("0 of 3 done"), "{both}");
    assert!(frames.iter().any(|frame| frame.contains("created") && frame.contains("1 of 3 done")), "{frames:#?}");
    let screen = seen.screen();
    let mut lines: Vec<&str> = screen.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 3, "only the results stay: {screen}");
    assert!(lines.iter().all(|line| line.starts_with("created web")), "{screen}");
}

#[test]
fn one_line_for_each_zone_at_80_columns() {
    at(80);
}

#[test]
fn one_line_for_each_zone_at_120_columns() {
    at(120);
}

#[test]
fn failures_are_told_at_once_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path());
    let fault = ["sim", "fault", "zoneadm", "install", "--zone", "web02", "--exit", "1"];
    assert!(pty::zmgr(directory.path()).args(fault).status().unwrap().success());
    let seen = pty::run(create(directory.path(), &[]), 120, "");
    assert_eq!(seen.status.code(), Some(17), "{}", seen.text);
    let frames = seen.frames();
    let told = |frame: &String| {
        frame.contains("web02: creating web02 failed at install") && frame.contains("of 3 done, 1 failed")
    };
    assert!(frames.iter().any(told), "{frames:#?}");
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path());
    let output = create(directory.path(), &[]).output().unwrap();
    let (out, err) = said(&output);
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(!err.contains('\u{1b}') && !err.contains('\r'), "{err}");
    let counts: Vec<&str> = err.lines().filter(|line| line.ends_with("of 3 done")).collect();
    assert_eq!(counts, ["1 of 3 done", "2 of 3 done", "3 of 3 done"]);
    assert!(err.lines().any(|line| line == "web01 [3/5] install"), "{err}");

    let directory = tempfile::tempdir().unwrap();
    host(directory.path());
    let (out, err) = said(&create(directory.path(), &["--quiet"]).output().unwrap());
    assert_eq!((out.lines().count(), err.as_str()), (3, ""));
}

#[test]
fn the_log_is_on_standard_error_if_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    host(directory.path());
    let output = create(directory.path(), &["--quiet"]).env("ZMGR_LOG", "debug").output().unwrap();
    let (_, err) = said(&output);
    assert!(err.contains("command=\"zoneadm -z web01 install\""), "{err}");
    assert!(err.contains("operation=\"create\"") && err.contains("zone=\"web02\""), "{err}");
    let output = pty::zmgr(directory.path()).arg("list").env("ZMGR_LOG", "loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).1.contains("use error, warn, info, debug or trace"), "{}", said(&output).1);
}
