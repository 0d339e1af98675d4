//! Runs the steps of an operation on a snapshot.

use crate::api::{Basis, Change, PlannedStep, Request};
use crate::documents::document::Document;
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{Before, Intent, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::operations::context::Context;
use crate::operations::executor;
use crate::operations::journal::Journal;
use crate::operations::step_context::StepContext;
use crate::operations::steps::{Boot, Step};
use crate::operations::{entries, evidence, golden, identity};
use crate::schema::did_you_mean;
use crate::value::EntryId;
use crate::value::name::{SnapshotLabel, ZoneName};

/// The planned work.
pub(crate) struct Work {
    pub(super) entry: ZoneEntry,
    pub(super) steps: Vec<Box<dyn Step>>,
    /// The first step that cannot be undone once it is done; the number of steps if all can.
    pub(super) first_final: usize,
    /// The record of a snapshot that is about to be taken.
    pub(super) claim: Option<TakenSnapshot>,
    /// The zone is shut down for the operation.
    pub(super) running: bool,
    pub(super) boot: Option<Boot>,
    pub(crate) change: Change,
}

/// A zone that an operation on its files can begin with.
pub(crate) struct Subject {
    pub(crate) document: Document<ZoneEntry>,
    pub(crate) id: EntryId,
    pub(crate) zone: HostZone,
}

/// Reads the entry of a zone, and checks that the zone on the host is the one of the entry and no operation on it is unfinished.
pub(crate) fn subject(context: &Context, name: &ZoneName) -> Result<Subject> {
    let document = entries::document(context, name)?;
    identity::settled(&document.value)?;
    golden::refuse(&document.value, "changed")?;
    of_document(context, document)
}

/// Reads the entry of a zone whose operation the caller goes on with.
pub(crate) fn unfinished_subject(context: &Context, name: &ZoneName) -> Result<Subject> {
    of_document(context, entries::document(context, name)?)
}

fn of_document(context: &Context, document: Document<ZoneEntry>) -> Result<Subject> {
    let name = &document.value.name;
    let Some(id) = document.value.id.clone() else {
        return Err(Error::new(Code::RecoveryNeeded, format!("the entry of {name} has a state but no id"))
            .with_help(format!("it was edited: check zones/{name}.kdl")));
    };
    let Some(zone) = context.host.zone_state(name)? else {
        return Err(Error::new(Code::WrongState, format!("the host does not have zone {name}"))
            .with_help(format!("run `zmgr apply --recreate {name}` to create it again")));
    };
    identity::same_installation(&document.value, &zone)?;
    Ok(Subject { document, id, zone })
}

/// Returns the record of this snapshot.
pub(super) fn recorded<'e>(entry: &'e ZoneEntry, label: &SnapshotLabel) -> Result<&'e TakenSnapshot> {
    entry.snapshots.iter().find(|record| record.label == *label).ok_or_else(|| {
        let known: Vec<&str> = entry.snapshots.iter().map(|record| record.label.as_str()).collect();
        let help = match (did_you_mean(label.as_str(), known.iter().copied()), known.as_slice()) {
            (Some(near), _) => format!("did you mean {near:?}?"),
            (None, []) => format!("zmgr has taken no snapshot of it; `zmgr snapshot create {}` takes one", entry.name),
            (None, known) => format!("name one of {}", known.join(", ")),
        };
        Error::new(Code::NotFound, format!("{} has no snapshot {label:?}", entry.name)).with_help(help)
    })
}

/// Returns the change that these steps make.
pub(super) fn change(
    context: &Context,
    subject: &Subject,
    request: Request,
    steps: Vec<PlannedStep>,
    notes: Vec<String>,
    unproven: bool,
) -> Result<Change> {
    let id = subject.id.to_string();
    let mut change = Change {
        zone: subject.document.value.name.to_string(),
        entry_id: id.clone(),
        request,
        spec: serde_json::Value::Null,
        steps,
        notes,
        basis: Basis { entry: id, ..Basis::default() },
    };
    evidence::annotate(&mut change, &context.host, Some(&subject.zone.brand), unproven)?;
    Ok(change)
}

impl Work {
    /// Returns the label of the snapshot that is taken.
    pub(crate) fn label(&self) -> Option<SnapshotLabel> {
        self.claim.as_ref().map(|claim| claim.label.clone())
    }

    /// Runs it. A failure before anything is lost makes the zone what it was.
    pub(crate) fn run(&self, context: &Context, step_context: &StepContext<'_>) -> Result<()> {
        let Some(id) = self.entry.id.clone() else {
            return Err(Error::new(Code::Internal, "an entry without id"));
        };
        let mut journal = Journal::new(&context.registry, step_context.zone, id).on_snapshot();
        journal.intend(Intent { running: self.running, before: Some(Before::Ready), ..Intent::default() });
        if let Some(claim) = &self.claim {
            step_context.made.took(claim.clone());
        }
        journal.keep(&step_context.made);
        executor::run_or_roll_back(step_context, &mut journal, &self.steps, self.first_final)?;
        executor::finish(step_context, &mut journal, self.boot.as_ref())
    }

    /// Runs it as an operation of its own, which it announces.
    pub(super) fn run_alone(&self, context: &Context, step_context: &StepContext<'_>) -> Result<()> {
        step_context.start(Some(&self.change));
        step_context.made.recorded(&self.entry);
        step_context.plan_steps(self.change.steps.len());
        self.run(context, step_context)
    }
}
