//! Addresses of repositories and names of publishers: what pkg makes of them, and which it refuses.

use super::image::with_slash;

/// An address in its parts. [Python's urlsplit]
struct Parts<'a> {
    scheme: String,
    netloc: Option<&'a str>,
    rest: &'a str,
}

fn split(uri: &str) -> Parts<'_> {
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let (scheme, rest) = match uri.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), uri),
    };
    let Some(after) = rest.strip_prefix("//") else { return Parts { scheme, netloc: None, rest } };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    Parts { scheme, netloc: Some(&after[..end]), rest: &after[end..] }
}

/// Address as pkg normalizes it. Without a scheme it is a path, relative to the directory.
/// [misc.py: parse_uri; recorded: omnios-origin-063, -068, -069]
pub(super) fn parse(uri: &str, cwd: &str) -> String {
    let uri = if uri.contains("://") || uri.starts_with("file:/") {
        uri.to_owned()
    } else {
        let path = if uri.starts_with('/') { uri.to_owned() } else { normalize(&format!("{cwd}/{uri}")) };
        format!("file://{}", quote(&path))
    };
    let Parts { scheme, netloc, rest } = split(&uri);
    let scheme = if scheme.is_empty() { "file".to_owned() } else { scheme };
    // An empty query goes.
    let rest = rest.strip_suffix('?').unwrap_or(rest);
    let rest = match (scheme.as_str(), rest.strip_prefix('/')) {
        ("file", Some(path)) => format!("/{}", path.trim_start_matches('/')),
        _ if rest.is_empty() || rest.starts_with(['/', '?', '#']) => rest.to_owned(),
        _ => format!("/{rest}"),
    };
    format!("{scheme}://{}{rest}", netloc.unwrap_or_default())
}

/// True for an address at which the client ends with an internal error: one bracket of a host without the other.
/// [Python's urlsplit; recorded: omnios-zmgr-origin-073]
pub(super) fn is_fatal(uri: &str) -> bool {
    let netloc = if uri.contains("://") { split(uri).netloc.unwrap_or_default() } else { "" };
    netloc.contains('[') != netloc.contains(']')
}

/// A path without `.`, `..` and doubled slashes.
pub(super) fn normalize(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// [Python's pathname2url]
fn quote(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'/' | b'_' | b'.' | b'-' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// The path that a `file:` address names.
pub(super) fn path_of(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("file:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let mut bytes = Vec::new();
    let mut left = path.as_bytes();
    while let [first, rest @ ..] = left {
        let code = || rest.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match code().filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                left = &rest[2..];
            }
            None => {
                bytes.push(*first);
                left = rest;
            }
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The address of a repository as an image keeps it; an error is pkg's text.
/// [publisher.py: RepositoryURI; recorded: omnios-origin-060 to -067, omnios-userinfo-001 and on]
pub(super) fn repository(uri: &str) -> Result<String, String> {
    let parts = split(uri);
    if !matches!(parts.scheme.as_str(), "file" | "http" | "https") {
        return Err(unsupported(uri, &parts.scheme));
    }
    let valid = match parts.scheme.as_str() {
        "file" => parts.netloc.is_none_or(str::is_empty),
        _ => parts.netloc.is_some_and(|netloc| !netloc.contains('@') && is_host(netloc)),
    };
    if valid { Ok(with_slash(uri)) } else { Err(format!("'{uri}' is not a valid URI.")) }
}

/// Checks the address of a proxy, which is kept as given. [recorded: omnios-proxy-003, -004]
pub(super) fn proxy(uri: &str, may_have_user: bool) -> Result<(), String> {
    let parts = split(uri);
    if !matches!(parts.scheme.as_str(), "http" | "https") {
        return Err(unsupported(uri, &parts.scheme));
    }
    let netloc = parts.netloc.unwrap_or_default();
    let (user, host) = netloc.rsplit_once('@').map_or((None, netloc), |(user, host)| (Some(user), host));
    if is_host(host) && (user.is_none() || may_have_user) {
        Ok(())
    } else {
        Err(format!("'{uri}' is not a valid URI."))
    }
}

fn unsupported(uri: &str, scheme: &str) -> String {
    format!(
        "The URI '{uri}' uses the unsupported scheme '{scheme}'.  Supported schemes are file://, http://, and https://."
    )
}

/// The host of a network location, in brackets if it is an IPv6 address, without its port.
fn host_of(netloc: &str) -> String {
    let host = netloc.rsplit_once('@').map_or(netloc, |(_, host)| host);
    match host.split_once('[') {
        Some((_, rest)) => format!("[{}]", rest.split(']').next().unwrap_or_default()),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    }
}

fn is_host(netloc: &str) -> bool {
    is_name(&host_of(netloc))
}

/// The host that an address names, if it is not a `file:` address.
pub(super) fn host(uri: &str) -> Option<String> {
    split(uri).netloc.map(host_of).filter(|host| !host.is_empty())
}

/// A publisher's name and a host obey one pattern: letters, digits, `.` and `-`, not a `.` first; or hexadecimal digits and colons
/// in brackets. [misc.py: _hostname_re; recorded: omnios-names-001 and on]
pub(super) fn is_name(name: &str) -> bool {
    if let Some(inner) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let groups: Vec<&str> = inner.split(':').collect();
        let is_group = |group: &str| group.chars().all(|c| c.is_ascii_hexdigit() || c == '.');
        return groups.len() <= 8 && groups.iter().all(|group| is_group(group)) && groups.last() != Some(&"");
    }
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::{is_name, parse, repository};

    #[test]
    fn addresses_as_kept() {
        for (given, kept) in [
            ("http://new.example", "http://new.example/"),
            ("HTTP://New.Example/Path", "http://New.Example/Path/"),
            ("/export/repo/one/", "file:///export/repo/one/"),
            ("http:new.example", "file:///http%3Anew.example/"),
            ("http//new.example", "file:///http/new.example/"),
            ("/", "file:/"),
            ("", "file:/"),
            ("*", "file:///%2A/"),
            ("file:/x", "file:///x/"),
            ("http://new.example/#f", "http://new.example/#f/"),
        ] {
            assert_eq!(repository(&parse(given, "/")).unwrap(), kept, "{given}");
        }
    }

    #[test]
    fn addresses_refused() {
        for given in ["http://", "http://.", "http://a_b/", "http://u@h/", "file://host/x", "http://@h/", "ftp://h/"] {
            assert!(repository(&parse(given, "/")).is_err(), "{given}");
        }
    }

    #[test]
    fn names() {
        assert!(["a.org", "A.ORG", "-a", "1", "[a]", "[fd00::1]"].into_iter().all(is_name));
        assert!(!["", ".a", "a_b", "a b", "a:b", "[]", "ä"].into_iter().any(is_name));
    }
}
