//! `pkg set-publisher -p`: takes names from a repository.
//!
//! [source: client_api.py: _publisher_set of pkg5; recorded: kind `from-repository`]

use super::address;
use super::change::change;
use super::grammar::Given;
use super::image::{self, Publisher, Repository, with_slash};
use super::repository::{self, Client, Described, Found};
use super::request::Request;
use super::work::{PARTIAL, Work};
use crate::session::{Answer, FAILED, OK, Session};

/// `-p`: takes names from a repository, adds the publishers that are new and the origin to those that are there.
/// [client_api.py: _publisher_set; recorded: omnios-from-repository-001 to -048]
pub(super) fn from_repository(
    session: &mut Session<'_, '_>,
    mut work: Work,
    given: &Given,
    mut request: Request,
    uri: &str,
) -> Answer {
    let names = match names(session, given, &request, uri) {
        Ok(names) => names,
        Err(text) => {
            session.complain(format_args!("{text}\n"));
            return Ok(FAILED);
        }
    };
    request.refresh = false;
    let done = configure(session, &mut work, &names, &mut request, uri)?;
    let mut told = String::new();
    for (word, names) in [("Added", &done.added), ("Updated", &done.updated)] {
        if !names.is_empty() {
            told.push_str(&format!("  {word} publisher(s): {}\n", names.join(", ")));
        }
    }
    if !done.failed.is_empty() {
        // Nothing is refreshed then.
        session.say(format_args!("{told}"));
        session.complain(format_args!(
            "\npkg set-publisher: failed to add or update one or more publishers\n{}",
            done.failed
        ));
        return Ok(if told.is_empty() { FAILED } else { PARTIAL });
    }
    told.insert_str(0, "pkg set-publisher:\n");
    let all: Vec<&String> = done.added.iter().chain(&done.updated).collect();
    let is_disabled =
        |name: &&&String| work.image.publishers.iter().any(|known| known.name == ***name && known.disabled);
    if let Some(name) = all.iter().find(is_disabled) {
        session.say(format_args!("{told}"));
        session.complain(format_args!(
            "pkg: Publisher '{name}' is disabled and cannot be used for packaging operations.\n\
             pkg: 'pkg publisher' will show a list of publishers.\n"
        ));
        return Ok(FAILED);
    }
    for name in &all {
        session.say(format_args!(" Startup: Refreshing catalog '{name}' ... Done\n"));
    }
    let chosen = work.image.publishers.iter_mut().filter(|publisher| all.contains(&&publisher.name));
    let refreshed = repository::refresh(Client::of(session), chosen, false);
    image::write(session.machine, &work.root, &work.image)?;
    if refreshed.text.is_empty() {
        session.say(format_args!(" Startup: Caching catalogs ... Done\n"));
    }
    session.say(format_args!("{told}"));
    session.complain(format_args!("{}", refreshed.text));
    Ok(match (refreshed.text.is_empty(), refreshed.succeeded) {
        (true, _) => OK,
        (false, 0) => FAILED,
        (false, _) => PARTIAL,
    })
}

/// Names of the publishers to set; an error is the text for standard error.
fn names(session: &Session<'_, '_>, given: &Given, request: &Request, uri: &str) -> Result<Vec<String>, String> {
    let name = given.operands.first();
    let asked = source(session, uri, request).map_err(|text| format!("\npkg set-publisher: {text}"))?;
    let names = match repository::ask(Client::of(session), &asked) {
        Found::Publishers(names) => names,
        // A host of the network is taken for the publisher of its name.
        Found::Anything => name.cloned().or_else(|| address::host(uri)).into_iter().collect(),
        Found::Nothing(why) => return Err(format!("\npkg set-publisher: {why}")),
    };
    if names.is_empty() {
        return Err("\npkg: The specified repository did not contain any publisher configuration\n\
                    information.  This is likely the result of a repository configuration\n\
                    error.  Please contact the repository administrator for further\nassistance."
            .to_owned());
    }
    match name {
        None => Ok(names),
        Some(name) if names.contains(name) => Ok(vec![name.clone()]),
        Some(name) => Err(format!("pkg: {}", repository::does_not_contain(name, uri, &names.join(", ")))),
    }
}

/// Publishers that were set, and the texts about those that were not.
#[derive(Default)]
struct Done {
    added: Vec<String>,
    updated: Vec<String>,
    failed: String,
}

fn configure(
    session: &mut Session<'_, '_>,
    work: &mut Work,
    names: &[String],
    request: &mut Request,
    uri: &str,
) -> std::io::Result<Done> {
    let mut done = Done::default();
    // Once one cannot be saved, saving ends with its error for all that follow.
    let mut unsaved: Option<String> = None;
    for prefix in names {
        let known = work.image.publishers.iter().find(|publisher| publisher.name == *prefix);
        let there = known.is_some();
        let described = repository::described(session.machine, uri, prefix);
        (request.add_origins, request.add_mirrors) = additions(known, uri, described);
        let saved = there.then(|| {
            // An existing publisher keeps its place, its key and whether it is sticky.
            (request.sticky.take(), request.key.take(), request.cert.take(), std::mem::take(&mut request.first))
        });
        let order = there.then(|| (request.before.take(), request.after.take()));
        let outcome = change(session, work, prefix, request)?;
        if let (Some(saved), Some((before, after))) = (saved, order) {
            (request.sticky, request.key, request.cert, request.first) = saved;
            (request.before, request.after) = (before, after);
        }
        if !there {
            request.first = false;
            request.before = None;
            request.after = Some(prefix.clone());
        }
        match outcome {
            Ok(()) if there => done.updated.push(prefix.clone()),
            Ok(()) => done.added.push(prefix.clone()),
            Err(fault) => {
                let text = unsaved.clone().unwrap_or(fault.text);
                done.failed.push_str(&format!("  {prefix}:\n{text}\n"));
                unsaved = unsaved.or_else(|| text.contains("in section 'authority_").then_some(text));
            }
        }
    }
    Ok(done)
}

/// Origins and mirrors to add: those that the repository describes; otherwise its address, which a publisher may have.
fn additions(known: Option<&Publisher>, uri: &str, described: Option<Described>) -> (Vec<String>, Vec<String>) {
    let has = |list: &[Repository], uri: &str| list.iter().any(|repository| repository.uri == with_slash(uri));
    let Some(known) = known else {
        let described = described.unwrap_or(Described { origins: Vec::new(), mirrors: Vec::new() });
        let origins = if described.origins.is_empty() { vec![uri.to_owned()] } else { described.origins };
        return (origins, described.mirrors);
    };
    let Some(described) = described else {
        return (if has(&known.origins, uri) { Vec::new() } else { vec![uri.to_owned()] }, Vec::new());
    };
    let new = |wanted: Vec<String>, list: &[Repository]| wanted.into_iter().filter(|uri| !has(list, uri)).collect();
    (new(described.origins, &known.origins), new(described.mirrors, &known.mirrors))
}

/// The repository that `-p` names. [recorded: omnios-from-repository-038, -039, omnios-userinfo-013]
fn source(session: &Session<'_, '_>, uri: &str, request: &Request) -> Result<Repository, String> {
    if let Some(proxy) = &request.proxy {
        address::proxy(proxy, !request.is_openindiana)?;
    }
    let kept = address::repository(uri)?;
    if !kept.starts_with("https:") {
        let scheme = kept.split(':').next().unwrap_or_default();
        for (what, given) in [("ssl_cert", &request.cert), ("ssl_key", &request.key)] {
            if given.is_some() {
                return Err(format!("'{what}' is not supported for '{scheme}'."));
            }
        }
    }
    if request.proxy.is_some() && kept.starts_with("file:") {
        return Err("'proxies' is not supported for 'file'.".to_owned());
    }
    if let Some(missing) =
        [&request.cert, &request.key].into_iter().flatten().find(|path| !session.machine.path(path).exists())
    {
        return Err(format!("Unable to locate '{missing}'."));
    }
    Ok(Repository { uri: kept, proxy: request.proxy.clone(), ..Repository::default() })
}
