//! Settings that reach a zone only when it is installed.
//!
//! Invariant: `applied` keeps what the zone was installed with, whatever the files contain since then.

use std::net::IpAddr;

use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::Settings;
use crate::documents::zone::{Applied, Origin, ZoneEntry};
use crate::host::Distribution;
use crate::value::source::{Source, Sourced};

/// A setting that changed in the files since the zone was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AtReinstall {
    /// Node of the setting.
    pub(crate) node: &'static str,
    pub(crate) desired: Option<String>,
    pub(crate) installed: Option<String>,
    pub(crate) source: Source,
}

impl AtReinstall {
    /// Returns the message of `apply` about it.
    pub(crate) fn note(&self) -> String {
        let desired = self.desired.as_deref().map_or("removed".to_owned(), |desired| format!("{desired:?}"));
        let place = match self.source.file {
            Some(_) => format!(" ({})", self.source),
            None => String::new(),
        };
        format!("{} {desired}: takes effect at reinstall{place}", self.node)
    }
}

/// Returns the settings in which the files differ from what the zone was installed with. `publishers`: those of its image are set
/// while it runs.
pub(crate) fn differences(
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    dialect: Distribution,
    publishers: bool,
) -> Vec<AtReinstall> {
    let Some(applied) = &entry.applied else { return Vec::new() };
    let (was, own) = (&applied.settings, &entry.settings);
    let imported = entry.origin == Some(Origin::Import);
    let is_known = is_known(was);
    let mut all = Vec::new();
    // If it was never recorded, it counts only if the file of a zone that zmgr did not install sets it.
    let mut compare = |node, known: bool, named: bool, desired: Option<String>, installed: Option<String>, source| {
        if (known || imported && named) && desired != installed {
            all.push(AtReinstall { node, desired, installed, source });
        }
    };
    let setup = (&spec.setup, &was.setup);
    compare(
        "hostname",
        is_known,
        own.setup.hostname.is_some(),
        text(&setup.0.hostname),
        text(&setup.1.hostname),
        source(&setup.0.hostname),
    );
    compare(
        "ssh-key",
        is_known,
        own.setup.ssh_keys.is_some(),
        words(&setup.0.ssh_keys),
        words(&setup.1.ssh_keys),
        source(&setup.0.ssh_keys),
    );
    compare(
        "root-password-file",
        is_known,
        own.setup.root_password_file.is_some(),
        text(&setup.0.root_password_file),
        text(&setup.1.root_password_file),
        source(&setup.0.root_password_file),
    );
    compare(
        "hosts",
        is_known,
        own.setup.hosts.is_some(),
        words(&setup.0.hosts),
        words(&setup.1.hosts),
        source(&setup.0.hosts),
    );
    compare(
        "timezone",
        is_known,
        own.setup.timezone.is_some(),
        text(&setup.0.timezone),
        text(&setup.1.timezone),
        source(&setup.0.timezone),
    );
    // OmniOS's brands read these from the zone's configuration at each boot.
    if dialect != Distribution::OmniOs {
        let known = !imported || is_known;
        let desired = joined(spec.resolvers.value.iter().map(IpAddr::to_string));
        let installed = joined(was.resolvers.iter().flat_map(|list| &list.value).map(IpAddr::to_string));
        compare("resolver", known, own.resolvers.is_some(), desired, installed, spec.resolvers.source.clone());
        let (desired, installed) = (text(&spec.dns_domain), text(&was.dns_domain));
        compare("dns-domain", known, own.dns_domain.is_some(), desired, installed, source(&spec.dns_domain));
    }
    let clone = |clone: &Option<Sourced<crate::value::name::ZoneName>>| clone.as_ref().map(|zone| zone.to_string());
    compare("clone-from", is_known, false, clone(&spec.clone_from), clone(&was.clone_from), source(&spec.clone_from));
    let own = own.install.as_deref().cloned().unwrap_or_default();
    let was = was.install.as_deref().cloned().unwrap_or_default();
    let place = || entry.settings.install.as_ref().map_or_else(Source::none, |install| install.source.clone());
    let list = |words: &[String]| joined(words.iter().cloned());
    let (desired, installed) = (list(&spec.install.packages), list(&was.packages));
    compare("package", is_known, !own.packages.is_empty(), desired, installed, place());
    compare("image", is_known, own.image.is_some(), spec.install.image.clone(), was.image.clone(), place());
    if !publishers {
        let names = |list: &[crate::value::name::PublisherName]| joined(list.iter().map(ToString::to_string));
        let (desired, installed) = (names(&spec.install.publishers), names(&was.publishers));
        compare("publisher", is_known, !own.publishers.is_empty(), desired, installed, place());
    }
    all
}

/// Returns true if the settings of the installation are recorded.
fn is_known(applied: &Settings) -> bool {
    applied.install.is_some() || applied.clone_from.is_some()
}

/// Keeps the settings of the installation in `applied`. `publishers`: those of its image are set to the desired ones.
pub(crate) fn keep(applied: &mut Applied, entry: &ZoneEntry, dialect: Distribution, publishers: bool) {
    let was = entry.applied.as_deref().map(|applied| applied.settings.clone()).unwrap_or_default();
    let settings = &mut applied.settings;
    settings.setup = was.setup;
    settings.clone_from = was.clone_from;
    if dialect != Distribution::OmniOs {
        settings.resolvers = was.resolvers;
        settings.dns_domain = was.dns_domain;
    }
    let desired = settings.install.take().map(|install| install.value.publishers).unwrap_or_default();
    settings.install = match (was.install, publishers) {
        (Some(mut install), true) => {
            install.value.publishers = desired;
            Some(install)
        }
        (None, true) => {
            let install = crate::documents::settings::Install { publishers: desired, ..Default::default() };
            Some(install.into())
        }
        (install, false) => install,
    };
}

fn source<T>(value: &Option<Sourced<T>>) -> Source {
    value.as_ref().map_or_else(Source::none, |value| value.source.clone())
}

fn text(value: &Option<Sourced<String>>) -> Option<String> {
    value.as_ref().map(|value| value.value.clone())
}

fn words(list: &Option<Sourced<Vec<String>>>) -> Option<String> {
    joined(list.iter().flat_map(|list| list.value.iter().cloned()))
}

fn joined(words: impl Iterator<Item = String>) -> Option<String> {
    let text = words.collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}
