//! Which tree and which host a manager speaks of. Opening reads nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Code, Error, Result};

/// Where the tree lies below a host's root.
const TREE: &str = "etc/zmgr";

/// The zones of one host and the files that describe them. Cheap to clone; clones are the same manager, and any thread may
/// use it.
#[derive(Debug, Clone)]
pub struct Manager {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) root: PathBuf,
    pub(super) site: Site,
    pub(super) command: String,
}

/// Which host.
#[derive(Debug, Clone)]
pub(super) enum Site {
    /// The one this process runs on.
    Live,
    /// Real programs and files below another root.
    Below(PathBuf),
    /// A simulated machine in this directory.
    Simulated(PathBuf),
}

impl Manager {
    /// The zones of this host, described by the files below `root` (`/etc/zmgr` as a rule).
    pub fn open(root: impl Into<PathBuf>) -> Result<Manager> {
        Manager::builder().root(root).build()
    }

    /// Another host, another tree.
    pub fn builder() -> ManagerBuilder {
        ManagerBuilder::default()
    }

    /// The root of the tree.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }
}

/// Says which tree and which host; see [`Manager::builder`].
#[derive(Debug, Clone, Default)]
pub struct ManagerBuilder {
    root: Option<PathBuf>,
    simulate: Option<PathBuf>,
    host_root: Option<PathBuf>,
    command: Option<String>,
}

impl ManagerBuilder {
    /// The root of the tree. Without one: `/etc/zmgr`, below the root of the host that was chosen.
    #[must_use]
    pub fn root(mut self, root: impl Into<PathBuf>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// A simulated machine in this directory, made when first needed.
    #[must_use]
    pub fn simulate(mut self, directory: impl Into<PathBuf>) -> Self {
        self.simulate = Some(directory.into());
        self
    }

    /// Real programs and files below this root.
    #[must_use]
    pub fn host_root(mut self, directory: impl Into<PathBuf>) -> Self {
        self.host_root = Some(directory.into());
        self
    }

    /// What to call this process in locks that others wait for; without it, the program's name.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// The manager. Nothing is read yet; `invalid-argument` where the choice makes no sense.
    pub fn build(self) -> Result<Manager> {
        let site = match (self.simulate, self.host_root) {
            (Some(_), Some(_)) => {
                return Err(Error::new(
                    Code::InvalidArgument,
                    "a simulated machine and the root of another host exclude each other",
                ));
            }
            (Some(directory), None) => Site::Simulated(absolute(directory)?),
            (None, Some(directory)) => Site::Below(absolute(directory)?),
            (None, None) => Site::Live,
        };
        let root = match (self.root, &site) {
            (Some(root), _) => absolute(root)?,
            (None, Site::Live) => Path::new("/").join(TREE),
            (None, Site::Below(directory) | Site::Simulated(directory)) => directory.join(TREE),
        };
        let command = self.command.unwrap_or_else(|| {
            std::env::args_os()
                .next()
                .and_then(|program| Some(Path::new(&program).file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_else(|| "zmgr".to_owned())
        });
        Ok(Manager { inner: Arc::new(Inner { root, site, command }) })
    }
}

/// Fixed once, so that a later change of the working directory moves nothing.
fn absolute(path: PathBuf) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(Code::InvalidArgument, "an empty path names no directory"));
    }
    std::path::absolute(&path).map_err(|error| Error::io("resolve", &path, error))
}
