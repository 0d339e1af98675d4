//! A publisher as the options make it, before anything is looked at.
//!
//! [source: api.py: __update_publisher of pkg5; recorded: kinds `origin`, `mirror`, `proxy`, `keys`]

use super::address;
use super::image::{Publisher, Repository};
use super::request::{Fault, Request};

/// The publisher as the options make it, before anything is looked at.
pub(super) fn altered(mut publisher: Publisher, request: &Request) -> Result<Publisher, Fault> {
    let system = publisher.system;
    publisher.sticky = request.sticky.unwrap_or(publisher.sticky);
    if let Some(proxy) = &request.proxy {
        address::proxy(proxy, !request.is_openindiana)?;
    }
    let (mut key, mut cert) = (request.key.clone(), request.cert.clone());
    if let Some(uri) = &request.origin {
        // The new origin gets the key of the first of the old ones.
        if uri.starts_with("https:") && key.is_none() && cert.is_none() {
            let first = publisher.origins.first();
            key = first.and_then(|first| first.key.clone());
            cert = first.and_then(|first| first.cert.clone());
        }
        publisher.origins = vec![repository(uri, request)?];
    }
    for (word, list, add, remove) in [
        ("mirror", &mut publisher.mirrors, &request.add_mirrors, &request.remove_mirrors),
        ("origin", &mut publisher.origins, &request.add_origins, &request.remove_origins),
    ] {
        alter_list(word, list, add, remove, system, request)?;
    }
    if let Some(disable) = request.disable {
        if request.toggled.is_empty() {
            publisher.disabled = disable;
        }
        if publisher.disabled {
            // The catalogs of a disabled publisher go. [source: image.py: __rebuild_image_catalogs]
            publisher.origins.iter_mut().for_each(|origin| origin.fetched = false);
        }
        for uri in &request.toggled {
            let mut found = false;
            // Compared as given but for one slash: an address that ends in two is not found.
            // [publisher.py: get_origin; recorded: omnios-zmgr-origin-001]
            let wanted = with_one_slash(uri);
            for origin in publisher.origins.iter_mut().filter(|origin| uri == "*" || origin.uri == wanted) {
                origin.disabled = disable;
                found = true;
            }
            if !found && uri != "*" {
                return Err(Fault::new(format!("Unknown repository origin '{uri}'")));
            }
        }
    }
    if key.is_some() || cert.is_some() {
        set_files(&mut publisher, key.as_ref(), cert.as_ref())?;
    }
    alter_props(&mut publisher, request)?;
    for list in [&mut publisher.origins, &mut publisher.mirrors] {
        list.sort_by(|one, other| one.uri.cmp(&other.uri));
    }
    Ok(publisher)
}

/// Takes away first, then adds, whatever the order on the command line.
fn alter_list(
    word: &str,
    list: &mut Vec<Repository>,
    add: &[String],
    remove: &[String],
    system: bool,
    request: &Request,
) -> Result<(), Fault> {
    if remove.iter().any(|uri| uri == "*") {
        if !system {
            list.clear();
        }
    } else {
        for uri in remove {
            // A mirror's address is not looked at. [source: publisher.py: remove_mirror]
            let uri = if word == "mirror" { with_one_slash(uri) } else { address::repository(uri)? };
            if system {
                return Err(Fault::new(format!(
                    "Unable to remove {word} '{uri}' since it is provided by the system repository."
                )));
            }
            let Some(at) = list.iter().position(|known| known.uri == uri) else {
                // The mirror's text has a full stop. [recorded: omnios-mirror-029, -030]
                let stop = if word == "mirror" { "." } else { "" };
                return Err(Fault::new(format!("Unknown repository {word} '{uri}'{stop}")));
            };
            list.remove(at);
        }
    }
    for uri in add {
        let new = repository(uri, request)?;
        if !list.iter().any(|known| known.uri == new.uri) {
            list.push(new);
        } else if request.toggled.is_empty() {
            let word = if word == "mirror" { "Mirror" } else { "Origin" };
            let why = match system {
                true => "is already accessible through the system repository.",
                false => "already exists for the specified publisher.",
            };
            return Err(Fault::new(format!("{word} '{}' {why}", new.uri)));
        } else if word == "mirror" {
            // Only an origin that is there may be named again to be enabled. [recorded: omnios-zmgr-012]
            return Err(Fault::new(format!("Mirror '{}' already exists for the specified publisher.", new.uri)));
        }
    }
    Ok(())
}

/// Gives every secure origin and mirror the key and the certificate.
fn set_files(publisher: &mut Publisher, key: Option<&String>, cert: Option<&String>) -> Result<(), Fault> {
    let all = publisher.origins.iter_mut().chain(&mut publisher.mirrors);
    let mut secure = false;
    for repository in all.filter(|repository| repository.is_secure()) {
        secure = true;
        repository.key = key.cloned().or(repository.key.take());
        repository.cert = cert.cloned().or(repository.cert.take());
    }
    if secure {
        return Ok(());
    }
    let name = &publisher.name;
    Err(Fault::usage(format!("Publisher '{name}' does not have any SSL-based origins or mirrors.")))
}

fn with_one_slash(uri: &str) -> String {
    if uri.ends_with('/') { uri.to_owned() } else { format!("{uri}/") }
}

fn repository(uri: &str, request: &Request) -> Result<Repository, Fault> {
    let uri = address::repository(uri)?;
    if request.proxy.is_some() && uri.starts_with("file:") {
        return Err(Fault::new("'proxies' is not supported for 'file'."));
    }
    Ok(Repository { uri, proxy: request.proxy.clone(), ..Repository::default() })
}

/// The one property of a publisher that is a list. Its values are kept in one text, as [`NAMES_BETWEEN`] says.
const REQUIRED_NAMES: &str = "signature-required-names";
const NAMES_BETWEEN: &str = ", ";
const POLICY: &str = "signature-policy";

/// [source: publisher.py: update_props, __set_prop]
fn alter_props(publisher: &mut Publisher, request: &Request) -> Result<(), Fault> {
    publisher.props.retain(|(name, _)| !request.unset_props.contains(name));
    for (name, value) in &request.set_props {
        if name == POLICY && !super::property::SIGNATURE_POLICIES.contains(&value.as_str()) {
            return Err(Fault::new(format!("{value} is not a valid value for this property:{POLICY}")));
        }
        put(&mut publisher.props, name, value.clone());
    }
    for (name, value) in &request.add_values {
        add_value(publisher, name, value, request.is_openindiana)?;
    }
    for (name, value) in &request.remove_values {
        remove_value(publisher, name, value)?;
    }
    let get = |wanted: &str| publisher.props.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if get(POLICY) == Some("require-names") && get(REQUIRED_NAMES).is_none_or(str::is_empty) {
        return Err(Fault::new("At least one name must be provided for the signature-required-names policy."));
    }
    Ok(())
}

fn put(props: &mut Vec<(String, String)>, name: &str, value: String) {
    props.retain(|(known, _)| known != name);
    props.push((name.to_owned(), value));
}

fn current<'a>(publisher: &'a Publisher, name: &str) -> Option<&'a str> {
    publisher.props.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn add_value(publisher: &mut Publisher, name: &str, value: &str, is_openindiana: bool) -> Result<(), Fault> {
    match current(publisher, name) {
        Some(values) if name == REQUIRED_NAMES => {
            let all = if values.is_empty() { value.to_owned() } else { format!("{values}{NAMES_BETWEEN}{value}") };
            put(&mut publisher.props, name, all);
        }
        None if name == REQUIRED_NAMES => put(&mut publisher.props, name, value.to_owned()),
        Some(single) => {
            return Err(Fault::new(format!(
                "Cannot add a value to a single valued property, The property name is '{name}' and the current value is \
                 '{single}'"
            )));
        }
        // The policy of an empty list is looked for. [publisher.py: __prop_setdefault]
        None if name == POLICY => return Err(Fault::internal(is_openindiana, "IndexError: list index out of range")),
        None => match publisher.lists.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => publisher.lists.push((name.to_owned(), vec![value.to_owned()])),
        },
    }
    Ok(())
}

fn remove_value(publisher: &mut Publisher, name: &str, value: &str) -> Result<(), Fault> {
    let list = publisher.lists.iter().find(|(known, _)| known == name).map(|(_, values)| values.clone());
    let mut values = match (list, current(publisher, name)) {
        (Some(values), _) => values,
        (None, Some(text)) if name == REQUIRED_NAMES => text.split(NAMES_BETWEEN).map(str::to_owned).collect(),
        (None, Some(single)) => {
            return Err(Fault::new(format!(
                "Cannot remove a value from a single valued property, unset must be used. The property name is '{name}' and \
                 the current value is '{single}'"
            )));
        }
        (None, None) => {
            return Err(Fault::new(format!(
                "Cannot remove a value from the property {name} because the property does not exist."
            )));
        }
    };
    let Some(at) = values.iter().position(|known| known == value) else {
        return Err(Fault::new(format!(
            "Cannot remove the value {value} from the property {name} because the value is not in the property's list."
        )));
    };
    values.remove(at);
    match publisher.lists.iter_mut().find(|(known, _)| known == name) {
        Some((_, list)) => *list = values,
        None => put(&mut publisher.props, name, values.join(NAMES_BETWEEN)),
    }
    Ok(())
}
