//! Plans the zones that are not built yet, as `apply` would, and reports why one cannot be created.

use std::collections::HashSet;
use std::path::Path;

use super::Documents;
use crate::api::CreateOptions;
use crate::error::{Diagnostic, Severity};
use crate::host::Host;
use crate::operations::context::Context;
use crate::operations::membership::Stores;
use crate::operations::{create_plan, prepare};
use crate::registry::Registry;
use crate::value::name::ZoneName;

/// Returns an error for each zone that cannot be created, unless one of these findings says so already.
pub(super) fn check(documents: &Documents, registry: &Registry, host: &Host, known: &[Diagnostic]) -> Vec<Diagnostic> {
    let unbuilt = documents.zones.values().filter(|zone| zone.state.is_none() && !zone.is_newer());
    let errors = || known.iter().filter(|finding| finding.severity == Severity::Error);
    let paths: HashSet<&Path> = errors().filter_map(|finding| finding.path.as_deref()).collect();
    let words: HashSet<&str> = errors().flat_map(|finding| finding.message.split([' ', ',', ':'])).collect();
    let sound = unbuilt.filter(|zone| {
        let of_file = zone.source.file.as_deref().is_some_and(|path| paths.contains(path));
        !of_file && !words.contains(zone.name.as_str())
    });
    let options = CreateOptions::default();
    let context = Context { registry: registry.clone(), host: host.clone(), stores: Stores::default() };
    let wanted: Vec<(ZoneName, &CreateOptions)> = sound.map(|zone| (zone.name.clone(), &options)).collect();
    // A creation that cannot be prepared at all has an error in other files, or a host that does not answer.
    let Some(prepared) = (!wanted.is_empty()).then(|| prepare::prepare_unbuilt(&context, &wanted, &[]).ok()).flatten()
    else {
        return Vec::new();
    };
    let usage = prepared.snapshots.host_usage.clone();
    let Ok(mut allocator) = registry.allocator(prepared.config_tree.pools.clone(), usage) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, _) in &wanted {
        match create_plan::plan(&prepared.inputs(&context), &mut allocator, name, &options, None) {
            Ok(creation) => allocator.plan_entry(&creation.entry),
            Err(error) => {
                let message = error.message();
                let message = message.strip_prefix(&format!("zone {name}: ")).unwrap_or(message);
                let help = error.help().unwrap_or("run `zmgr apply --dry-run` to see what the zone needs");
                let message = format!("zone {name} cannot be created: {message}");
                let mut finding = Diagnostic::new("cannot-create", message).with_help(help);
                if let Some(zone) = documents.zones.get(name) {
                    finding.path = zone.source.file.as_ref().map(|file| file.to_path_buf());
                    finding.line = (zone.source.line > 0).then_some(zone.source.line as usize);
                }
                found.push(finding);
            }
        }
    }
    found
}
