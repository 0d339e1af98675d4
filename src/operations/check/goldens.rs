//! Reports golden zones that nothing needs.

use std::collections::BTreeSet;

use super::{Documents, Specs};
use crate::documents::resolve::Findings;
use crate::documents::zone::{EntryState, is_golden_name};
use crate::host::{Host, HostSnapshot};
use crate::operations::config_tree::ConfigTree;
use crate::operations::template_goldens::unneeded;
use crate::registry::{Directory, Registry};
use crate::value::name::ZoneName;

/// Reports golden zones that no zone is cloned from and no template needs.
pub(super) fn check(
    documents: &Documents,
    specs: &Specs,
    registry: &Registry,
    (host, found): (&Host, &HostSnapshot),
    findings: &mut Findings,
) {
    let sources = specs.values().filter_map(|spec| spec.clone_from.as_ref().map(|source| &source.value));
    let needed: BTreeSet<ZoneName> = sources.filter(|source| is_golden_name(source.as_str())).cloned().collect();
    let is_unused = |zone: &ZoneName| is_golden_name(zone.as_str()) && !needed.contains(zone);
    let mut ready = documents.zones.values().filter(|zone| zone.state == Some(EntryState::Ready));
    // An entry with errors may be a clone of any golden zone.
    let all_known = documents.incomplete.is_empty() && !documents.any_unread(Directory::Zones);
    if !all_known || !ready.any(|zone| is_unused(&zone.name)) {
        return;
    }
    // What cannot be read, or does not answer, is reported by other checks.
    let (Ok(config_tree), Ok(registered)) = (ConfigTree::load(registry.tree()), registry.snapshot()) else { return };
    let known = (found, &registered);
    for name in unneeded(host, &config_tree, known, &needed, &BTreeSet::new()).unwrap_or_default() {
        let Some(zone) = documents.zones.get(&name) else { continue };
        let message =
            format!("golden zone {name} is not needed: no zone is cloned from it, and no template would clone it");
        findings.add_with_help(
            "golden-unneeded",
            &zone.source,
            message,
            "run `zmgr template refresh --prune` to remove it",
        );
        findings.lower_last();
    }
}
