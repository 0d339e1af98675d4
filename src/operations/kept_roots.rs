//! Old roots of zones that were reinstalled with a snapshot. They stay beside the new root, as boot environments that belong to no boot
//! environment of the host.
//!
//! Invariant: only reads. The mark of an old root stands where a boot environment has the uuid of the host's: uninstalls, boots and
//! `beadm` pass over it. It is the name of the snapshot that was taken first, which no other zone has.

use super::taken::Taken;
use crate::documents::snapshot::{self, TakenSnapshot};
use crate::error::Result;
use crate::exec::zfs::{self, Part};
use crate::host::Host;

/// An old root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptRoot {
    /// Its dataset.
    pub(crate) name: String,
    /// Name of the snapshot with which it was kept.
    pub(crate) mark: String,
}

/// Returns true if a boot environment with this parent is an old root.
pub(crate) fn is_mark(parent: &str) -> bool {
    snapshot::is_name_on_host(parent)
}

/// Returns the old roots of the zone whose zonepath has this dataset.
pub(crate) fn below(host: &Host, dataset: &str) -> Result<Vec<KeptRoot>> {
    let above = format!("{dataset}/ROOT");
    let all = host.environments_below(&above)?;
    let is_root = |name: &str| name.strip_prefix(&*above).is_some_and(|rest| rest.matches('/').count() == 1);
    let roots = all.into_iter().filter(|found| is_root(&found.name)).filter_map(|found| {
        let mark = found.parent.filter(|parent| is_mark(parent))?;
        Some(KeptRoot { name: found.name, mark })
    });
    Ok(roots.collect())
}

/// Returns the old roots that nothing needs without this snapshot: those that were kept with it or have it, and have no other recorded
/// snapshot.
pub(crate) fn needed_for<'k>(
    roots: &'k [KeptRoot],
    record: &TakenSnapshot,
    records: &[TakenSnapshot],
    taken: &Taken,
) -> Vec<&'k KeptRoot> {
    let has = |root: &KeptRoot, record: &TakenSnapshot| taken.parts(record).any(|part| part.dataset() == root.name);
    let others = |root: &KeptRoot| records.iter().any(|other| other.label != record.label && has(root, other));
    roots.iter().filter(|root| (root.mark == record.name || has(root, record)) && !others(root)).collect()
}

/// Returns the dataset, its snapshots and all below.
pub(crate) fn parts(host: &Host, root: &str) -> Result<Vec<Part>> {
    zfs::parse_parts(&host.ask(&zfs::list_parts(root))?)
}

/// Returns the clones of an old root with these parts that are outside it.
pub(crate) fn clones(root: &str, parts: &[Part]) -> Vec<String> {
    let is_inside = |name: &str| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    parts.iter().flat_map(|part| &part.clones).filter(|clone| !is_inside(clone)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_an_old_root_are_outside_it() {
        let part = |name: &str, clones: &[&str]| Part {
            name: name.to_owned(),
            clones: clones.iter().map(|clone| (*clone).to_owned()).collect(),
            ..Part::default()
        };
        let parts = [part("p/w/ROOT/zbe", &[]), part("p/w/ROOT/zbe@a", &["p/w/ROOT/zbe/x", "p/w/ROOT/zbe-1"])];
        assert_eq!(clones("p/w/ROOT/zbe", &parts), ["p/w/ROOT/zbe-1"]);
        assert!(is_mark("zmgr-5f0c1234-20260322T121409Z-a"));
        assert!(!is_mark("b6f1c2d3-0000-4000-8000-000000000001"));
    }
}
