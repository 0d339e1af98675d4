//! Every finding of every document of a tree.
//!
//! Invariant: the same files give the same findings in the same order, and nothing is touched.

mod across;
mod load;

pub(crate) use load::Documents;

use std::collections::BTreeSet;

use crate::error::{Diagnostic, Severity};
use crate::host::HostState;
use crate::registry::Tree;

/// Reads every document of a tree and looks at each alone and at all together; where the host is known, at that too.
pub(crate) fn check(tree: &Tree, host: Option<&HostState>) -> Vec<Diagnostic> {
    let mut documents = Documents::load(tree);
    let mut findings = std::mem::take(&mut documents.findings);
    findings.extend(across::look(&documents, host));
    for finding in &mut findings {
        documents.show(finding);
    }
    in_order(findings)
}

/// By file, line and column, errors before warnings, each once.
fn in_order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.path.clone(), d.line, d.column, d.severity == Severity::Warning);
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
    });
    let mut seen = BTreeSet::new();
    findings.retain(|d| seen.insert((d.path.clone(), d.line, d.code.clone(), d.message.clone())));
    findings
}
