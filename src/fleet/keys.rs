//! Keys and values of the store: text that every store keeps in the same form.
//!
//! Invariant: the encoding of a value begins with what transactions compare (the entry id of a claim, the incarnation of a host, the
//! digest of a pool), so a store compares a prefix and needs no knowledge of the rest. Readers skip fields that they do not know.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::EntryId;
use crate::value::address::MacAddr;
use crate::value::name::{PoolName, ZoneName};
use crate::value::words;

/// Key of something in the store, without the prefix of the fleet.
///
/// ```
/// # use zmgr::*;
/// let key = StoreKey::Ip { segment: "dmz".to_owned(), address: "10.1.0.10".parse()? };
/// assert_eq!(key.encode("prod"), "/zmgr/1/prod/ip/dmz/10.1.0.10");
/// assert_eq!(StoreKey::decode("prod", "/zmgr/1/prod/ip/dmz/10.1.0.10"), Some(key));
/// assert_eq!(StoreKey::decode("prod", "/zmgr/1/other/ip/dmz/10.1.0.10"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StoreKey {
    /// A host that has joined; its value is a [`StoreHost`].
    Host(String),
    /// An address; its value is a [`StoreClaim`].
    Ip {
        /// The layer-2 segment, within which the address is unique.
        segment: String,
        /// The address.
        address: IpAddr,
    },
    /// A MAC address; its value is a [`StoreClaim`].
    Mac {
        /// The layer-2 segment, within which the address is unique.
        segment: String,
        /// The address.
        mac: MacAddr,
    },
    /// The name of a zone; its value is a [`StoreClaim`].
    Zone(ZoneName),
    /// A pool that hosts share; its value is a [`StorePool`].
    Pool(PoolName),
}

impl StoreKey {
    /// Returns the text before every key of a fleet.
    pub fn root(fleet: &str) -> String {
        format!("/zmgr/1/{fleet}/")
    }

    /// Returns the whole key.
    pub fn encode(&self, fleet: &str) -> String {
        format!("{}{self}", StoreKey::root(fleet))
    }

    /// Reads a whole key; `None` if it belongs to another fleet or is of a kind that this version does not know.
    pub fn decode(fleet: &str, text: &str) -> Option<StoreKey> {
        let mut parts = text.strip_prefix(&StoreKey::root(fleet))?.split('/');
        let (kind, first) = (parts.next()?, parts.next()?.to_owned());
        let key = match (kind, parts.next()) {
            ("host", None) => StoreKey::Host(first),
            ("ip", Some(address)) => StoreKey::Ip { segment: first, address: address.parse().ok()? },
            ("mac", Some(mac)) => StoreKey::Mac { segment: first, mac: mac.parse().ok()? },
            ("zone", None) => StoreKey::Zone(first.parse().ok()?),
            ("pool", None) => StoreKey::Pool(first.parse().ok()?),
            _ => return None,
        };
        // One thing has one key: another spelling of an address would be a second one.
        (key.encode(fleet) == text).then_some(key)
    }
}

/// Formats the key without the prefix of the fleet, such as `ip/dmz/10.1.0.10`.
impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreKey::Host(name) => write!(f, "host/{name}"),
            StoreKey::Ip { segment, address } => write!(f, "ip/{segment}/{address}"),
            StoreKey::Mac { segment, mac } => write!(f, "mac/{segment}/{mac}"),
            StoreKey::Zone(name) => write!(f, "zone/{name}"),
            StoreKey::Pool(name) => write!(f, "pool/{name}"),
        }
    }
}

/// A host of a fleet with the id that it drew when it joined. A host that was forgotten and joined again has another.
///
/// ```
/// # use zmgr::*;
/// let host = StoreHost::new("h1", EntryId::random()?, "2026-11-30T20:00:00Z");
/// assert!(host.encode().starts_with(&host.encoded_start()));
/// assert_eq!(StoreHost::decode(&host.encode()), Some(host));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreHost {
    /// Id that the host drew when it joined.
    pub incarnation: EntryId,
    /// Name of the host.
    pub host: String,
    /// Time at which it joined, RFC 3339.
    pub created: String,
}

/// Holder of an address, a MAC address or a zone name.
///
/// ```
/// # use zmgr::*;
/// let host = StoreHost::new("h1", EntryId::random()?, "2026-11-30T20:00:00Z");
/// let claim = StoreClaim::new(EntryId::random()?, &host, ClaimKind::Zone, "web01", "2026-11-30T20:01:00Z");
/// assert_eq!(claim.to_string(), "zone web01 on host h1");
/// assert_eq!(StoreClaim::decode(&claim.encode()), Some(claim));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreClaim {
    /// Id of the entry that holds it. All claims of an entry carry it.
    pub entry: EntryId,
    /// Name of the entry's host.
    pub host: String,
    /// Incarnation of that host when it made the claim.
    pub incarnation: EntryId,
    /// Kind of the entry.
    pub kind: ClaimKind,
    /// Name of the entry.
    pub name: String,
    /// Time of the claim, RFC 3339.
    pub created: String,
}

/// Kind of an entry that holds claims.
///
/// ```
/// # use zmgr::*;
/// assert_eq!("zone".parse(), Ok(ClaimKind::Zone));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ClaimKind {
    /// A zone.
    Zone,
    /// A reservation.
    Reservation,
}

impl ClaimKind {
    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClaimKind::Zone => "zone",
            ClaimKind::Reservation => "reservation",
        }
    }
}

words!(ClaimKind: ClaimKind::Zone, ClaimKind::Reservation);

/// The definition of a pool that hosts share, as a digest, and the host that wrote it.
///
/// ```
/// # use zmgr::*;
/// let pool = StorePool::new("0a1b2c", "h1", "2026-11-30T20:00:00Z");
/// assert_eq!(StorePool::decode(&pool.encode()), Some(pool));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorePool {
    /// Digest of the definition.
    pub digest: String,
    /// Host that wrote it.
    pub host: String,
    /// Time at which it was written, RFC 3339.
    pub created: String,
}

macro_rules! value {
    ($type:ident, $field:ident) => {
        impl $type {
            /// Returns the value as the store keeps it: one line of JSON.
            pub fn encode(&self) -> String {
                // Texts and ids only, which always encode.
                serde_json::to_string(self).unwrap_or_default()
            }

            /// Returns the start that the encodings of all values with this
            #[doc = concat!("`", stringify!($field), "`")]
            /// have, and no others. A transaction compares it with the start of the stored value.
            pub fn encoded_start(&self) -> String {
                format!(concat!("{{\"", stringify!($field), "\":{}"), json(&self.$field))
            }

            /// Reads a value; `None` if it is not one.
            pub fn decode(text: &str) -> Option<Self> {
                serde_json::from_str(text).ok()
            }
        }
    };
}

value!(StoreHost, incarnation);
value!(StoreClaim, entry);
value!(StorePool, digest);

fn json(text: impl Serialize) -> String {
    serde_json::to_string(&text).unwrap_or_default()
}

impl StoreHost {
    /// Returns a host of this name.
    pub fn new(host: impl Into<String>, incarnation: EntryId, created: impl Into<String>) -> Self {
        StoreHost { incarnation, host: host.into(), created: created.into() }
    }
}

impl StoreClaim {
    /// Returns a claim of an entry on this host.
    pub fn new(
        entry: EntryId,
        host: &StoreHost,
        kind: ClaimKind,
        name: impl Into<String>,
        created: impl Into<String>,
    ) -> Self {
        let (name, created) = (name.into(), created.into());
        StoreClaim { entry, host: host.host.clone(), incarnation: host.incarnation.clone(), kind, name, created }
    }
}

/// Formats the holder: `zone web01 on host h1`.
impl fmt::Display for StoreClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} on host {}", self.kind.as_str(), self.name, self.host)
    }
}

impl StorePool {
    /// Returns a pool with this digest, written by this host.
    pub fn new(digest: impl Into<String>, host: impl Into<String>, created: impl Into<String>) -> Self {
        StorePool { digest: digest.into(), host: host.into(), created: created.into() }
    }
}

/// Something in the store, as it was read.
///
/// ```
/// # use zmgr::*;
/// let key = StoreKey::Host("h1".to_owned());
/// let host = StoreHost::new("h1", EntryId::random()?, "2026-11-30T20:00:00Z");
/// let record = StoreRecord::decode("prod", &key.encode("prod"), &host.encode()).expect("it is a key of the fleet");
/// assert_eq!(record.value, StoreValue::Host(host));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreRecord {
    /// Its key.
    pub key: StoreKey,
    /// Its value.
    pub value: StoreValue,
}

/// Value of a record of the store.
///
/// ```
/// # use zmgr::*;
/// let key = StoreKey::Zone("web01".parse()?);
/// let record = StoreRecord::decode("prod", &key.encode("prod"), "damaged").expect("it is a key of the fleet");
/// assert_eq!(record.value, StoreValue::Unreadable("damaged".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreValue {
    /// A host.
    Host(StoreHost),
    /// A claim.
    Claim(StoreClaim),
    /// The definition of a pool.
    Pool(StorePool),
    /// Text that is not a value of this kind. Its key counts as taken.
    Unreadable(String),
}

impl StoreRecord {
    /// Reads a key and its value; `None` if [`StoreKey::decode`] does not know the key.
    pub fn decode(fleet: &str, key: &str, value: &str) -> Option<StoreRecord> {
        let key = StoreKey::decode(fleet, key)?;
        let decoded = match key {
            StoreKey::Host(_) => StoreHost::decode(value).map(StoreValue::Host),
            StoreKey::Pool(_) => StorePool::decode(value).map(StoreValue::Pool),
            StoreKey::Ip { .. } | StoreKey::Mac { .. } | StoreKey::Zone(_) => {
                StoreClaim::decode(value).map(StoreValue::Claim)
            }
        };
        Some(StoreRecord { key, value: decoded.unwrap_or_else(|| StoreValue::Unreadable(value.to_owned())) })
    }

    /// Returns the claim, if it is one.
    pub fn claim(&self) -> Option<&StoreClaim> {
        match &self.value {
            StoreValue::Claim(claim) => Some(claim),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> EntryId {
        digit.to_string().repeat(32).parse().unwrap()
    }

    #[test]
    fn keys_are_written_and_read() {
        let keys = [
            (StoreKey::Host("h1".to_owned()), "host/h1"),
            (StoreKey::Ip { segment: "dmz".to_owned(), address: "fd00::1".parse().unwrap() }, "ip/dmz/fd00::1"),
            (StoreKey::Mac { segment: "dmz".to_owned(), mac: "2:8:20:0:0:1".parse().unwrap() }, "mac/dmz/2:8:20:0:0:1"),
            (StoreKey::Zone("web01".parse().unwrap()), "zone/web01"),
            (StoreKey::Pool("front".parse().unwrap()), "pool/front"),
        ];
        for (key, text) in keys {
            assert_eq!(key.encode("prod"), format!("/zmgr/1/prod/{text}"));
            assert_eq!(StoreKey::decode("prod", &key.encode("prod")), Some(key));
        }
    }

    #[test]
    fn what_is_not_a_key_is_not_read() {
        for text in [
            "host/h1/more",
            "ip/dmz",
            "ip/dmz/10.1.0.300",
            "ip/dmz/fd00:0::1",
            "mac/dmz/02:08:20:00:00:01",
            "zone/global",
            "later/h1",
            "host",
        ] {
            assert_eq!(StoreKey::decode("prod", &format!("/zmgr/1/prod/{text}")), None, "{text}");
        }
        assert_eq!(StoreKey::decode("prod", "/zmgr/2/prod/host/h1"), None);
        assert_eq!(StoreKey::decode("pro", "/zmgr/1/prod/host/h1"), None);
    }

    #[test]
    fn an_encoding_begins_with_what_is_compared() {
        let host = StoreHost::new("h1", id('a'), "2026-11-30T20:00:00Z");
        assert_eq!(
            host.encode(),
            format!(r#"{{"incarnation":"{}","host":"h1","created":"2026-11-30T20:00:00Z"}}"#, "a".repeat(32))
        );
        let claim = StoreClaim::new(id('b'), &host, ClaimKind::Reservation, "printer", "2026-11-30T20:00:00Z");
        let pool = StorePool::new("0a", "h1", "2026-11-30T20:00:00Z");
        assert!(host.encode().starts_with(&host.encoded_start()));
        assert!(claim.encode().starts_with(&claim.encoded_start()));
        assert!(pool.encode().starts_with(&pool.encoded_start()));
        // A digest that begins as another does not begin like its encoding.
        assert!(!StorePool::new("0a0b", "h1", "").encode().starts_with(&pool.encoded_start()));
        assert_eq!(StoreClaim::decode(&claim.encode()), Some(claim));
    }

    #[test]
    fn a_field_of_a_later_version_is_skipped() {
        let host = StoreHost::new("h1", id('a'), "2026-11-30T20:00:00Z");
        let later = host.encode().replace('}', r#","more":1}"#);
        assert_eq!(StoreHost::decode(&later), Some(host));
    }
}
