//! Files outside the configuration that the command reads and writes: command files, export files, pagers.
//!
//! [source: cmd_file, pager_open of zonecfg.c; recorded: f-*, info-pager-*]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::text::text;

/// A file as the user named it.
pub(super) fn resolve(cwd: &Path, name: &[u8]) -> PathBuf {
    cwd.join(OsStr::from_bytes(name))
}

/// Message of the system for an error.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Reads a command file, or says why not.
pub(super) fn command_file(cwd: &Path, name: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let path = resolve(cwd, name);
    // A pipe without a writer would not open: what it is must be known before.
    let irregular = || text!(name, " is not a regular file.");
    let failed = |error: &io::Error| text!("could not open file ", name, ": ", reason(error));
    match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err(irregular()),
        Ok(_) => {}
        Err(error) => return Err(failed(&error)),
    }
    let mut input = Vec::new();
    File::open(&path).and_then(|mut file| file.read_to_end(&mut input)).map_err(|error| failed(&error))?;
    Ok(input)
}

/// Returns true if a program would be found, in the machine or where it is played.
pub(super) fn is_program(machine: &Path, search: &[u8], name: &[u8]) -> bool {
    if name.contains(&b'/') {
        let path = Path::new(OsStr::from_bytes(name));
        return path.exists() || machine.join(path.strip_prefix("/").unwrap_or(path)).exists();
    }
    search
        .split(|b| *b == b':')
        .any(|directory| Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name)).exists())
}
