//! Delegated datasets: which may be given to a zone, and which zone has each.
//!
//! Invariant: a dataset, with everything below it, is delegated to at most one zone, and never if the host or another zone lives in
//! it.

use std::collections::BTreeSet;

use super::inventory::{Delegation, Inventory};
use super::zonepath::{base, parent};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;

/// Returns true if the datasets are the same or one contains the other.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    is_within(a, b) || is_within(b, a)
}

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

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Checks that no other zone has the dataset or a part of it.
pub(crate) fn check_free(zone: &str, dataset: &str, others: &[Delegation]) -> Result<()> {
    let other = others.iter().find(|other| other.zone != zone && overlap(&other.dataset, dataset));
    let Some(Delegation { zone: holder, dataset: theirs }) = other else { return Ok(()) };
    let what = match theirs == dataset {
        true => "has it".to_owned(),
        false => format!("has {theirs}"),
    };
    Err(Error::new(Code::Config, format!("zone {zone}: dataset {dataset} cannot be delegated: zone {holder} {what}"))
        .with_help("delegate another dataset: two zones that use the same one destroy its data"))
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
    for found in around.iter().filter(|found| found.name != dataset && is_within(dataset, &found.name)) {
        let Some(at) = found.mountpoint.as_deref() else { continue };
        let rest = &dataset[found.name.len() + 1..];
        if at == zonepath && is_within(rest, "ROOT") {
            return refused("it is the root of the zone itself".to_owned());
        }
        // The zone itself may have one within its own dataset.
        if let Some(other) =
            zones.iter().find(|other| other.name != zone && other.name != "global" && other.zonepath == at)
        {
            return refused(format!("it is within the files of the zone {}", other.name));
        }
        let is_mine = at == parent(zonepath) && rest.split('/').next() == Some(base(zonepath));
        if is_mine && (!rest.contains('/') || is_within(rest, &format!("{}/ROOT", base(zonepath)))) {
            return refused("it is the dataset of the zone itself".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_dataset_of_another_zone_is_not_free() {
        let others = [Delegation { zone: "a".into(), dataset: "rpool/data/a".into() }];
        for taken in ["rpool/data/a", "rpool/data/a/b", "rpool/data"] {
            assert_eq!(check_free("b", taken, &others).unwrap_err().code(), Code::Config, "{taken}");
        }
        check_free("b", "rpool/data/ab", &others).unwrap();
        check_free("a", "rpool/data/a/b", &others).unwrap();
    }

    #[test]
    fn a_dataset_overlaps_those_that_it_lies_in_and_those_in_it() {
        let all = BTreeSet::from(["rpool/a", "rpool/a-b", "rpool/a/b/c", "rpool/d"]);
        let found = ["rpool/a", "rpool/a-b", "rpool/a/b/c", "rpool/d", "rpool"].map(|name| overlapping(&all, name));
        assert_eq!(found, [Some("rpool/a/b/c"), None, Some("rpool/a"), None, Some("rpool/a")]);
    }
}
