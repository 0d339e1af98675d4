//! Runs the steps of one zone in order, with the journal one step ahead, and undoes them when one fails.
//!
//! Invariant: what a step does is on disk before it runs; the entry goes last, so that an address is never free while its VNIC or
//! its zone exists. No other module loops over steps.

use std::time::{Duration, Instant};

use super::journal::{Journal, Note};
use super::origins;
use super::step_context::{StepContext, foreign};
use super::steps::{Boot, Halt, Phase, Probe, Step};
use crate::api::EventKind;
use crate::documents::zone::Before;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::value::name::ZoneName;

/// The steps of a plan for one zone.
pub(crate) type Steps = [Box<dyn Step>];

/// Treatment of a creation if a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Roll it back.
    RollBack,
    /// Keep it as `failed`.
    Keep,
}

/// Why steps are run. It determines the record in the journal, and the handling of a step that is already done on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To create a zone: the plan has just seen that nothing of it exists.
    Create,
    /// To create a zone from wherever an earlier run stopped.
    Resume,
    /// To boot a zone that is complete.
    Boot,
    /// To remove a zone.
    Destroy,
    /// To remove the files of a zone that is installed again.
    Empty,
    /// To change a zone in the state that it is in.
    Apply,
    /// To change a zone that was shut down for it.
    ApplyDown,
    /// To give a zone another name.
    Rename,
    /// To create a zone from files that are there.
    Attach,
    /// To take a zone from the host and keep its files.
    Detach,
    /// To update the packages of a zone.
    Update,
    /// To learn of updates.
    Catalogs,
    /// To remove links that a zone does not use.
    Unlink,
    /// To take, delete or roll back to a snapshot.
    Snapshot,
    /// To make a zone what it was before a failed operation.
    Restore,
}

/// Handling of a step that may already be done on the host.
enum Existing {
    /// Not asked: the plan knows that it is not there, or running it again does no harm.
    Unasked,
    /// Skipped if it is done, otherwise run.
    Skipped,
    /// Skipped if it is done, undone first if it is there in part.
    Redone,
}

impl Purpose {
    fn existing(self) -> Existing {
        match self {
            Purpose::Create
            | Purpose::Apply
            | Purpose::ApplyDown
            | Purpose::Snapshot
            | Purpose::Rename
            | Purpose::Attach
            | Purpose::Update
            | Purpose::Catalogs => Existing::Unasked,
            Purpose::Boot
            | Purpose::Destroy
            | Purpose::Detach
            | Purpose::Empty
            | Purpose::Unlink
            | Purpose::Restore => Existing::Skipped,
            Purpose::Resume => Existing::Redone,
        }
    }

    /// Returns the record of the journal while a step runs; `None` if the entry stays as it is.
    fn note(self, step: &str) -> Option<Note<'_>> {
        match self {
            Purpose::Create
            | Purpose::Resume
            | Purpose::Boot
            | Purpose::Empty
            | Purpose::ApplyDown
            | Purpose::Snapshot
            | Purpose::Rename
            | Purpose::Attach
            | Purpose::Update => Some(Note::Creating { step }),
            Purpose::Destroy | Purpose::Detach => Some(Note::Destroying { step }),
            Purpose::Apply | Purpose::Catalogs | Purpose::Unlink | Purpose::Restore => None,
        }
    }

    /// Returns the name of the operation, before the zone's.
    fn verb(self) -> &'static str {
        match self {
            Purpose::Create => "creating",
            Purpose::Resume => "finishing",
            Purpose::Destroy => "destroying",
            Purpose::Empty => "reinstalling",
            Purpose::Apply | Purpose::ApplyDown => "applying",
            Purpose::Rename => "renaming",
            Purpose::Snapshot => "working on a snapshot of",
            Purpose::Attach => "attaching",
            Purpose::Update | Purpose::Catalogs => "updating",
            Purpose::Detach => "detaching",
            Purpose::Boot => "booting",
            Purpose::Unlink => "removing links of",
            Purpose::Restore => "restoring",
        }
    }

    /// Adds the name of the failed operation to the error of a step.
    fn failed(self, zone: &ZoneName, stopped: Stopped) -> Error {
        let Stopped { step, error, .. } = stopped;
        match self {
            Purpose::Create
            | Purpose::Resume
            | Purpose::Empty
            | Purpose::Apply
            | Purpose::ApplyDown
            | Purpose::Snapshot
            | Purpose::Rename
            | Purpose::Attach
            | Purpose::Update
            | Purpose::Catalogs => error.with_context(format!("{} {zone} failed at {step}", self.verb())),
            Purpose::Detach => error
                .with_context(format!("detaching {zone} failed at {step}"))
                .with_help(format!("fix the cause, then run `zmgr recover {zone}`")),
            Purpose::Destroy => error
                .with_context(format!("destroying {zone} failed at {step}"))
                .with_help(format!("fix the cause, then run `zmgr destroy {zone}` again, or `zmgr recover {zone}`")),
            Purpose::Boot => error
                .with_context(format!("{zone} is ready but could not be booted"))
                .with_help(format!("the zone is kept; fix the cause, then run `zmgr boot {zone}`")),
            Purpose::Unlink | Purpose::Restore => error,
        }
    }
}

/// A step that failed, and its place among the steps.
struct Stopped {
    at: usize,
    step: String,
    error: Error,
}

/// Visits steps in the given order: the only loop over steps.
fn visit<'s>(
    step_context: &StepContext<'_>,
    steps: impl Iterator<Item = (usize, &'s dyn Step)>,
    mut act: impl FnMut(usize, &dyn Step) -> Result<()>,
) -> Result<(), Stopped> {
    for (at, step) in steps {
        let _inside = tracing::debug_span!("step", step = %step.id()).entered();
        let done = step_context.check_cancel().and_then(|()| act(at, step));
        if let Err(error) = done {
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            return Err(Stopped { at, step: step.id(), error });
        }
    }
    Ok(())
}

/// Runs steps in order, up to the first that fails.
pub(crate) fn run<'s>(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: impl IntoIterator<Item = &'s dyn Step>,
    purpose: Purpose,
) -> Result<()> {
    forward(step_context, journal, steps, purpose).map_err(|stopped| purpose.failed(step_context.zone, stopped))
}

fn forward<'s>(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: impl IntoIterator<Item = &'s dyn Step>,
    purpose: Purpose,
) -> Result<(), Stopped> {
    visit(step_context, steps.into_iter().enumerate(), |_, step| {
        step_context.next_step(&step.id());
        run_step(step_context, journal, step, purpose)
    })
}

fn run_step(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    step: &dyn Step,
    purpose: Purpose,
) -> Result<()> {
    let id = step.id();
    let existing = purpose.existing();
    if !matches!(existing, Existing::Unasked) {
        match step.probe(step_context)? {
            Probe::Done => return Ok(()),
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Partial if matches!(existing, Existing::Redone) => {
                note(journal, step_context, purpose.note(&id))?;
                step.undo(step_context)?;
            }
            Probe::Partial | Probe::Absent => {}
        }
    }
    step.prepare(step_context)?;
    note(journal, step_context, purpose.note(&id))?;
    let done = timed(step_context, step);
    // Everything it made is recorded even if it failed: with the next record, or at once if there is none.
    let noted = match purpose.note(&id) {
        Some(_) => {
            journal.keep(&step_context.made);
            Ok(())
        }
        None => journal.note_made(&step_context.made),
    };
    done.and(noted)?;
    if let Some(uuid) = step_context.uuid.take() {
        journal.installed(Some(uuid));
    }
    Ok(())
}

/// Writes what is about to be done, with the datasets made so far.
fn note(journal: &mut Journal<'_>, step_context: &StepContext<'_>, note: Option<Note<'_>>) -> Result<()> {
    match note {
        Some(note) => {
            journal.keep(&step_context.made);
            journal.note(note)
        }
        None => journal.note_made(&step_context.made),
    }
}

/// Runs one step, with events around it.
fn timed(step_context: &StepContext<'_>, step: &dyn Step) -> Result<()> {
    let started = Instant::now();
    step_context.begin()?;
    step.run(step_context)?;
    step_context.emit(EventKind::StepDone { elapsed: started.elapsed() });
    Ok(())
}

/// Creates a zone, for this purpose. On failure rolls back, the entry included, or keeps what was done as `failed`.
pub(crate) fn create(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    purpose: Purpose,
    failure: Failure,
) -> Result<()> {
    undoable(step_context, journal, steps, purpose, failure)
}

/// Runs steps that are all undone if one of them fails.
pub(crate) fn change(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    purpose: Purpose,
) -> Result<()> {
    undoable(step_context, journal, steps, purpose, Failure::RollBack)
}

fn undoable(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    purpose: Purpose,
    failure: Failure,
) -> Result<()> {
    // A cancellation that arrives with the last event still rolls everything back.
    let last = |error| Stopped { at: steps.len().saturating_sub(1), step: String::new(), error };
    forward(step_context, journal, each(steps), purpose)
        .and_then(|()| step_context.checkpoint().map_err(last))
        .map_err(|stopped| failed(step_context, journal, steps, purpose, failure, stopped))
}

/// Changes a complete zone. `first_final`: the place of the first step that cannot be undone once it is done; up to there a failure
/// makes the zone what it was, and after it recovery resumes.
pub(crate) fn run_or_roll_back(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    first_final: usize,
) -> Result<()> {
    let Err(stopped) = forward(step_context, journal, each(steps), Purpose::Snapshot) else { return Ok(()) };
    let (at, zone) = (stopped.at, step_context.zone);
    let error = Purpose::Snapshot.failed(zone, stopped);
    if at > first_final {
        let error = error.with_help(format!("fix the cause, then run `zmgr recover {zone}` to resume"));
        return Err(match journal.note(Note::GivenUp) {
            Ok(()) => error,
            Err(also) => error.with_detail(also.to_detail()),
        });
    }
    Err(match roll_back(step_context, journal, steps, at) {
        Ok(()) => error.with_context(format!("{zone} is unchanged")),
        Err(also) => error.with_detail(also.to_detail()).with_help(format!("run `zmgr recover {zone}`")),
    })
}

/// Removes a zone, its entry last. A failure leaves the entry as it stands: `recover` resumes or, while nothing is lost, restores.
pub(crate) fn destroy(step_context: &StepContext<'_>, journal: &mut Journal<'_>, steps: &Steps) -> Result<()> {
    run(step_context, journal, each(steps), Purpose::Destroy)?;
    release(step_context, journal, Some(Note::Destroying { step: RELEASE })).map_err(|error| {
        Purpose::Destroy.failed(step_context.zone, Stopped { at: 0, step: RELEASE.to_owned(), error })
    })?;
    journal.remove()
}

/// Step of a destruction in which the claims of the zone end. Until then its entry holds its addresses.
pub(crate) const RELEASE: &str = "release";

/// Ends the claims of an entry that is about to be removed.
pub(crate) fn release(step_context: &StepContext<'_>, journal: &mut Journal<'_>, note: Option<Note<'_>>) -> Result<()> {
    let Some(membership) = &step_context.membership else { return Ok(()) };
    let Some(entry) = journal.entry()? else { return Ok(()) };
    let Some(wanted) =
        membership.wanted(&entry).filter(|_| matches!(entry.intent.before, None | Some(Before::Desired)))
    else {
        return Ok(());
    };
    if let Some(note) = note {
        journal.note(note)?;
    }
    step_context.next_step(RELEASE);
    let released = membership.release(&wanted);
    if let Err(error) = &released {
        step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
    }
    released
}

/// Takes a zone from the host; its entry stays, and with it everything that the zone holds.
pub(crate) fn detach(step_context: &StepContext<'_>, journal: &mut Journal<'_>, steps: &Steps) -> Result<()> {
    run(step_context, journal, each(steps), Purpose::Detach)?;
    journal.detached()
}

/// Undoes steps, from the last to the first, up to the first that cannot be undone. `before`: number of the steps before them.
pub(crate) fn undo_all(step_context: &StepContext<'_>, before: usize, steps: &Steps) -> Result<()> {
    let total = step_context.position().1;
    let all = each(steps).enumerate().collect::<Vec<_>>();
    visit(step_context, all.into_iter().rev(), |n, step| {
        step_context.set_step(&step.id(), (before + n + 1, total));
        step.undo(step_context)
    })
    .map_err(|stopped| stopped.error)
}

/// Does what comes after the last step that can be undone: boots the zone, and notes that it is `ready`, even if the boot fails.
pub(crate) fn finish(step_context: &StepContext<'_>, journal: &mut Journal<'_>, boot: Option<&Boot>) -> Result<()> {
    origins::settle(step_context)?;
    step_context.made.settle(&step_context.host)?;
    journal.keep(&step_context.made);
    // The boot is recorded as a step, so that recovery boots the zone if zmgr dies.
    if let Some(boot) = boot.filter(|_| step_context.boots_later.get()) {
        return journal.note(Note::Creating { step: &boot.id() });
    }
    let booted = boot.map_or(Ok(()), |boot| run(step_context, journal, [boot as &dyn Step], Purpose::Boot));
    journal.note(Note::Ready)?;
    booted
}

/// Boots a zone that ran before the operation that is rolled back. If zmgr died while halting it, it may be half way down, where it
/// stays until it is halted again.
pub(crate) fn boot_again(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    boot: &Boot,
    halt_limit: Duration,
) -> Result<()> {
    let state = step_context.host.zone_state(step_context.zone)?.map(|zone| zone.state);
    if matches!(state, Some(ZoneState::ShuttingDown | ZoneState::Down)) {
        let halt = Halt { zone: step_context.zone.clone(), limit: halt_limit };
        run(step_context, journal, [&halt as &dyn Step], Purpose::Restore)?;
    }
    forward(step_context, journal, [boot as &dyn Step], Purpose::Restore)
        .map_err(|stopped| Purpose::Boot.failed(step_context.zone, stopped))
}

/// Returns the steps of a plan, for [`run`].
pub(crate) fn each(steps: &Steps) -> impl Iterator<Item = &dyn Step> {
    steps.iter().map(AsRef::as_ref)
}

fn failed(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    purpose: Purpose,
    failure: Failure,
    stopped: Stopped,
) -> Error {
    let Stopped { at, error, .. } = stopped;
    let step = steps[at].id();
    let verb = purpose.verb();
    if failure == Failure::Keep && error.code() != Code::Cancelled {
        let noted = journal.note(Note::Failed { step: &step });
        return match noted {
            Ok(()) => {
                let zone = step_context.zone;
                let why = error.help().map(|help| format!("; {help}")).unwrap_or_default();
                error
                    .with_context(format!("{verb} {zone} stopped at {step}, and what was done is kept"))
                    .with_help(format!("run `zmgr recover {zone}` to roll it back, with --resume to finish it{why}"))
            }
            Err(also) => error.with_detail(also.to_detail()),
        };
    }
    match roll_back(step_context, journal, steps, at) {
        Ok(()) => {
            let how = if error.code() == Code::Cancelled { "was cancelled" } else { "failed" };
            error.with_context(format!("{verb} {} {how} at {step} and was rolled back", step_context.zone))
        }
        Err(also) => {
            let code = error.code();
            let mut both = error.with_context(format!("{verb} {} failed at {step}", step_context.zone));
            let known = also.details().iter().any(|detail| detail.message == also.message());
            for detail in also.details().iter().cloned().chain((!known).then(|| also.to_detail())) {
                both = both.with_detail(detail);
            }
            let both =
                both.with_help(format!("run `zmgr recover {}`: its entry records what is left", step_context.zone));
            if code == Code::Cancelled {
                both
            } else {
                both.with_detail(Diagnostic::new("not-rolled-back", "the rollback is not complete"))
            }
        }
    }
}

/// Undoes the steps from `at` down to the first, then removes the entry.
///
/// A phase is left alone while something of a later one still exists: a zone whose files could not be removed keeps its
/// configuration, one whose configuration could not be deleted keeps its links.
pub(crate) fn roll_back(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    at: usize,
) -> Result<()> {
    step_context.undoing();
    match journal.note(Note::Undoing { step: &steps[at].id() }) {
        // Without an entry nothing can be recorded, but the steps must still be undone: nothing else would undo them.
        Err(_) if journal.is_gone() => {}
        noted => noted?,
    }
    let mut stuck: Option<(Phase, String)> = None;
    let mut failures: Vec<Error> = Vec::new();
    let total = step_context.position().1;
    let done = each(steps).enumerate().take(at + 1).collect::<Vec<_>>();
    visit(step_context, done.into_iter().rev(), |n, step| {
        if stuck.as_ref().is_some_and(|(phase, _)| step.phase() < *phase) {
            return Ok(());
        }
        step_context.set_step(&step.id(), (n + 1, total));
        step_context.emit(EventKind::Undoing);
        match step.undo(step_context) {
            // Cancelled twice: the entry records that it is being undone, and recovery continues from there.
            Err(error) if error.code() == Code::Cancelled => Err(error),
            Err(error) => {
                step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
                stuck.get_or_insert((step.phase(), step.id()));
                failures.push(error.with_context(format!("cannot undo {}", step.id())));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    })
    .map_err(|stopped| stopped.error)?;
    journal.keep(&step_context.made);
    let Some((_, step)) = stuck else {
        release(step_context, journal, None)?;
        return journal.take_back();
    };
    if let Err(error) = journal.note(Note::Failed { step: &step }) {
        failures.push(error);
    }
    let details = failures.iter().map(Error::to_detail).collect();
    let first = failures.swap_remove(0);
    Err(first.with_details(details))
}
