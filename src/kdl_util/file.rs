//! Reads configuration files: whatever is at the path, reading does not hang and does not use planted files.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::MAX_BYTES;
use super::fault::error_of;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::file::{self, Links, Refused};

/// Trust in the owners of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Trust {
    /// As root, only files that other users could not have written. Other users read what they can.
    #[default]
    Guarded,
    /// Any owner: for simulated machines.
    Anyone,
}

impl Trust {
    /// Returns true if owners and modes matter to this process.
    pub(crate) fn is_checked(self) -> bool {
        self == Trust::Guarded && rustix::process::geteuid().is_root()
    }
}

/// Reads a file, and its metadata from before it was read. Fails with `not-found` if nothing is there; `config` if it is not a
/// valid kind of file.
pub(crate) fn read(path: &Path, trust: Trust) -> Result<(Vec<u8>, Metadata)> {
    read_checked(path, trust, Links::Follow)
}

/// Reads a file that is known to be regular. Refuses a symbolic link that has replaced it since.
pub(crate) fn read_regular(path: &Path, trust: Trust) -> Result<(Vec<u8>, Metadata)> {
    read_checked(path, trust, Links::Refuse)
}

fn read_checked(path: &Path, trust: Trust, links: Links) -> Result<(Vec<u8>, Metadata)> {
    let (file, meta) = file::open(path, links).map_err(|why| unusable(path, why))?;
    check_owner(path, &meta, trust)?;
    let bytes = file::read_to_limit(&file, &meta, MAX_BYTES as u64).map_err(|why| unusable(path, why))?;
    Ok((bytes, meta))
}

fn unusable(path: &Path, why: Refused) -> Error {
    match why {
        Refused::Kind(kind) => refused(path, "not-a-file", format!("this is {kind}, not a regular file"), None),
        Refused::Absent => Error::new(Code::NotFound, format!("{} does not exist", path.display())),
        Refused::TooLarge(_) => refused(
            path,
            "too-large",
            "the file is larger than 1 MiB, the limit for configuration files".to_owned(),
            None,
        ),
        why => why.error("read", path),
    }
}

/// Checks that a directory of configuration files can be trusted.
pub(crate) fn check_directory(path: &Path, trust: Trust) -> Result<()> {
    let meta = std::fs::metadata(path).map_err(|error| failed(path, error))?;
    if !meta.is_dir() {
        return Err(refused(path, "not-a-directory", "this is not a directory".to_owned(), None));
    }
    check_owner(path, &meta, trust)
}

/// Checks that no directory above a tree lets other users replace it.
pub(crate) fn check_above(path: &Path, trust: Trust) -> Result<()> {
    if !trust.is_checked() {
        return Ok(());
    }
    let whole = std::fs::canonicalize(path).map_err(|error| failed(path, error))?;
    for directory in whole.ancestors().skip(1) {
        let meta = std::fs::metadata(directory).map_err(|error| failed(directory, error))?;
        if meta.mode() & 0o002 != 0 && meta.mode() & 0o1000 == 0 {
            let message = "refusing to read below this directory as root: it is writable by everyone".to_owned();
            return Err(refused(directory, "not-trusted", message, Some(format!("chmod o-w {}", directory.display()))));
        }
    }
    Ok(())
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::new(Code::NotFound, format!("{} does not exist", path.display()));
    }
    Error::io("read", path, error)
}

/// Checks that only root could have written this.
pub(crate) fn check_owner(path: &Path, meta: &Metadata, trust: Trust) -> Result<()> {
    if !trust.is_checked() {
        return Ok(());
    }
    // Group root or sys, like the directories below /etc on illumos.
    const GROUPS: [u32; 2] = [0, 3];
    let mode = meta.mode();
    let sticky = meta.is_dir() && mode & 0o1000 != 0;
    let problem = if meta.uid() != 0 {
        Some((format!("it belongs to user {}, not to root", meta.uid()), format!("chown root {}", path.display())))
    } else if mode & 0o002 != 0 && !sticky {
        Some(("it is writable by everyone".to_owned(), format!("chmod o-w {}", path.display())))
    } else if mode & 0o020 != 0 && !sticky && !GROUPS.contains(&meta.gid()) {
        Some((format!("it is writable by group {}", meta.gid()), format!("chmod g-w {}", path.display())))
    } else {
        None
    };
    match problem {
        None => Ok(()),
        Some((message, help)) => {
            Err(refused(path, "not-trusted", format!("refusing to read this as root: {message}"), Some(help)))
        }
    }
}

fn refused(path: &Path, code: &str, message: String, help: Option<String>) -> Error {
    let mut diagnostic = Diagnostic::new(code, message).at_path(path);
    diagnostic.help = help;
    error_of(vec![diagnostic])
}

#[cfg(test)]
mod tests {
    use rustix::fs::Mode;

    use super::*;

    fn code(path: &Path) -> String {
        read(path, Trust::Anyone).unwrap_err().details()[0].code.clone()
    }

    #[test]
    fn only_regular_files() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo.kdl");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
        assert_eq!(code(&fifo), "not-a-file");
        assert_eq!(code(dir.path()), "not-a-file");
        assert_eq!(code(Path::new("/dev/zero")), "not-a-file");
        let gone = read(&dir.path().join("gone.kdl"), Trust::Anyone).unwrap_err();
        assert_eq!(gone.code(), Code::NotFound);
        let file = dir.path().join("a.kdl");
        std::fs::write(&file, "a\n").unwrap();
        let link = dir.path().join("link.kdl");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read(&link, Trust::Anyone).unwrap().0, b"a\n");
        assert_eq!(read_regular(&file, Trust::Anyone).unwrap().0, b"a\n");
        for other in [&link, &fifo] {
            assert!(read_regular(other, Trust::Anyone).is_err());
        }
        let circle = dir.path().join("circle.kdl");
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        assert_eq!(read(&circle, Trust::Anyone).unwrap_err().code(), Code::Io);
    }

    #[test]
    fn root_reads_what_root_wrote() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.kdl");
        std::fs::write(&file, "a\n").unwrap();
        let chmod = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let root = rustix::process::geteuid().is_root();
        for (mode, good) in [(0o644, true), (0o664, true), (0o646, false), (0o600, true)] {
            chmod(mode);
            assert_eq!(read(&file, Trust::Guarded).is_ok(), good || !root, "{mode:o}");
            assert!(read(&file, Trust::Anyone).is_ok());
        }
    }
}
