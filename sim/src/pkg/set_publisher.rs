//! `pkg set-publisher`: the refused combinations, then the publisher as it would be, then its repositories, its place, its copies
//! of keys. [client_api.py: _publisher_set, _add_update_pub; api.py: __update_publisher; image.py: __add_publisher]

use super::address;
use super::command::{NOT_SIMULATED, Work};
use super::grammar::{Given, Spec, Takes, label};
use super::image::{self, Publisher, Repository};
use super::repository::{self, Client, Found};
use crate::Status;
use crate::answer::{Answer, FAILED, OK, Session, USAGE};

pub(super) const OPTIONS: &[Spec] = &[
    ("P", "search-first", Takes::Flag),
    ("e", "enable", Takes::Flag),
    ("d", "disable", Takes::Flag),
    ("k", "", Takes::Value),
    ("c", "", Takes::Value),
    ("O", "origin-uri", Takes::Value),
    ("g", "add-origin", Takes::Values),
    ("G", "remove-origin", Takes::Values),
    ("m", "add-mirror", Takes::Values),
    ("M", "remove-mirror", Takes::Values),
    ("p", "", Takes::Value),
    ("", "no-refresh", Takes::Flag),
    ("", "sticky", Takes::Flag),
    ("", "non-sticky", Takes::Flag),
    ("", "search-before", Takes::Value),
    ("", "search-after", Takes::Value),
    ("", "set-property", Takes::Values),
    ("", "add-property-value", Takes::Values),
    ("", "remove-property-value", Takes::Values),
    ("", "unset-property", Takes::Values),
    ("", "approve-ca-cert", Takes::Values),
    ("", "revoke-ca-cert", Takes::Values),
    ("", "unset-ca-cert", Takes::Values),
    ("", "reset-uuid", Takes::Flag),
    ("", "proxy", Takes::Value),
    ("r", "recurse", Takes::Flag),
    ("z", "", Takes::Values),
    ("Z", "", Takes::Values),
    ("v", "verbose", Takes::Count),
];

/// How a publisher was not set: a text for standard error as it is, and the exit status.
pub(super) struct Fault {
    text: String,
    status: Status,
}

impl Fault {
    /// pkg puts an empty line before these.
    fn new(text: impl std::fmt::Display) -> Fault {
        Fault { text: format!("\n{text}"), status: FAILED }
    }

    fn bare(text: impl std::fmt::Display) -> Fault {
        Fault { text: text.to_string(), status: FAILED }
    }

    fn usage(text: impl std::fmt::Display) -> Fault {
        Fault { text: format!("pkg set-publisher: {text}"), status: USAGE }
    }
}

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault::new(text)
    }
}

fn name_of(option: &str) -> String {
    let found =
        OPTIONS.iter().find(|(letter, long, _)| if long.is_empty() { *letter == option } else { *long == option });
    found.map_or_else(String::new, |spec| label(*spec))
}

/// The combinations that pkg refuses, in the order in which it looks for them. [options.py: opts_table_cb_pub_opts,
/// opts_table_cb_pub_props, opts_table_cb_pub_search, opts_table_cb_li_recurse]
fn check_combinations(given: &Given, combined: &str) -> Result<(), String> {
    let both = |pairs: &[(&str, &str)]| -> Result<(), String> {
        match pairs.iter().find(|(one, other)| given.has(one) && given.has(other)) {
            Some((one, other)) => {
                Err(format!("The '{}' and '{}' {combined} may not be combined.", name_of(one), name_of(other)))
            }
            None => Ok(()),
        }
    };
    both(&[
        ("disable", "enable"),
        ("sticky", "non-sticky"),
        ("origin-uri", "add-origin"),
        ("origin-uri", "remove-origin"),
        ("p", "add-origin"),
        ("p", "add-mirror"),
        ("p", "remove-origin"),
        ("p", "remove-mirror"),
        ("p", "disable"),
        ("p", "enable"),
        ("p", "no-refresh"),
        ("p", "reset-uuid"),
    ])?;
    const WITH_PROXY: [&str; 5] = ["add-origin", "add-mirror", "remove-origin", "remove-mirror", "p"];
    if given.value("proxy").is_some() && !WITH_PROXY.iter().any(|option| given.has(option)) {
        let names: Vec<String> = WITH_PROXY[..4].iter().map(|option| name_of(option)).collect();
        return Err(format!("'--proxy' may only be used with '{}' or -p.", names.join(", ")));
    }
    if given.values("add-origin").any(|uri| uri == "*") && !given.has("enable") && !given.has("disable") {
        return Err("Either '-e/--enable' or '-d/--disable' must be specified".to_owned());
    }
    let mut set: Vec<&str> = Vec::new();
    for pair in given.values("set-property") {
        let Some((name, _)) = pair.split_once('=') else {
            return Err(format!(
                "properties to be set must be of the form '<name>=<value>'. This is what was given: {pair}"
            ));
        };
        if set.contains(&name) {
            return Err(format!("a property may only be set once in a command. {name} was set twice"));
        }
        set.push(name);
    }
    for (option, word) in [("add-property-value", "added"), ("remove-property-value", "removed")] {
        if let Some(pair) = given.values(option).find(|pair| !pair.contains('=')) {
            return Err(format!(
                "property values to be {word} must be of the form '<name>=<value>'. This is what was given: {pair}"
            ));
        }
    }
    both(&[("search-before", "search-after"), ("search-before", "search-first"), ("search-after", "search-first")])?;
    let recursion = ["Z", "z"].into_iter().find(|option| given.has(option) && !given.has("recurse"));
    recursion.map_or(Ok(()), |option| Err(format!("'-{option}' may only be used with '-r/--recurse'.")))
}

pub(super) fn run(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    // OpenIndiana's text lacks the plural. [recorded: oi-flags-006]
    let combined = if super::command::is_openindiana(session) { "option" } else { "options" };
    let fault = match check_combinations(given, combined) {
        Err(text) => Some(text),
        Ok(()) => match given.operands.as_slice() {
            [] if given.value("p").is_none() => Some("requires a publisher name".to_owned()),
            [_, _, ..] => Some("only one publisher name may be specified".to_owned()),
            _ => None,
        },
    };
    if let Some(text) = fault {
        session.complain(format_args!("pkg set-publisher: {text}\n{USAGE_TEXT}"));
        return Ok(USAGE);
    }
    let request = match Request::new(session, &work, given) {
        Ok(request) => request,
        Err(fault) => return Ok(tell(session, &fault)),
    };
    if let Some(uri) = given.value("p") {
        return from_repository(session, work, given, request, &address::parse(uri, &work_directory(session)));
    }
    let name = given.operands.first().cloned().unwrap_or_default();
    match change(session, &mut work, &name, &request)? {
        Ok(()) => Ok(OK),
        Err(fault) => Ok(tell(session, &fault)),
    }
}

const USAGE_TEXT: &str = "Usage:\n        pkg set-publisher [options] [publisher]\n";

fn tell(session: &mut Session<'_, '_>, fault: &Fault) -> Status {
    let usage = if fault.status == USAGE { USAGE_TEXT } else { "" };
    session.complain(format_args!("{}\n{usage}", fault.text));
    fault.status
}

/// The directory of the caller, as a path of the machine.
pub(super) fn work_directory(session: &Session<'_, '_>) -> String {
    let inside = session.call.cwd.strip_prefix(session.machine.root()).unwrap_or(std::path::Path::new(""));
    format!("/{}", inside.to_string_lossy())
}

/// Changes that the options ask for.
#[derive(Default)]
struct Request {
    origin: Option<String>,
    add_origins: Vec<String>,
    remove_origins: Vec<String>,
    add_mirrors: Vec<String>,
    remove_mirrors: Vec<String>,
    /// `*`, or addresses: what `--enable` or `--disable` is said of, if not of the publisher.
    toggled: Vec<String>,
    disable: Option<bool>,
    sticky: Option<bool>,
    key: Option<String>,
    cert: Option<String>,
    proxy: Option<String>,
    refresh: bool,
    first: bool,
    before: Option<String>,
    after: Option<String>,
    approved: Vec<String>,
    set_props: Vec<(String, String)>,
    add_values: Vec<(String, String)>,
    remove_values: Vec<(String, String)>,
    unset_props: Vec<String>,
    may_have_user: bool,
}

impl Request {
    fn new(session: &Session<'_, '_>, work: &Work, given: &Given) -> Result<Request, Fault> {
        let cwd = work_directory(session);
        // The client keeps sets: the same text twice counts once. [options.py: opts_table_cb_pub_opts]
        let list = |option: &str| {
            let mut uris: Vec<String> = Vec::new();
            for uri in given.values(option) {
                let uri = match (option, uri) {
                    ("remove-origin" | "remove-mirror" | "add-origin", "*") => "*".to_owned(),
                    _ => address::parse(uri, &cwd),
                };
                if !uris.contains(&uri) {
                    uris.push(uri);
                }
            }
            uris
        };
        let pairs = |option: &str| {
            let split = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            given.values(option).filter_map(split).collect::<Vec<_>>()
        };
        let file = |option: &str| {
            let Some(path) = given.values(option).next() else { return Ok(None) };
            // The real client ends with an internal error. [recorded: omnios-keys-031]
            if path.is_empty() {
                return Err(Fault::bare(format!("pkg: -{option} '': {NOT_SIMULATED}")));
            }
            Ok(Some(work.file(path, &cwd)))
        };
        let toggles = given.has("enable") || given.has("disable");
        let mut add_origins = list("add-origin");
        let toggled = match (toggles, add_origins.iter().any(|uri| uri == "*")) {
            (false, _) => Vec::new(),
            (true, true) => vec!["*".to_owned()],
            (true, false) => add_origins.clone(),
        };
        add_origins.retain(|uri| uri != "*");
        let either = |yes: &str, no: &str| match (given.has(yes), given.has(no)) {
            (false, false) => None,
            (yes, _) => Some(yes),
        };
        Ok(Request {
            origin: given.value("origin-uri").map(|uri| address::parse(uri, &cwd)),
            add_origins,
            remove_origins: list("remove-origin"),
            add_mirrors: list("add-mirror"),
            remove_mirrors: list("remove-mirror"),
            toggled,
            disable: either("disable", "enable"),
            sticky: either("sticky", "non-sticky"),
            key: file("k")?,
            cert: file("c")?,
            proxy: given.value("proxy").map(str::to_owned),
            refresh: !given.has("no-refresh"),
            first: given.has("search-first"),
            before: given.value("search-before").map(str::to_owned),
            after: given.value("search-after").map(str::to_owned),
            approved: given
                .values("approve-ca-cert")
                .map(|path| address::normalize(&format!("{cwd}/{path}")))
                .collect(),
            set_props: pairs("set-property"),
            add_values: pairs("add-property-value"),
            remove_values: pairs("remove-property-value"),
            unset_props: given.values("unset-property").map(str::to_owned).collect(),
            // OpenIndiana's client takes no userinfo in any address. [recorded: oi-proxy-010]
            may_have_user: !super::command::is_openindiana(session),
        })
    }

    /// Finds out whether only a publisher that is there can be meant.
    fn needs_known(&self) -> bool {
        self.origin.is_none()
            && self.add_origins.is_empty()
            && !(self.remove_origins.is_empty()
                && self.remove_mirrors.is_empty()
                && self.remove_values.is_empty()
                && self.add_mirrors.is_empty()
                && self.toggled.is_empty())
    }
}

/// Makes or changes one publisher.
fn change(
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

/// The publisher as the options make it, before anything is looked at.
fn altered(mut publisher: Publisher, request: &Request) -> Result<Publisher, Fault> {
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

/// The text for an image that another client holds. It comes before the exit status 1 here, before 7 elsewhere.
/// [recorded: omnios-locked-005, -007]
pub(super) const LOCKED: &str = "The image cannot be modified as it is currently in use by another package client.";

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
                return Err(Fault::bare(format!("pkg: -c '{path}', a directory: {NOT_SIMULATED}")));
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
            let file = session.machine.path(path);
            let path = work.shown(path);
            if file.is_dir() {
                return Err(Fault::bare(format!("pkg: -k '{path}', a directory: {NOT_SIMULATED}")));
            }
            if !file.exists() {
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
        return Ok(Err(Fault::new(LOCKED)));
    }
    if let Err(fault) = check_files(session, work, &publisher) {
        return Ok(Err(fault));
    }
    let old = known.map(|at| work.image.publishers[at].clone());
    let mut stays = Ok(());
    if let Err(fault) = ask_repositories(session, old.as_ref(), &mut publisher, request) {
        // A new publisher of which one origin answered is kept although the command failed. [recorded: omnios-refresh-023]
        let is_partial = old.is_none() && fault.text.contains(" partial)");
        if !is_partial {
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
    if let Some(publisher) = work.image.publishers.iter_mut().find(|publisher| publisher.name == name) {
        image::keep_keys(session.machine, &work.root, publisher)?;
    }
    image::write(session.machine, &work.root, &work.image)?;
    if known.is_some() {
        image::drop_unused_keys(session.machine, &work.root, &work.image)?;
    }
    Ok(stays)
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
    let new: Vec<Repository> =
        publisher.origins.iter().filter(|origin| !old.origins.contains(origin)).cloned().collect();
    let changed = !new.is_empty() || old.origins.iter().any(|origin| !publisher.origins.contains(origin));
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

/// `-p`: takes names from a repository, adds the publishers that are new and the origin to those that are there.
/// [client_api.py: _publisher_set; recorded: omnios-from-repository-001 to -048]
fn from_repository(
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
        (false, _) => super::command::PARTIAL,
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
