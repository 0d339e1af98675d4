//! The publishers of a zone's image, if zmgr manages them.

use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::{Origin, ZoneEntry};
use crate::error::Result;
use crate::exec::pkg::ImagePublisher;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{Distribution, is_pkg_image};
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::Context;
use crate::operations::host_assets::HostAssets;
use crate::operations::steps::{Image, Publishers, SetPublisher, Step, publisher_difference};
use crate::operations::{brand, is_linked};

/// Actual and desired publishers of a zone's image.
pub(crate) struct Publishing {
    /// The image's publishers.
    pub(crate) found: Vec<ImagePublisher>,
    /// The desired publishers.
    pub(crate) desired: Publishers,
    /// The names that were applied last.
    pub(crate) applied: Vec<String>,
}

/// Returns true if zmgr manages the publishers of this zone's image. An adopted zone was installed by others: until its own file
/// names publishers, it keeps those that it has.
pub(crate) fn are_ours(context: &Context, entry: &ZoneEntry, spec: &ZoneSpec, zone: &HostZone) -> bool {
    let installed = !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete);
    installed && would_be_ours(context.host.dialect(), entry, spec, &zone.brand)
}

/// Returns true if zmgr manages the publishers of this zone's image once it is installed.
pub(crate) fn would_be_ours(dialect: Distribution, entry: &ZoneEntry, spec: &ZoneSpec, brand: &str) -> bool {
    let own = is_pkg_image(brand) && !is_linked(brand, dialect);
    let named = entry.settings.install.is_some() || !applied(entry).is_empty();
    !spec.install.publishers.is_empty() && own && (entry.origin != Some(Origin::Import) || named)
}

/// Returns the names of the publishers as they were applied.
pub(crate) fn applied(entry: &ZoneEntry) -> Vec<String> {
    let install = entry.applied.as_deref().and_then(|applied| applied.settings.install.as_ref());
    install.map(|install| install.publishers.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// Queries the image, with one command. Publishers that others added stay unless they are pruned.
pub(crate) fn inspect(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    prune: bool,
) -> Result<Publishing> {
    let image = Image { zone: spec.name.clone(), zonepath: spec.zonepath.value.clone() };
    let desired = brand::publishers(spec, config_tree, false)?;
    let found = image.found(&context.host, &desired)?;
    let applied = applied(entry);
    let gone = (!prune).then(|| applied.clone());
    Ok(Publishing { found, desired: Publishers { image, desired, gone }, applied })
}

/// Returns the steps that set the desired publishers; none if they match. Adds a note on each proxy that is lost.
pub(super) fn steps(
    context: &Context,
    config_tree: &ConfigTree,
    spec: &ZoneSpec,
    publishing: Publishing,
    notes: &mut Vec<String>,
) -> Result<Vec<Box<dyn Step>>> {
    let Publishing { found, desired: all, .. } = publishing;
    if all.differences(&found).is_empty() {
        return Ok(Vec::new());
    }
    HostAssets::of(&context.host, config_tree, spec)?.publishers(spec, config_tree, false)?;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let mut after: Option<String> = None;
    // A position is given relative to the publisher before, so everything after the first one out of place is set.
    let mut order = found.iter().filter(|found| all.desired.iter().any(|desired| desired.name.as_str() == found.name));
    let mut in_order = true;
    for publisher in &all.desired {
        in_order &= order.next().is_some_and(|found| found.name == publisher.name.as_str());
        if !in_order || publisher_difference(publisher, &found).is_some() {
            let (image, publisher) = (all.image.clone(), publisher.clone());
            let there = found.iter().find(|found| found.name == publisher.name.as_str());
            // A key is removed with the origins only.
            let loses_key = |there: &&ImagePublisher| there.has_key == Some(true) && publisher.ssl_key.is_none();
            let there = there.filter(|there| !there.proxied.is_empty());
            notes.extend(there.filter(loses_key).map(|there| {
                format!(
                    "{} loses the proxy of {} with its key; set it again with `pkg set-publisher --proxy`",
                    there.name,
                    there.proxied.join(", ")
                )
            }));
            let found = there.filter(|there| !loses_key(there)).cloned();
            steps.push(Box::new(SetPublisher { image, publisher, after: after.take(), found }));
        }
        after = Some(publisher.name.to_string());
    }
    steps.push(Box::new(all));
    Ok(steps)
}
