//! Checks a whole tree: each file, all files together, and the host that they describe.
//!
//! Invariant: the same files give the same diagnostics in the same order, and nothing is changed.

mod across;
mod boot;
mod creations;
mod files;
mod goldens;
mod held;
mod hosted;
mod load;
mod places;
mod template_nets;
mod unread;
mod zones;

use load::{Documents, Specs};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Diagnostic, Severity};
use crate::host::{Host, HostSnapshot};
use crate::kdl_util::MAX_FAULTS;
use crate::registry::{HostUsage, Registry};

/// Reads every file of a tree and returns the problems of each and of all together; with a host, also what it lacks.
pub(crate) fn check(registry: &Registry, host: Option<(&Host, &HostSnapshot, Arc<HostUsage>)>) -> Vec<Diagnostic> {
    let mut documents = Documents::load(registry.tree());
    let mut findings = std::mem::take(&mut documents.findings);
    let (host, host_usage) = match host {
        Some((host, state, host_usage)) => (Some((host, state)), host_usage),
        None => (None, Arc::default()),
    };
    findings.extend(across::check(&documents, registry, host));
    findings.extend(host_usage.unread());
    // Frees memory for the checks that follow.
    documents.specs = Specs::new();
    // Overlapping pools and an unreadable tree are reported elsewhere.
    if let Ok(mut allocator) = registry.allocator(Arc::new(documents.pools.clone()), host_usage) {
        findings.extend(held::check(&documents, &allocator));
        let refused = held::refused(&documents, &mut allocator, &findings);
        findings.extend(refused);
    }
    if let Some((host, _)) = host {
        let found = creations::check(&documents, registry, host, &findings);
        findings.extend(found);
    }
    let mut findings = at_most_per_file(in_order(findings));
    documents.show(&mut findings);
    in_order(findings)
}

/// Keeps the first problems of each file and counts the others.
fn at_most_per_file(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(findings.len());
    let mut counts: BTreeMap<Option<PathBuf>, (usize, usize, Severity)> = BTreeMap::new();
    for finding in findings {
        let (count, left, severity) = counts.entry(finding.path.clone()).or_insert((0, 0, Severity::Warning));
        if finding.path.is_none() || *count < MAX_FAULTS {
            *count += 1;
            kept.push(finding);
            continue;
        }
        *left += 1;
        if finding.severity == Severity::Error {
            *severity = Severity::Error;
        }
    }
    for (path, (_, left, severity)) in counts.into_iter().filter(|(_, (_, left, _))| *left > 0) {
        let mut more = Diagnostic::new("too-many", format!("{left} more problems of this file are not listed"));
        (more.path, more.severity) = (path, severity);
        kept.push(more.with_help("fix those that are listed, and check again"));
    }
    kept
}

/// Sorts by file, line and column, errors before warnings, and removes duplicates.
fn in_order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.path.clone(), d.line, d.column, d.severity == Severity::Warning);
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
    });
    let mut seen = BTreeSet::new();
    findings.retain(|d| seen.insert((d.path.clone(), d.line, d.code.clone(), d.message.clone())));
    findings
}
