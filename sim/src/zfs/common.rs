//! Shared by the subcommands: their options, and which data sets are in use. [source: zfs_main.c; zfs(8)]

use super::misused;
use crate::options::{Bad, Parsed, parse};
use crate::session::{Answer, Session};
use crate::{Machine, kernel};

/// Parses a subcommand's options, or prints what is wrong with them.
pub(super) fn options(
    session: &mut Session<'_, '_>,
    name: &str,
    spec: &str,
    args: &[String],
) -> Result<Parsed, Answer> {
    parse(args, spec, &[]).map_err(|bad| match bad {
        Bad::Unknown(option) => {
            misused(session, name, format_args!("invalid option '{}'", option.trim_start_matches('-')))
        }
        Bad::Missing(option) => {
            misused(session, name, format_args!("missing argument for '{}' option", option.trim_start_matches('-')))
        }
    })
}

/// The options, or early the answer that they are misused.
macro_rules! parsed {
    ($session:expr, $name:expr, $spec:expr, $args:expr) => {
        match $crate::zfs::common::options($session, $name, $spec, $args) {
            Ok(options) => options,
            Err(answer) => return answer,
        }
    };
}
pub(super) use parsed;

/// Returns true if an active zone, the global one too, has its root at or below this mount point.
pub(super) fn in_use(machine: &Machine, path: &str) -> bool {
    if path == "/" {
        return true;
    }
    let zones = kernel::all(machine).unwrap_or_default();
    zones.iter().any(|zone| {
        let root = format!("{}/root", zone.zonepath);
        path == root || path == zone.zonepath || path.starts_with(&format!("{root}/"))
    })
}
