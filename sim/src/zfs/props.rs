//! Properties of data sets: a table of those that are built in, and the rules for setting them.
//!
//! [source: zfs_prop.c, zfs_valid_proplist of libzfs_dataset.c; zfs(8)]

/// Origin of a property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Fixed by what the data set is.
    ReadOnly,
    /// Settable, and inherited by what lies below.
    Inherited,
    /// Settable for one data set alone.
    Own,
}

/// A built-in property.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prop {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) default: &'static str,
    /// The values that it takes; any when empty.
    values: &'static [&'static str],
}

const fn prop(name: &'static str, kind: Kind, default: &'static str, values: &'static [&'static str]) -> Prop {
    Prop { name, kind, default, values }
}

const ON_OFF: &[&str] = &["on", "off"];

/// In the order in which `zfs get all` shows them.
pub(super) const PROPS: &[Prop] = &[
    prop("type", Kind::ReadOnly, "filesystem", &[]),
    prop("creation", Kind::ReadOnly, "", &[]),
    prop("used", Kind::ReadOnly, "", &[]),
    prop("available", Kind::ReadOnly, "", &[]),
    prop("referenced", Kind::ReadOnly, "", &[]),
    prop("compressratio", Kind::ReadOnly, "1.00x", &[]),
    prop("mounted", Kind::ReadOnly, "", &[]),
    prop("origin", Kind::ReadOnly, "", &[]),
    prop("clones", Kind::ReadOnly, "", &[]),
    prop("userrefs", Kind::ReadOnly, "-", &[]),
    prop("volsize", Kind::Own, "-", &[]),
    prop("volblocksize", Kind::ReadOnly, "", &[]),
    prop("quota", Kind::Own, "none", &[]),
    prop("reservation", Kind::Own, "none", &[]),
    prop("recordsize", Kind::Inherited, "128K", &[]),
    prop("mountpoint", Kind::Inherited, "", &[]),
    prop("sharenfs", Kind::Inherited, "off", &[]),
    prop("checksum", Kind::Inherited, "on", &[]),
    prop("compression", Kind::Inherited, "off", &[]),
    prop("atime", Kind::Inherited, "on", ON_OFF),
    prop("devices", Kind::Inherited, "on", ON_OFF),
    prop("exec", Kind::Inherited, "on", ON_OFF),
    prop("setuid", Kind::Inherited, "on", ON_OFF),
    prop("readonly", Kind::Inherited, "off", ON_OFF),
    prop("zoned", Kind::Inherited, "off", ON_OFF),
    prop("snapdir", Kind::Inherited, "hidden", &["hidden", "visible"]),
    prop("aclinherit", Kind::Inherited, "restricted", &[]),
    prop("canmount", Kind::Own, "on", &["on", "off", "noauto"]),
    prop("xattr", Kind::Inherited, "on", ON_OFF),
    prop("copies", Kind::Inherited, "1", &["1", "2", "3"]),
    prop("version", Kind::ReadOnly, "5", &[]),
    prop("refquota", Kind::Own, "none", &[]),
    prop("refreservation", Kind::Own, "none", &[]),
    prop("primarycache", Kind::Inherited, "all", &["all", "none", "metadata"]),
    prop("guid", Kind::ReadOnly, "", &[]),
    prop("sync", Kind::Inherited, "standard", &["standard", "always", "disabled"]),
];

/// The built-in property of that name or short name.
pub(super) fn find(name: &str) -> Option<&'static Prop> {
    let name = match name {
        "avail" => "available",
        "refer" => "referenced",
        "ratio" => "compressratio",
        "compress" => "compression",
        "recsize" => "recordsize",
        "reserv" => "reservation",
        name => name,
    };
    PROPS.iter().find(|prop| prop.name == name)
}

/// Users' own properties have a colon in their name.
pub(super) fn is_user(name: &str) -> bool {
    name.contains(':')
        && name.len() < 256
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, ':' | '-' | '_' | '.' | '+'))
}

/// Returns true if a property may be given this value; else why not.
pub(super) fn check(name: &str, value: &str) -> Result<(), String> {
    if is_user(name) {
        return match value.len() < 1024 {
            true => Ok(()),
            false => Err(format!("'{name}' property value is too long")),
        };
    }
    let Some(prop) = find(name) else { return Err(format!("invalid property '{name}'")) };
    if prop.kind == Kind::ReadOnly {
        return Err(format!("'{name}' is readonly"));
    }
    if !prop.values.is_empty() && !prop.values.contains(&value) {
        let values = prop.values.join(" | ");
        return Err(format!("'{name}' must be one of '{values}'"));
    }
    if prop.name == "mountpoint" && !matches!(value, "legacy" | "none") && !value.starts_with('/') {
        return Err("'mountpoint' must be an absolute path, 'none', or 'legacy'".into());
    }
    Ok(())
}

/// Properties that volumes do not have.
const OF_FILE_SYSTEMS: [&str; 15] = [
    "quota",
    "recordsize",
    "mountpoint",
    "sharenfs",
    "atime",
    "devices",
    "exec",
    "setuid",
    "zoned",
    "snapdir",
    "aclinherit",
    "canmount",
    "xattr",
    "version",
    "refquota",
];

/// As `check`, for a data set of this type. [source: zfs_valid_proplist of libzfs]
pub(super) fn check_of(name: &str, value: &str, is_volume: bool) -> Result<(), String> {
    check(name, value)?;
    let is_strange = if is_volume { OF_FILE_SYSTEMS.contains(&name) } else { name.starts_with("vol") };
    if is_strange { Err(format!("'{name}' does not apply to datasets of this type")) } else { Ok(()) }
}

/// Returns true if `zfs inherit` takes the property; else why not.
pub(super) fn check_inherit(name: &str) -> Result<(), String> {
    match find(name) {
        None if is_user(name) => Ok(()),
        None => Err(format!("invalid property '{name}'")),
        Some(prop) if prop.kind == Kind::ReadOnly => Err(format!("'{name}' property is read-only")),
        Some(_) => Ok(()),
    }
}
