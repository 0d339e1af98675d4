//! The publishers of a zone's image, where they are zmgr's to set.

use crate::effective::ZoneSpec;
use crate::error::Result;
use crate::exec::pkg::ImagePublisher;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::is_pkg_image;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::Context;
use crate::operations::host_assets::HostAssets;
use crate::operations::steps::{Image, Publishers, SetPublisher, Step, publisher_difference};
use crate::operations::{brand, is_linked};
use crate::zone::{Origin, ZoneEntry};

/// The publishers that a zone's image has and shall have.
pub(crate) struct Publishing {
    /// What the image has.
    pub(crate) found: Vec<ImagePublisher>,
    /// What it shall have.
    pub(crate) desired: Publishers,
    /// The names that were applied last.
    pub(crate) applied: Vec<String>,
}

/// Whether the wish of publishers reaches the image of this zone. An adopted zone was installed by others: until its own file names
/// publishers, it keeps those that it has.
pub(crate) fn are_ours(context: &Context, entry: &ZoneEntry, spec: &ZoneSpec, zone: &HostZone) -> bool {
    let installed = !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete);
    let own = is_pkg_image(&zone.brand) && !is_linked(&zone.brand, context.host.dialect());
    let named = entry.settings.install.is_some() || !applied(entry).is_empty();
    !spec.install.publishers.is_empty() && installed && own && (entry.origin != Some(Origin::Import) || named)
}

fn applied(entry: &ZoneEntry) -> Vec<String> {
    let install = entry.applied.as_deref().and_then(|applied| applied.settings.install.as_ref());
    install.map(|install| install.publishers.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// What the image has and shall have: one command. What somebody else gave it stays, unless it is to be pruned.
pub(crate) fn inspect(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    prune: bool,
) -> Result<Publishing> {
    let image = Image { zone: spec.name.clone(), zonepath: spec.zonepath.value.clone() };
    let found = image.found(&context.host)?;
    let desired = brand::publishers(spec, config_tree, false)?;
    let applied = applied(entry);
    let gone = (!prune).then(|| applied.clone());
    Ok(Publishing { found, desired: Publishers { image, desired, gone }, applied })
}

/// The steps that bring the image to the wish; none where it is so.
pub(super) fn steps(
    context: &Context,
    config_tree: &ConfigTree,
    spec: &ZoneSpec,
    publishing: Publishing,
) -> Result<Vec<Box<dyn Step>>> {
    let Publishing { found, desired: all, .. } = publishing;
    if all.differences(&found).is_empty() {
        return Ok(Vec::new());
    }
    HostAssets::of(&context.host, config_tree, spec)?.publishers(spec, config_tree, false)?;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let mut after: Option<String> = None;
    // Where one stands is said relative to the one before it, so from the first that is out of place on, each is set.
    let mut order = found.iter().filter(|found| all.desired.iter().any(|desired| desired.name.as_str() == found.name));
    let mut in_order = true;
    for publisher in &all.desired {
        in_order &= order.next().is_some_and(|found| found.name == publisher.name.as_str());
        if !in_order || publisher_difference(publisher, &found).is_some() {
            let (image, publisher) = (all.image.clone(), publisher.clone());
            steps.push(Box::new(SetPublisher { image, publisher, after: after.take() }));
        }
        after = Some(publisher.name.to_string());
    }
    steps.push(Box::new(all));
    Ok(steps)
}
