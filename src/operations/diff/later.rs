//! Settings that an existing zone gets only at a reinstall, or never.

use super::DriftItem;
use crate::documents::resolve::nets_of_template;
use crate::documents::zone::Origin;
use crate::operations::{ConfigTree, ZoneComparison, install_differences};
use crate::schema::TakesEffect;
use crate::value::source::Source;

/// Returns the settings in which the files differ from what the zone was installed with. `publishers`: those of its image are set
/// while it runs.
pub(super) fn at_reinstall(comparison: &ZoneComparison<'_>, publishers: bool) -> Vec<DriftItem> {
    let (entry, spec) = (comparison.entry(), &comparison.spec);
    let later = install_differences(entry, spec, comparison.dialect(), publishers).into_iter();
    later
        .map(|later| {
            let host = later.installed.clone();
            DriftItem::new(later.node.to_owned(), later.desired, later.installed, host, later.source)
                .taking_effect(TakesEffect::Reinstall)
                .minor()
        })
        .collect()
}

/// Returns the quotas that changed in the files since they were applied.
pub(super) fn quotas(comparison: &ZoneComparison<'_>) -> Vec<DriftItem> {
    let applied = comparison.entry().applied.as_deref();
    let applied = applied.map(|applied| applied.settings.resources.datasets.as_slice()).unwrap_or_default();
    let desired = comparison.spec.resources.datasets.iter();
    desired
        .filter_map(|dataset| {
            let was = applied.iter().find(|was| was.name == dataset.name).filter(|was| was.quota != dataset.quota)?;
            let text = |quota: Option<crate::value::Size>| quota.map(|quota| quota.to_string());
            let (desired, was) = (text(dataset.quota), text(was.quota));
            let what = format!("dataset {} quota", dataset.name);
            let item = DriftItem::new(what, desired, was.clone(), was, dataset.source.clone());
            Some(item.taking_effect(TakesEffect::AtOnce))
        })
        .collect()
}

/// Returns the nets of the template that the entry, which has its own nets, does not have.
pub(super) fn nets_of_the_template(config_tree: &ConfigTree, comparison: &ZoneComparison<'_>) -> Vec<DriftItem> {
    let entry = comparison.entry();
    if entry.nets.is_empty() || entry.origin == Some(Origin::Import) {
        return Vec::new();
    }
    let nets = nets_of_template(&config_tree.config, &config_tree.templates, &config_tree.pools, entry);
    nets.into_iter()
        .filter(|net| !entry.nets.iter().any(|own| own.name == net.name))
        .map(|net| {
            let from = match (&net.pool, &net.physical) {
                (Some(pool), _) => format!("pool {pool} in the template; the entry names its nets itself"),
                (None, Some(link)) => format!("link {link} in the template; the entry names its nets itself"),
                (None, None) => "in the template; the entry names its nets itself".to_owned(),
            };
            let source = if net.source.file.is_some() { net.source.clone() } else { Source::none() };
            let mut item = DriftItem::new(format!("net {}", net.name), Some(from), None, None, source).minor();
            item.effect = Some(TakesEffect::Never);
            item
        })
        .collect()
}
