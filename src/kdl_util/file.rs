//! Reading of a document's file: whatever stands in its place, the caller neither hangs nor reads what others planted.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::MOST_BYTES;
use super::fault::error_of;
use crate::error::{Code, Diagnostic, Error, Result};

/// Whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Trust {
    /// As root, only those that nobody but root (or this user) could have written. Other users read what they can.
    #[default]
    Guarded,
    /// Anybody's: the machine is a pretended one.
    Anyone,
}

/// The bytes of a document, and how its file stood before they were read. `not-found` where nothing is there; `config` where it is
/// something that no document may be.
pub(crate) fn read(path: &Path, trust: Trust) -> Result<(Vec<u8>, Metadata)> {
    // Asked first: opening a device can have effects of its own.
    let meta = std::fs::metadata(path).map_err(|error| failed(path, error))?;
    check_kind(path, &meta)?;
    open_and_read(path, trust, OFlags::empty())
}

/// The same of what was a regular file a moment ago. Whatever has taken its place since is not followed, and not waited for.
pub(crate) fn read_regular(path: &Path, trust: Trust) -> Result<(Vec<u8>, Metadata)> {
    open_and_read(path, trust, OFlags::NOFOLLOW)
}

fn open_and_read(path: &Path, trust: Trust, more: OFlags) -> Result<(Vec<u8>, Metadata)> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | more;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| failed(path, errno.into()))?;
    let file = File::from(file);
    let meta = file.metadata().map_err(|error| failed(path, error))?;
    check_kind(path, &meta)?;
    check_owner(path, &meta, trust)?;
    let mut bytes = Vec::with_capacity((meta.len() as usize).min(MOST_BYTES) + 1);
    // One byte more than is allowed tells a file that is too large, also one that grew meanwhile.
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
    Ok((bytes, meta))
}

/// Whether a folder of documents may be trusted.
pub(crate) fn check_folder(path: &Path, trust: Trust) -> Result<()> {
    let meta = std::fs::metadata(path).map_err(|error| failed(path, error))?;
    if !meta.is_dir() {
        return Err(refused(path, "not-a-folder", "this is not a folder".to_owned(), None));
    }
    check_owner(path, &meta, trust)
}

/// Whether what lies above a tree lets others put something else in its place.
pub(crate) fn check_above(path: &Path, trust: Trust) -> Result<()> {
    if trust == Trust::Anyone || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let whole = std::fs::canonicalize(path).map_err(|error| failed(path, error))?;
    for folder in whole.ancestors().skip(1) {
        let meta = std::fs::metadata(folder).map_err(|error| failed(folder, error))?;
        if meta.mode() & 0o002 != 0 && meta.mode() & 0o1000 == 0 {
            let message = "as root, nothing below this folder is read: everybody may write to it".to_owned();
            return Err(refused(folder, "not-trusted", message, Some(format!("chmod o-w {}", folder.display()))));
        }
    }
    Ok(())
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Error::new(Code::NotFound, format!("there is no {}", path.display()));
    }
    Error::io("read", path, error)
}

fn check_kind(path: &Path, meta: &Metadata) -> Result<()> {
    let kind = meta.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let what = match kind {
        _ if kind.is_dir() => "a folder",
        _ if kind.is_fifo() => "a FIFO",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(refused(path, "not-a-file", format!("this is {what}, not a regular file"), None))
}

fn check_owner(path: &Path, meta: &Metadata, trust: Trust) -> Result<()> {
    let caller = rustix::process::geteuid();
    if trust == Trust::Anyone || !caller.is_root() {
        return Ok(());
    }
    // Group root or sys, as the folders below /etc have on illumos.
    const GROUPS: [u32; 2] = [0, 3];
    let mode = meta.mode();
    let sticky = meta.is_dir() && mode & 0o1000 != 0;
    let problem = if meta.uid() != 0 {
        Some((format!("it belongs to user {}, not to root", meta.uid()), format!("chown root {}", path.display())))
    } else if mode & 0o002 != 0 && !sticky {
        Some(("everybody may write to it".to_owned(), format!("chmod o-w {}", path.display())))
    } else if mode & 0o020 != 0 && !sticky && !GROUPS.contains(&meta.gid()) {
        Some((format!("group {} may write to it", meta.gid()), format!("chmod g-w {}", path.display())))
    } else {
        None
    };
    match problem {
        None => Ok(()),
        Some((message, help)) => {
            Err(refused(path, "not-trusted", format!("as root this is not read: {message}"), Some(help)))
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
