//! Applies zonecfg commands to a configuration, so that what a template passes through can be compared when the zone is read back.

use super::command::{Addition, Command};
use super::document::{
    Admin, Attr, DedicatedCpu, Device, Filesystem, IpType, Net, RctlValue, SecurityFlags, ZoneConfig, alias,
};
use super::resource::{Resource, Value};

/// Kinds of resources and their properties, as far as zmgr knows them.
const KINDS: &[(&str, &[&str])] = &[
    ("fs", &["dir", "special", "raw", "type", "options"]),
    ("net", &["physical", "address", "allowed-address", "defrouter", "global-nic", "mac-addr", "vlan-id", "property"]),
    ("device", &["match", "property"]),
    ("dedicated-cpu", &["ncpus", "importance"]),
    ("capped-cpu", &["ncpus"]),
    ("capped-memory", &["physical", "swap", "locked"]),
    ("rctl", &["name", "value"]),
    ("attr", &["name", "type", "value"]),
    ("dataset", &["name"]),
    ("admin", &["user", "auths"]),
    ("security-flags", &["lower", "default", "upper"]),
];

/// Applies these commands in order to a configuration; the error names the invalid command.
pub fn apply(config: ZoneConfig, commands: &[Command]) -> Result<ZoneConfig, String> {
    let mut edit = Edit::of(config);
    for command in commands {
        edit.apply(command).map_err(|fault| format!("{command}: {fault}"))?;
    }
    edit.finish()
}

struct Edit {
    config: ZoneConfig,
    resources: Vec<Resource>,
    /// The resource being edited, and whether it existed before.
    open: Option<Resource>,
}

impl Edit {
    fn of(mut config: ZoneConfig) -> Edit {
        let resources = config.resources();
        config.filesystems.clear();
        config.nets.clear();
        config.devices.clear();
        config.rctls.clear();
        config.attrs.clear();
        config.datasets.clear();
        config.admins.clear();
        (config.dedicated_cpu, config.physical_memory, config.security_flags) = (None, None, None);
        Edit { config, resources, open: None }
    }

    fn apply(&mut self, command: &Command) -> Result<(), String> {
        match (command, self.open.is_some()) {
            (Command::Set(property, values), false) => self.set_global(property, values),
            (Command::Clear(property), false) => self.clear_global(property),
            (Command::Add(kind), false) => {
                self.open = Some(Resource { kind: kind_of(kind)?.0, properties: Vec::new() });
                Ok(())
            }
            (Command::Select(kind, by), false) => {
                let at = self.find(kind_of(kind)?.0, by)?;
                self.open = Some(match at {
                    Some(at) => self.resources.remove(at),
                    None => Resource { kind: kind_of(kind)?.0, properties: Vec::new() },
                });
                Ok(())
            }
            (Command::Remove(kind, by), false) => self.remove(kind_of(kind)?.0, by),
            (Command::Set(property, values), true) => self.edit(property, |known| known.set(value(property, values)?)),
            (Command::Clear(property), true) => self.edit(property, |known| known.clear()),
            (Command::AddValue(property, addition), true) => self.edit(property, |known| known.add(addition)),
            (Command::RemoveValue(property, addition), true) => self.edit(property, |known| known.remove(addition)),
            (Command::End, true) => self.end(),
            (Command::End | Command::AddValue(..) | Command::RemoveValue(..), false) => {
                Err("it is only valid inside a resource".to_owned())
            }
            (Command::Add(_) | Command::Select(..) | Command::Remove(..), true) => {
                Err("the resource before it has no end".to_owned())
            }
        }
    }

    fn finish(mut self) -> Result<ZoneConfig, String> {
        if let Some(open) = self.open {
            return Err(format!("the last resource, {}, has no end", open.kind));
        }
        for resource in self.resources {
            put(&mut self.config, resource)?;
        }
        Ok(self.config)
    }

    fn set_global(&mut self, property: &str, values: &[String]) -> Result<(), String> {
        let [value] = values else { return Err(format!("{property} takes one value")) };
        if let Some((name, action)) = alias(property) {
            let limit = parse_size(value).ok_or_else(|| format!("{value:?} is not a number"))?;
            self.replace_rctl(name, action, limit);
            return Ok(());
        }
        match property {
            "zonepath" => self.config.zonepath.clone_from(value),
            "brand" => self.config.brand.clone_from(value),
            "autoboot" => self.config.autoboot = value == "true",
            "ip-type" => {
                self.config.ip_type = if value == "exclusive" { IpType::Exclusive } else { IpType::Shared };
            }
            other => *self.global(other)? = Some(value.clone()),
        }
        Ok(())
    }

    fn replace_rctl(&mut self, name: &str, action: &str, limit: u64) {
        self.resources.retain(|resource| !is_rctl(resource, name));
        let value = Value::Rctl(vec![RctlValue::new(limit, action)]);
        let properties = vec![("name", Value::Text(name.to_owned())), ("value", value)];
        self.resources.push(Resource { kind: "rctl", properties });
    }

    fn clear_global(&mut self, property: &str) -> Result<(), String> {
        if let Some((name, _)) = alias(property) {
            self.resources.retain(|resource| !is_rctl(resource, name));
            return Ok(());
        }
        match property {
            "autoboot" => self.config.autoboot = false,
            "ip-type" => self.config.ip_type = IpType::Shared,
            other => *self.global(other)? = None,
        }
        Ok(())
    }

    fn global(&mut self, property: &str) -> Result<&mut Option<String>, String> {
        self.config.property_mut(property).ok_or_else(|| format!("unknown property {property:?} of a zone"))
    }

    /// Returns the only resource of this kind with these properties. A shorthand kind does not need to exist.
    fn find(&self, kind: &str, by: &[(String, String)]) -> Result<Option<usize>, String> {
        let mut found = self.resources.iter().enumerate().filter(|(_, resource)| {
            let has = |(name, value): &(String, String)| {
                resource.properties.iter().any(|(known, text)| known == name && *text == Value::Text(value.clone()))
            };
            resource.kind == kind && by.iter().all(has)
        });
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(format!("more than one {kind} is meant")),
            (Some((at, _)), None) => Ok(Some(at)),
            (None, _) if matches!(kind, "capped-memory" | "capped-cpu") => Ok(None),
            (None, _) => Err(format!("no such {kind}")),
        }
    }

    fn remove(&mut self, kind: &str, by: &[(String, String)]) -> Result<(), String> {
        if let Some(at) = self.find(kind, by)? {
            self.resources.remove(at);
        }
        let gone: &[&str] = match kind {
            "capped-memory" => &["zone.max-swap", "zone.max-locked-memory"],
            "capped-cpu" => &["zone.cpu-cap"],
            _ => &[],
        };
        self.resources.retain(|resource| !gone.iter().any(|name| is_rctl(resource, name)));
        Ok(())
    }

    fn edit(&mut self, property: &str, change: impl FnOnce(&mut Slot<'_>) -> Result<(), String>) -> Result<(), String> {
        let Some(resource) = &mut self.open else { return Err("no resource is open".to_owned()) };
        let (kind, properties) = kind_of(resource.kind)?;
        let Some(property) = properties.iter().find(|known| **known == property) else {
            return Err(format!("unknown property {property:?} of {kind}"));
        };
        let at = resource.properties.iter().position(|(known, _)| known == property);
        let mut slot = Slot { property, value: at.map(|at| resource.properties.remove(at).1) };
        change(&mut slot)?;
        if let Some(value) = slot.value {
            resource.properties.push((property, value));
        }
        Ok(())
    }

    /// Closes the open resource; a shorthand becomes what it stands for.
    fn end(&mut self) -> Result<(), String> {
        let Some(mut resource) = self.open.take() else { return Ok(()) };
        if !matches!(resource.kind, "capped-cpu" | "capped-memory") {
            self.resources.push(resource);
            return Ok(());
        }
        for (property, value) in std::mem::take(&mut resource.properties) {
            let Value::Text(text) = value else { continue };
            let limit = if property == "ncpus" { parse_hundredths(&text) } else { parse_size(&text) };
            let limit = limit.ok_or_else(|| format!("{text:?} is not a number"))?;
            match alias(property) {
                Some((name, action)) => self.replace_rctl(name, action, limit),
                None => resource.properties.push((property, Value::Text(limit.to_string()))),
            }
        }
        if !resource.properties.is_empty() {
            self.resources.push(resource);
        }
        Ok(())
    }
}

/// Returns a property of the open resource.
struct Slot<'s> {
    property: &'s str,
    value: Option<Value>,
}

impl Slot<'_> {
    fn set(&mut self, value: Value) -> Result<(), String> {
        self.value = Some(value);
        Ok(())
    }

    fn clear(&mut self) -> Result<(), String> {
        self.value = None;
        Ok(())
    }

    fn add(&mut self, addition: &Addition) -> Result<(), String> {
        match (self.property, addition) {
            ("options", Addition::Texts(texts)) => match self.value.get_or_insert(Value::List(Vec::new())) {
                Value::List(list) => list.extend_from_slice(texts),
                _ => return Err("it does not take a list".to_owned()),
            },
            ("value", Addition::Group(group)) => match self.value.get_or_insert(Value::Rctl(Vec::new())) {
                Value::Rctl(values) => values.push(rctl_value(group)?),
                _ => return Err("it does not take a group".to_owned()),
            },
            ("property", Addition::Group(group)) => match self.value.get_or_insert(Value::Pairs(Vec::new())) {
                Value::Pairs(pairs) => pairs.push((member(group, "name")?, member(group, "value")?)),
                _ => return Err("it does not take a group".to_owned()),
            },
            (property, _) => return Err(format!("nothing of this kind can be added to {property}")),
        }
        Ok(())
    }

    fn remove(&mut self, addition: &Addition) -> Result<(), String> {
        match (&mut self.value, addition) {
            (Some(Value::List(list)), Addition::Texts(texts)) => list.retain(|text| !texts.contains(text)),
            (Some(Value::Rctl(values)), Addition::Group(group)) => {
                let gone = rctl_value(group)?;
                values.retain(|value| *value != gone);
            }
            (Some(Value::Pairs(pairs)), Addition::Group(group)) => {
                let name = member(group, "name")?;
                pairs.retain(|(known, _)| *known != name);
            }
            _ => return Err(format!("nothing of this kind can be removed from {}", self.property)),
        }
        Ok(())
    }
}

fn kind_of(kind: &str) -> Result<(&'static str, &'static [&'static str]), String> {
    KINDS.iter().find(|(known, _)| *known == kind).copied().ok_or_else(|| format!("unknown resource {kind:?}"))
}

fn value(property: &str, values: &[String]) -> Result<Value, String> {
    match (property, values) {
        ("options", values) => Ok(Value::List(values.to_vec())),
        (_, [value]) => Ok(Value::Text(value.clone())),
        _ => Err(format!("{property} takes one value")),
    }
}

fn member(group: &[(String, String)], name: &str) -> Result<String, String> {
    group
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.clone())
        .ok_or_else(|| format!("{name:?} is missing"))
}

fn rctl_value(group: &[(String, String)]) -> Result<RctlValue, String> {
    Ok(RctlValue {
        privilege: member(group, "priv")?,
        limit: member(group, "limit")?,
        action: member(group, "action")?,
    })
}

fn is_rctl(resource: &Resource, name: &str) -> bool {
    resource.kind == "rctl" && resource.key().first().is_some_and(|(_, known)| *known == name)
}

/// Parses a number with an optional fraction and unit, in bytes.
fn parse_size(text: &str) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let shift = match unit.to_ascii_uppercase() {
        'B' | '0'..='9' => 0,
        'K' => 10,
        'M' => 20,
        'G' => 30,
        'T' => 40,
        _ => return None,
    };
    let digits = if unit.is_ascii_digit() { text } else { &text[..text.len() - 1] };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let legal = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !legal(whole) || !legal(fraction) || fraction.len() > 9 {
        return None;
    }
    let factor = 1u128 << shift;
    let part = match fraction {
        "" => 0,
        fraction => fraction.parse::<u128>().ok()? * factor / 10u128.pow(u32::try_from(fraction.len()).ok()?),
    };
    u64::try_from(whole.parse::<u128>().ok()?.checked_mul(factor)?.checked_add(part)?).ok()
}

/// Parses a number of processors into hundredths, rounded down.
fn parse_hundredths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let legal = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !legal(whole) || !legal(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: String = fraction.chars().chain("00".chars()).take(2).collect();
    whole.checked_mul(100)?.checked_add(fraction.parse().ok()?)
}

fn put(config: &mut ZoneConfig, resource: Resource) -> Result<(), String> {
    let kind = resource.kind;
    let mut properties = resource.properties;
    let mut take =
        |name: &str| properties.iter().position(|(known, _)| *known == name).map(|at| properties.swap_remove(at).1);
    macro_rules! taken {
        ($name:literal, $variant:ident) => {
            match take($name) {
                Some(Value::$variant(value)) => Some(value),
                _ => None,
            }
        };
    }
    match kind {
        "fs" => config.filesystems.push(Filesystem {
            dir: taken!("dir", Text).unwrap_or_default(),
            special: taken!("special", Text).unwrap_or_default(),
            raw: taken!("raw", Text),
            kind: taken!("type", Text).unwrap_or_default(),
            options: taken!("options", List).unwrap_or_default(),
        }),
        "net" => config.nets.push(Net {
            physical: taken!("physical", Text).unwrap_or_default(),
            address: taken!("address", Text),
            allowed_address: taken!("allowed-address", Text),
            defrouter: taken!("defrouter", Text),
            global_nic: taken!("global-nic", Text),
            mac_addr: taken!("mac-addr", Text),
            vlan_id: taken!("vlan-id", Text),
            properties: taken!("property", Pairs).unwrap_or_default(),
        }),
        "device" => config.devices.push(Device {
            matching: taken!("match", Text).unwrap_or_default(),
            properties: taken!("property", Pairs).unwrap_or_default(),
        }),
        "dedicated-cpu" => {
            config.dedicated_cpu = Some(DedicatedCpu {
                ncpus: taken!("ncpus", Text).unwrap_or_default(),
                importance: taken!("importance", Text),
            });
        }
        "capped-memory" => config.physical_memory = taken!("physical", Text).and_then(|text| text.parse().ok()),
        "rctl" => {
            let name = taken!("name", Text).unwrap_or_default();
            config.rctls.entry(name).or_default().extend(taken!("value", Rctl).unwrap_or_default());
        }
        "attr" => config.attrs.push(Attr {
            name: taken!("name", Text).unwrap_or_default(),
            kind: taken!("type", Text).unwrap_or_default(),
            value: taken!("value", Text).unwrap_or_default(),
        }),
        "dataset" => config.datasets.push(taken!("name", Text).unwrap_or_default()),
        "admin" => config.admins.push(Admin {
            user: taken!("user", Text).unwrap_or_default(),
            auths: taken!("auths", Text).unwrap_or_default(),
        }),
        "security-flags" => {
            config.security_flags = Some(SecurityFlags {
                default: taken!("default", Text).unwrap_or_default(),
                lower: taken!("lower", Text).unwrap_or_default(),
                upper: taken!("upper", Text).unwrap_or_default(),
            });
        }
        other => return Err(format!("unknown resource {other:?}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn applies_what_is_passed_through() {
        let config = ZoneConfig { physical_memory: Some(1 << 30), ..ZoneConfig::default() };
        let commands: Vec<Command> = [
            "set fs-allowed=ufs",
            "set cpu-shares=20",
            "add capped-cpu",
            "set ncpus=1.555",
            "end",
            "select capped-memory",
            "set swap=2g",
            "end",
            "add attr",
            "set name=a",
            "set type=string",
            "set value=b",
            "end",
            "select attr name=a",
            "set value=\"c d\"",
            "end",
        ]
        .iter()
        .map(|text| Command::parse(text).unwrap())
        .collect();
        let config = apply(config, &commands).unwrap();
        assert_eq!(config.fs_allowed.as_deref(), Some("ufs"));
        assert_eq!(config.rctls["zone.cpu-cap"], [RctlValue::new(155, "deny")]);
        assert_eq!(config.rctls["zone.cpu-shares"], [RctlValue::new(20, "none")]);
        assert_eq!(config.rctls["zone.max-swap"], [RctlValue::new(2 << 30, "deny")]);
        assert_eq!((config.physical_memory, config.attrs[0].value.as_str()), (Some(1 << 30), "c d"));
        let remove = [Command::parse("remove capped-memory").unwrap()];
        let config = apply(config, &remove).unwrap();
        assert!(config.physical_memory.is_none() && !config.rctls.contains_key("zone.max-swap"));
        for bad in ["end", "add odd", "remove net physical=x", "set odd=1", "add options ro"] {
            assert!(apply(ZoneConfig::default(), &[Command::parse(bad).unwrap()]).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("2g", Some(2 << 30)), ("1.5K", Some(1536)), ("7", Some(7)), ("1T", Some(1 << 40))] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
        for bad in ["", "g", "1.g1", "-1", "1e3", "99999999999T", "ü"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
        assert_eq!(
            (parse_hundredths("0.5"), parse_hundredths("2"), parse_hundredths(".")),
            (Some(50), Some(200), None)
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), lines in prop::collection::vec("(add|set|end|select|remove|clear) ?(net|fs|physical=1|options a|value \\(priv=a\\))?", 0..8)) {
            let commands: Vec<Command> = lines.iter().filter_map(|line| Command::parse(line).ok()).collect();
            let _ = (apply(ZoneConfig::default(), &commands), parse_size(&text), parse_hundredths(&text));
        }
    }
}
