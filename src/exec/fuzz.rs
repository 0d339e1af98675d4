//! The parsers as plain functions over bytes, for fuzzing: no output of a command may cause a panic.

use std::time::Duration;

use super::completed::{Captured, Completed, End};
use super::{dladm, ipadm, pkg, zfs, zoneadm, zonecfg};

/// Parses the output of commands.
pub fn answers(bytes: &[u8]) {
    let mut stdout = Captured::default();
    stdout.push(bytes, usize::MAX);
    let completed = Completed {
        argv: vec!["fuzz".to_owned()],
        end: End::Exited(0),
        stopped: None,
        stdout,
        stderr: Captured::default(),
        log: None,
        elapsed: Duration::ZERO,
    };
    let _ = zoneadm::parse_list(&completed);
    let _ = dladm::parse_links(&completed);
    let _ = dladm::parse_vnics(&completed);
    let _ = zfs::parse_list(&completed);
    let _ = ipadm::parse_addr(&completed);
    let _ = ipadm::parse_up(&completed);
    let _ = pkg::parse_keys(&completed);
    let _ = pkg::parse_publishers(&completed);
    let _ = completed.error();
}

/// Parses documents and passed-through commands of zones, and writes them again.
pub fn zonecfg(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = zonecfg::Command::parse(&text);
    if let Ok(config) = zonecfg::parse_xml(&text) {
        let _ = zonecfg::validate(&config);
        let _ = zonecfg::creation(&config, &[]);
        assert!(zonecfg::differences(&config, &config.canonical()).is_empty());
        assert!(zonecfg::edit(&config, &config).is_ok_and(|script| script.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            super::answers(&bytes);
            super::zonecfg(&bytes);
        }
    }
}
