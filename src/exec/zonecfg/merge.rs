//! Merges desired, applied and actual configuration into the next one.
//!
//! Invariant: pure. What others added on the host stays there, unless it is pruned; what was applied and is no longer desired is
//! removed.

use std::collections::{HashMap, HashSet};

use super::ZoneConfig;

/// Returns the next configuration of the host.
pub fn merge(desired: &ZoneConfig, applied: &ZoneConfig, host: &ZoneConfig, prune: bool) -> ZoneConfig {
    let written = desired;
    let (desired, applied, host) = (desired.canonical(), applied.canonical(), host.canonical());
    let mut target = desired.clone();
    // Sets are taken from the files.
    target.fs_allowed = written.fs_allowed.clone().filter(|_| desired.fs_allowed.is_some());
    target.security_flags.clone_from(&written.security_flags);
    let written: HashMap<&str, _> = written.admins.iter().rev().map(|admin| (admin.user.as_str(), admin)).collect();
    for admin in &mut target.admins {
        if let Some(written) = written.get(admin.user.as_str()) {
            admin.auths.clone_from(&written.auths);
        }
    }
    // A script cannot remove what has no type.
    target.unknown.clone_from(&host.unknown);
    if prune {
        return target;
    }
    macro_rules! single {
        ($($field:ident),+) => {
            $(if target.$field.is_none() && applied.$field.is_none() {
                target.$field.clone_from(&host.$field);
            })+
        };
    }
    single!(physical_memory, dedicated_cpu, security_flags);
    for name in ZoneConfig::PROPERTIES {
        if applied.property(name).is_none()
            && let Some(property) = target.property_mut(name).filter(|property| property.is_none())
        {
            *property = host.property(name).map(str::to_owned);
        }
    }
    macro_rules! keyed {
        ($($field:ident $key:expr),+ $(,)?) => {
            $({
                let key = $key;
                let ours: HashSet<_> = desired.$field.iter().chain(&applied.$field).map(key).collect();
                target.$field.extend(host.$field.iter().filter(|there| !ours.contains(&key(there))).cloned());
            })+
        };
    }
    keyed!(
        filesystems |each: &super::Filesystem| each.dir.clone(),
        nets |each: &super::Net| (each.physical.clone(), each.allowed_address.clone(), each.address.clone()),
        devices |each: &super::Device| each.matching.clone(),
        attrs |each: &super::Attr| each.name.clone(),
        datasets |each: &String| each.clone(),
        admins |each: &super::Admin| each.user.clone(),
    );
    for (name, values) in &host.rctls {
        if !desired.rctls.contains_key(name) && !applied.rctls.contains_key(name) {
            target.rctls.insert(name.clone(), values.clone());
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::super::Attr;
    use super::*;

    fn with(attrs: &[(&str, &str)], bootargs: Option<&str>) -> ZoneConfig {
        let attr =
            |(name, value): &(&str, &str)| Attr { name: (*name).into(), kind: "string".into(), value: (*value).into() };
        ZoneConfig {
            attrs: attrs.iter().map(attr).collect(),
            bootargs: bootargs.map(str::to_owned),
            ..ZoneConfig::default()
        }
    }

    #[test]
    fn what_others_made_stays_and_what_is_dropped_goes() {
        let applied = with(&[("a", "1"), ("b", "1")], Some("-v"));
        let host = with(&[("a", "other"), ("b", "1"), ("foreign", "x")], Some("-v"));
        let desired = with(&[("a", "2"), ("c", "3")], None);
        let target = with(&[("a", "2"), ("c", "3"), ("foreign", "x")], None);
        assert!(merge(&desired, &applied, &host, false).means(&target));
        assert!(merge(&desired, &applied, &host, true).means(&desired));
        // Nothing is left to do.
        assert!(merge(&desired, &desired, &target, false).means(&target));
        // Resources that others added are kept, too.
        assert!(merge(&desired, &desired, &with(&[], Some("-x")), false).bootargs.is_some());
    }
}
