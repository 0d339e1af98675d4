//! The command line of `pkg` and its listings.

use super::image::{self, Image};
use super::set_publisher;
use crate::Status;
use crate::answer::{Answer, FAILED, OK, Session, USAGE};
use crate::options::{Bad, Parsed, parse};

/// Some of several things were done.
const PARTIAL: Status = Status::Exited(3);
/// There was nothing to do.
const NOTHING: Status = Status::Exited(4);

/// What a subcommand works on.
pub(super) struct Work {
    /// The image's root, an absolute path of the machine.
    pub(super) root: String,
    pub(super) image: Image,
}

type Run = fn(&mut Session<'_, '_>, Work, &Parsed) -> Answer;

type LongOptions = &'static [(&'static str, char)];

/// Name, options, long options, and what it does.
const COMMANDS: &[(&str, &str, LongOptions, Run)] = &[
    ("publisher", "HPnF:", &[], publisher),
    ("set-publisher", set_publisher::OPTIONS, set_publisher::LONG, set_publisher::run),
    ("unset-publisher", "", &[], unset_publisher),
    ("property", "H", &[], property),
    ("set-property", "", &[], set_property),
    ("unset-property", "", &[], unset_property),
    ("list", "Haf:g:nsuv", &[], list),
    ("info", "lrg:", &[], info),
    ("install", "nvqr", &[("accept", 'q'), ("no-refresh", 'q')], install),
    ("uninstall", "nvqr", &[], uninstall),
    ("refresh", "q", &[("full", 'q')], refresh),
    ("update", "nvqrf", &[("accept", 'q')], update),
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let args = session.args.clone();
    run_at(session, "/", &args)
}

/// As run in a zone whose root, on the machine, is `base`.
pub(crate) fn run_at(session: &mut Session<'_, '_>, base: &str, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "R:?", &[("help", '?')]) else { return usage(session, "illegal global option") };
    let Some((name, rest)) = options.operands.split_first() else { return usage(session, "no subcommand specified") };
    let Some((_, spec, longs, run)) = COMMANDS.iter().find(|(known, ..)| known == name) else {
        return usage(session, &format!("unknown subcommand '{name}'"));
    };
    let options_of_command = match parse(rest, spec, longs) {
        Ok(options) => options,
        Err(bad) => {
            let what = match bad {
                Bad::Unknown(option) => format!("illegal option -- {}", option.trim_start_matches('-')),
                Bad::Missing(option) => format!("option {option} requires argument"),
            };
            session.complain(format_args!("pkg {name}: {what}\n"));
            return Ok(USAGE);
        }
    };
    let base = base.trim_end_matches('/');
    let root = match options.value('R') {
        Some(root) => format!("{base}/{}", root.trim_matches('/')),
        None if base.is_empty() => "/".to_owned(),
        None => base.to_owned(),
    };
    // Reading needs no lock; whoever changes holds the image's.
    let _lock = session.machine.lock("images")?;
    match image::read(session.machine, &root)? {
        Some(image) => run(session, Work { root, image }, &options_of_command),
        None => {
            let shown = options.value('R').unwrap_or("/");
            session.complain(format_args!("pkg: No image rooted at '{shown}'\n"));
            Ok(FAILED)
        }
    }
}

fn usage(session: &mut Session<'_, '_>, what: &str) -> Answer {
    session.complain(format_args!("pkg: {what}\nUsage:\n        pkg [options] command [cmd_options] [operands]\n"));
    Ok(USAGE)
}

pub(super) fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    session.complain(format_args!("{message}\n"));
    Ok(FAILED)
}

fn publisher(session: &mut Session<'_, '_>, work: Work, options: &Parsed) -> Answer {
    for name in &options.operands {
        if !work.image.publishers.iter().any(|publisher| publisher.name == *name) {
            return fail(session, format_args!("pkg publisher: Unknown publisher '{name}'."));
        }
    }
    let tsv = match options.value('F') {
        None | Some("default") => false,
        Some("tsv") => true,
        Some(other) => {
            session.complain(format_args!(
                "pkg publisher: Unrecognized format {other}. Supported formats: ['default', 'tsv']\n"
            ));
            return Ok(USAGE);
        }
    };
    let wanted = |name: &String| options.operands.is_empty() || options.operands.contains(name);
    let chosen = work.image.publishers.iter().filter(|publisher| wanted(&publisher.name));
    let chosen = chosen.filter(|publisher| !options.has('n') || publisher.enabled);
    let limit = if options.has('P') { 1 } else { usize::MAX };
    let mut text = String::new();
    if !options.has('H') {
        text.push_str(if tsv {
            "PUBLISHER\tSTICKY\tSYSPUB\tENABLED\tTYPE\tSTATUS\tURI\tPROXY\n"
        } else {
            "PUBLISHER                   TYPE     STATUS P LOCATION\n"
        });
    }
    for publisher in chosen.take(limit) {
        let mut rows: Vec<(&str, &str)> = publisher.origins.iter().map(|uri| ("origin", uri.as_str())).collect();
        rows.extend(publisher.mirrors.iter().map(|uri| ("mirror", uri.as_str())));
        let (sticky, system, enabled) = (publisher.sticky, publisher.system, publisher.enabled);
        let name = &publisher.name;
        if tsv {
            for (kind, uri) in &rows {
                text.push_str(&format!("{name}\t{sticky}\t{system}\t{enabled}\t{kind}\tonline\t{uri}\t-\n"));
            }
            if rows.is_empty() {
                text.push_str(&format!("{name}\t{sticky}\t{system}\t{enabled}\t\t\t\t\n"));
            }
            continue;
        }
        let flags: Vec<&str> = [("non-sticky", !sticky), ("disabled", !enabled), ("syspub", system)]
            .into_iter()
            .filter_map(|(word, holds)| holds.then_some(word))
            .collect();
        let shown = if flags.is_empty() { name.clone() } else { format!("{name} ({})", flags.join(", ")) };
        if rows.is_empty() {
            text.push_str(&format!("{shown}\n"));
        }
        for (kind, uri) in &rows {
            text.push_str(&format!("{shown:<27} {kind:<8} online F {uri}\n"));
        }
    }
    session.say(format_args!("{text}"));
    Ok(OK)
}

fn unset_publisher(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    if options.operands.is_empty() {
        session.complain(format_args!("pkg unset-publisher: at least one publisher must be specified\n"));
        return Ok(USAGE);
    }
    let mut failed = 0;
    for name in &options.operands {
        let why = match work.image.publishers.iter().position(|publisher| publisher.name == *name) {
            Some(at) if !work.image.publishers[at].system => {
                work.image.publishers.remove(at);
                continue;
            }
            Some(_) => format!("Publisher '{name}' is a system publisher and cannot be unset."),
            None => format!("Unknown publisher '{name}'."),
        };
        session.complain(format_args!("pkg unset-publisher: \nRemoval failed for '{name}': {why}\n"));
        failed += 1;
    }
    if failed == options.operands.len() {
        return Ok(FAILED);
    }
    image::write(session.machine, &work.root, &work.image)?;
    Ok(if failed > 0 { PARTIAL } else { OK })
}

/// Properties that an image has without being told.
const PROPERTIES: &[(&str, &str)] = &[
    ("be-policy", "default"),
    ("flush-content-cache-on-success", "True"),
    ("mirror-discovery", "False"),
    ("send-uuid", "True"),
    ("signature-policy", "verify"),
    ("use-system-repo", "False"),
];

fn property(session: &mut Session<'_, '_>, work: Work, options: &Parsed) -> Answer {
    let system = work.image.publishers.iter().any(|publisher| publisher.system);
    let mut all: Vec<(String, String)> =
        PROPERTIES.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    if let Some(prop) = all.iter_mut().find(|(name, _)| name == "use-system-repo" && system) {
        prop.1 = "True".into();
    }
    for (name, value) in &work.image.props {
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value.clone()));
    }
    all.sort();
    if let Some(unknown) = options.operands.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        return fail(session, format_args!("pkg property: no such property: {unknown}"));
    }
    let mut text = String::new();
    if !options.has('H') {
        text.push_str(&format!("{:<30} VALUE\n", "PROPERTY"));
    }
    for (name, value) in all.iter().filter(|(name, _)| options.operands.is_empty() || options.operands.contains(name)) {
        text.push_str(&format!("{name:<30} {value}\n"));
    }
    session.say(format_args!("{text}"));
    Ok(OK)
}

fn set_property(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    let [name, value] = options.operands.as_slice() else {
        session.complain(format_args!("pkg set-property: requires a property name and value\n"));
        return Ok(USAGE);
    };
    let policies = ["ignore", "verify", "require-signatures", "require-names"];
    if name == "signature-policy" && !policies.contains(&value.as_str()) {
        return fail(
            session,
            format_args!("pkg set-property: Invalid value '{value}' for property 'signature-policy'."),
        );
    }
    work.image.props.retain(|(known, _)| known != name);
    work.image.props.push((name.clone(), value.clone()));
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}

fn unset_property(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    for name in &options.operands {
        if !work.image.props.iter().any(|(known, _)| known == name) {
            return fail(session, format_args!("pkg unset-property: no such property: {name}"));
        }
        work.image.props.retain(|(known, _)| known != name);
    }
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}

const VERSION: &str = "0.5.11-2026.0.0.22000";
const BASE: &[&str] = &["SUNWcs", "SUNWcsd", "entire", "system/core-os"];

fn installed(image: &Image) -> Vec<String> {
    let mut names: Vec<String> =
        BASE.iter().map(|name| (*name).to_owned()).chain(image.packages.iter().cloned()).collect();
    names.sort();
    names.dedup();
    names
}

/// Whether a pattern names the package: in full, or by its last components.
fn names(pattern: &str, package: &str) -> bool {
    let pattern = pattern.trim_start_matches("pkg:").trim_start_matches('/').split('@').next().unwrap_or_default();
    package == pattern || package.strip_suffix(pattern).is_some_and(|rest| rest.ends_with('/'))
}

fn list(session: &mut Session<'_, '_>, work: Work, options: &Parsed) -> Answer {
    let all = installed(&work.image);
    let chosen: Vec<&String> = all
        .iter()
        .filter(|package| options.operands.is_empty() || options.operands.iter().any(|pattern| names(pattern, package)))
        .collect();
    let missing: Vec<&String> =
        options.operands.iter().filter(|pattern| !all.iter().any(|package| names(pattern, package))).collect();
    let mut text = String::new();
    if !options.has('H') && !chosen.is_empty() {
        text.push_str(&format!("{:<49} {:<26} IFO\n", "NAME (PUBLISHER)", "VERSION"));
    }
    for package in &chosen {
        text.push_str(&format!("{package:<49} {VERSION:<26} i--\n"));
    }
    session.say(format_args!("{text}"));
    if missing.is_empty() {
        return Ok(OK);
    }
    let lines: String = missing.iter().map(|pattern| format!("  {pattern}\n")).collect();
    session.complain(format_args!("pkg list: No packages matching the following patterns are installed:\n{lines}"));
    Ok(if chosen.is_empty() { FAILED } else { PARTIAL })
}

fn info(session: &mut Session<'_, '_>, work: Work, options: &Parsed) -> Answer {
    let all = installed(&work.image);
    let preferred = work.image.publishers.first().map_or("", |publisher| publisher.name.as_str());
    let mut failed = false;
    let patterns = if options.operands.is_empty() { all.clone() } else { options.operands.clone() };
    for pattern in patterns {
        match all.iter().find(|package| names(&pattern, package)) {
            Some(package) => session.say(format_args!(
                "          Name: {package}\n         State: Installed\n     Publisher: {preferred}\n       Version: {VERSION}\n\n"
            )),
            None => {
                failed = true;
                session.complain(format_args!(
                    "pkg: info: no packages matching the following patterns you specified are\ninstalled on the system.\n        {pattern}\n"
                ));
            }
        }
    }
    Ok(if failed { FAILED } else { OK })
}

fn install(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    if options.operands.is_empty() {
        session.complain(format_args!("pkg install: at least one package name required\n"));
        return Ok(USAGE);
    }
    let before = installed(&work.image);
    let wanted = |pattern: &String| pattern.trim_start_matches("pkg:").trim_start_matches('/').to_owned();
    let new: Vec<String> =
        options.operands.iter().filter(|p| !before.iter().any(|package| names(p, package))).map(wanted).collect();
    if new.is_empty() {
        session.say(format_args!("No updates necessary for this image.\n"));
        return Ok(NOTHING);
    }
    session.say(format_args!("Packages to install: {}\n", new.len()));
    if !options.has('n') {
        work.image.packages.extend(new);
        work.image.packages.sort();
        image::write(session.machine, &work.root, &work.image)?;
    }
    Ok(OK)
}

fn uninstall(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    for pattern in &options.operands {
        let Some(at) = work.image.packages.iter().position(|package| names(pattern, package)) else {
            session.complain(format_args!(
                "\npkg uninstall: The following pattern(s) did not match any packages in the current\nimage. Try relaxing the pattern(s).\n        {pattern}\n"
            ));
            return Ok(FAILED);
        };
        work.image.packages.remove(at);
    }
    image::write(session.machine, &work.root, &work.image)?;
    session.say(format_args!("Packages to remove: {}\n", options.operands.len()));
    Ok(OK)
}

fn refresh(_: &mut Session<'_, '_>, _: Work, _: &Parsed) -> Answer {
    Ok(OK)
}

fn update(session: &mut Session<'_, '_>, _: Work, _: &Parsed) -> Answer {
    session.say(format_args!("No updates available for this image.\n"));
    Ok(NOTHING)
}
