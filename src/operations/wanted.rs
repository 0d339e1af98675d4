//! Builds the desired zonecfg document of a spec with its addresses and links chosen.
//!
//! Invariant: pure; two specs with the same meaning give the same document.

use std::fmt;
use std::net::IpAddr;

use super::brand;
use crate::documents::resolve::ZoneSpec;
use crate::documents::resources::{RctlPrivilege, Resources, Single, Zonecfg};
use crate::documents::settings::{EntryNet, IpType};
use crate::error::{Code, Error, Result};
use crate::exec::zonecfg::{self, ZoneConfig};
use crate::host::Distribution;
use crate::value::source::Source;

/// Returns the document of this zone on a host of this dialect. Every net with a pool must have its addresses.
///
/// Fails with `config` if the spec cannot be expressed in zonecfg.
pub(crate) fn wanted(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    let config = with_foreign(spec, dialect)?;
    zonecfg::validate(&config).map_err(|error| error.with_context(format!("zone {}", spec.name)))?;
    Ok(config)
}

/// Builds the document without the parts that are kept verbatim, even if zonecfg would refuse it: a zone made by others may contain
/// what zonecfg no longer accepts.
pub(crate) fn document(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    let mut config = ZoneConfig {
        name: spec.name.to_string(),
        zonepath: spec.zonepath.value.clone(),
        brand: spec.brand.value.clone(),
        autoboot: spec.host_autoboot(),
        ip_type: match spec.ip_type.value {
            IpType::Exclusive => zonecfg::IpType::Exclusive,
            IpType::Shared => zonecfg::IpType::Shared,
        },
        nets: nets(spec)?,
        ..ZoneConfig::default()
    };
    resources(&spec.resources, &mut config);
    if dialect == Distribution::OmniOs {
        name_service(spec, &mut config);
    }
    Ok(config)
}

fn with_foreign(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    if let Some((single, source)) = extended(&spec.resources).next()
        && !is_extended(dialect)
    {
        return Err(unsupported(format_args!("zone {} ({source})", spec.name), single.node));
    }
    zonecfg::with_pieces(document(spec, dialect)?, &spec.foreign).map_err(|fault| {
        Error::new(Code::Config, format!("zone {}: `foreign` contradicts the entry: {fault}", spec.name))
            .with_help("change or remove the lines of `foreign` in its entry")
    })
}

/// Returns the complete document, ending with what is kept verbatim and what is passed through.
///
/// Fails with `config` if the kept or passed-through parts contradict the rest.
pub(crate) fn whole(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    zonecfg::with_passed_through(&with_foreign(spec, dialect)?, &spec.zonecfg.value)
        .map_err(|error| error.with_context(format!("zone {}", spec.name)))
}

/// Checks a document together with what is passed through after it.
///
/// Fails with `config` if a command is unknown, or is not supported on this distribution.
pub(crate) fn check_whole(spec: &ZoneSpec, config: &ZoneConfig, dialect: Distribution) -> Result<()> {
    if spec.zonecfg.value.is_empty() {
        return Ok(());
    }
    let place = || format!("zone {}: zonecfg ({})", spec.name, spec.zonecfg.source);
    let whole = zonecfg::with_passed_through(config, &spec.zonecfg.value).and_then(|whole| {
        zonecfg::validate(&whole)?;
        Ok(whole)
    });
    let whole = whole.map_err(|error| {
        Error::new(Code::Config, format!("{}: {}", place(), error.message())).with_details(error.details().to_vec())
    })?;
    match unknown_to(&whole, dialect) {
        None => Ok(()),
        Some(what) => Err(unsupported(place(), what)),
    }
}

fn unsupported(place: impl fmt::Display, what: &str) -> Error {
    Error::new(Code::Config, format!("{place}: zonecfg on this distribution does not support {what}"))
        .with_help("remove it: only OmniOS and SmartOS support it")
}

/// Returns true if zonecfg has what came with SmartOS.
fn is_extended(dialect: Distribution) -> bool {
    matches!(dialect, Distribution::OmniOs | Distribution::SmartOs)
}

/// Returns the settings that only such a zonecfg has, with the lines that set them.
fn extended(resources: &Resources) -> impl Iterator<Item = (&'static Single, &Source)> {
    resources
        .singles()
        .filter(|(single, _)| single.is_extended)
        .filter_map(|(single, slot)| Some((single, slot.source()?)))
}

/// Returns the first part of a document that only OmniOS and SmartOS know.
fn unknown_to(config: &ZoneConfig, dialect: Distribution) -> Option<&'static str> {
    if is_extended(dialect) {
        return None;
    }
    let net = |has: fn(&zonecfg::Net) -> bool| config.nets.iter().any(has);
    let singles = Single::ALL.iter().filter(|single| single.is_extended).map(|single| {
        let there = match single.zonecfg {
            Zonecfg::Property(name) => config.property(name).is_some(),
            Zonecfg::Control(name, _) => config.rctls.contains_key(name),
        };
        (single.node, there)
    });
    [
        ("global-nic", net(|net| net.global_nic.is_some())),
        ("mac-addr", net(|net| net.mac_addr.is_some())),
        ("vlan-id", net(|net| net.vlan_id.is_some())),
        ("the property of a net", net(|net| !net.properties.is_empty())),
        ("the property of a device", config.devices.iter().any(|device| !device.properties.is_empty())),
    ]
    .into_iter()
    .chain(singles)
    .find_map(|(what, there)| there.then_some(what))
}

fn nets(spec: &ZoneSpec) -> Result<Vec<zonecfg::Net>> {
    let mut nets = Vec::new();
    for net in &spec.nets {
        if let (Some(inside), false) = (net.inside.first(), crate::host::has_ipadm(&spec.brand.value)) {
            let message = format!(
                "zone {}: net {:?} has `address {:?}` ({}), and zmgr cannot configure that in a zone of brand {}",
                spec.name,
                net.name,
                inside.as_str(),
                net.source,
                spec.brand.value
            );
            return Err(
                Error::new(Code::Config, message).with_help("write address \"none\", and configure it in the zone")
            );
        }
        let physical = match (&net.physical, spec.ip_type.value, &net.vnic, &net.stub) {
            (Some(physical), ..) => physical.clone(),
            (None, IpType::Shared, _, Some(stub)) => stub.clone(),
            (None, IpType::Exclusive, Some(vnic), _) => vnic.to_string(),
            _ => {
                let message = format!("zone {}: net {:?} has no link", spec.name, net.name);
                return Err(Error::new(Code::Config, message)
                    .with_help("use a pool with a `stub`, or set `physical` to an existing link"));
            }
        };
        let routes = default_routes(&spec.nets, net);
        let mut texts: Vec<(String, Option<IpAddr>)> = net
            .addresses
            .iter()
            .map(|each| {
                let v4 = each.address.addr().is_ipv4();
                let is_taken = v4 || brand::takes_ipv6_gateway(&spec.brand.value);
                (each.address.to_string(), each.gateway.filter(|_| is_taken && routes.contains(&v4)))
            })
            .collect();
        texts.extend(net.host_names.iter().map(|name| (name.clone(), None)));
        if texts.is_empty() {
            nets.push(zonecfg::Net { physical, ..zonecfg::Net::default() });
            continue;
        }
        for (address, router) in texts {
            let mut one = zonecfg::Net { physical: physical.clone(), ..zonecfg::Net::default() };
            one.defrouter = router.map(|router| router.to_string());
            match spec.ip_type.value {
                IpType::Exclusive => one.allowed_address = Some(address),
                IpType::Shared => one.address = Some(address),
            }
            nets.push(one);
        }
    }
    Ok(nets)
}

/// Returns the families (true is IPv4) whose default route uses this net: one net per family, the first with a gateway, unless a
/// net overrides it.
fn default_routes(nets: &[EntryNet], net: &EntryNet) -> Vec<bool> {
    [true, false]
        .into_iter()
        .filter(|&v4| {
            let has = |net: &&EntryNet| {
                net.addresses.iter().any(|each| each.address.addr().is_ipv4() == v4 && each.gateway.is_some())
            };
            let chosen = nets
                .iter()
                .filter(has)
                .find(|net| net.default_route == Some(true))
                .or_else(|| nets.iter().filter(has).find(|net| net.default_route != Some(false)));
            chosen.is_some_and(|chosen| std::ptr::eq(chosen, net))
        })
        .collect()
}

pub(super) fn resources(from: &Resources, config: &mut ZoneConfig) {
    config.filesystems = from
        .fs
        .iter()
        .map(|fs| zonecfg::Filesystem {
            dir: fs.dir.clone(),
            special: fs.special.clone(),
            raw: fs.raw.clone(),
            kind: fs.fs_type.clone(),
            options: fs.options.clone(),
        })
        .collect();
    config.devices = from
        .devices
        .iter()
        .map(|device| zonecfg::Device { matching: device.pattern.clone(), ..zonecfg::Device::default() })
        .collect();
    config.datasets = from.datasets.iter().map(|dataset| dataset.name.clone()).collect();
    config.attrs = from
        .attrs
        .iter()
        .map(|attr| zonecfg::Attr {
            name: attr.name.clone(),
            kind: attr.value.value.type_name().to_owned(),
            value: attr.value.value.to_string(),
        })
        .collect();
    for rctl in &from.rctls {
        let values = rctl
            .values
            .iter()
            .map(|value| zonecfg::RctlValue {
                privilege: value.privilege.as_str().to_owned(),
                limit: value.limit.to_string(),
                action: value.action.as_str().to_owned(),
            })
            .collect();
        config.rctls.insert(rctl.name.clone(), values);
    }
    for (single, slot) in from.singles() {
        let Some(value) = slot.to_zonecfg() else { continue };
        match single.zonecfg {
            Zonecfg::Property(name) => config.set_property(name, value),
            Zonecfg::Control(name, action) => {
                let privilege = RctlPrivilege::Privileged.as_str().to_owned();
                let value = zonecfg::RctlValue { privilege, limit: value, action: action.as_str().to_owned() };
                config.rctls.insert(name.to_owned(), vec![value]);
            }
        }
    }
    if let Some(memory) = &from.capped_memory {
        config.physical_memory = memory.physical.map(|size| size.bytes());
        for (property, size) in [("swap", memory.swap), ("locked", memory.locked)] {
            if let Some(size) = size {
                config.set_alias(property, size.bytes());
            }
        }
    }
    if let Some(cpu) = &from.capped_cpu {
        config.set_alias("ncpus", u64::from(cpu.hundredths));
    }
    config.dedicated_cpu = from.dedicated_cpu.as_ref().map(|cpu| zonecfg::DedicatedCpu {
        ncpus: cpu.ncpus(),
        importance: cpu.importance.map(|importance| importance.to_string()),
    });
    config.admins = from
        .admins
        .iter()
        .map(|admin| zonecfg::Admin { user: admin.user.clone(), auths: admin.auths.join(",") })
        .collect();
    config.security_flags = from.security_flags.as_ref().map(|flags| zonecfg::SecurityFlags {
        default: flags.default.clone().unwrap_or_default(),
        lower: flags.lower.clone().unwrap_or_default(),
        upper: flags.upper.clone().unwrap_or_default(),
    });
}

/// OmniOS's brands write the zone's resolv.conf from these attributes at each boot.
fn name_service(spec: &ZoneSpec, config: &mut ZoneConfig) {
    let resolvers: Vec<String> = spec.resolvers.value.iter().map(IpAddr::to_string).collect();
    let domain = spec.dns_domain.as_ref().map(|domain| domain.value.clone());
    let wanted = [("resolvers", (!resolvers.is_empty()).then(|| resolvers.join(","))), ("dns-domain", domain)];
    for (name, value) in wanted {
        if let Some(value) = value
            && !config.attrs.iter().any(|attr| attr.name == name)
        {
            config.attrs.push(zonecfg::Attr { name: name.to_owned(), kind: "string".to_owned(), value });
        }
    }
}

/// Returns the part of a zone's configuration that does not depend on its links and addresses.
pub(crate) fn without_nets(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    let mut spec = spec.clone();
    spec.nets.clear();
    whole(&spec, dialect)
}

/// The configuration of a zone that is built, without the nets that have no link or address yet.
pub(crate) fn bootable_config(spec: &ZoneSpec, dialect: Distribution) -> Result<ZoneConfig> {
    let mut spec = spec.clone();
    spec.nets.retain(|net| !is_open(net, spec.ip_type.value));
    whole(&spec, dialect)
}

/// Returns true if something must be chosen for a net.
pub(super) fn is_open(net: &EntryNet, ip_type: IpType) -> bool {
    let no_link = net.physical.is_none() && ip_type == IpType::Exclusive && net.vnic.is_none();
    let no_address = net.pool.is_some() && net.addresses.is_empty() && !net.no_address && net.host_names.is_empty();
    no_link || no_address
}
