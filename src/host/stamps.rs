//! Stamps of the zones' documents, which tell whether one has changed since it was read.
//!
//! Invariant: a document that was replaced or edited in place has another stamp.

use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, Stat};

use crate::parallel;

/// Minimum number of documents per thread: checking them takes several times as long as starting the thread.
const MIN_PER_THREAD: usize = 256;

/// Stamp of the directory of the zones' documents. zonecfg replaces files there whenever a zone is added, removed or reconfigured,
/// so the same stamp means the same zones with the same addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ZonesStamp(pub(crate) [u64; 8]);

impl ZonesStamp {
    /// Returns the stamp of the host whose files are below this root. Missing files count as zeros.
    pub fn of(root: &Path) -> Self {
        let zones = root.join("etc/zones");
        let mut stamp = [0; 8];
        for (half, path) in stamp.chunks_exact_mut(4).zip([zones.join("index"), zones]) {
            if let Ok(about) = std::fs::symlink_metadata(path) {
                let at = (about.mtime().cast_unsigned(), about.mtime_nsec().cast_unsigned());
                half.copy_from_slice(&[about.ino(), about.size(), at.0, at.1]);
            }
        }
        ZonesStamp(stamp)
    }
}

/// Metadata that reveals a change of a file: inode, size, modification time, change time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileStamp(pub(crate) [u64; 6]);

impl FileStamp {
    // The types of the fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    fn of(about: &Stat) -> FileStamp {
        let times =
            [about.st_mtime as i64, about.st_mtime_nsec as i64, about.st_ctime as i64, about.st_ctime_nsec as i64];
        let [a, b, c, d] = times.map(i64::cast_unsigned);
        FileStamp([about.st_ino as u64, about.st_size as u64, a, b, c, d])
    }
}

/// Returns the stamp of each zone's document in this directory, `None` for a zone without one. Checks hundreds in parallel.
pub(super) fn of_documents(directory: &Path, zones: &[&str]) -> Vec<Option<FileStamp>> {
    if zones.is_empty() {
        return Vec::new();
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(directory) = rustix::fs::open(directory, flags, Mode::empty()) else { return vec![None; zones.len()] };
    let threads = parallel::threads_for(zones.len(), MIN_PER_THREAD);
    parallel::shares(zones, threads, |share| of_share(&directory, share)).concat()
}

fn of_share(directory: &OwnedFd, zones: &[&str]) -> Vec<Option<FileStamp>> {
    let mut name = String::new();
    let mut of_zone = |zone: &&str| {
        name.clear();
        name.extend([zone, ".xml"]);
        rustix::fs::statat(directory, name.as_str(), AtFlags::empty()).ok().as_ref().map(FileStamp::of)
    };
    zones.iter().map(&mut of_zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_document_has_its_own_stamp_until_it_changes() {
        let scratch = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..2 * MIN_PER_THREAD + 5).map(|n| format!("z{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for name in names.iter().skip(1) {
            fs::write(scratch.path().join(format!("{name}.xml")), name).unwrap();
        }
        let before = of_documents(scratch.path(), &names);
        assert_eq!(before.iter().position(Option::is_none), Some(0));
        let inodes: std::collections::HashSet<u64> = before.iter().flatten().map(|stamp| stamp.0[0]).collect();
        assert_eq!(inodes.len(), names.len() - 1);
        fs::write(scratch.path().join("z7.xml"), "longer").unwrap();
        let after = of_documents(scratch.path(), &names);
        let changed: Vec<usize> = (0..names.len()).filter(|n| before[*n] != after[*n]).collect();
        assert_eq!(changed, [7]);
        assert_eq!(of_documents(&scratch.path().join("none"), &names[..2]), [None, None]);
    }
}
