//! Files written into a zone before its first boot, by brand and illumos distribution.
//!
//! Invariant: pure; the plan refuses settings that a brand does not support.

use super::steps::Content;
use crate::documents::resolve::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::host::Distribution;
use crate::value::Secret;

/// Returns the files for this spec; `keys` are root's public keys, `password` the hash of its password.
pub(crate) fn first_boot(
    spec: &ZoneSpec,
    dialect: Distribution,
    keys: Vec<String>,
    password: Option<Secret>,
) -> Result<Vec<Content>> {
    let mut files = Vec::new();
    let linux = spec.brand.value == "lx";
    // A clone has its source's host name, so its own is written.
    let hostname = match &spec.setup.hostname {
        Some(hostname) => Some(hostname.value.clone()),
        None => spec.clone_from.as_ref().map(|_| spec.name.to_string()),
    };
    if let Some(hostname) = hostname {
        let path = if linux { "/etc/hostname" } else { "/etc/nodename" };
        files.push(Content::Whole { path, text: format!("{hostname}\n") });
    }
    if let Some(timezone) = &spec.setup.timezone {
        if linux {
            let message =
                format!("zone {}: zmgr cannot set the timezone ({}) of a zone of brand lx", spec.name, timezone.source);
            return Err(Error::new(Code::Config, message).with_help("remove `timezone` from its setup"));
        }
        files.push(Content::TimeZone(timezone.value.clone()));
    }
    // OmniOS's brands write these files themselves, from attributes of the zone. A domain alone makes a resolv.conf that resolves
    // nothing.
    if dialect != Distribution::OmniOs && !spec.resolvers.value.is_empty() {
        let mut text = spec.dns_domain.iter().map(|domain| format!("domain {domain}\n")).collect::<String>();
        text.extend(spec.resolvers.value.iter().map(|resolver| format!("nameserver {resolver}\n")));
        files.push(Content::Whole { path: "/etc/resolv.conf", text });
        files.push(Content::NameService);
    }
    if let Some(hosts) = &spec.setup.hosts {
        // Its init writes the file again.
        if linux {
            let message =
                format!("zone {}: zmgr cannot set the hosts ({}) of a zone of brand lx", spec.name, hosts.source);
            return Err(Error::new(Code::Config, message).with_help("remove `hosts` from its setup"));
        }
        files.push(Content::Hosts(hosts.value.clone()));
    }
    if let (Some(hash), Some(file)) = (password, &spec.setup.root_password_file) {
        files.push(Content::Password { hash, from: file.value.clone() });
    }
    if !keys.is_empty() {
        files.push(Content::Keys(keys));
        files.push(Content::RootLogin);
    }
    Ok(files)
}
