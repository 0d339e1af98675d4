//! Does steps one after the other with the journal a step ahead, and takes them back when one fails.
//!
//! Invariant: what a step does is on disk before it runs; the entry goes last, so that an address is never free while its VNIC or
//! its zone exists.

use std::time::Instant;

use super::EventKind;
use super::journal::{Journal, Note};
use super::step_context::StepContext;
use super::steps::{Probe, Step, foreign};
use crate::error::{Code, Diagnostic, Error, Result};

/// A plan's steps for one zone.
pub(crate) type Steps = [Box<dyn Step>];

/// What to do with the steps done when a later one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    RollBack,
    Keep,
}

/// Creates: does the steps from `first` on. On failure takes back what was done, and the entry with it, or keeps both as `failed`.
pub(crate) fn create(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    first: usize,
    failure: Failure,
) -> Result<()> {
    for (n, step) in steps.iter().enumerate().skip(first) {
        step_context.set_step(&step.id(), (n + 1, steps.len()));
        let done = step_context
            .check_cancel()
            .and_then(|()| step.prepare(step_context))
            .and_then(|()| {
                journal.keep(&step_context.made);
                journal.note(Note::Creating { step: &step.id() })
            })
            .and_then(|()| timed(step_context, step.as_ref()));
        journal.keep(&step_context.made);
        if let Err(error) = done {
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            return Err(failed(step_context, journal, steps, n, failure, error));
        }
        if let Some(uuid) = step_context.uuid.take() {
            journal.installed(Some(uuid));
        }
    }
    // Refused at the last word of the last step: still time to take it all back.
    step_context
        .checkpoint()
        .map_err(|error| failed(step_context, journal, steps, steps.len().saturating_sub(1), failure, error))
}

/// Does one step, and tells of it.
pub(crate) fn timed(step_context: &StepContext<'_>, step: &dyn Step) -> Result<()> {
    let started = Instant::now();
    step_context.begin()?;
    step.run(step_context)?;
    step_context.emit(EventKind::StepDone { elapsed: started.elapsed() });
    Ok(())
}

fn failed(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    at: usize,
    failure: Failure,
    error: Error,
) -> Error {
    let step = steps[at].id();
    if failure == Failure::Keep && error.code() != Code::Cancelled {
        let noted = journal.note(Note::Failed { step: &step });
        return match noted {
            Ok(()) => {
                let zone = step_context.zone;
                let why = error.help().map(|help| format!("; {help}")).unwrap_or_default();
                error
                    .with_context(format!("creating {zone} stopped at {step}, and what was done is kept"))
                    .with_help(format!("zmgr recover {zone} takes it back, with --resume it goes on{why}"))
            }
            Err(also) => error.with_detail(finding(&also)),
        };
    }
    match roll_back(step_context, journal, steps, at) {
        Ok(()) => {
            let how = if error.code() == Code::Cancelled { "was cancelled" } else { "failed" };
            error.with_context(format!("creating {} {how} at {step} and was rolled back", step_context.zone))
        }
        Err(also) => {
            let code = error.code();
            let mut both = error.with_context(format!("creating {} failed at {step}", step_context.zone));
            let known = also.details().iter().any(|detail| detail.message == also.message());
            for detail in also.details().iter().cloned().chain((!known).then(|| finding(&also))) {
                both = both.with_detail(detail);
            }
            let both =
                both.with_help(format!("what is left is noted in its entry: run zmgr recover {}", step_context.zone));
            if code == Code::Cancelled {
                both
            } else {
                both.with_detail(Diagnostic::new("not-rolled-back", "the roll back did not come to its end"))
            }
        }
    }
}

/// Takes back the steps from `at` down to the first, then the entry.
///
/// A phase is left alone while something of a later one is still there: a zone whose files could not be removed keeps its
/// configuration, one whose configuration could not be deleted keeps its links.
pub(crate) fn roll_back(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    at: usize,
) -> Result<()> {
    step_context.undoing();
    match journal.note(Note::Undoing { step: &steps[at.min(steps.len().saturating_sub(1))].id() }) {
        // Without an entry nothing can be noted, but what was made can still be taken back, and nobody else would.
        Err(_) if journal.is_gone() => {}
        noted => noted?,
    }
    let mut stuck: Option<(super::recover::Phase, String)> = None;
    let mut failures: Vec<Error> = Vec::new();
    for (n, step) in steps.iter().enumerate().take(at + 1).rev() {
        if stuck.as_ref().is_some_and(|(phase, _)| step.phase() < *phase) {
            break;
        }
        step_context.set_step(&step.id(), (n + 1, steps.len()));
        step_context.check_cancel()?;
        step_context.emit(EventKind::Undoing);
        if let Err(error) = step.undo(step_context) {
            // Asked twice to stop: the entry says that it is being undone, and recovery goes on from there.
            if error.code() == Code::Cancelled {
                return Err(error);
            }
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            stuck.get_or_insert((step.phase(), step.id()));
            failures.push(error.with_context(format!("taking back {}", step.id())));
        }
    }
    journal.keep(&step_context.made);
    let Some((_, step)) = stuck else {
        return journal.take_back();
    };
    if let Err(error) = journal.note(Note::Failed { step: &step }) {
        failures.push(error);
    }
    let details = failures.iter().map(finding).collect();
    let first = failures.swap_remove(0);
    Err(first.with_details(details))
}

/// Creates from wherever an earlier run came to: what is done is left, what was begun is taken back and done again. A failure leaves
/// the entry as it stands.
pub(crate) fn resume(step_context: &StepContext<'_>, journal: &mut Journal<'_>, steps: &Steps) -> Result<()> {
    for (n, step) in steps.iter().enumerate() {
        let id = step.id();
        step_context.set_step(&id, (n + 1, steps.len()));
        step_context.check_cancel()?;
        let probe = step.probe(step_context)?;
        if probe == Probe::Done {
            continue;
        }
        let ready = match probe {
            Probe::Foreign(what) => Err(foreign(what)),
            Probe::Partial => journal.note(Note::Creating { step: &id }).and_then(|()| step.undo(step_context)),
            Probe::Absent | Probe::Done => Ok(()),
        };
        let done = ready
            .and_then(|()| step.prepare(step_context))
            .and_then(|()| {
                journal.keep(&step_context.made);
                journal.note(Note::Creating { step: &id })
            })
            .and_then(|()| timed(step_context, step.as_ref()));
        journal.keep(&step_context.made);
        if let Err(error) = done {
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            return Err(error.with_context(format!("finishing {} failed at {id}", step_context.zone)));
        }
        if let Some(uuid) = step_context.uuid.take() {
            journal.installed(Some(uuid));
        }
    }
    Ok(())
}

/// Destroys: does the steps from `first` on, then removes the entry. A failure leaves the entry as it stands: `recover` goes on
/// from there or, while nothing is lost, back.
pub(crate) fn destroy(
    step_context: &StepContext<'_>,
    journal: &mut Journal<'_>,
    steps: &Steps,
    first: usize,
) -> Result<()> {
    for (n, step) in steps.iter().enumerate().skip(first) {
        let id = step.id();
        step_context.set_step(&id, (n + 1, steps.len()));
        let done =
            step_context.check_cancel().and_then(|()| journal.note(Note::Destroying { step: &id })).and_then(|()| {
                match step.probe(step_context)? {
                    Probe::Done => Ok(()),
                    Probe::Foreign(what) => Err(foreign(what)),
                    Probe::Absent | Probe::Partial => timed(step_context, step.as_ref()),
                }
            });
        if let Err(error) = done {
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            return Err(error.with_context(format!("destroying {} failed at {id}", step_context.zone)).with_help(
                format!("mend the cause, then run zmgr destroy {0} again, or zmgr recover {0}", step_context.zone),
            ));
        }
    }
    journal.remove()
}

/// Does the steps that take a zone down before it is installed again. A failure leaves the entry as it stands.
pub(crate) fn empty(step_context: &StepContext<'_>, journal: &mut Journal<'_>, steps: &Steps) -> Result<()> {
    for (n, step) in steps.iter().enumerate() {
        let id = step.id();
        step_context.set_step(&id, (n + 1, steps.len()));
        step_context.check_cancel()?;
        match step.probe(step_context)? {
            Probe::Done => continue,
            Probe::Foreign(what) => return Err(foreign(what)),
            Probe::Absent | Probe::Partial => journal.note(Note::Creating { step: &id })?,
        }
        if let Err(error) = timed(step_context, step.as_ref()) {
            step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
            return Err(error.with_context(format!("reinstalling {} failed at {id}", step_context.zone)));
        }
    }
    Ok(())
}

/// An error as a detail of another.
pub(crate) fn finding(error: &Error) -> Diagnostic {
    let finding = Diagnostic::new(error.code().slug(), error.message());
    match error.help() {
        Some(help) => finding.with_help(help),
        None => finding,
    }
}
