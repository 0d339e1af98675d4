//! Names of zones, links and configuration files, checked once and trusted afterwards.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Code, Error, Result};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(name: String) -> Result<Self> {
                $type::new(name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl $type {
            /// Checks a name; fails with `invalid-argument` and the rule that it breaks.
            pub fn new(name: impl Into<String>) -> Result<Self> {
                let name = name.into();
                match $check(&name) {
                    Ok(()) => Ok($type(name)),
                    Err(rule) => Err(Error::new(
                        Code::InvalidArgument,
                        format!(concat!("{:?} is not a valid ", $what, " name: {}"), shortened(&name), rule),
                    )),
                }
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = Error;
            fn from_str(name: &str) -> Result<Self> {
                $type::new(name)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A zone's name: 1 to 63 bytes of letters, digits, `_`, `.` and `-`, the first a letter or digit; not only digits (they would
    /// also match a zone id), not `global`, and not beginning with `SUNW` or `OMNI` (illumos keeps its templates under such names).
    ///
    /// ```
    /// # use zmgr::*;
    /// assert!(ZoneName::new("web01").is_ok() && ZoneName::new("global").is_err());
    /// ```
    ZoneName, "zone", check_zone
);
name!(
    /// A data link's name: 1 to 31 bytes of letters, digits, `_` and `.`, the first a letter, ending in a number without leading zero.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert!(LinkName::new("net0").is_ok() && LinkName::new("net").is_err());
    /// ```
    LinkName, "link", check_link
);
name!(
    /// The name of a pool, and of its file.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!(PoolName::new("internal")?.as_str(), "internal");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PoolName, "pool", check_document
);
name!(
    /// The name of a template, and of its file.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!("oi".parse::<TemplateName>()?.as_str(), "oi");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    TemplateName, "template", check_document
);
name!(
    /// The name of a publisher, and of its file.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!(PublisherName::new("openindiana.org")?.to_string(), "openindiana.org");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    PublisherName, "publisher", check_publisher
);
name!(
    /// The name of a reservation, and of its file: an owner of addresses that is not a zone.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert!(ReservationName::new("printer").is_ok() && ReservationName::new("../printer").is_err());
    /// ```
    ReservationName, "reservation", check_document
);

name!(
    /// The label of a snapshot of a zone: 1 to 63 bytes of letters, digits, `_`, `.` and `-`, the first a letter or digit, and not like
    /// the names that illumos gives to its own snapshots.
    SnapshotLabel, "snapshot", check_label
);

/// Checks a label. Names that end as those of the clone hooks do are renamed by an uninstall.
fn check_label(name: &str) -> std::result::Result<(), &'static str> {
    check_shape(name)?;
    if name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_snap") {
        return Err("names ending in _snap belong to zoneadm");
    }
    if name.starts_with("SUNWzone") {
        return Err("names beginning with SUNWzone belong to zoneadm");
    }
    Ok(())
}

fn check_zone(name: &str) -> std::result::Result<(), &'static str> {
    check_shape(name)?;
    if name == "global" {
        return Err("the global zone is not managed");
    }
    if name.starts_with("SUNW") || name.starts_with("OMNI") {
        return Err("names beginning with SUNW or OMNI belong to the system");
    }
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return Err("a name of only digits could be taken for a zone id");
    }
    Ok(())
}

fn check_document(name: &str) -> std::result::Result<(), &'static str> {
    check_shape(name)
}

/// Checks a publisher's name by the rules of pkg.
fn check_publisher(name: &str) -> std::result::Result<(), &'static str> {
    check_shape(name)?;
    if name.contains('_') {
        return Err("pkg allows only letters, digits, '.' and '-'");
    }
    // pkg takes it for no name at all, and every command on that image fails from then on.
    if name == "None" {
        return Err("pkg cannot read an image that has a publisher of this name");
    }
    Ok(())
}

/// Checks the rules shared by zones and configuration files: safe as a file name, as an argument and as a word of zonecfg.
fn check_shape(name: &str) -> std::result::Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > 63 {
        return Err("it is longer than 63 bytes");
    }
    if !name.as_bytes()[0].is_ascii_alphanumeric() {
        return Err("it must begin with a letter or a digit");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
        return Err("only letters, digits, '_', '.' and '-' are allowed");
    }
    Ok(())
}

fn check_link(name: &str) -> std::result::Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > 31 {
        return Err("it is longer than 31 bytes");
    }
    if !name.as_bytes()[0].is_ascii_alphabetic() {
        return Err("it must begin with a letter");
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')) {
        return Err("only letters, digits, '_' and '.' are allowed");
    }
    let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = &name[name.len() - digits..];
    if number.is_empty() {
        return Err("it must end in a number");
    }
    if number.len() > 1 && number.starts_with('0') {
        return Err("the number at its end must not have a leading zero");
    }
    if number.parse::<u64>().map_or(true, |n| n > 4_294_967_294) {
        return Err("the number at its end is larger than 4294967294");
    }
    Ok(())
}

fn shortened(name: &str) -> String {
    const LIMIT: usize = 80;
    if name.chars().count() <= LIMIT {
        return name.to_owned();
    }
    name.chars().take(LIMIT).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_names() {
        for good in ["web01", "db-prod-1", "1web", "a", "a.b_c-d", &"x".repeat(63)] {
            assert!(ZoneName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "global", "SUNWx", "OMNIlx", "12", "-a", ".a", "a/b", "a b", "ä", "a\n", &"x".repeat(64)] {
            assert_eq!(ZoneName::new(bad).unwrap_err().code(), Code::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn labels() {
        for good in ["before", "2026-03-22", "a_snapshot", "v1.2"] {
            assert!(SnapshotLabel::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "a@b", "a/b", "web_snap", "web_snap12", "SUNWzone1", &"x".repeat(64)] {
            assert!(SnapshotLabel::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn link_names() {
        for good in ["net0", "web1n10", "web_1", "a.b0", "x4294967294"] {
            assert!(LinkName::new(good).is_ok(), "{good}");
        }
        for bad in
            ["", "net", "net01", "web010", "0net0", "a-b0", "x4294967295", "_a0", &format!("{}0", "x".repeat(31))]
        {
            assert!(LinkName::new(bad).is_err(), "{bad}");
        }
    }
}
