//! Health of the zones: their states, and for each zone of a brand with boot environments, whether exactly one of them is active.
//! A zone with none or two makes `beadm create` fail, and with it every `pkg update` of the host.

use std::collections::{BTreeMap, HashMap};

use super::commands::Answers;
use super::{DiagnosisItem, DiagnosisKind};
use crate::exec::beadm::BootEnvironment;
use crate::exec::zfs::Environment;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{Brand, Host, Root, brand};

/// Returns what is wrong with zones, or that all are healthy. Linear in zones and datasets.
pub(super) fn check(host: &Host, answers: &Answers) -> Vec<DiagnosisItem> {
    let mut items = Vec::new();
    let Some(zones) = &answers.zones else { return items };
    let running = answers.host_environments.as_deref().and_then(|all| host_environment(all, &mut items));
    let datasets = answers.environments.as_deref().map(Datasets::of);
    let is_ours = |zone: &&HostZone| zone.name != "global" && brand(&zone.brand, host.dialect()).is_some();
    let (mut healthy, mut unchecked) = (0_usize, 0_usize);
    for zone in zones.iter().filter(is_ours) {
        let Some(row) = brand(&zone.brand, host.dialect()) else { continue };
        let (before, mut is_checked) = (items.len(), true);
        match (zone.state, &datasets) {
            (ZoneState::Configured, _) => continue,
            (ZoneState::Incomplete, _) => items.push(incomplete(zone)),
            (_, None) => is_checked = false,
            (state, Some(datasets)) => {
                if state == ZoneState::Mounted {
                    items.push(mounted(zone));
                }
                let Some(dataset) = datasets.at.get(zone.zonepath.as_str()) else {
                    items.push(unmounted_zonepath(zone));
                    continue;
                };
                if row.has_boot_environments() {
                    match running {
                        Some(running) => items.extend(environments(zone, row, dataset, datasets, running)),
                        None => is_checked = false,
                    }
                }
            }
        }
        unchecked += usize::from(!is_checked);
        healthy += usize::from(is_checked && items.len() == before);
    }
    if unchecked > 0 {
        items.push(
            DiagnosisItem::warning(
                DiagnosisKind::HostEnvironmentUnknown,
                "",
                format!("the boot environments of {} are not checked", counted(unchecked)),
            )
            .with_help("see which command does not work"),
        );
    }
    if healthy > 0 {
        items.push(DiagnosisItem::ok(
            DiagnosisKind::ZonesHealthy,
            "",
            format!("the datasets of {} are as they should be", counted(healthy)),
        ));
    }
    items
}

fn counted(zones: usize) -> String {
    format!("{zones} zone{}", if zones == 1 { "" } else { "s" })
}

/// Returns the boot environment that the host runs.
fn host_environment<'a>(all: &'a [BootEnvironment], items: &mut Vec<DiagnosisItem>) -> Option<&'a BootEnvironment> {
    let running = all.iter().find(|environment| environment.running)?;
    if let Some(next) = all.iter().find(|environment| environment.next && !environment.running) {
        items.push(
            DiagnosisItem::warning(
                DiagnosisKind::OtherEnvironmentNext,
                &next.name,
                format!(
                    "the host boots this boot environment next, not {}: zones created now are not in it",
                    running.name
                ),
            )
            .with_help("reboot the host before you create or clone zones"),
        );
    }
    Some(running)
}

/// The file systems of the host by mount point, and the boot environments of zones by the dataset of their zonepath.
struct Datasets<'a> {
    at: HashMap<&'a str, &'a str>,
    below: BTreeMap<&'a str, Vec<&'a Environment>>,
}

impl<'a> Datasets<'a> {
    fn of(all: &'a [Environment]) -> Self {
        let mut datasets = Datasets { at: HashMap::new(), below: BTreeMap::new() };
        for dataset in all {
            if let Some(path) = dataset.mountpoint.as_deref().filter(|_| dataset.mounted) {
                datasets.at.insert(path, &dataset.name);
            }
            // ZONEPATH-DATASET/ROOT/NAME; what lies deeper belongs to it.
            if let Some((root, _)) = dataset.name.rsplit_once('/')
                && let Some(zonepath) = root.strip_suffix("/ROOT")
            {
                datasets.below.entry(zonepath).or_default().push(dataset);
            }
        }
        datasets
    }
}

/// Checks the boot environments of one zone.
fn environments(
    zone: &HostZone,
    row: &Brand,
    dataset: &str,
    datasets: &Datasets<'_>,
    running: &BootEnvironment,
) -> Option<DiagnosisItem> {
    let all = datasets.below.get(dataset).map_or(&[][..], Vec::as_slice);
    let warning = |kind, message: String| DiagnosisItem::warning(kind, &zone.name, message);
    if all.is_empty() {
        let message = format!("{dataset}/ROOT has no boot environment, so the zone cannot boot");
        return Some(
            warning(DiagnosisKind::NoEnvironment, message)
                .with_help(format!("run `zmgr reinstall {}`, or restore its datasets", zone.name)),
        );
    }
    let own: Vec<&Environment> =
        all.iter().copied().filter(|be| be.parent.as_deref() == Some(running.uuid.as_str())).collect();
    if own.is_empty() {
        let message = format!(
            "none of its boot environments belongs to {}, which the host runs ({})",
            running.name, running.uuid
        );
        return Some(warning(DiagnosisKind::ForeignParent, message).with_help(format!(
            "boot the boot environment of the host that the zone belongs to, or set \
             org.opensolaris.libbe:parentbe={} on the one to use",
            running.uuid
        )));
    }
    let active: Vec<&Environment> = own.iter().copied().filter(|be| be.active).collect();
    let breaks = "the zone cannot boot, and `beadm create` and `pkg update` of the host fail";
    let active = match active.as_slice() {
        [one] => *one,
        [] => {
            let message = format!("none of its boot environments is active: {breaks}");
            return Some(warning(DiagnosisKind::NoneActive, message).with_help(format!(
                "run `zfs set org.opensolaris.libbe:active=on {}`",
                own.last().map_or("", |be| be.name.as_str())
            )));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|be| be.name.as_str()).collect();
            let unused = several.iter().find(|be| !be.mounted).or(several.first());
            let message = format!("{} boot environments are active ({}): {breaks}", several.len(), names.join(", "));
            return Some(warning(DiagnosisKind::SeveralActive, message).with_help(format!(
                "run `zfs set org.opensolaris.libbe:active=off` on all but the one to use, for instance on {}",
                unused.map_or("", |be| be.name.as_str())
            )));
        }
    };
    if own.len() > 1 && row.root.value == Root::Overlaid {
        let message = format!("{} boot environments: the uninstall of brand {} fails", own.len(), row.name);
        return Some(
            warning(DiagnosisKind::SeveralEnvironments, message)
                .with_help(format!("destroy those that are not active; {} is", active.name)),
        );
    }
    properties(zone, active)
}

/// Checks the mount and the properties of the active boot environment.
fn properties(zone: &HostZone, active: &Environment) -> Option<DiagnosisItem> {
    let mut wrong = Vec::new();
    if active.can_mount != "noauto" {
        wrong.push(format!("canmount={}", active.can_mount));
    }
    if active.mountpoint.as_deref() != Some("legacy") {
        wrong.push(format!("mountpoint={}", active.mountpoint.as_deref().unwrap_or("none")));
    }
    if !active.zoned {
        wrong.push("zoned=off".to_owned());
    }
    if !wrong.is_empty() {
        let message = format!("{} has {}, as a detach leaves it: the zone cannot boot", active.name, wrong.join(", "));
        return Some(DiagnosisItem::warning(DiagnosisKind::EnvironmentChanged, &zone.name, message).with_help(
            format!(
                "run `zfs set canmount=noauto {0}`, `zfs inherit mountpoint {0}` and `zfs inherit zoned {0}`",
                active.name
            ),
        ));
    }
    // In these states the zone's root may be elsewhere.
    if !active.mounted && zone.state != ZoneState::Mounted {
        let message = format!("{} is not mounted, so files in the zone cannot be changed from the host", active.name);
        return Some(
            DiagnosisItem::warning(DiagnosisKind::EnvironmentUnmounted, &zone.name, message)
                .with_help(format!("boot the zone, or run `mount -F zfs {} {}/root`", active.name, zone.zonepath)),
        );
    }
    None
}

fn incomplete(zone: &HostZone) -> DiagnosisItem {
    DiagnosisItem::warning(
        DiagnosisKind::ZoneIncomplete,
        &zone.name,
        "incomplete: an install, clone or uninstall did not finish",
    )
    .with_help(format!("run `zmgr recover {0}` if zmgr created it, otherwise `zoneadm -z {0} uninstall`", zone.name))
}

fn mounted(zone: &HostZone) -> DiagnosisItem {
    DiagnosisItem::warning(DiagnosisKind::ZoneMounted, &zone.name, "mounted for maintenance, so it cannot boot")
        .with_help(format!("run `zoneadm -z {} unmount`", zone.name))
}

fn unmounted_zonepath(zone: &HostZone) -> DiagnosisItem {
    let message = format!("no dataset is mounted at {}", zone.zonepath);
    DiagnosisItem::warning(DiagnosisKind::ZonepathUnmounted, &zone.name, message)
        .with_help("mount the zone's dataset before you boot or uninstall the zone")
}
