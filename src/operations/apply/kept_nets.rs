//! Nets that a running zone keeps as they were applied until it is down.

use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::EntryNet;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::operations::context::{Context, Snapshots};

/// Keeps these nets as they were applied: they change only once the zone is down. Those in `moved` change as a whole.
pub(super) fn hold(nets: &mut [EntryNet], entry: &ZoneEntry, names: &[String], moved: &[String]) {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for net in nets.iter_mut().filter(|net| names.contains(&net.name)) {
        let Some(was) = applied.iter().find(|was| was.vnic == net.vnic) else { continue };
        let name = net.name.clone();
        if moved.contains(&name) {
            *net = EntryNet { name, ..was.clone() };
        } else {
            let (addresses, default_route) = (std::mem::take(&mut net.addresses), net.default_route);
            *net = EntryNet { addresses, default_route, name, pool: net.pool.clone(), ..was.clone() };
        }
    }
}

/// Returns the spec with these nets as they were applied.
pub(super) fn held(spec: &ZoneSpec, entry: &ZoneEntry, moved: &[String]) -> ZoneSpec {
    let mut spec = spec.clone();
    hold(&mut spec.nets, entry, moved, moved);
    spec
}

/// Returns the applied nets with a VNIC of zmgr's that the spec no longer has and the host still does: those that a running zone
/// uses, and the others.
pub(super) fn dropped(
    context: &Context,
    snapshots: &Snapshots,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    stays_up: bool,
) -> Result<(Vec<EntryNet>, Vec<EntryNet>)> {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    let gone = |net: &&EntryNet| net.managed && !spec.nets.iter().any(|desired| desired.vnic == net.vnic);
    let there = |net: &&EntryNet| net.vnic.as_ref().is_some_and(|vnic| snapshots.host.vnic(vnic.as_str()).is_some());
    let nets: Vec<EntryNet> = applied.iter().filter(gone).filter(there).cloned().collect();
    if nets.is_empty() || !stays_up {
        return Ok((Vec::new(), nets));
    }
    let owners = snapshots.properties(context)?;
    let used = |net: &EntryNet| {
        net.vnic.as_ref().is_some_and(|vnic| {
            owners.get(&(vnic.to_string(), "zone".to_owned())).is_some_and(|owner| owner == entry.name.as_str())
        })
    };
    Ok(nets.into_iter().partition(used))
}

/// Returns the net under a name that none of these has: another net may have taken its name.
pub(super) fn renamed(mut net: EntryNet, nets: &[EntryNet]) -> EntryNet {
    let is_taken = |name: &str| nets.iter().any(|net| net.name == name);
    if is_taken(&net.name)
        && let Some(vnic) = &net.vnic
    {
        let first = vnic.to_string();
        let more = (2..).map(|n| format!("{vnic}-{n}"));
        net.name = std::iter::once(first).chain(more).find(|name| !is_taken(name)).unwrap_or_default();
    }
    net
}
