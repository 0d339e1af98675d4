//! `zfs`: data sets, as far as zones and those who manage them need them.
//!
//! [source: zfs_main.c, zfs(8); zfs_namecheck.c for the names]

pub(crate) mod change;
mod common;
pub(crate) mod dataset;
pub(crate) mod destroy;
mod mount;
mod props;
mod show;
mod volume;

pub(crate) use mount::umount;

use super::session::{Answer, FAILED, Session, USAGE};

type Run = fn(&mut Session<'_, '_>, &[String]) -> Answer;

const COMMANDS: &[(&str, &str, Run)] = &[
    (
        "create",
        "create [-p] [-o property=value] ... <filesystem>\n\tcreate [-ps] [-b blocksize] [-o property=value] ... -V <size> <volume>",
        change::create,
    ),
    ("destroy", "destroy [-rRf] <filesystem|volume|snapshot>", destroy::destroy),
    ("snapshot", "snapshot [-r] <filesystem@snapname|volume@snapname>", change::snapshot),
    ("clone", "clone [-p] [-o property=value] ... <snapshot> <filesystem|volume>", change::clone),
    ("rollback", "rollback [-rRf] <snapshot>", change::rollback),
    ("hold", "hold [-r] <tag> <snapshot> ...", change::hold),
    ("release", "release [-r] <tag> <snapshot> ...", change::release),
    ("promote", "promote <clone-filesystem>", change::promote),
    ("rename", "rename <filesystem|volume|snapshot> <filesystem|volume|snapshot>", change::rename),
    (
        "list",
        "list [-rH][-d max] [-o property[,...]] [-t type[,...]] [-s property] ... [filesystem|volume|snapshot] ...",
        show::list,
    ),
    (
        "get",
        "get [-rHp] [-d max] [-o \"all\" | field[,...]] [-s source[,...]] <\"all\" | property[,...]> [filesystem|volume|snapshot] ...",
        show::get,
    ),
    ("set", "set <property=value> <filesystem|volume|snapshot> ...", change::set),
    ("inherit", "inherit [-r] <property> <filesystem|volume|snapshot> ...", change::inherit),
    ("mount", "mount [-a | filesystem]", mount::mount),
    ("unmount", "unmount [-f] <-a | filesystem|mountpoint>", mount::unmount),
    ("umount", "unmount [-f] <-a | filesystem|mountpoint>", mount::unmount),
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let Some(name) = session.args.first().cloned() else {
        session.complain(format_args!("missing command\n"));
        return usage(session);
    };
    let rest = session.args[1..].to_vec();
    match COMMANDS.iter().find(|(known, ..)| *known == name) {
        Some((_, _, run)) => run(session, &rest),
        None => {
            session.complain(format_args!("unrecognized command '{name}'\n"));
            usage(session)
        }
    }
}

fn usage(session: &mut Session<'_, '_>) -> Answer {
    session.complain(format_args!("usage: zfs command args ...\nwhere 'command' is one of the following:\n\n"));
    for (_, synopsis, _) in COMMANDS {
        session.complain(format_args!("\t{synopsis}\n"));
    }
    session.complain(format_args!("\nEach dataset is of the form: pool/[dataset/]*dataset[@name]\n"));
    Ok(USAGE)
}

/// Error in the command line, and the subcommand's own usage.
fn misused(session: &mut Session<'_, '_>, name: &str, what: std::fmt::Arguments<'_>) -> Answer {
    let synopsis = COMMANDS.iter().find(|(known, ..)| *known == name).map_or("", |(_, synopsis, _)| synopsis);
    session.complain(format_args!("{what}\nusage:\n\t{synopsis}\n"));
    Ok(USAGE)
}

fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    session.complain(format_args!("{message}\n"));
    Ok(FAILED)
}

/// Why a name can be no data set's, in the library's words.
fn fault_of_name(name: &str, snapshot_allowed: bool) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | ' ' | '/');
    if name.is_empty() || name.starts_with('/') {
        return Some("leading slash in name".into());
    }
    if name.len() >= 256 {
        return Some("name is too long".into());
    }
    let (dataset, snapshot) =
        name.split_once('@').map_or((name, None), |(dataset, snapshot)| (dataset, Some(snapshot)));
    if let Some(bad) = name.chars().find(|c| !plain(*c) && (*c != '@' || !snapshot_allowed)) {
        return Some(format!("invalid character '{bad}' in name"));
    }
    if dataset.ends_with('/') {
        return Some("trailing slash in name".into());
    }
    if dataset.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Some("empty component in name".into());
    }
    match snapshot {
        Some("") => Some("empty component in name".into()),
        Some(rest) if rest.contains('@') => Some("multiple '@' delimiters in name".into()),
        Some(rest) if rest.contains('/') => Some("invalid character '/' in name".into()),
        _ => None,
    }
}
