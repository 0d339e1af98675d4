//! Checks that the host's zone of a name is the registered one.
//!
//! Invariant: a zone of a brand that zmgr does not manage, or one that replaced zmgr's zone, is never touched.

use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{BrandKind, Host, brand_kind};
use crate::value::EntryId;

/// Returns the id of the entry of a zone that was created.
///
/// Fails with `config` if a user has removed it: without it, another zone of the same name cannot be told from this one.
pub(crate) fn id_of(entry: &ZoneEntry) -> Result<EntryId> {
    let name = &entry.name;
    entry.id.clone().ok_or_else(|| {
        Error::new(Code::Config, format!("the entry of {name} has a state but no id")).with_help(format!(
            "run `zmgr forget {name}` and `zmgr import {name}`, or write the id again if you know it"
        ))
    })
}

/// Checks that it is the zone of the entry: brand and zonepath match.
pub(crate) fn same(entry: &ZoneEntry, zone: &HostZone) -> Result<()> {
    let name = &entry.name;
    if brand_kind(&zone.brand) != BrandKind::Managed {
        return Err(Error::new(
            Code::UnsupportedHost,
            format!("{name} has brand {}, which zmgr does not manage", zone.brand),
        ));
    }
    // As they were applied: a later change of the file is an edit, not another zone.
    let applied = entry.applied.as_deref();
    let brand =
        applied.and_then(|applied| applied.settings.brand.as_ref()).map(|brand| brand.as_str()).or(entry.brand());
    if let Some(brand) = brand
        && brand != zone.brand
    {
        return Err(another(entry, "brand", brand, &zone.brand));
    }
    let path = applied.and_then(|applied| applied.zonepath.as_ref()).or(entry.zonepath.as_ref());
    if let Some(path) = path
        && path.value != zone.zonepath
    {
        return Err(another(entry, "zonepath", &path.value, &zone.zonepath));
    }
    Ok(())
}

/// Refuses a spec with another brand or zonepath than the zone has: neither can be changed.
pub(crate) fn unchanged(spec: &ZoneSpec, zone: &HostZone) -> Result<()> {
    let fixed = [("brand", &spec.brand, &zone.brand), ("zonepath", &spec.zonepath, &zone.zonepath)];
    for (what, desired, found) in fixed {
        if desired.value != *found {
            let name = &spec.name;
            let message = format!(
                "cannot change the {what} of {name} from {found:?} to {:?} ({}): it is fixed once a zone is created",
                desired.value, desired.source
            );
            let help = format!("set {what} back to {found:?}, or run `zmgr destroy {name}` and create the zone again");
            return Err(Error::new(Code::WrongState, message).with_help(help));
        }
    }
    Ok(())
}

/// Checks the identity of a zone, and that it was not reinstalled outside zmgr.
pub(crate) fn same_installation(entry: &ZoneEntry, zone: &HostZone) -> Result<()> {
    same(entry, zone)?;
    if let (Some(noted), Some(found)) = (&entry.uuid, &zone.uuid)
        && noted != found
        && zone.state != ZoneState::Incomplete
    {
        return Err(another(entry, "uuid", noted, found));
    }
    Ok(())
}

/// Returns the zone at the zonepath of one that the host does not have: it was renamed, and its links and its address are in use.
pub(crate) fn renamed(host: &Host, zonepath: &str) -> Result<Option<HostZone>> {
    Ok(host.zones()?.into_iter().find(|zone| zone.zonepath == zonepath))
}

fn another(entry: &ZoneEntry, what: &str, noted: &str, found: &str) -> Error {
    Error::new(
        Code::RecoveryNeeded,
        format!("zone {} on the host is not the registered one: its {what} is {found}, not {noted}", entry.name),
    )
    .with_help("it was not created by zmgr, which leaves it alone")
}

/// Checks that no operation on the zone is running or unfinished.
pub(crate) fn settled(entry: &ZoneEntry) -> Result<()> {
    let name = &entry.name;
    if entry.is_newer() {
        return Err(Error::new(Code::Config, format!("the entry of {name} was written by a newer zmgr")));
    }
    match &entry.state {
        Some(EntryState::Ready) => Ok(()),
        Some(EntryState::Detached) => Err(Error::new(Code::WrongState, format!("{name} is detached"))
            .with_help(format!("run `zmgr attach {name}` to bring it back"))),
        Some(state) => {
            let step = state.step().unwrap_or_default();
            Err(Error::new(Code::RecoveryNeeded, format!("{name} has an unfinished operation: {state} at step {step}"))
                .with_help(format!("run `zmgr recover {name}`")))
        }
        None => Err(Error::new(Code::WrongState, format!("{name} has not been created yet"))
            .with_help(format!("run `zmgr apply {name}` to create it"))),
    }
}
