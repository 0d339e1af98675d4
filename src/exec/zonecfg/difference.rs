//! Differences between two configurations, in readable form.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::document::ZoneConfig;
use super::parts::text;
use super::resource::Resource;

/// A difference between two configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Subject, as zonecfg names it: `autoboot`, `net web01_0 10.1.0.10/24 defrouter`.
    pub what: String,
    /// Expected value; `None` if it should not exist.
    pub wanted: Option<String>,
    /// Actual value; `None` if it is missing.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.wanted, &self.found) {
            (Some(wanted), Some(found)) => write!(f, "{} is {found:?}, not {wanted:?}", self.what),
            (Some(wanted), None) if wanted.is_empty() => write!(f, "{} is missing", self.what),
            (Some(wanted), None) => write!(f, "{} is missing, it should be {wanted:?}", self.what),
            (None, Some(found)) if found.is_empty() => write!(f, "{} exists and should not", self.what),
            (None, Some(found)) => write!(f, "{} is {found:?} and should not be set", self.what),
            (None, None) => f.write_str(&self.what),
        }
    }
}

/// Returns how `found` differs from `wanted`; empty if they are equivalent.
pub fn differences(wanted: &ZoneConfig, found: &ZoneConfig) -> Vec<Difference> {
    let (wanted, found) = (wanted.canonical(), found.canonical());
    let mut differences = Vec::new();
    let mut differ = |what: String, wanted: Option<String>, found: Option<String>| {
        if wanted != found {
            differences.push(Difference { what, wanted, found });
        }
    };
    differ("zonename".to_owned(), Some(wanted.name.clone()), Some(found.name.clone()));
    let (old, new) = (wanted.globals(), found.globals());
    let get = |globals: &[(&str, String)], name: &str| {
        globals.iter().find(|(property, _)| *property == name).map(|(_, value)| value.clone())
    };
    for (name, value) in &old {
        differ((*name).to_owned(), Some(value.clone()), get(&new, name));
    }
    for (name, value) in new.iter().filter(|(name, _)| get(&old, name).is_none()) {
        differ((*name).to_owned(), None, Some(value.clone()));
    }
    let (old, new) = (wanted.resources(), found.resources());
    let (old_by_name, new_by_name) = (by_name(&old), by_name(&new));
    for resource in &old {
        let name = name(resource);
        let Some(other) = new_by_name.get(&name) else {
            differ(name, Some(String::new()), None);
            continue;
        };
        for (property, value) in &resource.properties {
            let found = other.properties.iter().find(|(name, _)| name == property).map(|(_, value)| text(value));
            differ(format!("{name} {property}"), Some(text(value)), found);
        }
        for (property, value) in &other.properties {
            if !resource.properties.iter().any(|(name, _)| name == property) {
                differ(format!("{name} {property}"), None, Some(text(value)));
            }
        }
    }
    for name in new.iter().map(name).filter(|name| !old_by_name.contains_key(name)) {
        differ(name, None, Some(String::new()));
    }
    let (old, new): (HashSet<&String>, HashSet<&String>) =
        (wanted.unknown.iter().collect(), found.unknown.iter().collect());
    for text in wanted.unknown.iter().filter(|text| !new.contains(text)) {
        differ(text.clone(), Some(String::new()), None);
    }
    for text in found.unknown.iter().filter(|text| !old.contains(text)) {
        differ(text.clone(), None, Some(String::new()));
    }
    differences
}

/// Returns the resources by kind and key; of several with one key, the first.
fn by_name(resources: &[Resource]) -> HashMap<String, &Resource> {
    resources.iter().rev().map(|resource| (name(resource), resource)).collect()
}

fn name(resource: &Resource) -> String {
    let mut name = resource.kind.to_owned();
    for (_, value) in resource.key() {
        name.push(' ');
        name.push_str(value);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::super::document::{Attr, Net};
    use super::*;

    #[test]
    fn in_words() {
        let net = Net { physical: "web01_0".into(), allowed_address: Some("10.0.0.1/24".into()), ..Net::default() };
        let wanted = ZoneConfig { name: "web01".into(), nets: vec![net.clone()], ..ZoneConfig::default() };
        let mut found = wanted.clone();
        assert_eq!(differences(&wanted, &found), []);
        found.nets[0].defrouter = Some("10.0.0.254".into());
        found.autoboot = true;
        found.set_alias("cpu-shares", 5);
        found.attrs.push(Attr { name: "x".into(), ..Attr::default() });
        let words: Vec<String> = differences(&wanted, &found).iter().map(Difference::to_string).collect();
        assert_eq!(
            words,
            [
                "autoboot is \"true\", not \"false\"",
                "net web01_0 10.0.0.1/24 defrouter is \"10.0.0.254\" and should not be set",
                "rctl zone.cpu-shares exists and should not",
                "attr x exists and should not",
            ]
        );
        let words: Vec<String> = differences(&found, &wanted).iter().map(Difference::to_string).collect();
        assert!(words.contains(&"attr x is missing".to_owned()), "{words:?}");
    }
}
