//! Zones that the host has lost and that are built again from golden zones: each from the golden zone of its present install settings,
//! which is installed first if it is not there.

use crate::api::ApplyOptions;
use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::EntryState;
use crate::error::Result;
use crate::operations::context::Snapshots;
use crate::operations::prepare::Prepared;
use crate::operations::reinstall::is_golden_clone;
use crate::operations::zone_comparison::{ZoneComparison, take_golden};
use crate::value::name::ZoneName;

/// Returns true if this zone is built again, from a golden zone.
pub(super) fn is_rebuilt(comparison: &ZoneComparison<'_>, options: &ApplyOptions) -> bool {
    let is_lost = comparison.host.is_none() && comparison.entry().state == Some(EntryState::Ready);
    options.recreate && is_lost && is_golden_clone(&comparison.spec)
}

/// Returns the specs of those of these zones that are built again, from golden zones.
pub(crate) fn specs(comparisons: &[(ZoneName, Result<ZoneComparison<'_>>)], options: &ApplyOptions) -> Vec<ZoneSpec> {
    let known = comparisons.iter().filter_map(|(_, comparison)| comparison.as_ref().ok());
    known.filter(|comparison| is_rebuilt(comparison, options)).map(|comparison| comparison.spec.clone()).collect()
}

/// Lets the zones be built from the golden zones that were chosen.
pub(crate) fn set_goldens(snapshots: &Snapshots, prepared: &Prepared, rebuilt: &[ZoneSpec]) {
    let chosen = rebuilt.iter().map(|spec| {
        let golden = prepared.goldens.of(&spec.name).cloned();
        (spec.name.clone(), golden.ok_or_else(|| prepared.refusal(&spec.name)))
    });
    let _ = snapshots.goldens.set(chosen.collect());
}

/// Gives these comparisons the golden zones that were chosen since they were made.
pub(super) fn update(comparisons: &mut [(ZoneName, Result<ZoneComparison<'_>>)], snapshots: &Snapshots) {
    for (_, comparison) in comparisons {
        if let Ok(known) = comparison
            && known.host.is_none()
            && let Err(error) = take_golden(&mut known.spec, snapshots)
        {
            *comparison = Err(error);
        }
    }
}
