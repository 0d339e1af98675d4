//! Translates a zone's configuration into settings, as far as possible.
//!
//! Invariant: pure, and the reverse of writing a configuration: settings from here are written back as they were found.

use crate::documents::resources::{
    Admin, Attr, AttrValue, CappedMemory, Dataset, DedicatedCpu, Device, Fs, Rctl, RctlAction, RctlPrivilege,
    RctlValue, Resources, SecurityFlags, Single, Zonecfg,
};
use crate::documents::settings::{IpType, Settings};
use crate::exec::zonecfg::{self, ZoneConfig};
use crate::value::source::Sourced;
use crate::value::{CappedCpu, Size};

/// Returns the whole configuration except name, zonepath and nets; `None` if some of it cannot be translated.
pub(super) fn settings(config: &ZoneConfig) -> Option<Settings> {
    if !config.unknown.is_empty() {
        return None;
    }
    Some(Settings { resources: resources(config)?, ..identity(config) })
}

/// Settings of every zone: brand, autoboot, IP type.
pub(super) fn identity(config: &ZoneConfig) -> Settings {
    Settings {
        brand: Some(config.brand.clone().into()),
        autoboot: Some(config.autoboot.into()),
        ip_type: Some(ip_type(config).into()),
        ..Settings::default()
    }
}

pub(super) fn ip_type(config: &ZoneConfig) -> IpType {
    match config.ip_type {
        zonecfg::IpType::Exclusive => IpType::Exclusive,
        zonecfg::IpType::Shared => IpType::Shared,
    }
}

fn resources(config: &ZoneConfig) -> Option<Resources> {
    let config = config.canonical();
    let fs = config.filesystems.iter().map(|fs| {
        let mut found = Fs::new(&fs.dir, &fs.special, &fs.kind);
        (found.raw, found.options) = (fs.raw.clone(), fs.options.clone());
        Sourced::from(found)
    });
    let mut resources = Resources {
        fs: fs.collect(),
        datasets: config.datasets.iter().map(|name| Dataset::new(name).into()).collect(),
        devices: all(&config.devices, |device| device.properties.is_empty().then(|| Device::new(&device.matching)))?,
        attrs: all(&config.attrs, attr)?,
        admins: config.admins.iter().map(admin).collect(),
        dedicated_cpu: maybe(&config.dedicated_cpu, dedicated_cpu)?,
        security_flags: config.security_flags.as_ref().map(|flags| security_flags(flags).into()),
        ..Resources::default()
    };
    for (single, slot) in resources.singles_mut() {
        if let Zonecfg::Property(name) = single.zonecfg
            && let Some(value) = config.property(name)
        {
            slot.set_zonecfg(value);
        }
    }
    let mut memory = CappedMemory { physical: config.physical_memory.map(Size), ..CappedMemory::default() };
    for (name, values) in &config.rctls {
        let limit = shorthand(name, values);
        match (name.as_str(), limit) {
            (_, None) => resources.rctls.push(rctl(name, values)?.into()),
            ("zone.max-swap", Some(limit)) => memory.swap = Some(Size(limit)),
            ("zone.max-locked-memory", Some(limit)) => memory.locked = Some(Size(limit)),
            ("zone.cpu-cap", Some(limit)) => match u32::try_from(limit) {
                Ok(hundredths) => resources.capped_cpu = Some(CappedCpu::new(hundredths).into()),
                Err(_) => resources.rctls.push(rctl(name, values)?.into()),
            },
            (name, Some(limit)) => {
                let is_it = |single: &Single| matches!(single.zonecfg, Zonecfg::Control(control, _) if control == name);
                let slot = resources.singles_mut().find(|(single, _)| is_it(single)).map(|(_, slot)| slot);
                if !slot.is_some_and(|slot| slot.set_zonecfg(&limit.to_string())) {
                    resources.rctls.push(rctl(name, values)?.into());
                }
            }
        }
    }
    if memory != CappedMemory::default() {
        resources.capped_memory = Some(memory.into());
    }
    Some(resources)
}

/// Returns the limit, if the control has the one value that its own node would set.
fn shorthand(name: &str, values: &[zonecfg::RctlValue]) -> Option<u64> {
    let action = match name {
        "zone.max-swap" | "zone.max-locked-memory" | "zone.cpu-cap" => "deny",
        name => Single::of_control(name)?.1.as_str(),
    };
    let [value] = values else { return None };
    let limit = limit(&value.limit)?;
    (*value == zonecfg::RctlValue::new(limit, action)).then_some(limit)
}

/// Returns a limit that is written back unchanged.
fn limit(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|limit| limit.to_string() == text)
}

fn rctl(name: &str, values: &[zonecfg::RctlValue]) -> Option<Rctl> {
    let value = |value: &zonecfg::RctlValue| {
        let privilege = match value.privilege.as_str() {
            "privileged" => RctlPrivilege::Privileged,
            "basic" => RctlPrivilege::Basic,
            _ => return None,
        };
        let action = match value.action.as_str() {
            "deny" => RctlAction::Deny,
            "none" => RctlAction::None,
            _ => return None,
        };
        Some(RctlValue::new(privilege, limit(&value.limit)?, action))
    };
    let values: Vec<RctlValue> = values.iter().map(value).collect::<Option<_>>()?;
    (!values.is_empty()).then(|| Rctl::new(name, values))
}

fn attr(found: &zonecfg::Attr) -> Option<Attr> {
    let value = match found.kind.as_str() {
        "string" => AttrValue::String(found.value.clone()),
        "boolean" => AttrValue::Boolean(found.value.parse().ok()?),
        "int" => AttrValue::Int(found.value.parse().ok()?),
        "uint" => AttrValue::Uint(found.value.parse().ok()?),
        _ => return None,
    };
    (value.to_string() == found.value).then(|| Attr::new(&found.name, value))
}

fn admin(found: &zonecfg::Admin) -> Sourced<Admin> {
    let auths = found.auths.split(',').filter(|auth| !auth.is_empty()).map(str::to_owned).collect();
    Admin::new(&found.user, auths).into()
}

fn dedicated_cpu(found: &zonecfg::DedicatedCpu) -> Option<DedicatedCpu> {
    let (min, max) = found.ncpus.split_once('-').unwrap_or((&found.ncpus, &found.ncpus));
    let importance = match &found.importance {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    Some(DedicatedCpu::new(min.parse().ok()?, max.parse().ok()?, importance))
}

fn security_flags(found: &zonecfg::SecurityFlags) -> SecurityFlags {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let mut flags = SecurityFlags::default();
    (flags.default, flags.lower, flags.upper) = (some(&found.default), some(&found.lower), some(&found.upper));
    flags
}

/// Translates each of them; `None` if one cannot be translated.
fn all<F, T>(found: &[F], say: impl Fn(&F) -> Option<T>) -> Option<Vec<Sourced<T>>> {
    found.iter().map(|each| say(each).map(Sourced::from)).collect()
}

/// Returns `None` if it exists and cannot be translated.
#[allow(clippy::option_option)]
fn maybe<F, T>(found: &Option<F>, say: impl Fn(&F) -> Option<T>) -> Option<Option<Sourced<T>>> {
    match found {
        Some(found) => Some(Some(say(found)?.into())),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::document::Document;
    use crate::documents::template::Template;
    use crate::operations::wanted;

    #[test]
    fn a_setting_with_one_value_goes_to_zonecfg_and_comes_back() {
        for single in Single::ALL {
            let example = crate::schema::explain(single.node).unwrap().remove(0).example;
            let text = format!("template \"t\" {{\n    {example}\n}}\n");
            let template: Document<Template> = Document::parse("t.kdl".as_ref(), text.as_bytes()).unwrap();
            let given = &template.value.settings.resources;
            let mut config = ZoneConfig::default();
            wanted::resources(given, &mut config);
            assert_ne!(config, ZoneConfig::default(), "{example}");
            let back = resources(&config).unwrap();
            assert!(back.rctls.is_empty() && back != Resources::default(), "{example}");
            let mut again = ZoneConfig::default();
            wanted::resources(&back, &mut again);
            assert_eq!(again.canonical(), config.canonical(), "{example}");
            // `set` takes the value that zonecfg shows.
            let mut set = Resources::default();
            for (slot, value) in set.singles_mut().zip(given.singles()).map(|((_, slot), (_, value))| (slot, value)) {
                value.to_zonecfg().map_or(Ok(()), |value| slot.parse(&value)).unwrap();
            }
            assert_eq!(set, *given, "{example}");
        }
    }
}
