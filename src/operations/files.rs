//! Reads files as bytes: configuration files, and data that the host keeps in files.

use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::file::{self, Links, Refused};
use crate::registry::{Directory, Tree, stem_of};
use crate::schema::did_you_mean;

/// Returns the bytes of a configuration file; `None` if it does not exist.
pub(crate) fn read_document(tree: &Tree, path: &Path) -> Result<Option<Vec<u8>>> {
    match tree.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the error for a zone that is not in the registry.
pub(crate) fn unknown_zone(tree: &Tree, name: &str) -> Error {
    let files = tree.documents(Directory::Zones).unwrap_or_default();
    let names = files.iter().filter_map(|file| stem_of(file));
    let near = did_you_mean(name, names.filter(|known| !is_another_number(known, name)));
    let hint = near.map(|near| format!("did you mean {near:?}? or ")).unwrap_or_default();
    Error::new(Code::NotFound, format!("zone {name:?} not found: it is not in the registry"))
        .with_help(format!("{hint}run `zmgr list` (`-a` includes unregistered zones)"))
}

/// Returns true if two names differ in a number alone: `web2` is another zone than `web1`, not a typo. `web01` is the same number.
fn is_another_number(one: &str, other: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let numbers = |name: &str| -> Vec<String> {
        let runs = name.split(|c| !is_digit(c)).filter(|run| !run.is_empty());
        runs.map(|run| run.trim_start_matches('0').to_owned()).collect()
    };
    let (here, there) = (numbers(one), numbers(other));
    one.replace(is_digit, "") == other.replace(is_digit, "") && here.len() == there.len() && here != there
}

/// Returns the error for a configuration file that does not exist.
pub(crate) fn unknown_file(tree: &Tree, directory: Directory, what: &str, name: &str) -> Error {
    let files = tree.documents(directory).unwrap_or_default();
    let names: Vec<&str> = files.iter().filter_map(|file| stem_of(file)).collect();
    let help = match (did_you_mean(name, names.iter().copied()), names.as_slice()) {
        (Some(near), _) => format!("did you mean {near:?}?"),
        (None, []) => format!("there is no file in {}", tree.directory(directory).display()),
        (None, names) => format!("the {} are {}", directory.name(), names.join(", ")),
    };
    Error::new(Code::NotFound, format!("{what} {name:?} does not exist")).with_help(help)
}

/// Size limit of a host file in bytes.
const LIMIT: u64 = 16 << 20;

/// Returns the bytes of a file of the host; `None` if it does not exist.
pub(crate) fn read_file(path: &Path) -> Result<Option<Vec<u8>>> {
    match file::read(path, Links::Follow, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Refused::Absent) => Ok(None),
        Err(why) => Err(why.error("read", path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_a_number_alone_are_other_zones() {
        for (one, other, another) in [
            ("web1", "web2", true),
            ("web10", "web1", true),
            ("web1", "web01", false),
            ("a1b02", "a01b2", false),
            ("a1b2", "a2b1", true),
            ("web", "web01", false),
            ("wbe01", "web01", false),
        ] {
            assert_eq!(is_another_number(one, other), another, "{one} {other}");
        }
    }
}
