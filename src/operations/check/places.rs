//! Checks that the files of each zone are where they should be, and that nothing else is in their place.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::zones::is_unfinished;
use super::{Documents, Specs};
use crate::documents::resolve::Findings;
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::error::{Diagnostic, Severity};
use crate::exec::zfs::Dataset;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::check_zonepath;
use crate::host::{Host, HostSnapshot, root_is_a_dataset};
use crate::operations::inventory::Inventory;
use crate::operations::used_datasets::overlap;
use crate::operations::{DatasetsAt, Mounts};

/// Reports zonepaths that are not as zoneadm wants them, and datasets in their place that no zone has.
pub(super) fn check(documents: &Documents, specs: &Specs, host: &Host, found: &HostSnapshot, findings: &mut Findings) {
    // A host that does not answer does not rule out the other checks.
    let Ok(mounts) = Mounts::inspect(host) else { return };
    let on_host = found.zones_by_name();
    let prefix = documents.config.zonepath_prefix.value.trim_end_matches('/');
    let below = match check_zonepath(&format!("{prefix}/x")) {
        Ok(()) => DatasetsAt::list(host, prefix).unwrap_or_default(),
        Err(_) => DatasetsAt::default(),
    };
    for zone in documents.zones.values().filter(|zone| zone.state == Some(EntryState::Ready) && !zone.is_newer()) {
        if let Some(there) = on_host.get(zone.name.as_str())
            && !matches!(there.state, ZoneState::Configured | ZoneState::Incomplete)
        {
            let place = Place { zone, there, host, mounts: &mounts, below: &below };
            place.check(&mut |code, message, help| {
                findings.add_with_help(code, &zone.source, message, help);
                findings.lower_last();
            });
        }
    }
    let configured = &documents.config.zonepath_prefix;
    if check_zonepath(&format!("{prefix}/x")).is_ok() && !mounts.has(prefix) {
        let message = format!("zones cannot be created below {prefix}: it is not a mounted ZFS file system");
        let help = "create that file system, or set `zonepath-prefix` to another";
        findings.add_with_help("no-parent", &configured.source, message, help);
        findings.lower_last();
    }
    orphans(documents, specs, host, found, prefix, &below, findings);
}

struct Place<'a> {
    zone: &'a ZoneEntry,
    there: &'a HostZone,
    host: &'a Host,
    mounts: &'a Mounts,
    below: &'a DatasetsAt,
}

impl Place<'_> {
    fn check(&self, add: &mut impl FnMut(&str, String, String)) {
        let (name, zonepath) = (&self.zone.name, self.there.zonepath.as_str());
        let path = self.host.path(zonepath);
        let Ok(meta) = fs::symlink_metadata(&path) else {
            let help =
                format!("mount its dataset (`zfs list -o name,mounted,mountpoint`), or run `zmgr reinstall {name}`");
            let state = self.there.state.as_str();
            return add(
                "no-zonepath",
                format!("zone {name} is {state}, but its zonepath {zonepath} does not exist"),
                help,
            );
        };
        if !meta.is_dir() {
            let message = format!("the zonepath {zonepath} of zone {name} is not a directory");
            return add("no-zonepath", message, format!("move it away, then run `zmgr reinstall {name}`"));
        }
        if let Some((message, help)) = self.elsewhere() {
            return add("not-mounted", message, help);
        }
        let mode = meta.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 || mode & 0o700 != 0o700 {
            let message = format!("the zonepath {zonepath} of zone {name} has mode {mode:04o}, and zoneadm wants 0700");
            add("zonepath-mode", message, format!("run `chmod 700 {zonepath}`"));
        }
        let root = format!("{zonepath}/root");
        // The root of a zone that is down may be unmounted: its boot mounts it.
        if self.there.state == ZoneState::Running
            && root_is_a_dataset(&self.there.brand)
            && self.mounts.has(zonepath)
            && !self.mounts.has(&root)
        {
            let message = format!("zone {name} is running, but nothing is mounted at its root {root}");
            add("not-mounted", message, format!("run `zmgr reboot {name}`, which mounts it"));
        }
    }

    /// Describes where the dataset that zmgr recorded for the zonepath is instead.
    fn elsewhere(&self) -> Option<(String, String)> {
        let (zone, zonepath) = (self.zone, self.there.zonepath.as_str());
        let recorded = zone.datasets.iter().find(|made| made.zonepath)?;
        if !self.below.covers(&recorded.name) {
            return None;
        }
        let (name, dataset) = (&zone.name, &recorded.name);
        let Some(found) = self.below.find(dataset) else {
            let message = format!("the dataset {dataset} of zone {name} does not exist");
            let help =
                format!("run `zfs list -o name,mountpoint` to find it, or `zmgr reinstall {name}` to install it again");
            return Some((message, help));
        };
        if recorded.guid.as_ref().is_some_and(|guid| *guid != found.guid) {
            let message = format!("the dataset {dataset} is not the one that zone {name} was installed in");
            let help = format!("if that is intended, run `zmgr forget {name}` and `zmgr import {name}`");
            return Some((message, help));
        }
        let at = found.mountpoint.as_deref().unwrap_or("none");
        if at != zonepath {
            let message = format!("the dataset {dataset} of zone {name} has mountpoint {at}, not {zonepath}");
            return Some((message, format!("run `zfs set mountpoint={zonepath} {dataset}`")));
        }
        let message = format!("the dataset {dataset} of zone {name} is not mounted at {zonepath}");
        (!found.mounted).then(|| (message, format!("run `zfs mount {dataset}`")))
    }
}

/// Reports the datasets directly below that of zonepath-prefix that belong to no zone of the host and to no entry.
fn orphans(
    documents: &Documents,
    specs: &Specs,
    host: &Host,
    found: &HostSnapshot,
    prefix: &str,
    below: &DatasetsAt,
    findings: &mut Findings,
) {
    let candidates: Vec<&Dataset> = below.children().filter(|dataset| is_below(dataset, prefix)).collect();
    if candidates.is_empty() || documents.any_unread(crate::registry::Directory::Zones) {
        return;
    }
    let mut paths: BTreeSet<&str> = found.zones.iter().map(|zone| zone.zonepath.as_str()).collect();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut used: Vec<&str> = Vec::new();
    for zone in documents.zones.values() {
        paths.extend(zone.zonepath.as_ref().map(|path| path.value.as_str()));
        names.insert(format!("{prefix}/{}", zone.name));
        used.extend(zone.datasets.iter().filter(|made| !made.is_snapshot()).map(|made| made.name.as_str()));
        let applied = zone.applied.iter().map(|applied| &applied.settings.resources);
        for resources in applied.chain(specs.get(&zone.name).map(|spec| &spec.resources)) {
            used.extend(resources.datasets.iter().map(|dataset| dataset.name.as_str()));
            used.extend(resources.fs.iter().map(|fs| fs.special.as_str()));
        }
    }
    let is_owned = |dataset: &Dataset| {
        let path = format!("{prefix}/{}", dataset.name.rsplit('/').next().unwrap_or_default());
        let at = dataset.mountpoint.as_deref().unwrap_or_default();
        [path.as_str(), at].iter().any(|path| paths.contains(path) || names.contains(*path))
            || used.iter().any(|used| overlap(used, &dataset.name))
    };
    let left: Vec<&Dataset> = candidates.into_iter().filter(|dataset| !is_owned(dataset)).collect();
    if left.is_empty() {
        return;
    }
    let delegated = Inventory::now(host).delegations(&found.zones);
    for dataset in left.into_iter().filter(|left| !delegated.iter().any(|one| overlap(&one.dataset.name, &left.name))) {
        let name = &dataset.name;
        let zone = name.rsplit('/').next().unwrap_or_default();
        let message = format!(
            "the dataset {name} belongs to no zone of the host and to no zone entry, and `zmgr create {zone}` would refuse to use its place"
        );
        let mut finding = Diagnostic::new("orphan-dataset", message).with_help(format!(
            "if it holds the files of a detached zone, run `zmgr attach {zone}`; otherwise rename it, or run `zfs destroy -r {name}`"
        ));
        finding.severity = Severity::Warning;
        findings.0.push(finding);
    }
}

/// Returns true if a dataset would be mounted below this directory, or nowhere.
fn is_below(dataset: &Dataset, prefix: &str) -> bool {
    dataset.kind == "filesystem"
        && dataset
            .mountpoint
            .as_deref()
            .is_none_or(|at| !at.starts_with('/') || at.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')))
}

/// Reports changes that wait for a boot, if it is not known whether the zone has booted since, or if it has.
pub(super) fn pending(documents: &Documents, host: &Host, found: &HostSnapshot, findings: &mut Findings) {
    let on_host = found.zones_by_name();
    let with_pending = documents.zones.values().filter(|zone| !zone.is_newer() && !is_unfinished(zone));
    let mut boot_time = None;
    for zone in with_pending {
        let (Some(pending), Some(there)) = (&zone.pending, on_host.get(zone.name.as_str())) else { continue };
        let name = &zone.name;
        let now = *boot_time.get_or_insert_with(|| host.boot_time().unwrap_or_default());
        let changes = pending.texts().join(", ");
        let (code, message, help) = if !there.state.is_active() || !pending.is_current(now, there.id) {
            (
                "pending-done",
                format!(
                    "the entry of zone {name} has pending changes ({changes}), and the zone has booted since or is down"
                ),
                format!("run `zmgr apply {name}` to remove them from the entry"),
            )
        } else if pending.boot_time.is_none() && now.is_some() {
            (
                "pending-unknown",
                format!(
                    "it is not known whether zone {name} has booted since its pending changes ({changes}) were applied"
                ),
                format!("run `zmgr apply --reboot {name}`"),
            )
        } else {
            continue;
        };
        findings.add_with_help(code, &zone.source, message, help);
        findings.lower_last();
    }
}
