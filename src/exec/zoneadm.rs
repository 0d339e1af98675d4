//! `zoneadm`: the states of zones, and the verbs that change them.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};
use crate::value::name::ZoneName;

/// The state of a zone, as the host names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ZoneState {
    /// Configured, without files.
    Configured,
    /// An installation or its removal began and is not complete.
    Incomplete,
    /// Installed and inactive.
    Installed,
    /// Active, without processes.
    Ready,
    /// Mounted for maintenance.
    Mounted,
    /// Active.
    Running,
    /// On its way down.
    ShuttingDown,
    /// Its processes are gone, its kernel part is not.
    Down,
    /// A state that zmgr does not know.
    Unknown,
}

impl ZoneState {
    /// Returns the state of this name.
    pub fn from_word(word: &str) -> ZoneState {
        match word {
            "configured" => ZoneState::Configured,
            "incomplete" => ZoneState::Incomplete,
            "installed" => ZoneState::Installed,
            "ready" => ZoneState::Ready,
            "mounted" => ZoneState::Mounted,
            "running" => ZoneState::Running,
            "shutting_down" => ZoneState::ShuttingDown,
            "down" => ZoneState::Down,
            _ => ZoneState::Unknown,
        }
    }

    /// Returns the host's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            ZoneState::Configured => "configured",
            ZoneState::Incomplete => "incomplete",
            ZoneState::Installed => "installed",
            ZoneState::Ready => "ready",
            ZoneState::Mounted => "mounted",
            ZoneState::Running => "running",
            ZoneState::ShuttingDown => "shutting_down",
            ZoneState::Down => "down",
            ZoneState::Unknown => "unknown",
        }
    }

    /// Returns true if the kernel knows the zone: it is up, or not completely down.
    pub fn is_active(self) -> bool {
        !matches!(self, ZoneState::Configured | ZoneState::Incomplete | ZoneState::Installed)
    }
}

impl fmt::Display for ZoneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A line of `zoneadm list -p`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostZone {
    /// Its id while it is active. For display: it is read before the state and may contradict it.
    pub id: Option<u32>,
    /// Its name, which may be one that zmgr would refuse.
    pub name: String,
    /// Its state.
    pub state: ZoneState,
    /// Its path on the host.
    pub zonepath: String,
    /// Identifies the installation, not the zone; `None` while there is none.
    pub uuid: Option<String>,
    /// Its brand.
    pub brand: String,
    /// True if it has an IP stack of its own.
    pub exclusive_ip: bool,
}

/// Lists all zones of the host, whatever their state.
pub fn list() -> Invocation {
    Invocation::new("zoneadm").args(["list", "-cp"])
}

/// Checks, without changing anything, that a zone could be installed or booted as it is configured.
pub fn verify(zone: &ZoneName) -> Invocation {
    on(zone).arg("verify")
}

/// Lists one zone, whatever its state; exits with 1 if there is none, or if it is broken.
pub fn list_one(zone: &ZoneName) -> Invocation {
    on(zone).args(["list", "-p"])
}

/// Parses the output of [`list`] or [`list_one`]: in the host's order, including the global zone.
pub fn parse_list(completed: &Completed) -> Result<Vec<HostZone>> {
    parse_lines(&completed.text()?).map_err(|line| {
        Error::new(Code::CommandFailed, format!("unexpected output of zoneadm list: {line:?}"))
            .with_command(completed.failed())
    })
}

fn parse_lines(text: &str) -> std::result::Result<Vec<HostZone>, &str> {
    fields::lines(text, 7, fields::split_zoneadm)
        .map(|line| {
            let mut line = line?.into_iter();
            let mut next = || line.next().unwrap_or_default();
            Ok(HostZone {
                id: next().parse().ok(),
                name: next().into_owned(),
                state: ZoneState::from_word(&next()),
                zonepath: next().into_owned(),
                uuid: Some(next()).filter(|uuid| !uuid.is_empty()).map(Cow::into_owned),
                brand: next().into_owned(),
                // Later fields, which some distributions have, are ignored.
                exclusive_ip: next() == "excl",
            })
        })
        .collect()
}

/// Checks a word that illumos hands to a root shell unquoted, such as the zonepath.
pub fn check_hook_word(what: &str, word: &str) -> Result<()> {
    if is_plain(word) { Ok(()) } else { Err(unsafe_word(what, word)) }
}

/// Checks an argument of the install hook, which may contain the address of a repository: the brackets of an IPv6 host are a pattern
/// that matches no file and so stays as it is, and a tilde after a slash is not expanded.
pub fn check_install_argument(word: &str) -> Result<()> {
    let plain = word.replace(['[', ']'], "").replace("/~", "/");
    if is_plain(&plain) { Ok(()) } else { Err(unsafe_word("an argument of install", word)) }
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b))
}

fn unsafe_word(what: &str, word: &str) -> Error {
    let message = format!("{what} {word:?} is unsafe: illumos passes it to a shell");
    Error::new(Code::InvalidArgument, message)
        .with_help("only letters, digits and the characters @ % + = : , . / _ - are allowed")
}

/// Installs it with these arguments of its brand, which must have passed [`check_install_argument`].
pub fn install(zone: &ZoneName, arguments: &[String], limit: Duration) -> Invocation {
    on(zone).arg("install").args(arguments).with_limit(Some(limit))
}

/// Installs it as a clone of another zone, which must be installed and inactive.
pub fn clone(zone: &ZoneName, source: &ZoneName, limit: Duration) -> Invocation {
    on(zone).args(["clone", source.as_str()]).with_limit(Some(limit))
}

/// Uninstalls it, without asking.
pub fn uninstall(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).args(["uninstall", "-F"]).with_limit(Some(limit))
}

/// Boots it.
pub fn boot(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("boot").with_limit(Some(limit))
}

/// Makes it ready: mounts its root and creates its links, but starts no process.
pub fn ready(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("ready").with_limit(Some(limit))
}

/// Halts it, without running its shutdown scripts.
pub fn halt(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("halt").with_limit(Some(limit))
}

/// Shuts it down; with `reboot` it boots again. illumos waits 100 s for the zone and does not halt it afterwards.
pub fn shutdown(zone: &ZoneName, reboot: bool, limit: Duration) -> Invocation {
    on(zone).arg("shutdown").args(reboot.then_some("-r")).with_limit(Some(limit))
}

/// Halts and boots it at once.
pub fn reboot(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("reboot").with_limit(Some(limit))
}

/// Moves it to another zonepath, which must be absent or an empty directory.
pub fn move_to(zone: &ZoneName, zonepath: &str, limit: Duration) -> Invocation {
    on(zone).args(["move", zonepath]).with_limit(Some(limit))
}

/// Mounts the active boot environment of an inactive zone, as the host's boot does.
pub fn sysboot(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("sysboot").with_limit(Some(limit))
}

/// Detaches its installation and leaves the files.
pub fn detach(zone: &ZoneName, limit: Duration) -> Invocation {
    on(zone).arg("detach").with_limit(Some(limit))
}

/// Attaches an installation that [`detach`] left, with these arguments of its brand.
pub fn attach(zone: &ZoneName, arguments: &[String], limit: Duration) -> Invocation {
    on(zone).arg("attach").args(arguments).with_limit(Some(limit))
}

/// Marks it as incomplete, so that it can be uninstalled.
pub fn mark_incomplete(zone: &ZoneName) -> Invocation {
    on(zone).args(["mark", "incomplete"])
}

fn on(zone: &ZoneName) -> Invocation {
    Invocation::new("zoneadm").args(["-z", zone.as_str()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lines_of_every_distribution() {
        let text = "0:global:running:/::ipkg:shared\n\
                    4:web1:running:/zones/web1:6ba7b810-9dad-4dd1-80b4-00c04fd430c8:nlipkg:excl\n\
                    -:odd:shutting_down:/zones/a\\:b::ipkg:excl:-:more\n";
        let zones = parse_lines(text).unwrap();
        assert_eq!(zones.len(), 3);
        assert_eq!((zones[0].id, zones[0].uuid.as_deref(), zones[0].exclusive_ip), (Some(0), None, false));
        assert_eq!(zones[1].uuid.as_deref(), Some("6ba7b810-9dad-4dd1-80b4-00c04fd430c8"));
        assert_eq!((zones[2].zonepath.as_str(), zones[2].state), ("/zones/a:b", ZoneState::ShuttingDown));
        assert!(zones[2].state.is_active() && !ZoneState::Installed.is_active());
        assert_eq!(parse_lines("nonsense\n"), Err("nonsense"));
    }

    #[test]
    fn words_for_a_root_shell() {
        assert!(check_hook_word("argument", "openindiana.org=https://pkg.example/hipster").is_ok());
        assert!(check_install_argument("a=http://[fd00::1]:80/~u").is_ok());
        for bad in ["", "a b", "a;b", "$(id)", "a'b", "a\nb", "ä", "*", "~u", "a=~u", "?"] {
            assert_eq!(check_hook_word("argument", bad).unwrap_err().code(), Code::InvalidArgument, "{bad:?}");
            assert_eq!(check_install_argument(bad).unwrap_err().code(), Code::InvalidArgument, "{bad:?}");
        }
        assert!(
            check_hook_word("zonepath", "/zones/[a]").is_err() && check_hook_word("zonepath", "/zones/~a").is_err()
        );
    }

    #[test]
    fn builds() {
        let zone = ZoneName::new("web01").unwrap();
        assert_eq!(shutdown(&zone, true, Duration::from_secs(1)).to_string(), "zoneadm -z web01 shutdown -r");
        assert_eq!(uninstall(&zone, Duration::from_secs(1)).to_string(), "zoneadm -z web01 uninstall -F");
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_lines(&text);
        }
    }
}
