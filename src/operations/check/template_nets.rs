//! Compares the nets of zones that exist with those of their templates: what a template says later of nets does not reach them.

use std::collections::BTreeMap;

use super::Documents;
use super::boot::named;
use crate::documents::resolve::{Findings, nets_of_template};
use crate::documents::zone::{EntryState, Origin};
use crate::value::name::ZoneName;
use crate::value::source::Source;

/// Reports nets that a template has and a zone lacks, and nets of a zone that its template does not have.
pub(super) fn check(documents: &Documents, findings: &mut Findings) {
    let mut lacking: BTreeMap<(String, String), (Source, Vec<&ZoneName>)> = BTreeMap::new();
    for zone in documents.zones.values().filter(|zone| !zone.is_newer() && zone.origin != Some(Origin::Import)) {
        if zone.state != Some(EntryState::Ready) || zone.nets.is_empty() {
            continue;
        }
        let Some(template) = zone.template_name() else { continue };
        let theirs = nets_of_template(&documents.config, &documents.templates, &documents.pools, zone);
        for net in theirs.iter().filter(|net| !zone.nets.iter().any(|own| own.name == net.name)) {
            let key = (template.to_string(), net.name.clone());
            lacking.entry(key).or_insert_with(|| (net.source.clone(), Vec::new())).1.push(&zone.name);
        }
        // A template without nets leaves them to its zones.
        for net in zone.nets.iter().filter(|_| !theirs.is_empty()) {
            if !theirs.iter().any(|other| other.name == net.name) {
                let message =
                    format!("zone {} has net {:?}, and its template {template} does not", zone.name, net.name);
                let help = format!(
                    "remove the net and run `zmgr apply {}`, or add `without \"net\"` to the zone if it has nets of its own",
                    zone.name
                );
                findings.add_with_help("extra-net", &net.source, message, help);
                findings.lower_last();
            }
        }
    }
    for ((template, net), (source, zones)) in lacking {
        let verb = if zones.len() == 1 { "lacks" } else { "lack" };
        let message =
            format!("{} {verb} net {net:?} of template {template}: zones that exist keep their nets", named(&zones));
        let help = format!(
            "add the net to zones/{0}.kdl and run `zmgr apply {0}`, or add `without \"net\"` to the zone if it has nets of its own",
            zones[0]
        );
        findings.add_with_help("missing-net", &source, message, help);
        findings.lower_last();
    }
}
