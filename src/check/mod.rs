//! Checks a whole tree: each file, all files together, and the host that they describe.
//!
//! Invariant: the same files give the same diagnostics in the same order, and nothing is changed.

mod across;
mod files;
mod hosted;
mod load;
mod zones;

pub(crate) use load::Documents;

use std::collections::BTreeSet;

use crate::error::{Diagnostic, Severity};
use crate::host::{Host, HostState};
use crate::registry::Registry;

/// Reads every file of a tree and returns what is wrong with each and with all together; with a host, also what it lacks.
pub(crate) fn check(registry: &Registry, host: Option<(&Host, &HostState)>) -> Vec<Diagnostic> {
    let mut documents = Documents::load(registry.tree());
    let mut findings = std::mem::take(&mut documents.findings);
    findings.extend(across::look(&documents, registry, host));
    for finding in &mut findings {
        documents.show(finding);
    }
    in_order(findings)
}

/// Sorts by file, line and column, errors before warnings, and drops repetitions.
fn in_order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.path.clone(), d.line, d.column, d.severity == Severity::Warning);
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
    });
    let mut seen = BTreeSet::new();
    findings.retain(|d| seen.insert((d.path.clone(), d.line, d.code.clone(), d.message.clone())));
    findings
}
