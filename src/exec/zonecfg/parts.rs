//! Splits a configuration into named parts, for comparing several.

use super::document::ZoneConfig;
use super::resource::{Resource, Value};

/// A property of the zone, or a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name: `autoboot`, `attr env`, `net web01_0 10.1.0.10/24`.
    pub name: String,
    /// Kind and key: `["attr", "env"]`.
    pub key: Vec<String>,
    /// Its properties besides the key; a property of the zone has one without a name.
    pub properties: Vec<(String, String)>,
}

impl Part {
    /// Returns all properties as text; empty if the name says it all.
    pub fn text(&self) -> String {
        match self.properties.as_slice() {
            [(name, value)] if name.is_empty() => value.clone(),
            properties => {
                let texts: Vec<String> = properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
                texts.join(" ")
            }
        }
    }
}

/// Returns the parts of a configuration, whatever its order and spelling. A part that zmgr has no type for has no properties.
pub fn parts(config: &ZoneConfig) -> Vec<Part> {
    let config = config.canonical();
    let globals = config.globals().into_iter().map(|(name, value)| Part {
        name: name.to_owned(),
        key: vec![name.to_owned()],
        properties: vec![(String::new(), value)],
    });
    let resources = config.resources();
    let resources = resources.iter().map(part);
    let unknown = config.unknown.iter().map(|text| Part {
        name: text.clone(),
        key: vec!["unknown".to_owned(), text.clone()],
        properties: Vec::new(),
    });
    globals.chain(resources).chain(unknown).collect()
}

fn part(resource: &Resource) -> Part {
    let key = resource.key();
    let names: Vec<&str> = key.iter().map(|(name, _)| *name).collect();
    let mut words = vec![resource.kind.to_owned()];
    words.extend(key.iter().map(|(_, value)| (*value).to_owned()));
    let properties = resource.properties.iter().filter(|(name, _)| !names.contains(name));
    Part {
        name: words.join(" "),
        key: words,
        properties: properties.map(|(name, value)| ((*name).to_owned(), text(value))).collect(),
    }
}

/// Formats a value.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(list) => list.join(","),
        Value::Rctl(values) => {
            let values: Vec<String> =
                values.iter().map(|v| format!("({},{},{})", v.privilege, v.limit, v.action)).collect();
            values.join(" ")
        }
        Value::Pairs(pairs) => {
            let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            pairs.join(" ")
        }
    }
}
