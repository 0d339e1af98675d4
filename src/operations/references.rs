//! The files that name a zone besides its own entry: what is cloned from it, what boots after it, and addresses
//! reserved for it.

use std::path::{Path, PathBuf};

use super::files::read_document;
use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::settings::Settings;
use crate::documents::template::Template;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::registry::{Directory, Registry, Tree, Wait, stem_of};
use crate::value::name::ZoneName;

/// A file that names a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    kind: FileKind,
    pub(crate) path: PathBuf,
    /// Its path below the root.
    pub(crate) shown: String,
    /// The zone of the entry, if it is one.
    pub(crate) zone: Option<ZoneName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Config,
    Template,
    Pool,
    Zone,
}

/// A kind of file that may name zones.
trait Naming: Kind {
    /// Replaces a name wherever it stands. Returns true if it stood anywhere.
    fn rename(&mut self, from: &ZoneName, to: &ZoneName) -> bool;
}

/// Replaces a name in settings. Returns true if it stood there.
fn rename_in(settings: &mut Settings, from: &ZoneName, to: &ZoneName) -> bool {
    let source = settings.clone_from.iter_mut().map(|source| &mut source.value);
    let after = settings.after.iter_mut().flat_map(|after| &mut after.value);
    let named = source.chain(after).filter(|name| *name == from);
    named.map(|name| *name = to.clone()).count() > 0
}

impl Naming for Config {
    fn rename(&mut self, from: &ZoneName, to: &ZoneName) -> bool {
        rename_in(&mut self.defaults, from, to)
    }
}

impl Naming for Template {
    fn rename(&mut self, from: &ZoneName, to: &ZoneName) -> bool {
        rename_in(&mut self.settings, from, to)
    }
}

impl Naming for Pool {
    fn rename(&mut self, from: &ZoneName, to: &ZoneName) -> bool {
        let owners = self.networks.iter_mut().flat_map(|network| &mut network.reserves).map(|(_, owner)| owner);
        let of_zone = owners.filter(|owner| owner.as_str() == from.as_str());
        of_zone.map(|owner| *owner = to.to_string()).count() > 0
    }
}

impl Naming for ZoneEntry {
    fn rename(&mut self, from: &ZoneName, to: &ZoneName) -> bool {
        let own = rename_in(&mut self.settings, from, to);
        let applied = self.applied.as_mut().is_some_and(|applied| rename_in(&mut applied.settings, from, to));
        own || applied
    }
}

impl Reference {
    /// Returns the text of the file with the name replaced, or as it is if the name does not stand in it.
    pub(crate) fn renamed(&self, bytes: &[u8], from: &ZoneName, to: &ZoneName) -> Result<Vec<u8>> {
        match self.kind {
            FileKind::Config => renamed::<Config>(&self.path, bytes, from, to),
            FileKind::Template => renamed::<Template>(&self.path, bytes, from, to),
            FileKind::Pool => renamed::<Pool>(&self.path, bytes, from, to),
            FileKind::Zone => renamed::<ZoneEntry>(&self.path, bytes, from, to),
        }
    }

    /// Returns true if the file exists and names this zone.
    pub(crate) fn names(&self, registry: &Registry, name: &ZoneName) -> Result<bool> {
        match read_document(registry.tree(), &self.path)? {
            Some(bytes) if may_name(&bytes, name) => match self.kind {
                FileKind::Config => names::<Config>(&self.path, &bytes, name),
                FileKind::Template => names::<Template>(&self.path, &bytes, name),
                FileKind::Pool => names::<Pool>(&self.path, &bytes, name),
                FileKind::Zone => names::<ZoneEntry>(&self.path, &bytes, name),
            },
            _ => Ok(false),
        }
    }

    /// Returns the text of the file as it is now.
    pub(crate) fn bytes(&self, registry: &Registry) -> Result<Vec<u8>> {
        Ok(read_document(registry.tree(), &self.path)?.unwrap_or_default())
    }
}

fn renamed<T: Naming>(path: &Path, bytes: &[u8], from: &ZoneName, to: &ZoneName) -> Result<Vec<u8>> {
    let document = Document::<T>::parse(path, bytes)?;
    let mut value = document.value.clone();
    if !value.rename(from, to) {
        return Ok(bytes.to_vec());
    }
    Ok(document.with(value)?.text().as_bytes().to_vec())
}

fn names<T: Naming>(path: &Path, bytes: &[u8], name: &ZoneName) -> Result<bool> {
    let mut value = Document::<T>::parse(path, bytes)?.value;
    if value.newer() {
        let message = format!("{} was written by a newer zmgr and may name zone {name}", path.display());
        return Err(Error::new(Code::Config, message).with_help("use the zmgr that wrote it"));
    }
    Ok(value.rename(name, name))
}

/// Returns false if a text cannot contain a name, which is so for nearly every file and costs no parse. A text may spell any letter
/// as an escape.
fn may_name(bytes: &[u8], name: &ZoneName) -> bool {
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    has(name.as_str().as_bytes()) || has(b"\\u{")
}

/// Returns the files that name a zone, except the entries of the zones in `except`.
///
/// Errors: `config` for a file that may name the zone and cannot be read.
pub(crate) fn find(registry: &Registry, name: &ZoneName, except: &[&ZoneName]) -> Result<Vec<Reference>> {
    let mut found = Vec::new();
    for reference in all(registry.tree())? {
        if reference.zone.as_ref().is_none_or(|zone| !except.contains(&zone)) && reference.names(registry, name)? {
            found.push(reference);
        }
    }
    Ok(found)
}

/// Returns every file that may name zones.
fn all(tree: &Tree) -> Result<Vec<Reference>> {
    let config = Reference { kind: FileKind::Config, path: tree.config(), shown: "config.kdl".to_owned(), zone: None };
    let mut all = vec![config];
    let directories = [
        (Directory::Templates, FileKind::Template),
        (Directory::Pools, FileKind::Pool),
        (Directory::Zones, FileKind::Zone),
    ];
    for (directory, kind) in directories {
        for file in tree.documents(directory)? {
            let Some(stem) = stem_of(&file) else { continue };
            let zone = if kind == FileKind::Zone { ZoneName::new(stem).ok() } else { None };
            let shown = format!("{}/{stem}.kdl", directory.name());
            all.push(Reference { kind, path: tree.directory(directory).join(&file), shown, zone });
        }
    }
    Ok(all)
}

/// Removes the temporary files that a killed rename left beside files that are not entries.
pub(crate) fn sweep(registry: &Registry, wait: &mut Wait<'_>) -> Result<()> {
    let _lock = registry.lock_registry(wait)?;
    let others = all(registry.tree())?.into_iter().filter(|reference| reference.zone.is_none());
    others.into_iter().try_for_each(|reference| registry.sweep_temp(&reference.path))
}
