//! The command line of `pkg`: global options, the image, and the subcommands that are about publishers as a whole.

use super::address;
use super::grammar::{Given, Spec, Takes, parse};
use super::image;
use super::repository::{self, Client};
use super::work::{NOT_SIMULATED, PARTIAL, Work, fail, is_openindiana, locked, work_directory};
use super::{kept, listing, packages, property, request, set_publisher, tags, versions};
use crate::session::{Answer, FAILED, OK, Session, USAGE};

type Run = fn(&mut Session<'_, '_>, Work, &Given) -> Answer;

/// Name, options, and what it does.
const COMMANDS: &[(&str, &[Spec], Run)] = &[
    ("publisher", listing::OPTIONS, listing::run),
    ("set-publisher", request::OPTIONS, set_publisher::run),
    ("unset-publisher", &[], unset_publisher),
    ("copy-publishers-from", &[], copy_publishers_from),
    ("property", property::OPTIONS, property::show),
    ("set-property", &[], property::set),
    ("unset-property", &[], property::unset),
    ("add-property-value", &[], property::add_value),
    ("remove-property-value", &[], property::remove_value),
    ("refresh", REFRESH_OPTIONS, refresh),
    ("list", packages::LIST_OPTIONS, packages::list),
    ("info", packages::INFO_OPTIONS, packages::info),
    ("install", packages::CHANGE_OPTIONS, packages::install),
    ("uninstall", packages::CHANGE_OPTIONS, packages::uninstall),
    ("update", packages::CHANGE_OPTIONS, packages::update),
    ("avoid", &[], kept::avoid),
    ("unavoid", &[], kept::unavoid),
    ("freeze", kept::FREEZE_OPTIONS, kept::freeze),
    ("unfreeze", kept::UNFREEZE_OPTIONS, kept::unfreeze),
    ("facet", tags::FACET_OPTIONS, tags::facets),
    ("variant", tags::VARIANT_OPTIONS, tags::variants),
    ("change-facet", packages::CHANGE_OPTIONS, tags::change_facet),
    ("change-variant", packages::CHANGE_OPTIONS, tags::change_variant),
];

/// Subcommands of the real client that are not here.
const OTHERS: &[&str] = &[
    "apply-hot-fix",
    "attach-linked",
    "audit-linked",
    "clean",
    "contents",
    "dehydrate",
    "detach-linked",
    "exact-install",
    "fix",
    "flag",
    "history",
    "image-create",
    "list-linked",
    "mediator",
    "property-linked",
    "purge-history",
    "rebuild-index",
    "rehydrate",
    "revert",
    "search",
    "set-mediator",
    "set-property-linked",
    "sync-linked",
    "unset-mediator",
    "update-format",
    "verify",
    "version",
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let args = session.args.clone();
    run_at(session, "/", &args)
}

/// The options before the subcommand. An error is the option that is none.
struct Global<'a> {
    root: Option<&'a str>,
    help: bool,
    rest: &'a [String],
}

fn global(args: &[String]) -> Result<Global<'_>, String> {
    let mut global = Global { root: None, help: false, rest: args };
    while let [word, rest @ ..] = global.rest {
        global.rest = rest;
        match word.as_str() {
            "-?" | "--help" => global.help = true,
            "-R" => match rest {
                [root, rest @ ..] => {
                    global.root = Some(root);
                    global.rest = rest;
                }
                [] => return Err("R".to_owned()),
            },
            _ => match (word.strip_prefix("-R"), word.strip_prefix("--"), word.strip_prefix('-')) {
                (Some(root), ..) => global.root = Some(root),
                (_, Some(long), _) => return Err(long.to_owned()),
                (_, _, Some(letters)) if !letters.is_empty() => return Err(letters.chars().take(1).collect()),
                _ => {
                    global.rest = &args[args.len() - rest.len() - 1..];
                    return Ok(global);
                }
            },
        }
    }
    Ok(global)
}

/// As run in a zone whose root, on the machine, is `base`.
pub(crate) fn run_at(session: &mut Session<'_, '_>, base: &str, args: &[String]) -> Answer {
    let global = match global(args) {
        Ok(global) => global,
        Err(option) => return usage(session, &format!("illegal global option -- {option}")),
    };
    let Some((name, rest)) = global.rest.split_first() else {
        return if global.help { help(session) } else { usage(session, "no subcommand specified") };
    };
    if global.help || name == "help" {
        return help(session);
    }
    let Some((_, table, run)) = COMMANDS.iter().find(|(known, ..)| known == name) else {
        if OTHERS.contains(&name.as_str()) {
            session.complain(format_args!("pkg {name}: {NOT_SIMULATED}\n"));
            return Ok(FAILED);
        }
        return usage(session, &format!("unknown subcommand '{name}'"));
    };
    if rest.iter().any(|word| word == "--help" || word == "-?") {
        return help(session);
    }
    // Without an image nothing else is looked at. [recorded: omnios-image-009]
    if global.root == Some("") {
        session.complain(format_args!(
            "pkg: Could not find image.  Use the -R option or set $PKG_IMAGE to the\nlocation of an image.\n"
        ));
        return Ok(FAILED);
    }
    let base = base.trim_end_matches('/');
    let seen = match global.root {
        Some(root) if root.starts_with('/') => address::normalize(root),
        Some(root) => address::normalize(&format!("{}/{root}", work_directory(session))),
        None => "/".to_owned(),
    };
    let root = if base.is_empty() { seen.clone() } else { address::normalize(&format!("{base}/{seen}")) };
    // Reading needs no lock; a change holds the image's.
    let _lock = session.machine.lock("images")?;
    let Some(image) = image::read(session.machine, &root)? else {
        session.complain(format_args!("pkg: No image rooted at '{}'\n", global.root.unwrap_or("/")));
        return Ok(FAILED);
    };
    // A publisher of this name is taken, and breaks every command after it. [recorded: omnios-names-040]
    if image.publishers.iter().any(|publisher| publisher.name == "None") {
        session.complain(format_args!("pkg: '' is not a valid publisher name.\n"));
        return Ok(FAILED);
    }
    // These two read no options. [source: client.py: avoid, unavoid]
    let table = if name.ends_with("avoid") { None } else { Some(table) };
    match table.map_or_else(|| Ok(Given::of(rest)), |table| parse(rest, table)) {
        Ok(given) => run(session, Work { root, seen, image }, &given),
        Err(text) => {
            session.complain(format_args!("pkg {name}: {text}\nUsage:\n        pkg {name} [options] ...\n"));
            Ok(USAGE)
        }
    }
}

fn help(session: &mut Session<'_, '_>) -> Answer {
    session.complain(format_args!("Usage:\n        pkg [options] command [cmd_options] [operands]\n"));
    Ok(OK)
}

fn usage(session: &mut Session<'_, '_>, what: &str) -> Answer {
    session.complain(format_args!("pkg: {what}\nFor a full list of subcommands, run: pkg help\n"));
    Ok(USAGE)
}

/// [client_api.py: _publisher_unset; recorded: omnios-unset-001 to -031]
fn unset_publisher(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if given.operands.is_empty() {
        session.complain(format_args!("pkg unset-publisher: at least one publisher must be specified\nUsage:\n"));
        return Ok(USAGE);
    }
    if !is_openindiana(session) {
        session.say(format_args!(" Startup: Updating package cache ..."));
    }
    if let Some(status) = locked(session, &work.root) {
        session.say(format_args!("\n"));
        return Ok(status);
    }
    let mut faults = Vec::new();
    for name in &given.operands {
        let why = match work.image.publishers.iter().position(|publisher| publisher.name == *name) {
            Some(at) if !work.image.publishers[at].system => {
                work.image.publishers.remove(at);
                session.say(format_args!(" Startup: Caching catalogs ... Done\n"));
                continue;
            }
            Some(_) => format!("Publisher '{name}' is a system publisher and cannot be unset."),
            None => format!("Unknown publisher '{name}'."),
        };
        faults.push(format!("Removal failed for '{name}': {why}\n"));
    }
    session.say(format_args!(" Done\n"));
    if !faults.is_empty() {
        session.complain(format_args!("\npkg unset-publisher: {}\n", faults.join("\n")));
    }
    if faults.len() == given.operands.len() {
        return Ok(FAILED);
    }
    image::write(session.machine, &work.root, &work.image)?;
    Ok(if faults.is_empty() { OK } else { PARTIAL })
}

const REFRESH_OPTIONS: &[Spec] = &[("q", "", Takes::Flag), ("", "full", Takes::Flag)];

/// [recorded: omnios-refresh-039 to -052]
fn refresh(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let publishers = &mut work.image.publishers;
    for name in &given.operands {
        let why = match publishers.iter().find(|publisher| publisher.name == *name) {
            None => format!("pkg: Unknown publisher '{name}'."),
            Some(publisher) if publisher.disabled => {
                format!("pkg: Publisher '{name}' is disabled and cannot be used for packaging operations.")
            }
            Some(_) => continue,
        };
        session.complain(format_args!("{why}\npkg: 'pkg publisher' will show a list of publishers.\n"));
        return Ok(FAILED);
    }
    if let Some(status) = locked(session, &work.root) {
        return Ok(status);
    }
    let verb = if given.has("full") { "Retrieving" } else { "Refreshing" };
    let is_meant = |publisher: &image::Publisher| {
        if given.operands.is_empty() { !publisher.disabled } else { given.operands.contains(&publisher.name) }
    };
    if !given.has("q") {
        let lines: String = publishers
            .iter()
            .filter(|publisher| is_meant(publisher))
            .map(|publisher| format!("{verb} catalog '{}' ... Done\n", publisher.name))
            .collect();
        session.say(format_args!("{lines}"));
    }
    let meant = publishers.iter_mut().filter(|publisher| is_meant(publisher));
    let refreshed = repository::refresh(Client::of(session), meant, true);
    versions::note_catalogs(session.machine, &mut work.image);
    image::write(session.machine, &work.root, &work.image)?;
    // The words of this command for it. [source: client_api.py: __refresh]
    let text = refreshed.text.replace("could not be refreshed.", "could not be reached for catalog refresh.");
    session.complain(format_args!("{text}"));
    if text.is_empty() && !given.has("q") {
        session.say(format_args!("Caching catalogs ... Done\n"));
    }
    // One of several origins is something. [source: client_api.py: _collect_catalog_failures]
    Ok(match (refreshed.succeeded, refreshed.partial) {
        (all, _) if all == refreshed.asked => OK,
        (0, 0) => FAILED,
        _ => PARTIAL,
    })
}

/// [recorded: omnios-copy-001 to -017]
fn copy_publishers_from(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let [from] = given.operands.as_slice() else {
        session.complain(format_args!("pkg copy-publishers-from: directory to copy from must be specified\nUsage:\n"));
        return Ok(USAGE);
    };
    let source = address::normalize(&format!("{}/{from}", if from.starts_with('/') { "" } else { &work.seen }));
    let Some(others) = image::read(session.machine, &source)? else {
        return fail(session, format_args!("pkg: No image rooted at '{from}'"));
    };
    if let Some(status) = locked(session, &work.root) {
        return Ok(status);
    }
    for mut publisher in others.publishers {
        publisher.system = false;
        image::keep_keys(session.machine, &work.root, &mut publisher)?;
        match work.image.publishers.iter_mut().find(|known| known.name == publisher.name) {
            Some(known) => *known = publisher,
            None => work.image.publishers.push(publisher),
        }
    }
    // It refreshes, and those that do not answer are not an error. [recorded: omnios-copy-003]
    let enabled = work.image.publishers.iter_mut().filter(|publisher| !publisher.disabled);
    let _ = repository::refresh(Client::of(session), enabled, false);
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}
