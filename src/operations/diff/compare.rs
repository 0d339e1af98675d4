//! Compares three configurations, part by part.

use super::DriftItem;
use super::place::Places;
use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::ZoneEntry;
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::{Part, ZoneConfig, parts};
use crate::host::Distribution;
use crate::operations::{effect_of, parts_by_key};
use crate::value::source::Source;

/// Returns each difference between the host and the desired configuration.
pub(super) fn documents(
    desired: &ZoneConfig,
    applied: &ZoneConfig,
    host: &ZoneConfig,
    spec: &ZoneSpec,
    dialect: Distribution,
) -> Vec<DriftItem> {
    let (desired, applied, host) = (parts(desired), parts(applied), parts(host));
    let (desired_by_key, applied, host_by_key) = (parts_by_key(&desired), parts_by_key(&applied), parts_by_key(&host));
    let places = Places::of(spec);
    let mut items = Vec::new();
    let theirs = host.iter().filter(|part| !desired_by_key.contains_key(part.key.as_slice()));
    for part in desired.iter().chain(theirs) {
        let key = part.key.as_slice();
        let [wanted, was, there] = [&desired_by_key, &applied, &host_by_key].map(|parts| parts.get(key).copied());
        let source = if wanted.is_some() { places.line(key) } else { Source::none() };
        let first = items.len();
        match (wanted, there) {
            (Some(wanted), Some(there)) => properties(wanted, was, there, &source, &mut items),
            (wanted, there) => {
                let text = |part: Option<&Part>| part.map(Part::text);
                items.push(DriftItem::new(part.name.clone(), text(wanted), text(was), text(there), source));
            }
        }
        items[first..].iter_mut().for_each(|item| item.effect = Some(effect_of(&part.key, dialect)));
    }
    items
}

fn properties(desired: &Part, applied: Option<&Part>, host: &Part, source: &Source, items: &mut Vec<DriftItem>) {
    let get = |part: &Part, name: &str| {
        part.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let theirs = host.properties.iter().filter(|(name, _)| get(desired, name).is_none());
    for (name, _) in desired.properties.iter().chain(theirs) {
        let (wanted, there) = (get(desired, name), get(host, name));
        if wanted != there {
            let what = if name.is_empty() { desired.name.clone() } else { format!("{} {name}", desired.name) };
            let was = applied.and_then(|applied| get(applied, name));
            items.push(DriftItem::new(what, wanted, was, there, source.clone()));
        }
    }
}

/// Returns true if it is still the recorded installation.
pub(super) fn identity(entry: &ZoneEntry, zone: &HostZone) -> Option<DriftItem> {
    let (noted, found) = (entry.uuid.clone()?, zone.uuid.clone());
    let differs = found.as_ref() != Some(&noted);
    differs.then(|| DriftItem::new("uuid".to_owned(), Some(noted.clone()), Some(noted), found, Source::none()))
}
