//! `zfs`: which file systems there are, and what hangs on them. zmgr reads only: illumos makes and destroys a zone's datasets.

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
    /// Where it is mounted, or would be; `legacy` and `none` are words of ZFS.
    pub mountpoint: Option<String>,
    /// Whether it is mounted.
    pub mounted: bool,
    /// The snapshot that it is a clone of.
    pub origin: Option<String>,
}

const COLUMNS: &str = "name,type,mountpoint,mounted,origin";

/// The file system that holds this path of the host; exits with 1 where there is none.
pub fn list_path(path: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, path])
}

/// All file systems.
pub fn list_filesystems() -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "filesystem"])
}

/// A dataset with all datasets and snapshots below it.
pub fn list_below(dataset: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "all", "-r", dataset])
}

/// All file systems with the snapshot that each is a clone of: what hangs on a zone's snapshots may be anywhere in the pool.
pub fn list_origins(pool: &str) -> Invocation {
    Invocation::new("zfs").args(["list", "-H", "-p", "-o", COLUMNS, "-t", "filesystem,volume", "-r", pool])
}

/// Reads the answer of the lists.
pub fn parse_list(completed: &Completed) -> Result<Vec<Dataset>> {
    parse_lines(&completed.text()?).map_err(|line| {
        Error::new(Code::CommandFailed, format!("zfs list answered with a line that cannot be read: {line:?}"))
            .with_command(completed.failed())
    })
}

fn parse_lines(text: &str) -> std::result::Result<Vec<Dataset>, &str> {
    // Older releases say this on standard output and exit with 0.
    let text = if text.trim() == "no datasets available" { "" } else { text };
    fields::lines(text, 5, fields::split_tabs)
        .map(|line| {
            let line = line?;
            let present = |field: &String| Some(field.clone()).filter(|field| !matches!(field.as_str(), "" | "-"));
            Ok(Dataset {
                name: line[0].clone(),
                kind: line[1].clone(),
                mountpoint: present(&line[2]),
                mounted: line[3] == "yes",
                origin: present(&line[4]),
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
        let text = "rpool/zones\tfilesystem\t/zones\tyes\t-\nrpool/zones/w/ROOT/zbe@a\tsnapshot\t-\t-\t-\n";
        let datasets = parse_lines(text).unwrap();
        assert_eq!((datasets[0].mountpoint.as_deref(), datasets[0].mounted), (Some("/zones"), true));
        assert_eq!((datasets[1].kind.as_str(), datasets[1].mountpoint.as_deref()), ("snapshot", None));
        assert_eq!(parse_lines("no datasets available\n").unwrap(), []);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_lines(&text);
        }
    }
}
