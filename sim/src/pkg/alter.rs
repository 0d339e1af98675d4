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
        address::proxy(proxy, request.may_have_user)?;
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
        for uri in &request.toggled {
            let mut found = false;
            // Compared as given but for one slash: an address that ends in two is not found.
            // [publisher.py: get_origin; recorded: omnios-zmgr-origin-001]
            let wanted = if uri.ends_with('/') { uri.clone() } else { format!("{uri}/") };
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
        let mut secure = false;
        let all = publisher.origins.iter_mut().chain(&mut publisher.mirrors);
        for repository in all.filter(|repository| repository.is_secure()) {
            secure = true;
            repository.key = key.clone().or(repository.key.take());
            repository.cert = cert.clone().or(repository.cert.take());
        }
        if !secure {
            let name = &publisher.name;
            return Err(Fault::usage(format!("Publisher '{name}' does not have any SSL-based origins or mirrors.")));
        }
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
            let uri = address::repository(uri)?;
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

fn repository(uri: &str, request: &Request) -> Result<Repository, Fault> {
    let uri = address::repository(uri)?;
    if request.proxy.is_some() && uri.starts_with("file:") {
        return Err(Fault::new("'proxies' is not supported for 'file'."));
    }
    Ok(Repository { uri, proxy: request.proxy.clone(), ..Repository::default() })
}

/// Values of a property are kept in one text. [publisher.py: update_props]
fn alter_props(publisher: &mut Publisher, request: &Request) -> Result<(), Fault> {
    let props = &mut publisher.props;
    props.retain(|(name, _)| !request.unset_props.contains(name));
    for (name, value) in &request.set_props {
        props.retain(|(known, _)| known != name);
        props.push((name.clone(), value.clone()));
    }
    for (name, value) in &request.add_values {
        match props.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => *values = format!("{values} {value}"),
            None => props.push((name.clone(), value.clone())),
        }
    }
    for (name, value) in &request.remove_values {
        let Some((_, values)) = props.iter_mut().find(|(known, _)| known == name) else {
            return Err(Fault::new(format!(
                "Cannot remove a value from the property {name} because the property does not exist."
            )));
        };
        let mut left: Vec<&str> = values.split(' ').collect();
        let Some(at) = left.iter().position(|known| known == value) else {
            return Err(Fault::new(format!(
                "Cannot remove the value {value} from the property {name} because the value is not in the property's list."
            )));
        };
        left.remove(at);
        *values = left.join(" ");
    }
    let get = |wanted: &str| publisher.props.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if let Some(policy) = get("signature-policy")
        && !super::property::SIGNATURE_POLICIES.contains(&policy)
    {
        return Err(Fault::new(format!("Invalid value '{policy}' for property 'signature-policy'.")));
    }
    if get("signature-policy") == Some("require-names") && get("signature-required-names").is_none_or(str::is_empty) {
        return Err(Fault::new("At least one name must be provided for the signature-required-names policy."));
    }
    Ok(())
}
