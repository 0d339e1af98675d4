//! A configuration as zonecfg's resources and properties, for scripts and differences.

use super::document::{DedicatedCpu, RctlValue, ZoneConfig};

/// A value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text.
    Text(String),
    /// Several texts, each added separately.
    List(Vec<String>),
    /// Values of a resource control.
    Rctl(Vec<RctlValue>),
    /// Named texts, on OmniOS and SmartOS.
    Pairs(Vec<(String, String)>),
}

/// A resource: its kind and the properties that are set, in zonecfg's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) kind: &'static str,
    pub(super) properties: Vec<(&'static str, Value)>,
}

impl Resource {
    fn new(kind: &'static str) -> Resource {
        Resource { kind, properties: Vec::new() }
    }

    fn text(mut self, property: &'static str, value: impl Into<Option<String>>) -> Resource {
        if let Some(value) = value.into() {
            self.properties.push((property, Value::Text(value)));
        }
        self
    }

    fn with(mut self, property: &'static str, value: Value) -> Resource {
        let empty = match &value {
            Value::Text(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Rctl(values) => values.is_empty(),
            Value::Pairs(pairs) => pairs.is_empty(),
        };
        if !empty {
            self.properties.push((property, value));
        }
        self
    }

    fn get(&self, property: &str) -> Option<&str> {
        self.properties.iter().find(|(name, _)| *name == property).and_then(|(_, value)| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the properties that identify it among others of its kind, for `select` and `remove`.
    pub(super) fn key(&self) -> Vec<(&'static str, &str)> {
        let names: &[&'static str] = match self.kind {
            "fs" => &["dir"],
            "net" => &["physical", "allowed-address", "address"],
            "device" => &["match"],
            "rctl" | "attr" | "dataset" => &["name"],
            "admin" => &["user"],
            _ => &[],
        };
        names.iter().filter_map(|name| self.get(name).map(|value| (*name, value))).collect()
    }
}

impl ZoneConfig {
    /// Returns what is set in the global scope, except the zone's name, in the order that zonecfg needs: brand and IP type
    /// determine what is allowed later.
    pub(super) fn globals(&self) -> Vec<(&'static str, String)> {
        let mut globals = vec![
            ("brand", self.brand.clone()),
            ("zonepath", self.zonepath.clone()),
            ("ip-type", self.ip_type.as_str().to_owned()),
            ("autoboot", self.autoboot.to_string()),
        ];
        globals.extend(Self::PROPERTIES.iter().filter_map(|name| {
            self.property(name).filter(|value| !value.is_empty()).map(|value| (*name, value.to_owned()))
        }));
        globals
    }

    /// Returns its resources. The physical memory limit comes before the controls, because zonecfg would refuse the other order.
    pub(super) fn resources(&self) -> Vec<Resource> {
        let mut resources = Vec::new();
        resources.extend(self.filesystems.iter().map(|filesystem| {
            Resource::new("fs")
                .text("dir", filesystem.dir.clone())
                .text("special", filesystem.special.clone())
                .text("raw", filesystem.raw.clone())
                .text("type", filesystem.kind.clone())
                .with("options", Value::List(filesystem.options.clone()))
        }));
        resources.extend(self.nets.iter().map(|net| {
            Resource::new("net")
                .text("physical", net.physical.clone())
                .text("address", net.address.clone())
                .text("allowed-address", net.allowed_address.clone())
                .text("defrouter", net.defrouter.clone())
                .text("global-nic", net.global_nic.clone())
                .text("mac-addr", net.mac_addr.clone())
                .text("vlan-id", net.vlan_id.clone())
                .with("property", Value::Pairs(net.properties.clone()))
        }));
        resources.extend(self.devices.iter().map(|device| {
            Resource::new("device")
                .text("match", device.matching.clone())
                .with("property", Value::Pairs(device.properties.clone()))
        }));
        if let Some(DedicatedCpu { ncpus, importance }) = &self.dedicated_cpu {
            resources.push(
                Resource::new("dedicated-cpu").text("ncpus", ncpus.clone()).text("importance", importance.clone()),
            );
        }
        if let Some(bytes) = self.physical_memory {
            resources.push(Resource::new("capped-memory").text("physical", bytes.to_string()));
        }
        resources.extend(self.rctls.iter().map(|(name, values)| {
            Resource::new("rctl").text("name", name.clone()).with("value", Value::Rctl(values.clone()))
        }));
        resources.extend(self.attrs.iter().map(|attr| {
            Resource::new("attr")
                .text("name", attr.name.clone())
                .text("type", attr.kind.clone())
                .text("value", attr.value.clone())
        }));
        resources.extend(self.datasets.iter().map(|name| Resource::new("dataset").text("name", name.clone())));
        resources.extend(
            self.admins.iter().map(|admin| {
                Resource::new("admin").text("user", admin.user.clone()).text("auths", admin.auths.clone())
            }),
        );
        if let Some(flags) = &self.security_flags {
            let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
            resources.push(
                Resource::new("security-flags")
                    .text("lower", some(&flags.lower))
                    .text("default", some(&flags.default))
                    .text("upper", some(&flags.upper)),
            );
        }
        resources
    }
}
