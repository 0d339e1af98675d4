//! The guide and the cookbook do what they say: the shell blocks of a page run one after the other on one simulated machine, its
//! documents are written where they say, and each answer that it shows is the answer.
#![allow(missing_docs)]

use std::path::Path;
use std::process::{Command, Stdio};

/// The words after the fence, and the text, of each block.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut blocks: Vec<(&str, String)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(words) => {
                blocks.push((words, String::new()));
                inside = true;
            }
            None if inside => blocks.last_mut().unwrap().1 += &format!("{line}\n"),
            None => {}
        }
    }
    assert!(!inside, "a block without an end");
    blocks
}

/// Output of the shell for a script, standard error included.
fn sh(script: &str, directory: &Path, words: &[&str]) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_zmgr")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let file = directory.join("script");
    std::fs::write(&file, script).unwrap();
    let shell = format!("exec sh {} {} 2>&1", words.join(" "), file.display());
    let mut command = Command::new("sh");
    command
        .args(["-c", &shell])
        .current_dir(directory)
        .env("PATH", path)
        .env_remove("ZMGR_ROOT")
        .env_remove("ZMGR_SIMULATE");
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "the script of the page failed: {}\n{said}", output.status);
    said
}

#[test]
fn the_guide_does_what_it_says() {
    runs_as_it_says("docs/guide.md");
}

#[test]
fn the_cookbook_does_what_it_says() {
    runs_as_it_says("docs/cookbook.md");
}

/// The page of the fleet starts a store on loopback: here at an address of its own, so that no other test has the port.
#[cfg(feature = "fleet")]
#[test]
fn the_page_of_the_fleet_does_what_it_says() {
    if !Command::new("etcd").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no etcd (Debian: etcd-server)");
        return;
    }
    let page = read("docs/fleet.md");
    let [_, b, c, d] = std::process::id().to_be_bytes();
    // Its end stops the store, whatever happens before.
    let stop = "trap 'test ! -e etcd.pid || kill \"$(cat etcd.pid)\" 2>/dev/null || true' EXIT\n";
    runs(&page.replace("127.0.0.1", &format!("127.{b}.{c}.{}", d | 1)), stop);
}

fn read(page: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page)).unwrap()
}

fn runs_as_it_says(page: &str) {
    runs(&read(page), "");
}

/// Runs a page after these commands.
fn runs(page: &str, before: &str) {
    let directory = tempfile::tempdir().unwrap();
    let blocks = blocks(page);
    let mut script = before.to_owned();
    for (n, (words, text)) in blocks.iter().enumerate() {
        script += &format!("echo '@@{n}'\n");
        match words.split(' ').collect::<Vec<_>>()[..] {
            ["sh"] => script += text,
            // Ansible need not be there: tests/ansible runs these.
            ["yaml", _] => {}
            ["sh", "illumos" | "ansible"] => _ = sh(text, directory.path(), &["-n"]),
            ["kdl", path] => script += &format!("cat >'host/etc/zmgr/{path}' <<'@@'\n{text}@@\n"),
            // A file without a path is a part of one, shown and not written.
            ["text"] | ["python"] | ["kdl"] => {}
            _ => panic!("no test knows what to do with {words:?}"),
        }
    }
    let said = sh(&script, directory.path(), &["-e"]);
    if std::env::var_os("ZMGR_SHOW_GUIDE").is_some() {
        eprintln!("{said}");
    }
    for (n, (words, text)) in blocks.iter().enumerate() {
        if *words == "text" {
            let answer = said.split(&format!("@@{}\n", n - 1)).nth(1).unwrap().split("@@").next().unwrap();
            assert!(
                answer.contains(text),
                "after {:?} the page shows\n{text}\nand the answer is\n{answer}",
                blocks[n - 1].1
            );
        }
    }
}

/// Scripts that only an illumos host can run are at least valid shell.
#[test]
fn the_words_for_packagers_are_shell() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/illumos/README.md");
    let directory = tempfile::tempdir().unwrap();
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 1);
    for (words, text) in blocks {
        assert_eq!(words, "sh");
        sh(&text, directory.path(), &["-n"]);
    }
}
