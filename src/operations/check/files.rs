//! Checks the files of a tree for problems outside their content: leftovers, invalid names, unfinished operations.

use std::ffi::OsStr;
use std::path::Path;

use super::Documents;
use super::zones::is_unfinished;
use crate::documents::resolve::Findings;
use crate::error::{Diagnostic, Severity};
use crate::registry::{Directory, Registry, stem_of_temp};
use crate::value::name::ZoneName;

pub(super) fn check(documents: &Documents, registry: &Registry, findings: &mut Findings) {
    let tree = registry.tree();
    let mut add = |severity: Severity, code: &str, path: &Path, message: String, help: String| {
        let mut finding = Diagnostic::new(code, message).at_path(path);
        finding.severity = severity;
        finding.help = Some(help);
        findings.0.push(finding);
    };
    // Files of a running operation are not leftovers.
    let is_busy = |name: &str| ZoneName::new(name).is_ok_and(|name| registry.zone_holder(&name).is_some());
    let directories =
        [tree.root().to_owned()].into_iter().chain(Directory::ALL.map(|directory| tree.directory(directory)));
    for directory in directories {
        for name in names(&directory) {
            let path = directory.join(&name);
            if let Some(stem) = stem_of_temp(&name) {
                if !is_busy(stem) {
                    let message = format!("temporary file of an interrupted write of {stem}.kdl");
                    let help = format!("run `zmgr recover`, or remove it: rm '{}'", path.display());
                    add(Severity::Warning, "left-over", &path, message, help);
                }
            } else if name.to_str().is_none() && name.as_encoded_bytes().ends_with(b".kdl") {
                let message = "the file name is not UTF-8, so the file cannot be read".to_owned();
                let help = "rename it to the name that its first node has, or remove it".to_owned();
                add(Severity::Error, "bad-file-name", &path, message, help);
            }
        }
    }
    for name in names(&tree.state()) {
        let zone = name.to_str().and_then(|name| name.strip_suffix(".zonecfg"));
        if let Some(zone) = zone.map(|zone| zone.trim_start_matches('.')).filter(|zone| !is_busy(zone)) {
            let path = tree.state().join(&name);
            let message = format!("script of an interrupted operation on zone {zone}");
            let help = format!("run `zmgr recover`, or remove it: rm '{}'", path.display());
            add(Severity::Warning, "left-over", &path, message, help);
        }
    }
    for zone in documents.zones.values().filter(|zone| zone.is_newer()) {
        let message = format!(
            "a newer zmgr wrote the entry of zone {}: its addresses are held, and nothing else is checked",
            zone.name
        );
        add(Severity::Warning, "newer", &tree.zone(&zone.name), message, "use that zmgr, or a later one".to_owned());
    }
    for zone in documents.zones.values().filter(|zone| is_unfinished(zone) && !is_busy(zone.name.as_str())) {
        let state = zone.state.as_ref().map_or("", |state| state.as_str());
        let step = zone.state.as_ref().and_then(|state| state.step()).unwrap_or_default();
        let message = format!("an operation on zone {} was interrupted ({state}, step {step})", zone.name);
        add(
            Severity::Warning,
            "unfinished",
            &tree.zone(&zone.name),
            message,
            format!("run `zmgr recover {}`", zone.name),
        );
    }
}

fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    names.sort_unstable_by(|a: &std::ffi::OsString, b| OsStr::cmp(a, b));
    names
}
