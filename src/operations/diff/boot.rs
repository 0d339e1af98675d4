//! Reasons why the next boot of a zone would fail.

use super::DriftItem;
use crate::error::Result;
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::{ZoneConfig, merge};
use crate::operations::{Context, Snapshots, ZoneComparison, unmet_by_boot};

/// Returns what the host lacks, whether the zone is configured for it already or only will be.
pub(super) fn boot(
    context: &Context,
    snapshots: &Snapshots,
    comparison: &ZoneComparison<'_>,
    zone: &HostZone,
    found: &ZoneConfig,
    desired: &ZoneConfig,
) -> Result<Vec<DriftItem>> {
    let target = merge(desired, &comparison.applied(), found, false);
    let unmet = unmet_by_boot(context, snapshots, &comparison.spec, zone, found, &target)?;
    let items = unmet.into_iter().map(|(unmet, is_configured)| {
        let desired = Some(unmet.desired);
        // Configured already, it was there when the zone was configured.
        let applied = if is_configured { desired.clone() } else { unmet.found.clone() };
        DriftItem::new(unmet.what, desired, applied, unmet.found, unmet.source)
    });
    Ok(items.collect())
}
