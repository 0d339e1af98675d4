//! The rules for a zonepath on disk, and their repair where the subcommand repairs.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::{Target, text};
use crate::answer::Session;
use crate::{Machine, index};

/// What a subcommand does about a zonepath that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Complain only.
    Verify,
    /// Make a missing one, repair owner and mode.
    Make,
    /// Repair, but a missing one is an error.
    Repair,
}

/// Checks the zonepath. `false` when it is not fit; what is wrong has been said then.
pub(super) fn check(session: &mut Session<'_, '_>, target: &Target, zonepath: &str, care: Care) -> io::Result<bool> {
    let machine = session.machine;
    if !zonepath.starts_with('/') {
        session.complain(format_args!("{zonepath} is not an absolute path.\n"));
        return refused(session, zonepath);
    }
    if let Some((name, path)) = overlap(machine, &target.name, zonepath) {
        session.complain(format_args!("A zonepath ({zonepath}) and {name} zonepath ({path}) overlap.\n"));
        return refused(session, zonepath);
    }
    let place = machine.path(zonepath);
    let owner = fs::metadata(machine.root())?.uid();
    let meta = match fs::symlink_metadata(&place) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => match care {
            Care::Verify => {
                session.complain(format_args!(
                    "WARNING: {zonepath} does not exist, so it could not be verified.\n\
                     When 'zoneadm install' is run, 'install' will try to create\n\
                     {zonepath}, and 'verify' will be tried again,\n\
                     but the 'verify' may fail if:\n\
                     the parent directory of {zonepath} is group- or other-writable\n\
                     or\n\
                     {zonepath} overlaps with any other installed zones.\n"
                ));
                return Ok(true);
            }
            Care::Make => {
                make(machine, zonepath)?;
                fs::symlink_metadata(&place)?
            }
            Care::Repair => {
                session.complain(format_args!("zoneadm: {zonepath}: No such file or directory\n"));
                return refused(session, zonepath);
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            session.complain(format_args!("zoneadm: {zonepath}: Not a directory\n"));
            return refused(session, zonepath);
        }
        Err(error) => return Err(error),
    };
    let resolved = fs::canonicalize(&place).ok();
    if meta.is_symlink() || resolved.as_ref().is_some_and(|resolved| *resolved != place) {
        session.complain(format_args!("zoneadm: {zonepath}: Resolved path mismatch\n"));
        return refused(session, zonepath);
    }
    if !meta.is_dir() {
        session.complain(format_args!("{zonepath} is not a directory.\n"));
        return refused(session, zonepath);
    }
    let mut fit = true;
    if meta.uid() != owner {
        session.complain(format_args!("{zonepath} is not owned by root.\n"));
        fit = false;
    }
    fit &= check_mode(session, zonepath, meta.mode(), care)?;
    // The machine's root directory belongs to whoever made it.
    if let Some(parent) = place.parent().filter(|parent| *parent != machine.root()) {
        let parent_meta = fs::metadata(parent)?;
        let name = zonepath.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        if parent_meta.uid() != owner {
            session.complain(format_args!("{name} is not owned by root.\n"));
            fit = false;
        }
        for (bit, what) in [(0o020, "group writable"), (0o002, "world writable")] {
            if parent_meta.mode() & bit != 0 {
                session.complain(format_args!("{name} must not be {what}.\n"));
                fit = false;
            }
        }
    }
    if fit { Ok(true) } else { refused(session, zonepath) }
}

fn refused(session: &mut Session<'_, '_>, zonepath: &str) -> io::Result<bool> {
    session.complain(format_args!("could not verify zonepath {zonepath} because of the above errors.\n"));
    Ok(false)
}

fn check_mode(session: &mut Session<'_, '_>, zonepath: &str, mode: u32, care: Care) -> io::Result<bool> {
    const BITS: [(u32, bool, &str); 9] = [
        (0o400, true, "owner readable"),
        (0o200, true, "owner writable"),
        (0o100, true, "owner executable"),
        (0o040, false, "group readable"),
        (0o020, false, "group writable"),
        (0o010, false, "group executable"),
        (0o004, false, "world readable"),
        (0o002, false, "world writable"),
        (0o001, false, "world executable"),
    ];
    let mut fit = true;
    for (bit, wanted, what) in BITS {
        if (mode & bit != 0) != wanted {
            let not = if wanted { "" } else { "not " };
            session.complain(format_args!("{zonepath} must {not}be {what}.\n"));
            fit = false;
        }
    }
    if !fit && care != Care::Verify {
        session.complain(format_args!("{zonepath}: changing permissions to 0700.\n"));
        fs::set_permissions(session.machine.path(zonepath), fs::Permissions::from_mode(0o700))?;
        return Ok(true);
    }
    Ok(fit)
}

/// Makes the zonepath (0700) and its missing parents (0755).
pub(super) fn make(machine: &Machine, zonepath: &str) -> io::Result<()> {
    let place = machine.path(zonepath);
    if let Some(parent) = place.parent().filter(|parent| !parent.is_dir()) {
        fs::create_dir_all(parent)?;
        fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?;
    }
    match fs::create_dir(&place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700))
}

/// Another zone that is more than configured and whose path contains this one or lies within it.
fn overlap(machine: &Machine, zone: &str, zonepath: &str) -> Option<(String, String)> {
    let within =
        |inner: &[u8], outer: &[u8]| inner.strip_prefix(outer).is_some_and(|r| r.is_empty() || r.starts_with(b"/"));
    let (zone, zonepath) = (zone.as_bytes(), zonepath.as_bytes());
    let overlaps = |name: &[u8], state: index::State, path: &[u8]| {
        name != zone && state > index::State::Configured && (within(path, zonepath) || within(zonepath, path))
    };
    let found = index::find_by(machine, overlaps).ok()??;
    Some((text(&found.name), text(&found.zonepath)))
}
