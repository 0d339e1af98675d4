//! Options of `pkg set-publisher`, and the combinations that it refuses.
//!
//! [source: options.py of pkg5; recorded: kinds `flags` and `twice`]

use super::address;
use super::grammar::{Given, Spec, Takes, label};
use super::work::{Work, is_openindiana, work_directory};
use crate::Status;
use crate::session::{FAILED, Session, USAGE};

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

/// Failure to set a publisher: a text for standard error as it is, and the exit status.
pub(super) struct Fault {
    pub(super) text: String,
    pub(super) status: Status,
}

impl Fault {
    /// pkg puts an empty line before these.
    pub(super) fn new(text: impl std::fmt::Display) -> Fault {
        Fault { text: format!("\n{text}"), status: FAILED }
    }

    pub(super) fn bare(text: impl std::fmt::Display) -> Fault {
        Fault { text: text.to_string(), status: FAILED }
    }

    pub(super) fn usage(text: impl std::fmt::Display) -> Fault {
        Fault { text: format!("pkg set-publisher: {text}"), status: USAGE }
    }
}

impl Fault {
    /// An error that the client does not expect. [recorded: omnios-zmgr-origin-073]
    pub(super) fn internal(is_openindiana: bool, error: &str) -> Fault {
        let section = if is_openindiana { 5 } else { 7 };
        let text = format!(
            "Traceback (most recent call last):\n{error}\n\n\npkg: This is an internal error in pkg({section}) version unknown.  \
             Please log a\nService Request about this issue including the information above and this\nmessage.\n"
        );
        Fault { text, status: INTERNAL }
    }

    /// A key or a certificate is a directory. [recorded: omnios-keys-030]
    pub(super) fn directory(session: &Session<'_, '_>, path: &str) -> Fault {
        Fault::internal(is_openindiana(session), &format!("IsADirectoryError: [Errno 21] Is a directory: '{path}'"))
    }
}

/// The client ended with an error that it does not expect.
const INTERNAL: Status = Status::Exited(99);

impl From<String> for Fault {
    fn from(text: String) -> Fault {
        Fault::new(text)
    }
}

pub(super) fn name_of(option: &str) -> String {
    let found =
        OPTIONS.iter().find(|(letter, long, _)| if long.is_empty() { *letter == option } else { *long == option });
    found.map_or_else(String::new, |spec| label(*spec))
}

/// The combinations that pkg refuses, in the order in which it looks for them. [options.py: opts_table_cb_pub_opts,
/// opts_table_cb_pub_props, opts_table_cb_pub_search, opts_table_cb_li_recurse]
pub(super) fn check_combinations(given: &Given, combined: &str) -> Result<(), String> {
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

/// Changes that the options ask for.
#[derive(Default)]
pub(super) struct Request {
    pub(super) origin: Option<String>,
    pub(super) add_origins: Vec<String>,
    pub(super) remove_origins: Vec<String>,
    pub(super) add_mirrors: Vec<String>,
    pub(super) remove_mirrors: Vec<String>,
    /// `*`, or addresses: what `--enable` or `--disable` is said of, if not of the publisher.
    pub(super) toggled: Vec<String>,
    pub(super) disable: Option<bool>,
    pub(super) sticky: Option<bool>,
    pub(super) key: Option<String>,
    pub(super) cert: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) refresh: bool,
    pub(super) first: bool,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) approved: Vec<String>,
    pub(super) set_props: Vec<(String, String)>,
    pub(super) add_values: Vec<(String, String)>,
    pub(super) remove_values: Vec<(String, String)>,
    pub(super) unset_props: Vec<String>,
    /// OpenIndiana's client reads them. It takes no userinfo in any address. [recorded: oi-proxy-010]
    pub(super) is_openindiana: bool,
}

/// Options whose values are addresses.
const ADDRESSES: [&str; 6] = ["origin-uri", "add-origin", "remove-origin", "add-mirror", "remove-mirror", "p"];

/// The addresses of an option. The client keeps sets: the same text twice counts once. [options.py: opts_table_cb_pub_opts]
fn addresses_of(given: &Given, option: &str, cwd: &str) -> Vec<String> {
    let mut uris: Vec<String> = Vec::new();
    for uri in given.values(option) {
        let uri = match (option, uri) {
            ("remove-origin" | "remove-mirror" | "add-origin", "*") => "*".to_owned(),
            _ => address::parse(uri, cwd),
        };
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    uris
}

impl Request {
    pub(super) fn new(session: &Session<'_, '_>, work: &Work, given: &Given) -> Result<Request, Fault> {
        let cwd = work_directory(session);
        let mut addresses = ADDRESSES.iter().flat_map(|option| given.values(option));
        if addresses.any(address::is_fatal) {
            return Err(Fault::internal(is_openindiana(session), "ValueError: Invalid IPv6 URL"));
        }
        let list = |option: &str| addresses_of(given, option, &cwd);
        let pairs = |option: &str| {
            let split = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            given.values(option).filter_map(split).collect::<Vec<_>>()
        };
        // An empty one is the image's root, which is a directory. [recorded: omnios-keys-031]
        let file = |option: &str| given.values(option).next().map(|path| work.file(path, &cwd));
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
            key: file("k"),
            cert: file("c"),
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
            is_openindiana: is_openindiana(session),
        })
    }

    /// Finds out whether only a publisher that is there can be meant.
    pub(super) fn needs_known(&self) -> bool {
        self.origin.is_none()
            && self.add_origins.is_empty()
            && !(self.remove_origins.is_empty()
                && self.remove_mirrors.is_empty()
                && self.remove_values.is_empty()
                && self.add_mirrors.is_empty()
                && self.toggled.is_empty())
    }
}
