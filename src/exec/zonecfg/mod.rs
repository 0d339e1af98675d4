//! `zonecfg`: the configuration of a zone, written by a script and read from the zone's document.
//!
//! zonecfg is not atomic: it stops at the first error, keeps what came before it, and exits with 0 for much that it refused. So:
//! `validate` everything, write a private `ScriptFile`, run `configure`, read the zone's document again with `parse_xml` and check
//! for `differences`.

mod apply;
mod command;
mod difference;
mod document;
mod merge;
mod parts;
mod passed;
mod pieces;
mod resource;
mod script;
mod validate;
mod xml;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use apply::apply;
pub use command::{Addition, Command};
pub use difference::{Difference, differences};
pub use document::{
    Admin, Attr, DedicatedCpu, Device, Filesystem, IpType, Net, PHYSICAL_MEMORY, RctlValue, SecurityFlags, ZoneConfig,
    alias,
};
pub use merge::merge;
pub use parts::{Part, parts};
pub use passed::{check_passed_through, with_passed_through};
pub use pieces::{parse_pieces, pieces, with_pieces};
pub use script::{creation, edit};
pub use validate::{LINK_ADDRESSES, check_attr, check_value, check_zonepath, validate};
pub use xml::parse_xml;

use super::Invocation;
use crate::error::{Error, Result};
use crate::value::name::{LinkName, ZoneName};

/// Runs a script on a zone.
pub fn configure(zone: &ZoneName, script: &Path) -> Invocation {
    on(zone).arg("-f").arg(script)
}

/// Sets whether the host boots the zone.
pub fn set_autoboot(zone: &ZoneName, autoboot: bool) -> Invocation {
    on(zone).arg(format!("set autoboot={autoboot}"))
}

/// Deletes a configuration, without asking. In the states `incomplete` and `installed` this orphans the zone's files: the state
/// must have been read a moment before.
pub fn delete(zone: &ZoneName) -> Invocation {
    on(zone).args(["delete", "-F"])
}

/// Gives a zone another name and its nets other links, each old and new, in one change. The zone must be down.
pub fn rename(zone: &ZoneName, to: &ZoneName, links: &[(LinkName, LinkName)]) -> Invocation {
    let nets = links.iter().map(|(from, to)| format!("select net physical={from}; set physical={to}; end; "));
    on(zone).arg(format!("{}set zonename={to}; commit", nets.collect::<String>()))
}

/// Gives nets other links, each old and new, in one change.
pub fn relink(zone: &ZoneName, links: &[(LinkName, LinkName)]) -> Invocation {
    let nets = links.iter().map(|(from, to)| format!("select net physical={from}; set physical={to}; end; "));
    on(zone).arg(format!("{}commit", nets.collect::<String>()))
}

fn on(zone: &ZoneName) -> Invocation {
    Invocation::new("zonecfg").args(["-z", zone.as_str()])
}

/// A temporary file with a script.
#[derive(Debug)]
pub struct ScriptFile(PathBuf);

impl ScriptFile {
    /// Writes a script for this zone into this directory, mode 0600, replacing one that a killed process left. The caller holds the
    /// zone's lock.
    pub fn write(directory: &Path, zone: &ZoneName, script: &str) -> Result<ScriptFile> {
        let directory = std::path::absolute(directory).map_err(|error| Error::io("resolve", directory, error))?;
        ScriptFile::remove_left(&directory, zone)?;
        let path = Self::path_of(&directory, zone);
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = written.and_then(|mut file: File| file.write_all(script.as_bytes()));
        let this = ScriptFile(path);
        written.map_err(|error| Error::io("write", &this.0, error))?;
        Ok(this)
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of the script of this zone.
    pub fn path_of(directory: &Path, zone: &ZoneName) -> PathBuf {
        directory.join(format!("{zone}.zonecfg"))
    }

    /// Removes the script of a killed process.
    pub fn remove_left(directory: &Path, zone: &ZoneName) -> Result<()> {
        let path = Self::path_of(directory, zone);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &path, error)),
            _ => Ok(()),
        }
    }
}

impl Drop for ScriptFile {
    fn drop(&mut self) {
        // A script that stays is removed by the next one for the zone.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_script_is_private_and_goes() {
        let directory = tempfile::tempdir().unwrap();
        let zone = ZoneName::new("web01").unwrap();
        fs::write(ScriptFile::path_of(directory.path(), &zone), "left").unwrap();
        let script = ScriptFile::write(directory.path(), &zone, "create -b\n").unwrap();
        let path = script.path().to_owned();
        assert_eq!(fs::read_to_string(&path).unwrap(), "create -b\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(configure(&zone, &path).to_string().ends_with("/web01.zonecfg"));
        drop(script);
        assert!(!path.exists());
    }
}
