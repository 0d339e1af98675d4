//! Finds the line of a part of a zone's configuration.

use crate::documents::resolve::ZoneSpec;
use crate::value::source::{Source, Sourced};

/// Returns the line for this part: its kind and key, in zonecfg's terms.
pub(super) fn place(spec: &ZoneSpec, key: &[String]) -> Source {
    let kind = key.first().map(String::as_str).unwrap_or_default();
    let name = key.get(1).map(String::as_str).unwrap_or_default();
    let resources = &spec.resources;
    let found = match kind {
        "brand" => Some(&spec.brand.source),
        "zonepath" => Some(&spec.zonepath.source),
        "autoboot" if spec.after.value.is_empty() => Some(&spec.autoboot.source),
        "autoboot" => Some(&spec.after.source),
        "ip-type" => Some(&spec.ip_type.source),
        "bootargs" => line(&resources.bootargs),
        "pool" => line(&resources.resource_pool),
        "limitpriv" => line(&resources.limitpriv),
        "scheduling-class" => line(&resources.scheduling_class),
        "hostid" => line(&resources.hostid),
        "fs-allowed" => line(&resources.fs_allowed),
        "fs" => resources.fs.iter().find(|fs| fs.dir == name).map(|fs| &fs.source),
        "device" => resources.devices.iter().find(|device| device.pattern == name).map(|device| &device.source),
        "dataset" => resources.datasets.iter().find(|dataset| dataset.name == name).map(|dataset| &dataset.source),
        "attr" => resources.attrs.iter().find(|attr| attr.name == name).map(|attr| &attr.source),
        "admin" => resources.admins.iter().find(|admin| admin.user == name).map(|admin| &admin.source),
        "dedicated-cpu" => line(&resources.dedicated_cpu),
        "capped-memory" => line(&resources.capped_memory),
        "security-flags" => line(&resources.security_flags),
        "rctl" => match name {
            "zone.max-swap" | "zone.max-locked-memory" => line(&resources.capped_memory),
            "zone.cpu-cap" => line(&resources.capped_cpu),
            "zone.cpu-shares" => line(&resources.cpu_shares),
            "zone.max-lwps" => line(&resources.max_lwps),
            "zone.max-processes" => line(&resources.max_processes),
            "zone.max-shm-memory" => line(&resources.max_shm_memory),
            "zone.max-shm-ids" => line(&resources.max_shm_ids),
            "zone.max-msg-ids" => line(&resources.max_msg_ids),
            "zone.max-sem-ids" => line(&resources.max_sem_ids),
            _ => None,
        }
        .or_else(|| resources.rctls.iter().find(|rctl| rctl.name == name).map(|rctl| &rctl.source)),
        "net" => spec
            .nets
            .iter()
            .find(|net| {
                let vnic = net.vnic.as_ref().map(|vnic| vnic.as_str());
                [vnic, net.physical.as_deref(), net.stub.as_deref()].contains(&Some(name))
            })
            .map(|net| &net.source),
        _ => None,
    };
    let passed = || Some(&spec.zonecfg.source).filter(|_| !spec.zonecfg.value.is_empty());
    found.filter(|source| source.file.is_some()).or_else(passed).cloned().unwrap_or_default()
}

fn line<T>(value: &Option<Sourced<T>>) -> Option<&Source> {
    value.as_ref().map(|value| &value.source)
}
