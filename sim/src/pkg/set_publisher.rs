//! `pkg set-publisher`.

use super::command::{Work, fail};
use super::image::{self, Publisher, with_slash};
use crate::answer::{Answer, OK, Session, USAGE};
use crate::options::Parsed;

/// Long options without a letter of their own get one that pkg does not use.
pub(super) const OPTIONS: &str = "Pedk:c:O:g:G:m:M:p:NSLB:A:I:a:u:x:y";
pub(super) const LONG: &[(&str, char)] = &[
    ("disable", 'd'),
    ("enable", 'e'),
    ("no-refresh", 'N'),
    ("sticky", 'S'),
    ("non-sticky", 'L'),
    ("search-first", 'P'),
    ("search-before", 'B'),
    ("search-after", 'A'),
    ("set-property", 'I'),
    ("unset-property", 'x'),
    ("approve-ca-cert", 'a'),
    ("reset-uuid", 'y'),
    ("proxy", 'u'),
    ("add-origin", 'g'),
    ("remove-origin", 'G'),
    ("add-mirror", 'm'),
    ("remove-mirror", 'M'),
];

pub(super) fn run(session: &mut Session<'_, '_>, mut work: Work, options: &Parsed) -> Answer {
    let name = match (options.operands.as_slice(), options.value('p')) {
        ([name], _) => name.clone(),
        // The name is the repository's to tell; the machine takes it from the address.
        ([], Some(uri)) => match host_of(uri) {
            Some(host) => host,
            None => return fail(session, format_args!("pkg set-publisher: '{uri}' is not a valid URI.")),
        },
        ([], None) => {
            session.complain(format_args!("pkg set-publisher: requires a publisher name\n"));
            return Ok(USAGE);
        }
        _ => {
            session.complain(format_args!("pkg set-publisher: only one publisher name may be specified\n"));
            return Ok(USAGE);
        }
    };
    if !is_name(&name) {
        return fail(session, format_args!("pkg set-publisher: '{name}' is not a valid publisher name."));
    }
    let uris = ['O', 'g', 'm', 'p'].iter().flat_map(|letter| options.values(*letter));
    if let Some(bad) = uris.filter(|uri| !is_uri(uri)).map(str::to_owned).next() {
        return fail(session, format_args!("pkg set-publisher: '{bad}' is not a valid URI."));
    }
    for neighbour in ['A', 'B'].iter().filter_map(|letter| options.value(*letter)) {
        if !work.image.publishers.iter().any(|publisher| publisher.name == neighbour) {
            return fail(session, format_args!("pkg set-publisher: Unknown publisher '{neighbour}'."));
        }
    }
    let publishers = &mut work.image.publishers;
    let known = publishers.iter().position(|publisher| publisher.name == name);
    let mut publisher = known.map_or_else(|| Publisher::new(&name, ""), |at| publishers[at].clone());
    let inherited = if publisher.system { publisher.origins.clone() } else { Vec::new() };
    if let Err(message) = change_uris(&mut publisher, options, &inherited) {
        return fail(session, format_args!("pkg set-publisher: {message}"));
    }
    let secure = |uri: &&String| uri.starts_with("https:");
    if (options.has('k') || options.has('c')) && !publisher.origins.iter().chain(&publisher.mirrors).any(|u| secure(&u))
    {
        session.complain(format_args!(
            "pkg set-publisher: Publisher '{name}' does not have any SSL-based origins or mirrors.\n"
        ));
        return Ok(USAGE);
    }
    publisher.key = options.value('k').map(str::to_owned).or(publisher.key);
    publisher.cert = options.value('c').map(str::to_owned).or(publisher.cert);
    for (letter, _) in options.iter() {
        match letter {
            'S' => publisher.sticky = true,
            'L' => publisher.sticky = false,
            'e' => publisher.enabled = true,
            'd' => publisher.enabled = false,
            _ => {}
        }
    }
    match known {
        Some(at) => publishers[at] = publisher,
        None => publishers.push(publisher),
    }
    place(publishers, &name, options);
    image::write(session.machine, &work.root, &work.image)?;
    if options.has('p') {
        let word = if known.is_some() { "Updated" } else { "Added" };
        session.say(format_args!("pkg set-publisher:\n  {word} publisher(s): {name}\n"));
    }
    Ok(OK)
}

/// Moves a publisher to where it shall be searched.
fn place(publishers: &mut Vec<Publisher>, name: &str, options: &Parsed) {
    let index = |publishers: &[Publisher], name: &str| publishers.iter().position(|publisher| publisher.name == name);
    let neighbour = options.value('A').or(options.value('B')).filter(|neighbour| *neighbour != name);
    let Some(at) = index(publishers, name).filter(|_| options.has('P') || neighbour.is_some()) else { return };
    let moved = publishers.remove(at);
    let to = neighbour.and_then(|neighbour| index(publishers, neighbour));
    let to = to.map_or(0, |to| to + usize::from(options.value('A').is_some()));
    publishers.insert(to, moved);
}

/// Takes away first, then adds, whatever the order on the command line.
fn change_uris(publisher: &mut Publisher, options: &Parsed, inherited: &[String]) -> Result<(), String> {
    for (remove, add, word, uris) in
        [('G', 'g', "origin", &mut publisher.origins), ('M', 'm', "mirror", &mut publisher.mirrors)]
    {
        for uri in options.values(remove) {
            if uri == "*" {
                uris.retain(|uri| inherited.contains(uri));
            } else if inherited.contains(&with_slash(uri)) {
                return Err(format!("Unable to remove origin '{uri}': it is provided by the system repository."));
            } else {
                let at = uris.iter().position(|known| *known == with_slash(uri));
                uris.remove(at.ok_or_else(|| format!("Unknown repository {word} '{uri}'"))?);
            }
        }
        for uri in options.values(add) {
            let uri = with_slash(uri);
            let kind = if word == "origin" { "Origin" } else { "Mirror" };
            if inherited.contains(&uri) {
                return Err(format!("{kind} '{uri}' is already accessible through the system repository."));
            }
            if uris.contains(&uri) {
                return Err(format!("{kind} '{uri}' already exists for the specified publisher."));
            }
            uris.push(uri);
        }
    }
    if let Some(uri) = options.value('O') {
        publisher.origins = vec![with_slash(uri)];
    }
    if let Some(uri) = options.value('p')
        && !publisher.origins.contains(&with_slash(uri))
    {
        publisher.origins.push(with_slash(uri));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

fn is_uri(uri: &str) -> bool {
    let scheme = ["http://", "https://", "file://", "/"].iter().find(|scheme| uri.starts_with(**scheme));
    scheme.is_some_and(|scheme| uri.len() > scheme.len()) && !uri.contains(char::is_whitespace)
}

fn host_of(uri: &str) -> Option<String> {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let host = rest.split(['/', ':']).find(|part| !part.is_empty())?;
    is_uri(uri).then(|| host.to_owned())
}
