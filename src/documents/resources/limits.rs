//! Limits: resource controls, their zonecfg shorthands, memory and processors.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::documents::document::integer;
use crate::kdl_util::{Node, Value};
use crate::schema::{Faults, parse_cpu_range, parse_cpus};
use crate::value::{CappedCpu, Size, words};

/// Memory limits; at least one of them is set.
///
/// ```
/// # use zmgr::*;
/// let mut memory = CappedMemory::default();
/// memory.physical = Some("1.5G".parse::<Size>()?);
/// assert_eq!(memory.physical, Some(Size(3 << 29)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CappedMemory {
    /// Physical memory, at least 1M.
    pub physical: Option<Size>,
    /// Swap, at least 50M.
    pub swap: Option<Size>,
    /// Locked memory, at most as much as physical.
    pub locked: Option<Size>,
}

/// Dedicated processors.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(DedicatedCpu::new(1, 4, None).ncpus(), "1-4");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DedicatedCpu {
    /// Minimum number, at least 1.
    pub min: u32,
    /// Maximum number.
    pub max: u32,
    /// Importance relative to other pools.
    pub importance: Option<u32>,
}

impl DedicatedCpu {
    /// Returns this number of processors.
    pub fn new(min: u32, max: u32, importance: Option<u32>) -> Self {
        DedicatedCpu { min, max, importance }
    }

    /// Returns the number in the format of zonecfg's `ncpus`: `2` or `1-4`.
    pub fn ncpus(&self) -> String {
        if self.min == self.max { self.min.to_string() } else { format!("{}-{}", self.min, self.max) }
    }
}

/// A resource control with its values.
///
/// ```
/// # use zmgr::*;
/// let limit = RctlValue::new(RctlPrivilege::Privileged, 1000, RctlAction::Deny);
/// let control = Rctl::new("zone.max-lwps", vec![limit]);
/// assert_eq!(control.values[0].action.as_str(), "deny");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rctl {
    /// Its name: `zone.…`. The key.
    pub name: String,
    /// Its values, at least one.
    pub values: Vec<RctlValue>,
}

impl Rctl {
    /// Returns a control with these values.
    pub fn new(name: impl Into<String>, values: Vec<RctlValue>) -> Self {
        Rctl { name: name.into(), values }
    }
}

/// A value of a resource control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RctlValue {
    /// Privilege that changing it within the zone needs.
    pub privilege: RctlPrivilege,
    /// The limit.
    pub limit: u64,
    /// Action when it is exceeded.
    pub action: RctlAction,
}

impl RctlValue {
    /// Returns a value.
    pub fn new(privilege: RctlPrivilege, limit: u64, action: RctlAction) -> Self {
        RctlValue { privilege, limit, action }
    }
}

/// Privilege that changing a value of a resource control needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RctlPrivilege {
    /// Processes with the privilege sys_resource may change it.
    #[default]
    Privileged,
    /// The owner of the process may change it.
    Basic,
}

impl RctlPrivilege {
    /// Returns zonecfg's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            RctlPrivilege::Privileged => "privileged",
            RctlPrivilege::Basic => "basic",
        }
    }
}

/// Action when a limit is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RctlAction {
    /// The request is refused.
    #[default]
    Deny,
    /// Nothing.
    None,
}

impl RctlAction {
    /// Returns zonecfg's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            RctlAction::Deny => "deny",
            RctlAction::None => "none",
        }
    }
}

words!(RctlPrivilege: RctlPrivilege::Privileged, RctlPrivilege::Basic);
words!(RctlAction: RctlAction::Deny, RctlAction::None);

impl CappedMemory {
    pub(super) fn decode(node: &Node, faults: &mut Faults) -> CappedMemory {
        let size = |name: &str| node.property_text(name).and_then(|text| text.parse::<Size>().ok());
        let memory = CappedMemory { physical: size("physical"), swap: size("swap"), locked: size("locked") };
        if node.entries.iter().all(|entry| entry.name.is_none()) {
            let message = "`capped-memory` has no limit: add physical, swap or locked";
            faults.add_with_help(
                "missing-property",
                node.name_span,
                message,
                "for example: capped-memory physical=\"2G\"",
            );
        }
        let mut too_little = |name: &str, size: Option<Size>, least: Size| {
            if let (Some(size), Some(entry)) = (size.filter(|size| *size < least), node.property(name)) {
                faults.add("out-of-range", entry.span, format!("{name}={size} is less than zonecfg's minimum {least}"));
            }
        };
        too_little("physical", memory.physical, Size(1 << 20));
        too_little("swap", memory.swap, Size(50 << 20));
        if let (Some(locked), Some(physical), Some(entry)) = (memory.locked, memory.physical, node.property("locked"))
            && locked > physical
        {
            faults.add("out-of-range", entry.span, format!("locked={locked} is more than physical={physical}"));
        }
        memory
    }

    pub(super) fn encode(&self) -> Node {
        Node::new("capped-memory")
            .prop_if("physical", self.physical.map(|size| size.to_string()))
            .prop_if("swap", self.swap.map(|size| size.to_string()))
            .prop_if("locked", self.locked.map(|size| size.to_string()))
    }
}

impl CappedCpu {
    pub(super) fn decode(node: &Node) -> Option<CappedCpu> {
        match &node.property("ncpus")?.value {
            Value::Text(text) => parse_cpus(text).ok(),
            Value::Int(number) => parse_cpus(&number.to_string()).ok(),
            Value::Float(number) => parse_cpus(&number.to_string()).ok(),
            _ => None,
        }
    }
}

impl DedicatedCpu {
    pub(super) fn decode(node: &Node) -> Option<DedicatedCpu> {
        let (min, max) = match &node.property("ncpus")?.value {
            Value::Text(text) => parse_cpu_range(text).ok()?,
            Value::Int(number) => parse_cpu_range(&number.to_string()).ok()?,
            _ => return None,
        };
        let importance = node.property("importance").and_then(|entry| integer(&entry.value));
        Some(DedicatedCpu::new(min, max, importance))
    }
}

impl Rctl {
    pub(super) fn decode(node: &Node) -> Option<Rctl> {
        let values = node.children_named("value").filter_map(|value| {
            let word = |name: &str| value.property_text(name).unwrap_or_default();
            Some(RctlValue {
                privilege: word("priv").parse().unwrap_or_default(),
                limit: integer(&value.property("limit")?.value)?,
                action: word("action").parse().unwrap_or_default(),
            })
        });
        Some(Rctl::new(node.text()?, values.collect()))
    }

    pub(super) fn encode(&self) -> Node {
        let value = |value: &RctlValue| {
            Node::new("value")
                .prop("priv", value.privilege.as_str())
                .prop("limit", value.limit)
                .prop("action", value.action.as_str())
        };
        Node::new("rctl").arg(self.name.as_str()).block(self.values.iter().map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("2G", 2 << 30), ("1.5g", 3 << 29), ("0", 0), ("1000", 1000), ("512k", 512 << 10), ("1T", 1 << 40)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for bad in ["", "G", "2GB", "2GiB", "-1G", "1.G", ".5G", "2 G", "1.3333K", "99999999999T", "1e3", "2X"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn processors() {
        for (hundredths, text) in [(1, "0.01"), (10, "0.1"), (100, "1"), (150, "1.5"), (155, "1.55")] {
            assert_eq!(CappedCpu { hundredths }.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn sizes_print_and_parse(bytes: u64) {
            prop_assert_eq!(Size(bytes).to_string().parse::<Size>(), Ok(Size(bytes)));
        }
    }
}
