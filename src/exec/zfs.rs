//! `zfs`: file systems, and what depends on them. zmgr creates and destroys only delegated datasets and its own snapshots: illumos
//! does that for a zone's own datasets.

mod snapshots;

#[cfg(test)]
pub(crate) use snapshots::parse_lines as parse_snapshot_lines;
pub use snapshots::{
    Snapshot, clone_environment, destroy_snapshot, list_environments_below, list_snapshots, parse_snapshots, roll_back,
    set_active, set_parent, take,
};

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};

/// A dataset or snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// `filesystem`, `volume`, `snapshot`, `bookmark`.
    pub kind: String,
    /// Its mount point, mounted or not; `legacy` and `none` are values of ZFS.
    pub mountpoint: Option<String>,
    /// True if it is mounted.
    pub mounted: bool,
    /// The snapshot that it was cloned from.
    pub origin: Option<String>,
    /// Its guid, which survives a rename.
    pub guid: String,
}

const COLUMNS: &str = "name,type,mountpoint,mounted,origin,guid";

/// Returns the file system that contains this path of the host; exits with 1 if there is none.
pub fn list_path(path: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, path])
}

/// Lists a file system or volume with all those below it.
pub fn list_filesystems_below(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "filesystem,volume", "-r", dataset])
}

/// Lists a file system or volume with those directly below it.
pub fn list_children(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "filesystem,volume", "-d", "1", dataset])
}

/// Lists those of these datasets that the host has; exits with 1 if it lacks one.
pub fn list_named<S: AsRef<str>>(names: &[S]) -> Invocation {
    let invocation = Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS]);
    names.iter().fold(invocation, |invocation, name| invocation.arg(name.as_ref()))
}

/// A part of a zone's dataset, or a snapshot of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Its name.
    pub name: String,
    /// `filesystem`, `volume`, `snapshot`, `bookmark`.
    pub kind: String,
    /// True if it is mounted.
    pub mounted: bool,
    /// The datasets that were cloned from it.
    pub clones: Vec<String>,
    /// The boot environment of the host that it belongs to.
    pub parent: Option<String>,
}

const PART_COLUMNS: &str = "name,type,mounted,clones,org.opensolaris.libbe:parentbe";

/// Lists a zone's dataset with all its parts and snapshots.
pub fn list_parts(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", PART_COLUMNS, "-t", "all", "-r", dataset])
}

/// Parses the output of [`list_parts`].
pub fn parse_parts(completed: &Completed) -> Result<Vec<Part>> {
    parse_part_lines(&completed.text()?).map_err(|line| unreadable("zfs list", line, completed))
}

fn parse_part_lines(text: &str) -> std::result::Result<Vec<Part>, &str> {
    fields::lines(text, 5, fields::split_tabs)
        .map(|line| {
            let line = line?;
            let is_there = |field: &&str| !matches!(*field, "" | "-");
            Ok(Part {
                name: line[0].to_string(),
                kind: line[1].to_string(),
                mounted: line[2] == "yes",
                clones: line[3].split(',').filter(is_there).map(str::to_owned).collect(),
                parent: Some(line[4].to_string()).filter(|field| is_there(&field.as_str())),
            })
        })
        .collect()
}

/// A file system, with the properties of zones' boot environments.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its mount point, mounted or not; `legacy` and `none` are values of ZFS.
    pub mountpoint: Option<String>,
    /// True if it is mounted.
    pub mounted: bool,
    /// Bytes that can still be written.
    pub available: Option<u64>,
    /// `on`, `off`, `noauto`.
    pub can_mount: String,
    /// True if it belongs to a zone, so that the host does not mount it.
    pub zoned: bool,
    /// The boot environment of the host that it belongs to.
    pub parent: Option<String>,
    /// True if the zone boots from it.
    pub active: bool,
}

const ENVIRONMENT_COLUMNS: &str =
    "name,mountpoint,mounted,available,canmount,zoned,org.opensolaris.libbe:parentbe,org.opensolaris.libbe:active";

/// Lists every file system of the host.
pub fn list_environments() -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", ENVIRONMENT_COLUMNS, "-t", "filesystem"])
}

/// Parses the output of [`list_environments`].
pub fn parse_environments(completed: &Completed) -> Result<Vec<Environment>> {
    parse_environment_lines(&completed.text()?).map_err(|line| unreadable("zfs list", line, completed))
}

fn parse_environment_lines(text: &str) -> std::result::Result<Vec<Environment>, &str> {
    let text = if text.trim() == "no datasets available" { "" } else { text };
    fields::lines(text, 8, fields::split_tabs)
        .map(|line| {
            let line = line?;
            let present = |field: &str| Some(field).filter(|field| !matches!(*field, "" | "-")).map(str::to_owned);
            Ok(Environment {
                name: line[0].to_string(),
                mountpoint: present(&line[1]),
                mounted: line[2] == "yes",
                available: line[3].parse().ok(),
                can_mount: line[4].to_string(),
                zoned: line[5] == "on",
                parent: present(&line[6]),
                active: line[7] == "on",
            })
        })
        .collect()
}

/// Lists all mount points of ZFS file systems.
pub fn list_mounts() -> Invocation {
    Invocation::new("zfs").arg("mount")
}

/// Parses the output of [`list_mounts`]: pairs of dataset and path.
pub fn parse_mounts(completed: &Completed) -> Result<Vec<(String, String)>> {
    parse_mount_lines(&completed.text()?).map_err(|line| unreadable("zfs mount", line, completed))
}

fn parse_mount_lines(text: &str) -> std::result::Result<Vec<(String, String)>, &str> {
    // Names are padded to thirty columns plus two blanks; a path begins with a slash, and no name does.
    let pair = |line: &str| line.find(" /").map(|at| (line[..at].trim_end().to_owned(), line[at + 1..].to_owned()));
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| pair(line).ok_or(line)).collect()
}

fn unreadable(command: &str, line: &str, completed: &Completed) -> Error {
    Error::new(Code::CommandFailed, format!("unexpected output of {command}: {line:?}"))
        .with_command(completed.failed())
}

/// Lists one dataset; exits with 1 if it does not exist.
pub fn list_one(name: &str) -> Invocation {
    list_path(name)
}

/// Creates a file system to be delegated to a zone: never mounted in the global zone, with this quota in bytes.
pub fn create_delegated(name: &str, quota: Option<u64>) -> Invocation {
    let invocation = Invocation::new("zfs").args(["create", "-o", "zoned=on"]);
    match quota {
        Some(quota) => invocation.arg("-o").arg(format!("quota={quota}")).arg(name),
        None => invocation.arg(name),
    }
}

/// Sets the quota of a dataset in bytes, or removes it.
pub fn set_quota(name: &str, quota: Option<u64>) -> Invocation {
    let quota = quota.map_or_else(|| "none".to_owned(), |bytes| bytes.to_string());
    Invocation::new("zfs").args(["set", &format!("quota={quota}"), name])
}

/// Sets a property, given as NAME=VALUE.
pub fn set_property(name: &str, assignment: &str) -> Invocation {
    Invocation::new("zfs").args(["set", assignment, name])
}

/// Takes a property from the dataset above again.
pub fn inherit(name: &str, property: &str) -> Invocation {
    Invocation::new("zfs").args(["inherit", property, name])
}

/// Mounts a file system where it belongs.
pub fn mount(name: &str) -> Invocation {
    Invocation::new("zfs").args(["mount", name])
}

/// Mounts a file system at another path, from now on.
pub fn set_mountpoint(name: &str, path: &str) -> Invocation {
    Invocation::new("zfs").args(["set", &format!("mountpoint={path}"), name])
}

/// Mounts a file system where the one above it says, from now on.
pub fn inherit_mountpoint(name: &str) -> Invocation {
    Invocation::new("zfs").args(["inherit", "mountpoint", name])
}

/// Destroys a dataset without children.
pub fn destroy_one(name: &str) -> Invocation {
    Invocation::new("zfs").args(["destroy", name])
}

/// Destroys a dataset with everything below it and all snapshots. Fails if something outside was cloned from it.
pub fn destroy_whole(name: &str) -> Invocation {
    Invocation::new("zfs").args(["destroy", "-r", name])
}

/// Parses the output of the lists.
pub fn parse_list(completed: &Completed) -> Result<Vec<Dataset>> {
    parse_lines(&completed.text()?).map_err(|line| unreadable("zfs list", line, completed))
}

fn parse_lines(text: &str) -> std::result::Result<Vec<Dataset>, &str> {
    // Older releases print this on standard output and exit with 0.
    let text = if text.trim() == "no datasets available" { "" } else { text };
    fields::lines(text, 6, fields::split_tabs)
        .map(|line| {
            let line = line?;
            let present = |field: &str| Some(field).filter(|field| !matches!(*field, "" | "-")).map(str::to_owned);
            Ok(Dataset {
                name: line[0].to_string(),
                kind: line[1].to_string(),
                mountpoint: present(&line[2]),
                mounted: line[3] == "yes",
                origin: present(&line[4]),
                guid: line[5].to_string(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads() {
        let text = "rpool/zones\tfilesystem\t/zones\tyes\t-\t17\nrpool/zones/w/ROOT/zbe@a\tsnapshot\t-\t-\t-\t-\n";
        let datasets = parse_lines(text).unwrap();
        assert_eq!((datasets[0].mountpoint.as_deref(), datasets[0].mounted), (Some("/zones"), true));
        assert_eq!((datasets[1].kind.as_str(), datasets[1].mountpoint.as_deref()), ("snapshot", None));
        assert_eq!(parse_lines("no datasets available\n").unwrap(), []);
    }

    #[test]
    fn reads_parts_and_mounts() {
        let text = "p/w/ROOT/zbe\tfilesystem\tyes\t-\tb6\np/w/ROOT/zbe@a\tsnapshot\t-\tp/x,p/y\t-\n";
        let parts = parse_part_lines(text).unwrap();
        assert_eq!((parts[0].mounted, parts[0].parent.as_deref()), (true, Some("b6")));
        assert_eq!(
            (parts[1].clones.as_slice(), &parts[1].parent),
            (["p/x".to_owned(), "p/y".to_owned()].as_slice(), &None)
        );
        let text = "rpool/zones                     /zones\nrpool/a b                       /a b\n";
        let pairs = [("rpool/zones", "/zones"), ("rpool/a b", "/a b")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(parse_mount_lines(text).unwrap(), pairs);
        assert_eq!(parse_mount_lines("nonsense"), Err("nonsense"));
    }

    #[test]
    fn reads_boot_environments() {
        let text = "p/w/ROOT/zbe\tlegacy\tyes\t1024\tnoauto\ton\tb6\ton\np/z\t/z\tno\t-\ton\toff\t-\t-\n";
        let found = parse_environment_lines(text).unwrap();
        assert_eq!((found[0].parent.as_deref(), found[0].active, found[0].available), (Some("b6"), true, Some(1024)));
        assert_eq!(
            (found[1].mounted, found[1].zoned, &found[1].parent, found[1].available),
            (false, false, &None, None)
        );
        assert_eq!(parse_environment_lines("p/z\t/z\n"), Err("p/z\t/z"));
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_environment_lines(&text);
            let _ = parse_lines(&text);
            let _ = parse_part_lines(&text);
            let _ = parse_mount_lines(&text);
        }
    }
}
