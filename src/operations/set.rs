//! Changes single settings in a zone's entry.
//!
//! Invariant: only the file changes, and in it only the settings named; `apply` changes the host.

use crate::api::{RunOptions, Zone};
use crate::documents::document::Document;
use crate::documents::resolve::effective;
use crate::documents::resources::{Attr, AttrValue, CappedMemory, Resources, Single};
use crate::documents::settings::Settings;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::operations::{ConfigTree, Context, golden, unknown_zone, view};
use crate::registry::Wait;
use crate::schema::{did_you_mean, parse_cpus};
use crate::value::Size;
use crate::value::name::ZoneName;
use crate::value::source::Sourced;

/// The keys that can be set, except settings with one value; `attr.NAME` stands for every attribute.
const KEYS: [&str; 11] = [
    "attr.NAME",
    "autoboot",
    "protected",
    "tags",
    "after",
    "dns-domain",
    "resolvers",
    "capped-cpu",
    "capped-memory.physical",
    "capped-memory.swap",
    "capped-memory.locked",
];

/// Returns the keys that [`Manager::set`](crate::Manager::set) takes; `attr.NAME` stands for every attribute.
///
/// ```
/// assert!(zmgr::setting_keys().any(|key| key == "capped-memory.physical"));
/// ```
pub fn setting_keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(Single::ALL.iter().map(|single| single.node))
}

/// Sets keys of a zone's entry. An empty value removes the entry's own setting, so that its template's applies again.
pub(crate) fn set(
    context: &Context,
    name: &ZoneName,
    pairs: &[(String, String)],
    run: &mut RunOptions<'_>,
) -> Result<Zone> {
    run.wanted()?;
    if pairs.is_empty() {
        let help = format!("name a key and its value, KEY=VALUE; the keys are {}", all_keys());
        return Err(Error::new(Code::InvalidArgument, "no settings given").with_help(help));
    }
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let path = context.registry.tree().zone(name);
    if !path.exists() {
        return Err(unknown_zone(context.registry.tree(), name.as_str()));
    }
    let mut pulse = || run.goes_on();
    let _lock =
        context.registry.lock_zone(name, &mut Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse))?;
    let spec_of = |entry: &ZoneEntry| effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry);
    context.registry.change(&path, |bytes| {
        let document = Document::<ZoneEntry>::parse(&path, bytes)?;
        golden::refuse(&document.value, "changed")?;
        let mut entry = document.value.clone();
        let inherited = spec_of(&inherits_all(&entry)).map(|spec| spec.resources).unwrap_or_default();
        for (key, value) in pairs {
            put(&mut entry.settings, &inherited, key, value)?;
            // Checked one by one, so that the error names the key: the setting is not on a line of a file.
            document.with(entry.clone()).map_err(|error| refused(key, error))?;
        }
        // Incomplete settings are refused before they are written.
        spec_of(&entry)?;
        Ok(document.with(entry)?.text().as_bytes().to_vec())
    })?;
    let entry = Document::<ZoneEntry>::parse(&path, &context.registry.tree().read(&path)?)?.value;
    let spec = spec_of(&entry)?;
    Ok(view::of_entry(&entry, Some(&spec), None))
}

/// Returns the error of a key whose value the file cannot have.
fn refused(key: &str, error: Error) -> Error {
    let [fault, ..] = error.details() else { return error };
    let refused = Error::new(Code::InvalidArgument, format!("{key}: {}", fault.message));
    match &fault.help {
        Some(help) => refused.with_help(help),
        None => refused,
    }
}

/// Returns the entry without the settings of which only a part can be set, to see the values of its template.
fn inherits_all(entry: &ZoneEntry) -> ZoneEntry {
    let mut entry = entry.clone();
    entry.settings.resources.attrs.clear();
    entry.settings.resources.capped_memory = None;
    entry
}

/// Sets one key. `inherited` is what the entry would have without settings of its own.
fn put(settings: &mut Settings, inherited: &Resources, key: &str, value: &str) -> Result<()> {
    let resources = &mut settings.resources;
    if let Some(name) = key.strip_prefix("attr.") {
        let mine = resources.attrs.iter().position(|attr| attr.name == name);
        if value.is_empty() {
            mine.map(|at| resources.attrs.remove(at));
            return Ok(());
        }
        let known =
            mine.map(|at| &resources.attrs[at]).or_else(|| inherited.attrs.iter().find(|attr| attr.name == name));
        let value = attr_value(known.map(|attr| &attr.value.value), value)
            .map_err(|why| Error::new(Code::InvalidArgument, format!("cannot set {key}: {why}")))
            .map_err(|error| error.with_help("to change its type, edit the attr in the file"))?;
        match mine {
            Some(at) => resources.attrs[at].value.value = value,
            None => resources.attrs.push(Attr::new(name, value).into()),
        }
        return Ok(());
    }
    if let Some((_, slot)) = resources.singles_mut().find(|(single, _)| single.node == key) {
        match value {
            "" => slot.clear(),
            value => slot.parse(value).map_err(|why| unset(key, &why))?,
        }
        return Ok(());
    }
    match key {
        "autoboot" => settings.autoboot = read(key, value, flag)?,
        "protected" => settings.protected = read(key, value, flag)?,
        "tags" => settings.tags = read(key, value, list)?,
        "after" => {
            let zones = |value: &str| list(value)?.into_iter().map(|name| zone_name(&name)).collect();
            settings.after = read(key, value, zones)?;
        }
        "dns-domain" => settings.dns_domain = read(key, value, text)?,
        "resolvers" => {
            let all = |value: &str| {
                let addresses = value.split(',').map(|each| crate::value::address::parse_address(each.trim()));
                addresses.collect::<std::result::Result<Vec<_>, String>>()
            };
            settings.resolvers = read(key, value, all)?;
        }
        "capped-cpu" => resources.capped_cpu = read(key, value, parse_cpus)?,
        "capped-memory.physical" | "capped-memory.swap" | "capped-memory.locked" => {
            let size = read(key, value, str::parse::<Size>)?.map(|size| size.value);
            let template = inherited.capped_memory.clone().map(|memory| memory.value).unwrap_or_default();
            // The node replaces the template's completely, so it repeats the limits that are not set here.
            let mut memory = resources.capped_memory.take().map_or_else(|| template.clone(), |memory| memory.value);
            match key {
                "capped-memory.physical" => memory.physical = size.or(template.physical),
                "capped-memory.swap" => memory.swap = size.or(template.swap),
                _ => memory.locked = size.or(template.locked),
            }
            let own = memory != template && memory != CappedMemory::default();
            resources.capped_memory = own.then(|| memory.into());
        }
        _ => {
            let keys = all_keys();
            // An attribute has a name of its own behind the dot.
            let attr = key.split_once('.').filter(|(first, _)| did_you_mean(first, ["attr"]).is_some());
            let near = match attr {
                Some((_, name)) => Some(format!("attr.{name}")),
                None => did_you_mean(key, setting_keys()).map(str::to_owned),
            };
            let help = match near {
                Some(near) => format!("did you mean {near}? The keys are {keys}"),
                None => format!("the keys are {keys}; to change anything else, edit the file"),
            };
            return Err(Error::new(Code::InvalidArgument, format!("unknown key {key:?}")).with_help(help));
        }
    }
    Ok(())
}

/// Returns the value of an attribute, of its current type; a new one is a string.
fn attr_value(known: Option<&AttrValue>, value: &str) -> std::result::Result<AttrValue, String> {
    match known {
        None | Some(AttrValue::String(_)) => Ok(AttrValue::String(value.to_owned())),
        Some(AttrValue::Boolean(_)) => flag(value).map(AttrValue::Boolean),
        Some(AttrValue::Int(_)) => value
            .parse()
            .map(AttrValue::Int)
            .map_err(|_| format!("{value:?} is not a whole number, and its type is int")),
        Some(AttrValue::Uint(_)) => {
            let wrong = |_| format!("{value:?} is not a whole number from 0 on, and its type is uint");
            value.parse().map(AttrValue::Uint).map_err(wrong)
        }
    }
}

/// Parses a value; an empty one is `None`. The error names the key.
fn read<T>(
    key: &str,
    value: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Option<Sourced<T>>> {
    if value.is_empty() {
        return Ok(None);
    }
    parse(value).map(|value| Some(value.into())).map_err(|why| unset(key, &why))
}

fn unset(key: &str, why: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("cannot set {key}: {why}"))
}

/// Returns the keys for a message.
fn all_keys() -> String {
    setting_keys().collect::<Vec<_>>().join(", ")
}

fn flag(value: &str) -> std::result::Result<bool, String> {
    match value {
        "true" | "#true" => Ok(true),
        "false" | "#false" => Ok(false),
        _ => Err(format!("{value:?} is neither true nor false")),
    }
}

fn text(value: &str) -> std::result::Result<String, String> {
    Ok(value.to_owned())
}

fn list(value: &str) -> std::result::Result<Vec<String>, String> {
    Ok(value.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect())
}

fn zone_name(value: &str) -> std::result::Result<ZoneName, String> {
    ZoneName::new(value).map_err(|error| error.message().to_owned())
}
