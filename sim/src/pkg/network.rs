//! The network as pkg sees it: the proxy that the environment names, and what the repositories of other hosts hold.
//!
//! A host is there and holds every package, unless the directory `network/HOST` of the machine's own says otherwise. It is laid out
//! as a file repository is: `publisher/NAME/pkg` lists the packages of a publisher. A file `behind-proxy` in it says that this
//! machine reaches the host through a proxy only.
//!
//! [source: transport.py of pkg5; recorded: refresh, from-repository of pkg.jsonl]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use super::address;
use super::name::is_named;
use crate::Machine;
use crate::machine::component;

/// Environment of a command.
type Env = [(OsString, OsString)];

/// The proxy through which an address is asked. As in libcurl, HTTP_PROXY in capitals is not read: a server may take it from a
/// request. [pkg.7: http_proxy, https_proxy, all_proxy, no_proxy; libcurl: CURLOPT_PROXY(3)]
pub(super) fn proxy(env: &Env, uri: &str) -> Option<String> {
    let host = address::host(uri)?;
    let find = |names: &[&str]| {
        names.iter().find_map(|name| {
            let found = env.iter().find(|(key, _)| key == name)?;
            let value = found.1.to_string_lossy().into_owned();
            (!value.is_empty()).then_some(value)
        })
    };
    let is_exempt = |list: String| {
        list.split([',', ' ']).map(|name| name.trim_start_matches('.')).filter(|name| !name.is_empty()).any(|name| {
            name == "*"
                || host.eq_ignore_ascii_case(name)
                || host.to_ascii_lowercase().ends_with(&format!(".{}", name.to_ascii_lowercase()))
        })
    };
    if find(&["no_proxy", "NO_PROXY"]).is_some_and(is_exempt) {
        return None;
    }
    let own: &[&str] = if uri.starts_with("https:") { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy"] };
    find(own).or_else(|| find(&["all_proxy", "ALL_PROXY"]))
}

/// Returns true if nothing lets this machine through to an address.
pub(crate) fn is_walled(machine: &Machine, env: &Env, uri: &str) -> bool {
    let directory = address::host(uri).map(|host| machine.own("network").join(component(&host)));
    directory.is_some_and(|directory| directory.join("behind-proxy").exists()) && proxy(env, uri).is_none()
}

/// Returns true if the repository at an address has a package of this publisher. One that lists none is taken to have all.
pub(crate) fn holds(machine: &Machine, uri: &str, publisher: &str, package: &str) -> bool {
    let Some(directory) = directory(machine, uri) else { return true };
    let Ok(entries) = fs::read_dir(directory.join("publisher").join(publisher).join("pkg")) else { return true };
    // Names of directories are quoted as in an address. [repository.py: _RepoStore.manifest]
    let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().replace("%2F", "/"));
    names.any(|name| is_named(package, &name))
}

/// The versions of a package that the repository at an address lists, without build and time.
/// [repository.py: _RepoStore.manifest; version.py: Version.get_short_version]
pub(crate) fn versions(machine: &Machine, uri: &str, publisher: &str, package: &str) -> Vec<String> {
    let Some(directory) = directory(machine, uri) else { return Vec::new() };
    let place = directory.join("publisher").join(publisher).join("pkg").join(package.replace('/', "%2F"));
    let names = fs::read_dir(place).into_iter().flatten().flatten();
    names
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().replace("%2C", ",").replace("%3A", ":");
            let name = name.split(':').next()?;
            let (release, rest) = name.split_once(',').unwrap_or((name, ""));
            Some(match rest.split_once('-') {
                Some((_, branch)) => format!("{release}-{branch}"),
                None => release.to_owned(),
            })
        })
        .collect()
}

fn directory(machine: &Machine, uri: &str) -> Option<PathBuf> {
    match address::path_of(uri) {
        Some(path) => Some(machine.path(path)),
        None => Some(machine.own("network").join(component(&address::host(uri)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::proxy;

    fn through(env: &[(&str, &str)], uri: &str) -> Option<String> {
        let env: Vec<_> = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        proxy(&env, uri)
    }

    #[test]
    fn the_scheme_chooses_the_proxy_and_no_proxy_exempts_hosts() {
        let both = [("http_proxy", "http://a:1"), ("https_proxy", "http://b:2")];
        assert_eq!(through(&both, "https://pkg.x.org/").as_deref(), Some("http://b:2"));
        assert_eq!(through(&both, "http://pkg.x.org/").as_deref(), Some("http://a:1"));
        assert_eq!(through(&[("HTTP_PROXY", "http://a:1")], "http://pkg.x.org/"), None);
        assert_eq!(through(&[("all_proxy", "http://c:3")], "http://pkg.x.org/").as_deref(), Some("http://c:3"));
        for (list, exempt) in
            [("x.org", true), (".x.org", true), ("a, pkg.x.org", true), ("*", true), ("g.x.org", false)]
        {
            let env = [("https_proxy", "http://b:2"), ("no_proxy", list)];
            assert_eq!(through(&env, "https://pkg.x.org/").is_none(), exempt, "{list}");
        }
        assert_eq!(through(&both, "file:///export/repo"), None);
    }
}
