//! Snapshots of zones' datasets, and the boot environments that a zone switches between.

use super::{ENVIRONMENT_COLUMNS, unreadable};
use crate::error::Result;
use crate::exec::{Completed, Invocation, fields};

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its name, `DATASET@NAME`.
    pub name: String,
    /// Its guid, which it keeps when it moves to another dataset.
    pub guid: String,
    /// Bytes that only it holds.
    pub used: Option<u64>,
    /// Bytes that it refers to.
    pub referenced: Option<u64>,
    /// Number of holds, each of which keeps it from being destroyed.
    pub holds: u64,
    /// The datasets that were cloned from it.
    pub clones: Vec<String>,
}

impl Snapshot {
    /// Returns the dataset that it is of.
    pub fn dataset(&self) -> &str {
        self.name.split('@').next().unwrap_or_default()
    }
}

const COLUMNS: &str = "name,creation,guid,used,referenced,userrefs,clones";

/// Lists the snapshots of a dataset and all below it; those of one dataset come in the order in which they were taken.
pub fn list_snapshots(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "snapshot", "-s", "creation", "-r", dataset])
}

/// Parses the output of [`list_snapshots`].
pub fn parse_snapshots(completed: &Completed) -> Result<Vec<Snapshot>> {
    parse_lines(&completed.text()?).map_err(|line| unreadable("zfs list", line, completed))
}

pub(crate) fn parse_lines(text: &str) -> std::result::Result<Vec<Snapshot>, &str> {
    let text = if text.trim() == "no datasets available" { "" } else { text };
    fields::lines(text, 7, fields::split_tabs)
        .map(|line| {
            let line = line?;
            let is_there = |field: &&str| !matches!(*field, "" | "-");
            Ok(Snapshot {
                name: line[0].to_string(),
                guid: line[2].to_string(),
                used: line[3].parse().ok(),
                referenced: line[4].parse().ok(),
                holds: line[5].parse().unwrap_or(0),
                clones: line[6].split(',').filter(is_there).map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// Takes a snapshot, `DATASET@NAME`; with `recursive` of everything below the dataset too, all at the same moment.
pub fn take(snapshot: &str, recursive: bool) -> Invocation {
    Invocation::new("zfs").arg("snapshot").args(recursive.then_some("-r")).arg(snapshot)
}

/// Destroys a snapshot; with `recursive` those of the same name below its dataset too: all or none. One that something was cloned
/// from stays.
pub fn destroy_snapshot(snapshot: &str, recursive: bool) -> Invocation {
    Invocation::new("zfs").arg("destroy").args(recursive.then_some("-r")).arg(snapshot)
}

/// Makes a dataset what it was when its last snapshot was taken. Refused if there is a later one.
pub fn roll_back(snapshot: &str) -> Invocation {
    Invocation::new("zfs").args(["rollback", snapshot])
}

const ACTIVE: &str = "org.opensolaris.libbe:active";
const PARENT: &str = "org.opensolaris.libbe:parentbe";

/// Clones a snapshot as a boot environment that is not active; `parent` is the uuid of the host's boot environment.
pub fn clone_environment(snapshot: &str, environment: &str, parent: &str) -> Invocation {
    Invocation::new("zfs")
        .args(["clone", "-o", "canmount=noauto", "-o", &format!("{PARENT}={parent}"), "-o", &format!("{ACTIVE}=off")])
        .args([snapshot, environment])
}

/// Makes it the boot environment that its zone boots from, or one of the others.
pub fn set_active(environment: &str, active: bool) -> Invocation {
    let value = if active { "on" } else { "off" };
    Invocation::new("zfs").args(["set", &format!("{ACTIVE}={value}"), environment])
}

/// Sets the host's boot environment that a zone's boot environment belongs to. It belongs to none if `parent` is not a uuid.
pub fn set_parent(environment: &str, parent: &str) -> Invocation {
    Invocation::new("zfs").args(["set", &format!("{PARENT}={parent}"), environment])
}

/// Lists a file system and all below it.
pub fn list_environments_below(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", ENVIRONMENT_COLUMNS, "-t", "filesystem", "-r", dataset])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_snapshots() {
        let text = "p/w/ROOT/zbe@a\t1774188000\t71\t12\t1024\t0\tp/x,p/y\np/w@b\t1774188000\t72\t-\t-\t2\t\n";
        let found = parse_lines(text).unwrap();
        assert_eq!((found[0].dataset(), found[0].clones.len(), found[0].referenced), ("p/w/ROOT/zbe", 2, Some(1024)));
        assert_eq!((found[1].holds, found[1].used, found[1].clones.len()), (2, None, 0));
        assert_eq!(parse_lines("").unwrap(), []);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_lines(&text);
        }
    }
}
