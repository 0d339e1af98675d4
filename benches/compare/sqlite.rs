//! SQLite as a peer: a table of addresses, one transaction for each allocation, each on disk before the next.
//!
//! It has no files that people edit, so it need not look for edits, and it takes the address after the highest one, so it reuses none.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::rows::time;

const SQLITE: &str = "/usr/bin/sqlite3";

pub(crate) struct Sqlite {
    file: PathBuf,
}

impl Sqlite {
    /// A database with so many addresses; `None` if SQLite is not installed.
    pub(crate) fn new(directory: PathBuf, taken: usize) -> Option<Sqlite> {
        let peer = Sqlite { file: directory.join("addresses.db") };
        let last = 9 + taken;
        let table = "CREATE TABLE held (n INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE, created TEXT NOT NULL);";
        let rows = format!(
            "WITH RECURSIVE k(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM k WHERE n < {last})
             INSERT INTO held SELECT n, 'zone' || n, datetime('now') FROM k;"
        );
        std::path::Path::new(SQLITE).exists().then(|| {
            peer.run(&format!("PRAGMA journal_mode = WAL;\n{table}\n{rows}\n"));
            peer
        })
    }

    /// Allocates an address to each of these owners in one process, each in a transaction of its own.
    pub(crate) fn allocate(&self, owners: &[String]) -> Duration {
        let mut script = "PRAGMA synchronous = FULL;\n".to_owned();
        for owner in owners {
            script.push_str(&format!(
                "BEGIN IMMEDIATE;
                 INSERT INTO held SELECT max(n) + 1, '{owner}', datetime('now') FROM held RETURNING n;
                 COMMIT;\n"
            ));
        }
        time(|| self.run(&script))
    }

    /// Releases them again.
    pub(crate) fn release(&self, owners: &[String]) {
        let names: Vec<String> = owners.iter().map(|owner| format!("'{owner}'")).collect();
        self.run(&format!("DELETE FROM held WHERE owner IN ({});\n", names.join(", ")));
    }

    fn run(&self, script: &str) {
        let mut command = Command::new(SQLITE);
        command.arg("-bail").arg(&self.file).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "sqlite3 failed");
    }
}
