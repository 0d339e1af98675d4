//! `login` and `exec` through real processes: the terminal, the words, the status, and a zone that goes down underneath.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::machine::{Machine, error, interrupt};

/// A machine on which `web01` runs.
fn with_web01() -> Machine {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    machine
}

/// Runs zmgr on a terminal, types this, and gives the status and what the terminal showed.
fn on_terminal(machine: &Machine, words: &[&str], typed: &str) -> (Option<i32>, String) {
    with_terminal(machine.command(words), typed)
}

fn with_terminal(mut command: Command, typed: &str) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(Stdio::from(slave));
    let mut child = command.env("TERM", "vt220").spawn().unwrap();
    // It holds this side's ends of the terminal, which would keep the reading from ending.
    drop(command);
    let mut terminal = File::from(master);
    terminal.write_all(typed.as_bytes()).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = terminal.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..n]);
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&seen).replace("\r\n", "\n"))
}

#[test]
fn a_login_on_a_terminal() {
    let machine = with_web01();
    // Ctrl-D ends what the zone's shell reads.
    let (status, seen) = on_terminal(&machine, &["login", "web01"], "zonename\nexit 7\n\x04");
    assert_eq!(status, Some(7), "{seen}");
    assert!(seen.lines().any(|line| line == "web01"), "{seen}");
}

#[test]
fn a_login_has_the_callers_terminal_and_user() {
    let machine = with_web01();
    machine
        .replace("zlogin", "echo \"called with $*\"; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo \"on a $TERM\"; exit 5");
    let (status, seen) = on_terminal(&machine, &["login", "web01"], "");
    assert_eq!((status, seen.as_str()), (Some(5), "called with web01\non a vt220\n"));
    let (_, seen) = on_terminal(&machine, &["login", "web01", "--user", "alice"], "");
    assert_eq!(seen, "called with -l alice web01\non a vt220\n");
    // A status of its own, also where a signal ended it.
    machine.replace("zlogin", "kill -TERM $$");
    assert_eq!(on_terminal(&machine, &["login", "web01"], "").0, Some(128 + 15));
}

#[test]
fn a_login_that_cannot_be() {
    let machine = with_web01();
    for user in ["", "-froot", "a b"] {
        let output = machine.zmgr(&["login", "web01", &format!("--user={user}")]);
        assert_eq!(output.status.code(), Some(2), "{user:?}");
    }
    assert_eq!(machine.zmgr(&["login", "web09"]).status.code(), Some(4));
    assert!(machine.zmgr(&["halt", "web01"]).status.success());
    let output = machine.zmgr(&["login", "web01"]);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(error(&output)["help"], "run `zmgr boot web01`");
}

#[test]
fn a_command_gets_its_words_and_its_status_is_zmgrs() {
    let machine = with_web01();
    let words = ["it's", "a  b", "$HOME", "`id`", "*", "\"", "\\", ";false", "-n", "&& reboot", "ünïcode", ""];
    let output = machine.zmgr(&[&["exec", "web01", "--", "echo"], &words[..]].concat());
    assert_eq!(String::from_utf8_lossy(&output.stdout), words.join(" ") + "\n");
    for (line, status) in [
        (&["true"][..], 0),
        (&["false"], 1),
        (&["exit", "3"], 3),
        (&["sh", "-c", "exit 42"], 42),
        (&["sh", "-c", "exit 255"], 255),
        (&["nonsense"], 127),
    ] {
        let output = machine.zmgr(&[&["exec", "web01", "--"], line].concat());
        assert_eq!(output.status.code(), Some(status), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A command may ask on the terminal: a process that reads from one in a process group of its own is stopped by it.
#[test]
fn a_command_reads_from_the_terminal() {
    let machine = with_web01();
    machine.replace("zlogin", "shift; exec /bin/sh -c \"$*\"");
    // With it as the terminal of a session, as a shell has it, and with an end where it would wait for ever.
    let exec = machine.command(&["exec", "web01", "--timeout", "20", "--", "sh", "-c", "read line && echo got $line"]);
    let mut session = Command::new("setsid");
    session.args(["--wait", "--ctty"]).arg(exec.get_program()).args(exec.get_args());
    for (name, value) in exec.get_envs() {
        match value {
            Some(value) => session.env(name, value),
            None => session.env_remove(name),
        };
    }
    let (status, seen) = with_terminal(session, "hello\n");
    assert_eq!(status, Some(0), "{seen}");
    assert!(seen.lines().any(|line| line == "got hello"), "{seen}");
}

#[test]
fn a_zone_that_goes_down_during_its_command_is_reported() {
    let machine = with_web01();
    let output = machine.zmgr(&["exec", "web01", "--", "sh", "-c", "echo working; halt; echo never"]);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "working\n");
    let said = error(&output);
    assert_eq!(said["message"], "web01 went down while the command was running: it is installed");
    assert_eq!(said["help"], "the exit status of the command is unknown");
}

#[test]
fn an_interrupt_ends_the_command() {
    let machine = with_web01();
    machine.sim(&["fault", "zlogin", "--delay", "600", "--times", "1"]);
    let began = Instant::now();
    let zmgr = machine.start(&["exec", "web01", "--", "true"]);
    machine.wait_for_faults(0);
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(began.elapsed() < Duration::from_secs(600));
    let message = error(&output)["message"].to_string();
    assert!(message.contains("`true` in zone") && message.ends_with("was cancelled\""), "{message}");
    assert_eq!(machine.zmgr(&["exec", "web01", "--", "true"]).status.code(), Some(0));
}

#[test]
fn a_reader_who_leaves_ends_the_command_without_a_word() {
    let machine = with_web01();
    machine.replace("zlogin", "shift; exec /bin/sh -c \"$*\"");
    let words = ["exec", "web01", "--", "sh", "-c", "while echo line; do :; done"];
    let mut zmgr = machine.spoken(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 5];
    zmgr.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = zmgr.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(141), ""));
    // A full disk is an error, not a reader that went away.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = machine.command(&words).stdout(Stdio::from(full)).output().unwrap();
    assert_eq!(output.status.code(), Some(15), "{}", String::from_utf8_lossy(&output.stderr));
}
