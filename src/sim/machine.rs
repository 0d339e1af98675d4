//! The machine: a directory that looks like the root of an illumos host, and its dialect.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Call, Dialect, Output, Status};

/// Everything that is the simulation's own (locks, temporary files, counters, faults) lies here, below the machine's root.
const OWN: &str = ".zmgr/sim";

/// A simulated machine. Holds no state in memory: several processes may act on one directory at once.
#[derive(Debug, Clone)]
pub struct Machine {
    root: PathBuf,
    dialect: Dialect,
}

impl Machine {
    /// The machine's root directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The line of illumos that it speaks.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where an absolute path of the machine lies on the host that runs the simulation.
    pub(in crate::sim) fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        let absolute = absolute.as_ref();
        self.root.join(absolute.strip_prefix("/").unwrap_or(absolute))
    }

    /// A path in the simulation's own corner.
    pub(in crate::sim) fn own(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(OWN).join(name)
    }

    /// Takes the simulation's lock of this name, waiting for it; it is given back when the guard goes.
    pub(in crate::sim) fn lock(&self, name: &str) -> io::Result<File> {
        let path = self.own("locks").join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Puts `bytes` in place of the file at this absolute path of the machine, by one rename.
    pub(in crate::sim) fn replace(&self, absolute: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let _ = (absolute.as_ref(), bytes);
        let folder = self.own("tmp");
        fs::create_dir_all(&folder)?;
        let mut file = tempfile_in(&folder)?;
        file.1.write_all(bytes)?;
        fs::rename(file.0, self.path(absolute))
    }

    /// Answers one command.
    pub fn answer(&self, call: &mut Call<'_>, out: &mut dyn Output) -> Status {
        let _ = call;
        out.stderr(b"not a command of this machine\n");
        Status::Exited(127)
    }
}

fn tempfile_in(folder: &Path) -> io::Result<(PathBuf, File)> {
    let path = folder.join(format!("{}.{:?}", std::process::id(), std::thread::current().id()));
    let file = File::create(&path)?;
    Ok((path, file))
}
