//! Takes a snapshot of a zone.

use super::changes;
use super::work::{Subject, Work, change, subject};
use super::zone_data::{ZoneData, excluded};
use crate::api::Request;
use crate::documents::snapshot::TakenSnapshot;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::operations::context::Context;
use crate::operations::steps::{KeepCopy, Step, TakeSnapshot};
use crate::operations::taken::Taken;
use crate::value::name::{SnapshotLabel, ZoneName};

/// Longest name of a dataset or snapshot.
const MAX_NAME: usize = 255;

/// Plans to take a snapshot of this zone at this time; without a label, it is named after the time.
pub(crate) fn plan(context: &Context, name: &ZoneName, label: Option<&str>, created: &str) -> Result<Work> {
    let subject = subject(context, name)?;
    let entry = &subject.document.value;
    let (record, data) = claim(context, &subject, label, created)?;
    let steps = steps(context, &subject, record.clone(), &data)?;
    let config = context.host.zone_config(name.as_str())?;
    let mut notes: Vec<String> =
        excluded(config.as_ref()).iter().map(|what| format!("{what} is not in the snapshot")).collect();
    if subject.zone.state.is_active() {
        notes.push(format!("{name} is running: the snapshot has its files as after a loss of power"));
    }
    let planned = steps.iter().map(|step| step.planned()).collect();
    let request = Request::SnapshotCreate { label: record.label.to_string(), created: created.to_owned() };
    let change = change(context, &subject, request, planned, notes, true)?;
    Ok(Work {
        entry: entry.clone(),
        first_final: steps.len(),
        steps,
        claim: Some(record),
        running: false,
        boot: None,
        change,
    })
}

/// Chooses the label and the name of a snapshot of this zone, and finds the datasets that it is of.
pub(super) fn claim(
    context: &Context,
    subject: &Subject,
    label: Option<&str>,
    created: &str,
) -> Result<(TakenSnapshot, ZoneData)> {
    let entry = &subject.document.value;
    let name = &entry.name;
    if matches!(subject.zone.state, ZoneState::Configured | ZoneState::Incomplete) {
        let message =
            format!("{name} is {}: only an installed zone has files to take a snapshot of", subject.zone.state);
        return Err(
            Error::new(Code::WrongState, message).with_help(format!("run `zmgr reinstall {name}` to install it again"))
        );
    }
    let label = match label {
        Some(label) => SnapshotLabel::new(label)?,
        None => generated(entry.snapshots.as_slice(), created)?,
    };
    if entry.snapshots.iter().any(|record| record.label == label) {
        return Err(Error::new(Code::Exists, format!("{name} has a snapshot {:?} already", label.as_str()))
            .with_help(format!("choose another label, or run `zmgr snapshot delete {name} {label}` first")));
    }
    let data = ZoneData::of(&context.host, &subject.zone)?;
    let record = TakenSnapshot::claim(&subject.id, label.clone(), created, &data.parts);
    check_free(context, &record)?;
    Ok((record, data))
}

/// Returns the steps that take a snapshot.
pub(super) fn steps(
    context: &Context,
    subject: &Subject,
    record: TakenSnapshot,
    data: &ZoneData,
) -> Result<Vec<Box<dyn Step>>> {
    let copy = KeepCopy {
        registry: context.registry.clone(),
        zone: subject.document.value.name.clone(),
        label: record.label.clone(),
        text: changes::copy_of(&subject.document)?,
    };
    let take = TakeSnapshot { record, base: data.base.clone(), recursive: data.recursive };
    Ok(vec![Box::new(copy), Box::new(take)])
}

/// Returns a label that names the time.
fn generated(known: &[TakenSnapshot], created: &str) -> Result<SnapshotLabel> {
    let time: String = created.chars().filter(char::is_ascii_alphanumeric).collect();
    let more = (2..).map(|n| format!("{time}-{n}"));
    let free = |label: &String| !known.iter().any(|record| record.label.as_str() == label);
    SnapshotLabel::new(std::iter::once(time.clone()).chain(more).find(free).unwrap_or_default())
}

/// Checks that the name fits every dataset, and that no dataset of the pool has such a snapshot: the host could not move this one
/// where another of the same name is.
fn check_free(context: &Context, record: &TakenSnapshot) -> Result<()> {
    let names = record.parts.iter().map(|part| format!("{}@{}", part.dataset, record.name));
    if let Some(long) = names.clone().find(|name| name.len() > MAX_NAME) {
        let message = format!("the snapshot's name would be longer than {MAX_NAME} bytes: {long}");
        return Err(Error::new(Code::InvalidArgument, message).with_help("choose a shorter label"));
    }
    if Taken::of(&context.host, std::iter::once(record))?.is_named(&record.name) {
        let message = format!("a dataset of the pool has a snapshot {} already", record.name);
        return Err(Error::new(Code::Exists, message).with_help("choose another label"));
    }
    Ok(())
}
