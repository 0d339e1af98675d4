//! Compares the publishers of a zone's image, if zmgr manages them and they can be read.

use super::DriftItem;
use crate::documents::publisher::Publisher;
use crate::exec::pkg::ImagePublisher;
use crate::exec::zoneadm::HostZone;
use crate::operations::{ConfigTree, Context, ZoneComparison, publishers as publishing};
use crate::value::source::Source;

/// Returns differences between the image's publishers and those of its `install`. Runs one command, and only if `install` names
/// publishers.
pub(super) fn publishers(
    context: &Context,
    config_tree: &ConfigTree,
    comparison: &ZoneComparison<'_>,
    zone: &HostZone,
) -> Vec<DriftItem> {
    let (entry, spec) = (comparison.entry(), &comparison.spec);
    if !publishing::are_ours(context, entry, spec, zone) {
        return Vec::new();
    }
    let Ok(state) = publishing::inspect(context, config_tree, entry, spec, false) else { return Vec::new() };
    let (wanted, found, applied) = (&state.desired.desired, &state.found, &state.applied);
    let mut items = Vec::new();
    for desired in wanted {
        let name = desired.name.as_str();
        let there = found.iter().find(|found| found.name == name);
        // Only the name of an applied publisher is recorded; its other values are taken to be the desired ones.
        let was = applied.iter().any(|applied| applied == name);
        if there.is_none() {
            let origins = Some(sorted(&desired.origins));
            let was = origins.clone().filter(|_| was);
            items.push(DriftItem::new(format!("publisher {name}"), origins, was, None, desired.source.clone()));
            continue;
        }
        if there.is_some_and(|there| there.has_key == Some(desired.ssl_key.is_none())) {
            let (key, there) = (desired.ssl_key.clone(), desired.ssl_key.is_none().then(|| "set".to_owned()));
            let was = key.clone().filter(|_| was);
            items.push(DriftItem::new(format!("publisher {name} ssl-key"), key, was, there, desired.source.clone()));
        }
        if there.is_some_and(|there| there.has_other_key) {
            let (what, key) = (format!("publisher {name} ssl-key"), desired.ssl_key.clone());
            let there = Some("another key".to_owned());
            items.push(DriftItem::new(what, key.clone(), key.filter(|_| was), there, desired.source.clone()));
        }
        for (what, wanted, there) in points(desired, there) {
            if there.as_ref() != Some(&wanted) {
                let (what, was) = (format!("publisher {name} {what}"), was.then(|| wanted.clone()));
                items.push(DriftItem::new(what, Some(wanted), was, there, desired.source.clone()));
            }
        }
    }
    let is_desired = |name: &str| wanted.iter().any(|desired| desired.name.as_str() == name);
    for stranger in found.iter().filter(|found| !is_desired(&found.name)) {
        let was = applied.contains(&stranger.name).then(|| sorted(&stranger.origins));
        let what = format!("publisher {}", stranger.name);
        items.push(DriftItem::new(what, None, was, Some(sorted(&stranger.origins)), Source::none()));
    }
    let order: Vec<&str> = found.iter().map(|found| found.name.as_str()).filter(|name| is_desired(name)).collect();
    let desired: Vec<&str> = wanted.iter().map(|desired| desired.name.as_str()).collect();
    if order.len() == desired.len() && order != desired {
        let kept: Vec<&str> = applied.iter().map(String::as_str).filter(|name| is_desired(name)).collect();
        let was = (kept.len() == desired.len()).then(|| kept.join(" "));
        let source = wanted.first().map(|desired| desired.source.clone()).unwrap_or_default();
        items.push(DriftItem::new(
            "publishers".to_owned(),
            Some(desired.join(" ")),
            was,
            Some(order.join(" ")),
            source,
        ));
    }
    items
}

/// Compared properties of a publisher: name, desired value, actual value.
fn points(desired: &Publisher, there: Option<&ImagePublisher>) -> [(&'static str, String, Option<String>); 4] {
    [
        ("origin", sorted(&desired.origins), there.map(|there| sorted(&there.origins))),
        ("mirror", sorted(&desired.mirrors), there.map(|there| sorted(&there.mirrors))),
        ("sticky", desired.sticky.to_string(), there.map(|there| there.sticky.to_string())),
        ("enabled", true.to_string(), there.map(|there| there.enabled.to_string())),
    ]
}

fn sorted(uris: &[String]) -> String {
    let mut uris: Vec<String> = uris.iter().map(|uri| crate::exec::pkg::tidy(uri)).collect();
    uris.sort_unstable();
    uris.dedup();
    uris.join(" ")
}
