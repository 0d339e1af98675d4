//! The files of a detached zone: whose they are, and whether the host can take them up again.
//!
//! Invariant: only reads. What lies at a zonepath is a zone's if zmgr recorded its dataset, or if the zone's configuration lies
//! beside it.

use super::data;
use super::impact::Mounts;
use super::kept_roots;
use super::made::find;
use super::zonepath::parent;
use crate::documents::zone::MadeDataset;
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;
use crate::exec::beadm;
use crate::exec::zfs::{self, Dataset, Environment};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::parse_xml;
use crate::file::{self, Links};
use crate::host::{self, Host, Root};
use crate::value::name::ZoneName;

/// File that zoneadm leaves in the zonepath of a zone that it detaches.
pub(crate) const DETACHED: &str = "SUNWdetached.xml";

/// Largest configuration that is read.
const LIMIT: u64 = 8 << 20;

/// Returns the dataset with the files of a detached zone.
///
/// Errors: `not-found` if nothing lies at the zonepath; `exists` if what lies there is not the zone's; `wrong-state` if the host
/// could not take it up.
pub(crate) fn check(
    host: &Host,
    zone: &ZoneName,
    zonepath: &str,
    brand: &str,
    recorded: &[MadeDataset],
) -> Result<Dataset> {
    let Some(found) = data::dataset_of(host, zonepath)? else {
        data::no_files(host, zone, zonepath)?;
        return Err(Error::new(Code::NotFound, format!("zone {zone}: nothing to attach lies at {zonepath}"))
            .with_help(format!("run `zmgr create {zone}` to install it")));
    };
    let recorded = recorded.iter().find(|made| made.zonepath).and_then(|made| made.guid.as_ref());
    if recorded.is_some_and(|guid| *guid != found.guid) {
        return Err(data::not_detached(zone, zonepath, &found));
    }
    if !found.mounted || found.mountpoint.as_deref() != Some(zonepath) {
        return Err(Error::new(
            Code::WrongState,
            format!("zone {zone}: dataset {} is not mounted at {zonepath}", found.name),
        )
        .with_help(format!("run `zfs mount {}`", found.name)));
    }
    if recorded.is_none() {
        check_owner(host, zone, zonepath, brand, &found)?;
    }
    let row = host::brand(brand, host.dialect());
    if row.is_some_and(host::Brand::has_boot_environments) {
        let root = format!("{}/ROOT", found.name);
        if find(host, &root)?.is_none() {
            return Err(Error::new(Code::WrongState, format!("zone {zone}: dataset {root} does not exist"))
                .with_help("without it, a zone of this brand has no root; restore it from a backup"));
        }
    }
    Ok(found)
}

/// Returns the help for an operation on a zone that has to be down first.
pub(crate) fn take_down(name: &str, state: ZoneState) -> String {
    match state {
        // Its shutdown has failed, and another one fails too.
        ZoneState::ShuttingDown | ZoneState::Down => format!("run `zmgr halt {name}` first"),
        _ => format!("run `zmgr shutdown {name}` first"),
    }
}

/// Checks that the configuration beside the files is that of this zone.
fn check_owner(host: &Host, zone: &ZoneName, zonepath: &str, brand: &str, found: &Dataset) -> Result<()> {
    let path = host.path(zonepath).join(DETACHED);
    let Ok(text) = file::read_text(&path, Links::Refuse, LIMIT) else {
        return Err(data::not_detached(zone, zonepath, found));
    };
    let config = parse_xml(&text)
        .map_err(|fault| Error::new(Code::Config, format!("{} cannot be read: {fault}", path.display())))?;
    if config.name != zone.as_str() {
        let message = format!("zone {zone}: the files at {zonepath} are those of zone {}", config.name);
        return Err(Error::new(Code::Exists, message)
            .with_help(format!("run `zmgr attach {}`, or use another zonepath", config.name)));
    }
    if config.brand != brand {
        let message = format!("zone {zone}: the files at {zonepath} are of brand {}, not {brand}", config.brand);
        return Err(Error::new(Code::WrongState, message).with_help("attach it with a template of that brand"));
    }
    Ok(())
}

/// Returns the boot environments of a zone that the host's running one would boot. None if beadm does not say which one runs.
fn active(host: &Host, dataset: &str) -> Result<Option<Vec<Environment>>> {
    let listed = host.question(&beadm::list())?;
    let running = if listed.success() { beadm::parse_list(&listed)? } else { Vec::new() };
    let Some(running) = running.into_iter().find(|environment| environment.running) else { return Ok(None) };
    let is_active = |found: &Environment| found.active && found.parent.as_deref() == Some(&*running.uuid);
    Ok(Some(environments(host, dataset)?.into_iter().filter(is_active).collect()))
}

/// Returns the boot environments of the zone whose files are in this dataset, except the old roots that zmgr keeps.
pub(crate) fn environments(host: &Host, dataset: &str) -> Result<Vec<Environment>> {
    let above = format!("{dataset}/ROOT/");
    let is_its = |found: &Environment| found.name.strip_prefix(&above).is_some_and(|name| !name.contains('/'));
    let is_kept = |found: &Environment| found.parent.as_deref().is_some_and(kept_roots::is_mark);
    let all = zfs::parse_environments(&host.ask(&zfs::list_environments())?)?;
    Ok(all.into_iter().filter(|found| is_its(found) && !is_kept(found)).collect())
}

/// Returns the one boot environment that an attach can take: the only one, or the only one that is active.
pub(crate) fn root_of(host: &Host, dataset: &str) -> Result<Option<Environment>> {
    let mut found = environments(host, dataset)?;
    if found.len() > 1 {
        found.retain(|environment| environment.active);
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Returns the datasets with the files of a detached zone, whose dataset this is: what a snapshot is taken of.
///
/// Errors: `wrong-state` if it has no single root.
pub(crate) fn data_of(host: &Host, zone: &ZoneName, brand: &str, dataset: &Dataset) -> Result<Vec<String>> {
    let root = host::brand(brand, host.dialect()).map(|row| row.root.value);
    Ok(match root {
        Some(Root::Environment | Root::Overlaid) => {
            let Some(environment) = root_of(host, &dataset.name)? else {
                return Err(Error::new(Code::WrongState, format!("{zone} has no single root to take a snapshot of"))
                    .with_help(format!("see `zfs list -r {}`", dataset.name)));
            };
            parts_of(host, &environment, "")?.into_iter().map(|part| part.name).collect()
        }
        Some(Root::WhileActive) => vec![format!("{}/ROOT/illumos", dataset.name)],
        Some(Root::Directory) | None => vec![dataset.name.clone()],
    })
}

/// A dataset of a zone's root, and where it belongs.
pub(crate) struct RootPart {
    pub(crate) name: String,
    path: String,
    /// False for one that is mounted over the root.
    pub(crate) is_root: bool,
    found: Environment,
}

/// The datasets that a zone of a sparse brand mounts over its root.
const OVERLAYS: [(&str, &str); 2] = [("svc", "lib/svc"), ("fm", "usr/lib/fm")];

/// Returns the datasets of a zone's root, the root itself first.
pub(crate) fn parts_of(host: &Host, environment: &Environment, root: &str) -> Result<Vec<RootPart>> {
    let own =
        RootPart { name: environment.name.clone(), path: root.to_owned(), is_root: true, found: environment.clone() };
    let mut parts = vec![own];
    for found in zfs::parse_environments(&host.ask(&zfs::list_environments())?)? {
        let below = found.name.strip_prefix(&format!("{}/", environment.name));
        if let Some((_, path)) = OVERLAYS.iter().find(|(name, _)| below == Some(name)) {
            let (name, path) = (found.name.clone(), format!("{root}/{path}"));
            parts.push(RootPart { name, path, is_root: false, found });
        }
    }
    Ok(parts)
}

impl RootPart {
    /// Returns the properties with which the host mounts it by itself.
    pub(crate) fn assignments(&self) -> Vec<String> {
        let mut all = vec!["canmount=on".to_owned(), format!("mountpoint={}", self.path)];
        if self.is_root {
            all.insert(0, "zoned=off".to_owned());
        }
        all
    }

    /// Returns true if it has these properties.
    pub(crate) fn is_detached(&self) -> bool {
        let is_there = self.found.mountpoint.as_deref() == Some(&*self.path);
        is_there && self.found.can_mount == "on" && !self.found.zoned
    }

    /// Returns true if it is mounted where it belongs.
    pub(crate) fn is_mounted(&self, host: &Host) -> Result<bool> {
        Ok(host.dataset_at(&self.path)?.is_some_and(|found| found.name == self.name))
    }
}

/// Returns the commands that give the root of an installed zone its form back, if a detach that failed has changed it: mounted by the
/// zone's boot, and not by the host.
pub(crate) fn put_back(host: &Host, zone: &HostZone) -> Result<Vec<Invocation>> {
    if zone.state != ZoneState::Installed || !needs_root(host, &zone.brand) {
        return Ok(Vec::new());
    }
    let Some(dataset) = host.dataset_at(&zone.zonepath)? else { return Ok(Vec::new()) };
    let Some(environment) = root_of(host, &dataset.name)? else { return Ok(Vec::new()) };
    let mut commands = Vec::new();
    for part in parts_of(host, &environment, &format!("{}/root", zone.zonepath))? {
        if part.found.can_mount != "on" && part.found.zoned {
            continue;
        }
        commands.push(zfs::set_property(&part.name, "canmount=noauto"));
        commands.push(zfs::inherit_mountpoint(&part.name));
        if part.is_root {
            commands.push(zfs::inherit(&part.name, "zoned"));
        }
    }
    Ok(commands)
}

/// Checks that a zone can be detached: it is installed and down, and has one root that the host would boot.
pub(crate) fn check_detachable(host: &Host, zone: &HostZone, mounts: &Mounts) -> Result<()> {
    let wrong = |message: String| Error::new(Code::WrongState, message);
    let name = &zone.name;
    match zone.state {
        ZoneState::Installed => {}
        ZoneState::Configured => {
            return Err(wrong(format!("{name} is configured; it has no files to detach"))
                .with_help(format!("run `zmgr destroy {name}` to remove it")));
        }
        ZoneState::Incomplete => {
            return Err(wrong(format!("{name} is incomplete; nothing of it is worth keeping"))
                .with_help(format!("run `zmgr reinstall {name}` or `zmgr destroy {name}`")));
        }
        state => {
            return Err(wrong(format!("{name} is {state}; a zone is detached while it is down"))
                .with_help(take_down(name, state)));
        }
    }
    let Some(row) = host::brand(&zone.brand, host.dialect()) else { return Ok(()) };
    if !row.has_boot_environments() {
        let mounted = mounts.below(&zone.zonepath);
        let Some((first, _)) = mounted.first() else { return Ok(()) };
        return Err(wrong(format!("{first} is mounted below the zonepath of {name}"))
            .with_help(format!("run `umount {first}`, or zoneadm does not detach the zone")));
    }
    let Some(dataset) = host.dataset_at(&zone.zonepath)? else {
        return Err(wrong(format!("{} is not the mount point of a dataset", zone.zonepath))
            .with_help("mount the dataset of the zone there"));
    };
    match active(host, &dataset.name)?.map(|active| active.len()) {
        None | Some(1) => Ok(()),
        Some(count) => Err(wrong(format!("{name} has {count} active boot environments for the host's, not one"))
            .with_help("run `zmgr doctor` to see them")),
    }
}

/// Checks that the files of a zone can be cloned for a zone with this zonepath: they are in the same pool, and have one root that the
/// host would boot. A zone of a brand without boot environments is copied if it cannot be cloned.
pub(crate) fn check_clonable(host: &Host, source: &HostZone, zone: &ZoneName, zonepath: &str) -> Result<()> {
    if !host::brand(&source.brand, host.dialect()).is_some_and(host::Brand::has_boot_environments) {
        return Ok(());
    }
    let wrong = |why: String| {
        let message = format!("zone {zone} cannot be cloned from {}: {why}", source.name);
        Error::new(Code::WrongState, message)
    };
    let Some(dataset) = host.dataset_at(&source.zonepath)? else {
        return Err(wrong(format!("{} is not the mount point of a dataset", source.zonepath))
            .with_help("mount the dataset of that zone there"));
    };
    let pool = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let above = data::mounted_at(host, parent(zonepath))?.map(|above| above.name);
    if let Some(above) = above.filter(|above| pool(above) != pool(&dataset.name)) {
        return Err(wrong(format!("{} is in another pool than {above}", dataset.name))
            .with_help("use a zonepath in the pool of its source, or install it"));
    }
    match active(host, &dataset.name)?.map(|active| active.len()) {
        None | Some(1) => Ok(()),
        Some(count) => Err(wrong(format!("that zone has {count} active boot environments for the host's, not one"))
            .with_help("run `zmgr doctor` to see them")),
    }
}

/// Returns true if the root of a zone of this brand is a dataset that is mounted for its attach.
pub(crate) fn needs_root(host: &Host, brand: &str) -> bool {
    host::brand(brand, host.dialect()).is_some_and(|row| matches!(row.root.value, Root::Environment | Root::Overlaid))
}
