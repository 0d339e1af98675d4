//! The publishers of a zone's image, where they are zmgr's to set and can be read.

use super::DriftItem;
use crate::exec::pkg::ImagePublisher;
use crate::exec::zoneadm::HostZone;
use crate::lifecycle::{Library, Site, Standing, publishers as publishing};
use crate::publisher::Publisher;
use crate::source::Source;

/// In what the image's publishers differ from those that its `install` names. One command, and only where it names some.
pub(super) fn publishers(site: &Site, library: &Library, standing: &Standing<'_>, zone: &HostZone) -> Vec<DriftItem> {
    let (entry, spec) = (standing.entry(), &standing.spec);
    if !publishing::are_ours(site, entry, spec, zone) {
        return Vec::new();
    }
    let Ok(look) = publishing::look(site, library, entry, spec, false) else { return Vec::new() };
    let (wished, found, applied) = (&look.wished.wished, &look.found, &look.applied);
    let mut items = Vec::new();
    for wish in wished {
        let name = wish.name.as_str();
        let there = found.iter().find(|found| found.name == name);
        // What was applied of it is the wish, as far as is known: only its name is kept.
        let was = applied.iter().any(|applied| applied == name);
        if there.is_none() {
            let origins = Some(sorted(&wish.origins));
            let was = origins.clone().filter(|_| was);
            items.push(DriftItem::new(format!("publisher {name}"), origins, was, None, wish.source.clone()));
            continue;
        }
        for (what, wished, there) in points(wish, there) {
            if there.as_ref() != Some(&wished) {
                let (what, was) = (format!("publisher {name} {what}"), was.then(|| wished.clone()));
                items.push(DriftItem::new(what, Some(wished), was, there, wish.source.clone()));
            }
        }
    }
    let is_wished = |name: &str| wished.iter().any(|wish| wish.name.as_str() == name);
    for stranger in found.iter().filter(|found| !is_wished(&found.name)) {
        let was = applied.contains(&stranger.name).then(|| sorted(&stranger.origins));
        let what = format!("publisher {}", stranger.name);
        items.push(DriftItem::new(what, None, was, Some(sorted(&stranger.origins)), Source::none()));
    }
    let order: Vec<&str> = found.iter().map(|found| found.name.as_str()).filter(|name| is_wished(name)).collect();
    let wish: Vec<&str> = wished.iter().map(|wish| wish.name.as_str()).collect();
    if order.len() == wish.len() && order != wish {
        let kept: Vec<&str> = applied.iter().map(String::as_str).filter(|name| is_wished(name)).collect();
        let was = (kept.len() == wish.len()).then(|| kept.join(" "));
        let source = wished.first().map(|wish| wish.source.clone()).unwrap_or_default();
        items.push(DriftItem::new("publishers".to_owned(), Some(wish.join(" ")), was, Some(order.join(" ")), source));
    }
    items
}

/// What is compared of a publisher: what it is, as wished, as found.
fn points(wish: &Publisher, there: Option<&ImagePublisher>) -> [(&'static str, String, Option<String>); 4] {
    [
        ("origin", sorted(&wish.origins), there.map(|there| sorted(&there.origins))),
        ("mirror", sorted(&wish.mirrors), there.map(|there| sorted(&there.mirrors))),
        ("sticky", wish.sticky.to_string(), there.map(|there| there.sticky.to_string())),
        ("enabled", true.to_string(), there.map(|there| there.enabled.to_string())),
    ]
}

fn sorted(uris: &[String]) -> String {
    let mut uris: Vec<String> = uris.iter().map(|uri| crate::lifecycle::tidy_uri(uri)).collect();
    uris.sort_unstable();
    uris.dedup();
    uris.join(" ")
}
