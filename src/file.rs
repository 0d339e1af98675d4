//! Opens files named by a user, the tree or the host. Anything may be at such a path: a FIFO without a writer, a device, an endless
//! file.
//!
//! Invariant: nothing here waits for another process, and nothing reads more than the caller's limit.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

use crate::error::{Code, Error};

/// Treatment of a symbolic link at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// Open its target.
    Follow,
    /// Refuse it.
    Refuse,
}

/// Reason why a file cannot be used.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The file does not exist.
    Absent,
    /// The file is of this kind: "a FIFO".
    Kind(&'static str),
    /// The file has more than this many bytes.
    TooLarge(u64),
    /// The file is not UTF-8.
    NotText,
    /// The system refused it.
    Io(io::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Absent => f.write_str("the file does not exist"),
            Refused::Kind(kind) => write!(f, "it is {kind}, not a regular file"),
            Refused::TooLarge(limit) if *limit >= 1 << 20 => write!(f, "it is larger than {} MiB", limit >> 20),
            Refused::TooLarge(limit) => write!(f, "it is larger than {} KiB", limit >> 10),
            Refused::NotText => f.write_str("it is not UTF-8 text"),
            Refused::Io(error) => error.fmt(f),
        }
    }
}

impl Refused {
    /// Returns the error of a failure to do something ("read") with this file.
    pub(crate) fn error(self, doing: &str, path: &Path) -> Error {
        match self {
            Refused::Io(error) => Error::io(doing, path, error),
            Refused::Absent => Error::new(Code::NotFound, format!("cannot {doing} {}: {self}", path.display())),
            _ => Error::new(Code::Io, format!("cannot {doing} {}: {self}", path.display())),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Refused::Absent,
            _ => Refused::Io(error),
        }
    }
}

impl From<rustix::io::Errno> for Refused {
    fn from(errno: rustix::io::Errno) -> Self {
        io::Error::from(errno).into()
    }
}

/// Opens a regular file for reading, without waiting.
pub(crate) fn open(path: &Path, links: Links) -> Result<(File, Metadata), Refused> {
    // Checked before it is opened: opening a device can have effects of its own.
    check_regular(&metadata(path, links)?)?;
    open_with(path, links, OFlags::RDONLY, Mode::empty())
}

/// Checks that a file is a regular one, if it exists, without opening it.
pub(crate) fn check_kind(path: &Path, links: Links) -> Result<(), Refused> {
    match metadata(path, links) {
        Ok(meta) => check_regular(&meta),
        Err(Refused::Absent) => Ok(()),
        Err(why) => Err(why),
    }
}

/// Opens a regular file that may be created, without waiting. `access`: how, and whether to create it.
pub(crate) fn open_with(path: &Path, links: Links, access: OFlags, mode: Mode) -> Result<(File, Metadata), Refused> {
    let follow = if links == Links::Refuse { OFlags::NOFOLLOW } else { OFlags::empty() };
    let flags = access | follow | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(retry_on_intr(|| rustix::fs::open(path, flags, mode))?);
    let meta = file.metadata()?;
    check_regular(&meta)?;
    Ok((file, meta))
}

/// Reads an open file to its end, at most `limit` bytes.
pub(crate) fn read_to_limit(file: &File, meta: &Metadata, limit: u64) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::with_capacity(meta.len().min(limit) as usize + 1);
    // The length was measured a moment ago: one byte more reveals a file that has grown since.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(Refused::TooLarge(limit)) } else { Ok(bytes) }
}

/// Reads a regular file, at most `limit` bytes.
pub(crate) fn read(path: &Path, links: Links, limit: u64) -> Result<Vec<u8>, Refused> {
    let (file, meta) = open(path, links)?;
    read_to_limit(&file, &meta, limit)
}

/// Reads a regular file as text, at most `limit` bytes.
pub(crate) fn read_text(path: &Path, links: Links, limit: u64) -> Result<String, Refused> {
    String::from_utf8(read(path, links, limit)?).map_err(|_| Refused::NotText)
}

/// Makes a directory of exactly this mode, whatever the umask; `AlreadyExists` if something is there.
pub(crate) fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(mode).create(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Makes a directory and the missing ones above it, each of exactly this mode. One that exists keeps its mode.
pub(crate) fn make_directories(path: &Path, mode: u32) -> io::Result<()> {
    match make_directory(path, mode) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
                return Err(error);
            };
            make_directories(parent, mode)?;
            // Once more and not again: below /proc, or in a directory that was removed, nothing can be made although the parent exists.
            unless_there(path, make_directory(path, mode))
        }
        made => unless_there(path, made),
    }
}

/// Makes a directory that exists already a success.
fn unless_there(path: &Path, made: io::Result<()>) -> io::Result<()> {
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

fn metadata(path: &Path, links: Links) -> Result<Metadata, Refused> {
    let found = match links {
        Links::Follow => std::fs::metadata(path),
        Links::Refuse => std::fs::symlink_metadata(path),
    };
    Ok(found?)
}

fn check_regular(meta: &Metadata) -> Result<(), Refused> {
    match kind(meta) {
        None => Ok(()),
        Some(kind) => Err(Refused::Kind(kind)),
    }
}

/// Returns the kind of a file; `None` if it is a regular file.
fn kind(meta: &Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a directory"),
        _ if kind.is_fifo() => Some("a FIFO"),
        _ if kind.is_socket() => Some("a socket"),
        _ if kind.is_symlink() => Some("a symbolic link"),
        _ => Some("a device"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_regular_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        for path in [&fifo, &link, Path::new("/dev/zero"), dir.path()] {
            for links in [Links::Follow, Links::Refuse] {
                assert!(matches!(read(path, links, 10), Err(Refused::Kind(_))), "{}", path.display());
                assert!(open_with(path, links, OFlags::RDONLY, Mode::empty()).is_err(), "{}", path.display());
            }
        }
        assert!(matches!(read(&dir.path().join("none"), Links::Follow, 10), Err(Refused::Absent)));
    }

    #[test]
    fn no_more_than_the_limit_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        assert_eq!(read_text(&path, Links::Refuse, 10).unwrap(), "0123456789");
        assert!(matches!(read(&path, Links::Refuse, 9), Err(Refused::TooLarge(9))));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(matches!(read_text(&path, Links::Refuse, 9), Err(Refused::NotText)));
    }

    #[test]
    fn a_directory_in_which_nothing_can_be_made_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("dangling")).unwrap();
        assert!(make_directories(&dir.path().join("dangling/a/b"), 0o755).is_err());
        // Its parent exists, and making it fails as if that did not.
        if cfg!(target_os = "linux") {
            let error = make_directories(Path::new("/proc/zmgr-test/a"), 0o755).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn the_mode_of_a_directory_does_not_depend_on_the_umask() {
        let dir = tempfile::tempdir().unwrap();
        make_directories(&dir.path().join("a/b"), 0o777).unwrap();
        make_directories(&dir.path().join("a/b"), 0o700).unwrap();
        for path in ["a", "a/b"] {
            let mode = dir.path().join(path).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o777, "{path}");
        }
    }
}
