//! One look at each file of the registry: a listing of the folder and a `stat` of each name in it.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::fs::{AtFlags, Dir, DirEntry, Mode, OFlags};
use rustix::io::Errno;

use super::Registry;
use super::facts::EntryKind;
use super::index::Stamp;
use super::tree::{stem_of, stem_of_temp};
use crate::error::{Error, Result};

/// What a look at a folder found.
pub(super) enum Seen<'a> {
    /// A document of this name; no stamp where it leads nowhere.
    Document(&'a str, Option<Stamp>),
    /// The temp file of a document of this name.
    Temp(&'a str),
}

impl Registry {
    /// Looks at each file of one kind. A folder that is not there is empty.
    pub(super) fn sweep(&self, kind: EntryKind, mut each: impl FnMut(Seen<'_>)) -> Result<()> {
        let path = self.tree().folder(kind.folder());
        let failed = |errno: Errno| Error::io("list", &path, errno.into());
        let folder = match rustix::fs::open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        {
            Ok(folder) => folder,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(failed(errno)),
        };
        self.tree().check_folder(&path)?;
        let mut documents = Vec::new();
        for entry in Dir::read_from(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if stem_of(name).is_some() {
                documents.push(entry);
            } else if let Some(stem) = stem_of_temp(name) {
                each(Seen::Temp(stem));
            }
        }
        for (entry, looked) in documents.iter().zip(look_at_all(&folder, &documents)) {
            let stem = stem_of(OsStr::from_bytes(entry.file_name().to_bytes()));
            if let (Some(stem), Look::There(stamp)) = (stem, looked.map_err(failed)?) {
                each(Seen::Document(stem, stamp));
            }
        }
        Ok(())
    }

    /// Looks at one file. `None`: it is not there.
    pub(super) fn look_at(&self, kind: EntryKind, name: &str) -> Result<Option<Option<Stamp>>> {
        let path = self.tree().folder(kind.folder()).join(format!("{name}.kdl"));
        let looked = path.as_os_str().to_owned().into_vec();
        let failed = |errno: Errno| Error::io("look at", &path, errno.into());
        let Ok(looked) = CString::new(looked) else { return Ok(None) };
        match look(rustix::fs::CWD, &looked).map_err(failed)? {
            Look::Gone => Ok(None),
            Look::There(stamp) => Ok(Some(stamp)),
        }
    }
}

/// So many files are worth a thread of their own.
const SHARE: usize = 1024;

/// A look at each, in order; shared among the cores where there are many, for nearly all of a sweep is spent here.
fn look_at_all(folder: &(impl AsFd + Sync), entries: &[DirEntry]) -> Vec<std::result::Result<Look, Errno>> {
    let look_at = |share: &[DirEntry]| share.iter().map(|entry| look(folder, entry.file_name())).collect::<Vec<_>>();
    let shares = entries.len() / SHARE;
    // How many cores there are is itself read from several files.
    let threads = if shares < 2 { 1 } else { shares.min(std::thread::available_parallelism().map_or(1, usize::from)) };
    if threads < 2 {
        return look_at(entries);
    }
    std::thread::scope(|scope| {
        let mut shares = entries.chunks(entries.len().div_ceil(threads));
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares
            .map(|share| (share, std::thread::Builder::new().spawn_scoped(scope, move || look_at(share))))
            .collect();
        let mut looked = look_at(own);
        for (share, other) in others {
            // A thread that cannot be had, or that died, only costs time.
            let theirs = other.ok().and_then(|thread| thread.join().ok());
            looked.extend(theirs.unwrap_or_else(|| look_at(share)));
        }
        looked
    })
}

enum Look {
    Gone,
    There(Option<Stamp>),
}

fn look(folder: impl AsFd, name: &CStr) -> std::result::Result<Look, Errno> {
    match rustix::fs::statat(&folder, name, AtFlags::empty()) {
        Ok(stat) => Ok(Look::There(Some(Stamp::of(&stat)))),
        // Removed since it was listed, or a link that leads nowhere.
        Err(Errno::NOENT) => match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(Look::There(None)),
            Err(Errno::NOENT) => Ok(Look::Gone),
            Err(errno) => Err(errno),
        },
        Err(Errno::LOOP) => Ok(Look::There(None)),
        Err(errno) => Err(errno),
    }
}
