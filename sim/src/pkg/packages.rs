//! Packages: those that every image has, and those that were asked for.

use super::grammar::{Given, Spec, Takes};
use super::image;
use super::name::{is_named, parts};
use super::network;
use super::repository::{self, Client};
use super::versions::{self, installed};
use super::work::{NOT_SIMULATED, PARTIAL, Work, locked};
use crate::Status;
use crate::session::{Answer, FAILED, OK, Session, USAGE};

/// There was nothing to do.
const NOTHING: Status = Status::Exited(4);

pub(super) const LIST_OPTIONS: &[Spec] = &[
    ("H", "", Takes::Flag),
    ("a", "", Takes::Flag),
    ("f", "", Takes::Flag),
    ("g", "", Takes::Values),
    ("n", "", Takes::Flag),
    ("s", "", Takes::Flag),
    ("u", "", Takes::Flag),
    ("v", "", Takes::Flag),
];

pub(super) const INFO_OPTIONS: &[Spec] = &[("l", "", Takes::Flag), ("r", "", Takes::Flag), ("g", "", Takes::Values)];

pub(super) const CHANGE_OPTIONS: &[Spec] = &[
    ("n", "", Takes::Flag),
    ("v", "", Takes::Count),
    ("q", "", Takes::Flag),
    ("r", "recurse", Takes::Flag),
    ("z", "", Takes::Values),
    ("Z", "", Takes::Values),
    ("f", "", Takes::Flag),
    ("g", "", Takes::Values),
    ("", "accept", Takes::Flag),
    ("", "licenses", Takes::Flag),
    ("", "no-refresh", Takes::Flag),
    ("", "no-be-activate", Takes::Flag),
    ("", "no-backup-be", Takes::Flag),
    ("", "no-index", Takes::Flag),
    ("", "deny-new-be", Takes::Flag),
    ("", "require-new-be", Takes::Flag),
    ("", "reject", Takes::Values),
    ("", "be-name", Takes::Value),
];

/// Error in a pattern. [recorded: omnios-packages-036, -037]
pub(super) fn fault(pattern: &str) -> Option<String> {
    let (name, version) = parts(pattern);
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '?'))
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | '+' | '*' | '?'))
    };
    let is_version = |version: &str| {
        version == "latest"
            || version.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ':' | 'T' | 'Z' | '*'))
    };
    if !is_name(name) {
        return Some(format!("Illegal FMRI '{pattern}': Invalid Package Name: {name}"));
    }
    let bad = version.filter(|version| !is_version(version))?;
    Some(format!("Illegal FMRI '{pattern}': Bad Version: {bad}"))
}

pub(super) fn list(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let all = installed(&work.image);
    if given.has("u") && given.operands.is_empty() {
        return list_updates(session, &work, given);
    }
    let chosen: Vec<&String> = all
        .iter()
        .filter(|package| given.operands.is_empty() || given.operands.iter().any(|pattern| is_named(pattern, package)))
        .collect();
    let missing: Vec<&String> =
        given.operands.iter().filter(|pattern| !all.iter().any(|package| is_named(pattern, package))).collect();
    let mut text = String::new();
    if !given.has("H") && !chosen.is_empty() {
        text.push_str(&format!("{:<49} {:<26} IFO\n", "NAME (PUBLISHER)", "VERSION"));
    }
    for package in &chosen {
        text.push_str(&row(&work.image, package));
    }
    session.say(format_args!("{text}"));
    if missing.is_empty() {
        return Ok(OK);
    }
    let lines: String = missing.iter().map(|pattern| format!("  {pattern}\n")).collect();
    session.complain(format_args!("pkg list: No packages matching the following patterns are installed:\n{lines}"));
    Ok(if chosen.is_empty() { FAILED } else { PARTIAL })
}

fn row(image: &image::Image, package: &str) -> String {
    format!("{package:<49} {:<26} i--\n", versions::of(image, package))
}

/// The packages of which the catalogs have a newer version. [recorded: omnios-packages-069, -070]
fn list_updates(session: &mut Session<'_, '_>, work: &Work, given: &Given) -> Answer {
    let new = versions::updates(session.machine, &work.root, &work.image)?;
    if new.is_empty() {
        session.complain(format_args!("no packages have newer versions available\n"));
        return Ok(FAILED);
    }
    let head =
        if given.has("H") { String::new() } else { format!("{:<49} {:<26} IFO\n", "NAME (PUBLISHER)", "VERSION") };
    let rows: String = new.iter().map(|(package, _)| row(&work.image, package)).collect();
    session.say(format_args!("{head}{rows}"));
    Ok(OK)
}

pub(super) fn info(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    if given.has("r") && given.operands.is_empty() {
        // [recorded: omnios-packages-096]
        session.complain(format_args!("pkg info: must request remote info for specific packages\nUsage:\n"));
        return Ok(USAGE);
    }
    let all = installed(&work.image);
    let preferred = work.image.publishers.first().map_or("", |publisher| publisher.name.as_str());
    let patterns = if given.operands.is_empty() { all.clone() } else { given.operands.clone() };
    let (mut missing, mut found) = (String::new(), 0);
    for pattern in patterns {
        match all.iter().find(|package| is_named(&pattern, package)) {
            Some(package) => {
                found += 1;
                session.say(format_args!(
                    "          Name: {package}\n         State: Installed\n     Publisher: {preferred}\n       Version: {}\n\n",
                    versions::of(&work.image, package)
                ));
            }
            None => missing.push_str(&format!("        {pattern}\n")),
        }
    }
    if missing.is_empty() {
        return Ok(OK);
    }
    session.complain(format_args!(
        "pkg: info: no packages matching the following patterns you specified are\ninstalled on the system.\n\n{missing}\n"
    ));
    Ok(if found > 0 { PARTIAL } else { FAILED })
}

/// Error in the options and patterns of a command that changes packages.
fn refused(session: &mut Session<'_, '_>, command: &str, given: &Given, needs_name: bool) -> Option<Status> {
    let recursion = ["z", "Z"].into_iter().find(|option| given.has(option) && !given.has("recurse"));
    if let Some(option) = recursion {
        // [recorded: omnios-packages-039]
        session.complain(format_args!("pkg {command}: '-{option}' may only be used with '-r/--recurse'.\nUsage:\n"));
        return Some(USAGE);
    }
    if needs_name && given.operands.is_empty() {
        session.complain(format_args!("pkg {command}: at least one package name required\nUsage:\n"));
        return Some(USAGE);
    }
    let fault = given.operands.iter().find_map(|pattern| fault(pattern))?;
    session.complain(format_args!("pkg {command}: {fault}\n"));
    Some(FAILED)
}

pub(super) fn install(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if let Some(end) = refused(session, "install", given, true) {
        return Ok(end);
    }
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    let before = installed(&work.image);
    let new: Vec<String> = given
        .operands
        .iter()
        .filter(|pattern| !before.iter().any(|package| is_named(pattern, package)))
        .map(|pattern| parts(pattern).0.to_owned())
        .collect();
    if new.is_empty() {
        session.say(format_args!("No updates necessary for this image.\n"));
        return Ok(NOTHING);
    }
    // Packages come from the catalogs of enabled publishers; without --no-refresh those that are stale are fetched first.
    // [recorded: omnios-packages-030; pkg-observed.md 20]
    if !given.has("no-refresh") {
        let stale = work.image.publishers.iter_mut().filter(|publisher| !publisher.disabled && !publisher.refreshed);
        // One that does not answer is not an error if others have the package. [pkg-observed.md 20]
        let _ = repository::refresh(Client::of(session), stale, false);
    }
    let sources: Vec<&image::Publisher> =
        work.image.publishers.iter().filter(|publisher| !publisher.disabled && publisher.refreshed).collect();
    let has = |publisher: &image::Publisher, package: &str| {
        let mut origins = publisher.origins.iter().filter(|origin| !origin.disabled);
        origins.any(|origin| network::holds(session.machine, &origin.uri, &publisher.name, package))
    };
    let lost: Vec<&String> = new.iter().filter(|package| !sources.iter().any(|source| has(source, package))).collect();
    if !lost.is_empty() {
        let lines: String = lost.iter().map(|name| format!("\t{name}\n")).collect();
        session.complain(format_args!(
            "\npkg install: The following pattern(s) did not match any allowable packages.  Try\n\
             using a different matching pattern, or refreshing publisher information:\n\n{lines}\n"
        ));
        return Ok(FAILED);
    }
    session.say(format_args!("Packages to install: {}\n", new.len()));
    if !given.has("n") {
        let newest = |name: &String| Some((name.clone(), versions::newest(session.machine, &work.image, name)?));
        let offered: Vec<_> = new.iter().filter_map(newest).collect();
        work.image.versions.extend(offered);
        work.image.packages.extend(new);
        work.image.packages.sort();
        image::write(session.machine, &work.root, &work.image)?;
    }
    Ok(OK)
}

pub(super) fn uninstall(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if let Some(end) = refused(session, "uninstall", given, true) {
        return Ok(end);
    }
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    for pattern in &given.operands {
        let Some(at) = work.image.packages.iter().position(|package| is_named(pattern, package)) else {
            session.complain(format_args!(
                "\npkg uninstall: The following pattern(s) did not match any packages in the current\nimage. Try relaxing the pattern(s).\n        {pattern}\n"
            ));
            return Ok(FAILED);
        };
        work.image.packages.remove(at);
    }
    if !given.has("n") {
        image::write(session.machine, &work.root, &work.image)?;
    }
    session.say(format_args!("Packages to remove: {}\n", given.operands.len()));
    Ok(OK)
}

/// The text of an update whose catalogs could not all be fetched: it goes on with those that it has.
/// [recorded: omnios-packages-106]
const STALE: &str = "\n\nWARNING: Errors were encountered when attempting to retrieve package\ncatalog information. Packages added \
                     to the affected publisher repositories since\nthe last retrieval may not be available.\n";

/// [recorded: omnios-packages-098 to -107]
pub(super) fn update(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if let Some(end) = refused(session, "update", given, false) {
        return Ok(end);
    }
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    let mut warning = String::new();
    if !given.has("no-refresh") {
        let enabled = work.image.publishers.iter_mut().filter(|publisher| !publisher.disabled);
        let refreshed = repository::refresh(Client::of(session), enabled, false);
        if !refreshed.text.is_empty() {
            warning = format!("{STALE}\n{}\n", refreshed.text);
        }
        versions::note_catalogs(session.machine, &mut work.image);
        image::write(session.machine, &work.root, &work.image)?;
    }
    let is_meant =
        |name: &str| given.operands.is_empty() || given.operands.iter().any(|pattern| is_named(pattern, name));
    let mut new = versions::updates(session.machine, &work.root, &work.image)?;
    new.retain(|(name, _)| is_meant(name));
    if new.is_empty() {
        session.say(format_args!("No updates available for this image.\n{warning}"));
        return Ok(NOTHING);
    }
    // An image that is in use is updated in a new boot environment, of the host or of the zone.
    // [client/api.py: a non-live image gets none]
    if work.is_live() && !given.has("n") {
        session.complain(format_args!("pkg update: the new boot environment of an image in use: {NOT_SIMULATED}\n"));
        return Ok(FAILED);
    }
    let mut text = format!("Packages to update: {}\n", new.len());
    if given.has("v") {
        // [client.py: __display_plan, fmris]
        let first = work.image.publishers.first().map_or("", |publisher| publisher.name.as_str());
        text.push_str(&format!("\nChanged packages:\n{first}\n"));
        for (name, version) in &new {
            text.push_str(&format!("  {name}\n    {} -> {version}\n", versions::of(&work.image, name)));
        }
        text.push('\n');
    }
    session.say(format_args!("{text}{warning}"));
    if !given.has("n") {
        work.image.versions.extend(new);
        image::write(session.machine, &work.root, &work.image)?;
    }
    Ok(OK)
}
