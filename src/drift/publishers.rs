//! The publishers of a zone's image, where they are the zone's own and can be read.

use super::DriftItem;
use crate::effective::ZoneSpec;
use crate::exec::pkg;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::is_pkg_image;
use crate::lifecycle::{Library, Site, is_linked};

/// In what the image's publishers differ from those that its `install` names. One command, and only where it names some.
pub(super) fn publishers(site: &Site, library: &Library, spec: &ZoneSpec, zone: &HostZone) -> Vec<DriftItem> {
    let named = &spec.install.publishers;
    let installed = !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete);
    let own = is_pkg_image(&zone.brand) && !is_linked(&zone.brand, site.host.dialect());
    if named.is_empty() || !installed || !own {
        return Vec::new();
    }
    let image = format!("{}/root", zone.zonepath);
    let Ok(found) = site.host.ask(&pkg::publishers(&image)).and_then(|answer| pkg::parse_publishers(&answer)) else {
        return Vec::new();
    };
    let mut items = Vec::new();
    for name in named {
        let Some(wish) = library.publishers.get(name) else { continue };
        let there = found.iter().find(|publisher| publisher.name == name.as_str());
        let mut compare = |what: &str, wished: &[String], there: Option<&Vec<String>>| {
            let (wished, there) = (sorted(wished), there.map(|there| sorted(there)));
            if there.as_deref().unwrap_or_default() != wished {
                let what = format!("publisher {name} {what}");
                items.push(DriftItem::new(what, Some(wished.clone()), Some(wished), there, wish.source.clone()));
            }
        };
        compare("origin", &wish.origins, there.map(|there| &there.origins));
        compare("mirror", &wish.mirrors, there.map(|there| &there.mirrors));
    }
    items
}

fn sorted(uris: &[String]) -> String {
    let mut uris: Vec<&str> = uris.iter().map(|uri| uri.trim_end_matches('/')).collect();
    uris.sort_unstable();
    uris.join(" ")
}
