//! Dependencies of zmgr: each with its reason, under a licence that allows shipping, and in one version.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Licences under which code may be linked into a program under MPL-2.0 without further duties than naming them.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "MPL-2.0",
    "Apache-2.0 WITH LLVM-exception",
];

/// Crates that other crates want in several versions. Of what ships only getrandom is one: ring has an older one.
const TWICE: &[&str] = &["getrandom", "syn", "toml_datetime", "unicode-width", "winnow"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .args(["--filter-platform", "x86_64-unknown-illumos"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Returns true if one of the ways that the expression offers is allowed whole. `/` is the older form of OR.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    let every = |part: &str| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim()));
    expression.split(" AND ").all(every)
}

#[test]
fn licences_and_duplicates() {
    for (expression, good) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT OR Apache-2.0 OR LGPL-2.1-or-later", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-2.0-only OR AGPL-3.0-only", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression), good, "{expression:?}");
    }
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        assert!(allowed(licence), "{name} is under {licence:?}: not among those that zmgr can be shipped with");
        versions.entry(name).or_default().insert(text(package, "version"));
    }
    for (name, versions) in versions {
        assert!(versions.len() == 1 || TWICE.contains(&name), "{name} is built more than once: {versions:?}");
    }
}

/// Returns the numbers of a version such as `1.95` or `1.88.0`.
fn numbers(version: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn rust_is_as_old_as_the_dependencies_allow() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let stated = |package: &Value| package["rust_version"].as_str().map(numbers);
    // The edition needs this much.
    let edition = numbers("1.85");
    let needed = packages.iter().filter(|package| package["source"].is_string()).filter_map(stated).max().unwrap();
    for own in packages.iter().filter(|package| package["source"].is_null()) {
        assert_eq!(stated(own).as_ref(), Some(&needed.clone().max(edition.clone())), "{}", own["name"]);
    }
}

#[test]
fn each_dependency_has_its_reason() {
    let metadata = metadata();
    let own = |package: &&Value| package["source"].is_null();
    let mut used = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap().iter().filter(own) {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["source"].is_string() {
                used.insert(text(dependency, "name").to_owned());
            }
        }
    }
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).unwrap();
    let rows =
        page.lines().skip_while(|line| *line != "| crate | why |").skip(2).take_while(|line| line.starts_with('|'));
    let told: BTreeSet<String> = rows
        .flat_map(|row| row.trim_matches('|').split('|').next().unwrap().split(','))
        .map(|name| name.split('(').next().unwrap().trim().to_owned())
        .filter(|name| !name.is_empty() && !name.ends_with(')'))
        .collect();
    assert_eq!(used, told, "the table of dependencies in CONTRIBUTING.md");
}
