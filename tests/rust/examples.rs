//! Every name that the crate exports, and every method of `Manager` and of its options, occurs in an example of the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            found.push(path);
        }
    }
}

/// The words of the code in doc comments, lines that rustdoc hides included.
fn words_of_examples(text: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut words = BTreeSet::new();
    for line in text.lines() {
        let Some(line) = line.trim_start().strip_prefix("///").or_else(|| line.trim_start().strip_prefix("//!")) else {
            continue;
        };
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            let word = |c: char| !c.is_alphanumeric() && c != '_';
            words.extend(line.split(word).filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_public_name_is_in_an_example() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let mut shown = BTreeSet::new();
    for file in &files {
        shown.extend(words_of_examples(&fs::read_to_string(file).unwrap()));
    }
    let lib = fs::read_to_string(source.join("lib.rs")).unwrap();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for exported in lib.split("pub use ").skip(1).map(|rest| rest.split(';').next().unwrap()) {
        let list = exported.rsplit_once("::").unwrap().1;
        // Of `Name as Other`, the other is public.
        let public = |name: &str| name.rsplit(' ').next().unwrap_or_default().to_owned();
        names.extend(list.trim_matches(['{', '}']).split(',').map(|name| public(name.trim())));
    }
    for file in
        files.iter().filter(|file| ["manager", "api"].iter().any(|layer| file.parent().unwrap().ends_with(layer)))
    {
        // Items for the project's own tests need no example.
        let text = fs::read_to_string(file).unwrap();
        let shown = text.split("\n\n").filter(|item| !item.contains("#[cfg(feature = \"internals\")]"));
        for line in shown.flat_map(str::lines) {
            if let Some(rest) = line.strip_prefix("    pub fn ") {
                names.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
    names.remove("");
    assert!(names.len() > 100, "{names:?}");
    let missing: Vec<&String> = names.difference(&shown).collect();
    assert!(missing.is_empty(), "no example of the documentation shows {missing:?}");
}
