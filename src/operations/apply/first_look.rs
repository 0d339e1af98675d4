//! The first look of `apply --dry-run` at a zone, on all cores: most zones need nothing.
//!
//! Invariant: nothing is kept of a zone but its change and its place in the order. What must be chosen is chosen later, one zone after
//! the other.

use super::application::plan;
use super::rebuilt::is_rebuilt;
use crate::api::{ApplyOptions, Change};
use crate::error::{Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Snapshots};
use crate::operations::lineage::Member;
use crate::operations::zone_comparison::ZoneComparison;
use crate::value::name::ZoneName;
use crate::value::source::Sourced;

/// Needs of a zone that are known without choosing addresses and without the other zones.
pub(super) enum FirstLook {
    Nothing,
    Unbuilt,
    Change(Box<Change>),
    /// Something must be chosen, or the zone is built again.
    Choosing,
    Left(Error),
}

impl FirstLook {
    /// Plans a zone if that needs no choice.
    pub(super) fn at(
        context: &Context,
        config_tree: &ConfigTree,
        snapshots: &Snapshots,
        comparison: Result<ZoneComparison<'_>>,
        options: &ApplyOptions,
    ) -> Self {
        let comparison = match comparison {
            Ok(comparison) => comparison,
            Err(error) => return FirstLook::Left(error),
        };
        if comparison.entry().state.is_none() {
            return FirstLook::Unbuilt;
        }
        if comparison.host.is_none() || comparison.needs_reservation() {
            return FirstLook::Choosing;
        }
        match plan(context, config_tree, snapshots, None, comparison, options, None) {
            Ok(planned) if planned.is_nothing() && planned.change.notes.is_empty() => FirstLook::Nothing,
            Ok(planned) => FirstLook::Change(Box::new(planned.change)),
            Err(error) => FirstLook::Left(error),
        }
    }
}

/// Facts about a zone that decide the order of an operation.
#[derive(Default)]
pub(super) struct Relation {
    brand: String,
    source: Option<Sourced<ZoneName>>,
    is_built: bool,
    after: Option<Vec<ZoneName>>,
    /// It is built again, from a golden zone.
    pub(super) is_rebuilt: bool,
}

impl Relation {
    pub(super) fn of(comparison: Option<&ZoneComparison<'_>>, options: &ApplyOptions) -> Self {
        let Some(comparison) = comparison else { return Relation::default() };
        let spec = &comparison.spec;
        let boots = match &comparison.host {
            Some((zone, _)) => options.reboot && zone.state == ZoneState::Running,
            None => spec.autoboot.value,
        };
        Relation {
            brand: spec.brand.value.clone(),
            source: spec.clone_from.clone(),
            is_built: comparison.entry().state.is_none() || options.recreate && comparison.host.is_none(),
            after: boots.then(|| spec.after.value.clone()),
            is_rebuilt: is_rebuilt(comparison, options),
        }
    }

    pub(super) fn member(&self, name: &ZoneName) -> Member {
        let Relation { brand, source, is_built, after, .. } = self;
        let (brand, source, after) = (brand.clone(), source.clone(), after.clone());
        Member { name: name.clone(), brand, source, is_built: *is_built, after }
    }
}
