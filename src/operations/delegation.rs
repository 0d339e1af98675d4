//! Datasets that zones use: which may be given to a zone, and which zone has each.
//!
//! Invariant: a dataset, with everything below it, is delegated to at most one zone, and never if the host or another zone lives in
//! it. A dataset that is mounted by an `fs` of type zfs is used by that zone alone: the kernel mounts a file system once.

use std::collections::BTreeSet;

use super::inventory::{Delegation, Inventory};
use super::used_datasets::{UsedDataset, is_within};
use super::zonepath::{base, parent};
use crate::error::{Code, Error, Result};
use crate::exec::zfs::Dataset;
use crate::exec::zoneadm::HostZone;

/// Returns one of these datasets that contains this one, or that it contains.
pub(crate) fn overlapping<'d>(datasets: &BTreeSet<&'d str>, dataset: &str) -> Option<&'d str> {
    let mut outer = std::iter::successors(Some(dataset), |name| Some(name.rsplit_once('/')?.0)).skip(1);
    if let Some(outer) = outer.find_map(|name| datasets.get(name)) {
        return Some(outer);
    }
    let after = std::ops::Bound::Excluded(dataset);
    // `-` and `.` come before `/`.
    let inner =
        datasets.range::<str, _>((after, std::ops::Bound::Unbounded)).take_while(|name| name.starts_with(dataset));
    inner.copied().find(|name| is_within(name, dataset))
}

/// Checks that no other zone has the dataset or a part of it.
pub(crate) fn check_free(zone: &str, dataset: &UsedDataset, others: &[Delegation]) -> Result<()> {
    let other = others.iter().find(|other| other.zone != zone && other.dataset.excludes(dataset));
    let Some(Delegation { zone: holder, dataset: theirs }) = other else { return Ok(()) };
    let what = match theirs.name == dataset.name {
        true => "has it".to_owned(),
        false => format!("has {}", theirs.name),
    };
    let (name, how) = (&dataset.name, dataset.how.as_str());
    Err(Error::new(Code::Config, format!("zone {zone}: dataset {name} cannot be {how}: zone {holder} {what}"))
        .with_help(dataset.how.help()))
}

/// Checks that a dataset that is to be mounted in a zone is not part of the host or of another zone.
pub(crate) fn check_mountable(
    inventory: &Inventory<'_>,
    zone: &str,
    zonepath: &str,
    dataset: &str,
    zones: &[HostZone],
) -> Result<()> {
    let why = match dataset.split('/').nth(1) {
        Some("ROOT") => Some("it is a boot environment of the host, or part of one".to_owned()),
        _ => of_files(&inventory.around(dataset)?, zone, zonepath, dataset, zones),
    };
    let Some(why) = why else { return Ok(()) };
    Err(Error::new(Code::Config, format!("zone {zone}: dataset {dataset} cannot be mounted: {why}")).with_help(
        format!(
            "mount a separate dataset, such as one made with `zfs create -o mountpoint=legacy {}/data`",
            pool_of(dataset)
        ),
    ))
}

fn pool_of(dataset: &str) -> &str {
    dataset.split('/').next().unwrap_or(dataset)
}

/// Checks that neither the host nor another zone lives in a dataset that is to be delegated, or has it within its own.
pub(crate) fn check_delegable(
    inventory: &Inventory<'_>,
    zone: &str,
    zonepath: &str,
    dataset: &str,
    zones: &[HostZone],
) -> Result<()> {
    let refused = |why: String| {
        Err(Error::new(Code::Config, format!("zone {zone}: dataset {dataset} cannot be delegated: {why}"))
            .with_help("delegate a separate dataset, such as one made with `dataset \"POOL/data/NAME\" create=#true`"))
    };
    let parts: Vec<&str> = dataset.split('/').collect();
    match parts.as_slice() {
        [_] => return refused("it is the root of a pool and includes everything in the pool".to_owned()),
        [_, "ROOT", ..] => return refused("it contains boot environments of the host".to_owned()),
        _ => {}
    }
    let around = inventory.around(dataset)?;
    for found in around.iter().filter(|found| is_within(&found.name, dataset)) {
        let Some(at) = found.mountpoint.as_deref() else { continue };
        if at == "/" {
            return refused("the host boots from it".to_owned());
        }
        if at == parent(zonepath) || at == zonepath {
            return refused(format!("it contains the zonepath {zonepath}"));
        }
        let of_zone = |zone: &&HostZone| zone.name != "global" && (zone.zonepath == at || parent(&zone.zonepath) == at);
        if let Some(other) = zones.iter().find(of_zone) {
            return refused(format!("it contains the zonepath {} of zone {}", other.zonepath, other.name));
        }
    }
    match of_files(&around, zone, zonepath, dataset, zones) {
        Some(why) => refused(why),
        None => Ok(()),
    }
}

/// Returns why a dataset belongs to the files of a zone. `around` has the datasets that it lies in.
fn of_files(around: &[Dataset], zone: &str, zonepath: &str, dataset: &str, zones: &[HostZone]) -> Option<String> {
    for found in around.iter().filter(|found| found.name != dataset && is_within(dataset, &found.name)) {
        let Some(at) = found.mountpoint.as_deref() else { continue };
        let rest = &dataset[found.name.len() + 1..];
        if at == zonepath && is_within(rest, "ROOT") {
            return Some("it is the root of the zone itself".to_owned());
        }
        // The zone itself may have one within its own dataset.
        if let Some(other) =
            zones.iter().find(|other| other.name != zone && other.name != "global" && other.zonepath == at)
        {
            return Some(format!("it is within the files of the zone {}", other.name));
        }
        let is_mine = at == parent(zonepath) && rest.split('/').next() == Some(base(zonepath));
        if is_mine && (!rest.contains('/') || is_within(rest, &format!("{}/ROOT", base(zonepath)))) {
            return Some("it is the dataset of the zone itself".to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::used_datasets::Use;

    #[test]
    fn a_part_of_a_dataset_of_another_zone_is_not_free() {
        let others = [Delegation { zone: "a".into(), dataset: UsedDataset::new("rpool/data/a", Use::Delegated) }];
        let is_free = |zone, name, how| check_free(zone, &UsedDataset::new(name, how), &others);
        for taken in ["rpool/data/a", "rpool/data/a/b", "rpool/data"] {
            assert_eq!(is_free("b", taken, Use::Delegated).unwrap_err().code(), Code::Config, "{taken}");
        }
        is_free("b", "rpool/data/ab", Use::Delegated).unwrap();
        is_free("a", "rpool/data/a/b", Use::Delegated).unwrap();
        is_free("b", "rpool/data/a/b", Use::Mounted).unwrap_err();
        is_free("b", "rpool/data", Use::Mounted).unwrap();
    }

    #[test]
    fn a_mounted_dataset_is_used_alone_and_without_what_is_below() {
        let others = [Delegation { zone: "a".into(), dataset: UsedDataset::new("rpool/data/a", Use::Mounted) }];
        let is_free = |name, how| check_free("b", &UsedDataset::new(name, how), &others).is_ok();
        assert!(!is_free("rpool/data/a", Use::Mounted));
        assert!(!is_free("rpool/data/a", Use::Delegated));
        assert!(!is_free("rpool/data", Use::Delegated));
        assert!(is_free("rpool/data", Use::Mounted));
        assert!(is_free("rpool/data/a/b", Use::Mounted));
        assert!(is_free("rpool/data/a/b", Use::Delegated));
    }

    #[test]
    fn a_dataset_overlaps_those_that_it_lies_in_and_those_in_it() {
        let all = BTreeSet::from(["rpool/a", "rpool/a-b", "rpool/a/b/c", "rpool/d"]);
        let found = ["rpool/a", "rpool/a-b", "rpool/a/b/c", "rpool/d", "rpool"].map(|name| overlapping(&all, name));
        assert_eq!(found, [Some("rpool/a/b/c"), None, Some("rpool/a"), None, Some("rpool/a")]);
    }
}
