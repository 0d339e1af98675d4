//! Entry of a zone that is being renamed: it holds the new names from the beginning, and the old ones until the end.

use crate::documents::renaming::Renaming;
use crate::documents::zone::ZoneEntry;
use crate::value::name::LinkName;
use crate::value::source::Sourced;

/// Reserves the new names in an entry that still describes the zone as it was: what it wants is held, and so is what was applied.
pub(crate) fn begin(renaming: &Renaming, entry: &mut ZoneEntry) {
    for net in &mut entry.nets {
        rename(&mut net.vnic, renaming.links.iter().map(|(from, to)| (from, to)));
    }
}

/// Describes in an entry the zone as it is once everything is renamed. `unplumbed`: the zone does not know the new links yet.
pub(crate) fn complete(renaming: &Renaming, entry: &mut ZoneEntry, unplumbed: bool) {
    let Some(applied) = &mut entry.applied else { return };
    for net in &mut applied.nets {
        rename(&mut net.vnic, renaming.links.iter().map(|(from, to)| (from, to)));
    }
    applied.plumb_links.retain(|link| !renaming.links.iter().any(|(from, _)| from == link));
    if unplumbed {
        applied.plumb_links.extend(renaming.links.iter().map(|(_, to)| to.clone()));
    }
    if let Some((_, to)) = &renaming.zonepath {
        entry.zonepath = Some(Sourced::from(to.clone()));
        applied.zonepath = Some(Sourced::from(to.clone()));
    }
    // It was down, so nothing waits for a boot.
    entry.pending = None;
}

/// Drops the reserved names from an entry again.
pub(crate) fn revert(renaming: &Renaming, entry: &mut ZoneEntry) {
    for net in &mut entry.nets {
        rename(&mut net.vnic, renaming.links.iter().map(|(from, to)| (to, from)));
    }
}

fn rename<'l>(link: &mut Option<LinkName>, mut names: impl Iterator<Item = (&'l LinkName, &'l LinkName)>) {
    if let Some(link) = link
        && let Some((_, to)) = names.find(|(from, _)| *from == link)
    {
        *link = to.clone();
    }
}
