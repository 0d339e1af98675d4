//! Keeps the old root of a zone that is reinstalled: takes a snapshot of it, then marks it as an old root, so that the uninstall leaves
//! it. A rollback to the snapshot switches to a clone of it.

use std::time::Duration;

use super::taking;
use super::work::{Subject, subject};
use super::zone_data::{ZoneData, boot_environments, excluded};
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::host::{self, Root};
use crate::operations::context::Context;
use crate::operations::steps::{SetAside, Step, Unmount};
use crate::operations::{entries, identity};
use crate::value::name::ZoneName;

/// Way in which an old root is kept.
pub(crate) struct Keeping {
    /// The snapshot that is taken first.
    pub(crate) record: TakenSnapshot,
    pub(crate) steps: Vec<Box<dyn Step>>,
    pub(crate) notes: Vec<String>,
}

/// Plans to keep the root of a zone that is to be reinstalled; `created` is the time of the snapshot.
pub(crate) fn plan(context: &Context, limit: Duration, name: &ZoneName, created: &str) -> Result<Keeping> {
    let subject = subject(context, name)?;
    refuse_brand(context, &subject.zone)?;
    let (record, data) = taking::claim(context, &subject, None, created)?;
    let config = context.host.zone_config(name.as_str())?;
    let mut notes =
        vec![format!("the old root of {name} stays, as {}: roll back to {} to have it again", data.base, record.label)];
    notes.extend(excluded(config.as_ref()).iter().map(|what| format!("{what} is not in the snapshot")));
    let steps = steps(context, &subject, &record, &data, limit)?;
    Ok(Keeping { record, steps, notes })
}

/// Returns what is left to do, or to undo, for a zone whose reinstallation was interrupted before its root was uninstalled.
pub(crate) fn resume(context: &Context, limit: Duration, entry: &ZoneEntry, zone: &HostZone) -> Result<Keeping> {
    let Some(record) = entry.snapshots.last().cloned() else {
        let message = format!("the entry of {} does not record the snapshot of its reinstallation", entry.name);
        return Err(Error::new(Code::RecoveryNeeded, message)
            .with_help(format!("it was edited: check zones/{}.kdl", entry.name)));
    };
    let document = entries::document(context, &entry.name)?;
    let mut before = document.value.clone();
    before.snapshots.retain(|known| known.label != record.label);
    let document = document.with(before)?;
    let id = identity::id_of(entry)?;
    let subject = Subject { document, id, zone: zone.clone() };
    let data = ZoneData::set_aside(&context.host, zone, &record)?;
    let steps = steps(context, &subject, &record, &data, limit)?;
    Ok(Keeping { record, steps, notes: Vec::new() })
}

fn steps(
    context: &Context,
    subject: &Subject,
    record: &TakenSnapshot,
    data: &ZoneData,
    limit: Duration,
) -> Result<Vec<Box<dyn Step>>> {
    let mut steps = taking::steps(context, subject, record.clone(), data)?;
    steps.push(Box::new(Unmount {
        zone: subject.document.value.name.clone(),
        zonepath: subject.zone.zonepath.clone(),
        environment: data.base.clone(),
        limit,
    }));
    // The uninstall would destroy those that are not active too, with their snapshots. The active one goes last: until then the zone
    // can boot.
    for environment in boot_environments(&context.host, data, &record.name)? {
        steps.push(Box::new(SetAside { environment, parent: data.parent.clone(), mark: record.name.clone() }));
    }
    Ok(steps)
}

/// Checks that an uninstall of this zone can leave a root.
fn refuse_brand(context: &Context, zone: &HostZone) -> Result<()> {
    let Some(row) = host::brand(&zone.brand, context.host.dialect()) else { return Ok(()) };
    let why = match row.root.value {
        Root::Environment => return Ok(()),
        Root::Overlaid => format!(
            "the uninstall of brand {} needs exactly one boot environment, which it destroys, and its root has datasets that a zone cannot switch between",
            row.name
        ),
        Root::Directory | Root::WhileActive => {
            format!("the uninstall of brand {} destroys every dataset of the zone, with all snapshots", row.name)
        }
    };
    let dataset = context.host.dataset_at(&zone.zonepath)?.map_or_else(|| zone.zonepath.clone(), |found| found.name);
    Err(Error::new(Code::WrongState, format!("the old root of {} cannot be kept: {why}", zone.name)).with_help(format!(
        "copy what you need to another dataset first (`zfs snapshot -r {dataset}@old`, then `zfs send` and `zfs receive`), and \
         reinstall it without --snapshot"
    )))
}
