//! The command `check`.

use std::path::Path;

use clap::Args;
use zmgr::{Diagnostic, Severity};

use crate::failure::{Failure, drawn};
use crate::globals::Globals;
use crate::{output, session, terminal};

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Exit with 3 on warnings too
    #[arg(long)]
    strict: bool,
}

impl Check {
    /// Prints every diagnostic and a summary.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let found = manager.check()?;
        let status = findings(globals, &found, self.strict)?;
        if !globals.json && !globals.quiet {
            output::prose(&format!("checked {}: {}\n", contents(manager.root()), outcome(&found)), 2)?;
        }
        Ok(status)
    }
}

/// Returns a summary: how many errors and warnings were found, and whether the host was checked.
pub fn outcome(found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
    let without_host = found.iter().filter(|finding| is_files_only(finding)).count();
    let outcome = match (errors, found.len() - errors - without_host) {
        (0, 0) => "no problems".to_owned(),
        (0, warnings) => counted(warnings, "warning"),
        (errors, 0) => counted(errors, "error"),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    match without_host {
        0 => outcome,
        _ => format!("{outcome}; only the files were checked, because this machine cannot manage zones"),
    }
}

/// Returns true for the remark that this machine has no zones. Pipelines check files on such machines, so it is not a warning there.
fn is_files_only(finding: &Diagnostic) -> bool {
    finding.code == "host-unchecked"
}

/// Returns the number of files of each kind in a tree.
fn contents(root: &Path) -> String {
    let files = |directory: &str| {
        let entries = std::fs::read_dir(root.join(directory)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "kdl")).count()
    };
    let kinds = ["zone", "reservation", "template", "pool", "publisher"];
    kinds.map(|kind| counted(files(&format!("{kind}s")), kind)).join(", ")
}

/// Formats a number with its noun.
pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Prints diagnostics. Returns 3 if one counts: an error, or with `strict` a warning.
pub fn findings(globals: &Globals, found: &[Diagnostic], strict: bool) -> Result<u8, Failure> {
    if globals.json {
        output::json(&found.iter().map(Diagnostic::to_json).collect())?;
    } else {
        output::text(&drawn(found.iter().filter(|finding| !is_files_only(finding)), terminal::stdout_width()))?;
    }
    let counts = |finding: &Diagnostic| (strict && !is_files_only(finding)) || finding.severity == Severity::Error;
    Ok(if found.iter().any(counts) { 3 } else { 0 })
}
