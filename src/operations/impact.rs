//! Impact of removing a zone's files: what is removed with them, what is promoted, what stays.
//!
//! Invariant: only reads. If something cannot be determined, that is an error: nothing may be lost without a warning.

use std::collections::BTreeMap;

use super::boot_order::BootOrder;
use super::config_tree::ConfigTree;
use super::context::Context;
use super::kept_roots::is_mark;
use super::lineage::{Clones, Lineage};
use super::next_environment::OtherEnvironment;
use super::taken::Taken;
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::MadeDataset;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zfs::{self, Dataset, Part};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::ZoneConfig;
use crate::host::{Host, Uninstalling, is_detached_by_zoneadm};
use crate::value::name::ZoneName;

/// Zones and data that depend on one zone's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DestroyImpact {
    /// The dataset of its zonepath.
    dataset: Option<Dataset>,
    /// Delegated datasets that stay.
    delegated: Vec<String>,
    /// Delegated datasets that are destroyed with it.
    purged: Vec<String>,
    /// Snapshots without clones.
    snapshots: Vec<String>,
    /// zmgr's own snapshots that are destroyed with it, each with its label.
    own: Vec<(String, String)>,
    /// Clones elsewhere of its datasets, with the zone of each.
    clones: Vec<(String, Option<String>)>,
    /// Its datasets that belong to other boot environments of the host.
    environments: Vec<String>,
    /// Its old roots, which zmgr keeps for their snapshots.
    old_roots: Vec<String>,
    /// Clones elsewhere of its old roots.
    clones_of_old_roots: Vec<String>,
    /// File systems mounted below its root while it is down.
    mounts: Vec<String>,
    /// File systems mounted below its zonepath while it is down, if they keep the zone from being detached.
    in_the_way_of_detach: Vec<String>,
}

/// Host state that is queried once before several zones are removed or reinstalled.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    pub(crate) mounts: Mounts,
    /// The clones that go before their sources, or are installed again after them.
    pub(crate) clones: Clones,
    /// The order in which the other zones boot.
    pub(crate) boot_order: BootOrder,
    /// The boot environment that the host boots next, if it is not the running one.
    pub(crate) environment: Option<OtherEnvironment>,
}

impl Removal {
    pub(crate) fn inspect(context: &Context, config_tree: &ConfigTree, lineage: &Lineage) -> Result<Removal> {
        let boot_order = BootOrder::load(context, config_tree)?.without(&lineage.names());
        let environment = OtherEnvironment::of(&context.host)?;
        Ok(Removal { mounts: Mounts::inspect(&context.host)?, clones: lineage.clones(), boot_order, environment })
    }
}

/// Mount points, queried once for many zones.
#[derive(Debug, Default)]
pub(crate) struct Mounts(BTreeMap<String, String>);

impl Mounts {
    pub(crate) fn inspect(host: &Host) -> Result<Mounts> {
        // Other file systems than ZFS are in the kernel's table.
        let zfs = zfs::parse_mounts(&host.ask(&zfs::list_mounts())?)?;
        let mut mounts: BTreeMap<String, String> = zfs.into_iter().map(|(dataset, path)| (path, dataset)).collect();
        if let Some(table) = super::files::read_file(&host.path("/etc/mnttab"))? {
            let table = String::from_utf8_lossy(&table);
            mounts.extend(table.lines().filter_map(|line| {
                let (source, rest) = line.split_once('\t')?;
                Some((rest.split('\t').next()?.to_owned(), source.to_owned()))
            }));
        }
        Ok(Mounts(mounts))
    }

    /// Returns true if something is mounted exactly here.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Returns the mount points below a directory, each with its source.
    pub(crate) fn below(&self, directory: &str) -> Vec<(String, String)> {
        let directory = format!("{directory}/");
        let below = self.0.range(directory.clone()..).take_while(|(path, _)| path.starts_with(&directory));
        below.map(|(path, source)| (path.clone(), source.clone())).collect()
    }
}

/// Inspects a zone's files.
pub(crate) fn inspect(
    host: &Host,
    zone: &HostZone,
    config: Option<&ZoneConfig>,
    mounts: &Mounts,
) -> Result<DestroyImpact> {
    let mut impact = DestroyImpact {
        delegated: config.map(|config| config.datasets.clone()).unwrap_or_default(),
        ..DestroyImpact::default()
    };
    if zone.state == ZoneState::Configured {
        return Ok(impact);
    }
    if !zone.state.is_active() && is_detached_by_zoneadm(&zone.brand) {
        impact.in_the_way_of_detach = mounts.below(&zone.zonepath).into_iter().map(|(path, _)| path).collect();
    }
    // While the zone runs, its own mounts are there too; illumos checks again before it uninstalls.
    let mounted = if zone.state.is_active() { Vec::new() } else { mounts.below(&format!("{}/root", zone.zonepath)) };
    let Some(dataset) = host.dataset_at(&zone.zonepath)? else {
        impact.mounts = mounted.into_iter().map(|(path, _)| path).collect();
        return Ok(impact);
    };
    // A sparse zone keeps parts of its root in datasets below its boot environment, and halt leaves them mounted.
    let environments = format!("{}/ROOT/", dataset.name);
    let strange = mounted.into_iter().filter(|(_, source)| !source.starts_with(&environments));
    impact.mounts = strange.map(|(path, _)| path).collect();
    let parts = zfs::parse_parts(&host.ask(&zfs::list_parts(&dataset.name))?)?;
    impact.take_parts(&dataset.name, &parts);
    (impact.purged, impact.delegated) = std::mem::take(&mut impact.delegated)
        .into_iter()
        .partition(|delegated| is_destroyed_with(host, &zone.brand, &dataset.name, delegated));
    if !impact.clones.is_empty() {
        let zones = host.zones()?;
        for (clone, owner) in &mut impact.clones {
            *owner = zone_of(host, &zones, clone)?;
        }
    }
    impact.dataset = Some(dataset);
    Ok(impact)
}

/// Returns the error for file systems that are mounted where none may be.
fn mounted(message: String, mounts: &[String]) -> Error {
    Error::new(Code::WrongState, message)
        .with_details(mounts.iter().map(|mount| Diagnostic::new("mounted", mount.clone())).collect())
        .with_help(format!("umount {}", mounts.join(" ")))
}

impl DestroyImpact {
    /// Returns the dataset of the zone's files.
    pub(crate) fn dataset(&self) -> Option<&Dataset> {
        self.dataset.as_ref()
    }

    /// Leaves out clones that the same operation sees to.
    pub(crate) fn leave_out(&mut self, zones: &[ZoneName]) {
        let is_left_out = |zone: &String| zones.iter().any(|known| known.as_str() == zone);
        self.clones.retain(|(_, zone)| !zone.as_ref().is_some_and(is_left_out));
    }

    /// Tells zmgr's own snapshots from others'. Those that the host has moved out of the zone's dataset go with it too.
    pub(crate) fn know(&mut self, records: &[TakenSnapshot], host: &Host) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let taken = Taken::of(host, records.iter())?;
        let found = records.iter().flat_map(|record| taken.parts(record).map(move |part| (record, part)));
        for (record, part) in found {
            self.snapshots.retain(|snapshot| *snapshot != part.name);
            self.own.push((part.name.clone(), record.label.to_string()));
        }
        Ok(())
    }

    /// Includes the delegated datasets that zmgr made for the zone.
    pub(crate) fn purge(&mut self, made: &[MadeDataset]) {
        let is_made = |dataset: &String| made.iter().any(|made| made.is_delegated() && made.name == *dataset);
        let (made, others) = std::mem::take(&mut self.delegated).into_iter().partition(is_made);
        self.delegated = others;
        self.purged.extend::<Vec<String>>(made);
    }

    /// Returns the dataset of the zone's files, by value.
    pub(crate) fn into_dataset(self) -> Option<Dataset> {
        self.dataset
    }

    fn take_parts(&mut self, dataset: &str, parts: &[Part]) {
        let own = |name: &str| name.strip_prefix(dataset).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        for part in parts.iter().filter(|part| part.kind == "snapshot") {
            if part.clones.is_empty() {
                self.snapshots.push(part.name.clone());
            }
            self.clones.extend(part.clones.iter().filter(|clone| !own(clone)).map(|clone| (clone.clone(), None)));
        }
        let root = format!("{dataset}/ROOT/");
        let is_environment = |part: &&Part| part.kind == "filesystem" && part.name.starts_with(&root);
        // The mounted one belongs to the current boot environment.
        let present =
            parts.iter().filter(is_environment).find(|part| part.mounted).and_then(|part| part.parent.as_ref());
        if let Some(present) = present {
            let others =
                |part: &&Part| part.parent.as_ref().is_some_and(|parent| parent != present && !is_mark(parent));
            self.environments =
                parts.iter().filter(is_environment).filter(others).map(|part| part.name.clone()).collect();
        }
        let is_old =
            |part: &&Part| part.parent.as_deref().is_some_and(is_mark) && !part.name[root.len()..].contains('/');
        self.old_roots = parts.iter().filter(is_environment).filter(is_old).map(|part| part.name.clone()).collect();
        let of_old_root = |part: &&Part| {
            self.old_roots
                .iter()
                .any(|root| part.name.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with(['@', '/'])))
        };
        self.clones_of_old_roots = parts
            .iter()
            .filter(of_old_root)
            .flat_map(|part| &part.clones)
            .filter(|clone| !own(clone))
            .cloned()
            .collect();
        self.clones.retain(|(clone, _)| !self.clones_of_old_roots.contains(clone));
        // An uninstall does not remove what belongs to another boot environment.
        let stays = |name: &str| {
            let of = name.split('@').next().unwrap_or_default();
            self.environments.iter().any(|stays| stays == of)
        };
        self.snapshots.retain(|snapshot| !stays(snapshot));
    }

    /// Checks that the zone's files may be removed: nothing is mounted among them and, without `force`, nothing is harmed that zmgr
    /// did not make.
    pub(crate) fn check_destroyable(&self, name: &ZoneName, force: bool, purge: bool) -> Result<()> {
        if !purge && !self.purged.is_empty() {
            return Err(would_purge(name, &self.purged));
        }
        if !self.mounts.is_empty() {
            let message = format!("file systems are mounted below the root of {name}, and their data would be lost");
            return Err(mounted(message, &self.mounts));
        }
        if let [clone, ..] = self.clones_of_old_roots.as_slice() {
            let message = format!("{clone} was cloned from an old root of {name}, which is destroyed with it");
            return Err(Error::new(Code::WrongState, message)
                .with_help(format!("run `zfs promote {clone}`, or destroy it first")));
        }
        if force || (self.snapshots.is_empty() && self.clones.is_empty()) {
            return Ok(());
        }
        let mut what = Vec::new();
        if !self.snapshots.is_empty() {
            what.push(format!("snapshots that zmgr did not make ({})", self.snapshots.join(", ")));
        }
        if !self.clones.is_empty() {
            let clones: Vec<&str> = self.clones.iter().map(|(clone, zone)| zone.as_deref().unwrap_or(clone)).collect();
            what.push(format!("clones ({})", clones.join(", ")));
        }
        let snapshots = self.snapshots.iter().map(|snapshot| Diagnostic::new("snapshot", snapshot.clone()));
        let clones = self.clones.iter().map(|(clone, _)| Diagnostic::new("clone", clone.clone()));
        Err(Error::new(Code::WrongState, format!("{name} has {}", what.join(" and ")))
            .with_details(snapshots.chain(clones).collect())
            .with_help("use --force to destroy the snapshots and promote the clones"))
    }

    /// Checks that the zone can be uninstalled if all its roots stay: nothing else may be mounted among them, and no delegated
    /// dataset may be destroyed.
    pub(crate) fn check_with_roots(&self, name: &ZoneName) -> Result<()> {
        let rest =
            DestroyImpact { mounts: self.mounts.clone(), purged: self.purged.clone(), ..DestroyImpact::default() };
        rest.check_destroyable(name, false, false)
    }

    /// Returns notes for the user before a zone is uninstalled whose roots all stay.
    pub(crate) fn notes_with_roots(&self) -> Vec<String> {
        self.delegated.iter().map(|dataset| format!("the delegated dataset {dataset} stays")).collect()
    }

    /// Checks that the zone can be detached.
    pub(crate) fn check_detachable(&self, name: &ZoneName) -> Result<()> {
        if self.in_the_way_of_detach.is_empty() {
            return Ok(());
        }
        let message = format!("file systems are mounted below the zonepath of {name}, which cannot be detached then");
        Err(mounted(message, &self.in_the_way_of_detach))
    }

    /// Returns notes for the user before the zone's files are removed, or left with `keep_data`.
    pub(crate) fn notes(&self, zonepath: &str, keep_data: bool) -> Vec<String> {
        let mut notes: Vec<String> =
            self.delegated.iter().map(|dataset| format!("the delegated dataset {dataset} stays")).collect();
        if keep_data {
            notes.extend(self.purged.iter().map(|dataset| format!("the delegated dataset {dataset} stays")));
            let dataset = self.dataset.as_ref().map(|dataset| format!(" ({})", dataset.name)).unwrap_or_default();
            notes.push(format!("its files stay in {zonepath}{dataset}"));
            notes.extend(self.own.iter().map(|(name, label)| format!("snapshot {label} of it stays ({name})")));
            return notes;
        }
        notes.extend(self.purged.iter().map(|dataset| format!("the delegated dataset {dataset} is destroyed with it")));
        // Those of a zone that was forgotten and imported again are not known to be zmgr's.
        let fate = if self.own.is_empty() { "stays" } else { "is destroyed with it" };
        notes.extend(self.old_roots.iter().map(|root| format!("the old root {root} {fate}")));
        notes.extend(self.snapshots.iter().map(|snapshot| format!("snapshot {snapshot} is destroyed with it")));
        notes.extend(self.own.iter().map(|(name, label)| format!("snapshot {label} ({name}) is destroyed with it")));
        notes.extend(self.clones.iter().map(|(clone, zone)| match zone {
            Some(zone) => format!("zone {zone} is a clone of it ({clone}) and is promoted"),
            None => format!("{clone} is a clone of it, outside of any zone: the uninstall may refuse"),
        }));
        notes.extend(
            self.environments
                .iter()
                .map(|dataset| format!("{dataset} belongs to another boot environment of the host and stays")),
        );
        notes
    }
}

/// Returns whether uninstalling a zone of this brand, whose files are in `own`, destroys a dataset that is delegated to it.
pub(crate) fn is_destroyed_with(host: &Host, brand: &str, own: &str, delegated: &str) -> bool {
    let destroys_all =
        crate::host::brand(brand, host.dialect()).is_some_and(|row| row.uninstalling.value == Uninstalling::Everything);
    destroys_all && delegated.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'))
}

/// The error for an uninstall that would destroy delegated datasets.
pub(crate) fn would_purge(zone: &ZoneName, datasets: &[String]) -> Error {
    let first = datasets.first().map(String::as_str).unwrap_or_default();
    let base = first.rsplit('/').next().unwrap_or_default();
    let pool = first.split('/').next().unwrap_or_default();
    let message =
        format!("uninstalling {zone} would destroy datasets that are delegated to it: {}", datasets.join(", "));
    Error::new(Code::WrongState, message)
        .with_details(datasets.iter().map(|dataset| Diagnostic::new("delegated", dataset.clone())).collect())
        .with_help(format!(
            "move them out of the zone's own dataset (zfs rename {first} {pool}/{base}), or destroy them with it: zmgr destroy --purge {zone}"
        ))
}

/// Returns the zone of a dataset: the one whose zonepath is the mount point of the dataset or of one above it.
fn zone_of(host: &Host, zones: &[HostZone], dataset: &str) -> Result<Option<String>> {
    let Some((zone_dataset, _)) = dataset.split_once("/ROOT/") else { return Ok(None) };
    let completed = host.question(&zfs::list_path(zone_dataset))?;
    if !completed.success() {
        return Ok(None);
    }
    let found = zfs::parse_list(&completed)?.into_iter().find_map(|dataset| dataset.mountpoint);
    Ok(found.and_then(|path| zones.iter().find(|zone| zone.zonepath == path)).map(|zone| zone.name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, kind: &str, mounted: bool, clones: &[&str], parent: Option<&str>) -> Part {
        let clones = clones.iter().map(|clone| (*clone).to_owned()).collect();
        Part { name: name.to_owned(), kind: kind.to_owned(), mounted, clones, parent: parent.map(str::to_owned) }
    }

    #[test]
    fn tells_what_goes_from_what_stays() {
        let parts = [
            part("p/w", "filesystem", true, &[], None),
            part("p/w/ROOT", "filesystem", false, &[], None),
            part("p/w/ROOT/zbe", "filesystem", true, &[], Some("now")),
            part("p/w/ROOT/zbe@mine", "snapshot", false, &[], None),
            part("p/w/ROOT/zbe@be", "snapshot", false, &["p/w/ROOT/zbe-1"], None),
            part("p/w/ROOT/zbe@new_snap", "snapshot", false, &["p/new/ROOT/zbe"], None),
            part("p/w/ROOT/zbe-1", "filesystem", false, &[], Some("before")),
            part("p/w/ROOT/zbe-1@old", "snapshot", false, &[], None),
        ];
        let mut impact = DestroyImpact::default();
        impact.take_parts("p/w", &parts);
        assert_eq!(impact.snapshots, ["p/w/ROOT/zbe@mine"]);
        assert_eq!(impact.clones, [("p/new/ROOT/zbe".to_owned(), None)]);
        assert_eq!(impact.environments, ["p/w/ROOT/zbe-1"]);
        let name = ZoneName::new("w").unwrap();
        assert_eq!(impact.check_destroyable(&name, false, false).unwrap_err().code(), Code::WrongState);
        impact.check_destroyable(&name, true, false).unwrap();
        assert_eq!(impact.notes("/zones/w", false).len(), 3);
        assert_eq!(impact.notes("/zones/w", true), ["its files stay in /zones/w"]);
    }

    #[test]
    fn mounts_below_a_root() {
        let paths = ["/zones/w/root", "/zones/w/root/mnt", "/zones/w/root2/x"];
        let mounts = Mounts(paths.map(|path| (path.to_owned(), "p/x".to_owned())).into());
        assert_eq!(mounts.below("/zones/w/root"), [("/zones/w/root/mnt".to_owned(), "p/x".to_owned())]);
        let impact = DestroyImpact { mounts: vec!["/zones/w/root/mnt".to_owned()], ..DestroyImpact::default() };
        let error = impact.check_destroyable(&ZoneName::new("w").unwrap(), true, false).unwrap_err();
        assert_eq!(error.help(), Some("umount /zones/w/root/mnt"));
    }
}
