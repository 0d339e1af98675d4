//! Checks that delegated datasets can be destroyed together with their zone. Once the zone is gone, it is too late to find out that they
//! cannot.

use super::context::Context;
use super::inventory::Inventory;
use super::used_datasets::{Use, UsedDataset, is_within};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::exec::zfs;

/// Checks that nothing needs the datasets that zmgr made for this zone.
pub(crate) fn check(context: &Context, entry: &ZoneEntry) -> Result<()> {
    let datasets: Vec<&str> =
        entry.datasets.iter().filter(|made| made.is_delegated()).map(|made| made.name.as_str()).collect();
    if datasets.is_empty() {
        return Ok(());
    }
    let host = &context.host;
    let zones = host.zones()?;
    let others = Inventory::now(host).delegations(&zones).into_owned();
    for dataset in datasets {
        let own = UsedDataset::new(dataset, Use::Delegated);
        let is_others = |zone: &str| zone != entry.name.as_str();
        if let Some(other) = others.iter().find(|other| is_others(&other.zone) && other.dataset.excludes(&own)) {
            return Err(needed(dataset, &format!("zone {} has {}", other.zone, other.dataset.name))
                .with_help(format!("take it from zone {} first, or destroy without --purge", other.zone)));
        }
        let listed = host.question(&zfs::list_snapshots(dataset))?;
        // A dataset that is gone is not destroyed.
        let snapshots = if listed.success() { zfs::parse_snapshots(&listed)? } else { Vec::new() };
        for snapshot in snapshots {
            if let Some(clone) = snapshot.clones.iter().find(|clone| !is_within(clone, dataset)) {
                return Err(needed(dataset, &format!("{clone} was cloned from {}", snapshot.name)).with_help(format!(
                    "run `zfs promote {clone}`, or destroy it first; or destroy the zone without --purge"
                )));
            }
            if snapshot.holds > 0 {
                return Err(needed(dataset, &format!("snapshot {} is held", snapshot.name)).with_help(format!(
                    "run `zfs holds {0}` and `zfs release TAG {0}` first, or destroy the zone without --purge",
                    snapshot.name
                )));
            }
        }
    }
    Ok(())
}

fn needed(dataset: &str, why: &str) -> Error {
    Error::new(Code::WrongState, format!("the dataset {dataset} cannot be purged: {why}"))
}
