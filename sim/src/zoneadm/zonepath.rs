//! The rules for a zonepath on disk, and their repair where the subcommand repairs.
//!
//! [source: validate_zonepath and crosscheck_zonepaths of zoneadm.c; recorded: kind `zonepath`]

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::{errno, text};
use crate::session::Session;
use crate::{Machine, ZoneState, index, kernel};

/// Mode of a host's root directory.
const HOST_ROOT: u32 = 0o755;

/// Checks the zonepath for a subcommand. `false` if it is not fit; what is wrong has been said then.
pub(super) fn check(session: &mut Session<'_, '_>, zone: &str, path: &str, word: &str) -> io::Result<bool> {
    let machine = session.machine;
    if !path.starts_with('/') {
        session.complain(format_args!("{path} is not an absolute path.\n"));
        return Ok(false);
    }
    let resolved = match resolve(machine, path) {
        Ok(resolved) => resolved,
        Err(error) => {
            let makes = matches!(word, "install" | "clone" | "move");
            if error.kind() != io::ErrorKind::NotFound || !(makes || word == "verify") {
                session.complain(format_args!("zoneadm: {path}: {}\n", errno(&error)));
                return Ok(false);
            }
            if word == "verify" {
                session.complain(format_args!(
                    "WARNING: {path} does not exist, so it could not be verified.\n\
                     When 'zoneadm install' is run, 'install' will try to create\n\
                     {path}, and 'verify' will be tried again,\n\
                     but the 'verify' may fail if:\n\
                     the parent directory of {path} is group- or other-writable\n\
                     or\n\
                     {path} overlaps with any other installed zones.\n"
                ));
                return Ok(true);
            }
            if let Err(error) = make(machine, path) {
                session.complain(format_args!("zoneadm: {path}: {}\n", errno(&error)));
                return Ok(false);
            }
            return check(session, zone, path, word);
        }
    };
    if resolved != path {
        session.complain(format_args!("zoneadm: {path}: Resolved path mismatch\n"));
        return Ok(false);
    }
    let place = machine.path(path);
    let meta = fs::metadata(&place)?;
    if !meta.is_dir() {
        session.complain(format_args!("{path} is not a directory.\n"));
        return Ok(false);
    }
    if !crosscheck(session, zone, path)? {
        return Ok(false);
    }
    let owner = fs::metadata(machine.root())?.uid();
    let mut fit = true;
    if meta.uid() != owner {
        session.complain(format_args!("{path} is not owned by root.\n"));
        fit = false;
        if word != "verify" {
            session.complain(format_args!("{path}: changing owner to root.\n"));
            match chown(&place, Some(owner), None) {
                Ok(()) => fit = true,
                Err(error) => session.complain(format_args!("zoneadm: {path}: {}\n", errno(&error))),
            }
        }
    }
    // The machine's own root directory has whatever mode its maker gave it; a host's has this. [recorded: path-root-verify]
    let mode = if path == "/" { HOST_ROOT } else { meta.mode() };
    fit &= check_mode(session, path, mode, word)?;
    fit &= check_parent(session, path, owner)?;
    Ok(check_root(session, zone, path, word, owner)? && fit)
}

/// The path without symbolic links, `.` and doubled slashes.
fn resolve(machine: &Machine, path: &str) -> io::Result<String> {
    if path.len() >= 1024 {
        return Err(io::Error::from_raw_os_error(36));
    }
    let resolved = fs::canonicalize(machine.path(path))?;
    let below = resolved.strip_prefix(machine.root()).map_or_else(|_| resolved.clone(), |below| below.to_owned());
    Ok(format!("/{}", below.to_string_lossy().trim_start_matches('/')))
}

fn check_mode(session: &mut Session<'_, '_>, path: &str, mode: u32, word: &str) -> io::Result<bool> {
    let fit = bits(session, path, mode, &[0o040, 0o020, 0o010, 0o004, 0o002, 0o001]);
    if !fit && word != "verify" {
        session.complain(format_args!("{path}: changing permissions to 0700.\n"));
        // The machine's own root directory belongs to the user who made it.
        if path != "/" {
            fs::set_permissions(session.machine.path(path), fs::Permissions::from_mode(0o700))?;
        }
        return Ok(true);
    }
    Ok(fit)
}

/// Complains of each bit for the owner that is off, and of each of `forbidden` that is on.
fn bits(session: &mut Session<'_, '_>, path: &str, mode: u32, forbidden: &[u32]) -> bool {
    const BITS: [(u32, &str); 9] = [
        (0o400, "owner readable"),
        (0o200, "owner writable"),
        (0o100, "owner executable"),
        (0o040, "group readable"),
        (0o020, "group writable"),
        (0o010, "group executable"),
        (0o004, "world readable"),
        (0o002, "world writable"),
        (0o001, "world executable"),
    ];
    let mut fit = true;
    for (bit, what) in BITS {
        let (wanted, set) = (bit >= 0o100, mode & bit != 0);
        if (wanted && !set) || (forbidden.contains(&bit) && set) {
            let not = if wanted { "" } else { "not " };
            session.complain(format_args!("{path} must {not}be {what}.\n"));
            fit = false;
        }
    }
    fit
}

fn check_parent(session: &mut Session<'_, '_>, path: &str, owner: u32) -> io::Result<bool> {
    let machine = session.machine;
    let parent = match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    };
    let mut fit = true;
    // The machine's own root directory belongs to the user who made it.
    if parent != "/" {
        let meta = fs::metadata(machine.path(parent))?;
        if meta.uid() != owner {
            session.complain(format_args!("{parent} is not owned by root.\n"));
            fit = false;
        }
        fit &= bits(session, parent, meta.mode(), &[0o020, 0o002]);
    }
    if path == parent {
        session.complain(format_args!("{path} is its own parent.\n"));
        fit = false;
    }
    Ok(fit)
}

/// The root directory must not be there, or look as it should, as long as the zone is configured only.
fn check_root(session: &mut Session<'_, '_>, zone: &str, path: &str, word: &str, owner: u32) -> io::Result<bool> {
    let machine = session.machine;
    let entry = index::find(machine, zone.as_bytes());
    let state = match (kernel::find(machine, zone)?, entry) {
        (Some(active), _) => active.state,
        (None, Some(entry)) => entry.state.into(),
        (None, None) => ZoneState::Configured,
    };
    if state != ZoneState::Configured || word == "attach" {
        return Ok(true);
    }
    let root = format!("{path}/root");
    let Ok(meta) = fs::metadata(machine.path(&root)) else { return Ok(true) };
    let fault = if machine.path(path).join("SUNWdetached.xml").exists() {
        format!("Cannot {word} detached zone.\nUse attach or remove {path} directory.")
    } else if !meta.is_dir() {
        format!("{root} is not a directory.")
    } else if meta.uid() != owner {
        format!("{root} is not owned by root.")
    } else if meta.mode() & 0o777 != 0o755 {
        format!("{root} mode is not 0755.")
    } else {
        return Ok(true);
    };
    session.complain(format_args!("{fault}\n"));
    Ok(false)
}

/// Makes the zonepath (0700) and its missing parents (0755).
pub(super) fn make(machine: &Machine, path: &str) -> io::Result<()> {
    let place = machine.path(path);
    let exists = || io::Error::from_raw_os_error(17);
    if fs::symlink_metadata(&place).is_ok() {
        return Err(exists());
    }
    if let Some(parent) = place.parent().filter(|parent| !parent.is_dir()) {
        fs::create_dir_all(parent)?;
        fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?;
    }
    fs::create_dir(&place)?;
    if path.ends_with('/') {
        // The directory is made as a parent of itself, and then it is there. [recorded: path-slash-install]
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
        return Err(exists());
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700))
}

/// Returns true if one path, as it is written, is the other or a directory above it.
fn near(path: &[u8], other: &[u8]) -> bool {
    path.starts_with(other) || other.starts_with(path)
}

/// FNV-1a: for the short names of thousands of directories, which are this machine's own.
#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Names of directories.
type Names = HashSet<OsString, BuildHasherDefault<Fnv>>;

/// Finds out which paths are directories. Of many, each parent is listed once: that costs less than to ask for every path.
struct Directories<'m> {
    machine: &'m Machine,
    /// The directories in each parent; `None` if each path is asked for.
    listed: Option<HashMap<Vec<u8>, Names, BuildHasherDefault<Fnv>>>,
}

impl<'m> Directories<'m> {
    /// For so many paths.
    fn of(machine: &'m Machine, paths: usize) -> Self {
        /// Number of paths from which listing costs less.
        const MANY: usize = 64;
        Directories { machine, listed: (paths >= MANY).then(HashMap::default) }
    }

    fn has(&mut self, path: &[u8]) -> bool {
        let machine = self.machine;
        let place = |path: &[u8]| machine.path(OsStr::from_bytes(path));
        let (Some(listed), Some(slash)) = (&mut self.listed, memchr::memrchr(b'/', path).filter(|slash| *slash > 0))
        else {
            return fs::symlink_metadata(place(path)).is_ok_and(|meta| meta.is_dir());
        };
        let (parent, name) = (&path[..slash], OsStr::from_bytes(&path[slash + 1..]));
        if let Some(names) = listed.get(parent) {
            return names.contains(name);
        }
        let entries = fs::read_dir(place(parent)).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let names: Names = directories.map(|entry| entry.file_name()).collect();
        listed.entry(parent.to_vec()).or_insert(names).contains(name)
    }
}

/// Looks for another installed zone whose path contains this one or lies within it. Zones that are configured or incomplete
/// don't count, and one whose path is gone is warned of. [recorded: overlap-above-verify, overlap-nopath-below-verify]
fn crosscheck(session: &mut Session<'_, '_>, zone: &str, path: &str) -> io::Result<bool> {
    let machine = session.machine;
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|r| r.is_empty() || r.starts_with('/') || outer == "/")
    };
    let index = index::Bytes::read(machine).unwrap_or_default();
    let zones: Vec<(&[u8], &[u8])> = index.zonepaths(index::State::Installed).collect();
    let mut there = Directories::of(machine, zones.len());
    for (name, other) in zones {
        if name == b"global" || name == zone.as_bytes() {
            continue;
        }
        // Of thousands of zones most are neither near nor gone.
        if !near(path.as_bytes(), other) && there.has(other) {
            continue;
        }
        let (name, other) = (text(name), text(other));
        let resolved = match resolve(machine, &other) {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                session
                    .say(format_args!("WARNING: zone {name} is installed, but its zonepath {other} does not exist.\n"));
                continue;
            }
            Err(error) => {
                session.complain(format_args!("zoneadm: {other}: {}\n", errno(&error)));
                return Ok(false);
            }
        };
        if within(path, &resolved) || within(&resolved, path) {
            session.complain(format_args!("{zone} zonepath ({path}) and {name} zonepath ({resolved}) overlap.\n"));
            return Ok(false);
        }
    }
    Ok(true)
}
