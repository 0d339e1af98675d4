//! Linked programs: small scripts named as the machine's commands, for other people's tools. The directory and the
//! program that answers are written into them, since some tools clear the environment.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Error, Machine, answer};

impl Machine {
    /// Writes a script for each of the machine's programs into `directory`, which is made when absent. A script runs
    /// `command`, followed by the machine's directory, the program's name and its arguments, in its own place.
    pub fn link(&self, directory: &Path, command: &[OsString]) -> Result<Vec<PathBuf>, Error> {
        let Some(first) = command.first().filter(|first| Path::new(first).is_absolute()) else {
            return Err(Error::Invalid("linked programs need the absolute path of the program that answers".into()));
        };
        if !Path::new(first).exists() {
            return Err(Error::Invalid(format!("{}: no such program to answer", Path::new(first).display())));
        }
        fs::create_dir_all(directory).map_err(|source| Error::io(directory, source))?;
        let mut made = Vec::new();
        for program in answer::programs(self) {
            let path = directory.join(program);
            self.write_script(&path, program, command).map_err(|source| Error::io(&path, source))?;
            made.push(path);
        }
        Ok(made)
    }

    fn write_script(&self, path: &Path, program: &str, command: &[OsString]) -> io::Result<()> {
        let mut script = b"#!/bin/sh\nexec".to_vec();
        let words =
            command.iter().map(|word| word.as_bytes()).chain([self.root().as_os_str().as_bytes(), program.as_bytes()]);
        for word in words {
            script.push(b' ');
            script.extend(quoted(word));
        }
        script.extend_from_slice(b" \"$@\"\n");
        // Written beside its place: the directory may lie on another file system than the machine.
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        fs::write(&temporary, script)?;
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o755))?;
        fs::rename(&temporary, path)
    }
}

/// A word in single quotes, as any shell takes it.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut text = b"'".to_vec();
    for byte in word {
        match byte {
            b'\'' => text.extend_from_slice(b"'\\''"),
            byte => text.push(*byte),
        }
    }
    text.push(b'\'');
    text
}
