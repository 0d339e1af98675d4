//! Makes or changes one publisher: its files, its repositories, its place.
//!
//! [source: api.py: __update_publisher; image.py: __add_publisher of pkg5; recorded: kinds `refresh`, `order`, `keys`]

use super::address;
use super::alter::altered;
use super::image::{self, Publisher, Repository};
use super::repository::{self, Client};
use super::request::{Fault, Request};
use super::work::{IN_USE, Work};
use crate::session::Session;

/// Makes or changes one publisher.
pub(super) fn change(
    session: &mut Session<'_, '_>,
    work: &mut Work,
    name: &str,
    request: &Request,
) -> std::io::Result<Result<(), Fault>> {
    let known = work.image.publishers.iter().position(|publisher| publisher.name == name);
    let publisher = match (known, request.needs_known()) {
        (Some(at), _) => work.image.publishers[at].clone(),
        // [recorded: omnios-refresh-038]
        (None, true) => return Ok(Err(Fault::bare(format!("Unknown publisher '{name}'.")))),
        (None, false) if !address::is_name(name) => {
            return Ok(Err(Fault::new(format!("'{name}' is not a valid publisher name."))));
        }
        (None, false) => Publisher { refreshed: false, ..Publisher::new(name, "") },
    };
    match altered(publisher, request) {
        Ok(publisher) => store(session, work, known, publisher, request),
        Err(fault) => Ok(Err(fault)),
    }
}

/// Checks the files of the publisher's origins: a certificate must be one, of a key only that it is there.
/// [image.py: check_cert_validity; recorded: omnios-keys-001 to -056]
fn check_files(session: &Session<'_, '_>, work: &Work, publisher: &Publisher) -> Result<(), Fault> {
    let name = &publisher.name;
    for origin in &publisher.origins {
        let uri = &origin.uri;
        if let Some(path) = &origin.cert {
            let file = session.machine.path(path);
            let path = work.shown(path);
            if file.is_dir() {
                return Err(Fault::directory(session, &path));
            }
            let Ok(bytes) = std::fs::read(&file) else {
                return Err(Fault::new(format!(
                    "Unable to locate certificate '{path}' for publisher '{name}' needed to access '{uri}'."
                )));
            };
            if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") {
                return Err(Fault::new(format!(
                    "Certificate '{path}' for publisher '{name}', needed to access '{uri}', is invalid."
                )));
            }
        }
        if let Some(path) = &origin.key {
            let path = work.shown(path);
            if !session.machine.path(origin.key.as_deref().unwrap_or_default()).exists() {
                return Err(Fault::new(format!(
                    "Unable to locate key '{path}' for publisher '{name}' needed to access '{uri}'."
                )));
            }
        }
    }
    Ok(())
}

/// Puts the publisher into the image, once all has been looked at.
fn store(
    session: &mut Session<'_, '_>,
    work: &mut Work,
    known: Option<usize>,
    mut publisher: Publisher,
    request: &Request,
) -> std::io::Result<Result<(), Fault>> {
    if known.is_some()
        && let Some(missing) = request.approved.iter().find(|path| !session.machine.path(path).is_file())
    {
        return Ok(Err(Fault::new(format!("Could not find {missing}"))));
    }
    if image::is_locked(session.machine, &work.root) {
        return Ok(Err(Fault::new(IN_USE)));
    }
    if let Err(fault) = check_files(session, work, &publisher) {
        return Ok(Err(fault));
    }
    let old = known.map(|at| work.image.publishers[at].clone());
    let mut stays = Ok(());
    if let Err(fault) = ask_repositories(session, old.as_ref(), &mut publisher, request) {
        // If an origin gave a catalog that the image did not have, the change is kept although the command failed.
        // [recorded: omnios-refresh-015, -023]
        let is_partial = fault.text.contains(" partial)");
        if !is_partial || !has_new_catalog(old.as_ref(), &publisher) {
            if is_partial && let Some(at) = known {
                work.image.publishers[at].refreshed = true;
                image::write(session.machine, &work.root, &work.image)?;
            }
            return Ok(Err(fault));
        }
        stays = Err(fault);
    }
    let name = publisher.name.clone();
    let before = work.image.publishers.clone();
    match known {
        Some(at) => work.image.publishers[at] = publisher,
        None => work.image.publishers.push(publisher),
    }
    if stays.is_ok()
        && let Err(fault) = place(&mut work.image.publishers, &name, request)
    {
        work.image.publishers = before;
        return Ok(Err(fault));
    }
    if let Some(fault) = unsaved(session, work, &name) {
        work.image.publishers = before;
        return Ok(Err(fault));
    }
    if let Some(publisher) = work.image.publishers.iter_mut().find(|publisher| publisher.name == name) {
        image::keep_keys(session.machine, &work.root, publisher)?;
    }
    image::write(session.machine, &work.root, &work.image)?;
    if known.is_some() {
        image::drop_unused_keys(session.machine, &work.root, &work.image)?;
    }
    Ok(stays)
}

fn has_new_catalog(old: Option<&Publisher>, new: &Publisher) -> bool {
    let had = |uri: &str| old.is_some_and(|old| old.origins.iter().any(|origin| origin.fetched && origin.uri == uri));
    new.origins.iter().any(|origin| origin.fetched && !had(&origin.uri))
}

/// Fault with which saving the image ends: a key that is a directory, and a list where the format of images has a text.
/// [source: image.py: __store_publisher_ssl; imageconfig.py: write, where only signature-required-names is a list]
fn unsaved(session: &Session<'_, '_>, work: &Work, name: &str) -> Option<Fault> {
    let publisher = work.image.publishers.iter().find(|publisher| publisher.name == name)?;
    let keys = publisher.origins.iter().chain(&publisher.mirrors).filter_map(|repository| repository.key.as_ref());
    if let Some(directory) = keys.into_iter().find(|path| session.machine.path(path).is_dir()) {
        return Some(Fault::directory(session, &work.shown(directory)));
    }
    let (property, values) = publisher.lists.first()?;
    Some(Fault::new(format!(
        "Invalid value '{}' for property 'property.{property}' in section 'authority_{name}'.",
        super::property::listed(values)
    )))
}

/// Asks the repositories as far as this change calls for it.
/// [api.py: __update_publisher; image.py: __update_publisher_catalogs; recorded: omnios-refresh-001 to -038]
fn ask_repositories(
    session: &mut Session<'_, '_>,
    old: Option<&Publisher>,
    publisher: &mut Publisher,
    request: &Request,
) -> Result<(), Fault> {
    let Some(old) = old else {
        if !request.refresh || publisher.origins.is_empty() {
            return Ok(());
        }
        repository::validate(Client::of(session), publisher, &[]).map_err(Fault::bare)?;
        return refresh_one(session, publisher);
    };
    // An origin whose catalog was fetched in the meantime is the same origin.
    let has = |list: &[Repository], origin: &Repository| {
        list.iter().any(|other| Repository { fetched: origin.fetched, ..other.clone() } == *origin)
    };
    let new: Vec<Repository> = publisher.origins.iter().filter(|origin| !has(&old.origins, origin)).cloned().collect();
    let changed = !new.is_empty() || old.origins.iter().any(|origin| !has(&publisher.origins, origin));
    let emptied = publisher.origins.is_empty() && !old.origins.is_empty();
    let must = !publisher.disabled && (old.disabled || changed);
    let stale = !emptied && !publisher.disabled && !publisher.origins.is_empty() && !old.refreshed;
    if !must && !stale {
        return Ok(());
    }
    publisher.refreshed = false;
    if !request.refresh {
        return Ok(());
    }
    if !new.is_empty() {
        let each: Vec<&Repository> = new.iter().collect();
        repository::validate(Client::of(session), publisher, &each).map_err(Fault::bare)?;
    }
    refresh_one(session, publisher)
}

fn refresh_one(session: &mut Session<'_, '_>, publisher: &mut Publisher) -> Result<(), Fault> {
    session.say(format_args!(" Startup: Refreshing catalog '{}' ... Done\n", publisher.name));
    let refreshed = repository::refresh(Client::of(session), std::iter::once(publisher), true);
    if refreshed.text.is_empty() {
        session.say(format_args!(" Startup: Caching catalogs ... Done\n"));
        return Ok(());
    }
    Err(Fault::bare(refreshed.text))
}

/// Moves a publisher to where it is to be searched. [imageconfig.py: change_publisher_search_order]
fn place(publishers: &mut Vec<Publisher>, name: &str, request: &Request) -> Result<(), Fault> {
    let neighbour = request.before.as_ref().or(request.after.as_ref());
    if !request.first && neighbour.is_none() {
        return Ok(());
    }
    let index = |publishers: &[Publisher], name: &str| publishers.iter().position(|publisher| publisher.name == name);
    let Some(at) = index(publishers, name) else { return Ok(()) };
    if publishers[at].system {
        return Err(Fault::new(format!("Publisher '{name}' is a system publisher and cannot be moved.")));
    }
    let Some(neighbour) = neighbour.filter(|_| !request.first) else {
        let moved = publishers.remove(at);
        publishers.insert(0, moved);
        return Ok(());
    };
    if neighbour == name {
        return Err(Fault::new("Cannot search a repository before or after itself"));
    }
    let Some(to) = index(publishers, neighbour) else {
        return Err(Fault::new(format!(
            "{neighbour} is an unknown publisher; no other publishers can be ordered relative to it."
        )));
    };
    if publishers[to].system {
        return Err(Fault::new(format!(
            "Publisher '{neighbour}' is a system publisher and other publishers cannot be moved relative to it."
        )));
    }
    let moved = publishers.remove(at);
    let to = to - usize::from(to > at) + usize::from(request.before.is_none());
    publishers.insert(to, moved);
    Ok(())
}
