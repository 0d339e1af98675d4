//! Deletes a snapshot of a zone.

use super::work::{Work, change, recorded, subject};
use crate::api::{Request, StepKind};
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zfs::Snapshot;
use crate::operations::context::Context;
use crate::operations::kept_roots::{self, KeptRoot};
use crate::operations::steps::{DeleteSnapshot, DropRoot, ForgetSnapshot, Step};
use crate::operations::taken::Taken;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Plans to delete a snapshot.
pub(crate) fn plan(context: &Context, name: &ZoneName, label: &SnapshotLabel) -> Result<Work> {
    let subject = subject(context, name)?;
    let entry = &subject.document.value;
    let record = recorded(entry, label)?;
    let taken = Taken::of(&context.host, std::iter::once(record))?;
    check_deletable(name, record, &taken)?;
    let roots = kept_roots_of(context, entry, record, &taken)?;
    for root in &roots {
        check_droppable(context, root, record, &taken)?;
    }
    let steps = deletion(context, name, record, &taken, roots);
    let mut notes = Vec::new();
    if !taken.has_any(record) {
        notes.push(format!("the host does not have the snapshot {label} any more: only its record is removed"));
    }
    let planned = steps.iter().map(|step| step.planned()).collect();
    let change = change(context, &subject, Request::SnapshotDelete { label: label.to_string() }, planned, notes, true)?;
    Ok(Work { entry: entry.clone(), steps, first_final: 0, claim: None, running: false, boot: None, change })
}

/// Returns the old roots that go with this snapshot.
fn kept_roots_of(context: &Context, entry: &ZoneEntry, record: &TakenSnapshot, taken: &Taken) -> Result<Vec<KeptRoot>> {
    let Some(own) = entry.datasets.iter().find(|made| made.zonepath) else { return Ok(Vec::new()) };
    let roots = kept_roots::below(&context.host, &own.name)?;
    Ok(kept_roots::needed_for(&roots, record, &entry.snapshots, taken).into_iter().cloned().collect())
}

/// Checks that an old root has nothing that zmgr did not make.
fn check_droppable(context: &Context, root: &KeptRoot, record: &TakenSnapshot, taken: &Taken) -> Result<()> {
    let parts = kept_roots::parts(&context.host, &root.name)?;
    let is_its = |name: &str| taken.parts(record).any(|part| part.name == name);
    let foreign: Vec<&str> = parts
        .iter()
        .filter(|part| part.kind == "snapshot" && !is_its(&part.name))
        .map(|part| part.name.as_str())
        .collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let label = &record.label;
    let message = format!(
        "the old root {} would be destroyed with snapshot {label}, but it has other snapshots: {}",
        root.name,
        foreign.join(", ")
    );
    Err(Error::new(Code::WrongState, message)
        .with_details(foreign.iter().map(|name| Diagnostic::new("snapshot", *name)).collect())
        .with_help("destroy them first if nothing needs them"))
}

/// Returns the steps that delete a snapshot, with the old roots that go with it.
fn deletion(
    context: &Context,
    zone: &ZoneName,
    record: &TakenSnapshot,
    taken: &Taken,
    roots: Vec<KeptRoot>,
) -> Vec<Box<dyn Step>> {
    let is_in = |part: &Snapshot| roots.iter().any(|root| root.name == part.dataset());
    let elsewhere: Vec<&Snapshot> = taken.parts(record).filter(|part| !is_in(part)).collect();
    let mut steps = steps_of(context, zone, record, elsewhere.into_iter(), [StepKind::Delete, StepKind::Forget], "");
    for root in roots {
        let last = steps.len().saturating_sub(1);
        steps.insert(last, Box::new(DropRoot { label: record.label.clone(), root }));
    }
    steps
}

/// Returns what is left of the deletion of a snapshot.
pub(super) fn resumed(
    context: &Context,
    entry: &ZoneEntry,
    record: &TakenSnapshot,
    taken: &Taken,
) -> Result<Vec<Box<dyn Step>>> {
    Ok(deletion(context, &entry.name, record, taken, kept_roots_of(context, entry, record, taken)?))
}

/// Returns the steps that delete a snapshot. `kinds`: of those that destroy it, and of the one that drops its record. Their subjects
/// start with `prefix`.
pub(super) fn steps(
    context: &Context,
    zone: &ZoneName,
    record: &TakenSnapshot,
    taken: &Taken,
    kinds: [StepKind; 2],
    prefix: &str,
) -> Vec<Box<dyn Step>> {
    steps_of(context, zone, record, taken.parts(record), kinds, prefix)
}

fn steps_of<'t>(
    context: &Context,
    zone: &ZoneName,
    record: &TakenSnapshot,
    parts: impl Iterator<Item = &'t Snapshot>,
    kinds: [StepKind; 2],
    prefix: &str,
) -> Vec<Box<dyn Step>> {
    let label = &record.label;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    for (n, (base, parts)) in groups(parts).into_iter().enumerate() {
        let more = if n == 0 { String::new() } else { format!(":{}", n + 1) };
        steps.push(Box::new(DeleteSnapshot {
            kind: kinds[0],
            subject: format!("{prefix}{label}{more}"),
            record: record.clone(),
            recursive: parts.len() > 1,
            base,
            guids: parts.into_iter().map(|part| part.guid.clone()).collect(),
        }));
    }
    steps.push(Box::new(ForgetSnapshot {
        kind: kinds[1],
        subject: format!("{prefix}{label}"),
        registry: context.registry.clone(),
        zone: zone.clone(),
        label: label.clone(),
    }));
    steps
}

/// Groups the parts of a snapshot by the dataset above them: one command destroys all of a group.
fn groups<'t>(parts: impl Iterator<Item = &'t Snapshot>) -> Vec<(String, Vec<&'t Snapshot>)> {
    let mut parts: Vec<&Snapshot> = parts.collect();
    parts.sort_by(|a, b| a.dataset().cmp(b.dataset()));
    let mut groups: Vec<(String, Vec<&Snapshot>)> = Vec::new();
    for part in parts {
        match groups.iter_mut().find(|(base, _)| part.dataset().starts_with(&format!("{base}/"))) {
            Some((_, group)) => group.push(part),
            None => groups.push((part.dataset().to_owned(), vec![part])),
        }
    }
    groups
}

/// Checks that nothing was cloned from a snapshot and nothing holds it.
pub(super) fn check_deletable(name: &ZoneName, record: &TakenSnapshot, taken: &Taken) -> Result<()> {
    let label = &record.label;
    let clones: Vec<&str> = taken.parts(record).flat_map(|part| &part.clones).map(String::as_str).collect();
    if !clones.is_empty() {
        let message = format!("snapshot {label} of {name} is in use: {} was cloned from it", clones.join(", "));
        return Err(Error::new(Code::WrongState, message)
            .with_details(clones.iter().map(|clone| Diagnostic::new("clone", *clone)).collect())
            .with_help(
                "it can be deleted once no clone needs it: run `zfs promote` on the clone, or destroy the clone",
            ));
    }
    if let Some(held) = taken.parts(record).find(|part| part.holds > 0) {
        let message = format!("snapshot {label} of {name} is held by another program");
        return Err(Error::new(Code::WrongState, message)
            .with_help(format!("run `zfs holds {}` and end what holds it", held.name)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::zfs::parse_snapshot_lines;

    #[test]
    fn one_command_for_what_lies_below_one_dataset() {
        let text = "p/w/zbe/svc@s\t1\t3\t0\t0\t0\t\np/w/zbe@s\t1\t1\t0\t0\t0\t\np/w/zbe-1@s\t1\t2\t0\t0\t0\t\n";
        let found = parse_snapshot_lines(text).unwrap();
        let shown: Vec<(String, usize)> =
            groups(found.iter()).into_iter().map(|(base, parts)| (base, parts.len())).collect();
        assert_eq!(shown, [("p/w/zbe".to_owned(), 2), ("p/w/zbe-1".to_owned(), 1)]);
    }
}
