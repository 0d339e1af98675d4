//! Compares the size of the project with `tests/data/budgets.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn budget(name: &str) -> usize {
    let text = fs::read_to_string(top().join("tests/data/budgets.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    let budgets: BTreeMap<&str, usize> = lines.map(|(name, number)| (name, number.parse().unwrap())).collect();
    *budgets.get(name).unwrap_or_else(|| panic!("no budget {name}"))
}

/// Returns the Rust files below a directory with their numbers of lines.
fn files(below: &str) -> Vec<(PathBuf, usize)> {
    let mut directories = vec![top().join(below)];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path).unwrap().lines().count();
                found.push((path, lines));
            }
        }
    }
    found
}

#[test]
fn the_cli_stays_small() {
    let lines: usize = files("bindings/cli/src").iter().map(|(_, lines)| lines).sum();
    assert!(lines > 1000 && lines <= budget("cli-lines"), "the CLI has {lines} lines");
    let args = fs::read_to_string(top().join("bindings/cli/src/args.rs")).unwrap();
    let commands = args.split("pub enum Command {").nth(1).unwrap().split("\n}\n").next().unwrap();
    let commands = commands.lines().filter(|line| line.trim_start().starts_with(char::is_uppercase)).count();
    assert!(commands > 20 && commands <= budget("cli-commands"), "the CLI has {commands} commands");
}

#[test]
fn few_crates_are_needed_without_features() {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap());
    cargo.args(["tree", "--package", "zmgr", "--edges", "normal", "--prefix", "none", "--locked", "--offline"]);
    let answer = cargo.current_dir(top()).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let text = String::from_utf8(answer.stdout).unwrap();
    let crates: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains("kdl") && crates.len() <= budget("crates-without-features"), "{} crates", crates.len());
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let all = ["src", "sim/src", "bindings/etcd/src", "bindings/cli/src", "bindings/c/src", "bindings/python/src"];
    let all = all.map(files).concat();
    let long: Vec<_> = all.iter().filter(|(_, lines)| *lines > budget("lines-of-a-file")).collect();
    assert!(all.len() > 200 && long.is_empty(), "{long:?}");
}

/// Returns the lengths of the functions in a formatted file: each ends at a brace that is indented as its first line.
fn functions(text: &str) -> Vec<(String, usize)> {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let words = line.trim_start();
        let is_function = words.starts_with("fn ") || (words.starts_with("pub") && words.contains(" fn "));
        if !is_function || words.ends_with(['}', ';']) {
            continue;
        }
        let is_end = |other: &&&str| indentation(other) == indentation(line) && other.trim_start().starts_with('}');
        if let Some(length) = lines[n..].iter().position(|other| is_end(&other)) {
            found.push((words.to_owned(), length + 1));
        }
    }
    found
}

#[test]
fn few_functions_are_long() {
    let text = "impl A {\n    fn a() {\n        b();\n    }\n\n    pub(crate) fn b() {}\n}\n";
    assert_eq!(functions(text), [("fn a() {".to_owned(), 3)]);
    let all = ["src", "sim/src", "bindings/etcd/src", "bindings/cli/src", "bindings/c/src", "bindings/python/src"];
    let mut long = Vec::new();
    for (path, _) in all.map(files).concat() {
        let functions = functions(&fs::read_to_string(&path).unwrap());
        long.extend(functions.into_iter().filter(|(_, lines)| *lines > 60).map(|(name, lines)| (lines, name)));
    }
    long.sort();
    assert!(long.len() > 10 && long.len() <= budget("functions-of-more-than-60-lines"), "{}: {long:#?}", long.len());
    assert!(long.iter().all(|(lines, _)| *lines <= budget("lines-of-a-function")), "{long:#?}");
}
