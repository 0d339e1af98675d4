//! The configuration files: the starter tree, checks, and the content of each file.

use std::path::{Path, PathBuf};

use super::Manager;
use crate::api::{RecordedOperation, RunOptions};
use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::resolve::ZoneSpec;
use crate::documents::template::Template;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::operations;
use crate::operations::check::check;
use crate::operations::{starter, write_file};
use crate::registry::{Directory, Tree};
use crate::value::name::{PoolName, PublisherName, TemplateName, ZoneName};

impl Manager {
    /// Writes a starter tree: small, working, with comments that teach the format. Files that exist stay as they are. Returns the
    /// files that were written, in order.
    ///
    /// Template and publisher follow the host: `oi` and openindiana.org on OpenIndiana, `omnios` and the publisher of the release on
    /// OmniOS, `base` and no publisher elsewhere; without a host they are those of OpenIndiana. The template uses a brand that the
    /// host has. Fails with `unsupported-host` on a machine without zones, unless the manager
    /// was opened with a root or another host.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// for written in manager.init()? {
    ///     println!("{}", written.display());
    /// }
    /// assert!(manager.init()?.is_empty(), "what is there stays");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn init(&self) -> Result<Vec<PathBuf>> {
        let host = match self.host() {
            Err(error) if error.code() == Code::UnsupportedHost && self.is_placed() => None,
            Err(error) if error.code() == Code::UnsupportedHost => {
                return Err(error.with_help(format!(
                    "use --root to write a tree in a directory (default: {}), or --simulate for a simulated host",
                    self.root().display()
                )));
            }
            host => Some(host?),
        };
        starter::write(&self.registry(), host.as_ref())
    }
}

impl Manager {
    /// Checks every file, alone and together with the others, and the host if it answers. Returns the diagnostics in the order of
    /// files and lines, each with a fix; the last one is `host-unchecked` if this machine cannot manage zones, or `host-failed` if a
    /// query failed. Fails with `not-found` if the tree does not exist.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let findings = manager.check()?;
    /// assert!(findings.iter().all(|finding| finding.severity != Severity::Error));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self) -> Result<Vec<Diagnostic>> {
        let registry = self.registry();
        if !self.root().is_dir() {
            return Err(self.no_tree());
        }
        // Without a host only the files are checked.
        let (mut host, unchecked) = match self.asking().and_then(|context| Ok((context.snapshot()?, context.host))) {
            Ok(host) => (Some(host), None),
            Err(error) if error.code() == Code::Cancelled => return Err(error),
            Err(error) => (None, Some(operations::addresses::host_unchecked(&error))),
        };
        let usage = host.as_mut().map(|(snapshots, _)| std::mem::take(&mut snapshots.host_usage));
        let host = host.as_ref().zip(usage);
        let mut found = check(&registry, host.map(|((snapshots, host), usage)| (host, &snapshots.host, usage)));
        found.extend(unchecked);
        Ok(found)
    }

    /// Returns the text of a configuration file, by its path below the root, such as `pools/internal.kdl`. Fails with `not-found`;
    /// `invalid-argument` for any other path.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// assert!(manager.read_file("pools/internal.kdl")?.contains("10.1.0.0/24"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_file(&self, path: impl AsRef<Path>) -> Result<String> {
        write_file::read(&self.registry(), path.as_ref())
    }

    /// Replaces the text of a configuration file, by its path below the root, and keeps its mode and owner. `was` is the text that
    /// the change is based on; `None` creates a file that must not exist. Returns the warnings about the new text. Only the file
    /// changes: use `apply` to change the host. Of the options only those for cancellation are used.
    ///
    /// Fails with `config` and the errors if the file would not be valid, or if another file would get an error that it does not
    /// have now; `stale-plan` if the text on disk is not `was`; `exists`; `invalid-argument` if the new text changes what only zmgr
    /// writes into an entry. Then nothing is written.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let was = manager.read_file("config.kdl")?;
    /// let text = was.replace("lock-timeout 30", "lock-timeout 10");
    /// manager.write_file("config.kdl", &text, Some(&was), &mut RunOptions::new())?;
    /// let again = manager.write_file("config.kdl", &text, Some(&was), &mut RunOptions::new());
    /// assert_eq!(again.unwrap_err().code(), Code::StalePlan);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_file(
        &self,
        path: impl AsRef<Path>,
        text: &str,
        was: Option<&str>,
        run: &mut RunOptions<'_>,
    ) -> Result<Vec<Diagnostic>> {
        // Without a host only the files are checked.
        let host = match self.asking().and_then(|context| Ok((context.snapshot()?, context))) {
            Err(error) if error.code() == Code::Cancelled => return Err(error),
            snapshots => snapshots.ok(),
        };
        let host = host.as_ref().map(|(snapshots, context)| (context, snapshots));
        let done = write_file::write(&self.registry(), host, path.as_ref(), text, was, run);
        if done.is_ok() {
            self.record_files(RecordedOperation::Edit, &[&path.as_ref().to_string_lossy()]);
        }
        done
    }

    /// Returns `config.kdl`, or the defaults if there is none.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let config: Config = manager.config()?;
    /// assert_eq!(config.default_template.unwrap().as_str(), "oi");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> Result<Config> {
        let registry = self.registry();
        let tree = registry.tree();
        match document(tree, &tree.config()) {
            Err(error) if error.code() == Code::NotFound => Ok(Config::default()),
            config => config,
        }
    }

    /// Returns every template, by name; fails with `config` and all errors if one is invalid.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let names: Vec<String> = manager.templates()?.iter().map(|template| template.name.to_string()).collect();
    /// assert_eq!(names, ["oi"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn templates(&self) -> Result<Vec<Template>> {
        self.documents(Directory::Templates)
    }

    /// Returns one template, even if others are invalid; fails with `not-found`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let template: Template = manager.template("oi")?;
    /// assert_eq!(template.nets[0].name, "internal");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn template(&self, name: &str) -> Result<Template> {
        let name = TemplateName::new(name)?;
        self.named((Directory::Templates, "template"), name.as_str(), |tree| tree.template(&name))
    }

    /// Returns every pool, by name; fails with `config` and all errors if one is invalid.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// assert_eq!(manager.pools()?[0].name.as_str(), "internal");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pools(&self) -> Result<Vec<Pool>> {
        self.documents(Directory::Pools)
    }

    /// Returns one pool, even if others are invalid; fails with `not-found`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let pool: Pool = manager.pool("internal")?;
    /// let network: &PoolNetwork = &pool.networks[0];
    /// assert_eq!(network.network.to_string(), "10.1.0.0/24");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pool(&self, name: &str) -> Result<Pool> {
        let name = PoolName::new(name)?;
        self.named((Directory::Pools, "pool"), name.as_str(), |tree| tree.pool(&name))
    }

    /// Returns every publisher, by name; fails with `config` and all errors if one is invalid.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// assert_eq!(manager.publishers()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publishers(&self) -> Result<Vec<Publisher>> {
        self.documents(Directory::Publishers)
    }

    /// Returns one publisher, even if others are invalid; fails with `not-found`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// manager.init()?;
    /// let publisher: Publisher = manager.publisher("openindiana.org")?;
    /// println!("{:?}", publisher.origins);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn publisher(&self, name: &str) -> Result<Publisher> {
        let name = PublisherName::new(name)?;
        self.named((Directory::Publishers, "publisher"), name.as_str(), |tree| tree.publisher(&name))
    }

    /// Returns the desired state of a zone after all layers, each value with its line. Fails with `not-found`; `config` if a file
    /// that it needs has errors.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let spec: ZoneSpec = manager.effective("web01")?;
    /// let autoboot: &Sourced<bool> = &spec.autoboot;
    /// println!("autoboot is {}, as {:?} says", autoboot.value, autoboot.source);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn effective(&self, zone: &str) -> Result<ZoneSpec> {
        operations::spec(&self.registry(), &ZoneName::new(zone)?)
    }

    fn named<T: Kind>(
        &self,
        (directory, what): (Directory, &str),
        name: &str,
        path: impl Fn(&Tree) -> PathBuf,
    ) -> Result<T> {
        let registry = self.registry();
        document(registry.tree(), &path(registry.tree())).map_err(|error| match error.code() {
            Code::NotFound => operations::unknown_file(registry.tree(), directory, what, name),
            _ => error,
        })
    }

    fn documents<T: Kind>(&self, directory: Directory) -> Result<Vec<T>> {
        let registry = self.registry();
        let tree = registry.tree();
        let base = tree.directory(directory);
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for name in tree.documents(directory)? {
            match document(tree, &base.join(name)) {
                Ok(value) => values.push(value),
                Err(error) => faults.push(error),
            }
        }
        match faults.len() {
            0 => Ok(values),
            _ => Err(joined(faults)),
        }
    }

    fn no_tree(&self) -> Error {
        Error::new(Code::NotFound, format!("no tree at {}", self.root().display()))
            .with_help("run `zmgr init` to create one")
    }
}

fn document<T: Kind>(tree: &Tree, path: &Path) -> Result<T> {
    Ok(Document::<T>::parse(path, &tree.read(path)?)?.value)
}

/// Combines several errors into one, with the details of all.
fn joined(mut errors: Vec<Error>) -> Error {
    if errors.len() == 1 {
        return errors.remove(0);
    }
    let details = errors.iter().flat_map(|error| error.details().iter().cloned()).collect();
    Error::new(Code::Config, format!("{} files have errors", errors.len())).with_details(details)
}
