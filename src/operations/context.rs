//! The tree and its host that every operation works with.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::claims::Claims;
use super::config_tree::ConfigTree;
use super::inventory::{Answers, Inventory};
use super::jobs::EventSender;
use super::lineage::Clones;
use super::membership::{Membership, Stores};
use super::step_context::StepContext;
use crate::error::{Code, Error, Result};
use crate::host::{Host, HostSnapshot};
use crate::parallel::both;
use crate::registry::{ChildLock, HostUsage, Registry, SharedZoneLock, Snapshot, Wait, ZoneLock, now};
use crate::value::name::ZoneName;

/// A tree and its host.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) registry: Registry,
    pub(crate) host: Host,
    /// The store that config.kdl names.
    pub(crate) stores: Stores,
}

/// The host before any lock was taken, in the two forms in which it is needed.
pub(crate) struct Snapshots {
    pub(crate) host: HostSnapshot,
    pub(crate) host_usage: Arc<HostUsage>,
    /// Zones that the operation builds and clones.
    pub(crate) clones: OnceLock<Clones>,
    /// The golden zones of zones that the operation builds again, or why one has none.
    pub(crate) goldens: OnceLock<BTreeMap<ZoneName, Result<ZoneName>>>,
    /// The properties of the links, once they were queried.
    properties: OnceLock<Properties>,
    /// The datasets of registered zones, once a zone asks for one that it does not have.
    claims: OnceLock<Claims>,
    /// Host state that preconditions have queried.
    answers: Answers,
    /// Held by the thread that asks for the properties or the claims; others wait for its answer.
    asking: Mutex<()>,
}

/// Values by link and property.
type Properties = BTreeMap<(String, String), String>;

impl Snapshots {
    /// Zones that the operation builds and clones.
    pub(crate) fn clones(&self) -> &Clones {
        self.clones.get_or_init(Clones::default)
    }

    /// Returns the golden zone that the operation builds this zone from again, if it does.
    pub(crate) fn golden_of(&self, zone: &ZoneName) -> Result<Option<ZoneName>> {
        match self.goldens.get().and_then(|goldens| goldens.get(zone)) {
            None => Ok(None),
            Some(Ok(golden)) => Ok(Some(golden.clone())),
            Some(Err(error)) => Err(error.restated()),
        }
    }

    /// Returns the datasets that registered zones have or ask for; the first call reads all entries.
    pub(crate) fn claims(&self, context: &Context, config_tree: &ConfigTree) -> Result<&Claims> {
        if let Some(known) = self.claims.get() {
            return Ok(known);
        }
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.claims.get() {
            return Ok(known);
        }
        let found = Claims::read(context.registry.tree(), config_tree, context.host.dialect(), &self.host)?;
        Ok(self.claims.get_or_init(|| found))
    }

    /// Prepares for an operation on these zones; none means all.
    pub(crate) fn for_zones(mut self, names: &[ZoneName]) -> Snapshots {
        self.answers.for_zones(if names.is_empty() { usize::MAX } else { names.len() });
        self
    }

    /// Returns the properties of every link; the first call runs one command.
    pub(crate) fn properties(&self, context: &Context) -> Result<&Properties> {
        if let Some(known) = self.properties.get() {
            return Ok(known);
        }
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.properties.get() {
            return Ok(known);
        }
        let found = context.host.link_properties(None)?;
        Ok(self.properties.get_or_init(|| found))
    }
}

/// A zone's locks, held during an operation on it.
pub(crate) struct Locks {
    pub(crate) zone: ZoneLock,
    pub(crate) child: ChildLock,
    /// Lock of the zone that this one is cloned from, so that it does not change in the meantime.
    source: Option<SharedZoneLock>,
}

impl Locks {
    /// Releases the locks and removes their files, for a zone that is gone.
    pub(crate) fn retire(self) {
        self.child.retire();
        self.zone.retire();
    }
}

impl Context {
    /// Returns a context whose host queries end when the operation is cancelled, for the time before the operation starts.
    pub(crate) fn with_cancel(&self, events: &EventSender) -> Context {
        let stop = events.token();
        Context { host: self.host.with_cancel(Arc::new(move || stop.is_cancelled())), ..self.clone() }
    }

    /// Returns this host as a member of a fleet; `None` if it shares nothing with other hosts.
    pub(crate) fn membership(&self, config_tree: &ConfigTree) -> Result<Option<Membership>> {
        self.stores.membership(&self.registry, config_tree)
    }

    /// Takes a snapshot of the host. Costs a handful of commands, whatever the number of zones.
    pub(crate) fn snapshot(&self) -> Result<Snapshots> {
        self.snapshot_at(&BTreeSet::new())
    }

    /// Takes a snapshot that also records whether file systems are mounted at these paths. The registry is read while the host
    /// answers.
    pub(crate) fn snapshot_at(&self, paths: &BTreeSet<String>) -> Result<Snapshots> {
        // Without threads of its own, so that it does not take a core from the host's commands.
        let registry = self.registry.alone();
        let (host, (registered, last)) = both(
            || self.host.snapshot(paths),
            || (registry.snapshot_for_more(), registry.last_host_usage().map(|last| last.nets()).unwrap_or_default()),
        );
        let (mut host, registered): (HostSnapshot, Snapshot) = (host?, registered?);
        self.host.nets_of_zones(&mut host, last)?;
        // The VNICs of registered zones are tracked by the registry.
        let nets = registered.entries().flat_map(|entry| entry.summary.all_nets()).map(|net| net.links());
        let links: HashSet<&str> = nets.filter(|net| net.held).filter_map(|net| net.vnic).collect();
        let host_usage = HostUsage::of(&host, &links);
        let (clones, goldens) = (OnceLock::new(), OnceLock::new());
        let (properties, claims) = (OnceLock::new(), OnceLock::new());
        let (answers, asking) = (Answers::default(), Mutex::default());
        let host_usage = Arc::new(host_usage);
        Ok(Snapshots { host, host_usage, clones, goldens, properties, claims, answers, asking })
    }

    /// Returns the host, as preconditions see it.
    pub(crate) fn inventory<'a>(&'a self, snapshots: &'a Snapshots) -> Inventory<'a> {
        Inventory::of(&self.host, &snapshots.host, &snapshots.answers)
    }

    /// Takes a zone's lock and the lock that its commands hold: while a command of a killed zmgr is still running, it is `busy`.
    pub(crate) fn lock(&self, name: &ZoneName, timeout: Duration, events: &EventSender) -> Result<Locks> {
        self.lock_for(name, timeout, Duration::ZERO, events)
    }

    /// Takes the locks of a zone that may be cloned from another, whose lock is then shared with its other readers. Both are taken
    /// in the order of their names. An unregistered source has no lock: zmgr never changes it.
    pub(crate) fn lock_with_source(
        &self,
        name: &ZoneName,
        source: Option<&ZoneName>,
        timeout: Duration,
        events: &EventSender,
    ) -> Result<Locks> {
        self.lock_with_source_for(name, source, timeout, Duration::ZERO, events)
    }

    /// Takes the locks of a zone and its source with separate time limits: `others` for other zmgr processes, `commands` for
    /// commands of a killed one.
    pub(crate) fn lock_with_source_for(
        &self,
        name: &ZoneName,
        source: Option<&ZoneName>,
        others: Duration,
        commands: Duration,
        events: &EventSender,
    ) -> Result<Locks> {
        let source = source.filter(|source| *source != name && self.registry.tree().zone(source).exists());
        let share = |source: &ZoneName| {
            let mut pulse = || events.cancel_requests() == 0;
            self.registry.lock_zone_shared(source, &mut Wait::up_to(others).pulse(&mut pulse))
        };
        let before = source.filter(|source| *source < name).map(share).transpose()?;
        let mut locks = self.lock_for(name, others, commands, events)?;
        locks.source = before;
        if let Some(after) = source.filter(|source| *source > name) {
            match share(after) {
                Ok(shared) => locks.source = Some(shared),
                Err(error) => {
                    if !self.registry.tree().zone(name).exists() {
                        locks.retire();
                    }
                    return Err(error);
                }
            }
        }
        Ok(locks)
    }

    /// Takes the locks of several zones in the order of their names, with the limits of [`Context::lock_with_source_for`].
    pub(crate) fn lock_all(
        &self,
        names: &BTreeSet<ZoneName>,
        others: Duration,
        commands: Duration,
        events: &EventSender,
    ) -> Result<BTreeMap<ZoneName, Locks>> {
        let mut held = BTreeMap::new();
        for name in names {
            match self.lock_for(name, others, commands, events) {
                Ok(locks) => drop(held.insert(name.clone(), locks)),
                Err(error) => {
                    self.release(held);
                    return Err(error);
                }
            }
        }
        Ok(held)
    }

    /// Releases these locks, and removes those of names without an entry.
    pub(crate) fn release(&self, held: BTreeMap<ZoneName, Locks>) {
        for (name, locks) in held {
            if !self.registry.tree().zone(&name).exists() {
                locks.retire();
            }
        }
    }

    fn lock_for(&self, name: &ZoneName, others: Duration, commands: Duration, events: &EventSender) -> Result<Locks> {
        // Of several zones, those not begun when the operation is cancelled are not begun at all.
        if events.cancel_requests() > 0 {
            let message = format!("the operation was cancelled before {name} was started");
            return Err(Error::new(Code::Cancelled, message));
        }
        let mut pulse = || events.cancel_requests() == 0;
        let zone = self.registry.lock_zone(name, &mut Wait::up_to(others).pulse(&mut pulse))?;
        let mut pulse = || events.cancel_requests() == 0;
        let child = self.registry.lock_child(name, &mut Wait::up_to(commands).pulse(&mut pulse)).map_err(|error| {
            if error.code() != Code::Busy {
                return error;
            }
            Error::new(Code::Busy, format!("a command of an earlier zmgr is still running for {name}"))
                .with_help(format!(
                    "run `zmgr recover --wait {name}` to wait for it; `fuser {}` shows its processes",
                    self.registry.tree().child_lock(name).display()
                ))
                .with_source(error)
        })?;
        Ok(Locks { zone, child, source: None })
    }

    /// Removes what dead processes left beside the entries: temporary files, locks, scripts.
    pub(crate) fn clear_up(&self, config_tree: &ConfigTree) -> Result<()> {
        self.registry.clear_up(&mut Wait::up_to(config_tree.config.lock_timeout))?;
        self.registry.clear_scripts()?;
        self.registry.clear_locks()
    }

    /// Returns the context of the steps of this zone.
    pub(crate) fn step_context<'a>(
        &'a self,
        config_tree: &ConfigTree,
        name: &'a ZoneName,
        locks: &Locks,
        events: &'a EventSender,
    ) -> Result<StepContext<'a>> {
        let mut step_context =
            StepContext::new(&self.host, name, self.registry.tree().state(), locks.child.path(), events);
        step_context.log = Some(self.log(config_tree, name));
        // Without a configuration nothing is released; `recover` does it later.
        step_context.membership = self.membership(config_tree).ok().flatten();
        Ok(step_context)
    }

    /// Returns the path of a new log for the output of long commands of this zone.
    fn log(&self, config_tree: &ConfigTree, name: &ZoneName) -> PathBuf {
        let time: String = now().chars().filter(char::is_ascii_alphanumeric).collect();
        let directory = self.host.path(&config_tree.config.log_dir);
        let first = directory.join(format!("{name}-{time}.log"));
        // No other process creates one for this zone: its lock is held.
        let others = (2..).map(|n| directory.join(format!("{name}-{time}-{n}.log")));
        std::iter::once(first).chain(others).find(|path| !path.exists()).unwrap_or_default()
    }
}
