//! `pkg set-publisher -p`: takes names from a repository.
//!
//! [source: client_api.py: _publisher_set of pkg5; recorded: kind `from-repository`]

use super::address;
use super::change::change;
use super::grammar::Given;
use super::image::{self, Repository};
use super::repository::{self, Client, Found};
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
    let name = given.operands.first();
    let asked = match source(session, uri, &request) {
        Ok(asked) => asked,
        Err(text) => {
            session.complain(format_args!("\npkg set-publisher: {text}\n"));
            return Ok(FAILED);
        }
    };
    let names = match repository::ask(Client::of(session), &asked) {
        Found::Publishers(names) => names,
        // A host of the network is taken for the publisher of its name.
        Found::Anything => name.cloned().or_else(|| address::host(uri)).into_iter().collect(),
        Found::Nothing(why) => {
            session.complain(format_args!("\npkg set-publisher: {why}\n"));
            return Ok(FAILED);
        }
    };
    if names.is_empty() {
        session.complain(format_args!(
            "\npkg: The specified repository did not contain any publisher configuration\n\
             information.  This is likely the result of a repository configuration\n\
             error.  Please contact the repository administrator for further\nassistance.\n"
        ));
        return Ok(FAILED);
    }
    if let Some(name) = name.filter(|name| !names.contains(name)) {
        let text = repository::does_not_contain(name, uri, &names.join(", "));
        session.complain(format_args!("pkg: {text}\n"));
        return Ok(FAILED);
    }
    request.refresh = false;
    let (mut added, mut updated, mut failed) = (Vec::new(), Vec::new(), String::new());
    let chosen: Vec<&String> = names.iter().filter(|known| name.is_none_or(|name| name == *known)).collect();
    for prefix in &chosen {
        let known = work.image.publishers.iter().find(|publisher| publisher.name == **prefix);
        let there = known.is_some();
        let has = known.is_some_and(|publisher| publisher.origins.iter().any(|origin| origin.uri == asked.uri));
        request.add_origins = if has { Vec::new() } else { vec![uri.to_owned()] };
        let saved = there.then(|| {
            // An existing publisher keeps its place, its key and whether it is sticky.
            (request.sticky.take(), request.key.take(), request.cert.take(), std::mem::take(&mut request.first))
        });
        let order = there.then(|| (request.before.take(), request.after.take()));
        let outcome = change(session, &mut work, prefix, &request)?;
        if let (Some(saved), Some((before, after))) = (saved, order) {
            (request.sticky, request.key, request.cert, request.first) = saved;
            (request.before, request.after) = (before, after);
        }
        match outcome {
            Ok(()) if there => updated.push((*prefix).clone()),
            Ok(()) => {
                added.push((*prefix).clone());
                request.first = false;
                request.before = None;
                request.after = Some((*prefix).clone());
            }
            Err(fault) => failed.push_str(&format!("  {prefix}:\n{}\n", fault.text)),
        }
    }
    if !failed.is_empty() {
        session.complain(format_args!("\npkg set-publisher: failed to add or update one or more publishers\n{failed}"));
        if added.is_empty() && updated.is_empty() {
            return Ok(FAILED);
        }
    }
    let all: Vec<&String> = added.iter().chain(&updated).collect();
    for name in &all {
        session.say(format_args!(" Startup: Refreshing catalog '{name}' ... Done\n"));
    }
    let chosen = work.image.publishers.iter_mut().filter(|publisher| all.contains(&&publisher.name));
    let refreshed = repository::refresh(Client::of(session), chosen, false);
    image::write(session.machine, &work.root, &work.image)?;
    if refreshed.text.is_empty() {
        session.say(format_args!(" Startup: Caching catalogs ... Done\n"));
    }
    session.say(format_args!("pkg set-publisher:\n"));
    for (word, names) in [("Added", added), ("Updated", updated)] {
        if !names.is_empty() {
            session.say(format_args!("  {word} publisher(s): {}\n", names.join(", ")));
        }
    }
    session.complain(format_args!("{}", refreshed.text));
    Ok(match (refreshed.text.is_empty() && failed.is_empty(), refreshed.succeeded) {
        (true, _) => OK,
        (false, 0) => FAILED,
        (false, _) => PARTIAL,
    })
}

/// The repository that `-p` names. [recorded: omnios-from-repository-038, -039, omnios-userinfo-013]
fn source(session: &Session<'_, '_>, uri: &str, request: &Request) -> Result<Repository, String> {
    if let Some(proxy) = &request.proxy {
        address::proxy(proxy, request.may_have_user)?;
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
