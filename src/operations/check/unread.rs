//! Reports files that look like configuration files and that zmgr does not read because of their name or place.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::documents::resolve::Findings;
use crate::error::Diagnostic;
use crate::registry::{Directory, Tree, stem_of, stem_of_temp};

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for directory in Directory::ALL.map(|directory| tree.directory(directory)) {
        for (name, is_directory) in entries(&directory) {
            let is_read = stem_of(&name).is_some() || stem_of_temp(&name).is_some() || name.to_str().is_none();
            if is_read || is_directory || !mentions_kdl(&name) {
                continue;
            }
            warn(findings, &directory.join(&name), "the name does not end in `.kdl`, or begins with a dot");
        }
    }
    let own = Directory::ALL.map(Directory::name);
    for (name, is_directory) in entries(tree.root()) {
        let path = tree.root().join(&name);
        let hidden = name.as_encoded_bytes().starts_with(b".");
        match is_directory {
            false if mentions_kdl(&name) && path != tree.config() && stem_of_temp(&name).is_none() => {
                warn(findings, &path, "only config.kdl is read here");
            }
            true if !hidden && !own.iter().any(|own| name == *own) => {
                let files = entries(&path);
                if files.iter().any(|(file, is_directory)| !is_directory && stem_of(file).is_some()) {
                    let known = own.join(", ");
                    warn(findings, &path, &format!("the directories that are read are {known}"));
                }
            }
            _ => {}
        }
    }
}

fn warn(findings: &mut Findings, path: &Path, why: &str) {
    let message = format!("this is not read: {why}");
    let finding = Diagnostic::new("not-read", message).warning().at_path(path);
    findings.0.push(finding.with_help("rename it, or move it out of the tree"));
}

/// Returns true if a file of this name is meant for zmgr, or a copy of one that is.
fn mentions_kdl(name: &OsStr) -> bool {
    name.to_string_lossy().to_ascii_lowercase().split(['.', '~']).skip(1).any(|part| part == "kdl")
}

/// Returns the names in a directory, each with whether it is a directory; none if it cannot be read.
fn entries(directory: &Path) -> Vec<(std::ffi::OsString, bool)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<_> =
        entries.flatten().map(|entry| (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_dir()))).collect();
    found.sort_unstable();
    found
}
