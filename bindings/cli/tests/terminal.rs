//! Output of every command on a terminal of 80 and of 120 columns. Snapshots hold it; `cargo insta review` shows a change.
#![allow(missing_docs)]

mod pty;

use std::path::Path;

/// Lines of these commands are commands themselves, and are not broken.
const EXACT: [&str; 2] = ["--dry-run", "destroy"];

const WALK: &[&str] = &[
    "",
    "create --help",
    "list",
    "init",
    "check",
    "create web01 --dry-run",
    "create web01 --attr owner=alice",
    "create web02 web03 db-prod-1",
    "list",
    "list --json",
    "show web01",
    "show web01 --effective",
    "pool list",
    "pool allocate internal printer",
    "pool show internal",
    "pool check",
    "template list",
    "template show oi",
    "template refresh oi",
    "template refresh --prune",
    "template refresh --help",
    "publisher list",
    "publisher show openindiana.org",
    "explain fs",
    "explain net",
    "diff",
    "set web01 capped-memory.physical=1G",
    "diff",
    "apply --dry-run",
    "apply",
    "diff",
    "halt web01",
    "boot web01",
    "-v reboot web01",
    "shutdown web02 web03",
    "exec web01 hostname",
    "reinstall web02 --yes",
    "sim fault zoneadm install --exit 1 --stderr refused --times 1",
    "create web09",
    "create web01",
    "crate web01",
    "destroy nosuch",
    "create web/01",
    "recover",
    "import",
    "destroy web02 <web02",
    "destroy web03 db-prod-1 <3",
    "destroy web03 db-prod-1 <2",
    "list -a",
];

/// Runs the words with a terminal for all three streams, types what follows `<`, and gives what was written there.
fn on_terminal(directory: &Path, words: &str, columns: u16, environment: &[(&str, &str)]) -> pty::Seen {
    let (words, typed) =
        words.split_once(" <").map_or((words, String::new()), |(words, typed)| (words, format!("{typed}\n")));
    let mut command = pty::zmgr(directory);
    command.envs(environment.iter().copied()).args(words.split_whitespace());
    let seen = pty::run(command, columns, &typed);
    assert!(seen.status.code().is_some(), "{words} was killed: {}", seen.text);
    seen
}

fn walk(columns: u16) -> String {
    // Of a length that is the same everywhere.
    let directory = tempfile::Builder::new().prefix("zmgr-").rand_bytes(6).tempdir_in("/tmp").unwrap();
    let mut text = String::new();
    for words in WALK {
        let shown = on_terminal(directory.path(), words, columns, &[]).screen();
        if !EXACT.iter().any(|exact| words.contains(exact)) && !words.contains("--json") {
            for line in shown.lines().filter(|line| line.trim_start().contains(' ')) {
                assert!(line.chars().count() <= columns.into(), "{words}: too wide for {columns}: {line}");
            }
        }
        text += &format!("$ zmgr {words}\n{shown}");
    }
    text
}

fn settled() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    for (found, told) in [
        (r"/tmp/zmgr-\w{6}", "/tmp/zmgr-XXXXXX"),
        (r"\b[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}\b", "MAC"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\b[0-9a-f]{32}\b", "ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"\d{8}T\d{6}Z", "TIME"),
    ] {
        settings.add_filter(found, told);
    }
    settings
}

#[test]
fn a_walk_at_80_columns() {
    settled().bind(|| insta::assert_snapshot!(walk(80)));
}

#[test]
fn a_walk_at_120_columns() {
    settled().bind(|| insta::assert_snapshot!(walk(120)));
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let directory = tempfile::tempdir().unwrap();
    on_terminal(directory.path(), "create web01", 80, &[]);
    let coloured =
        |environment: &[(&str, &str)]| on_terminal(directory.path(), "list", 80, environment).text.contains("\x1b[");
    assert!(coloured(&[]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("TERM", "dumb")]));
}

/// The line that changes while a step runs goes when it ends; no part of it stays on the screen.
#[test]
fn progress_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    on_terminal(directory.path(), "sim new", 80, &[]);
    let seen = on_terminal(directory.path(), "create web01", 80, &[]);
    assert!(seen.frames().iter().any(|frame| frame.contains("web01 [1/")), "{:?}", seen.text);
    assert_eq!(seen.screen(), "created web01 10.1.0.10/24\n");
}
