//! `pkg publisher`. [client_api.py: _publisher_list; client.py: publisher_list]

use super::grammar::{Given, Spec, Takes};
use super::image::{Publisher, Repository};
use super::work::{PARTIAL, Work, fail, is_openindiana};
use crate::session::{Answer, OK, Session, USAGE};

pub(super) const OPTIONS: &[Spec] =
    &[("H", "", Takes::Flag), ("P", "", Takes::Flag), ("n", "", Takes::Flag), ("F", "output-format", Takes::Value)];

pub(super) fn run(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let format = given.values("output-format").next().unwrap_or("default");
    if !matches!(format, "default" | "tsv") {
        session.complain(format_args!(
            "pkg publisher: Argument '{format}' for option '-F/--output-format' is invalid.\nSupported: default, tsv\nUsage:\n"
        ));
        return Ok(USAGE);
    }
    if !given.operands.is_empty() {
        return blocks(session, &work, &given.operands);
    }
    let tsv = format == "tsv";
    let mut text = String::new();
    if !given.has("H") {
        text.push_str(if tsv {
            "PUBLISHER\tSTICKY\tSYSPUB\tENABLED\tTYPE\tSTATUS\tURI\tPROXY\n"
        } else {
            "PUBLISHER                   TYPE     STATUS P LOCATION\n"
        });
    }
    // `-P` is the first, be it disabled; `-n` leaves out what is disabled as a whole. [recorded: omnios-disabled-001 and on]
    let chosen =
        work.image.publishers.iter().filter(|publisher| given.has("P") || !given.has("n") || !publisher.disabled);
    for publisher in chosen.take(if given.has("P") { 1 } else { usize::MAX }) {
        rows(&mut text, publisher, tsv);
    }
    session.say(format_args!("{text}"));
    Ok(OK)
}

/// The rows of a publisher. The column ENABLED is about the origin; a mirror repeats what the last origin said.
fn rows(text: &mut String, publisher: &Publisher, tsv: bool) {
    let Publisher { name, sticky, system, .. } = publisher;
    let flags: Vec<&str> = [("non-sticky", !sticky), ("disabled", publisher.disabled), ("syspub", *system)]
        .into_iter()
        .filter_map(|(word, holds)| holds.then_some(word))
        .collect();
    let flags = if flags.is_empty() { String::new() } else { format!("({})", flags.join(", ")) };
    let mut enabled = !publisher.disabled;
    let mut row = |enabled: bool, kind: &str, status: &str, repository: Option<&Repository>| {
        let uri = repository.map_or("", |repository| repository.uri.as_str());
        let proxy = repository.map(|repository| repository.proxy.as_deref());
        text.push_str(&match tsv {
            true => {
                let proxy = proxy.map_or("", |proxy| proxy.unwrap_or("-"));
                format!("{name}\t{sticky}\t{system}\t{enabled}\t{kind}\t{status}\t{uri}\t{proxy}\n")
            }
            false => {
                let proxied = proxy.map_or("", |proxy| if proxy.is_some() { "T" } else { "F" });
                let location = if *system && repository.is_some() { "<system-repository>" } else { uri };
                format!("{name:14} {flags:12} {kind:8} {status:2} {proxied} {location}\n")
            }
        });
    };
    for origin in &publisher.origins {
        enabled = !origin.disabled;
        row(enabled, "origin", if enabled { "online" } else { "disabled" }, Some(origin));
    }
    for mirror in &publisher.mirrors {
        row(enabled, "mirror", "online", Some(mirror));
    }
    if publisher.origins.is_empty() && publisher.mirrors.is_empty() {
        row(enabled, "", "", None);
    }
}

/// A block for each name. [recorded: omnios-list-named-001 and on, omnios-keys-049]
fn blocks(session: &mut Session<'_, '_>, work: &Work, names: &[String]) -> Answer {
    let find = |name: &String| work.image.publishers.iter().find(|publisher| publisher.name == *name);
    if let Some(unknown) = names.iter().find(|name| find(name).is_none()) {
        return fail(session, format_args!("pkg: Unknown publisher '{unknown}'."));
    }
    let (mut text, mut faults) = (String::new(), String::new());
    for publisher in names.iter().filter_map(find) {
        text.push_str(&format!("\n            Publisher: {}\n                Alias: \n", publisher.name));
        for (word, list) in [("Origin", &publisher.origins), ("Mirror", &publisher.mirrors)] {
            for repository in list {
                let state = if repository.disabled { "Disabled" } else { "Online" };
                text.push_str(&format!("           {word} URI: {}\n", repository.uri));
                // The two are not aligned alike. [source: client.py: publisher_list]
                let margin = if word == "Origin" { "        " } else { "           " };
                text.push_str(&format!("{margin}{word} Status: {state}\n"));
                for proxy in repository.proxy.iter() {
                    text.push_str(&format!("                Proxy: {proxy}\n"));
                }
                let path =
                    |path: &Option<String>| path.as_ref().map_or_else(|| "None".to_owned(), |path| work.shown(path));
                text.push_str(&format!("              SSL Key: {}\n", path(&repository.key)));
                text.push_str(&format!("             SSL Cert: {}\n", path(&repository.cert)));
                for missing in repository.cert.iter().filter(|path| !session.machine.path(path).exists()) {
                    faults.push_str(&format!("\nUnable to locate certificate '{}'.\n\n", work.shown(missing)));
                }
            }
        }
        let (label, answer) = (
            if is_openindiana(session) { "              Enabled" } else { "    Publisher enabled" },
            if publisher.disabled { "No" } else { "Yes" },
        );
        text.push_str(&format!("{label}: {answer}\n"));
        let mut props: Vec<&(String, String)> = publisher.props.iter().filter(|(_, value)| !value.is_empty()).collect();
        props.sort();
        if !props.is_empty() {
            text.push_str("           Properties:\n");
        }
        for (name, value) in props {
            text.push_str(&format!("                       {name} = {value}\n"));
        }
    }
    session.say(format_args!("{text}"));
    session.complain(format_args!("{faults}"));
    Ok(if faults.is_empty() { OK } else { PARTIAL })
}
