//! The steps of a rename: links, the host's zone, its zonepath, the entry, and the files that name the zone.

use crate::documents::renaming::Renaming;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::Context;
use crate::operations::create_plan::vnics;
use crate::operations::references::{self, Reference};
use crate::operations::steps::{EditDocument, MoveCopies, MoveEntry, MoveZone, RenameLink, RenameZone, Step};
use crate::value::EntryId;

/// Returns the steps of a rename that an entry records. They can be run and undone from wherever an earlier run stopped.
pub(crate) fn steps(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    renaming: &Renaming,
    id: &EntryId,
) -> Result<Vec<Box<dyn Step>>> {
    let (from, to) = (&renaming.from, &renaming.to);
    let limits = config_tree.config.timeouts;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    // The applied state still has the old names.
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for vnic in vnics(applied) {
        if let Some((_, to)) = renaming.links.iter().find(|(from, _)| *from == vnic.name) {
            steps.push(Box::new(RenameLink { vnic, to: to.clone() }));
        }
    }
    let applied = entry.applied.as_ref().and_then(|applied| applied.zonepath.as_ref());
    let zonepath = applied.or(entry.zonepath.as_ref()).map(|path| path.value.clone()).unwrap_or_default();
    steps.push(Box::new(RenameZone {
        from: from.clone(),
        to: to.clone(),
        links: renaming.links.clone(),
        zonepath: zonepath.clone(),
    }));
    if let (Some((old, new)), Some(made)) = (&renaming.zonepath, entry.datasets.iter().find(|made| made.zonepath)) {
        steps.push(Box::new(MoveZone {
            zone: to.clone(),
            from: old.clone(),
            to: new.clone(),
            dataset: made.name.clone(),
            limit: limits.command,
        }));
    }
    let registry = &context.registry;
    if !entry.snapshots.is_empty() {
        let labels = entry.snapshots.iter().map(|record| record.label.clone()).collect();
        let (registry, from, to) = (registry.clone(), from.clone(), to.clone());
        steps.push(Box::new(MoveCopies { registry, from, to, labels }));
    }
    steps.push(Box::new(MoveEntry { registry: registry.clone(), from: from.clone(), to: to.clone(), id: id.clone() }));
    let mut naming: Vec<Reference> = references::find(registry, from, &[from, to])?;
    for other in references::find(registry, to, &[from, to])? {
        if !naming.contains(&other) {
            naming.push(other);
        }
    }
    for reference in naming {
        let text = reference.renamed(&reference.bytes(registry)?, from, to)?;
        steps.push(Box::new(EditDocument {
            registry: registry.clone(),
            reference,
            from: from.clone(),
            to: to.clone(),
            text: String::from_utf8_lossy(&text).into_owned(),
            wait: config_tree.config.lock_timeout,
        }));
    }
    Ok(steps)
}
