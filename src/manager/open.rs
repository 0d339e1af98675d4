//! Opens a `Manager` for a tree and a host. Performs no I/O.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tracing::Dispatch;

use crate::api::{ChangeRecord, Plan, RecordedOperation, RunOptions};
use crate::documents::store::StoreConfig;
use crate::error::{Code, Error, Result};
use crate::exec::Watcher;
use crate::fleet::Store;
use crate::host::Host;
use crate::log::{self, LogLevel, LogRecord, LogSink};
use crate::operations::starter;
use crate::operations::{Context, OpenStore, Stores};
use crate::registry::{Registry, Tree, WriteHook};
#[cfg(feature = "sim")]
use crate::simhost::{Dialect, SimHost};
use crate::value::Cancel;
#[cfg(feature = "sim")]
use crate::value::EntryId;

/// Path of the tree below a host's root.
const TREE: &str = "etc/zmgr";

/// Manages the zones of one host and the files that describe them. Cheap to clone; clones are the same manager, and any thread may
/// use it.
#[derive(Debug, Clone)]
pub struct Manager {
    inner: Arc<Inner>,
    /// Tokens that cancel the queries of this manager.
    stops: Vec<Cancel>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// True if the caller set the root.
    rooted: bool,
    place: Place,
    command: String,
    hooks: Hooks,
    /// Subscriber of its log; `None` for that of the program.
    log: Option<Dispatch>,
    /// The store that config.kdl names.
    stores: Stores,
    /// The tree's registry. What it remembers of the files is for all operations.
    registry: Registry,
    /// Found when first needed; a missing host is searched again.
    context: Mutex<Option<Arc<Context>>>,
}

/// The host.
#[derive(Debug, Clone)]
enum Place {
    /// The host that this process runs on.
    QueryHost,
    /// Real programs and files below another root.
    Below(PathBuf),
    /// A simulated machine in this directory.
    #[cfg(feature = "sim")]
    Simulated(PathBuf),
}

impl Place {
    /// Returns the root directory of the host's files.
    fn root(&self) -> &Path {
        match self {
            Place::QueryHost => Path::new("/"),
            Place::Below(directory) => directory,
            #[cfg(feature = "sim")]
            Place::Simulated(directory) => directory,
        }
    }

    fn is_simulated(&self) -> bool {
        #[cfg(feature = "sim")]
        return matches!(self, Place::Simulated(_));
        #[cfg(not(feature = "sim"))]
        return false;
    }
}

impl Manager {
    /// Opens this host with the files below `root` (usually `/etc/zmgr`).
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// // The host's own tree; documents are read when they are needed.
    /// let manager = Manager::open("/etc/zmgr");
    /// # drop(manager);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(root: impl Into<PathBuf>) -> Result<Manager> {
        Manager::builder().root(root).build()
    }

    /// Returns a builder, for another host or tree.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let manager = Manager::builder().simulate(dir.path()).command("nightly job").build()?;
    /// assert!(manager.root().ends_with("etc/zmgr"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> ManagerBuilder {
        ManagerBuilder::default()
    }

    /// Returns a manager whose queries (`zones`, `zone`, `check`, `diff`, plans, pools) end with `cancelled` once the token is
    /// used, even if the host does not answer. Operations use only the token of their own options.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let cancel = Cancel::new();
    /// let asking = manager.with_cancel(&cancel);
    /// assert!(asking.zones(&Query::new())?.is_empty());
    /// cancel.cancel();
    /// assert_eq!(asking.zones(&Query::new()).unwrap_err().code(), Code::Cancelled);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_cancel(&self, cancel: &Cancel) -> Manager {
        let mut asking = self.clone();
        asking.stops.push(cancel.clone());
        asking
    }

    /// Returns tree and host for queries that the tokens cancel.
    pub(super) fn asking(&self) -> Result<Context> {
        let context = self.context()?;
        let stops = self.stops.clone();
        let host = match stops.as_slice() {
            [] => context.host.clone(),
            _ => context.host.with_cancel(Arc::new(move || stops.iter().any(Cancel::is_cancelled))),
        };
        Ok(Context { registry: context.registry.clone(), host, stores: context.stores.clone() })
    }

    /// Returns tree and host for queries; `None` if this machine cannot manage zones, which reading files does not need.
    pub(super) fn asking_if_there(&self) -> Result<Option<Context>> {
        match self.asking() {
            Err(error) if error.code() == Code::UnsupportedHost => Ok(None),
            context => context.map(Some),
        }
    }

    /// Returns tree and host; `unsupported-host` if this machine cannot manage zones.
    pub(super) fn context(&self) -> Result<Arc<Context>> {
        let mut context = self.inner.context.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(context) = &*context {
            return Ok(Arc::clone(context));
        }
        let host = self.host()?;
        if self.inner.place.is_simulated() && !self.inner.root.exists() {
            starter::write(&self.registry(), Some(&host))?;
        }
        let host = host.logged(self.inner.log.clone());
        let host = match &self.inner.hooks.watcher {
            Some(watcher) => host.watched(Arc::clone(watcher)),
            None => host,
        };
        let found = Arc::new(Context { registry: self.registry(), host, stores: self.stores() });
        *context = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Finds the host. Creates a simulated machine that does not exist yet.
    pub(super) fn host(&self) -> Result<Host> {
        match &self.inner.place {
            Place::QueryHost => Host::live(),
            Place::Below(root) => Host::below(root),
            #[cfg(feature = "sim")]
            Place::Simulated(directory) => Ok(Host::simulated(machine(directory)?.runner())),
        }
    }

    /// Returns true if the caller set the tree or the host, so that it cannot be this machine's by accident.
    pub(super) fn is_placed(&self) -> bool {
        self.inner.rooted || !matches!(self.inner.place, Place::QueryHost)
    }

    /// Returns tree and host for planning, which writes nothing: a simulated machine that does not exist yet is created in a
    /// temporary directory, which is returned too.
    pub(super) fn planning_site(&self) -> Result<(Context, Option<TempMachine>)> {
        #[cfg(feature = "sim")]
        if let Place::Simulated(directory) = &self.inner.place
            && !self.inner.root.exists()
        {
            return self.planning_site_of(directory);
        }
        Ok((self.asking()?, None))
    }

    #[cfg(feature = "sim")]
    fn planning_site_of(&self, directory: &Path) -> Result<(Context, Option<TempMachine>)> {
        let pretence = TempMachine::make()?;
        let machine = match SimHost::open(directory) {
            Ok(machine) => machine,
            Err(_) if nothing_in(directory) => SimHost::create(pretence.0.join("machine"), Dialect::default())?,
            Err(error) => return Err(error),
        };
        let tree = pretence.0.join("tree");
        let registry = Registry::new(
            Tree::new(tree).of_anyone().of_host(directory),
            self.inner.command.clone(),
            WriteHook::none(),
        );
        let host = Host::simulated(machine.runner());
        starter::write(&registry, Some(&host))?;
        Ok((Context { registry, host, stores: Stores::default() }, Some(pretence)))
    }

    /// Returns the store that config.kdl names, which needs no host.
    pub(super) fn stores(&self) -> Stores {
        self.inner.stores.clone()
    }

    /// Returns the root directory of the host's files.
    pub(super) fn host_root(&self) -> &Path {
        self.inner.place.root()
    }

    /// Returns the tree's registry, which needs no host.
    pub(super) fn registry(&self) -> Registry {
        self.inner.registry.clone()
    }

    /// Attaches the record of changes to an operation; `plan` is the approved one that it runs.
    pub(super) fn recorded<'r, 'a>(
        &self,
        run: &'r mut RunOptions<'a>,
        operation: impl Into<RecordedOperation>,
        plan: Option<&Plan>,
    ) -> &'r mut RunOptions<'a> {
        run.record = Some(Arc::new(self.record(operation.into(), plan)));
        run
    }

    /// Returns the record of changes of an operation.
    fn record(&self, operation: RecordedOperation, plan: Option<&Plan>) -> ChangeRecord {
        // Operations that need no configuration are recorded even if it is invalid.
        let config = self.config().unwrap_or_default();
        let log_dir = Path::new(&config.log_dir);
        let directory = self.host_root().join(log_dir.strip_prefix("/").unwrap_or(log_dir));
        ChangeRecord::new(&directory, &self.inner.command, self.inner.log.clone(), operation, plan.map(Plan::digest))
    }

    /// Records a change of the tree's files alone. A change of a copy elsewhere is none of this host's.
    pub(super) fn record_files(&self, operation: RecordedOperation, names: &[&str]) {
        if self.inner.root == self.host_root().join("etc/zmgr") {
            self.record(operation, None).done(names);
        }
    }

    /// Returns the root of the tree.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }
}

/// Builds a manager for a tree and a host; see [`Manager::builder`].
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// // The programs that `zmgr sim link` made below a directory, as if that were the host.
/// let builder: ManagerBuilder = Manager::builder().host_root(dir.path()).command("zmgr list");
/// # drop(builder);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct ManagerBuilder {
    root: Option<PathBuf>,
    #[cfg(feature = "sim")]
    simulate: Option<PathBuf>,
    host_root: Option<PathBuf>,
    command: Option<String>,
    hooks: Hooks,
    log: Option<(LogLevel, Arc<LogSink>)>,
    store: Option<Arc<OpenStore>>,
}

/// Observers of a manager's commands and writes, so that tests can visit every possible crash.
#[derive(Clone, Default)]
struct Hooks {
    write_hook: WriteHook,
    watcher: Option<Arc<Watcher>>,
}

impl std::fmt::Debug for Hooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hooks").field("points", &self.write_hook).field("watched", &self.watcher.is_some()).finish()
    }
}

impl std::fmt::Debug for ManagerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = f.debug_struct("ManagerBuilder");
        text.field("root", &self.root);
        #[cfg(feature = "sim")]
        text.field("simulate", &self.simulate);
        text.field("host_root", &self.host_root).field("command", &self.command).field("hooks", &self.hooks);
        text.field("log", &self.log.as_ref().map(|(level, _)| level)).field("store", &self.store.is_some()).finish()
    }
}

impl ManagerBuilder {
    /// Sets the root of the tree. Default: `/etc/zmgr`, below the root of the chosen host.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Uses a simulated machine in this directory, created when first needed.
    #[cfg(feature = "sim")]
    #[must_use]
    pub fn simulate(mut self, directory: impl Into<PathBuf>) -> Self {
        self.simulate = Some(directory.into());
        self
    }

    /// Uses real programs and files below this root.
    #[must_use]
    pub fn host_root(mut self, directory: impl Into<PathBuf>) -> Self {
        self.host_root = Some(directory.into());
        self
    }

    /// Sets the name of this process in locks that others wait for; default: the name of the program.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Calls `sink` with each record of the log up to this level. It is called on the threads that do the work, several at once, and
    /// must not use the manager. Without it, records go to the `tracing` subscriber of the program, if there is one.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// let manager = Manager::builder()
    ///     .simulate(dir.path())
    ///     .log(LogLevel::Info, |record| eprintln!("{} {record}", record.level.as_str()))
    ///     .build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn log(mut self, level: LogLevel, sink: impl Fn(&LogRecord) + Send + Sync + 'static) -> Self {
        self.log = Some((level, Arc::new(sink)));
        self
    }

    /// Sets how the store is opened that `store` in config.kdl names. It is called when the store is first needed; the files of the
    /// configuration are below the root of the host. Without it, a tree with `store` allocates nothing from shared pools.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// fn open(config: &StoreConfig) -> Result<Box<dyn Store>> {
    ///     // Such as the client of the package `zmgr-etcd`.
    ///     Err(Error::new(Code::StoreUnreachable, format!("no client for {}", config.kind)))
    /// }
    /// let manager = Manager::builder().simulate(dir.path()).store(open).build()?;
    /// // Without `store` in config.kdl, it is never called.
    /// manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn store(mut self, open: impl Fn(&StoreConfig) -> Result<Box<dyn Store>> + Send + Sync + 'static) -> Self {
        self.store = Some(Arc::new(open));
        self
    }

    /// Sets observers of each command and each change to the tree.
    #[cfg(feature = "internals")]
    #[must_use]
    pub fn observed(mut self, watcher: Arc<Watcher>, write_hook: WriteHook) -> Self {
        self.hooks = Hooks { write_hook, watcher: Some(watcher) };
        self
    }

    /// Builds the manager. Reads nothing; fails with `invalid-argument` if the settings contradict each other.
    pub fn build(self) -> Result<Manager> {
        #[cfg(feature = "sim")]
        if self.simulate.is_some() && self.host_root.is_some() {
            let message = "a simulated machine and the root of another host exclude each other";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let place = match self.host_root {
            Some(directory) => Place::Below(absolute(directory)?),
            None => Place::QueryHost,
        };
        #[cfg(feature = "sim")]
        let place = match self.simulate {
            Some(directory) => Place::Simulated(absolute(directory)?),
            None => place,
        };
        let rooted = self.root.is_some();
        let root = match self.root {
            Some(root) => absolute(root)?,
            None => place.root().join(TREE),
        };
        let command = self.command.unwrap_or_else(|| {
            std::env::args_os()
                .next()
                .and_then(|program| Some(Path::new(&program).file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_else(|| "zmgr".to_owned())
        });
        let (hooks, log) = (self.hooks, self.log.map(|(level, sink)| log::dispatch(level, sink)));
        let stores = Stores::new(self.store, place.root());
        let tree = Tree::new(&root).of_host(place.root());
        let tree = if place.is_simulated() { tree.of_anyone() } else { tree };
        let registry = Registry::new(tree, command.clone(), hooks.write_hook.clone());
        let inner = Inner { root, rooted, place, command, hooks, log, stores, registry, context: Mutex::new(None) };
        Ok(Manager { inner: Arc::new(inner), stops: Vec::new() })
    }
}

/// Opens the simulated machine in this directory, and creates it if the directory is missing or empty.
#[cfg(feature = "sim")]
fn machine(directory: &Path) -> Result<SimHost> {
    match SimHost::open(directory) {
        Err(error) if error.code() == Code::NotFound && nothing_in(directory) => {
            match SimHost::create(directory, Dialect::default()) {
                // Another process was quicker.
                Err(error) if error.code() == Code::Exists => SimHost::open(directory),
                made => made,
            }
        }
        found => found,
    }
}

#[cfg(feature = "sim")]
fn nothing_in(directory: &Path) -> bool {
    std::fs::read_dir(directory).map_or(true, |mut entries| entries.next().is_none())
}

/// A private temporary directory, removed on drop.
#[derive(Debug)]
pub(super) struct TempMachine(PathBuf);

#[cfg(feature = "sim")]
impl TempMachine {
    fn make() -> Result<TempMachine> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("zmgr-plan-{}", EntryId::random()?));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::io("make", &path, error))?;
        Ok(TempMachine(path))
    }
}

impl Drop for TempMachine {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Made absolute once, so that a later change of the working directory has no effect.
fn absolute(path: PathBuf) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(Code::InvalidArgument, "an empty path names no directory"));
    }
    std::path::absolute(&path).map_err(|error| Error::io("resolve", &path, error))
}
