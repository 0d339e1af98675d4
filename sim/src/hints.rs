//! Indexes for finding things without a full scan: the links over a link, the data set mounted at a path.
//!
//! Invariant: a hint is written before the fact that it points at and removed after it, so the hints always hold at least
//! every fact. Code that follows one checks that the fact exists; what has no hint does not exist. (A crash can leave
//! a superfluous hint, but none is ever missing.)

use std::fs;
use std::io;
use std::path::PathBuf;

use super::Machine;
use super::machine::{component, from_component, hash};

/// Longest key that is a file name as it is; a path of a host can be longer than a file name.
const LONGEST: usize = 200;

fn directory(machine: &Machine, kind: &str, key: &str) -> PathBuf {
    let mut name = component(key);
    if name.len() > LONGEST {
        // Two keys in one directory are told apart by the facts.
        name = format!("%long-{:016x}", hash(key));
    }
    machine.own("hints").join(kind).join(name)
}

/// Notes that `value` may be found under `key`.
pub(crate) fn add(machine: &Machine, kind: &str, key: &str, value: &str) -> io::Result<()> {
    let directory = directory(machine, kind, key);
    let file = directory.join(component(value));
    loop {
        match fs::File::create(&file) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(&directory)?,
            Err(error) => return Err(error),
        }
    }
}

/// Forgets it.
pub(crate) fn remove(machine: &Machine, kind: &str, key: &str, value: &str) -> io::Result<()> {
    let directory = directory(machine, kind, key);
    match fs::remove_file(directory.join(component(value))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Succeeds for the last one only.
    let _ = fs::remove_dir(directory);
    Ok(())
}

/// Candidates under `key`, in no order.
pub(crate) fn look(machine: &Machine, kind: &str, key: &str) -> io::Result<Vec<String>> {
    match fs::read_dir(directory(machine, kind, key)) {
        Ok(entries) => {
            let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
            Ok(names?.iter().filter_map(|name| from_component(name)).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    #[test]
    fn a_key_may_be_longer_than_a_file_name() {
        let directory = tempfile::tempdir().unwrap();
        let machine = Machine::create(directory.path(), Dialect::Illumos).unwrap();
        let key = format!("/zones/{}", "y".repeat(400));
        assert_eq!(look(&machine, "mounts", &key).unwrap(), [""; 0]);
        add(&machine, "mounts", &key, "rpool/zones/y").unwrap();
        assert_eq!(look(&machine, "mounts", &key).unwrap(), ["rpool/zones/y"]);
        remove(&machine, "mounts", &key, "rpool/zones/y").unwrap();
        assert_eq!(look(&machine, "mounts", &key).unwrap(), [""; 0]);
    }
}
