//! A data set and its facts below /etc/zfs. [source: libzfs_dataset.c, dsl_dir.c]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::record::Record;
use crate::{Machine, hints};

pub(super) const DIRECTORY: &str = "/etc/zfs";

pub(super) const OWN: &str = "@";

/// The contents of a data set that is not mounted.
pub(super) const CONTENTS: &str = "@@";

/// Content of a mount point under the data set that is mounted over it.
pub(super) const COVERED: &str = "@@@";

pub(super) const MOUNTS: &str = "mounts";

pub(super) const INSIDE: &str = "mounts-inside";

/// A file system: its own properties, where it is mounted, and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    /// Drawn when it is made; 0 in the records of machines older than this field.
    pub(crate) guid: u64,
    /// The properties set on it, not the inherited ones.
    pub(crate) props: Vec<(String, String)>,
    pub(crate) mounted: Option<String>,
    /// The snapshot that it is a clone of.
    pub(crate) origin: Option<String>,
    /// The size of a volume; none for a file system.
    pub(crate) volume: Option<String>,
}

/// A snapshot and its clones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The full name, `pool/ds@snap`.
    pub(crate) name: String,
    pub(crate) guid: u64,
    pub(crate) serial: u64,
    pub(crate) clones: Vec<String>,
    /// Tags of the holds that keep it.
    pub(crate) holds: Vec<String>,
    /// When it was taken, in seconds since 1970; 0 in the records of machines older than this field.
    pub(crate) created: u64,
}

impl Dataset {
    pub(crate) fn local(&self, name: &str) -> Option<&str> {
        self.props.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.props.iter_mut().find(|(known, _)| known == name) {
            Some(prop) => prop.1 = value.to_owned(),
            None => self.props.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Returns true if it is a block device, not a file system.
    pub(crate) fn is_volume(&self) -> bool {
        self.volume.is_some()
    }

    /// The size of a volume in bytes.
    pub(crate) fn volume_size(&self) -> Option<u64> {
        self.volume.as_deref().and_then(crate::zfs::volume::size)
    }

    pub(super) fn encode(&self) -> Record {
        let mut record = Record::default();
        record.push("guid", self.guid.to_string());
        if let Some(mounted) = &self.mounted {
            record.push("mounted", mounted);
        }
        if let Some(origin) = &self.origin {
            record.push("origin", origin);
        }
        if let Some(size) = &self.volume {
            record.push("volume", size);
        }
        for (name, value) in &self.props {
            record.push(&format!("prop.{name}"), value);
        }
        record
    }

    pub(super) fn decode(name: &str, record: &Record) -> Dataset {
        let props = record.pairs().filter_map(|(key, value)| Some((key.strip_prefix("prop.")?.into(), value.into())));
        Dataset {
            name: name.to_owned(),
            guid: number(record, "guid"),
            props: props.collect(),
            mounted: record.get("mounted").map(str::to_owned),
            origin: record.get("origin").map(str::to_owned),
            volume: record.get("volume").map(str::to_owned),
        }
    }
}

pub(super) fn number(record: &Record, key: &str) -> u64 {
    record.get(key).and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// 64 random bits, as ZFS gives each dataset and snapshot for its life: renames keep it, a new one of the same name has another.
pub(super) fn draw_guid() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}

pub(super) fn directory(machine: &Machine, name: &str) -> PathBuf {
    machine.path(DIRECTORY).join(name)
}

pub(super) fn facts(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name).join(OWN)
}

/// The snapshot's file and the directory of what it holds.
pub(super) fn snapshot_files(name: &str) -> Option<(PathBuf, PathBuf)> {
    let (dataset, snapshot) = name.split_once('@')?;
    let directory = Path::new(DIRECTORY).join(dataset);
    Some((directory.join(format!("@{snapshot}")), directory.join(format!("@@{snapshot}"))))
}

/// Returns true if each component is a legal one; what is not can be no data set.
pub(crate) fn is_valid(name: &str) -> bool {
    name.len() < 256 && name.split('/').all(is_valid_component)
}

pub(crate) fn is_valid_component(component: &str) -> bool {
    !component.is_empty()
        && component != "."
        && component != ".."
        && component.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | ' '))
}

pub(crate) fn find(machine: &Machine, name: &str) -> io::Result<Option<Dataset>> {
    if !is_valid(name) {
        return Ok(None);
    }
    Ok(Record::read(&machine.path(facts(name)))?.map(|record| Dataset::decode(name, &record)))
}

/// The data sets directly below, in the order of their names.
pub(crate) fn children(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = entries(machine, name)?
        .into_iter()
        .filter(|entry| !entry.starts_with('@'))
        .map(|entry| if name.is_empty() { entry } else { format!("{name}/{entry}") })
        .collect();
    names.sort();
    Ok(names)
}

/// The pools.
pub(crate) fn pools(machine: &Machine) -> io::Result<Vec<String>> {
    children(machine, "")
}

/// The data set and everything below it, parents first.
pub(crate) fn descendants(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut next = vec![name.to_owned()];
    while let Some(name) = next.pop() {
        next.extend(children(machine, &name)?.into_iter().rev());
        found.push(name);
    }
    Ok(found)
}

/// The snapshots of a data set, oldest first.
pub(crate) fn snapshots(machine: &Machine, name: &str) -> io::Result<Vec<Snapshot>> {
    let mut found = Vec::new();
    for entry in entries(machine, name)? {
        if let Some(snapshot) = entry.strip_prefix('@').filter(|rest| !rest.is_empty() && !rest.starts_with('@')) {
            found.extend(find_snapshot(machine, &format!("{name}@{snapshot}"))?);
        }
    }
    found.sort_by(|a, b| (a.serial, &a.name).cmp(&(b.serial, &b.name)));
    Ok(found)
}

pub(crate) fn find_snapshot(machine: &Machine, name: &str) -> io::Result<Option<Snapshot>> {
    let Some((file, _)) = snapshot_files(name) else { return Ok(None) };
    let Some(record) = Record::read(&machine.path(file))? else { return Ok(None) };
    let mut clones = Vec::new();
    for (_, clone) in record.pairs().filter(|(key, _)| *key == "clone") {
        if find(machine, clone)?.is_some_and(|clone| clone.origin.as_deref() == Some(name)) {
            clones.push(clone.to_owned());
        }
    }
    let (guid, serial, created) = (number(&record, "guid"), number(&record, "serial"), number(&record, "creation"));
    let holds = record.pairs().filter(|(key, _)| *key == "hold").map(|(_, tag)| tag.to_owned()).collect();
    Ok(Some(Snapshot { name: name.to_owned(), guid, serial, clones, holds, created }))
}

pub(super) fn entries(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    match fs::read_dir(directory(machine, name)) {
        Ok(entries) => {
            let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
            Ok(names?.into_iter().filter_map(|name| name.into_string().ok()).collect())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The mount point as the properties say: its own or an ancestor's with the rest of the name; `legacy` or `none` as is.
pub(crate) fn mountpoint(machine: &Machine, dataset: &Dataset) -> io::Result<(String, Option<String>)> {
    if let Some(own) = dataset.local("mountpoint") {
        return Ok((own.to_owned(), None));
    }
    let mut ancestor = dataset.name.as_str();
    while let Some((parent, _)) = ancestor.rsplit_once('/') {
        ancestor = parent;
        if let Some(value) = find(machine, parent)?.as_ref().and_then(|found| found.local("mountpoint")) {
            let below = &dataset.name[parent.len()..];
            let value =
                if value.starts_with('/') { format!("{}{below}", value.trim_end_matches('/')) } else { value.into() };
            return Ok((value, Some(parent.to_owned())));
        }
    }
    Ok((format!("/{}", dataset.name), None))
}

/// A property's value and the ancestor that it comes from, if it is inherited.
pub(crate) fn inherited(
    machine: &Machine,
    dataset: &Dataset,
    name: &str,
) -> io::Result<Option<(String, Option<String>)>> {
    if let Some(own) = dataset.local(name) {
        return Ok(Some((own.to_owned(), None)));
    }
    let mut ancestor = dataset.name.as_str();
    while let Some((parent, _)) = ancestor.rsplit_once('/') {
        ancestor = parent;
        if let Some(value) = find(machine, parent)?.as_ref().and_then(|found| found.local(name)) {
            return Ok(Some((value.to_owned(), Some(parent.to_owned()))));
        }
    }
    Ok(None)
}

/// Writes a data set's facts. The lock `datasets` is held.
pub(crate) fn put(machine: &Machine, dataset: &Dataset) -> io::Result<()> {
    if let Some(path) = &dataset.mounted {
        hints::add(machine, MOUNTS, path, &dataset.name)?;
    }
    machine.replace(facts(&dataset.name), dataset.encode().text().as_bytes())
}

pub(super) fn encode_snapshot(snapshot: &Snapshot) -> Record {
    let mut record = Record::default();
    record.push("guid", snapshot.guid.to_string());
    record.push("serial", snapshot.serial.to_string());
    record.push("creation", snapshot.created.to_string());
    snapshot.clones.iter().for_each(|clone| record.push("clone", clone));
    snapshot.holds.iter().for_each(|tag| record.push("hold", tag));
    record
}

pub(super) fn snapshots_raw(machine: &Machine, name: &str) -> io::Result<Vec<(String, Record)>> {
    let mut found = Vec::new();
    for entry in entries(machine, name)? {
        if let Some(snapshot) = entry.strip_prefix('@').filter(|rest| !rest.is_empty() && !rest.starts_with('@')) {
            let full = format!("{name}@{snapshot}");
            if let Some((file, _)) = snapshot_files(&full) {
                found.extend(Record::read(&machine.path(file))?.map(|record| (full, record)));
            }
        }
    }
    Ok(found)
}
