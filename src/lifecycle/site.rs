//! A tree and the host that it describes: what every operation works on.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::conduct::Teller;
use super::floor::Floor;
use super::library::Library;
use crate::error::{Code, Error, Result};
use crate::host::{Host, HostState};
use crate::name::ZoneName;
use crate::parallel::both;
use crate::registry::{ChildLock, Registry, SharedZoneLock, Snapshot, Survey, Wait, ZoneLock, now};

/// A tree and its host.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) registry: Registry,
    pub(crate) host: Host,
}

/// The host as it was before any lock was taken, in the two forms in which it is needed.
pub(crate) struct Look {
    pub(crate) host: HostState,
    pub(crate) survey: Survey,
    /// The properties of the links, once somebody has asked.
    properties: OnceLock<Properties>,
}

/// Values by link and property.
type Properties = BTreeMap<(String, String), String>;

impl Look {
    /// The properties of every link: one command, for the first who asks.
    pub(crate) fn properties(&self, site: &Site) -> Result<&Properties> {
        if let Some(known) = self.properties.get() {
            return Ok(known);
        }
        let found = site.host.link_properties(None)?;
        Ok(self.properties.get_or_init(|| found))
    }
}

/// A zone's locks, held while it is worked on.
pub(crate) struct Locks {
    pub(crate) zone: ZoneLock,
    pub(crate) child: ChildLock,
    /// The zone that this one is cloned from, which nobody changes meanwhile.
    source: Option<SharedZoneLock>,
}

impl Locks {
    /// Gives the locks up and removes their files: for a zone that is gone.
    pub(crate) fn retire(self) {
        self.child.retire();
        self.zone.retire();
    }
}

impl Site {
    /// The same, for what comes before any work: whatever is asked of the host ends where the caller asks to stop.
    pub(crate) fn heeding(&self, teller: &Teller) -> Site {
        let stop = teller.token();
        Site { host: self.host.heeding(Arc::new(move || stop.is_cancelled())), ..self.clone() }
    }

    /// Looks at the host. Costs a handful of commands, whatever the number of zones.
    pub(crate) fn look(&self) -> Result<Look> {
        self.look_at(&BTreeSet::new())
    }

    /// The same, and whether file systems are mounted at these paths. The registry is read while the host answers.
    pub(crate) fn look_at(&self, paths: &BTreeSet<String>) -> Result<Look> {
        // Alone, so that what the host does is not kept waiting for a core.
        let registry = self.registry.alone();
        let (surveyed, registered) = both(|| self.host.survey(paths), || registry.snapshot_by_name());
        let (mut host, registered): (HostState, Snapshot) = (surveyed?, registered?);
        let last = self.registry.last_survey().map(|last| last.nets()).unwrap_or_default();
        self.host.nets_of_zones(&mut host, &last)?;
        let mut survey = Survey::of(&host);
        // The VNICs of registered zones are the registry's to know, and to forget.
        let nets = registered.entries().flat_map(|entry| entry.facts.all_nets()).map(|net| net.links());
        let links: HashSet<&str> = nets.filter(|net| net.held).filter_map(|net| net.vnic).collect();
        survey.links.retain(|link| !links.contains(link.as_str()));
        Ok(Look { host, survey, properties: OnceLock::new() })
    }

    /// Takes a zone's lock, and the lock that its commands hold: while a command of a killed zmgr still works, it is `busy`.
    pub(crate) fn lock(&self, name: &ZoneName, timeout: Duration, teller: &Teller) -> Result<Locks> {
        self.lock_for(name, timeout, Duration::ZERO, teller)
    }

    /// The same for a zone that may be cloned from another, whose lock is then shared with its other readers. Both are taken in the
    /// order of their names. A source that is not registered has no lock: zmgr never changes it.
    pub(crate) fn lock_with_source(
        &self,
        name: &ZoneName,
        source: Option<&ZoneName>,
        timeout: Duration,
        teller: &Teller,
    ) -> Result<Locks> {
        self.lock_with_source_for(name, source, timeout, Duration::ZERO, teller)
    }

    /// The same, waiting so long for other zmgrs, and so long for commands of a killed one.
    pub(crate) fn lock_with_source_for(
        &self,
        name: &ZoneName,
        source: Option<&ZoneName>,
        others: Duration,
        commands: Duration,
        teller: &Teller,
    ) -> Result<Locks> {
        let source = source.filter(|source| *source != name && self.registry.tree().zone(source).exists());
        let share = |source: &ZoneName| {
            let mut pulse = || teller.stops() == 0;
            self.registry.lock_zone_shared(source, &mut Wait::up_to(others).pulse(&mut pulse))
        };
        let before = source.filter(|source| *source < name).map(share).transpose()?;
        let mut locks = self.lock_for(name, others, commands, teller)?;
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

    fn lock_for(&self, name: &ZoneName, others: Duration, commands: Duration, teller: &Teller) -> Result<Locks> {
        // Of several zones, those that are not yet begun when the caller asks to stop never are.
        if teller.stops() > 0 {
            let message = format!("the work was cancelled before {name} was begun");
            return Err(Error::new(Code::Cancelled, message));
        }
        let mut pulse = || teller.stops() == 0;
        let zone = self.registry.lock_zone(name, &mut Wait::up_to(others).pulse(&mut pulse))?;
        let mut pulse = || teller.stops() == 0;
        let child = self.registry.lock_child(name, &mut Wait::up_to(commands).pulse(&mut pulse)).map_err(|error| {
            if error.code() != Code::Busy {
                return error;
            }
            Error::new(Code::Busy, format!("a command that an earlier zmgr started still works on {name}"))
                .with_help(format!(
                    "wait for its end: zmgr recover --wait {name}; fuser {} shows its processes",
                    self.registry.tree().child_lock(name).display()
                ))
                .with_source(error)
        })?;
        Ok(Locks { zone, child, source: None })
    }

    /// Clears away what dead processes left beside the entries: temp files, locks, scripts.
    pub(crate) fn clear_up(&self, library: &Library) -> Result<()> {
        self.registry.clear_up(&mut Wait::up_to(library.config.lock_timeout))?;
        self.registry.clear_scripts()?;
        self.registry.clear_locks()
    }

    /// Where steps on this zone are worked on.
    pub(crate) fn floor<'a>(
        &'a self,
        library: &Library,
        name: &'a ZoneName,
        locks: &Locks,
        teller: &'a Teller,
    ) -> Result<Floor<'a>> {
        let mut floor = Floor::new(&self.host, name, self.registry.tree().state(), locks.child.path(), teller);
        floor.log = Some(self.log(library, name));
        Ok(floor)
    }

    /// The file for the full output of long commands on this zone, begun now.
    fn log(&self, library: &Library, name: &ZoneName) -> PathBuf {
        let time: String = now().chars().filter(char::is_ascii_alphanumeric).collect();
        let folder = self.host.path(&library.config.log_dir);
        let first = folder.join(format!("{name}-{time}.log"));
        // Nobody else begins one for this zone meanwhile: its lock is held.
        let others = (2..).map(|n| folder.join(format!("{name}-{time}-{n}.log")));
        std::iter::once(first).chain(others).find(|path| !path.exists()).unwrap_or_default()
    }
}
