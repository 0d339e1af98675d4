//! Data sets: a directory a data set below /etc/zfs, in the pool's own tree; in it `@`, the data set's own facts, a file
//! `@NAME` a snapshot, and the contents of what is not mounted or was snapped.
//!
//! Invariant: a data set is there when its directory is; every change of its facts is one rename, made under the lock
//! `datasets`. A mounted data set's contents lie at its mount point, nowhere else.
//!
//! [source: libzfs_dataset.c, libzfs_changelist.c, dsl_dir.c; recorded: datasets_after, mounts and snapshots of hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::record::Record;
use crate::{Machine, hints, tree};

const DIRECTORY: &str = "/etc/zfs";
const OWN: &str = "@";
/// The contents of a data set that is not mounted.
const CONTENTS: &str = "@@";
/// Content of a mount point under the data set that is mounted over it.
const COVERED: &str = "@@@";
const MOUNTS: &str = "mounts";
const INSIDE: &str = "mounts-inside";

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
        self.volume.as_deref().and_then(super::volume::size)
    }

    fn encode(&self) -> Record {
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

    fn decode(name: &str, record: &Record) -> Dataset {
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

fn number(record: &Record, key: &str) -> u64 {
    record.get(key).and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// 64 random bits, as ZFS gives each dataset and snapshot for its life: renames keep it, a new one of the same name has another.
fn draw_guid() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}

fn directory(machine: &Machine, name: &str) -> PathBuf {
    machine.path(DIRECTORY).join(name)
}

fn facts(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name).join(OWN)
}

/// The snapshot's file and the directory of what it holds.
fn snapshot_files(name: &str) -> Option<(PathBuf, PathBuf)> {
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
    let mut found = vec![name.to_owned()];
    let mut at = 0;
    while let Some(name) = found.get(at).cloned() {
        let below = children(machine, &name)?;
        let next = at + 1;
        found.splice(next..next, below);
        at = next;
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

fn entries(machine: &Machine, name: &str) -> io::Result<Vec<String>> {
    match fs::read_dir(directory(machine, name)) {
        Ok(entries) => {
            let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
            Ok(names?.into_iter().filter_map(|name| name.into_string().ok()).collect())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The data set mounted at this path of the machine; a slash at its end changes nothing.
pub(crate) fn mounted_at(machine: &Machine, path: &str) -> io::Result<Option<Dataset>> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    for name in hints::look(machine, MOUNTS, path)? {
        if let Some(found) = find(machine, &name)?.filter(|dataset| dataset.mounted.as_deref() == Some(path)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The mount points below a zone's root (`…/root`), in order.
pub(crate) fn mounted_inside(machine: &Machine, root: &str) -> io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for name in hints::look(machine, INSIDE, root)? {
        let mounted = find(machine, &name)?.and_then(|dataset| dataset.mounted);
        paths.extend(mounted.filter(|path| enclosing_root(path) == Some(root)));
    }
    paths.sort();
    Ok(paths)
}

/// The root directory that a mount point lies in, if there is a `root` on its way.
fn enclosing_root(path: &str) -> Option<&str> {
    path.find("/root/").map(|at| &path[..at + "/root".len()])
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

/// Makes a data set, mounted where its properties say unless `canmount` is not `on`; its parent is there and it is not.
/// With contents of its own when it is a clone. False when it is there but could not be mounted, because its mount point
/// holds something. The lock `datasets` is held.
pub(crate) fn create(machine: &Machine, dataset: &mut Dataset) -> io::Result<bool> {
    let built = machine.temporary_directory()?;
    if let Some(origin) = dataset.origin.clone() {
        if let Some((_, contents)) = snapshot_files(&origin) {
            tree::copy(&machine.path(contents), &built.join(CONTENTS))?;
        }
        note_clone(machine, &origin, &dataset.name)?;
    }
    dataset.guid = draw_guid()?;
    dataset.mounted = None;
    fs::write(built.join(OWN), dataset.encode().text())?;
    fs::rename(&built, directory(machine, &dataset.name))?;
    let (place, _) = mountpoint(machine, dataset)?;
    if place.starts_with('/')
        && !dataset.is_volume()
        && dataset.local("canmount").is_none_or(|value| value == "on")
        && inherited(machine, dataset, "zoned")?.is_none_or(|(zoned, _)| zoned != "on")
    {
        return mount(machine, dataset, &place);
    }
    Ok(true)
}

fn note_clone(machine: &Machine, snapshot: &str, clone: &str) -> io::Result<()> {
    let Some((file, _)) = snapshot_files(snapshot) else { return Ok(()) };
    if let Some(mut record) = Record::read(&machine.path(&file))? {
        record.push("clone", clone);
        machine.replace(file, record.text().as_bytes())?;
    }
    Ok(())
}

/// Drops the clones that are gone from the snapshot's record.
fn tidy_clones(machine: &Machine, snapshot: &str) -> io::Result<()> {
    if let (Some(found), Some((file, _))) = (find_snapshot(machine, snapshot)?, snapshot_files(snapshot)) {
        machine.replace(file, encode_snapshot(&found).text().as_bytes())?;
    }
    Ok(())
}

fn encode_snapshot(snapshot: &Snapshot) -> Record {
    let mut record = Record::default();
    record.push("guid", snapshot.guid.to_string());
    record.push("serial", snapshot.serial.to_string());
    record.push("creation", snapshot.created.to_string());
    snapshot.clones.iter().for_each(|clone| record.push("clone", clone));
    snapshot.holds.iter().for_each(|tag| record.push("hold", tag));
    record
}

/// Puts the data set's contents at `path`, in place of the empty directory that may be there. False, and nothing done,
/// when that is not empty. The lock is held.
pub(crate) fn mount(machine: &Machine, dataset: &mut Dataset, path: &str) -> io::Result<bool> {
    mount_over(machine, dataset, path, false)
}

/// Mounts as `mount` does; with `overlay` what lies at `path` is covered until the data set is unmounted. The lock is held.
pub(crate) fn mount_over(machine: &Machine, dataset: &mut Dataset, path: &str, overlay: bool) -> io::Result<bool> {
    let contents = directory(machine, &dataset.name).join(CONTENTS);
    let place = machine.path(path);
    match fs::read_dir(&place).map(|mut entries| entries.next().is_some()) {
        Ok(true) if overlay => fs::rename(&place, directory(machine, &dataset.name).join(COVERED))?,
        Ok(true) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(false),
        _ => {}
    }
    dataset.mounted = Some(path.to_owned());
    hints::add(machine, MOUNTS, path, &dataset.name)?;
    if let Some(root) = enclosing_root(path) {
        hints::add(machine, INSIDE, root, &dataset.name)?;
    }
    fs::create_dir_all(&place)?;
    if contents.is_dir() {
        fs::rename(&contents, &place)?;
    } else {
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
    }
    put(machine, dataset)?;
    Ok(true)
}

/// Takes the contents away from the mount point, which stays behind as an empty directory. The lock is held.
pub(crate) fn unmount(machine: &Machine, dataset: &mut Dataset) -> io::Result<()> {
    let Some(path) = dataset.mounted.take() else { return Ok(()) };
    let place = machine.path(&path);
    match fs::rename(&place, directory(machine, &dataset.name).join(CONTENTS)) {
        Ok(()) => uncover(machine, dataset, &place)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    put(machine, dataset)?;
    forget_mount(machine, &path, &dataset.name)
}

/// Puts back what the data set covered, else an empty directory.
fn uncover(machine: &Machine, dataset: &Dataset, place: &Path) -> io::Result<()> {
    match fs::rename(directory(machine, &dataset.name).join(COVERED), place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(place),
        done => done,
    }
}

fn forget_mount(machine: &Machine, path: &str, name: &str) -> io::Result<()> {
    if let Some(root) = enclosing_root(path) {
        hints::remove(machine, INSIDE, root, name)?;
    }
    hints::remove(machine, MOUNTS, path, name)
}

/// Destroys a data set that has no children and whose snapshots have no clones; its mount point goes too, if it is empty
/// but for the contents. The lock is held.
pub(crate) fn destroy(machine: &Machine, dataset: &Dataset) -> io::Result<()> {
    if let Some(path) = &dataset.mounted {
        let place = machine.path(path);
        tree::remove(machine, &place)?;
        if directory(machine, &dataset.name).join(COVERED).is_dir() {
            uncover(machine, dataset, &place)?;
        }
    }
    tree::remove(machine, &directory(machine, &dataset.name))?;
    if let Some(path) = &dataset.mounted {
        forget_mount(machine, path, &dataset.name)?;
    }
    if let Some(origin) = &dataset.origin {
        tidy_clones(machine, origin)?;
    }
    Ok(())
}

/// Snaps a data set that is there, under a name that is not taken. The lock is held.
pub(crate) fn snapshot(machine: &Machine, dataset: &Dataset, name: &str) -> io::Result<()> {
    let Some((file, contents)) = snapshot_files(&format!("{}@{name}", dataset.name)) else { return Ok(()) };
    let serial = machine.counter("snapshot-serial") + 1;
    machine.set_counter("snapshot-serial", serial)?;
    let source = match &dataset.mounted {
        Some(path) => machine.path(path),
        None => directory(machine, &dataset.name).join(CONTENTS),
    };
    let built = machine.temporary()?;
    match source.is_dir() {
        true => tree::copy(&source, &built)?,
        false => fs::create_dir(&built)?,
    }
    // Mounts below belong to other data sets.
    for below in descendants(machine, &dataset.name)?.iter().skip(1) {
        let mounted = find(machine, below)?.and_then(|below| below.mounted);
        if let Some(inside) = mounted.and_then(|path| machine.path(path).strip_prefix(&source).ok().map(Path::to_owned))
        {
            tree::remove(machine, &built.join(&inside))?;
            fs::create_dir_all(built.join(inside))?;
        }
    }
    fs::rename(&built, machine.path(contents))?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (name, clones, holds) = (String::new(), Vec::new(), Vec::new());
    let snapshot = Snapshot { name, guid: draw_guid()?, serial, clones, holds, created };
    machine.replace(file, encode_snapshot(&snapshot).text().as_bytes())
}

/// Puts a snapshot's contents in place of the data set's. The lock is held.
pub(crate) fn roll_back(machine: &Machine, dataset: &Dataset, name: &str) -> io::Result<()> {
    let Some((_, contents)) = snapshot_files(name) else { return Ok(()) };
    let place = match &dataset.mounted {
        Some(path) => machine.path(path),
        None => directory(machine, &dataset.name).join(CONTENTS),
    };
    let built = machine.temporary()?;
    tree::copy(&machine.path(contents), &built)?;
    // Mounts below belong to other data sets, and stay where they are.
    for below in descendants(machine, &dataset.name)?.iter().skip(1) {
        let Some(path) = find(machine, below)?.and_then(|below| below.mounted) else { continue };
        if let Ok(inside) = machine.path(path).strip_prefix(&place) {
            let there = built.join(inside);
            tree::remove(machine, &there)?;
            fs::create_dir_all(there.parent().unwrap_or(&built))?;
            fs::rename(place.join(inside), there)?;
        }
    }
    tree::remove(machine, &place)?;
    fs::rename(&built, place)
}

/// Keeps a snapshot from being destroyed, or lets it go. The lock is held.
pub(crate) fn hold(machine: &Machine, snapshot: &Snapshot) -> io::Result<()> {
    match snapshot_files(&snapshot.name) {
        Some((file, _)) => machine.replace(file, encode_snapshot(snapshot).text().as_bytes()),
        None => Ok(()),
    }
}

/// Destroys a snapshot that has no clones. The lock is held.
pub(crate) fn destroy_snapshot(machine: &Machine, name: &str) -> io::Result<()> {
    if let Some((file, contents)) = snapshot_files(name) {
        fs::remove_file(machine.path(file))?;
        tree::remove(machine, &machine.path(contents))?;
    }
    Ok(())
}

/// Renames a snapshot of one data set. The lock is held.
pub(crate) fn rename_snapshot(machine: &Machine, old: &str, new: &str) -> io::Result<()> {
    let Some(found) = find_snapshot(machine, old)? else { return Ok(()) };
    let (Some((old_file, old_contents)), Some((new_file, new_contents))) = (snapshot_files(old), snapshot_files(new))
    else {
        return Ok(());
    };
    fs::rename(machine.path(old_contents), machine.path(new_contents))?;
    fs::rename(machine.path(old_file), machine.path(&new_file))?;
    for clone in &found.clones {
        if let Some(mut clone) = find(machine, clone)? {
            clone.origin = Some(new.to_owned());
            put(machine, &clone)?;
        }
    }
    Ok(())
}

/// Renames a data set and all below it. What is mounted by inheritance moves along. The lock is held.
pub(crate) fn rename(machine: &Machine, dataset: &Dataset, new: &str) -> io::Result<()> {
    let all = descendants(machine, &dataset.name)?;
    let mut remount = Vec::new();
    for name in all.iter().rev() {
        if let Some(mut found) = find(machine, name)?
            && found.mounted.is_some()
            && mountpoint(machine, &found)?.0.starts_with('/')
        {
            unmount(machine, &mut found)?;
            remount.push(format!("{new}{}", &name[dataset.name.len()..]));
        }
    }
    fs::rename(directory(machine, &dataset.name), directory(machine, new))?;
    for name in &all {
        let renamed = format!("{new}{}", &name[dataset.name.len()..]);
        for snapshot in snapshots_raw(machine, &renamed)? {
            for (_, clone) in snapshot.1.pairs().filter(|(key, _)| *key == "clone") {
                if let Some(mut clone) = find(machine, clone)? {
                    clone.origin = Some(snapshot.0.clone());
                    put(machine, &clone)?;
                }
            }
        }
        if let Some(found) = find(machine, &renamed)? {
            if let Some(path) = &found.mounted {
                hints::add(machine, MOUNTS, path, &renamed)?;
                forget_mount(machine, path, name)?;
            }
            if let Some(origin) = &found.origin {
                note_clone(machine, origin, &renamed)?;
                tidy_clones(machine, origin)?;
            }
        }
    }
    for name in remount.iter().rev() {
        if let Some(mut found) = find(machine, name)? {
            let (place, _) = mountpoint(machine, &found)?;
            mount(machine, &mut found, &place)?;
        }
    }
    Ok(())
}

fn snapshots_raw(machine: &Machine, name: &str) -> io::Result<Vec<(String, Record)>> {
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

/// Makes a clone the master of its origin: the origin's snapshots up to that one become the clone's. The lock is held.
pub(crate) fn promote(machine: &Machine, clone: &Dataset) -> io::Result<()> {
    let Some(origin) = clone.origin.clone() else { return Ok(()) };
    let Some((master, _)) = origin.split_once('@') else { return Ok(()) };
    let Some(mut old) = find(machine, master)? else { return Ok(()) };
    let Some(at) = find_snapshot(machine, &origin)?.map(|snapshot| snapshot.serial) else { return Ok(()) };
    let mut promoted = clone.clone();
    promoted.origin = old.origin.take();
    for snapshot in snapshots(machine, master)?.into_iter().filter(|snapshot| snapshot.serial <= at) {
        let Some((_, short)) = snapshot.name.split_once('@') else { continue };
        let moved = format!("{}@{short}", clone.name);
        let (Some((old_file, old_contents)), Some((new_file, new_contents))) =
            (snapshot_files(&snapshot.name), snapshot_files(&moved))
        else {
            continue;
        };
        fs::rename(machine.path(old_contents), machine.path(new_contents))?;
        let mut clones = snapshot.clones.clone();
        clones.retain(|name| *name != clone.name);
        if snapshot.name == origin {
            clones.push(old.name.clone());
            old.origin = Some(moved.clone());
        }
        let renamed = Snapshot { clones: clones.clone(), ..snapshot };
        machine.replace(new_file, encode_snapshot(&renamed).text().as_bytes())?;
        for other in clones.iter().filter(|name| **name != old.name) {
            if let Some(mut other) = find(machine, other)? {
                other.origin = Some(moved.clone());
                put(machine, &other)?;
            }
        }
        fs::remove_file(machine.path(old_file))?;
    }
    put(machine, &promoted)?;
    put(machine, &old)
}
