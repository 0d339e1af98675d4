//! Rejects what zonecfg cannot represent or would wrongly accept, before anything runs, since zonecfg keeps what came before an
//! error.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::document::{Attr, IpType, Net, RctlValue, ZoneConfig};
use super::resource::Value;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::value::name::{LinkName, ZoneName};

/// Longest value: zonecfg's buffer for a token has 1,024 bytes, and zonecfg exits if that is too little.
const MAX_LEN: usize = 1000;
/// Total length of the addresses of one link, with prefixes and commas: the size of zoneadmd's buffer.
pub const LINK_ADDRESSES: usize = 45;

/// Returns all errors of a configuration for zonecfg in one `invalid-argument`.
pub fn validate(config: &ZoneConfig) -> Result<()> {
    let mut faults = Faults::default();
    if let Err(error) = ZoneName::new(&*config.name) {
        faults.add("zonename", error.message());
    }
    carried(config, &mut faults);
    globals(config, &mut faults);
    nets(config, &mut faults);
    filesystems(config, &mut faults);
    limits(config, &mut faults);
    for attr in &config.attrs {
        if let Err(fault) = check_attr(attr) {
            faults.add(&format!("attr {}", attr.name), fault);
        }
    }
    for dataset in &config.datasets {
        if !is_dataset(dataset) {
            faults.add(&format!("dataset {dataset}"), "it is not a valid ZFS file system name");
        }
    }
    unique("attr", config.attrs.iter().map(|attr| attr.name.clone()), &mut faults);
    unique("fs", config.filesystems.iter().map(|filesystem| filesystem.dir.clone()), &mut faults);
    unique("dataset", config.datasets.iter().cloned(), &mut faults);
    unique("device", config.devices.iter().map(|device| device.matching.clone()), &mut faults);
    unique("admin", config.admins.iter().map(|admin| admin.user.clone()), &mut faults);
    for net in config.canonical().nets.windows(2).filter(|pair| pair[0].key() == pair[1].key()) {
        faults.add(&format!("net {}", net[0].physical), "the same link and address appear twice");
    }
    if !config.unknown.is_empty() {
        faults.add("zonecfg", "it contains something that zmgr cannot set");
    }
    faults.into_result(&config.name)
}

#[derive(Default)]
struct Faults(Vec<Diagnostic>);

impl Faults {
    fn add(&mut self, what: &str, fault: &str) {
        self.0.push(Diagnostic::new("zonecfg-value", format!("{what}: {fault}")));
    }

    fn into_result(self, zone: &str) -> Result<()> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let more = match self.0.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let message = format!("zone {zone} cannot be configured: {}{more}", first.message);
        Err(Error::new(Code::InvalidArgument, message).with_details(self.0))
    }
}

/// Checks a value against what zonecfg can never represent, whatever the property.
pub fn check_value(value: &str) -> std::result::Result<(), &'static str> {
    if value.contains('"') {
        return Err("zonecfg cannot represent a double quote");
    }
    if value.contains(['\n', '\r', '\0']) {
        return Err("zonecfg cannot represent a line break or NUL");
    }
    if value.len() > MAX_LEN {
        return Err("it is longer than 1000 bytes, which would end zonecfg");
    }
    Ok(())
}

/// Checks a zonepath: illumos passes it unquoted to a root shell.
pub fn check_zonepath(path: &str) -> Result<()> {
    crate::exec::zoneadm::check_hook_word("zonepath", path)?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if !path.starts_with('/') || parts.is_empty() || parts.contains(&"..") || parts.contains(&".") {
        let message =
            format!("invalid zonepath {path:?}: expected an absolute path of at least one component, without . and ..");
        return Err(Error::new(Code::InvalidArgument, message));
    }
    Ok(())
}

fn carried(config: &ZoneConfig, faults: &mut Faults) {
    let globals = config.globals();
    for (name, value) in &globals {
        if let Err(fault) = check_value(value) {
            faults.add(name, fault);
        }
    }
    for resource in config.resources() {
        for (property, value) in &resource.properties {
            let what = format!("{} {property}", resource.kind);
            let texts: Vec<&String> = match value {
                Value::Text(text) => vec![text],
                Value::List(list) => list.iter().collect(),
                Value::Rctl(_) => Vec::new(),
                Value::Pairs(pairs) => {
                    for (name, _) in pairs.iter().filter(|(name, _)| !is_word(name)) {
                        faults.add(&what, &format!("{name:?} is not a valid property name"));
                    }
                    pairs.iter().map(|(_, text)| text).collect()
                }
            };
            for text in texts {
                if text.is_empty() {
                    faults.add(&what, "it is empty");
                } else if let Err(fault) = check_value(text) {
                    faults.add(&what, fault);
                }
            }
        }
    }
}

fn globals(config: &ZoneConfig, faults: &mut Faults) {
    if let Err(error) = check_zonepath(&config.zonepath) {
        faults.add("zonepath", error.message());
    }
    if !is_word(&config.brand) {
        faults.add("brand", "it is not a valid brand name");
    }
    if config.bootargs.as_ref().is_some_and(|text| text.len() > 255) {
        faults.add("bootargs", "it is longer than 255 bytes");
    }
    if let Some(pool) = &config.pool
        && pool.starts_with("SUNW")
    {
        faults.add("pool", "names beginning with SUNW belong to the system");
    }
    if let Some(id) = &config.hostid {
        let digits = id.strip_prefix("0x").or_else(|| id.strip_prefix("0X")).unwrap_or(id);
        let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !hex || id.len() > 10 || u64::from_str_radix(digits, 16).map_or(true, |value| value >= 0xffff_ffff) {
            faults.add("hostid", "it must be a hexadecimal number below ffffffff");
        }
    }
    if let Some(types) = &config.fs_allowed {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !types.is_empty() && !types.split(',').all(word) {
            faults.add("fs-allowed", "it must be a list of file system types, separated by commas");
        }
    }
}

fn nets(config: &ZoneConfig, faults: &mut Faults) {
    let mut links: BTreeSet<&str> = BTreeSet::new();
    for net in &config.nets {
        let what = format!("net {}", net.physical);
        let mut fault = |fault: &str| faults.add(&what, fault);
        match config.ip_type {
            IpType::Exclusive => exclusive(net, &mut fault),
            IpType::Shared => shared(net, &mut fault),
        }
        if let Some(router) = &net.defrouter
            && router.parse::<IpAddr>().is_err()
        {
            fault("its defrouter is not an address");
        }
        if net.vlan_id.as_ref().is_some_and(|vlan| vlan.parse::<u16>().map_or(true, |v| !(1..=4094).contains(&v))) {
            fault("its vlan-id is not between 1 and 4094");
        }
        if net.mac_addr.as_ref().is_some_and(|mac| crate::exec::dladm::parse_mac(mac).is_none()) {
            fault("its mac-addr is invalid, and zonecfg would silently drop it");
        }
        links.insert(&net.physical);
    }
    for link in links {
        let addresses = config.nets.iter().filter(|net| net.physical == link);
        let total: usize = addresses.filter_map(|net| net.allowed_address.as_ref()).map(|text| text.len() + 1).sum();
        if total > LINK_ADDRESSES + 1 {
            let fault = format!(
                "its addresses take {} bytes with prefixes and commas; illumos allows {LINK_ADDRESSES}",
                total - 1
            );
            faults.add(&format!("net {link}"), &fault);
        }
    }
}

fn exclusive(net: &Net, fault: &mut impl FnMut(&str)) {
    if let Err(error) = LinkName::new(&*net.physical) {
        fault(error.message());
    }
    if net.address.is_some() {
        fault("address is for zones of ip-type shared; this one needs allowed-address");
    }
    match &net.allowed_address {
        Some(address) if address.parse::<IpNet>().is_err() => {
            fault("its allowed-address is not an address with a prefix")
        }
        None if net.defrouter.is_some() => fault("a defrouter needs an allowed-address"),
        _ => {}
    }
}

fn shared(net: &Net, fault: &mut impl FnMut(&str)) {
    let digit = net.physical.bytes().last().is_some_and(|b| b.is_ascii_digit());
    if net.physical.len() > 31 || !digit || net.physical.contains(':') {
        fault("its link must be at most 31 bytes, end in a digit and contain no colon");
    }
    if net.allowed_address.is_some() {
        fault("allowed-address is for zones of ip-type exclusive; this one needs address");
    }
    match &net.address {
        None => fault("it has no address"),
        Some(address) if address.parse::<IpNet>().is_err() => fault("its address is not an address with a prefix"),
        _ => {}
    }
}

fn filesystems(config: &ZoneConfig, faults: &mut Faults) {
    for filesystem in &config.filesystems {
        let what = format!("fs {}", filesystem.dir);
        if !filesystem.dir.starts_with('/') {
            faults.add(&what, "its directory must be an absolute path in the zone");
        }
        if filesystem.kind.len() > 15 {
            faults.add(&what, "its type is longer than 15 bytes, which zonecfg would truncate");
        }
        if filesystem.raw.as_ref().is_some_and(String::is_empty) {
            faults.add(&what, "its raw device is empty");
        }
    }
}

fn limits(config: &ZoneConfig, faults: &mut Faults) {
    for (name, values) in &config.rctls {
        let what = format!("rctl {name}");
        let rest = name.strip_prefix("zone.").unwrap_or_default();
        if rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            faults.add(&what, "the name of a resource control must be `zone.` and letters");
        }
        if values.is_empty() {
            faults.add(&what, "it has no value");
        }
        for RctlValue { privilege, limit, action } in values {
            if !is_word(privilege) || !matches!(action.as_str(), "deny" | "none") {
                faults.add(&what, "its value needs a privilege, and the action deny or none");
            }
            if limit.is_empty() || !limit.bytes().all(|b| b.is_ascii_digit()) || limit.parse::<u64>().is_err() {
                faults.add(&what, "its limit is not a whole number");
            }
        }
    }
    let limit = |name: &str| {
        config.rctls.get(name).and_then(|values| values.first()).and_then(|value| value.limit.parse::<u64>().ok())
    };
    let least = [
        ("zone.max-lwps", 100, "a zone cannot boot with less than 100"),
        ("zone.max-processes", 100, "a zone cannot boot with less than 100"),
        ("zone.max-swap", 50 << 20, "zonecfg requires at least 50 MiB"),
        ("zone.cpu-cap", 1, "it must be at least a hundredth of a processor"),
    ];
    for (name, least, fault) in least {
        if limit(name).is_some_and(|limit| limit < least) {
            faults.add(&format!("rctl {name}"), fault);
        }
    }
    if config.physical_memory.is_some_and(|bytes| bytes < 1 << 20) {
        faults.add("capped-memory physical", "zonecfg requires at least 1 MiB");
    }
    if let (Some(physical), Some(locked)) = (config.physical_memory, limit("zone.max-locked-memory"))
        && locked > physical
    {
        faults.add("capped-memory locked", "it exceeds the limit on physical memory");
    }
    if let Some(dedicated) = &config.dedicated_cpu {
        let count = |text: &str| text.parse::<u32>().ok().filter(|count| *count > 0);
        let legal = match dedicated.ncpus.split_once('-') {
            Some((min, max)) => matches!((count(min), count(max)), (Some(min), Some(max)) if min <= max),
            None => count(&dedicated.ncpus).is_some(),
        };
        if !legal {
            faults.add("dedicated-cpu ncpus", "it must be a number or a range such as 1-4");
        }
        if dedicated.importance.as_ref().is_some_and(|text| text.parse::<u32>().is_err()) {
            faults.add("dedicated-cpu importance", "it must be a number");
        }
        for (set, other) in [
            (limit("zone.cpu-cap").is_some(), "capped-cpu"),
            (limit("zone.cpu-shares").is_some(), "cpu-shares"),
            (config.pool.as_ref().is_some_and(|pool| !pool.is_empty()), "pool"),
        ] {
            if set {
                faults.add("dedicated-cpu", &format!("it cannot be combined with {other}"));
            }
        }
    }
    let fair = config.scheduling_class.as_deref().is_none_or(|class| class.is_empty() || class == "FSS");
    if limit("zone.cpu-shares").is_some() && !fair {
        faults.add("cpu-shares", "they need the scheduling class FSS");
    }
    if let Some(flags) = &config.security_flags
        && [&flags.lower, &flags.default, &flags.upper].iter().all(|text| text.is_empty())
    {
        faults.add("security-flags", "none is given");
    }
}

/// Checks an attribute; the error completes "attr NAME: …".
pub fn check_attr(attr: &Attr) -> std::result::Result<(), &'static str> {
    let first = attr.name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if !first || !attr.name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
        return Err("its name must begin with a letter or digit and contain only letters, digits, - and .");
    }
    if attr.name.len() > 255 {
        return Err("its name is longer than 255 bytes");
    }
    match attr.kind.as_str() {
        "string" if attr.value.len() > 255 => Err("its value is longer than 255 bytes"),
        "string" => Ok(()),
        "boolean" if matches!(attr.value.as_str(), "true" | "false") => Ok(()),
        "boolean" => Err("its value must be true or false"),
        "int" if attr.value.parse::<i64>().is_ok() => Ok(()),
        "uint" if attr.value.parse::<u64>().is_ok() => Ok(()),
        "int" | "uint" => Err("its value is not a whole number in range"),
        _ => Err("its type must be string, boolean, int or uint"),
    }
}

fn is_dataset(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.: ".contains(&b)) && part != ".."
    };
    name.len() <= 255 && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.split('/').all(part)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn unique(kind: &str, names: impl Iterator<Item = String>, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            faults.add(&format!("{kind} {name}"), "it appears twice");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Device, Filesystem};
    use super::*;

    fn good() -> ZoneConfig {
        ZoneConfig {
            name: "web01".into(),
            zonepath: "/zones/web01".into(),
            brand: "nlipkg".into(),
            ip_type: IpType::Exclusive,
            nets: vec![Net {
                physical: "web01_0".into(),
                allowed_address: Some("10.1.0.10/24".into()),
                defrouter: Some("10.1.0.1".into()),
                ..Net::default()
            }],
            ..ZoneConfig::default()
        }
    }

    fn faults(config: &ZoneConfig) -> Vec<String> {
        match validate(config) {
            Ok(()) => Vec::new(),
            Err(error) => error.details().iter().map(|detail| detail.message.clone()).collect(),
        }
    }

    #[test]
    fn finds_each_fault() {
        assert_eq!(faults(&good()), Vec::<String>::new());
        type Break = fn(&mut ZoneConfig);
        let cases: &[(&str, Break)] = &[
            ("zonename", |c| c.name = "global".into()),
            ("zonepath", |c| c.zonepath = "/zones/a b".into()),
            ("zonepath", |c| c.zonepath = "/zones/../etc".into()),
            ("zonepath", |c| c.zonepath = "/".into()),
            ("brand", |c| c.brand = "a b".into()),
            ("bootargs", |c| c.bootargs = Some("a\"b".into())),
            ("bootargs", |c| c.bootargs = Some("a\nb".into())),
            ("bootargs", |c| c.bootargs = Some("x".repeat(256))),
            ("hostid", |c| c.hostid = Some("ffffffff".into())),
            ("fs-allowed", |c| c.fs_allowed = Some("ufs,,nfs".into())),
            ("net web-1", |c| c.nets[0].physical = "web-1".into()),
            ("net web01_0", |c| c.nets[0].allowed_address = Some("10.1.0.10".into())),
            ("net web01_0", |c| c.nets[0].allowed_address = None),
            ("net web01_0", |c| c.nets[0].address = Some("10.1.0.10/24".into())),
            ("net web01_0", |c| c.nets[0].defrouter = Some("router".into())),
            ("net web01_0", |c| c.nets.push(c.nets[0].clone())),
            ("net web01_0", |c| c.ip_type = IpType::Shared),
            ("attr a_b", |c| c.attrs.push(Attr { name: "a_b".into(), kind: "string".into(), value: "x".into() })),
            ("attr value", |c| c.attrs.push(Attr { name: "a".into(), kind: "string".into(), value: String::new() })),
            ("attr a", |c| c.attrs.push(Attr { name: "a".into(), kind: "string".into(), value: "x".repeat(256) })),
            ("attr a", |c| c.attrs.push(Attr { name: "a".into(), kind: "uint".into(), value: "-1".into() })),
            ("dataset a@b", |c| c.datasets.push("a@b".into())),
            ("fs data", |c| {
                c.filesystems.push(Filesystem {
                    dir: "data".into(),
                    special: "/x".into(),
                    kind: "lofs".into(),
                    ..Filesystem::default()
                });
            }),
            ("device match", |c| c.devices.push(Device { matching: "\"".into(), ..Device::default() })),
            ("rctl zone.Bad", |c| {
                c.rctls.insert("zone.Bad".into(), vec![RctlValue::new(1, "deny")]);
            }),
            ("rctl zone.max-lwps", |c| {
                c.set_alias("max-lwps", 99);
            }),
            ("capped-memory locked", |c| {
                c.physical_memory = Some(1 << 30);
                c.set_alias("locked", 2 << 30);
            }),
            ("zonecfg", |c| c.unknown.push("<odd/>".into())),
        ];
        for (what, spoil) in cases {
            let mut config = good();
            spoil(&mut config);
            let found = faults(&config);
            assert!(found.iter().any(|fault| fault.starts_with(&format!("{what}: "))), "{what}: {found:?}");
        }
    }

    #[test]
    fn the_addresses_of_one_link_have_to_fit() {
        let mut config = good();
        let address =
            |text: &str| Net { physical: "web01_0".into(), allowed_address: Some(text.into()), ..Net::default() };
        config.nets = vec![address("10.1.0.10/24"), address("2001:db8:1:2:3:4:5:6/64")];
        assert!(validate(&config).is_ok());
        config.nets = vec![address("2001:db8:1:2:3:4:5:6/64"), address("2001:db8:1:2:3:4:5:7/64")];
        assert!(faults(&config)[0].contains("47 bytes"), "{:?}", faults(&config));
    }
}
