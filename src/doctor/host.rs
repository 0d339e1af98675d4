//! Checks of the host itself: distribution, privileges, brands, datasets, links, known bugs.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::Answers;
use super::{DiagnosisItem, DiagnosisKind};
use crate::error::Result;
use crate::exec::identify;
use crate::exec::zonecfg::LINK_ADDRESSES;
use crate::host::{
    Brand, BrandKind, BrandOperation, Cloning, Distribution, Evidence, Host, brand, brand_kind, managed_brands,
};
use crate::operations::ConfigTree;

/// Free space below which an installation is likely to fail.
const LEAST_SPACE: u64 = 1 << 30;

/// Returns what the host is, and whether zmgr runs in its global zone.
pub(super) fn distribution(host: &Host, answers: &Answers, release: Option<&str>) -> Vec<DiagnosisItem> {
    let mut items = Vec::new();
    let kernel = answers.kernel.as_ref();
    let is_solaris = release.is_some_and(|release| release.contains("Solaris") && !release.contains("OpenSolaris"));
    let name = host.dialect().as_str();
    let named = [release.map(str::to_owned), kernel.map(|kernel| format!("kernel {}", kernel.version))];
    let named = named.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if let Some(kernel) = kernel.filter(|kernel| kernel.system != "SunOS" || is_solaris) {
        let system = if is_solaris { "Oracle Solaris" } else { &kernel.system };
        items.push(
            DiagnosisItem::error(DiagnosisKind::NotIllumos, "", format!("this system is {system}, not illumos"))
                .with_help("run zmgr on an illumos host, or try it on a simulated one with `--simulate DIR`"),
        );
    } else if host.dialect() == Distribution::Illumos {
        let what = if named.is_empty() { "neither /etc/release nor uname name it".to_owned() } else { named };
        items.push(
            DiagnosisItem::warning(
                DiagnosisKind::UnknownDistribution,
                name,
                format!("zmgr does not know this distribution ({what}) and treats it as plain illumos"),
            )
            .with_help("what its brands do is only inferred; `zmgr explain brand NAME` shows from what"),
        );
    } else {
        items.push(DiagnosisItem::ok(DiagnosisKind::Distribution, name, named));
    }
    if let Some(zone) = answers.zone_name.as_deref().filter(|zone| *zone != "global") {
        items.push(
            DiagnosisItem::error(DiagnosisKind::NotGlobalZone, zone, "zmgr runs in this zone, not in the global zone")
                .with_help("run zmgr in the global zone"),
        );
    }
    if !host.is_real() {
        items.push(DiagnosisItem::note(DiagnosisKind::Simulated, "", "this host is simulated"));
    }
    items
}

/// Returns what the process may do. On a simulated host it may do everything.
pub(super) fn privileges(host: &Host) -> Result<Vec<DiagnosisItem>> {
    if !host.is_real() {
        return Ok(vec![DiagnosisItem::ok(DiagnosisKind::Privileged, "", "a simulated host needs no privileges")]);
    }
    if !rustix::process::geteuid().is_root() {
        let message = "zmgr does not run as root: it can read, but not change zones";
        return Ok(vec![
            DiagnosisItem::warning(DiagnosisKind::NotRoot, "", message)
                .with_help("run it with `pfexec` and the rights profile, or as root"),
        ]);
    }
    if host.runner().has("ppriv") {
        let answer = host.question(&identify::privileges(std::process::id()))?;
        let effective = if answer.success() { identify::parse_privileges(&answer)? } else { None };
        if let Some(effective) = effective.filter(|effective| effective != "all") {
            let message =
                format!("root without all privileges, which zoneadm demands: the effective set is {effective}");
            return Ok(vec![
                DiagnosisItem::warning(DiagnosisKind::PrivilegesMissing, "", message)
                    .with_help("run zmgr in a login or service with all privileges"),
            ]);
        }
    }
    Ok(vec![DiagnosisItem::ok(DiagnosisKind::Privileged, "", "zmgr runs as root")])
}

/// Returns the brands that are installed, and those that templates need and that are not.
pub(super) fn brands(host: &Host, config_tree: &ConfigTree) -> Result<Vec<DiagnosisItem>> {
    let installed = host.brands()?;
    let mut items: Vec<DiagnosisItem> = installed.iter().map(|name| installed_brand(host, name)).collect();
    if !installed.iter().any(|name| brand_kind(name) == BrandKind::Managed) {
        let known: Vec<&str> = managed_brands().collect();
        items.push(
            DiagnosisItem::error(DiagnosisKind::NoBrand, "", "no brand is installed that zmgr can install zones of")
                .with_help(format!("install one of the packages brand/NAME for {}", known.join(", "))),
        );
    }
    let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
    for template in config_tree.templates.values() {
        if let Some(brand) = template.settings.brand.as_ref() {
            wanted.entry(brand.as_str()).or_insert(template.name.as_str());
        }
    }
    for (name, template) in wanted.into_iter().filter(|(name, _)| !installed.contains(*name)) {
        items.push(
            DiagnosisItem::warning(
                DiagnosisKind::BrandMissing,
                name,
                format!("the host does not have this brand, which template {template} uses"),
            )
            .with_help(format!("run `pkg install brand/{name}`")),
        );
    }
    Ok(items)
}

fn installed_brand(host: &Host, name: &str) -> DiagnosisItem {
    let Some(row) = brand(name, host.dialect()) else {
        let what = match brand_kind(name) {
            BrandKind::Vm => "a brand of virtual machines, which zmgr does not touch",
            _ => "zmgr does not manage zones of this brand",
        };
        return DiagnosisItem::note(DiagnosisKind::BrandIgnored, name, what);
    };
    let weakest = BrandOperation::ALL.iter().map(|operation| row.known(*operation).0).min();
    let item = match row.known(BrandOperation::Uninstall).0 {
        Evidence::Inferred => {
            let what = format!("{}; destroying its zones needs --unproven on a real host", evidence_of(row));
            DiagnosisItem::warning(DiagnosisKind::BrandUnproven, name, what)
                .with_help(format!("`zmgr explain brand {name}` shows what is expected of it"))
        }
        _ => DiagnosisItem::ok(DiagnosisKind::BrandKnown, name, evidence_of(row)),
    };
    item.with_evidence(weakest.unwrap_or(Evidence::Inferred))
}

/// Says how each operation of a brand is known.
fn evidence_of(row: &Brand) -> String {
    let mut words = Vec::new();
    for evidence in Evidence::ALL.into_iter().rev() {
        let of = |operation: &&BrandOperation| row.known(**operation).0 == evidence;
        let names: Vec<&str> = BrandOperation::ALL.iter().filter(of).map(|operation| operation.as_str()).collect();
        if !names.is_empty() {
            words.push(format!("{evidence}: {}", names.join(", ")));
        }
    }
    words.join("; ")
}

/// Returns how the dataset of new zones is.
pub(super) fn datasets(config_tree: &ConfigTree, answers: &Answers) -> Vec<DiagnosisItem> {
    let Some(environments) = &answers.environments else { return Vec::new() };
    let prefix = config_tree.config.zonepath_prefix.as_str();
    let mut at =
        environments.iter().filter(|dataset| dataset.mountpoint.as_deref() == Some(prefix)).collect::<Vec<_>>();
    at.sort_by_key(|dataset| !dataset.mounted);
    let Some(dataset) = at.first() else {
        return vec![
            DiagnosisItem::warning(
                DiagnosisKind::DatasetMissing,
                prefix,
                "no dataset is mounted here, so zones with the default zonepath cannot be created",
            )
            .with_help(format!(
                "run `zfs create -o mountpoint={prefix} rpool{prefix}`, or set zonepath-prefix in config.kdl"
            )),
        ];
    };
    if !dataset.mounted {
        let message = format!("the dataset {} is not mounted", dataset.name);
        return vec![
            DiagnosisItem::warning(DiagnosisKind::DatasetUnmounted, prefix, message)
                .with_help(format!("run `zfs mount {}`", dataset.name)),
        ];
    }
    let Some(available) = dataset.available else {
        return vec![DiagnosisItem::ok(DiagnosisKind::DatasetReady, prefix, format!("dataset {}", dataset.name))];
    };
    let message = format!("dataset {}, {} MiB free", dataset.name, available >> 20);
    vec![if available < LEAST_SPACE {
        DiagnosisItem::warning(DiagnosisKind::DatasetFull, prefix, message).with_help("free space, or use another pool")
    } else {
        DiagnosisItem::ok(DiagnosisKind::DatasetReady, prefix, message)
    }]
}

/// Returns how the links of the pools are.
pub(super) fn links(config_tree: &ConfigTree, answers: &Answers) -> Vec<DiagnosisItem> {
    let mut items = Vec::new();
    let unreadable: Vec<&str> = config_tree.unreadable().collect();
    if !unreadable.is_empty() {
        let message = format!("what {} asks for is not checked: it cannot be read", unreadable.join(", "));
        items.push(DiagnosisItem::warning(DiagnosisKind::ConfigUnreadable, "", message).with_help("run `zmgr check`"));
    }
    let Some(links) = &answers.links else { return items };
    let links: BTreeMap<&str, _> = links.iter().map(|link| (link.name.as_str(), &link.class)).collect();
    for pool in config_tree.pools.values() {
        let Some(stub) = &pool.stub else { continue };
        let pool = pool.name.as_str();
        items.push(match links.get(stub.as_str()) {
            None => DiagnosisItem::warning(
                DiagnosisKind::LinkMissing,
                pool,
                format!("the host does not have the link {} ({})", stub.value, stub.source),
            )
            .with_help(format!("run `dladm create-etherstub {}`, or name another link in the pool", stub.value)),
            Some(class) if !class.carries_vnics() => DiagnosisItem::warning(
                DiagnosisKind::LinkUnsuitable,
                pool,
                format!("the link {} is a {class}, and cannot carry VNICs ({})", stub.value, stub.source),
            )
            .with_help("name an etherstub, a physical link or an aggregation in the pool"),
            Some(class) => DiagnosisItem::ok(DiagnosisKind::LinkReady, pool, format!("link {}, {class}", stub.value)),
        });
    }
    items
}

/// Returns the known bugs of the platform that zmgr works around here.
pub(super) fn platform_bugs(host: &Host) -> Result<Vec<DiagnosisItem>> {
    let mut items = Vec::new();
    let installed: BTreeSet<String> = host.brands()?;
    for name in &installed {
        let Some(row) = brand(name, host.dialect()) else { continue };
        if row.cloning.value == Cloning::HookWithoutNetwork {
            items.push(
                DiagnosisItem::note(
                    DiagnosisKind::CloneWithoutNetwork,
                    name,
                    "a clone believes that it has booted before and comes up without network: zmgr makes its interfaces \
                     after the first boot",
                )
                .with_evidence(row.cloning.evidence),
            );
        }
    }
    if installed.iter().any(|name| brand_kind(name) == BrandKind::Managed) {
        items.push(
            DiagnosisItem::note(
                DiagnosisKind::LinkPropertiesRecorded,
                "dladm",
                "create-vnic only records mtu and other properties that are not resources (illumos 15695): zmgr sets them \
                 again and reads them back",
            )
            .with_evidence(Evidence::Recorded),
        );
        items.push(
            DiagnosisItem::note(
                DiagnosisKind::LinkAddressesLimited,
                "zoneadmd",
                format!(
                    "addresses of one link that are longer than {LINK_ADDRESSES} bytes together can make a boot fail: zmgr \
                     refuses them"
                ),
            )
            .with_evidence(Evidence::Read),
        );
    }
    Ok(items)
}
