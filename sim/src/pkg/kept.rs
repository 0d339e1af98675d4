//! `pkg freeze`, `unfreeze`, `avoid`, `unavoid`: packages that stay at a version, and packages that no group brings.
//!
//! [source: image.py: freeze_pkgs, avoid_pkgs; client.py: freeze, avoid; recorded: omnios-packages-117]

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::grammar::{Given, Spec, Takes};
use super::image::{self, Frozen};
use super::name::{is_glob, is_named, matches, parts};
use super::versions::{self, installed};
use super::work::{Work, locked};
use super::{network, packages};
use crate::Status;
use crate::calendar::Date;
use crate::session::{Answer, FAILED, OK, Session, USAGE};

pub(super) const FREEZE_OPTIONS: &[Spec] =
    &[("H", "", Takes::Count), ("c", "", Takes::Values), ("n", "", Takes::Count)];
pub(super) const UNFREEZE_OPTIONS: &[Spec] = &[("H", "", Takes::Count), ("n", "", Takes::Count)];
/// There was nothing to do.
const NOTHING: Status = Status::Exited(4);

/// Why patterns cannot be frozen, in the order in which the texts come. [source: api_errors.py: FreezePkgsException]
#[derive(Default)]
struct Faults {
    twice: Vec<String>,
    unmatched: Vec<String>,
    other_version: Vec<String>,
    no_version: Vec<String>,
}

impl Faults {
    fn text(&mut self) -> String {
        let parts = [
            (
                &mut self.twice,
                "The following packages were frozen at two different versions by\nthe patterns provided.  The package stem \
                 and the versions it was frozen at are\nprovided:",
            ),
            (&mut self.unmatched, "The following patterns contained wildcards but matched no\ninstalled packages."),
            (
                &mut self.other_version,
                "The following patterns attempted to freeze the listed packages\nat a version different from the version at \
                 which the packages are installed.",
            ),
            (
                &mut self.no_version,
                "The following patterns don't match installed packages and\ncontain no version information.  Uninstalled \
                 packages can only be frozen by\nproviding a version at which to freeze them.",
            ),
        ];
        let mut text = String::new();
        for (patterns, why) in parts.into_iter().filter(|(patterns, _)| !patterns.is_empty()) {
            patterns.sort();
            text.push_str(&format!("{why}\n\t{}\n", patterns.join("\n\t")));
        }
        text
    }
}

pub(super) fn freeze(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let comment = given.values("c").last().unwrap_or_default().to_owned();
    if given.operands.is_empty() {
        if !comment.is_empty() {
            session.complain(format_args!(
                "pkg freeze: At least one package to freeze must be given when -c is used.\nUsage:\n"
            ));
            return Ok(USAGE);
        }
        return Ok(list_frozen(session, &work, given));
    }
    if given.has("H") {
        session.complain(format_args!(
            "pkg: -H may only be specified when listing the currently frozen packages.\n\
             For a full list of subcommands, run: pkg help\n"
        ));
        return Ok(USAGE);
    }
    let new = match chosen(&work, &given.operands) {
        Ok(new) => new,
        Err(text) => {
            session.complain(format_args!("\npkg freeze: {text}"));
            return Ok(FAILED);
        }
    };
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    for (name, version) in &new {
        session.say(format_args!("{name} was frozen at {version}\n"));
    }
    if !given.has("n") {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let frozen = |version| Frozen { version, since, comment: comment.clone() };
        work.image.frozen.extend(new.into_iter().map(|(name, version)| (name, frozen(version))));
        image::write(session.machine, &work.root, &work.image)?;
    }
    Ok(OK)
}

/// Names and versions that the patterns stand for.
fn chosen(work: &Work, patterns: &[String]) -> Result<BTreeMap<String, String>, String> {
    let all = installed(&work.image);
    let (mut new, mut faults) = (BTreeMap::<String, Vec<(String, String)>>::new(), Faults::default());
    for pattern in patterns {
        let (name, version) = parts(pattern);
        let is_versioned = version.is_some_and(|version| !version.is_empty());
        if packages::fault(name).is_some() {
            return Err(format!("'{pattern}' is an illegal fmri\n"));
        }
        if let Some(version) = version.filter(|version| *version == "latest" || packages::fault(pattern).is_some()) {
            return Err(format!("Illegal FMRI '{pattern}': Bad Version: {version}\n"));
        }
        let found: Vec<&String> = all.iter().filter(|package| matches(pattern, package)).collect();
        let fits = |package: &str| {
            let own = versions::of(&work.image, package);
            version.is_none_or(|version| own == version || own.starts_with(&format!("{version}.")) || is_glob(version))
        };
        match (found.is_empty(), is_glob(pattern), is_versioned) {
            (true, true, _) => faults.unmatched.push(pattern.clone()),
            (true, false, false) => faults.no_version.push(pattern.clone()),
            (true, false, true) => {
                let at = version.unwrap_or_default().to_owned();
                new.entry(name.to_owned()).or_default().push((at, pattern.clone()));
            }
            (false, ..) if !found.iter().any(|package| fits(package)) => faults.other_version.push(pattern.clone()),
            (false, ..) => {
                for package in found.into_iter().filter(|package| fits(package)) {
                    let at = versions::of(&work.image, package).to_owned();
                    new.entry(package.clone()).or_default().push((at, pattern.clone()));
                }
            }
        }
    }
    for (name, at) in &new {
        let mut shown: Vec<String> = at.iter().map(|(version, _)| format!("{name}@{version}")).collect();
        shown.sort();
        shown.dedup();
        if shown.len() > 1 {
            faults.twice.push(format!("{name}\t{}", shown.join(" ")));
        }
    }
    let text = faults.text();
    match text.is_empty() {
        true => Ok(new.into_iter().filter_map(|(name, at)| Some((name, at.into_iter().next()?.0))).collect()),
        false => Err(text),
    }
}

pub(super) fn unfreeze(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if given.operands.is_empty() {
        return Ok(list_frozen(session, &work, given));
    }
    if let Some(end) = illegal(session, "unfreeze", &given.operands) {
        return Ok(end);
    }
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    let is_meant = |name: &String| given.operands.iter().any(|pattern| matches(pattern, name));
    let thawed: Vec<String> = work.image.frozen.keys().filter(|name| is_meant(name)).cloned().collect();
    for name in &thawed {
        session.say(format_args!("{name} was unfrozen.\n"));
    }
    if thawed.is_empty() {
        return Ok(NOTHING);
    }
    if !given.has("n") {
        work.image.frozen.retain(|name, _| !thawed.contains(name));
        image::write(session.machine, &work.root, &work.image)?;
    }
    Ok(OK)
}

fn list_frozen(session: &mut Session<'_, '_>, work: &Work, given: &Given) -> Status {
    let row =
        |name: &str, version: &str, date: &str, comment: &str| format!("{name:18} {version:27} {date:24} {comment}\n");
    let mut text = String::new();
    if !given.has("H") && !work.image.frozen.is_empty() {
        text = row("NAME", "VERSION", "DATE", "COMMENT");
    }
    for (name, Frozen { version, since, comment }) in &work.image.frozen {
        let comment = if comment.is_empty() { "None" } else { comment };
        text.push_str(&row(name, version, &date(*since), comment));
    }
    session.say(format_args!("{text}"));
    OK
}

/// `01 Dec 2026 10:41:47 UTC`, of seconds since 1970.
fn date(since: u64) -> String {
    let date = Date::of(since);
    let (month, Date { year, day, hour, minute, second, .. }) = (date.month_name(), date);
    format!("{day:02} {month} {year} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Tells about a pattern that can name no package.
fn illegal(session: &mut Session<'_, '_>, command: &str, patterns: &[String]) -> Option<Status> {
    let fault = patterns.iter().find_map(|pattern| packages::fault(pattern))?;
    session.complain(format_args!("\npkg {command}: '{fault}' is an illegal fmri\n"));
    Some(FAILED)
}

pub(super) fn avoid(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    if given.operands.is_empty() {
        let text: String = work.image.avoided.iter().map(|name| format!("    {name}\n")).collect();
        session.say(format_args!("{text}"));
        return Ok(OK);
    }
    change_avoided(session, work, "avoid", given)
}

pub(super) fn unavoid(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    if given.operands.is_empty() {
        return avoid(session, work, given);
    }
    change_avoided(session, work, "unavoid", given)
}

fn change_avoided(session: &mut Session<'_, '_>, mut work: Work, command: &str, given: &Given) -> Answer {
    if let Some(end) = illegal(session, command, &given.operands) {
        return Ok(end);
    }
    let unknown: Vec<&String> =
        given.operands.iter().filter(|pattern| !is_known(session, &work, parts(pattern).0)).collect();
    if !unknown.is_empty() {
        let lines: String = unknown.iter().map(|pattern| format!("\t{pattern}\n")).collect();
        session.complain(format_args!(
            "\npkg {command}: The following pattern(s) did not match any allowable packages.  Try\n\
             using a different matching pattern, or refreshing publisher information:\n\n{lines}\n"
        ));
        return Ok(FAILED);
    }
    let all = installed(&work.image);
    let is_wrong = |pattern: &&String| match command {
        "avoid" => all.iter().any(|package| is_named(pattern, package)),
        _ => !work.image.avoided.iter().any(|name| is_named(pattern, name)),
    };
    let wrong: Vec<&String> = given.operands.iter().filter(is_wrong).collect();
    if !wrong.is_empty() {
        let why = match command {
            "avoid" => "The following packages are already installed in this image; use uninstall to avoid these:",
            _ => "The following packages are not on the avoid list, so they\ncannot be removed from it.",
        };
        let lines: String = wrong.iter().map(|pattern| format!("\t{pattern}\n")).collect();
        session.complain(format_args!("\npkg {command}: {why}\n{lines}\n"));
        return Ok(FAILED);
    }
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    match command {
        "avoid" => work.image.avoided.extend(given.operands.iter().map(|pattern| parts(pattern).0.to_owned())),
        _ => work.image.avoided.retain(|name| !given.operands.iter().any(|pattern| is_named(pattern, name))),
    }
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}

/// Finds out whether the image or a fetched catalog has a package.
fn is_known(session: &Session<'_, '_>, work: &Work, name: &str) -> bool {
    let fetched = work.image.publishers.iter().filter(|publisher| !publisher.disabled && publisher.refreshed);
    let mut origins = fetched.flat_map(|publisher| publisher.origins.iter().map(move |origin| (publisher, origin)));
    installed(&work.image).iter().any(|package| is_named(name, package))
        || origins.any(|(publisher, origin)| {
            !origin.disabled && network::holds(session.machine, &origin.uri, &publisher.name, name)
        })
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates() {
        assert_eq!(date(0), "01 Jan 1970 00:00:00 UTC");
        assert_eq!(date(951_782_400), "29 Feb 2000 00:00:00 UTC");
        assert_eq!(date(1_796_121_707), "01 Dec 2026 10:41:47 UTC");
    }
}
