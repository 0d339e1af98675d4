//! A typed form of zonecfg's configuration of a zone.
//!
//! Invariant: everything has one representation. zonecfg's shorthands (`cpu-shares`, `capped-cpu`, `max-lwps`, `capped-memory`'s
//! swap and locked) are stored as the resource control that they stand for; sizes are bytes.

use std::collections::BTreeMap;

use crate::documents::resources::Single;

/// A zone's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneConfig {
    /// The zone's name.
    pub name: String,
    /// Its path on the host.
    pub zonepath: String,
    /// Its brand.
    pub brand: String,
    /// True if the host boots it.
    pub autoboot: bool,
    /// Its IP type.
    pub ip_type: IpType,
    /// Arguments of every boot.
    pub bootargs: Option<String>,
    /// The resource pool that it is bound to.
    pub pool: Option<String>,
    /// The privileges it may have.
    pub limitpriv: Option<String>,
    /// The scheduling class of its processes.
    pub scheduling_class: Option<String>,
    /// The host id that it sees, in hexadecimal.
    pub hostid: Option<String>,
    /// The file system types that it may mount, separated by commas.
    pub fs_allowed: Option<String>,
    /// File systems mounted into it.
    pub filesystems: Vec<Filesystem>,
    /// Network resources: one address each.
    pub nets: Vec<Net>,
    /// Devices it sees.
    pub devices: Vec<Device>,
    /// Resource controls by name.
    pub rctls: BTreeMap<String, Vec<RctlValue>>,
    /// Physical memory limit in bytes.
    pub physical_memory: Option<u64>,
    /// User-defined attributes.
    pub attrs: Vec<Attr>,
    /// ZFS datasets delegated to it.
    pub datasets: Vec<String>,
    /// Dedicated processors.
    pub dedicated_cpu: Option<DedicatedCpu>,
    /// Users who may administer it.
    pub admins: Vec<Admin>,
    /// Security flags of its processes.
    pub security_flags: Option<SecurityFlags>,
    /// Parts that zmgr has no type for, as text of the zone's document: attributes as `name="value"`, elements complete.
    pub unknown: Vec<String>,
}

/// IP stack of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IpType {
    /// The host's.
    #[default]
    Shared,
    /// A separate one.
    Exclusive,
}

impl IpType {
    /// Returns zonecfg's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            IpType::Shared => "shared",
            IpType::Exclusive => "exclusive",
        }
    }
}

/// A file system mounted in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filesystem {
    /// Mount point in the zone.
    pub dir: String,
    /// Source on the host.
    pub special: String,
    /// The raw device for checking it.
    pub raw: Option<String>,
    /// Its type.
    pub kind: String,
    /// Its mount options.
    pub options: Vec<String>,
}

/// A network resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Net {
    /// The link.
    pub physical: String,
    /// The address of a shared-IP zone.
    pub address: Option<String>,
    /// The address of an exclusive-IP zone.
    pub allowed_address: Option<String>,
    /// The default router.
    pub defrouter: Option<String>,
    /// OmniOS, SmartOS: the link of the host over which the brand creates `physical` at boot.
    pub global_nic: Option<String>,
    /// OmniOS, SmartOS: the MAC address of that link.
    pub mac_addr: Option<String>,
    /// OmniOS, SmartOS: its VLAN.
    pub vlan_id: Option<String>,
    /// OmniOS, SmartOS: other properties.
    pub properties: Vec<(String, String)>,
}

/// A device in a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Device {
    /// The pattern below /dev.
    pub matching: String,
    /// OmniOS, SmartOS: other properties.
    pub properties: Vec<(String, String)>,
}

/// A value of a resource control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RctlValue {
    /// Privilege level, nearly always `privileged`.
    pub privilege: String,
    /// The limit; sizes in bytes, `zone.cpu-cap` in hundredths of a processor.
    pub limit: String,
    /// `deny` or `none`.
    pub action: String,
}

impl RctlValue {
    /// Returns the value in zonecfg's shorthand.
    pub fn new(limit: u64, action: &str) -> Self {
        RctlValue { privilege: "privileged".to_owned(), limit: limit.to_string(), action: action.to_owned() }
    }
}

/// A user-defined attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attr {
    /// Its name.
    pub name: String,
    /// `string`, `boolean`, `int`, `uint`.
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// Dedicated processors of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DedicatedCpu {
    /// Number, `2` or `1-4`.
    pub ncpus: String,
    /// Its importance relative to other pools.
    pub importance: Option<String>,
}

/// A user who may administer a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admin {
    /// The user.
    pub user: String,
    /// Authorizations, separated by commas: `login`, `manage`, `clonefrom`.
    pub auths: String,
}

/// Security flags of a zone's processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityFlags {
    /// Flags that a process starts with.
    pub default: String,
    /// Flags that are always set.
    pub lower: String,
    /// Flags that may be set at most.
    pub upper: String,
}

/// Returns the resource control that a shorthand of the global scope, or of `capped-cpu` and `capped-memory`, stands for, and its
/// action.
pub fn alias(shorthand: &str) -> Option<(&'static str, &'static str)> {
    Some(match shorthand {
        "ncpus" => ("zone.cpu-cap", "deny"),
        "swap" => ("zone.max-swap", "deny"),
        "locked" => ("zone.max-locked-memory", "deny"),
        property => Single::control(property).map(|(control, action)| (control, action.as_str()))?,
    })
}

/// The resource control for the physical memory limit on OmniOS and SmartOS; stored as [`ZoneConfig::physical_memory`].
pub const PHYSICAL_MEMORY: &str = "zone.max-physical-memory";

/// Properties of a zone that have a text, or none: their names and fields.
macro_rules! properties {
    ($($name:literal $field:ident),+ $(,)?) => {
        impl ZoneConfig {
            /// Names of the properties that have at most one value, in the order in which they are written.
            pub const PROPERTIES: &'static [&'static str] = &[$($name),+];

            /// Returns the text of a property.
            pub fn property(&self, name: &str) -> Option<&str> {
                match name {
                    $($name => self.$field.as_deref(),)+
                    _ => None,
                }
            }

            /// Returns a property for editing; `None` if `name` is not one of `PROPERTIES`.
            pub fn property_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
                match name {
                    $($name => Some(&mut self.$field),)+
                    _ => None,
                }
            }
        }
    };
}

properties! {
    "bootargs" bootargs,
    "pool" pool,
    "limitpriv" limitpriv,
    "scheduling-class" scheduling_class,
    "hostid" hostid,
    "fs-allowed" fs_allowed,
}

impl ZoneConfig {
    /// Sets a property. A name that is not one of `PROPERTIES` changes nothing.
    pub fn set_property(&mut self, name: &str, value: String) {
        if let Some(property) = self.property_mut(name) {
            *property = Some(value);
        }
    }

    /// Sets a shorthand: `cpu-shares`, `max-lwps`, `swap` and so on; returns false if there is no such shorthand.
    pub fn set_alias(&mut self, shorthand: &str, limit: u64) -> bool {
        let Some((name, action)) = alias(shorthand) else { return false };
        self.rctls.insert(name.to_owned(), vec![RctlValue::new(limit, action)]);
        true
    }

    /// Returns the configuration in a fixed order and spelling, so that equivalent ones are equal.
    #[must_use]
    pub fn canonical(&self) -> ZoneConfig {
        let mut config = self.clone();
        config.zonepath = clean_path(&config.zonepath);
        for name in Self::PROPERTIES {
            if let Some(text) = config.property_mut(name).filter(|text| text.as_deref() == Some("")) {
                *text = None;
            }
        }
        config.hostid = config.hostid.map(|id| {
            let digits = id.to_ascii_lowercase();
            let digits = digits.strip_prefix("0x").unwrap_or(&digits).trim_start_matches('0');
            if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
        });
        for filesystem in &mut config.filesystems {
            filesystem.options.sort();
            filesystem.raw = filesystem.raw.take().filter(|raw| !raw.is_empty());
        }
        for net in &mut config.nets {
            for text in [&mut net.address, &mut net.allowed_address, &mut net.defrouter] {
                *text = text.take().filter(|text| !text.is_empty()).map(|text| clean_address(&text));
            }
            // zonecfg ignores a prefix here.
            net.defrouter = net.defrouter.take().map(|router| match router.split_once('/') {
                Some((address, _)) => address.to_owned(),
                None => router,
            });
            net.mac_addr = net.mac_addr.take().map(|mac| match super::super::dladm::parse_mac(&mac) {
                Some(bytes) => super::super::dladm::mac_text(bytes),
                None => mac,
            });
            net.properties.sort();
        }
        for device in &mut config.devices {
            device.properties.sort();
        }
        // A memory limit given as a resource control is the same limit.
        if let Some(values) = config.rctls.remove(PHYSICAL_MEMORY) {
            match (values.as_slice(), config.physical_memory) {
                ([value], None) if value.limit.parse::<u64>().is_ok() => {
                    config.physical_memory = value.limit.parse().ok();
                }
                _ => {
                    config.rctls.insert(PHYSICAL_MEMORY.to_owned(), values);
                }
            }
        }
        for values in config.rctls.values_mut() {
            values.sort();
        }
        if let Some(types) = &mut config.fs_allowed {
            *types = sorted_words(types);
        }
        for admin in &mut config.admins {
            admin.auths = sorted_words(&admin.auths);
        }
        if let Some(flags) = &mut config.security_flags {
            for set in [&mut flags.default, &mut flags.lower, &mut flags.upper] {
                *set = clean_flags(set);
            }
        }
        config.filesystems.sort_by(|a, b| a.dir.cmp(&b.dir));
        config.nets.sort_by(|a, b| a.key().cmp(&b.key()));
        config.devices.sort_by(|a, b| a.matching.cmp(&b.matching));
        config.attrs.sort_by(|a, b| a.name.cmp(&b.name));
        config.datasets.sort();
        config.admins.sort_by(|a, b| a.user.cmp(&b.user));
        config.unknown.sort();
        config
    }

    /// Returns true if both are equivalent, whatever their order and spelling.
    pub fn means(&self, other: &ZoneConfig) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Net {
    /// Returns the key that distinguishes the network resources of a zone.
    pub(super) fn key(&self) -> (&str, Option<&str>, Option<&str>) {
        (&self.physical, self.allowed_address.as_deref(), self.address.as_deref())
    }
}

/// Returns a comma-separated list as a set: sorted, each word once.
fn sorted_words(list: &str) -> String {
    let mut words: Vec<&str> = list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(",")
}

/// Returns security flags in one spelling. Their case never matters; their order does only if some are removed again.
fn clean_flags(flags: &str) -> String {
    let flags = flags.to_ascii_lowercase();
    let plain = |word: &str| !word.trim().starts_with(['-', '!']) && word.trim() != "none";
    if flags.split(',').all(plain) { sorted_words(&flags) } else { flags }
}

/// Returns a path as zonecfg stores it: slashes collapsed, none at the end.
fn clean_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

/// Returns an address in its usual spelling; anything else is a host name and stays.
fn clean_address(text: &str) -> String {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return text.to_owned() };
    match prefix {
        Some(prefix) => match prefix.parse::<u8>() {
            Ok(prefix) => format!("{address}/{prefix}"),
            Err(_) => text.to_owned(),
        },
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_spelling_do_not_matter() {
        let mut a = ZoneConfig {
            zonepath: "//zones/web01/".into(),
            hostid: Some("0x0ABC".into()),
            bootargs: Some(String::new()),
            nets: vec![
                Net { physical: "a0".into(), allowed_address: Some("2001:DB8::0:1/64".into()), ..Net::default() },
                Net { physical: "a0".into(), allowed_address: Some("10.0.0.1/24".into()), ..Net::default() },
            ],
            ..ZoneConfig::default()
        };
        a.rctls.insert(PHYSICAL_MEMORY.into(), vec![RctlValue::new(1 << 30, "deny")]);
        let b = ZoneConfig {
            zonepath: "/zones/web01".into(),
            hostid: Some("abc".into()),
            physical_memory: Some(1 << 30),
            nets: vec![
                Net { physical: "a0".into(), allowed_address: Some("10.0.0.1/24".into()), ..Net::default() },
                Net { physical: "a0".into(), allowed_address: Some("2001:db8::1/64".into()), ..Net::default() },
            ],
            ..ZoneConfig::default()
        };
        assert!(a.means(&b), "{:#?}", (a.canonical(), b.canonical()));
        let mut c = b.clone();
        c.nets.pop();
        assert!(!c.means(&b));
    }
}
