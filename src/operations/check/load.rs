//! Loads the files of a tree, with the errors of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::reservation::Reservation;
use crate::documents::template::Template;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error};
use crate::kdl_util::snippet_of_line;
use crate::registry::{Directory, Pools, Tree};
use crate::value::name::{PublisherName, TemplateName, ZoneName};

/// Every valid file, and the errors of the others.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) config: Config,
    pub(crate) templates: BTreeMap<TemplateName, Template>,
    pub(crate) pools: Pools,
    pub(crate) publishers: BTreeMap<PublisherName, Publisher>,
    pub(crate) zones: BTreeMap<ZoneName, ZoneEntry>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Files that exist but could not be read: their names do not count as missing.
    unread: Vec<PathBuf>,
    texts: BTreeMap<PathBuf, Arc<str>>,
}

impl Documents {
    /// Reads the whole tree, in parallel.
    pub(crate) fn load(tree: &Tree) -> Documents {
        let mut all = Documents::default();
        let own = [tree.root().to_owned(), tree.state(), tree.locks()];
        for directory in own.into_iter().chain(Directory::ALL.map(|directory| tree.directory(directory))) {
            if let Err(error) = tree.check_directory(&directory)
                && error.code() != Code::NotFound
            {
                all.note(&directory, &error);
            }
        }
        all.config = all.read::<Config>(tree, vec![tree.config()]).pop().unwrap_or_default();
        all.templates = by_name(all.directory(tree, Directory::Templates), |template: &Template| template.name.clone());
        let pools = by_name(all.directory(tree, Directory::Pools), |pool: &Pool| pool.name.clone());
        all.pools = Pools::of_tree(pools, &all.config, tree);
        all.publishers =
            by_name(all.directory(tree, Directory::Publishers), |publisher: &Publisher| publisher.name.clone());
        all.zones = by_name(all.directory(tree, Directory::Zones), |zone: &ZoneEntry| zone.name.clone());
        all.reservations = all.directory(tree, Directory::Reservations);
        all
    }

    /// Returns true if a file of this name exists but could not be read.
    pub(crate) fn is_unread(&self, directory: Directory, name: &str) -> bool {
        let end = Path::new(directory.name()).join(format!("{name}.kdl"));
        self.unread.iter().any(|path| path.ends_with(&end))
    }

    /// Returns true if `config.kdl` exists but could not be read.
    pub(crate) fn is_config_unread(&self) -> bool {
        self.unread.iter().any(|path| path.ends_with("config.kdl"))
    }

    /// Returns true if any file of the directory could not be read.
    pub(crate) fn any_unread(&self, directory: Directory) -> bool {
        self.unread.iter().any(|path| path.parent().is_some_and(|parent| parent.ends_with(directory.name())))
    }

    /// Adds the source line to a finding that has a line number.
    pub(super) fn show(&self, finding: &mut Diagnostic) {
        if let (None, Some(path), Some(line)) = (&finding.snippet, &finding.path, finding.line)
            && let Some(text) = self.texts.get(path)
        {
            let shown = snippet_of_line(text, line);
            let indent = shown.as_ref().map_or(0, |line| line.chars().take_while(|c| *c == ' ').count());
            finding.column = finding.column.or(Some(indent + 1));
            finding.snippet = shown;
        }
    }

    fn directory<T: Kind>(&mut self, tree: &Tree, directory: Directory) -> Vec<T> {
        match tree.documents(directory) {
            Ok(names) => {
                let base = tree.directory(directory);
                self.read(tree, names.into_iter().map(|name| base.join(name)).collect())
            }
            Err(error) => {
                self.note(&tree.directory(directory), &error);
                Vec::new()
            }
        }
    }

    fn read<T: Kind>(&mut self, tree: &Tree, paths: Vec<PathBuf>) -> Vec<T> {
        let mut files: Vec<(Arc<Path>, Vec<u8>)> = Vec::with_capacity(paths.len());
        for path in paths {
            match tree.read(&path) {
                Ok(bytes) => files.push((path.into(), bytes)),
                Err(error) if error.code() == Code::NotFound && path.symlink_metadata().is_err() => {}
                Err(error) => {
                    self.note(&path, &error);
                    self.unread.push(path);
                }
            }
        }
        let mut values = Vec::with_capacity(files.len());
        for (document, (path, _)) in Document::<T>::parse_many(&files).into_iter().zip(&files) {
            match document {
                Ok(document) => {
                    self.texts.insert(path.to_path_buf(), document.text().into());
                    values.push(document.value);
                }
                Err(error) => {
                    self.note(path, &error);
                    self.unread.push(path.to_path_buf());
                }
            }
        }
        values
    }

    /// Returns an error as findings.
    fn note(&mut self, path: &Path, error: &Error) {
        if error.details().is_empty() {
            let mut finding = Diagnostic::new(error.code().slug(), error.message()).at_path(path);
            finding.help = error.help().map(str::to_owned);
            self.findings.push(finding);
        }
        self.findings.extend(error.details().iter().cloned());
    }
}

fn by_name<T, N: Ord>(values: Vec<T>, name: impl Fn(&T) -> N) -> BTreeMap<N, T> {
    values.into_iter().map(|value| (name(&value), value)).collect()
}
