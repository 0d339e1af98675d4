//! Three configurations, part by part.

use super::DriftItem;
use super::place::place;
use crate::effective::ZoneSpec;
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::{Part, ZoneConfig, parts};
use crate::host::Dialect;
use crate::lifecycle::effect_of;
use crate::source::Source;
use crate::zone::ZoneEntry;

/// Each point in which the host has something else than is wished.
pub(super) fn documents(
    wish: &ZoneConfig,
    applied: &ZoneConfig,
    host: &ZoneConfig,
    spec: &ZoneSpec,
    dialect: Dialect,
) -> Vec<DriftItem> {
    let (wish, applied, host) = (parts(wish), parts(applied), parts(host));
    let find = |parts: &[Part], key: &[String]| parts.iter().find(|part| part.key == key).cloned();
    let mut items = Vec::new();
    let theirs = host.iter().filter(|part| find(&wish, &part.key).is_none());
    for part in wish.iter().chain(theirs) {
        let (wished, was, there) = (find(&wish, &part.key), find(&applied, &part.key), find(&host, &part.key));
        let source = if wished.is_some() { place(spec, &part.key) } else { Source::none() };
        let first = items.len();
        match (wished, there) {
            (Some(wished), Some(there)) => properties(&wished, was.as_ref(), &there, &source, &mut items),
            (wished, there) => {
                let text = |part: Option<Part>| part.map(|part| part.text());
                items.push(DriftItem::new(part.name.clone(), text(wished), text(was), text(there), source));
            }
        }
        items[first..].iter_mut().for_each(|item| item.effect = Some(effect_of(&part.key, dialect)));
    }
    items
}

fn properties(wish: &Part, applied: Option<&Part>, host: &Part, source: &Source, items: &mut Vec<DriftItem>) {
    let get = |part: &Part, name: &str| {
        part.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let theirs = host.properties.iter().filter(|(name, _)| get(wish, name).is_none());
    for (name, _) in wish.properties.iter().chain(theirs) {
        let (wished, there) = (get(wish, name), get(host, name));
        if wished != there {
            let what = if name.is_empty() { wish.name.clone() } else { format!("{} {name}", wish.name) };
            let was = applied.and_then(|applied| get(applied, name));
            items.push(DriftItem::new(what, wished, was, there, source.clone()));
        }
    }
}

/// Whether it is still the installation that is noted.
pub(super) fn identity(entry: &ZoneEntry, zone: &HostZone) -> Option<DriftItem> {
    let (noted, found) = (entry.uuid.clone()?, zone.uuid.clone());
    let differs = found.as_ref() != Some(&noted);
    differs.then(|| DriftItem::new("uuid".to_owned(), Some(noted.clone()), Some(noted), found, Source::none()))
}
