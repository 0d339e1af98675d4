//! `zoneadm verify`, and the same checks as other subcommands make them.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;

use super::getopt::Getopt;
use super::{Rule, Target, UNINSTALL_FIRST, brand, environment, no_brand, or_return, sanity, text, usage, zonepath};
use crate::dialect::BrandKind;
use crate::document::{Element, IpType};
use crate::session::{Answer, FAILED, OK, Session};
use crate::zfs::dataset;
use crate::{Machine, ZoneState, dladm, index, interface};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::new(args, "?");
    if let Some(option) = options.next(session) {
        return usage::answer(session, "verify", option.written);
    }
    if !options.operands().is_empty() {
        return usage::of(session, "verify");
    }
    let refused = &[(ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "verify", must_be_active: false, must_be_inactive: false, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    Ok(if details(session, &target, "verify")? { OK } else { FAILED })
}

/// Checks a zone before the subcommand `word` runs. Returns false if it failed, after a message for each failure: the checks go on
/// after the first. [recorded: config-ds-missing-verify]
pub(super) fn details(session: &mut Session<'_, '_>, target: &Target, word: &str) -> io::Result<bool> {
    let written = text(target.document.zonepath());
    let indexed = index::find(session.machine, target.name.as_bytes()).map(|entry| text(&entry.zonepath));
    let indexed = indexed.unwrap_or_else(|| written.clone());
    if written != indexed {
        session.complain(format_args!(
            "The XML repository has zonepath '{written}',\n\
             but the index file has zonepath '{indexed}'.\n\
             These must match, so fix the incorrect entry.\n"
        ));
        return Ok(false);
    }
    let mut fit = true;
    if word != "attach" && !zonepath::check(session, &target.name, &written, word)? {
        session.complain(format_args!("could not verify zonepath {written} because of the above errors.\n"));
        fit = false;
    }
    for net in target.document.resources("network") {
        fit &= check_net(session, target, net)?;
    }
    for fs in target.document.resources("filesystem") {
        fit &= check_fs(session, fs)?;
    }
    warn_of_controls(session, target);
    match brand::open(session.machine, &target.brand) {
        None => {
            no_brand(session, &target.name);
            fit = false;
        }
        Some(_) => verify_brand(session, target, word)?,
    }
    for resource in target.document.resources("dataset") {
        fit &= check_dataset(session, &text(resource.written("name").unwrap_or_default()))?;
    }
    if brand::open(session.machine, &target.brand).is_none() {
        // A zone that does not set its privileges has those of the brand. [recorded: brand-missing-installed-verify]
        session.complain(format_args!("zoneadm: failed to determine the zone's privilege set: Wrong document type\n"));
        fit = false;
    }
    if !fit {
        session.complain(format_args!("zoneadm: zone {} failed to verify\n", target.name));
    }
    Ok(fit)
}

/// Runs the brand's `verify_adm` hook. Only sparse zones have one, which unmounts their overlays before an uninstall.
/// [source: sparse/verifyadm; recorded: uninstall-omnios-sparse-unmounted]
pub(super) fn verify_brand(session: &mut Session<'_, '_>, target: &Target, word: &str) -> io::Result<()> {
    let sparse = brand::open(session.machine, &target.brand).is_some_and(|brand| brand.kind == BrandKind::Sparse);
    if sparse && word == "uninstall" {
        let _lock = session.machine.lock("datasets")?;
        environment::unmount_overlays(session, target)?;
    }
    Ok(())
}

fn check_dataset(session: &mut Session<'_, '_>, name: &str) -> io::Result<bool> {
    let Some(found) = dataset::find(session.machine, name)? else {
        session.complain(format_args!("could not verify zfs dataset {name}: dataset does not exist\n"));
        return Ok(false);
    };
    if found.is_volume() {
        session.complain(format_args!(
            "cannot verify zfs dataset {name}: volumes cannot be specified as a zone dataset resource\n"
        ));
        return Ok(false);
    }
    Ok(true)
}

/// Types of file systems that the machine has programs for, and if it has an `fsck` for them, which needs a raw device.
const FS_TYPES: [(&str, bool); 11] = [
    ("autofs", false),
    ("ctfs", false),
    ("hsfs", false),
    ("lofs", false),
    ("mntfs", false),
    ("objfs", false),
    ("pcfs", true),
    ("tmpfs", false),
    ("udfs", true),
    ("ufs", true),
    ("zfs", false),
];

fn check_fs(session: &mut Session<'_, '_>, fs: &Element) -> io::Result<bool> {
    let field = |name: &str| text(fs.written(name).unwrap_or_default());
    let (special, kind, dir, raw) = (field("special"), field("type"), field("directory"), field("raw"));
    if matches!(kind.as_str(), "proc" | "mntfs" | "autofs" | "cachefs" | "nfs" | "nfs3" | "nfs4") {
        session.complain(format_args!("cannot verify fs {dir}: type {kind} is not allowed.\n"));
        return Ok(false);
    }
    let exists = |path: &str| fs::metadata(session.machine.path(path));
    let Some((_, has_fsck)) = FS_TYPES.iter().find(|(known, _)| *known == kind) else {
        session.complain(format_args!(
            "could not verify fs {dir}: could not access /usr/lib/fs/{kind}/mount: No such file or directory\n"
        ));
        return Ok(false);
    };
    let raw_fault = match (raw.is_empty(), has_fsck) {
        (false, false) => {
            Some(format!("cannot verify fs {dir}: 'raw' device specified but no fsck executable exists for {kind}"))
        }
        (true, true) if exists(&special).is_ok_and(|meta| meta.file_type().is_block_device()) => {
            Some(format!("could not verify fs {dir}: must specify 'raw' device for {kind} file systems"))
        }
        _ => None,
    };
    let trouble = match kind.as_str() {
        _ if raw_fault.is_some() => raw_fault,
        "zfs" => zfs_fault(session.machine, &special)?.map(|fault| format!("could not verify fs {dir}: {fault}")),
        // Only the boot looks at the directory of a loopback mount. [recorded: config-fs-lofs-missing-verify]
        "lofs" | "tmpfs" | "ctfs" | "objfs" => None,
        _ => [&special, &raw].into_iter().filter(|path| !path.is_empty()).find_map(|path| {
            let error = exists(path).err()?;
            Some(format!("could not verify fs {dir}: could not access {path}: {}", super::errno(&error)))
        }),
    };
    if let Some(trouble) = trouble {
        session.complain(format_args!("{trouble}\n"));
        return Ok(false);
    }
    Ok(true)
}

fn zfs_fault(machine: &Machine, name: &str) -> io::Result<Option<String>> {
    let Some(found) = dataset::find(machine, name)? else {
        return Ok(Some(format!("could not access zfs dataset '{name}'")));
    };
    let (place, _) = dataset::mountpoint(machine, &found)?;
    // [recorded: config-fs-zfs-verify]
    Ok((place != "legacy").then(|| format!("zfs '{name}' mountpoint is not \"legacy\"")))
}

/// Warns of unknown resource controls and of a pool; neither fails the check. [recorded: config-rctl-unknown-boot]
fn warn_of_controls(session: &mut Session<'_, '_>, target: &Target) {
    for rctl in target.document.resources("rctl") {
        let name = text(rctl.written("name").unwrap_or_default());
        if !KNOWN_RCTLS.contains(&name.as_str()) {
            super::complain(session, &target.name, format_args!("WARNING: Ignoring unrecognized rctl '{name}'."));
        }
    }
    let pool = text(target.document.get("pool"));
    if !pool.is_empty() {
        super::complain(
            session,
            &target.name,
            format_args!("WARNING: pools facility not active; zone will not be bound to pool '{pool}'."),
        );
    }
}

const KNOWN_RCTLS: [&str; 14] = [
    "zone.cpu-baseline",
    "zone.cpu-burst-time",
    "zone.cpu-cap",
    "zone.cpu-shares",
    "zone.max-lofi",
    "zone.max-locked-memory",
    "zone.max-lwps",
    "zone.max-msg-ids",
    "zone.max-physical-memory",
    "zone.max-processes",
    "zone.max-sem-ids",
    "zone.max-shm-ids",
    "zone.max-shm-memory",
    "zone.max-swap",
];

/// Warns of missing links and of links of another zone; only a boot fails because of them.
fn check_net(session: &mut Session<'_, '_>, target: &Target, net: &Element) -> io::Result<bool> {
    let name = text(net.written("physical").unwrap_or_default());
    let machine = session.machine;
    if name == "lo0" {
        return Ok(true);
    }
    if target.document.ip_type() != Ok(IpType::Exclusive) {
        let address = text(net.written("address").unwrap_or_default());
        if address.is_empty() {
            // [recorded: config-net-shared-noaddr-install]
            let fault = "Neither an IPv4 nor an IPv6 address nor a host name";
            session.complain(format_args!("could not verify net address= physical={name}\n\t{fault}\n"));
            return Ok(false);
        }
        if !interface::is_plumbed(machine, &name)? {
            session.complain(format_args!(
                "WARNING: skipping network interface '{name}' which may not be present/plumbed in the global zone.\n"
            ));
        }
        return Ok(true);
    }
    // Links on demand are created when the zone becomes ready.
    if machine.line().net_extras && net.written("global-nic").is_some_and(|nic| !nic.is_empty()) {
        return Ok(true);
    }
    if interface::is_plumbed(machine, &name)? {
        session
            .complain(format_args!("WARNING: skipping network interface '{name}' which is used in the global zone.\n"));
    } else if dladm::link::find(machine, &name)?.is_none_or(|link| !link.active) {
        session.complain(format_args!("WARNING: skipping network interface '{name}': object not found\n"));
    } else if let Some(other) = dladm::link::borrower(machine, &name)?.filter(|other| *other != target.name) {
        session.complain(format_args!(
            "WARNING: skipping network interface '{name}' which is used by the non-global zone '{other}'.\n"
        ));
    }
    Ok(true)
}
