//! The store of a host, opened when it is first needed and again when its configuration has changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::documents::store::StoreConfig;
use crate::error::{Code, Error, Result};
use crate::fleet::Store;
use crate::registry::Elsewhere;

/// Opens the store of a configuration.
pub(crate) type OpenStore = dyn Fn(&StoreConfig) -> Result<Box<dyn Store>> + Send + Sync;

/// A store and the configuration that it was opened with.
type Opened = (StoreConfig, Arc<dyn Store>);

/// A configuration of a store, and the claims of other hosts when the store last answered.
type Known = (StoreConfig, Arc<Elsewhere>);

/// The store of a host, shared by all managers that are clones of one.
#[derive(Clone, Default)]
pub(crate) struct Stores {
    open: Option<Arc<OpenStore>>,
    /// Root directory of the host's files.
    root: PathBuf,
    opened: Arc<Mutex<Option<Opened>>>,
    /// It may be old: it only directs the next choice.
    known: Arc<Mutex<Option<Known>>>,
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stores").field("can_open", &self.open.is_some()).finish_non_exhaustive()
    }
}

impl Stores {
    pub(crate) fn new(open: Option<Arc<OpenStore>>, root: &Path) -> Self {
        Stores { open, root: root.to_owned(), opened: Arc::default(), known: Arc::default() }
    }

    /// Returns the store of this configuration.
    pub(super) fn store(&self, config: &StoreConfig) -> Result<Arc<dyn Store>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, store)) = &*opened
            && known == config
        {
            return Ok(Arc::clone(store));
        }
        let Some(open) = &self.open else {
            let message = format!("config.kdl has `store \"{}\"`, and this zmgr has no client for it", config.kind);
            return Err(Error::new(Code::StoreUnreachable, message)
                .with_help("use a zmgr that was built with the feature `fleet`"));
        };
        let store: Arc<dyn Store> = open(&below(config, &self.root))?.into();
        *opened = Some((config.clone(), Arc::clone(&store)));
        Ok(store)
    }

    /// Returns what is known of other hosts without asking the store.
    pub(super) fn known(&self, config: &StoreConfig) -> Arc<Elsewhere> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|(of, _)| of == config).map(|(_, known)| Arc::clone(known)).next().unwrap_or_default()
    }

    /// Keeps what other hosts hold for the next choice.
    pub(super) fn remember(&self, config: &StoreConfig, known: Arc<Elsewhere>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((config.clone(), known));
    }
}

/// Returns the configuration with its files below the root of the host.
fn below(config: &StoreConfig, root: &Path) -> StoreConfig {
    let mut config = config.clone();
    let place = |path: &mut PathBuf| *path = root.join(path.strip_prefix("/").unwrap_or(path));
    if let Some(tls) = &mut config.tls {
        [&mut tls.ca, &mut tls.cert, &mut tls.key].into_iter().flatten().for_each(place);
    }
    config.user.iter_mut().for_each(|user| place(&mut user.password_file));
    config
}
