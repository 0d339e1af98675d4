//! Lists snapshots.

use super::zone_data::excluded;
use crate::api::{Snapshot, SnapshotDataset, SnapshotState};
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::operations::context::Context;
use crate::operations::entries;
use crate::operations::taken::Taken;
use crate::registry::EntryKind;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Returns the snapshots of these zones, or of all if none is named: by zone, oldest first.
pub(crate) fn snapshots(context: &Context, names: &[ZoneName]) -> Result<Vec<Snapshot>> {
    let names = if names.is_empty() { registered(context)? } else { names.to_vec() };
    let mut entries = Vec::new();
    for name in &names {
        entries.push(entries::entry(context, name)?);
    }
    let taken = Taken::of(&context.host, entries.iter().flat_map(|entry| &entry.snapshots))?;
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.snapshots.is_empty()) {
        let config = context.host.zone_config(entry.name.as_str())?;
        let excluded = excluded(config.as_ref());
        found.extend(entry.snapshots.iter().map(|record| value(entry, record, &taken, &excluded)));
    }
    Ok(found)
}

/// Returns one snapshot.
pub(crate) fn one(context: &Context, name: &ZoneName, label: &SnapshotLabel) -> Result<Snapshot> {
    let all = snapshots(context, std::slice::from_ref(name))?;
    all.into_iter().find(|snapshot| snapshot.label == label.as_str()).ok_or_else(|| {
        Error::new(Code::Internal, format!("the snapshot {label} of {name} was taken and is not recorded"))
    })
}

/// Returns the zones with readable entries, except golden ones.
fn registered(context: &Context) -> Result<Vec<ZoneName>> {
    let snapshot = context.registry.snapshot()?;
    let mut names: Vec<ZoneName> = snapshot
        .entries()
        .filter(|entry| entry.summary.kind == EntryKind::Zone && entry.unreadable.is_none())
        .filter(|entry| !is_golden_name(entry.summary.name))
        .filter_map(|entry| ZoneName::new(entry.summary.name).ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn value(entry: &ZoneEntry, record: &TakenSnapshot, taken: &Taken, excluded: &[String]) -> Snapshot {
    let dataset = |part: &crate::documents::snapshot::SnapshotPart| {
        let found = taken.part(record, part);
        let name = found.map_or_else(|| format!("{}@{}", part.dataset, record.name), |found| found.name.clone());
        SnapshotDataset { name, guid: part.guid.clone(), found: found.is_some() }
    };
    let sum = |size: fn(&crate::exec::zfs::Snapshot) -> Option<u64>| {
        let sizes: Vec<u64> = taken.parts(record).filter_map(size).collect();
        (!sizes.is_empty()).then(|| sizes.iter().sum())
    };
    let state = match (taken.has_all(record), taken.has_any(record)) {
        (true, _) => SnapshotState::Complete,
        (false, true) => SnapshotState::Partial,
        (false, false) => SnapshotState::Missing,
    };
    Snapshot {
        zone: entry.name.to_string(),
        label: record.label.to_string(),
        name: record.name.clone(),
        created: record.created.clone(),
        state,
        datasets: record.parts.iter().map(dataset).collect(),
        used: sum(|found| found.used),
        referenced: sum(|found| found.referenced),
        excluded: excluded.to_vec(),
    }
}
