//! Whether the host's zone of a name is the one that the registry speaks of.
//!
//! Invariant: a zone of a brand that is not zmgr's, or one that somebody put in the place of zmgr's, is never worked on.

use crate::effective::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{BrandKind, Host, brand_kind};
use crate::zone::{EntryState, ZoneEntry};

/// That it is the zone of the entry: brand and zonepath agree.
pub(crate) fn same(entry: &ZoneEntry, zone: &HostZone) -> Result<()> {
    let name = &entry.name;
    if brand_kind(&zone.brand) != BrandKind::Managed {
        return Err(Error::new(
            Code::UnsupportedHost,
            format!("{name} is of brand {}, which zmgr never touches", zone.brand),
        ));
    }
    // As they were applied: what the file says since is an edit, not another zone.
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

/// The same, and that nobody has installed it anew since.
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

/// Where the host does not have the zone, the one that lies at its zonepath: somebody has renamed it, and its links and its address
/// are in use.
pub(crate) fn renamed(host: &Host, zonepath: &str) -> Result<Option<HostZone>> {
    Ok(host.zones()?.into_iter().find(|zone| zone.zonepath == zonepath))
}

fn another(entry: &ZoneEntry, what: &str, noted: &str, found: &str) -> Error {
    Error::new(
        Code::RecoveryNeeded,
        format!("the host's zone {} is not the one in the registry: its {what} is {found}, not {noted}", entry.name),
    )
    .with_help("somebody else made it; zmgr leaves it alone")
}

/// That nothing is under way with it and nothing was left unfinished.
pub(crate) fn settled(entry: &ZoneEntry) -> Result<()> {
    let name = &entry.name;
    if entry.is_newer() {
        return Err(Error::new(
            Code::Config,
            format!("the entry of {name} was written by a newer zmgr, and this one does not work on its zone"),
        ));
    }
    match &entry.state {
        Some(EntryState::Ready) => Ok(()),
        Some(state) => {
            let step = state.step().unwrap_or_default();
            Err(Error::new(
                Code::RecoveryNeeded,
                format!("work on {name} was left unfinished: it is {state} at step {step}"),
            )
            .with_help(format!("run zmgr recover {name}")))
        }
        None => Err(Error::new(Code::WrongState, format!("{name} is a wish not yet built"))
            .with_help(format!("zmgr apply {name} builds it"))),
    }
}
