//! Writes the files for a zone's first boot: host name, time zone, resolvers, hosts, root's password and public keys.
//!
//! Invariant: only while the zone is down, and never through a symbolic link. Other content of a file stays.

use std::time::Duration;

use super::publishers::not_mounted;
use super::{Probe, Step, StepContext, with_files};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, ZoneState};
use crate::host::ZoneRoot;
use crate::value::Secret;
use crate::value::name::ZoneName;

/// Largest file that is edited.
const MAX_BYTES: u64 = 1 << 20;
const SSH: &str = "/root/.ssh";
const SHADOW: &str = "/etc/shadow";

/// Prepares a zone for its first boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FirstBoot {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
    pub(crate) files: Vec<Content>,
    /// True if the zone's root is mounted only while the zone is ready or running, so that it is made ready for the writing.
    pub(crate) mounts_by_ready: bool,
    /// Time limit for making it ready and for ending that.
    pub(crate) limit: Duration,
}

/// A file of the zone, and its desired content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// The whole file.
    Whole { path: &'static str, text: String },
    /// The time zone: a line of /etc/default/init.
    TimeZone(String),
    /// DNS as a source of host names: a line of /etc/nsswitch.conf.
    NameService,
    /// Lines of /etc/inet/hosts.
    Hosts(Vec<String>),
    /// The hash of root's password: a field of its line in /etc/shadow. `from` is the file that it comes from, which plans show.
    Password { hash: Secret, from: String },
    /// Public keys: lines of root's authorized_keys.
    Keys(Vec<String>),
    /// Login of root by key only: a line of sshd_config.
    RootLogin,
}

const ROOT_LOGIN: &str = "PermitRootLogin prohibit-password";
const HOSTS: &str = "files dns";

impl Content {
    fn path(&self) -> &'static str {
        match self {
            Content::Whole { path, .. } => path,
            Content::TimeZone(_) => "/etc/default/init",
            Content::NameService => "/etc/nsswitch.conf",
            Content::Hosts(_) => "/etc/inet/hosts",
            Content::Password { .. } => SHADOW,
            Content::Keys(_) => "/root/.ssh/authorized_keys",
            Content::RootLogin => "/etc/ssh/sshd_config",
        }
    }

    /// Returns the mode of a new file.
    fn mode(&self) -> u32 {
        match self {
            Content::Keys(_) => 0o600,
            Content::Password { .. } => 0o400,
            _ => 0o644,
        }
    }

    /// Returns what plans show: the whole file, or the added lines.
    fn shown(&self) -> String {
        match self {
            Content::Whole { text, .. } => text.clone(),
            Content::TimeZone(zone) => format!("TZ={zone}\n"),
            Content::NameService => format!("hosts: {HOSTS}\n"),
            Content::Hosts(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
            Content::Password { from, .. } => format!("root: the hash in {from}\n"),
            Content::Keys(keys) => keys.iter().map(|key| format!("{key}\n")).collect(),
            Content::RootLogin => format!("{ROOT_LOGIN}\n"),
        }
    }

    /// Returns the new content of the file; `None` if it needs no change.
    fn change(&self, now: Option<&str>) -> Option<String> {
        let old = now.unwrap_or_default();
        let new = match self {
            Content::Whole { text, .. } => text.clone(),
            Content::TimeZone(zone) => with_line(old, |line| line.starts_with("TZ="), &format!("TZ={zone}")),
            Content::NameService => name_service(old),
            Content::Hosts(lines) => with_hosts(old, lines),
            // Without root's line there is nothing to change, which `write` reports.
            Content::Password { hash, .. } => return now.and_then(|old| with_password(old, hash)),
            Content::Keys(keys) => with_keys(old, keys),
            // Without sshd there is nothing to configure.
            Content::RootLogin => return now.and_then(root_login),
        };
        (now != Some(new.as_str())).then_some(new)
    }
}

impl FirstBoot {
    /// Returns the root of the zone's files, which must exist: an empty directory would be filled in their place.
    fn root(&self, step_context: &StepContext<'_>) -> Result<ZoneRoot> {
        let root = step_context.host.zone_root(&self.zonepath)?;
        if root.is_directory("/etc")? { Ok(root) } else { Err(not_mounted(&self.zone, &self.zonepath)) }
    }

    fn state(&self, step_context: &StepContext<'_>) -> Result<Option<ZoneState>> {
        Ok(step_context.host.zone_state(&self.zone)?.map(|zone| zone.state))
    }

    /// Returns true if the zone runs, or is ready for another reason than this step.
    fn is_up(&self, step_context: &StepContext<'_>) -> Result<bool> {
        let state = self.state(step_context)?;
        Ok(state.is_some_and(|state| state.is_active()) && !(self.mounts_by_ready && state == Some(ZoneState::Ready)))
    }

    /// Mounts the root of a zone whose brand keeps it unmounted.
    fn make_ready(&self, step_context: &StepContext<'_>) -> Result<()> {
        if !self.mounts_by_ready || self.state(step_context)? == Some(ZoneState::Ready) {
            return Ok(());
        }
        let ended = step_context.attempt(zoneadm::ready(&self.zone, self.limit))?;
        if self.state(step_context)? == Some(ZoneState::Ready) { Ok(()) } else { Err(ended.error()) }
    }

    /// Reverts `make_ready`.
    fn end_ready(&self, step_context: &StepContext<'_>) -> Result<()> {
        if !self.mounts_by_ready || self.state(step_context)? != Some(ZoneState::Ready) {
            return Ok(());
        }
        let ended = step_context.attempt(zoneadm::halt(&self.zone, self.limit))?;
        if self.state(step_context)? == Some(ZoneState::Ready) { Err(ended.error()) } else { Ok(()) }
    }

    fn write(&self, step_context: &StepContext<'_>) -> Result<()> {
        let root = self.root(step_context)?;
        for content in &self.files {
            match content {
                Content::Keys(_) => root.make_private_directory(SSH)?,
                Content::Password { .. } if !has_root(root.read_text(SHADOW, MAX_BYTES)?.as_deref()) => {
                    let message = format!("{} has no root in {SHADOW}: its password cannot be set", self.zone);
                    return Err(Error::new(Code::Io, message).with_help("remove `root-password-file` from its setup"));
                }
                Content::RootLogin if !root.exists(content.path())? => {
                    let path = content.path();
                    step_context.warn(format!("{} has no {path}: root's keys are not set up for its sshd", self.zone));
                    continue;
                }
                _ => {}
            }
            root.edit(content.path(), MAX_BYTES, content.mode(), |now| content.change(now))?;
            if content.change(root.read_text(content.path(), MAX_BYTES)?.as_deref()).is_some() {
                let message = format!("{} of {} was written and reads back differently", content.path(), self.zone);
                return Err(Error::new(Code::Io, message).with_help("check what else writes to the zone's files"));
            }
        }
        Ok(())
    }
}

impl Step for FirstBoot {
    fn kind(&self) -> StepKind {
        StepKind::FirstBoot
    }

    fn planned(&self) -> PlannedStep {
        let file = |content: &Content| PlannedFile {
            path: format!("{}/root{}", self.zonepath, content.path()),
            text: content.shown(),
        };
        with_files(self, self.files.iter().map(file).collect())
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        if self.is_up(step_context)? {
            return Ok(Probe::Done);
        }
        if self.mounts_by_ready {
            // Its files are visible only while it is ready.
            return Ok(if self.state(step_context)? == Some(ZoneState::Ready) {
                Probe::Partial
            } else {
                Probe::Absent
            });
        }
        let root = self.root(step_context)?;
        for content in &self.files {
            if content.change(root.read_text(content.path(), MAX_BYTES)?.as_deref()).is_some() {
                return Ok(Probe::Absent);
            }
        }
        Ok(Probe::Done)
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if self.is_up(step_context)? {
            step_context.warn(format!("{} is already up: its files are not changed", self.zone));
            return Ok(());
        }
        self.make_ready(step_context)?;
        let written = self.write(step_context);
        let ended = self.end_ready(step_context);
        written.and(ended)
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // The zone is removed with its files, but not while it is ready.
        self.end_ready(step_context)
    }
}

/// Returns the text with this line in place of the first matching one, or at its end.
fn with_line(text: &str, is_meant: impl Fn(&str) -> bool, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(|line| is_meant(line)) {
        Some(at) => lines[at] = line,
        None => lines.push(line),
    }
    join(&lines)
}

fn join(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Returns the text with DNS among the sources of hosts, and of ipnodes if it has them.
fn name_service(text: &str) -> String {
    let database =
        |line: &str| line.split_once(':').map(|(name, sources)| (name.trim().to_owned(), sources.to_owned()));
    let asks_dns =
        |sources: &str| sources.split('#').next().unwrap_or_default().split_whitespace().any(|word| word == "dns");
    let mut lines: Vec<String> = Vec::new();
    let mut has_hosts = false;
    for line in text.lines() {
        let meant = database(line).filter(|(name, _)| matches!(name.as_str(), "hosts" | "ipnodes"));
        has_hosts |= meant.as_ref().is_some_and(|(name, _)| name == "hosts");
        match meant {
            Some((name, sources)) if !asks_dns(&sources) => lines.push(format!("{name}: {HOSTS}")),
            _ => lines.push(line.to_owned()),
        }
    }
    if !has_hosts {
        lines.push(format!("hosts: {HOSTS}"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Returns the text with these lines of hosts, whatever blanks separate their words.
fn with_hosts(text: &str, hosts: &[String]) -> String {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut lines: Vec<&str> = text.lines().collect();
    for host in hosts {
        if !lines.iter().any(|line| words(line) == words(host)) {
            lines.push(host);
        }
    }
    join(&lines)
}

fn is_root(line: &str) -> bool {
    line.starts_with("root:")
}

fn has_root(shadow: Option<&str>) -> bool {
    shadow.is_some_and(|text| text.lines().any(is_root))
}

/// Returns the text with this hash in root's line; `None` if it has it, or no such line.
fn with_password(text: &str, hash: &Secret) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = lines.iter_mut().find(|line| is_root(line))?;
    let mut fields: Vec<&str> = line.split(':').collect();
    if fields.get(1) == Some(&hash.reveal()) {
        return None;
    }
    fields[1] = hash.reveal();
    let changed = fields.join(":");
    *line = changed;
    Some(lines.iter().map(|line| format!("{line}\n")).collect())
}

/// Returns the existing keys, followed by the missing ones.
fn with_keys(text: &str, keys: &[String]) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for key in keys {
        if !lines.iter().any(|line| line.trim() == key) {
            lines.push(key);
        }
    }
    join(&lines)
}

/// Returns the text with key-only login of root, if it needs a change; sshd uses the first setting outside of `Match`.
fn root_login(text: &str) -> Option<String> {
    let word = |line: &str, at: usize| {
        line.split(|c: char| c.is_whitespace() || c == '=')
            .filter(|word| !word.is_empty())
            .nth(at)
            .map(str::to_ascii_lowercase)
    };
    let mut lines: Vec<&str> = text.lines().collect();
    let end = lines.iter().position(|line| word(line, 0).as_deref() == Some("match")).unwrap_or(lines.len());
    match lines[..end].iter().position(|line| word(line, 0).as_deref() == Some("permitrootlogin")) {
        Some(at) => {
            // `without-password` is the older name.
            let says = word(lines[at], 1);
            if matches!(says.as_deref(), Some("prohibit-password" | "without-password")) {
                return None;
            }
            lines[at] = ROOT_LOGIN;
        }
        None => lines.insert(end, ROOT_LOGIN),
    }
    Some(join(&lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changed(content: &Content, old: &str) -> String {
        content.change(Some(old)).unwrap_or_else(|| old.to_owned())
    }

    #[test]
    fn one_line_is_changed_and_the_rest_kept() {
        let zone = Content::TimeZone("Europe/Zurich".into());
        assert_eq!(changed(&zone, "# init\nTZ=UTC\nCMASK=022\n"), "# init\nTZ=Europe/Zurich\nCMASK=022\n");
        assert_eq!(changed(&zone, "CMASK=022"), "CMASK=022\nTZ=Europe/Zurich\n");
        assert_eq!(zone.change(None).unwrap(), "TZ=Europe/Zurich\n");
        assert_eq!(zone.change(Some("TZ=Europe/Zurich\n")), None);
    }

    #[test]
    fn names_are_asked_of_dns() {
        for (old, new) in [
            ("passwd: files\nhosts: files\nipnodes: files\n", "passwd: files\nhosts: files dns\nipnodes: files dns\n"),
            ("hosts:      files mdns dns  # both\n", "hosts:      files mdns dns  # both\n"),
            ("hosts: files # no dns\n", "hosts: files dns\n"),
            ("#hosts: files\n", "#hosts: files\nhosts: files dns\n"),
            ("", "hosts: files dns\n"),
        ] {
            assert_eq!(changed(&Content::NameService, old), new, "{old}");
        }
    }

    #[test]
    fn root_may_log_in_with_a_key() {
        for (old, new) in [
            ("Port 22\nPermitRootLogin no\nUsePAM yes\n", "Port 22\nPermitRootLogin prohibit-password\nUsePAM yes\n"),
            ("permitrootlogin=yes\n", "PermitRootLogin prohibit-password\n"),
            ("PermitRootLogin without-password\n", "PermitRootLogin without-password\n"),
            ("#PermitRootLogin no\n", "#PermitRootLogin no\nPermitRootLogin prohibit-password\n"),
            (
                "Match User x\n  PermitRootLogin no\n",
                "PermitRootLogin prohibit-password\nMatch User x\n  PermitRootLogin no\n",
            ),
        ] {
            assert_eq!(changed(&Content::RootLogin, old), new, "{old}");
        }
        assert_eq!(Content::RootLogin.change(None), None);
    }

    #[test]
    fn hosts_are_added_once() {
        let hosts = Content::Hosts(vec!["10.1.0.5 db01 db01.example.org".into(), "::1 localhost".into()]);
        let old = "::1\tlocalhost\n127.0.0.1 localhost loghost\n";
        assert_eq!(changed(&hosts, old), format!("{old}10.1.0.5 db01 db01.example.org\n"));
        assert_eq!(hosts.change(None).unwrap(), "10.1.0.5 db01 db01.example.org\n::1 localhost\n");
    }

    #[test]
    fn keys_are_added() {
        let keys = Content::Keys(vec!["ssh-ed25519 AAAA a".into(), "ssh-ed25519 AAAB b".into()]);
        assert_eq!(keys.change(None).unwrap(), "ssh-ed25519 AAAA a\nssh-ed25519 AAAB b\n");
        assert_eq!(changed(&keys, "# mine\nssh-ed25519 AAAB b\n"), "# mine\nssh-ed25519 AAAB b\nssh-ed25519 AAAA a\n");
    }

    proptest! {
        #[test]
        fn what_was_changed_stays(old in "((hosts|TZ|PermitRootLogin|Match|#|x)[:= ]?[a-z =:#]{0,12}\n?){0,6}") {
            for content in [
                Content::TimeZone("UTC".into()),
                Content::NameService,
                Content::Keys(vec!["k".into()]),
                Content::RootLogin,
            ] {
                let once = changed(&content, &old);
                prop_assert_eq!(content.change(Some(&once)), None);
            }
        }
    }
}
