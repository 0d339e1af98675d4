//! The configuration files that users write, loaded together: config, templates, pools, publishers.
//!
//! Invariant: an error in one file stops only what needs that file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::api::hex;
use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::template::Template;
use crate::documents::zone::{Origin, ZoneEntry};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::registry::{Directory, Pools, Tree};
use crate::value::name::{PublisherName, TemplateName};
use crate::value::source::Source;

/// The configuration files of a tree.
#[derive(Debug, Default)]
pub(crate) struct ConfigTree {
    pub(crate) config: Config,
    pub(crate) templates: BTreeMap<TemplateName, Template>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) publishers: BTreeMap<PublisherName, Publisher>,
    /// SHA-256 of each file by its path below the root.
    pub(crate) digests: BTreeMap<String, String>,
    /// Errors by path of the file below the root.
    faults: BTreeMap<String, Error>,
}

impl ConfigTree {
    /// Reads all files. Errors are kept: see [`ConfigTree::check`].
    pub(crate) fn load(tree: &Tree) -> Result<ConfigTree> {
        let mut config_tree = ConfigTree::load_pools(tree)?;
        config_tree.templates =
            config_tree.directory(tree, Directory::Templates, |template: &Template| template.name.clone())?;
        config_tree.publishers =
            config_tree.directory(tree, Directory::Publishers, |publisher: &Publisher| publisher.name.clone())?;
        Ok(config_tree)
    }

    /// Reads only config and pools, which is all that addresses need.
    pub(crate) fn load_pools(tree: &Tree) -> Result<ConfigTree> {
        let mut config_tree = ConfigTree::load_config(tree)?;
        let pools = config_tree.directory(tree, Directory::Pools, |pool: &Pool| pool.name.clone())?;
        config_tree.pools = Arc::new(Pools::of_tree(pools, &config_tree.config, tree));
        Ok(config_tree)
    }

    /// Reads only config.
    pub(crate) fn load_config(tree: &Tree) -> Result<ConfigTree> {
        let mut config_tree = ConfigTree::default();
        there(tree.check_directory(tree.root()))?;
        if let Some(config) = config_tree.read::<Config>(tree, &tree.config())? {
            config_tree.config = config;
        }
        Ok(config_tree)
    }

    fn directory<T: Kind, N: Ord>(
        &mut self,
        tree: &Tree,
        directory: Directory,
        name: impl Fn(&T) -> N,
    ) -> Result<BTreeMap<N, T>> {
        let path = tree.directory(directory);
        let mut values = BTreeMap::new();
        if let Err(error) = there(tree.check_directory(&path)) {
            // Stops only what needs these files, like a single bad file.
            self.faults.insert(format!("{}/", directory.name()), error);
            return Ok(values);
        }
        for file in tree.documents(directory)? {
            if let Some(value) = self.read::<T>(tree, &path.join(file))? {
                values.insert(name(&value), value);
            }
        }
        Ok(values)
    }

    fn read<T: Kind>(&mut self, tree: &Tree, path: &Path) -> Result<Option<T>> {
        let key = path.strip_prefix(tree.root()).unwrap_or(path).to_string_lossy().into_owned();
        let bytes = match super::files::read_document(tree, path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.faults.insert(key, error);
                return Ok(None);
            }
        };
        self.digests.insert(key.clone(), hex(&Sha256::digest(&bytes)));
        match Document::<T>::parse(path, &bytes) {
            Ok(document) => Ok(Some(document.value)),
            Err(error) => {
                self.faults.insert(key, error);
                Ok(None)
            }
        }
    }

    /// Returns the template of this name and those that it extends, nearest first, as far as they exist.
    pub(crate) fn chain(&self, name: Option<&TemplateName>) -> Vec<TemplateName> {
        let mut chain: Vec<TemplateName> = Vec::new();
        let mut next = name.cloned();
        while let Some(name) = next.filter(|name| !chain.contains(name)) {
            next = self.templates.get(&name).and_then(|template| Some(template.extends.as_ref()?.value.clone()));
            chain.push(name);
        }
        chain
    }

    /// Returns the line that protects this zone, if any: its own, its template's, or that of `defaults`. An unreadable template
    /// protects nothing, and an imported or golden zone is protected by its own file only.
    pub(crate) fn protection(&self, entry: &ZoneEntry) -> Option<Source> {
        let chain = self.chain(entry.template_name());
        let templates = chain.iter().filter_map(|name| self.templates.get(name)).map(|template| &template.settings);
        let below = templates
            .chain([&self.config.defaults])
            .filter(|_| !matches!(entry.origin, Some(Origin::Import | Origin::Golden)));
        let layers = std::iter::once(&entry.settings).chain(below);
        let nearest = layers.filter_map(|layer| layer.protected.as_ref()).next();
        nearest.filter(|protected| protected.value).map(|protected| protected.source.clone())
    }

    /// Returns true if the template exists, valid or not.
    pub(crate) fn has(&self, template: &TemplateName) -> bool {
        let file = format!("templates/{template}.kdl");
        self.templates.contains_key(template) || self.faults.iter().any(|(path, _)| *path == file)
    }

    /// Checks that config, every pool, this chain of templates and the publishers that it names are valid; otherwise returns all
    /// their errors at once.
    pub(crate) fn check(&self, template: Option<&TemplateName>) -> Result<()> {
        let chain = self.chain(template);
        let publishers: Vec<String> = chain
            .iter()
            .filter_map(|name| self.templates.get(name)?.settings.install.as_ref())
            .flat_map(|install| install.publishers.iter().map(|name| format!("publishers/{name}.kdl")))
            .collect();
        let templates = chain.iter().map(|name| format!("templates/{name}.kdl"));
        // The directories themselves, if they cannot be trusted.
        let whole = ["templates/", "publishers/"].map(str::to_owned);
        let needed: Vec<String> = templates.chain(publishers).chain(whole).collect();
        self.check_files(|path| path == "config.kdl" || path.starts_with("pools/") || needed.iter().any(|n| n == path))
    }

    /// Checks that config, every pool and every template can be read. The error has the diagnostics of all that cannot.
    pub(crate) fn check_templates(&self) -> Result<()> {
        self.check_files(|path| !path.starts_with("publishers/"))
    }

    /// Returns the documents that cannot be read, as paths below the root.
    pub(crate) fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.faults.keys().map(String::as_str)
    }

    fn check_files(&self, needed: impl Fn(&str) -> bool) -> Result<()> {
        let faults: Vec<&Error> = self.faults.iter().filter(|(path, _)| needed(path)).map(|(_, error)| error).collect();
        let Some(first) = faults.first() else { return Ok(()) };
        let details: Vec<Diagnostic> = faults.iter().flat_map(|error| error.details().iter().cloned()).collect();
        let message = match faults.len() {
            1 => first.message().to_owned(),
            n => format!("{n} files have errors, the first: {}", first.message()),
        };
        Err(Error::new(Code::Config, message)
            .with_details(details)
            .with_help("fix the files; run `zmgr check` to see all errors"))
    }
}

/// A missing directory counts as empty.
fn there(checked: Result<()>) -> Result<()> {
    checked.or_else(|error| if error.code() == Code::NotFound { Ok(()) } else { Err(error) })
}
