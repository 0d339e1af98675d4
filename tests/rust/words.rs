//! Plain English: words that the project does not use, and beginnings of doc comments that cannot be read alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PLACES: [&str; 8] = ["src", "sim", "bindings", "python", "docs", "tests", "include", "benches"];
const LIST: &str = "tests/data/words.txt";

/// Beginnings of doc comments that say nothing by themselves.
const BEGINNINGS: [&str; 10] =
    ["The same", "That", "Whether", "So many", "What", "Where", "How", "Who", "Whose", "Has"];

struct List {
    /// Each word with what to write instead.
    words: Vec<(String, String)>,
    /// Path and text of the lines where a word may stay.
    allowed: Vec<(String, String)>,
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list() -> List {
    let mut list = List { words: Vec::new(), allowed: Vec::new() };
    for line in fs::read_to_string(top().join(LIST)).unwrap().lines() {
        if let Some(allowed) = line.strip_prefix("allow ") {
            let (path, text) = allowed.split_once(": ").unwrap();
            list.allowed.push((path.to_owned(), text.to_owned()));
        } else if let Some((words, instead)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            list.words.extend(words.split(", ").map(|word| (word.to_owned(), instead.to_owned())));
        }
    }
    assert!(list.words.len() > 10 && !list.allowed.is_empty());
    list
}

/// Returns the text files of the tree, without what real programs have printed.
fn files() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = PLACES.iter().map(|place| top().join(place)).collect();
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() {
                let skipped =
                    ["recorded", "target", "node_modules", "build"].contains(&name.as_str()) || name.starts_with('.');
                if !skipped && !name.contains("pycache") {
                    directories.push(path);
                }
            } else if path != top().join(LIST) && path.is_file() && !path.is_symlink() {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Returns true if the line has the word, alone or as a part of a name such as `is_ready`.
fn has_word(line: &str, word: &str) -> bool {
    let line = line.to_lowercase();
    let is_letter = |c: char| c.is_alphanumeric();
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_letter) && !after.is_some_and(is_letter)
    })
}

#[test]
fn words_are_found_in_names_and_not_within_other_words() {
    assert!(has_word("Nothing waits", "nothing") && has_word("fn is_ready()", "ready"));
    assert!(!has_word("already", "ready") && !has_word("readiness", "ready"));
}

#[test]
fn a_word_that_is_not_plain_english_comes_in_again() {
    let list = list();
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for path in files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(top()).unwrap().to_string_lossy().into_owned();
        for (n, line) in text.lines().enumerate() {
            for (word, instead) in list.words.iter().filter(|(word, _)| has_word(line, word)) {
                let allowed =
                    list.allowed.iter().position(|(path, text)| *path == name && line.contains(text.as_str()));
                match allowed {
                    Some(allowed) => drop(used.insert(allowed)),
                    None => found.push(format!("{name}:{}: `{word}`; write {instead}: {}", n + 1, line.trim())),
                }
            }
        }
    }
    assert!(found.is_empty(), "{} lines:\n{}", found.len(), found.join("\n"));
    let unused: Vec<_> = (0..list.allowed.len()).filter(|n| !used.contains(n)).map(|n| &list.allowed[n]).collect();
    assert!(unused.is_empty(), "{LIST} allows what is not there: {unused:?}");
}

#[test]
fn a_doc_comment_cannot_be_read_alone() {
    let mut found = Vec::new();
    for path in files().iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let (mut inside, mut first) = (false, true);
        for (n, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let line = line.trim_start();
            let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
                (inside, first) = (false, true);
                continue;
            };
            let text = text.trim_start();
            inside ^= text.starts_with("```");
            let words = |beginning: &str| {
                text.strip_prefix(beginning).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            };
            if first && !inside && BEGINNINGS.into_iter().any(words) {
                found.push(format!("{}:{}: {text}", path.strip_prefix(top()).unwrap().display(), n + 1));
            }
            first = text.is_empty();
        }
    }
    assert!(found.is_empty(), "begin with a verb or with what it is:\n{}", found.join("\n"));
}
