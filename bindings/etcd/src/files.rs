//! Files that the configuration names: certificates, keys, passwords. Invariant: a secret comes only from a file that no one but its
//! owner can read, and the owner is root or the caller.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// Largest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Kind of a file, by the access that others may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Others may read it and must not be able to write it.
    Public,
    /// Others must not be able to read or write it.
    Secret,
}

/// Reads a file; the error says what is wrong with it and how to fix it.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    // Not blocking: a FIFO in its place must not stop zmgr.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|e| failed(&e))?);
    let found = file.metadata().map_err(|e| failed(&e))?;
    if !found.is_file() {
        return Err(failed(&"not a regular file"));
    }
    let caller = rustix::process::geteuid().as_raw();
    if found.uid() != 0 && found.uid() != caller {
        return Err(failed(&format_args!("its owner is user {}, not root and not you", found.uid())));
    }
    let (refused, who) = match kind {
        Kind::Public => (0o022, "write"),
        Kind::Secret => (0o077, "read or write"),
    };
    if found.mode() & refused != 0 {
        let mode = found.mode() & 0o7777;
        let right = mode & !refused;
        return Err(failed(&format_args!("others can {who} it (mode {mode:04o}); run `chmod {right:04o}`")));
    }
    let mut text = Vec::new();
    file.by_ref().take(LIMIT + 1).read_to_end(&mut text).map_err(|e| failed(&e))?;
    if text.len() as u64 > LIMIT {
        return Err(failed(&"larger than 1 MiB"));
    }
    Ok(text)
}

/// Reads a password: the first line of a secret file.
pub(crate) fn password(path: &Path) -> Result<String, String> {
    let text = String::from_utf8(read(path, Kind::Secret)?)
        .map_err(|_| format!("cannot use the password in {}: not UTF-8", path.display()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains(['\n', '\r', '\0']) {
        return Err(format!("cannot use the password in {}: exactly one line expected", path.display()));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_may_read_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("h1.password");
        fs::write(&path, "correct horse\n").unwrap();
        for (mode, secret, public) in [
            (0o600, true, true),
            (0o400, true, true),
            (0o640, false, true),
            (0o644, false, true),
            (0o604, false, true),
            (0o620, false, false),
            (0o666, false, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path, Kind::Secret).is_ok(), secret, "{mode:o}");
            assert_eq!(read(&path, Kind::Public).is_ok(), public, "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = password(&path).unwrap_err();
        assert!(error.contains("others can read or write it (mode 0644); run `chmod 0600`"), "{error}");
        assert!(!error.contains("horse"), "{error}");
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert!(read(&fifo, Kind::Secret).unwrap_err().contains("not a regular file"));
        assert!(read(dir.path(), Kind::Public).unwrap_err().contains("not a regular file"));
        assert!(read(&dir.path().join("none"), Kind::Public).unwrap_err().starts_with("cannot read"));
        let large = dir.path().join("large");
        fs::write(&large, vec![b'x'; (LIMIT + 1) as usize]).unwrap();
        fs::set_permissions(&large, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&large, Kind::Secret).unwrap_err().contains("larger than 1 MiB"));
    }

    #[test]
    fn a_password_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        for (text, expected) in [
            ("secret", Some("secret")),
            ("secret\n", Some("secret")),
            (" with blanks \r\n", Some(" with blanks ")),
            ("", None),
            ("\n", None),
            ("two\nlines\n", None),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(password(&path).ok().as_deref(), expected, "{text:?}");
        }
    }
}
