//! Answers of a repository to pkg: a `file:` one is looked at, one on the network is there unless its name or its
//! address says that it cannot be.

use std::ffi::OsString;
use std::fs;

use super::address;
use super::image::{Publisher, Repository};
use super::network;
use crate::Machine;
use crate::session::Session;

/// Client of a repository: its machine and environment.
#[derive(Clone, Copy)]
pub(super) struct Client<'a> {
    machine: &'a Machine,
    env: &'a [(OsString, OsString)],
}

impl<'a> Client<'a> {
    pub(super) fn of(session: &'a Session<'_, '_>) -> Self {
        Client { machine: session.machine, env: session.call.env }
    }
}

/// Repository found at an address.
pub(super) enum Found {
    /// Publishers that it has packages of, sorted.
    Publishers(Vec<String>),
    /// A host of the network, which has what it is asked for.
    Anything,
    /// Nothing that answers, and why.
    Nothing(String),
}

/// Asks a repository for its publishers.
pub(super) fn ask(client: Client<'_>, repository: &Repository) -> Found {
    let Client { machine, env } = client;
    if let Some(path) = address::path_of(&repository.uri) {
        return look_into(machine, &path, &repository.uri);
    }
    let proxy = repository.proxy.clone().or_else(|| network::proxy(env, &repository.uri));
    let through = proxy.as_ref().unwrap_or(&repository.uri);
    let host = address::host(through).unwrap_or_default();
    let url = repository.uri.trim_end_matches('/');
    if proxy.is_none() && network::is_walled(machine, env, &repository.uri) {
        return Found::Nothing(format!(
            "Framework error: code: E_OPERATION_TIMEDOUT (28) reason: Connection timed out after 60000 milliseconds\n\
             URL: '{url}'"
        ));
    }
    match unreachable(&host) {
        Some(reason) => Found::Nothing(format!("Framework error: code: {reason}\nURL: '{url}'")),
        None => Found::Anything,
    }
}

/// Names of the reserved domains do not resolve [RFC 6761], and nothing listens on the machine itself.
fn unreachable(host: &str) -> Option<String> {
    let last = host.rsplit('.').next().unwrap_or_default();
    if host.starts_with("127.") || host == "localhost" || host == "[::1]" {
        return Some(format!("E_COULDNT_CONNECT (7) reason: Failed to connect to {host}: Connection refused"));
    }
    let reserved = matches!(last, "invalid" | "example" | "test") || host.split('.').any(|label| label == "nosuch");
    // Digits and dots that do not form an IPv4 address are looked up as a name.
    let digits = !host.is_empty() && host.chars().all(|c| c.is_ascii_digit() || c == '.');
    (reserved || (digits && host.parse::<std::net::Ipv4Addr>().is_err()))
        .then(|| format!("E_COULDNT_RESOLVE_HOST (6) reason: Could not resolve host: {host}"))
}

/// A file repository of version 4: pkg5.repository, and a directory for each publisher.
fn look_into(machine: &Machine, path: &str, uri: &str) -> Found {
    let url = uri.trim_end_matches('/');
    let directory = machine.path(path);
    if directory.is_file() {
        return Found::Nothing(format!(
            "file protocol error: code: E_HTTP_NOT_FOUND (22) reason: Archive {path} is missing, unsupported, or corrupt.\n\
             Repository URL: '{url}'."
        ));
    }
    if !directory.join("pkg5.repository").is_file() {
        return Found::Nothing(format!(
            "file protocol error: code: E_HTTP_NOT_FOUND (22) reason: The path '{}' does not contain a valid package \
             repository.\nRepository URL: '{url}'.",
            path.trim_end_matches('/')
        ));
    }
    let entries = fs::read_dir(directory.join("publisher")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Found::Publishers(names)
}

/// Origins and mirrors that a file repository says its publisher has: they replace its own address.
pub(super) struct Described {
    pub(super) origins: Vec<String>,
    pub(super) mirrors: Vec<String>,
}

/// Reads them from `publisher/NAME/pub.p5i`. None if that names no repositories.
/// [source: p5i.py: parse; server/repository.py: _RepoStore.get_publishers; recorded: omnios-from-repository-014]
pub(super) fn described(machine: &Machine, uri: &str, publisher: &str) -> Option<Described> {
    let path = address::path_of(uri)?;
    let text = fs::read_to_string(machine.path(path).join("publisher").join(publisher).join("pub.p5i")).ok()?;
    let (_, repositories) = text.split_once("\"repositories\"")?;
    let list = |key: &str| -> Option<Vec<String>> {
        let (_, rest) = repositories.split_once(&format!("\"{key}\""))?;
        let (inner, _) = rest.split_once('[')?.1.split_once(']')?;
        Some(inner.split('"').skip(1).step_by(2).map(str::to_owned).collect())
    };
    Some(Described { origins: list("origins")?, mirrors: list("mirrors")? })
}

/// Checks that one of the publisher's origins answers, then that those which answer have its packages.
/// [image.py: transport.valid_publisher_test; publisher.py: validate_config]
pub(super) fn validate(client: Client<'_>, publisher: &Publisher, each: &[&Repository]) -> Result<(), String> {
    let name = &publisher.name;
    let unreached: Vec<(String, String)> = publisher
        .origins
        .iter()
        .filter_map(|origin| match ask(client, origin) {
            Found::Nothing(why) => Some((origin.uri.clone(), why)),
            _ => None,
        })
        .collect();
    let is_new = each.is_empty();
    let all: Vec<&Repository> = if is_new { publisher.origins.iter().collect() } else { each.to_vec() };
    // What is there and holds no repository is not like one that does not answer. [source: transport.py: get_publisherdata]
    let is_else =
        |origin: &Repository| address::path_of(&origin.uri).is_some_and(|path| client.machine.path(path).exists());
    let wrong = unreached.iter().find(|(uri, _)| all.iter().any(|origin| origin.uri == *uri && is_else(origin)));
    if let Some((_, why)) = wrong {
        return Err(format!("{}\n{why}\n", no_repository(name, "")));
    }
    if unreached.len() == publisher.origins.len()
        && let Some((uri, why)) = unreached.first()
    {
        return Err(format!("{}\n  {why}\n", no_repository(name, &format!(": {uri}"))));
    }
    for origin in all {
        let Found::Publishers(known) = ask(client, origin) else { continue };
        if known.is_empty() {
            // [recorded: omnios-refresh-004; source: api_errors.py: RepoPubConfigUnavailable]
            let which = match is_new {
                true => format!("One of the package repository origins for {name}"),
                false => format!("The package repository at {}", origin.uri),
            };
            return Err(format!(
                "\n{which} does not provide publisher configuration information or the information provided is incomplete."
            ));
        }
        if !known.contains(name) {
            return Err(wrong_publisher(name, &origin.uri, &known, is_new));
        }
    }
    Ok(())
}

fn no_repository(name: &str, uri: &str) -> String {
    format!(
        "The origin URIs for '{name}' do not appear to point to a valid pkg repository.\n\
         Please verify the repository's location and the client's network configuration.\nAdditional details:\n\n\
         Unable to contact valid package repository{uri}\nEncountered the following error(s):\n\
         Transport errors encountered when trying to contact repository.\nReported the following errors:"
    )
}

/// The two texts, for all origins of a new publisher and for one that is added. [recorded: omnios-refresh-003, -010]
fn wrong_publisher(name: &str, uri: &str, known: &[String], is_new: bool) -> String {
    let known = known.join(", ");
    if is_new {
        return format!(
            "\nOne or more of the repository origin(s) listed below contains package data for {known}; not {name}:\n\n\
             {uri}\n\nThis is either because one of the repository origins is not valid for this publisher, or because the \
             list of known publishers retrieved from the repository origin does not match the client."
        );
    }
    format!("\n{}", does_not_contain(name, uri, &known))
}

/// A repository lacks the publisher that it is asked for. [recorded: omnios-refresh-010, omnios-from-repository-004]
pub(super) fn does_not_contain(name: &str, uri: &str, known: &str) -> String {
    format!(
        "The repository at {uri} does not contain package data for {name}; only {known}.\n\n\
         This is either because the repository location is not valid, or because the provided publisher does not match those \
         known by the repository."
    )
}

/// Result of a refresh.
pub(super) struct Refreshed {
    pub(super) succeeded: usize,
    /// Publishers of which some origins answered, not counted as a success.
    pub(super) partial: usize,
    pub(super) asked: usize,
    /// Text for standard error, empty when all went well.
    pub(super) text: String,
}

/// Begin of the text of a file repository that lacks a publisher.
const NO_PUBLISHER: &str = "No publisher matching";

/// Fetches catalogs, and notes at each publisher whether that went well. Disabled origins are not asked. `strict`: each origin
/// must answer, not one of each publisher. [image.py: refresh_publishers, ignore_unreachable; recorded:
/// omnios-from-repository-009]
/// [client_api.py: _collect_catalog_failures; recorded: omnios-refresh-012 to -051]
pub(super) fn refresh<'a>(
    client: Client<'_>,
    publishers: impl Iterator<Item = &'a mut Publisher>,
    strict: bool,
) -> Refreshed {
    let (mut asked, mut succeeded, mut partial, mut failures) = (0, 0, 0, String::new());
    for publisher in publishers {
        asked += 1;
        let origins: Vec<&Repository> = publisher.origins.iter().filter(|origin| !origin.disabled).collect();
        let failed: Vec<(&Repository, String)> = origins
            .iter()
            .filter_map(|origin| match ask(client, origin) {
                Found::Nothing(why) => Some((*origin, why)),
                Found::Publishers(known) if !known.contains(&publisher.name) => {
                    let why = format!("{NO_PUBLISHER} '{}' could be found.", publisher.name);
                    Some((*origin, format!("file protocol error: code: E_TFTP_ILLEGAL (71) reason: {why}")))
                }
                _ => None,
            })
            .collect();
        // One that answers, but lacks the publisher, ends the refresh of the publisher. [source: publisher.py: refresh]
        let lacks = failed.iter().any(|(_, why)| why.contains(NO_PUBLISHER));
        let is_partial = failed.len() < origins.len() && !lacks;
        if failed.is_empty() || (is_partial && !strict) {
            succeeded += 1;
        } else {
            partial += usize::from(is_partial);
            failures.push_str(&format!(
                "\n{}/{} repositories for publisher '{}' could not be refreshed.\n\n",
                failed.len(),
                origins.len(),
                publisher.name
            ));
            for (origin, why) in &failed {
                failures.push_str(&format!(
                    "Unable to contact valid package repository: {}\nEncountered the following error(s):\n  {why}\n\n",
                    origin.uri
                ));
            }
        }
        let lost: Vec<String> = failed.iter().map(|(origin, _)| origin.uri.clone()).collect();
        publisher.refreshed = is_partial || lost.is_empty();
        let gave = |origin: &&mut Repository| !lacks && !origin.disabled && !lost.contains(&origin.uri);
        publisher.origins.iter_mut().filter(gave).for_each(|origin| origin.fetched = true);
    }
    let counted = if partial > 0 { format!(" ({partial} partial)") } else { String::new() };
    let text = match failures.is_empty() {
        true => String::new(),
        false => format!("pkg: {succeeded}/{asked} catalogs successfully updated{counted}:\n{failures}\n"),
    };
    Refreshed { succeeded, partial, asked, text }
}
