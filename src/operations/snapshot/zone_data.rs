//! The datasets with a zone's own files: what a snapshot is taken of.
//!
//! Invariant: read from the host and from the table of brands. A zone whose boot environments are not as its boot needs them is
//! refused.

use crate::documents::snapshot::TakenSnapshot;
use crate::error::{Code, Error, Result};
use crate::exec::beadm;
use crate::exec::zfs::Environment;
use crate::exec::zoneadm::HostZone;
use crate::exec::zonecfg::ZoneConfig;
use crate::host::{self, Host, Root};
use crate::operations::taken::Taken;

/// The datasets of one zone.
#[derive(Debug, Clone)]
pub(super) struct ZoneData {
    /// The dataset above all others.
    pub(super) base: String,
    /// True if those below belong to it too: not for brands whose delegated datasets may be there.
    pub(super) recursive: bool,
    /// All datasets, the base first.
    pub(super) parts: Vec<String>,
    pub(super) root: Root,
    /// For brands with boot environments: `ZONEPATH-DATASET/ROOT`.
    pub(super) environments_below: String,
    /// Names of all boot environments of the zone, those of other boot environments of the host too.
    pub(super) environments: Vec<String>,
    /// Uuid of the boot environment that the host runs; empty for brands without boot environments.
    pub(super) parent: String,
    /// The zone's image is linked to the host's.
    pub(super) is_linked: bool,
}

impl ZoneData {
    /// Finds the datasets.
    ///
    /// Errors: `wrong-state` if there is none, or if not exactly one boot environment is active.
    pub(super) fn of(host: &Host, zone: &HostZone) -> Result<ZoneData> {
        let Some(row) = host::brand(&zone.brand, host.dialect()) else {
            let message = format!("zone {} has brand {}, which zmgr does not manage", zone.name, zone.brand);
            return Err(Error::new(Code::UnsupportedHost, message));
        };
        let Some(zonepath) = host.dataset_at(&zone.zonepath)? else {
            return Err(no_dataset(zone, &format!("no dataset is mounted at its zonepath {}", zone.zonepath)));
        };
        let root = row.root.value;
        let environments_below = format!("{}/ROOT", zonepath.name);
        let mut data = ZoneData {
            base: zonepath.name.clone(),
            recursive: false,
            parts: vec![zonepath.name],
            root,
            environments_below,
            environments: Vec::new(),
            parent: String::new(),
            is_linked: row.is_linked(),
        };
        if root == Root::Directory {
            return Ok(data);
        }
        let all = host.environments_below(&data.environments_below)?;
        data.recursive = true;
        data.base = match root {
            Root::WhileActive => format!("{}/illumos", data.environments_below),
            _ => data.active(host, zone, &all)?,
        };
        data.parts = all
            .iter()
            .filter(|part| part.name == data.base || part.name.starts_with(&format!("{}/", data.base)))
            .map(|part| part.name.clone())
            .collect();
        if data.parts.is_empty() {
            return Err(no_dataset(zone, &format!("dataset {} does not exist", data.base)));
        }
        Ok(data)
    }

    /// Finds the datasets of a zone whose boot environments may have been set aside: the root is then the one with this snapshot.
    pub(super) fn set_aside(host: &Host, zone: &HostZone, record: &TakenSnapshot) -> Result<ZoneData> {
        let mut data = ZoneData::half_switched(host, zone)?;
        if !data.parts.is_empty() {
            return Ok(data);
        }
        let taken = Taken::of(host, std::iter::once(record))?;
        let found: Vec<String> = taken.parts(record).map(|part| part.dataset().to_owned()).collect();
        let Some(base) = found.iter().min_by_key(|name| name.len()) else {
            return Err(no_dataset(zone, "none of its boot environments is active"));
        };
        data.base.clone_from(base);
        data.parts = found;
        Ok(data)
    }

    /// Finds the boot environments of a zone of which none may be active: a switch was interrupted.
    pub(super) fn half_switched(host: &Host, zone: &HostZone) -> Result<ZoneData> {
        match ZoneData::of(host, zone) {
            Err(error) if error.code() == Code::WrongState => {}
            found => return found,
        }
        let Some(zonepath) = host.dataset_at(&zone.zonepath)? else {
            return Err(no_dataset(zone, &format!("no dataset is mounted at its zonepath {}", zone.zonepath)));
        };
        Ok(ZoneData {
            base: zonepath.name.clone(),
            recursive: true,
            parts: Vec::new(),
            root: Root::Environment,
            environments_below: format!("{}/ROOT", zonepath.name),
            environments: Vec::new(),
            parent: running_environment(host)?,
            is_linked: false,
        })
    }

    /// Returns the boot environment that the zone boots from, and notes the others.
    fn active(&mut self, host: &Host, zone: &HostZone, all: &[Environment]) -> Result<String> {
        self.parent = running_environment(host)?;
        let below = format!("{}/", self.environments_below);
        let is_environment =
            |part: &&Environment| part.name.strip_prefix(&below).is_some_and(|name| !name.contains('/'));
        let environments: Vec<&Environment> = all.iter().filter(is_environment).collect();
        self.environments = environments.iter().map(|environment| environment.name.clone()).collect();
        let is_own = |environment: &&&Environment| environment.parent.as_deref() == Some(self.parent.as_str());
        let active: Vec<&str> = environments
            .iter()
            .filter(is_own)
            .filter(|environment| environment.active)
            .map(|environment| environment.name.as_str())
            .collect();
        match active.as_slice() {
            [one] => Ok((*one).to_owned()),
            [] => Err(no_dataset(zone, "none of its boot environments is active")),
            several => Err(no_dataset(zone, &format!("several boot environments are active: {}", several.join(", ")))),
        }
    }
}

/// Returns the boot environments of a zone that belong to the host's running one, or have this mark; the base last.
pub(super) fn boot_environments(host: &Host, data: &ZoneData, mark: &str) -> Result<Vec<String>> {
    let all = host.environments_below(&data.environments_below)?;
    let below = format!("{}/", data.environments_below);
    let is_environment = |part: &Environment| part.name.strip_prefix(&below).is_some_and(|name| !name.contains('/'));
    let is_own =
        |part: &Environment| part.parent.as_deref().is_some_and(|parent| parent == data.parent || parent == mark);
    let own = all.into_iter().filter(|part| is_environment(part) && is_own(part)).map(|part| part.name);
    let (last, mut first): (Vec<String>, Vec<String>) = own.partition(|name| *name == data.base);
    first.extend(last);
    Ok(first)
}

/// Checks that the datasets of a zone are as its boot needs them: exactly one boot environment is active.
pub(crate) fn check_data(host: &Host, zone: &HostZone) -> Result<()> {
    ZoneData::of(host, zone).map(drop)
}

/// Returns the uuid of the boot environment that the host runs.
fn running_environment(host: &Host) -> Result<String> {
    let all = beadm::parse_list(&host.ask(&beadm::list())?)?;
    let running = all.into_iter().find(|environment| environment.running);
    Ok(running.map(|running| running.uuid).unwrap_or_default())
}

fn no_dataset(zone: &HostZone, why: &str) -> Error {
    Error::new(Code::WrongState, format!("the datasets of zone {} are not as its boot needs them: {why}", zone.name))
        .with_help("run `zmgr doctor` and do what it says")
}

/// Returns what belongs to a zone and is not in its snapshots.
pub(super) fn excluded(config: Option<&ZoneConfig>) -> Vec<String> {
    let Some(config) = config else { return Vec::new() };
    let datasets = config.datasets.iter().map(|dataset| format!("delegated dataset {dataset}"));
    let systems = config.filesystems.iter().map(|fs| format!("file system {} ({})", fs.dir, fs.special));
    datasets.chain(systems).collect()
}
