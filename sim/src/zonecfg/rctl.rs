//! Resource controls: what their names and values may be, and the properties of the zone that stand for one.
//!
//! [source: struct alias, zonecfg_valid_rctlname, zonecfg_valid_rctlblk of libzonecfg.c; recorded: rctl-*, alias-*, glob-*]

use super::numbers::strtoull;
use crate::document::{Document, Element, Error, fetch};

/// A property that stands for a resource control with one value.
struct Alias {
    name: &'static str,
    control: &'static str,
    action: &'static str,
    least: u64,
}

const fn alias(name: &'static str, control: &'static str, action: &'static str, least: u64) -> Alias {
    Alias { name, control, action, least }
}

const ALIASES: &[Alias] = &[
    alias("max-lwps", "zone.max-lwps", "deny", 100),
    alias("max-processes", "zone.max-processes", "deny", 100),
    alias("max-shm-memory", "zone.max-shm-memory", "deny", 0),
    alias("max-shm-ids", "zone.max-shm-ids", "deny", 0),
    alias("max-msg-ids", "zone.max-msg-ids", "deny", 0),
    alias("max-sem-ids", "zone.max-sem-ids", "deny", 0),
    alias(MAX_LOCKED, "zone.max-locked-memory", "deny", 0),
    alias(MAX_SWAP, "zone.max-swap", "deny", 0),
    alias(MAX_PHYSICAL, "zone.max-physical-memory", "deny", 0),
    alias("cpu-shares", "zone.cpu-shares", "none", 0),
    alias(CPU_CAP, "zone.cpu-cap", "deny", 0),
    alias("zfs-io-priority", "zone.zfs-io-priority", "none", 0),
];

pub(super) const CPU_CAP: &str = "cpu-cap";
pub(super) const MAX_SWAP: &str = "max-swap";
pub(super) const MAX_LOCKED: &str = "max-locked-memory";
pub(super) const MAX_PHYSICAL: &str = "max-physical-memory";

const PRIVILEGED: &[u8] = b"privileged";
const SIZE: usize = super::resources::NAME;

fn find(name: &str) -> Result<&'static Alias, Error> {
    ALIASES.iter().find(|alias| alias.name == name).ok_or(Error::NoPropertyId)
}

/// The value behind an alias. `AliasDisallow` where the control has more than the alias can say, `NoEntry` where it is not
/// there.
pub(super) fn get_alias(document: &Document, name: &str) -> Result<u64, Error> {
    let alias = find(name)?;
    let is_it = |e: &&Element| fetch(e, "name", SIZE) == Ok(alias.control.as_bytes());
    let mut controls = document.resources("rctl").filter(is_it);
    let control = controls.next().ok_or(Error::NoEntry)?;
    let (1, None) = (control.children.len(), controls.next()) else { return Err(Error::AliasDisallow) };
    let value = &control.children[0];
    let is = |attribute: &str, text: &[u8]| fetch(value, attribute, SIZE) == Ok(text);
    if !is("priv", PRIVILEGED) || !is("action", alias.action.as_bytes()) {
        return Err(Error::AliasDisallow);
    }
    let limit = fetch(value, "limit", SIZE).unwrap_or_default();
    Ok(strtoull(limit, 10).0.unwrap_or(u64::MAX))
}

/// Returns true if the alias can be set.
pub(super) fn alias_is_free(document: &Document, name: &str) -> bool {
    matches!(get_alias(document, name), Ok(_) | Err(Error::NoEntry))
}

/// Returns true if this is a value for the alias, and which.
pub(super) fn alias_limit(name: &str, text: &[u8]) -> Option<u64> {
    let least = find(name).ok()?.least;
    super::numbers::unsigned(text).filter(|value| *value >= least)
}

/// Sets the control behind an alias, as the last resource.
pub(super) fn set_alias(document: &mut Document, name: &str, value: u64) -> Result<(), Error> {
    if !alias_is_free(document, name) {
        return Err(Error::AliasDisallow);
    }
    let alias = find(name)?;
    remove_alias(document, name);
    let mut control = Element::new("rctl").with("name", alias.control);
    control.children.push(
        Element::new("rctl-value")
            .with("priv", PRIVILEGED)
            .with("limit", value.to_string())
            .with("action", alias.action),
    );
    document.zone.children.push(control);
    Ok(())
}

/// Drops the control behind an alias, where there is one that the alias can say.
pub(super) fn remove_alias(document: &mut Document, name: &str) {
    let Ok(alias) = find(name) else { return };
    if get_alias(document, name).is_ok() {
        document.zone.children.retain(|e| !(e.name == "rctl" && e.written("name") == Some(alias.control.as_bytes())));
    }
}

/// Returns true if a control can have this name.
pub(super) fn valid_name(name: &[u8]) -> bool {
    name.strip_prefix(b"zone.")
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(|b| b.is_ascii_alphabetic() || *b == b'-'))
}

/// Returns true if a control can have this value.
pub(super) fn valid_value(privilege: &[u8], limit: &[u8], action: &[u8]) -> bool {
    let number = !limit.starts_with(b"-") && matches!(strtoull(limit, 0), (Some(_), b""));
    privilege == PRIVILEGED && number && matches!(action, b"none" | b"deny")
}
