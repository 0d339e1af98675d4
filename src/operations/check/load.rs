//! Loads the files of a tree, with the errors of each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::reservation::Reservation;
use crate::documents::resolve::{ZoneSpec, effective, stale};
use crate::documents::template::Template;
use crate::documents::zone::{Applied, ZoneEntry};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::kdl_util::Lines;
use crate::registry::{Directory, Pools, Tree, gains};
use crate::value::name::{PublisherName, TemplateName, ZoneName};

/// Every valid file, and the errors of the others.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) config: Config,
    pub(crate) templates: BTreeMap<TemplateName, Template>,
    pub(crate) pools: Pools,
    pub(crate) publishers: BTreeMap<PublisherName, Publisher>,
    /// Without their `applied` blocks, except those with datasets or file systems, and those of zones whose files ask for
    /// an address or a link: nothing else of them matters here.
    pub(crate) zones: BTreeMap<ZoneName, Box<ZoneEntry>>,
    /// The desired state of each zone whose layers are complete.
    pub(crate) specs: Specs,
    /// The errors in the layers of the other zones.
    pub(crate) incomplete: BTreeMap<ZoneName, Error>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Files that exist but could not be read, as paths below the root: their names do not count as missing.
    unread: BTreeSet<PathBuf>,
    /// The tree; `None` for no files.
    tree: Option<Tree>,
}

/// Desired states by name.
pub(crate) type Specs = BTreeMap<ZoneName, Box<ZoneSpec>>;

/// A zone after its file was read.
struct LoadedZone {
    entry: Box<ZoneEntry>,
    /// Nothing for a zone of a newer zmgr.
    spec: Option<Result<Box<ZoneSpec>>>,
    stale: Vec<Diagnostic>,
}

/// A file after it was read.
enum Loaded<T> {
    Value(T),
    Unread(Error),
    /// It was removed in the meantime.
    Gone,
}

impl Documents {
    /// Reads the whole tree, in parallel.
    pub(crate) fn load(tree: &Tree) -> Documents {
        let mut all = Documents { tree: Some(tree.clone()), ..Documents::default() };
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
        all.load_zones(tree);
        all.reservations = all.directory(tree, Directory::Reservations);
        all
    }

    /// Returns true if a file of this name exists but could not be read.
    pub(crate) fn is_unread(&self, directory: Directory, name: &str) -> bool {
        !self.unread.is_empty() && self.unread.contains(&Path::new(directory.name()).join(format!("{name}.kdl")))
    }

    /// Returns true if `config.kdl` exists but could not be read.
    pub(crate) fn is_config_unread(&self) -> bool {
        self.unread.contains(Path::new("config.kdl"))
    }

    /// Returns true if any file of the directory could not be read.
    pub(crate) fn any_unread(&self, directory: Directory) -> bool {
        let first =
            self.unread.range::<Path, _>((Bound::Excluded(Path::new(directory.name())), Bound::Unbounded)).next();
        first.is_some_and(|path| path.starts_with(directory.name()))
    }

    /// Adds the source line to the findings that have a line number. Texts are not kept, so each file is read again.
    pub(super) fn show(&self, findings: &mut [Diagnostic]) {
        let Some(tree) = &self.tree else { return };
        let lacking = |finding: &&mut Diagnostic| finding.snippet.is_none() && finding.line.is_some();
        let mut last: Option<(PathBuf, Option<Lines>)> = None;
        for finding in findings.iter_mut().filter(lacking) {
            let (Some(path), Some(line)) = (&finding.path, finding.line) else { continue };
            if last.as_ref().is_none_or(|(of, _)| of != path) {
                let text = tree.read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                last = Some((path.clone(), text.map(Lines::of)));
            }
            let Some((_, Some(lines))) = &last else { continue };
            let shown = lines.snippet(line);
            let indent = shown.as_ref().map_or(0, |line| line.chars().take_while(|c| *c == ' ').count());
            finding.column = finding.column.or(Some(indent + 1));
            finding.snippet = shown;
        }
    }

    /// Reads the zones and resolves each on the thread that read it.
    fn load_zones(&mut self, tree: &Tree) {
        let paths = self.paths(tree, Directory::Zones);
        let (config, templates, pools) = (&self.config, &self.templates, &self.pools);
        let make = |mut entry: ZoneEntry| {
            let mut stale_nets = Vec::new();
            let spec = (!entry.is_newer()).then(|| {
                let mut spec = effective(config, templates, pools, &entry)?;
                stale_nets = stale(&entry, &spec.nets);
                spec.nets.shrink_to_fit();
                Ok(Box::new(spec))
            });
            let holds = |applied: &Applied| {
                let resources = &applied.settings.resources;
                !resources.datasets.is_empty() || !resources.fs.is_empty()
            };
            let asks = gains(&entry);
            entry.applied = entry.applied.take().filter(|applied| asks || holds(applied));
            entry.nets.shrink_to_fit();
            LoadedZone { entry: Box::new(entry), spec, stale: stale_nets }
        };
        let loaded = load_each(tree, &paths, make);
        for LoadedZone { entry, spec, stale } in self.keep(tree, loaded, paths) {
            match spec {
                Some(Ok(spec)) => drop(self.specs.insert(entry.name.clone(), spec)),
                Some(Err(error)) => drop(self.incomplete.insert(entry.name.clone(), error)),
                None => {}
            }
            self.findings.extend(stale);
            self.zones.insert(entry.name.clone(), entry);
        }
    }

    fn directory<T: Kind>(&mut self, tree: &Tree, directory: Directory) -> Vec<T> {
        let paths = self.paths(tree, directory);
        self.read(tree, paths)
    }

    /// Returns the files of a directory.
    fn paths(&mut self, tree: &Tree, directory: Directory) -> Vec<PathBuf> {
        let base = tree.directory(directory);
        match tree.documents(directory) {
            Ok(names) => names.into_iter().map(|name| base.join(name)).collect(),
            Err(error) => {
                self.note(&base, &error);
                Vec::new()
            }
        }
    }

    fn read<T: Kind>(&mut self, tree: &Tree, paths: Vec<PathBuf>) -> Vec<T> {
        let loaded = load_each(tree, &paths, |value: T| value);
        self.keep(tree, loaded, paths)
    }

    /// Returns the values of these files, and notes the errors of the others.
    fn keep<V>(&mut self, tree: &Tree, loaded: Vec<Loaded<V>>, paths: Vec<PathBuf>) -> Vec<V> {
        let mut values = Vec::with_capacity(loaded.len());
        for (loaded, path) in loaded.into_iter().zip(paths) {
            match loaded {
                Loaded::Value(value) => values.push(value),
                Loaded::Gone => {}
                Loaded::Unread(error) => {
                    self.note(&path, &error);
                    self.unread.insert(path.strip_prefix(tree.root()).map(Path::to_owned).unwrap_or(path));
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

/// Reads these files and makes something of each value, in parallel.
fn load_each<T: Kind, V: Send>(tree: &Tree, paths: &[PathBuf], make: impl Fn(T) -> V + Sync) -> Vec<Loaded<V>> {
    let read = |path: &PathBuf| match tree.read(path) {
        Ok(bytes) => Ok(Some((Arc::from(path.as_path()), bytes))),
        Err(error) if error.code() == Code::NotFound && path.symlink_metadata().is_err() => Ok(None),
        Err(error) => Err(error),
    };
    Document::<T>::read_many(paths, read, |_, document| match document {
        Ok(Some(document)) => Loaded::Value(make(document.value)),
        Ok(None) => Loaded::Gone,
        Err(error) => Loaded::Unread(error),
    })
}
