//! Devices of the host that a zone sees: those that its configuration names. [source: vplat.c: devices of a zone's profile;
//! devfsadm and gmatch of libgen for the patterns]

use std::io;

use crate::Machine;
use crate::kernel::ActiveZone;
use crate::zfs::dataset::devices;

/// Returns true if a path is below the directory of volumes' nodes.
pub(super) fn is_volume_path(path: &str) -> bool {
    path.strip_prefix(devices::TOP).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the nodes of volumes that the zone sees, sorted.
pub(super) fn volumes(machine: &Machine, zone: &ActiveZone) -> io::Result<Vec<String>> {
    if zone.devices.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = devices::all(machine)?;
    found.retain(|node| zone.devices.iter().any(|pattern| matches(pattern, node)));
    Ok(found)
}

/// Returns what `ls` shows of a path: the node itself, or the names below a directory; `None` if the zone sees neither.
pub(super) fn listed(nodes: &[String], path: &str) -> Option<Vec<String>> {
    if nodes.iter().any(|node| node == path) {
        return Some(vec![path.to_owned()]);
    }
    let top = format!("{}/", path.trim_end_matches('/'));
    let below = nodes.iter().filter_map(|node| node.strip_prefix(&top)?.split('/').next().map(str::to_owned));
    let mut names: Vec<String> = below.collect();
    names.dedup();
    (!names.is_empty()).then_some(names)
}

/// A pattern matches component by component: `*` and `?` do not reach beyond a `/`.
fn matches(pattern: &str, path: &str) -> bool {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    wanted.len() == found.len()
        && wanted.iter().zip(&found).all(|(wanted, found)| glob(wanted.as_bytes(), found.as_bytes()))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
        (Some((b'?', rest)), Some((_, tail))) => glob(rest, tail),
        (Some((letter, rest)), Some((first, tail))) => letter == first && glob(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{listed, matches};

    #[test]
    fn patterns_match_component_by_component() {
        let node = "/dev/zvol/rdsk/rpool/vol1";
        for pattern in [node, "/dev/zvol/rdsk/rpool/*", "/dev/zvol/*dsk/rpool/vol?", "/dev/zvol/rdsk/*/v*1"] {
            assert!(matches(pattern, node), "{pattern}");
        }
        for pattern in ["/dev/zvol/rdsk/*", "/dev/zvol/rdsk/rpool", "/dev/zvol/dsk/rpool/*", "/dev/zvol/rdsk/rpool/vol"]
        {
            assert!(!matches(pattern, node), "{pattern}");
        }
    }

    #[test]
    fn a_directory_shows_what_is_seen_below_it() {
        let nodes = ["/dev/zvol/rdsk/rpool/a".to_owned(), "/dev/zvol/rdsk/rpool/b".to_owned()];
        assert_eq!(listed(&nodes, "/dev/zvol/rdsk").unwrap(), ["rpool"]);
        assert_eq!(listed(&nodes, "/dev/zvol/rdsk/rpool/").unwrap(), ["a", "b"]);
        assert_eq!(listed(&nodes, "/dev/zvol/rdsk/rpool/a").unwrap(), ["/dev/zvol/rdsk/rpool/a"]);
        assert_eq!(listed(&nodes, "/dev/zvol/dsk"), None);
    }
}
