//! Reads and replaces whole configuration files.
//!
//! Invariant: a file is written only if it is valid and brings no new error into the tree; what zmgr itself writes into an entry stays.

use std::path::{Component, Path, PathBuf};

use super::check::check;
use super::config_tree::ConfigTree;
use super::context::{Context, Snapshots};
use super::files::unknown_file;
use crate::api::RunOptions;
use crate::documents::document::{Document, Kind};
use crate::documents::reservation::Reservation;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result, Severity};
use crate::registry::{Directory, Registry, Tree, Wait};
use crate::value::name::{PoolName, PublisherName, ReservationName, TemplateName, ZoneName};

/// A configuration file, by its checked name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Config,
    Template(TemplateName),
    Pool(PoolName),
    Publisher(PublisherName),
    Zone(ZoneName),
    Reservation(ReservationName),
}

impl Target {
    /// Parses a path below the root, such as `pools/internal.kdl`.
    fn parse(path: &Path) -> Result<Target> {
        let wrong = || {
            let directories = Directory::ALL.map(|directory| format!("{}/NAME.kdl", directory.name())).join(", ");
            Error::new(Code::InvalidArgument, format!("{:?} is not the path of a configuration file", path.display()))
                .with_help(format!("name config.kdl or one of {directories}"))
        };
        let parts: Option<Vec<&str>> = path
            .components()
            .map(|part| match part {
                Component::Normal(part) => part.to_str(),
                _ => None,
            })
            .collect();
        let name = |file: &str| file.strip_suffix(".kdl").map(str::to_owned).ok_or_else(wrong);
        match parts.as_deref() {
            Some(["config.kdl"]) => Ok(Target::Config),
            Some(["templates", file]) => Ok(Target::Template(TemplateName::new(name(file)?)?)),
            Some(["pools", file]) => Ok(Target::Pool(PoolName::new(name(file)?)?)),
            Some(["publishers", file]) => Ok(Target::Publisher(PublisherName::new(name(file)?)?)),
            Some(["zones", file]) => Ok(Target::Zone(ZoneName::new(name(file)?)?)),
            Some(["reservations", file]) => Ok(Target::Reservation(ReservationName::new(name(file)?)?)),
            _ => Err(wrong()),
        }
    }

    fn path(&self, tree: &Tree) -> PathBuf {
        match self {
            Target::Config => tree.config(),
            Target::Template(name) => tree.template(name),
            Target::Pool(name) => tree.pool(name),
            Target::Publisher(name) => tree.publisher(name),
            Target::Zone(name) => tree.zone(name),
            Target::Reservation(name) => tree.reservation(name),
        }
    }

    fn missing(&self, tree: &Tree) -> Error {
        let (directory, what, name) = match self {
            Target::Config => {
                return Error::new(Code::NotFound, format!("{} does not exist", tree.config().display()))
                    .with_help("run `zmgr init` to write a starter tree");
            }
            Target::Zone(name) => return super::unknown_zone(tree, name.as_str()),
            Target::Template(name) => (Directory::Templates, "template", name.as_str()),
            Target::Pool(name) => (Directory::Pools, "pool", name.as_str()),
            Target::Publisher(name) => (Directory::Publishers, "publisher", name.as_str()),
            Target::Reservation(name) => (Directory::Reservations, "reservation", name.as_str()),
        };
        unknown_file(tree, directory, what, name)
    }
}

/// Returns the text of a configuration file.
pub(crate) fn read(registry: &Registry, path: &Path) -> Result<String> {
    let tree = registry.tree();
    let target = Target::parse(path)?;
    let path = target.path(tree);
    let bytes = tree.read(&path).map_err(|error| match error.code() {
        Code::NotFound => target.missing(tree),
        _ => error,
    })?;
    String::from_utf8(bytes)
        .map_err(|error| Error::new(Code::Config, format!("{} is not UTF-8", path.display())).with_source(error))
}

/// Replaces a file whose text is `was`, or creates one that must not exist; returns the warnings about it.
pub(crate) fn write(
    registry: &Registry,
    host: Option<(&Context, &Snapshots)>,
    path: &Path,
    text: &str,
    was: Option<&str>,
    run: &mut RunOptions<'_>,
) -> Result<Vec<Diagnostic>> {
    run.wanted()?;
    let target = Target::parse(path)?;
    let path = target.path(registry.tree());
    let config_tree = ConfigTree::load_config(registry.tree())?;
    let warnings = valid(registry, host, &path, text)?;
    let mut pulse = || run.goes_on();
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let (_zone, _registry) = match &target {
        Target::Zone(name) => (Some(registry.lock_zone(name, &mut wait)?), None),
        _ => (None, Some(registry.lock_registry(&mut wait)?)),
    };
    let Some(was) = was else {
        registry.create(&path, text.as_bytes())?;
        return Ok(warnings);
    };
    registry.change(&path, |now| {
        if now != was.as_bytes() {
            let message = format!("{} has changed since it was read; nothing was written", path.display());
            return Err(Error::new(Code::StalePlan, message).with_help("read it again and repeat the change"));
        }
        match &target {
            Target::Zone(_) => keeps_own_part::<ZoneEntry>(&path, now, text, own_part)?,
            Target::Reservation(_) => keeps_own_part::<Reservation>(&path, now, text, |reservation| {
                let mut own = reservation.clone();
                own.addresses.clear();
                own
            })?,
            _ => {}
        }
        Ok(text.as_bytes().to_vec())
    })?;
    Ok(warnings)
}

/// Fails if the file would have errors, or if others would have errors that they do not have now. Otherwise returns the warnings
/// about the file.
fn valid(
    registry: &Registry,
    host: Option<(&Context, &Snapshots)>,
    path: &Path,
    text: &str,
) -> Result<Vec<Diagnostic>> {
    let found = |registry: &Registry| {
        check(registry, host.map(|(context, snapshots)| (&context.host, &snapshots.host, snapshots.host_usage.clone())))
    };
    let after = found(&registry.with_text(path, text.as_bytes()));
    let (own, others): (Vec<Diagnostic>, Vec<Diagnostic>) =
        after.into_iter().partition(|finding| finding.path.as_deref() == Some(path));
    let (mut errors, warnings): (Vec<Diagnostic>, Vec<Diagnostic>) =
        own.into_iter().partition(|finding| finding.severity == Severity::Error);
    let mut others: Vec<Diagnostic> = others.into_iter().filter(|other| other.severity == Severity::Error).collect();
    if !others.is_empty() {
        let before = found(registry);
        let is_same = |a: &Diagnostic, b: &Diagnostic| (&a.path, &a.code, &a.message) == (&b.path, &b.code, &b.message);
        others.retain(|other| !before.iter().any(|known| is_same(known, other)));
    }
    errors.append(&mut others);
    let Some(first) = errors.first() else { return Ok(warnings) };
    let message = match errors.len() {
        1 => format!("{} was not written: {}", path.display(), first.message),
        n => format!("{} was not written: it would bring {n} errors, the first: {}", path.display(), first.message),
    };
    Err(Error::new(Code::Config, message).with_details(errors))
}

/// Fails if the new text changes what zmgr writes itself. A file that cannot be read now has no such part.
fn keeps_own_part<T: Kind + PartialEq>(path: &Path, now: &[u8], text: &str, own: impl Fn(&T) -> T) -> Result<()> {
    let Ok(now) = Document::<T>::parse(path, now) else { return Ok(()) };
    let new = Document::<T>::parse(path, text.as_bytes())?;
    if own(&now.value) == own(&new.value) {
        return Ok(());
    }
    let message = format!("{} was not written: it changes nodes that only zmgr writes", path.display());
    Err(Error::new(Code::InvalidArgument, message).with_help(
        "leave format, id, state, uuid, created, origin, applied, pending, datasets and foreign as they are",
    ))
}

/// Returns an entry with only the part that zmgr writes.
fn own_part(entry: &ZoneEntry) -> ZoneEntry {
    let mut own = entry.clone();
    own.template = None;
    own.zonepath = None;
    own.nets.clear();
    own.settings = <_>::default();
    own
}
