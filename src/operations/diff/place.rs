//! Finds the line of a part of a zone's configuration.

use std::collections::HashMap;

use crate::documents::resolve::ZoneSpec;
use crate::documents::resources::Single;
use crate::value::source::{Source, Sourced};

/// The lines of a spec's nodes.
pub(super) struct Places<'s> {
    spec: &'s ZoneSpec,
    /// Lines of the nodes with a key, by kind and key in zonecfg's terms.
    keyed: HashMap<(&'s str, &'s str), &'s Source>,
}

impl<'s> Places<'s> {
    pub(super) fn of(spec: &'s ZoneSpec) -> Places<'s> {
        let mut keyed: HashMap<(&'s str, &'s str), &'s Source> = HashMap::new();
        let mut add = |kind, key, source| {
            keyed.entry((kind, key)).or_insert(source);
        };
        let resources = &spec.resources;
        resources.fs.iter().for_each(|fs| add("fs", &fs.dir, &fs.source));
        resources.devices.iter().for_each(|device| add("device", &device.pattern, &device.source));
        resources.datasets.iter().for_each(|dataset| add("dataset", &dataset.name, &dataset.source));
        resources.attrs.iter().for_each(|attr| add("attr", &attr.name, &attr.source));
        resources.admins.iter().for_each(|admin| add("admin", &admin.user, &admin.source));
        resources.rctls.iter().for_each(|rctl| add("rctl", &rctl.name, &rctl.source));
        for net in &spec.nets {
            let links = [net.vnic.as_ref().map(|vnic| vnic.as_str()), net.physical.as_deref(), net.stub.as_deref()];
            links.into_iter().flatten().for_each(|link| add("net", link, &net.source));
        }
        Places { spec, keyed }
    }

    /// Returns the line for this part: its kind and key, in zonecfg's terms.
    pub(super) fn line(&self, key: &[String]) -> Source {
        let kind = key.first().map(String::as_str).unwrap_or_default();
        let name = key.get(1).map(String::as_str).unwrap_or_default();
        let keyed = || self.keyed.get(&(kind, name)).copied();
        let found = self.property(kind, name).or_else(keyed);
        let passed = || Some(&self.spec.zonecfg.source).filter(|_| !self.spec.zonecfg.value.is_empty());
        found.filter(|source| source.file.is_some()).or_else(passed).cloned().unwrap_or_default()
    }

    /// Returns the line of a property of the zone, or of the node for which a resource control is another name.
    fn property(&self, kind: &str, name: &str) -> Option<&Source> {
        let (spec, resources) = (self.spec, &self.spec.resources);
        match kind {
            "brand" => Some(&spec.brand.source),
            "zonepath" => Some(&spec.zonepath.source),
            "autoboot" if spec.after.value.is_empty() => Some(&spec.autoboot.source),
            "autoboot" => Some(&spec.after.source),
            "ip-type" => Some(&spec.ip_type.source),
            "dedicated-cpu" => line(&resources.dedicated_cpu),
            "capped-memory" => line(&resources.capped_memory),
            "security-flags" => line(&resources.security_flags),
            "rctl" => match name {
                "zone.max-swap" | "zone.max-locked-memory" => line(&resources.capped_memory),
                "zone.cpu-cap" => line(&resources.capped_cpu),
                name => {
                    let (single, _) = Single::of_control(name)?;
                    self.single(single)
                }
            },
            property => self.single(Single::of_property(property)?),
        }
    }

    /// Returns the line of a setting with one value.
    fn single(&self, single: &Single) -> Option<&Source> {
        self.spec.resources.singles().find(|(each, _)| each.node == single.node)?.1.source()
    }
}

fn line<T>(value: &Option<Sourced<T>>) -> Option<&Source> {
    value.as_ref().map(|value| &value.source)
}
