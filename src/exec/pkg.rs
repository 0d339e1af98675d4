//! `pkg`: the publishers of a zone's image, changed from outside through `-R`.

use std::fmt;
use std::time::Duration;

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};

/// A pkg command takes seconds to start, and longer if it contacts a repository.
const LIMIT: Duration = Duration::from_secs(600);

/// A publisher of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ImagePublisher {
    /// Its name.
    pub name: String,
    /// True if its packages stick to it.
    pub sticky: bool,
    /// True if it comes from the global zone and cannot be changed here.
    pub system: bool,
    /// True if it is enabled. A publisher is disabled as a whole, whatever its origins.
    pub enabled: bool,
    /// Its enabled origins, in order. A disabled one counts as absent.
    pub origins: Vec<String>,
    /// Its mirrors, in order.
    pub mirrors: Vec<String>,
    /// Its disabled origins.
    pub disabled_origins: Vec<String>,
    /// Origins and mirrors that are reached through a proxy of their own.
    pub proxied: Vec<String>,
    /// True if it has a client key; `None` if that was not asked.
    pub has_key: Option<bool>,
    /// True if its client key or certificate differs from the file that it is to come from; false if that was not compared.
    pub has_other_key: bool,
}

/// The image's copies of a publisher's client key and certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptKey {
    /// Name of the publisher.
    pub publisher: String,
    /// Names of the copies in the image's directory of keys, without the directory.
    pub files: Vec<String>,
}

/// Settings of a publisher, for [`set_publisher`].
#[derive(Debug, Clone, Default)]
pub struct DesiredPublisher<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its origins; all others are removed.
    pub origins: &'a [String],
    /// Its mirrors; all others are removed.
    pub mirrors: &'a [String],
    /// True if its packages stick to it.
    pub sticky: bool,
    /// True if it is searched first.
    pub first: bool,
    /// The publisher that precedes it in the search order.
    pub after: Option<&'a str>,
    /// A client certificate: a file of the host, which pkg copies into the image.
    pub ssl_cert: Option<&'a str>,
    /// The certificate's key.
    pub ssl_key: Option<&'a str>,
}

/// Lists the publishers of the image below this path of the host.
pub fn publishers(image: &str) -> Invocation {
    on(image).args(["publisher", "-H", "-F", "tsv"])
}

/// Lists the publishers of the image that are not disabled as a whole: the rows of [`publishers`] show that only per origin.
pub fn enabled_publishers(image: &str) -> Invocation {
    on(image).args(["publisher", "-H", "-n", "-F", "tsv"])
}

/// Shows all about these publishers of the image, including their keys.
pub fn describe_publishers<S: AsRef<str>>(image: &str, names: &[S]) -> Invocation {
    on(image).arg("publisher").args(names.iter().map(AsRef::as_ref))
}

/// Parses the output of [`describe_publishers`]: the copies of those with a client key. It is complete even if the command failed
/// because a certificate is missing.
pub fn parse_keys(completed: &Completed) -> Result<Vec<KeptKey>> {
    let text = completed.text()?;
    let mut kept: Vec<KeptKey> = Vec::new();
    let (mut publisher, mut has_key) = ("", false);
    for line in text.lines() {
        let Some((what, value)) = line.trim().split_once(": ") else { continue };
        let value = value.trim();
        match what {
            "Publisher" => (publisher, has_key) = (value, false),
            "SSL Key" => has_key = value != "None",
            _ => {}
        }
        if !has_key || !matches!(what, "SSL Key" | "SSL Cert") || value == "None" {
            continue;
        }
        if kept.last().is_none_or(|last| last.publisher != publisher) {
            kept.push(KeptKey { publisher: publisher.to_owned(), files: Vec::new() });
        }
        let file = value.rsplit('/').next().unwrap_or_default();
        if let Some(last) = kept.last_mut().filter(|last| !last.files.iter().any(|known| known == file)) {
            last.files.push(file.to_owned());
        }
    }
    Ok(kept)
}

/// Parses the output of [`publishers`], in search order.
pub fn parse_publishers(completed: &Completed) -> Result<Vec<ImagePublisher>> {
    parse_lines(&completed.text()?).map_err(|line| {
        Error::new(Code::CommandFailed, format!("unexpected output of pkg publisher: {line:?}"))
            .with_command(completed.failed())
    })
}

/// Parses the output of [`enabled_publishers`], and marks which of these publishers are enabled.
pub fn note_enabled(publishers: &mut [ImagePublisher], completed: &Completed) -> Result<()> {
    let enabled = parse_publishers(completed)?;
    for publisher in publishers {
        publisher.enabled = enabled.iter().any(|enabled| enabled.name == publisher.name);
    }
    Ok(())
}

/// Sets all properties of a publisher, whatever they were; may be repeated. Contacts no repository. With the publisher as it was
/// found, only what differs is removed and added, and the proxies of the rest stay.
pub fn set_publisher(image: &str, desired: &DesiredPublisher<'_>, found: Option<&ImagePublisher>) -> Invocation {
    let mut invocation = on(image).args(["set-publisher", "--no-refresh", "--enable"]);
    invocation = invocation.arg(if desired.sticky { "--sticky" } else { "--non-sticky" });
    if desired.first {
        invocation = invocation.arg("--search-first");
    }
    if let Some(before) = desired.after {
        invocation = invocation.args(["--search-after", before]);
    }
    for (flag, value) in [("-k", desired.ssl_key), ("-c", desired.ssl_cert)] {
        if let Some(value) = value {
            invocation = invocation.args([flag, value]);
        }
    }
    let Some(found) = found else {
        for (none, one, uris) in [("-G", "-g", desired.origins), ("-M", "-m", desired.mirrors)] {
            invocation = invocation.args([none, "*"]);
            for uri in uris {
                invocation = invocation.args([one, uri]);
            }
        }
        return invocation.arg(desired.name);
    };
    let has = |list: &[String], uri: &str| list.iter().any(|known| tidy(known) == tidy(uri));
    let lists = [("-G", "-g", desired.origins, &found.origins), ("-M", "-m", desired.mirrors, &found.mirrors)];
    for (remove, add, wanted, there) in lists {
        let off = found.disabled_origins.iter().filter(|_| remove == "-G");
        for uri in there.iter().chain(off).filter(|uri| !has(wanted, uri)) {
            invocation = invocation.args([remove, uri]);
        }
        // An origin that is there is enabled; a mirror that is there is refused.
        for uri in wanted.iter().filter(|uri| remove == "-G" || !has(there, uri)) {
            invocation = invocation.args([add, uri]);
        }
    }
    invocation.arg(desired.name)
}

/// Returns an address as pkg stores it: with one slash at its end, a path as a `file:` address.
pub(crate) fn tidy(uri: &str) -> String {
    let uri = uri.trim_end_matches('/');
    if uri.starts_with('/') { format!("file://{uri}") } else { uri.to_owned() }
}

/// Enables a publisher as a whole: with `-g`, `--enable` concerns the origins only.
pub fn enable_publisher(image: &str, name: &str) -> Invocation {
    on(image).args(["set-publisher", "--no-refresh", "--enable", name])
}

/// Installs packages; their licenses are accepted, as the install hook of a zone does. Catalogs are fetched.
pub fn install<S: AsRef<str>>(image: &str, packages: &[S], limit: Duration) -> Invocation {
    on(image).args(["install", "--accept"]).args(packages.iter().map(AsRef::as_ref)).with_limit(Some(limit))
}

/// Lists these packages; exits with 0 if the image has all of them.
pub fn list<S: AsRef<str>>(image: &str, packages: &[S]) -> Invocation {
    on(image).args(["list", "-H"]).args(packages.iter().map(AsRef::as_ref))
}

/// Fetches the catalogs of the image's publishers; fails if one of them does not answer.
pub fn refresh(image: &str) -> Invocation {
    on(image).arg("refresh")
}

/// Asks what an update with the catalogs that the image has would change; exits with 4 if nothing.
pub fn plan_update(image: &str, limit: Duration) -> Invocation {
    on(image).args(["update", "-n", "-v", "--accept", "--no-refresh"]).with_limit(Some(limit))
}

/// Updates every package with the catalogs that the image has; their licenses are accepted.
pub fn update(image: &str, limit: Duration) -> Invocation {
    on(image).args(["update", "--accept", "--no-refresh"]).with_limit(Some(limit))
}

/// A package that an update changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageChange {
    /// Its name.
    pub name: String,
    /// The version that the image has; `None` if it is new.
    pub from: String,
    /// The version after the update; `None` if it is removed.
    pub to: String,
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.name, self.from, self.to)
    }
}

/// Parses the output of [`plan_update`]: the changed packages, each below its publisher and above its versions.
pub fn parse_changes(completed: &Completed) -> Result<Vec<PackageChange>> {
    Ok(changes_in(&completed.text()?))
}

fn changes_in(text: &str) -> Vec<PackageChange> {
    let lines = text.lines().skip_while(|line| line.trim_end() != "Changed packages:").skip(1);
    let (mut name, mut found) = (None, Vec::new());
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        if let Some(versions) = line.strip_prefix("    ") {
            if let (Some(name), Some((from, to))) = (name.take(), versions.trim().split_once(" -> ")) {
                found.push(PackageChange { name, from: from.to_owned(), to: to.to_owned() });
            }
        } else {
            name = line.strip_prefix("  ").map(|name| name.trim().to_owned());
        }
    }
    found
}

/// Parses the output of [`list`] for one package: its version; `None` if the image does not have it.
pub fn parse_version(completed: &Completed) -> Result<Option<String>> {
    if !completed.success() {
        return Ok(None);
    }
    // The flags come last, and the publisher may follow the name.
    Ok(completed.text()?.lines().next().and_then(|line| line.split_whitespace().rev().nth(1)).map(str::to_owned))
}

/// Returns true if the first version is newer than the second.
pub fn is_newer(one: &str, other: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    numbers(one) > numbers(other)
}

/// Returns whether an install found everything installed already.
pub fn had_nothing_to_do(completed: &Completed) -> bool {
    completed.stopped.is_none() && completed.end == super::End::Exited(4)
}

/// Removes publishers.
pub fn unset_publishers<S: AsRef<str>>(image: &str, names: &[S]) -> Invocation {
    on(image).arg("unset-publisher").args(names.iter().map(AsRef::as_ref))
}

/// Returns true if another package client has locked the image; the same command may succeed later.
pub fn is_locked(completed: &Completed) -> bool {
    match completed.end {
        super::End::Exited(7) => true,
        // set-publisher and set-property exit with 1, like after any other error. With a log both streams are in the first.
        super::End::Exited(1) => {
            [&completed.stdout, &completed.stderr].iter().any(|stream| stream.last_lines().contains(LOCKED))
        }
        _ => false,
    }
}

const LOCKED: &str = "The image cannot be modified as it is currently in use";

fn on(image: &str) -> Invocation {
    Invocation::new("pkg").args(["-R", image]).with_limit(Some(LIMIT))
}

fn parse_lines(text: &str) -> std::result::Result<Vec<ImagePublisher>, &str> {
    let mut publishers: Vec<ImagePublisher> = Vec::new();
    for line in fields::lines(text, 4, fields::split_tabs) {
        let line = line?;
        if publishers.last().is_none_or(|last| last.name != line[0]) {
            publishers.push(ImagePublisher { name: line[0].to_string(), ..ImagePublisher::default() });
        }
        let Some(publisher) = publishers.last_mut() else { continue };
        publisher.sticky = line[1] == "true";
        publisher.system = line[2] == "true";
        let disabled = line[3] != "true";
        publisher.enabled |= !disabled;
        let uri = line.get(6).filter(|uri| !uri.is_empty());
        match (line.get(4).map(AsRef::as_ref), uri) {
            (Some("origin"), Some(uri)) if disabled => publisher.disabled_origins.push(uri.to_string()),
            (Some("origin"), Some(uri)) => publisher.origins.push(uri.to_string()),
            (Some("mirror"), Some(uri)) => publisher.mirrors.push(uri.to_string()),
            _ => {}
        }
        if let (Some(uri), Some(_)) = (uri, line.get(7).filter(|proxy| !matches!(proxy.trim(), "" | "-"))) {
            publisher.proxied.push(uri.to_string());
        }
    }
    Ok(publishers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads() {
        let text = "a.org\ttrue\tfalse\ttrue\torigin\tonline\thttps://a/\t-\n\
                    a.org\ttrue\tfalse\ttrue\tmirror\tonline\thttps://m/\t-\n\
                    empty\tfalse\tfalse\ttrue\t\t\t\t\n";
        let publishers = parse_lines(text).unwrap();
        assert_eq!(
            (publishers[0].origins.as_slice(), publishers[0].mirrors.len()),
            (["https://a/".to_owned()].as_slice(), 1)
        );
        assert_eq!(
            (publishers[1].name.as_str(), publishers[1].sticky, publishers[1].origins.len()),
            ("empty", false, 0)
        );
    }

    #[test]
    fn a_disabled_origin_is_not_in_use_and_a_disabled_publisher_is_not_listed_as_enabled() {
        let all = "a.org\ttrue\tfalse\tfalse\torigin\tdisabled\thttp://a/\t-\n\
                   a.org\ttrue\tfalse\ttrue\torigin\tonline\thttps://a/\t-\n\
                   b.org\ttrue\tfalse\ttrue\torigin\tonline\thttp://b/\t-\n";
        let enabled = "a.org\ttrue\tfalse\ttrue\torigin\tonline\thttps://a/\t-\n";
        let mut publishers = parse_publishers(&answer(0, all, "")).unwrap();
        note_enabled(&mut publishers, &answer(0, enabled, "")).unwrap();
        assert_eq!(publishers[0].origins, ["https://a/"]);
        assert_eq!((publishers[0].enabled, publishers[1].enabled), (true, false));
    }

    #[test]
    fn what_an_update_changes_is_read() {
        let text = " Startup: Caching catalogs ... Done\nPackages to install: 1\n Packages to update: 2\n\nChanged packages:\n\
                    a.org -> b.org\n  web/one\n    1.0 -> 1.1\nb.org\n  entire\n    0.5.11-2026.0.0.9 -> 0.5.11-2026.0.0.10\n  \
                    new\n    None -> 2\n\nServices:\n  restart_fmri:\n    svc:/x\n";
        let found = changes_in(text);
        let said: Vec<String> = found.iter().map(PackageChange::to_string).collect();
        assert_eq!(said, ["web/one 1.0 -> 1.1", "entire 0.5.11-2026.0.0.9 -> 0.5.11-2026.0.0.10", "new None -> 2"]);
        assert!(is_newer(&found[1].to, &found[1].from) && !is_newer("1.0", "1.0"));
        let listed = "entire (openindiana.org)                          0.5.11-2026.0.0.22000      i--\n";
        assert_eq!(parse_version(&answer(0, listed, "")).unwrap().as_deref(), Some("0.5.11-2026.0.0.22000"));
        assert_eq!(parse_version(&answer(1, "", "")).unwrap(), None);
    }

    #[test]
    fn a_locked_image_is_known_by_its_text_too() {
        let text = format!("\n{LOCKED} by another package client.\n");
        assert!(is_locked(&answer(1, "", &text)) && is_locked(&answer(1, &text, "")));
        assert!(is_locked(&answer(7, "", "")));
        assert!(!is_locked(&answer(1, "", "\n'x_y' is not a valid publisher name.\n")));
    }

    fn answer(code: i32, stdout: &str, stderr: &str) -> Completed {
        let mut completed = Completed {
            argv: vec!["pkg".into()],
            end: crate::exec::End::Exited(code),
            stopped: None,
            stdout: crate::exec::Captured::default(),
            stderr: crate::exec::Captured::default(),
            log: None,
            elapsed: Duration::ZERO,
        };
        completed.stdout.push(stdout.as_bytes(), 1 << 16);
        completed.stderr.push(stderr.as_bytes(), 1 << 16);
        completed
    }

    #[test]
    fn builds() {
        let origins = ["https://a/".to_owned()];
        let desired =
            DesiredPublisher { name: "a.org", origins: &origins, sticky: true, ..DesiredPublisher::default() };
        assert_eq!(
            set_publisher("/zones/w/root", &desired, None).to_string(),
            "pkg -R /zones/w/root set-publisher --no-refresh --enable --sticky -G '*' -g https://a/ -M '*' a.org"
        );
    }

    #[test]
    fn a_proxy_of_an_origin_that_stays_is_not_taken_away() {
        let text = "a.org\ttrue\tfalse\ttrue\torigin\tonline\thttps://a/\thttp://p:3128\n\
                    a.org\ttrue\tfalse\tfalse\torigin\tdisabled\thttps://b/\t-\n\
                    a.org\ttrue\tfalse\ttrue\tmirror\tonline\thttps://m/\t-\n";
        let found = &parse_lines(text).unwrap()[0];
        assert_eq!(found.proxied, ["https://a/"]);
        let (origins, mirrors) = (["https://a".to_owned(), "https://c".to_owned()], ["https://m/".to_owned()]);
        let desired = DesiredPublisher {
            name: "a.org",
            origins: &origins,
            mirrors: &mirrors,
            sticky: true,
            ..DesiredPublisher::default()
        };
        assert_eq!(
            set_publisher("/z/root", &desired, Some(found)).to_string(),
            "pkg -R /z/root set-publisher --no-refresh --enable --sticky -G https://b/ -g https://a -g https://c a.org"
        );
    }

    #[test]
    fn the_publishers_with_a_key_are_read() {
        let text = "\n            Publisher: a.org\n                Alias: \n           Origin URI: https://a/\n              \
                    SSL Key: None\n\n            Publisher: b.org\n           Origin URI: https://b/\n              \
                    SSL Key: /z/root/var/pkg/ssl/1f\n             SSL Cert: /z/root/var/pkg/ssl/2e\n           \
                    Origin URI: https://c/\n              SSL Key: /z/root/var/pkg/ssl/1f\n";
        let kept = KeptKey { publisher: "b.org".to_owned(), files: vec!["1f".to_owned(), "2e".to_owned()] };
        assert_eq!(parse_keys(&answer(3, text, "")).unwrap(), [kept]);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_lines(&text);
            let _ = changes_in(&text);
        }
    }
}
