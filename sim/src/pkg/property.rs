//! Properties of images. [client.py: property_set and on; recorded: omnios-property-001 to -023]

use super::grammar::{Given, Spec, Takes};
use super::image;
use super::work::{IN_USE, Work, fail, is_openindiana};
use crate::session::{Answer, OK, Session, USAGE};

pub(super) const OPTIONS: &[Spec] = &[("H", "", Takes::Flag)];

pub(super) const SIGNATURE_POLICIES: &[&str] = &["ignore", "verify", "require-signatures", "require-names"];

/// Properties that an image has without being told, as both clients know them.
const COMMON: &[(&str, &str)] = &[
    ("be-policy", "default"),
    ("check-certificate-revocation", "False"),
    ("content-update-policy", "default"),
    ("default-recurse", "False"),
    ("dehydrated", "[]"),
    ("exclude-patterns", "[]"),
    ("flush-content-cache-on-success", "True"),
    ("key-files", "[]"),
    ("mirror-discovery", "False"),
    ("preferred-authority", ""),
    ("publisher-search-order", "[]"),
    ("recursion-concurrency", "1"),
    ("send-uuid", "True"),
    ("signature-policy", "verify"),
    ("signature-required-names", "[]"),
    ("use-system-repo", "False"),
];

const OMNIOS: &[(&str, &str)] = &[
    ("auto-be-name", "omnios-r%r"),
    ("ca-path", "/etc/ssl/certs"),
    ("exclude-policy", "warn"),
    ("temp-be-activation", "False"),
    ("trust-anchor-directory", "etc/ssl/pkg"),
];

const OPENINDIANA: &[(&str, &str)] = &[
    ("auto-be-name", "time:openindiana-%Y:%m:%d"),
    ("ca-path", "/etc/openssl/certs"),
    ("trust-anchor-directory", "etc/certs/CA"),
];

const LISTS: &[&str] =
    &["dehydrated", "exclude-patterns", "key-files", "publisher-search-order", "signature-required-names"];

/// The properties of the image, sorted.
fn all(session: &Session<'_, '_>, work: &Work) -> Vec<(String, String)> {
    let own = if is_openindiana(session) { OPENINDIANA } else { OMNIOS };
    let system = work.image.publishers.iter().any(|publisher| publisher.system);
    let names: Vec<String> = work.image.publishers.iter().map(|publisher| format!("'{}'", publisher.name)).collect();
    let mut all: Vec<(String, String)> = COMMON
        .iter()
        .chain(own)
        .map(|(name, value)| match *name {
            "use-system-repo" if system => ((*name).to_owned(), "True".to_owned()),
            "publisher-search-order" => ((*name).to_owned(), format!("[{}]", names.join(", "))),
            _ => ((*name).to_owned(), (*value).to_owned()),
        })
        .collect();
    for (name, value) in &work.image.props {
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value.clone()));
    }
    all.sort();
    all
}

pub(super) fn show(session: &mut Session<'_, '_>, work: Work, given: &Given) -> Answer {
    let all = all(session, &work);
    if let Some(unknown) = given.operands.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        return fail(session, format_args!("pkg property: no such property: {unknown}"));
    }
    let chosen: Vec<&(String, String)> =
        all.iter().filter(|(name, _)| given.operands.is_empty() || given.operands.contains(name)).collect();
    let width = chosen.iter().map(|(name, _)| name.len()).max().unwrap_or_default().max("PROPERTY".len());
    let mut text = String::new();
    if !given.has("H") {
        text.push_str(&format!("{:<width$} VALUE\n", "PROPERTY"));
    }
    for (name, value) in chosen {
        text.push_str(&format!("{name:<width$} {value}\n"));
    }
    session.say(format_args!("{text}"));
    Ok(OK)
}

/// Checks a value of a property that pkg knows.
fn check(session: &Session<'_, '_>, name: &str, value: &str) -> Result<(), String> {
    let own = if is_openindiana(session) { OPENINDIANA } else { OMNIOS };
    let default = COMMON.iter().chain(own).find(|(known, _)| *known == name).map(|(_, default)| *default);
    let valid = match (name, default) {
        ("signature-policy", _) => SIGNATURE_POLICIES.contains(&value),
        ("be-policy", _) => matches!(value, "default" | "always-new" | "create-backup" | "when-required"),
        (_, Some("True" | "False")) => matches!(value.to_ascii_lowercase().as_str(), "true" | "false"),
        ("recursion-concurrency", _) => value.parse::<i64>().is_ok(),
        _ => true,
    };
    if valid { Ok(()) } else { Err(format!("Invalid value '{value}' for property '{name}' in section 'property'.")) }
}

fn keep(session: &mut Session<'_, '_>, work: &mut Work, command: &str, name: &str, value: Option<String>) -> Answer {
    // Exit status 1 here, unlike in the commands that change packages. [recorded: omnios-locked-005 and its kind]
    if image::is_locked(session.machine, &work.root) {
        return fail(session, format_args!("pkg {command}: {IN_USE}"));
    }
    work.image.props.retain(|(known, _)| known != name);
    work.image.props.extend(value.map(|value| (name.to_owned(), value)));
    image::write(session.machine, &work.root, &work.image)?;
    Ok(OK)
}

fn usage(session: &mut Session<'_, '_>, text: &str) -> Answer {
    session.complain(format_args!("{text}\nUsage:\n"));
    Ok(USAGE)
}

pub(super) fn set(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let [name, values @ ..] = given.operands.as_slice() else {
        return usage(session, "pkg set-property: requires a property name and at least one value");
    };
    let [value, more @ ..] = values else {
        return usage(session, "pkg set-property: requires a property name and at least one value");
    };
    if let Err(why) = check(session, name, value) {
        return fail(session, format_args!("pkg set-property: {why}"));
    }
    if name == "signature-policy" && value != "require-names" && !more.is_empty() {
        let text = format!("pkg set-property: Signature-policy {value} doesn't allow additional parameters.");
        return usage(session, &text);
    }
    if name == "signature-policy" && value == "require-names" {
        if more.is_empty() {
            return fail(
                session,
                format_args!(
                    "pkg set-property: At least one name must be provided for the signature-required-names policy."
                ),
            );
        }
        work.image.props.retain(|(known, _)| known != "signature-required-names");
        work.image.props.push(("signature-required-names".to_owned(), listed(more)));
        return keep(session, &mut work, "set-property", name, Some(value.clone()));
    }
    let value = if LISTS.contains(&name.as_str()) { listed(values) } else { values.join(" ") };
    keep(session, &mut work, "set-property", name, Some(value))
}

/// One after the other, up to the first that is unknown. [source: property_unset of client.py]
pub(super) fn unset(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    if given.operands.is_empty() {
        return usage(session, "pkg unset-property: requires at least one property name");
    }
    for name in &given.operands {
        if !all(session, &work).iter().any(|(known, _)| known == name) {
            return fail(session, format_args!("pkg unset-property: Unknown property '{name}' in section 'property'."));
        }
        let status = keep(session, &mut work, "unset-property", name, None)?;
        if status != OK {
            return Ok(status);
        }
    }
    Ok(OK)
}

/// A list as Python shows it.
pub(super) fn listed(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
    format!("[{}]", quoted.join(", "))
}

fn elements(session: &Session<'_, '_>, work: &Work, name: &str) -> Vec<String> {
    let all = all(session, work);
    let value = all.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let inner = value.trim_matches(['[', ']']);
    inner.split(", ").filter(|one| !one.is_empty()).map(|one| one.trim_matches('\'').to_owned()).collect()
}

pub(super) fn add_value(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let [name, value] = given.operands.as_slice() else {
        return usage(session, "pkg add-property-value: requires a property name and value");
    };
    let mut values = elements(session, &work, name);
    if !values.contains(value) {
        values.push(value.clone());
    }
    keep(session, &mut work, "add-property-value", name, Some(listed(&values)))
}

pub(super) fn remove_value(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    let [name, value] = given.operands.as_slice() else {
        return usage(session, "pkg remove-property-value: requires a property name and value");
    };
    let mut values = elements(session, &work, name);
    let Some(at) = values.iter().position(|known| known == value) else {
        return fail(
            session,
            format_args!("pkg remove-property-value: Value '{value}' does not exist in property '{name}'."),
        );
    };
    values.remove(at);
    keep(session, &mut work, "remove-property-value", name, Some(listed(&values)))
}
