//! `pkg facet`, `variant`, `change-facet`, `change-variant`: what of its packages an image has.
//!
//! [source: client.py: list_facets, list_variants, change_facet; api.py: gen_facets; recorded: omnios-packages-123, -131, -132]

use super::grammar::{Given, Spec, Takes};
use super::image;
use super::name::{fits, is_glob};
use super::work::{Work, locked};
use crate::Status;
use crate::session::{Answer, FAILED, OK, Session, USAGE};

pub(super) const FACET_OPTIONS: &[Spec] = &[
    ("H", "", Takes::Flag),
    ("a", "", Takes::Flag),
    ("i", "", Takes::Flag),
    ("m", "", Takes::Flag),
    ("F", "output-format", Takes::Value),
];
pub(super) const VARIANT_OPTIONS: &[Spec] = &[
    ("H", "", Takes::Flag),
    ("a", "", Takes::Flag),
    ("i", "", Takes::Flag),
    ("v", "", Takes::Flag),
    ("F", "output-format", Takes::Value),
];
/// There was nothing to do.
const NOTHING: Status = Status::Exited(4);

/// Facets or variants.
struct Kind {
    /// Of the subcommand that lists them.
    word: &'static str,
    /// Before their names where they are shown in full.
    prefix: &'static str,
    columns: &'static [&'static str],
}

const FACET: Kind = Kind { word: "facet", prefix: "facet.", columns: &["facet", "value", "src"] };
const FACET_MASKED: Kind = Kind { columns: &["facet", "value", "src", "masked"], ..FACET };
const VARIANT: Kind = Kind { word: "variant", prefix: "variant.", columns: &["variant", "value"] };

impl Kind {
    fn in_full(&self, name: &str) -> String {
        if name.starts_with(self.prefix) { name.to_owned() } else { format!("{}{name}", self.prefix) }
    }

    /// A row of the default format.
    fn row(&self, row: &[String]) -> String {
        match row {
            [name, value] => format!("{name:<70} {value}\n"),
            [name, value, source] => format!("{name:<64} {value:<5} {source}\n"),
            [name, value, source, masked] => format!("{name:<57} {value:<5} {source:<6} {masked}\n"),
            _ => String::new(),
        }
    }
}

pub(super) fn facets(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let set: Vec<(&String, &String)> =
        work.image.tags.iter().filter(|(name, _)| name.starts_with(FACET.prefix)).collect();
    // A facet that is not set has the value of the first pattern that fits, otherwise it is true.
    let effective = |name: &str| {
        let pattern = set.iter().find(|(pattern, _)| is_glob(pattern) && fits(pattern.as_bytes(), name.as_bytes()));
        pattern.map_or(("True", "system"), |(_, value)| (value.as_str(), "local"))
    };
    // Of the packages of the image none has facets.
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !given.has("i") {
        rows.extend(set.iter().map(|(name, value)| row(&[name, value, "local", "False"])));
        for name in implicit(&FACET, given, |name| work.image.tags.contains_key(name)) {
            let (value, source) = effective(&name);
            rows.push(row(&[&name, value, source, "False"]));
        }
    }
    let kind = if given.has("m") { FACET_MASKED } else { FACET };
    list(session, given, &kind, rows)
}

pub(super) fn variants(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let zone = if work.root == "/" { "global" } else { "nonglobal" };
    let own = [("arch", "i386"), ("opensolaris.imagetype", "full"), ("opensolaris.zone", zone)];
    let mut all: Vec<(String, String)> = own
        .into_iter()
        .map(|(name, value)| (VARIANT.in_full(name), value.to_owned()))
        .filter(|(name, _)| !work.image.tags.contains_key(name))
        .collect();
    let set = work.image.tags.iter().filter(|(name, _)| name.starts_with(VARIANT.prefix));
    all.extend(set.map(|(name, value)| (name.clone(), value.clone())));
    let mut rows: Vec<Vec<String>> = Vec::new();
    // Of the packages of the image none has variants.
    if !given.has("i") && !given.has("v") {
        rows.extend(all.iter().map(|(name, value)| row(&[name, value])));
        let unset = implicit(&VARIANT, given, |name| all.iter().any(|(known, _)| known == name));
        rows.extend(unset.iter().map(|name| row(&[name, "false"])));
    }
    list(session, given, &VARIANT, rows)
}

fn row(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// Names among the operands that are not patterns, and of which nothing is known: they are listed too.
fn implicit(kind: &Kind, given: &Given, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let names = given.operands.iter().filter(|name| !is_glob(name)).map(|name| kind.in_full(name));
    let mut names: Vec<String> = names.filter(|name| !is_known(name)).collect();
    names.sort();
    names.dedup();
    names
}

fn list(session: &mut Session<'_, '_>, given: &Given, kind: &Kind, mut rows: Vec<Vec<String>>) -> Answer {
    let word = kind.word;
    let format = given.values("output-format").next().unwrap_or("default");
    if !matches!(format, "default" | "tsv" | "json" | "json-formatted") {
        session.complain(format_args!(
            "pkg {word}: Argument '{format}' for option '-F/--output-format' is invalid.\n\
             Supported: default, tsv, json, json-formatted\nUsage:\n"
        ));
        return Ok(USAGE);
    }
    let patterns: Vec<String> = given.operands.iter().map(|name| kind.in_full(name)).collect();
    let is_meant = |name: &str| patterns.iter().any(|pattern| fits(pattern.as_bytes(), name.as_bytes()));
    rows.retain(|row| patterns.is_empty() || row.first().is_some_and(|name| is_meant(name)));
    rows.sort();
    rows.iter_mut().for_each(|row| row.truncate(kind.columns.len()));
    let text = match format {
        "default" | "tsv" => table(given, kind, &rows, format == "tsv"),
        _ => json(kind, &rows, format == "json-formatted"),
    };
    session.say(format_args!("{text}"));
    if rows.is_empty() && !patterns.is_empty() && !given.has("v") {
        session.complain(format_args!("pkg {word}: no matching {word}s found\n"));
        return Ok(FAILED);
    }
    Ok(OK)
}

fn table(given: &Given, kind: &Kind, rows: &[Vec<String>], tsv: bool) -> String {
    let line = |row: Vec<String>| if tsv { row.join("\t") + "\n" } else { kind.row(&row) };
    let mut text = String::new();
    if !given.has("H") {
        text = line(kind.columns.iter().map(|column| column.to_uppercase()).collect());
    }
    for row in rows {
        let shown = row.iter().enumerate().map(|(at, field)| match (at, tsv) {
            (0, false) => field.strip_prefix(kind.prefix).unwrap_or(field).to_owned(),
            (_, _) if field.is_empty() => "\"\"".to_owned(),
            _ => field.clone(),
        });
        text.push_str(&line(shown.collect()));
    }
    text
}

/// The keys of each object are sorted, and no line ends the text.
fn json(kind: &Kind, rows: &[Vec<String>], pretty: bool) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let objects = rows.iter().map(|row| {
        let mut fields: Vec<(&str, String)> =
            kind.columns.iter().zip(row).map(|(column, field)| (*column, quoted(field))).collect();
        if kind.word == "facet" && fields.len() == 3 {
            fields.push(("masked", quoted("False")));
        }
        fields.sort();
        let separator = if pretty { ": " } else { ":" };
        let pairs: Vec<String> =
            fields.into_iter().map(|(name, value)| format!("{}{separator}{value}", quoted(name))).collect();
        match pretty {
            true => format!("  {{\n    {}\n  }}", pairs.join(",\n    ")),
            false => format!("{{{}}}", pairs.join(",")),
        }
    });
    let objects: Vec<String> = objects.collect();
    match pretty && !objects.is_empty() {
        true => format!("[\n{}\n]", objects.join(",\n")),
        false => format!("[{}]", objects.join(",")),
    }
}

pub(super) fn change_facet(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let mut wanted = Vec::new();
    for pair in &given.operands {
        let value = match pair.split('=').collect::<Vec<_>>().as_slice() {
            [_, value] => value.to_lowercase(),
            _ => {
                return Ok(usage(session, "change-facet: facets must to be of the form 'facet....=[True|False|None]'"));
            }
        };
        let value = match value.as_str() {
            "true" => Some("True".to_owned()),
            "false" => Some("False".to_owned()),
            "none" => None,
            _ => {
                return Ok(usage(
                    session,
                    "change-facet: facets must to be of the form 'facet....=[True|False|None]'.",
                ));
            }
        };
        wanted.push((FACET.in_full(pair.split('=').next().unwrap_or_default()), value));
    }
    if wanted.is_empty() {
        return Ok(usage(session, "change-facet: no facets specified"));
    }
    apply(session, work, given, wanted)
}

pub(super) fn change_variant(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let mut wanted = Vec::new();
    for pair in &given.operands {
        match pair.split('=').collect::<Vec<_>>().as_slice() {
            [name, value] => wanted.push((VARIANT.in_full(name), Some((*value).to_owned()))),
            _ => {
                let text = "change-variant: variants must to be of the form '<name>=<value>'.";
                return Ok(usage(session, text));
            }
        }
    }
    if wanted.is_empty() {
        return Ok(usage(session, "change-variant: no variants specified"));
    }
    apply(session, work, given, wanted)
}

fn usage(session: &mut Session<'_, '_>, text: &str) -> Status {
    session.complain(format_args!("pkg: {text}\nFor a full list of subcommands, run: pkg help\n"));
    USAGE
}

fn apply(
    session: &mut Session<'_, '_>,
    mut work: Work,
    given: &Given,
    mut wanted: Vec<(String, Option<String>)>,
) -> Answer {
    if let Some(end) = locked(session, &work.root) {
        return Ok(end);
    }
    wanted.retain(|(name, value)| work.image.tags.get(name) != value.as_ref());
    if wanted.is_empty() {
        session.say(format_args!("No updates necessary for this image.\n"));
        return Ok(NOTHING);
    }
    session.say(format_args!("Variants/Facets to change: {}\n", wanted.len()));
    if given.has("n") {
        return Ok(OK);
    }
    for (name, value) in wanted {
        match value {
            Some(value) => drop(work.image.tags.insert(name, value)),
            None => drop(work.image.tags.remove(&name)),
        }
    }
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}
