//! Differences in the words of the configuration files, grouped by what causes them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Drift, DriftCause};
use crate::documents::resources::Single;
use crate::schema::TakesEffect;
use crate::value::source::Source;
use crate::value::{CappedCpu, Size};

/// A difference of one setting, in the words of the configuration files.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// manager.set("web01", &[("capped-memory.physical", "1G")], &mut RunOptions::new())?;
/// let drift = manager.diff(&["web01"])?;
/// let change: &SettingChange = &drift.zones[0].items[0].settings[0];
/// assert_eq!((change.setting.as_str(), change.desired.as_deref()), ("capped-memory.physical", Some("1G")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SettingChange {
    /// The setting, such as `autoboot`, `attr.owner` or `capped-memory.physical`.
    pub setting: String,
    /// Actual value on the host; empty if the setting has none.
    pub host: Option<String>,
    /// Desired value; empty if the setting has none.
    pub desired: Option<String>,
}

/// One difference that zones have for one reason: the same line of a file, or the same change of the host.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create_all(&["web01", "web02"], &CreateOptions::new(), &mut RunOptions::new())?;
/// let was = manager.read_file("templates/oi.kdl")?;
/// let text = was.replace("autoboot #true", "autoboot #true\n    cpu-shares 20");
/// manager.write_file("templates/oi.kdl", &text, Some(&was), &mut RunOptions::new())?;
/// let groups: Vec<DriftGroup> = manager.diff(&[])?.groups();
/// assert_eq!(groups[0].zones, ["web01", "web02"]);
/// assert!(groups[0].to_string().starts_with("web01, web02: cpu-shares unset → 20 ("));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriftGroup {
    /// The zones, by name.
    pub zones: Vec<String>,
    /// The difference.
    pub change: SettingChange,
    /// The side that changed.
    pub cause: DriftCause,
    /// The line of the desired value, if there is one.
    pub source: Source,
    /// When applying it takes effect; `None` if it is not a setting.
    pub effect: Option<TakesEffect>,
    /// True if the host was not queried.
    pub unchecked: bool,
    /// True if it counts as drift.
    pub counts: bool,
}

impl Drift {
    /// Returns the differences of all zones in the words of the files, those with the same cause together, in the order of their
    /// first zones.
    pub fn groups(&self) -> Vec<DriftGroup> {
        let mut groups: Vec<DriftGroup> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for zone in &self.zones {
            for (item, change) in zone.items.iter().flat_map(|item| item.settings.iter().map(move |one| (item, one))) {
                let key = format!("{change:?} {:?} {:?} {:?} {}", item.cause, item.source, item.effect, item.unchecked);
                let at = *known.entry(key).or_insert_with(|| {
                    groups.push(DriftGroup {
                        zones: Vec::new(),
                        change: change.clone(),
                        cause: item.cause,
                        source: item.source.clone(),
                        effect: item.effect,
                        unchecked: item.unchecked,
                        counts: item.counts,
                    });
                    groups.len() - 1
                });
                if groups[at].zones.last() != Some(&zone.name) {
                    groups[at].zones.push(zone.name.clone());
                }
            }
        }
        groups
    }
}

/// Few zones are named; of many, the number is given.
pub(super) fn zones(names: &[String]) -> String {
    const NAMED: usize = 3;
    if names.len() > NAMED { format!("{} zones", names.len()) } else { names.join(", ") }
}

/// One line: the zones, the setting with both values, and the line of the file.
impl fmt::Display for DriftGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", zones(&self.zones), self.change)?;
        if self.source.file.is_some() {
            write!(f, " ({})", self.source)?;
        }
        if self.unchecked {
            f.write_str("; the host was not queried")?;
        }
        match self.cause {
            DriftCause::Files | DriftCause::Foreign => {}
            DriftCause::Host => f.write_str("; the host has changed")?,
            DriftCause::Both => f.write_str("; files and host have changed")?,
        }
        match self.effect {
            Some(effect @ (TakesEffect::Reinstall | TakesEffect::Never)) => write!(f, "; {}", effect.describe()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SettingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |value: &str| if value.contains(' ') { format!("{value:?}") } else { value.to_owned() };
        let setting = &self.setting;
        match (self.host.as_deref(), self.desired.as_deref()) {
            (None | Some(""), Some("")) => write!(f, "{setting} is missing on the host"),
            (None, Some(desired)) => write!(f, "{setting} unset → {}", said(desired)),
            (Some(host), Some(desired)) => write!(f, "{setting} {} → {}", said(host), said(desired)),
            (Some(""), None) => write!(f, "{setting} is on the host and not in the files"),
            (Some(host), None) => write!(f, "{setting} {} is on the host and not in the files", said(host)),
            (None, None) => f.write_str(setting),
        }
    }
}

/// Properties of a resource and their values.
type Properties = Vec<(String, String)>;

/// Returns a difference in the words of the files. A resource that one side lacks as a whole differs in each of its properties.
pub(super) fn settings(what: &str, desired: Option<&str>, host: Option<&str>) -> Vec<SettingChange> {
    let words: Vec<&str> = what.split(' ').collect();
    let whole = |side: Option<&str>| side.map(properties).unwrap_or_default();
    let (host, desired): (Properties, Properties) = match words.as_slice() {
        ["capped-memory" | "dedicated-cpu"] => (whole(host), whole(desired)),
        ["capped-memory" | "dedicated-cpu", property] => {
            let side =
                |value: Option<&str>| value.iter().map(|value| ((*property).to_owned(), (*value).to_owned())).collect();
            (side(host), side(desired))
        }
        _ => return vec![one(&words, what, desired, host)],
    };
    let mut names: Vec<&String> = host.iter().chain(&desired).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let value = |side: &[(String, String)], name: &str| {
        side.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| if words[0] == "capped-memory" { size(value) } else { value.clone() })
    };
    let change = |name: &String| SettingChange {
        setting: format!("{}.{name}", words[0]),
        host: value(&host, name),
        desired: value(&desired, name),
    };
    names.into_iter().map(change).collect()
}

fn one(words: &[&str], what: &str, desired: Option<&str>, host: Option<&str>) -> SettingChange {
    let both = |setting: String, value: &dyn Fn(&str) -> String| SettingChange {
        setting,
        host: host.map(value),
        desired: desired.map(value),
    };
    match words {
        [property] if let Some(single) = Single::of_property(property) => both(single.node.to_owned(), &single.spell),
        ["rctl", control] | ["rctl", control, "value"] => {
            let limits = [host, desired].map(|side| side.map_or(Some(""), limit));
            // Only a single value has a shorthand.
            match (shorthand(control), limits) {
                (Some((setting, format)), [Some(_), Some(_)]) => {
                    both(setting.to_owned(), &|text| format(limit(text).unwrap_or_default()))
                }
                _ => both(format!("rctl.{control}"), &|text| text.trim_start_matches("value=").to_owned()),
            }
        }
        ["attr", name] => both(format!("attr.{name}"), &|text| {
            let value = properties(text).into_iter().find(|(name, _)| name == "value");
            value.map_or_else(|| text.to_owned(), |(_, value)| value)
        }),
        ["attr", name, "value"] => both(format!("attr.{name}"), &str::to_owned),
        ["attr", name, property] => both(format!("attr.{name} {property}"), &str::to_owned),
        _ => both(what.to_owned(), &str::to_owned),
    }
}

/// Converts zonecfg's value of a setting to the one in the files.
type Spelling = fn(&str) -> String;

/// Returns the setting that is short for a resource control, with the spelling of its value.
fn shorthand(control: &str) -> Option<(&'static str, Spelling)> {
    Some(match control {
        "zone.max-swap" => ("capped-memory.swap", size),
        "zone.max-locked-memory" => ("capped-memory.locked", size),
        "zone.cpu-cap" => ("capped-cpu", |text| {
            text.parse().map_or_else(|_| text.to_owned(), |hundredths| CappedCpu::new(hundredths).to_string())
        }),
        control => {
            let (single, _) = Single::of_control(control)?;
            (single.node, single.spell)
        }
    })
}

/// Returns the limit of a resource control with a single value, such as `20` of `value=(privileged,20,none)`.
fn limit(text: &str) -> Option<&str> {
    let value = text.trim_start_matches("value=").strip_prefix('(')?.strip_suffix(')')?;
    let mut parts = value.split(',');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("privileged"), Some(limit), Some(_), None) => Some(limit),
        _ => None,
    }
}

fn size(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |bytes| Size(bytes).to_string())
}

/// Splits `physical=1073741824 swap=5`.
fn properties(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(what: &str, desired: Option<&str>, host: Option<&str>) -> Vec<String> {
        settings(what, desired, host).iter().map(SettingChange::to_string).collect()
    }

    #[test]
    fn zonecfg_is_put_in_the_words_of_the_files() {
        for (what, desired, host, expected) in [
            ("autoboot", Some("true"), Some("false"), &["autoboot false → true"][..]),
            ("capped-memory", Some("physical=1073741824"), None, &["capped-memory.physical unset → 1G"]),
            ("capped-memory physical", Some("2147483648"), Some("1073741824"), &["capped-memory.physical 1G → 2G"]),
            ("rctl zone.max-swap value", Some("(privileged,52428800,deny)"), None, &["capped-memory.swap unset → 50M"]),
            ("rctl zone.cpu-shares", Some("value=(privileged,20,none)"), None, &["cpu-shares unset → 20"]),
            (
                "rctl zone.cpu-cap",
                None,
                Some("value=(privileged,150,deny)"),
                &["capped-cpu 1.5 is on the host and not in the files"],
            ),
            (
                "rctl zone.max-lwps",
                Some("value=(basic,5,none) (privileged,9,deny)"),
                None,
                &["rctl.zone.max-lwps unset → \"(basic,5,none) (privileged,9,deny)\""],
            ),
            ("attr owner value", Some("alice"), Some("bob"), &["attr.owner bob → alice"]),
            (
                "attr owner",
                None,
                Some("type=string value=bob"),
                &["attr.owner bob is on the host and not in the files"],
            ),
            ("pool", Some("p"), None, &["resource-pool unset → p"]),
            ("net web01_0 10.1.0.9/24", Some(""), None, &["net web01_0 10.1.0.9/24 is missing on the host"]),
            ("dedicated-cpu ncpus", Some("2"), Some("1-4"), &["dedicated-cpu.ncpus 1-4 → 2"]),
        ] {
            assert_eq!(said(what, desired, host), expected, "{what}");
        }
    }
}
