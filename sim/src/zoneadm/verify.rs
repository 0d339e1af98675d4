//! `zoneadm verify`, and the same checks as other subcommands make them.

use std::io;

use super::zonepath::{self, Care};
use super::{Rule, Target, UNINSTALL_FIRST, or_return, plain_options, sanity, text};
use crate::answer::{Answer, FAILED, OK, Session};
use crate::document::{Element, IpType};
use crate::{ZoneState, dladm, ipadm, zfs};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if let Err(answer) = plain_options(session, "verify", "", args) {
        return answer;
    }
    let refused = &[(ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "verify", must_be_active: false, must_be_inactive: false, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    Ok(if details(session, &target, Care::Verify)? { OK } else { FAILED })
}

/// Everything that can be wrong with a zone before it is installed or booted. `false` when it failed; what is wrong has
/// been said then.
pub(super) fn details(session: &mut Session<'_, '_>, target: &Target, care: Care) -> io::Result<bool> {
    let machine = session.machine;
    let written = text(target.document.zonepath());
    if written != target.zonepath {
        session.complain(format_args!(
            "The XML repository has zonepath '{written}',\n\
             but the index file has zonepath '{}'.\n\
             These must match, so fix the incorrect entry.\n",
            target.zonepath
        ));
        return failed(session, target);
    }
    let mut fit = zonepath::check(session, target, &target.zonepath, care)?;
    if fit && target.state == ZoneState::Configured && care != Care::Repair {
        let root = machine.path(&target.zonepath);
        if root.join("root").exists() && root.join("SUNWdetached.xml").exists() {
            let word = if care == Care::Verify { "verify" } else { "install" };
            session.complain(format_args!(
                "Cannot {word} detached zone.\nUse attach or remove {} directory.\n",
                target.zonepath
            ));
            fit = false;
        }
    }
    for fs in target.document.resources("filesystem") {
        fit &= check_fs(session, fs)?;
    }
    for net in target.document.resources("network") {
        warn_of_link(session, target, net)?;
    }
    for resource in target.document.resources("dataset") {
        let name = text(resource.written("name").unwrap_or_default());
        if zfs::dataset::find(machine, &name)?.is_none() {
            session.complain(format_args!("could not verify zfs dataset {name}: dataset does not exist\n"));
            fit = false;
        }
    }
    if fit { Ok(true) } else { failed(session, target) }
}

fn failed(session: &mut Session<'_, '_>, target: &Target) -> io::Result<bool> {
    session.complain(format_args!("zoneadm: zone {} failed to verify\n", target.name));
    Ok(false)
}

fn check_fs(session: &mut Session<'_, '_>, fs: &Element) -> io::Result<bool> {
    let field = |name: &str| text(fs.written(name).unwrap_or_default());
    let (special, kind, dir) = (field("special"), field("type"), field("directory"));
    let trouble = match kind.as_str() {
        "lofs" if !special.starts_with('/') => Some(format!("{special}: must be an absolute path.")),
        "lofs" if !session.machine.path(&special).exists() => {
            Some(format!("could not access {special}: No such file or directory"))
        }
        "zfs" if zfs::dataset::find(session.machine, &special)?.is_none() => {
            Some(format!("could not access zfs dataset '{special}'"))
        }
        _ => None,
    };
    if let Some(trouble) = trouble {
        session.complain(format_args!("could not verify fs {dir}: {trouble}\n"));
        return Ok(false);
    }
    Ok(true)
}

/// Links that are not there or in other hands are only warned of here; a boot fails at them.
fn warn_of_link(session: &mut Session<'_, '_>, target: &Target, net: &Element) -> io::Result<()> {
    let name = text(net.written("physical").unwrap_or_default());
    let machine = session.machine;
    if target.document.ip_type() != Ok(IpType::Exclusive) {
        if !ipadm::is_plumbed(machine, &name)? {
            session.complain(format_args!(
                "WARNING: skipping network interface '{name}' which may not be present/plumbed in the global zone.\n"
            ));
        }
        return Ok(());
    }
    // On-demand links are made when the zone becomes ready.
    if machine.line().net_extras && net.written("global-nic").is_some_and(|nic| !nic.is_empty()) {
        return Ok(());
    }
    if dladm::link::find(machine, &name)?.is_none_or(|link| !link.active) {
        session.complain(format_args!("WARNING: skipping network interface '{name}': object not found\n"));
    } else if ipadm::is_plumbed(machine, &name)? {
        session
            .complain(format_args!("WARNING: skipping network interface '{name}' which is used in the global zone.\n"));
    } else if let Some(other) = dladm::link::borrower(machine, &name)?.filter(|other| *other != target.name) {
        session.complain(format_args!(
            "WARNING: skipping network interface '{name}' which is used by the non-global zone '{other}'.\n"
        ));
    }
    Ok(())
}
