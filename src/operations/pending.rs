//! Changes that were applied while a zone ran and are not in effect before it boots.
//!
//! Invariant: they are recorded in the entry with the host's boot time and the zone's id, and count only while both are the same.

use std::collections::{HashMap, HashSet};

use super::journal::Journal;
use crate::documents::resources::Single;
use crate::documents::zone::{Pending, PendingChange, ZoneEntry};
use crate::error::Result;
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::{Part, ZoneConfig, parts};
use crate::host::{Distribution, Host};
use crate::schema::{TakesEffect, takes_effect};

/// Attributes that OmniOS's brands read at each boot.
const READ_AT_BOOT: [&str; 2] = ["resolvers", "dns-domain"];

/// Longest text of an earlier value that is kept in the entry.
const MAX_VALUE: usize = 1000;

/// A part of a configuration before and after a change; `None` if it is not there.
pub(crate) struct ChangedPart {
    pub(crate) from: Option<Part>,
    pub(crate) to: Option<Part>,
}

impl ChangedPart {
    fn part(&self) -> Option<&Part> {
        self.to.as_ref().or(self.from.as_ref())
    }

    pub(crate) fn name(&self) -> String {
        self.part().map(|part| part.name.clone()).unwrap_or_default()
    }

    /// Returns true if a running zone has the change only after its next boot.
    pub(crate) fn waits_for_reboot(&self, dialect: Distribution) -> bool {
        self.part().is_some_and(|part| effect(&part.key, dialect) != TakesEffect::AtOnce)
    }
}

/// Returns when a change of the part with this key takes effect.
pub(crate) fn effect(key: &[String], dialect: Distribution) -> TakesEffect {
    let word = |n: usize| key.get(n).map(String::as_str).unwrap_or_default();
    let node = match word(0) {
        "rctl" => Single::of_control(word(1)).map_or("rctl", |(single, _)| single.node),
        "attr" if dialect == Distribution::OmniOs && READ_AT_BOOT.contains(&word(1)) => return TakesEffect::NextReboot,
        node => Single::of_property(node).map_or(node, |single| single.node),
    };
    // Properties that zmgr has no node for take effect like most of a zone's configuration.
    takes_effect(node).unwrap_or(TakesEffect::NextReboot)
}

/// Returns the parts in which two configurations differ.
pub(crate) fn changed_parts(from: &ZoneConfig, to: &ZoneConfig) -> Vec<ChangedPart> {
    let (from, to) = (parts(from), parts(to));
    let (old, new) = (by_key(&from), by_key(&to));
    let gone = from.iter().filter(|part| !new.contains_key(part.key.as_slice()));
    let gone = gone.map(|part| ChangedPart { from: Some(part.clone()), to: None });
    let twin = |part: &Part| old.get(part.key.as_slice()).map(|twin| (*twin).clone());
    let others = to.iter().map(|part| ChangedPart { from: twin(part), to: Some(part.clone()) });
    gone.chain(others).filter(|changed| changed.from != changed.to).collect()
}

/// Returns parts by their key; of several with one key, the first.
pub(crate) fn by_key(parts: &[Part]) -> HashMap<&[String], &Part> {
    parts.iter().rev().map(|part| (part.key.as_slice(), part)).collect()
}

/// Returns the changes of an entry that still wait for a boot of its zone, as the host has it now.
pub(crate) fn current<'e>(host: &Host, entry: &'e ZoneEntry, zone: Option<&HostZone>) -> Result<Option<&'e Pending>> {
    let (Some(pending), Some(zone)) = (&entry.pending, zone) else { return Ok(None) };
    if !zone.state.is_active() || zone.id != Some(pending.zone_id) {
        return Ok(None);
    }
    Ok(Some(pending).filter(|pending| pending.is_current(boot_time(host), zone.id)))
}

/// Returns the pending changes as texts.
pub(crate) fn texts(host: &Host, entry: &ZoneEntry, zone: Option<&HostZone>) -> Result<Vec<String>> {
    Ok(current(host, entry, zone)?.map(Pending::texts).unwrap_or_default())
}

/// Returns the changes that wait for the zone's next boot once its configuration changes from `from` to `to`: the earlier ones and
/// these, without those that lead back to what the running zone has. An earlier one may have been recorded and never made.
pub(crate) fn after(
    host: &Host,
    before: Option<&Pending>,
    zone: &HostZone,
    from: &ZoneConfig,
    to: &ZoneConfig,
) -> Result<Option<Pending>> {
    let Some(zone_id) = zone.id.filter(|_| zone.state.is_active()) else { return Ok(None) };
    let mut changes = before.map(|pending| pending.changes.clone()).unwrap_or_default();
    let known: HashMap<String, usize> =
        changes.iter().enumerate().rev().map(|(at, change)| (change.what.clone(), at)).collect();
    let mut undone = HashSet::new();
    for changed in changed_parts(from, to).iter().filter(|changed| changed.waits_for_reboot(host.dialect())) {
        let (what, text) = (changed.name(), |part: &Option<Part>| part.as_ref().map(Part::text));
        match known.get(&what) {
            Some(known) if changes[*known].was == text(&changed.to) => {
                undone.insert(what);
            }
            Some(_) => {}
            None => changes.push(PendingChange { what, was: text(&changed.from).filter(|was| was.len() <= MAX_VALUE) }),
        }
    }
    let now: HashMap<String, String> = parts(to).iter().rev().map(|part| (part.name.clone(), part.text())).collect();
    let is_back = |change: &PendingChange| change.was.is_some() && change.was.as_ref() == now.get(&change.what);
    changes.retain(|change| !undone.contains(&change.what) && !is_back(change));
    if changes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Pending { boot_time: boot_time(host), zone_id, changes }))
}

/// Removes from the entry the changes that no longer wait, now that the host has the zone like this.
pub(crate) fn clear(host: &Host, journal: &Journal<'_>, entry: &ZoneEntry, zone: Option<&HostZone>) -> Result<()> {
    if entry.pending.is_none() || current(host, entry, zone)?.is_some() {
        return Ok(());
    }
    journal.edit(|entry| entry.pending = None)
}

/// If the boot time of the host is unknown, the zone's id distinguishes boots.
fn boot_time(host: &Host) -> Option<u64> {
    host.boot_time().unwrap_or_default()
}
