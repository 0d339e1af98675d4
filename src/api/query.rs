//! Selection of zones to list, and whether to query the host for it.

/// Zones to list, and whether to query the host.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let query = Query::new().name("web01").tag("web").query_host(QueryHost::Never).unregistered(false);
/// assert!(manager.zones(&query)?.is_empty(), "web01 has no such tag");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Names of the zones; empty means all.
    pub names: Vec<String>,
    /// Only zones with this tag.
    pub tag: Option<String>,
    /// When to query the host for each zone's status.
    pub query_host: QueryHost,
    /// True to include zones that the host has and the registry does not (`zmgr list -a`).
    pub unregistered: bool,
}

impl Query {
    /// Selects every registered zone.
    pub fn new() -> Self {
        Query::default()
    }

    /// Adds this name; the first call narrows from all to one.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Selects only zones with this tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Sets whether to query the host for each zone's status.
    #[must_use]
    pub fn query_host(mut self, query_host: QueryHost) -> Self {
        self.query_host = query_host;
        self
    }

    /// Includes zones that the host has and the registry does not.
    #[must_use]
    pub fn unregistered(mut self, yes: bool) -> Self {
        self.unregistered = yes;
        self
    }
}

/// When to query the host.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// // The files alone, without running a command of the host.
/// let zones = manager.zones(&Query::new().query_host(QueryHost::Never))?;
/// assert!(zones[0].status.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum QueryHost {
    /// Query it; leave each status empty if it does not answer.
    #[default]
    IfAvailable,
    /// Do not query it: read files only.
    Never,
    /// Query it; fail if it does not answer.
    Required,
}
