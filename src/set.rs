//! Settings of one zone's entry, changed one by one.
//!
//! Invariant: only the file is changed, and only the lines that are meant; the host is brought to it by `apply`.

use crate::document::Document;
use crate::effective::effective;
use crate::error::{Code, Error, Result};
use crate::lifecycle::{Library, Site, view};
use crate::manager::{RunOptions, Zone};
use crate::name::ZoneName;
use crate::registry::Wait;
use crate::resources::{Attr, CappedMemory, Size};
use crate::schema::parse_cpus;
use crate::settings::Settings;
use crate::source::Sourced;
use crate::zone::ZoneEntry;

/// The keys, as an error lists them.
const KEYS: &str = "attr.NAME, autoboot, protected, tags, bootargs, hostid, limitpriv, scheduling-class, fs-allowed, \
     resource-pool, dns-domain, resolvers, cpu-shares, capped-cpu, capped-memory.physical, capped-memory.swap, \
     capped-memory.locked, max-lwps, max-processes, max-shm-memory, max-shm-ids, max-msg-ids, max-sem-ids";

/// Sets keys of this zone's entry; an empty value takes the entry's own away, so that its template's holds again.
pub(crate) fn set(site: &Site, name: &ZoneName, pairs: &[(String, String)], run: &mut RunOptions<'_>) -> Result<Zone> {
    run.wanted()?;
    if pairs.is_empty() {
        return Err(Error::new(Code::InvalidArgument, "nothing is to be set").with_help(format!("the keys are {KEYS}")));
    }
    let library = Library::load(site.registry.tree())?;
    let path = site.registry.tree().zone(name);
    if !path.exists() {
        return Err(Error::new(Code::NotFound, format!("there is no zone {name} in the registry"))
            .with_help("zmgr list shows those there are"));
    }
    let mut pulse = || run.goes_on();
    let _lock = site.registry.lock_zone(name, &mut Wait::up_to(library.config.lock_timeout).pulse(&mut pulse))?;
    site.registry.change(&path, |bytes| {
        let document = Document::<ZoneEntry>::parse(&path, bytes)?;
        let mut entry = document.value.clone();
        for (key, value) in pairs {
            put(&mut entry.settings, key, value)?;
            // Checked one by one, so that the error names the key: the line that it would stand on is in no file.
            document.with(entry.clone()).map_err(|error| refused(key, error))?;
        }
        // A wish that makes no whole zone is refused before it is written.
        effective(&library.config, &library.templates, &library.pools, &entry)?;
        Ok(document.with(entry)?.text().as_bytes().to_vec())
    })?;
    let entry = Document::<ZoneEntry>::parse(&path, &site.registry.tree().read(&path)?)?.value;
    let spec = effective(&library.config, &library.templates, &library.pools, &entry)?;
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

fn put(settings: &mut Settings, key: &str, value: &str) -> Result<()> {
    let resources = &mut settings.resources;
    if let Some(name) = key.strip_prefix("attr.") {
        resources.attrs.retain(|attr| attr.name != name);
        if !value.is_empty() {
            resources.attrs.push(Attr::text(name, value).into());
        }
        return Ok(());
    }
    match key {
        "autoboot" => settings.autoboot = read(key, value, flag)?,
        "protected" => settings.protected = read(key, value, flag)?,
        "tags" => settings.tags = read(key, value, list)?,
        "dns-domain" => settings.dns_domain = read(key, value, text)?,
        "resolvers" => {
            let all = |value: &str| {
                let addresses = value.split(',').map(|each| crate::address::parse_address(each.trim()));
                addresses.collect::<std::result::Result<Vec<_>, String>>()
            };
            settings.resolvers = read(key, value, all)?;
        }
        "bootargs" => resources.bootargs = read(key, value, text)?,
        "hostid" => resources.hostid = read(key, value, text)?,
        "limitpriv" => resources.limitpriv = read(key, value, text)?,
        "scheduling-class" => resources.scheduling_class = read(key, value, text)?,
        "fs-allowed" => resources.fs_allowed = read(key, value, list)?,
        "resource-pool" => resources.resource_pool = read(key, value, text)?,
        "cpu-shares" => resources.cpu_shares = read(key, value, number)?,
        "max-lwps" => resources.max_lwps = read(key, value, number)?,
        "max-processes" => resources.max_processes = read(key, value, number)?,
        "max-shm-memory" => resources.max_shm_memory = read(key, value, str::parse::<Size>)?,
        "max-shm-ids" => resources.max_shm_ids = read(key, value, number)?,
        "max-msg-ids" => resources.max_msg_ids = read(key, value, number)?,
        "max-sem-ids" => resources.max_sem_ids = read(key, value, number)?,
        "capped-cpu" => resources.capped_cpu = read(key, value, parse_cpus)?,
        "capped-memory.physical" | "capped-memory.swap" | "capped-memory.locked" => {
            let size = read(key, value, str::parse::<Size>)?.map(|size| size.value);
            let mut memory = resources.capped_memory.take().map(|memory| memory.value).unwrap_or_default();
            match key {
                "capped-memory.physical" => memory.physical = size,
                "capped-memory.swap" => memory.swap = size,
                _ => memory.locked = size,
            }
            resources.capped_memory = (memory != CappedMemory::default()).then(|| memory.into());
        }
        _ => {
            return Err(Error::new(Code::InvalidArgument, format!("{key:?} is no key that can be set"))
                .with_help(format!("the keys are {KEYS}; anything else is edited in the file")));
        }
    }
    Ok(())
}

/// A value, or nothing where it is empty; a fault of its own names the key.
fn read<T>(
    key: &str,
    value: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Option<Sourced<T>>> {
    if value.is_empty() {
        return Ok(None);
    }
    let fault = |why: String| Error::new(Code::InvalidArgument, format!("{key}: {why}"));
    parse(value).map(|value| Some(value.into())).map_err(fault)
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

fn number(value: &str) -> std::result::Result<u64, String> {
    value.parse().map_err(|_| format!("{value:?} is no whole number"))
}
