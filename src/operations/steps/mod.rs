//! The steps that plans are made of. Each knows its command, how to tell whether it has been done, and how to take it back.
//!
//! Invariant: a step may be run, probed and undone any number of times, and after being killed at any instant.

mod autoboot;
mod boot;
mod configure;
mod dataset;
mod first_boot;
mod halt;
mod install;
mod link_property;
mod publishers;
mod quota;
mod reconfigure;
mod unconfigure;
mod uninstall;
mod unlink;
mod vnic;

pub(crate) use autoboot::Autoboot;
pub(crate) use boot::Boot;
pub(crate) use configure::{Configure, Extent};
pub(crate) use dataset::MakeDataset;
pub(crate) use first_boot::{Content, FirstBoot};
pub(crate) use halt::Halt;
pub(crate) use install::{Install, Origin};
pub(crate) use link_property::LinkProperty;
pub(crate) use publishers::{Image, Publishers, SetPublisher, difference as publisher_difference, tidy as tidy_uri};
pub(crate) use quota::Quota;
pub(crate) use reconfigure::Reconfigure;
pub(crate) use unconfigure::Unconfigure;
pub(crate) use uninstall::Uninstall;
pub(crate) use unlink::Unlink;
pub(crate) use vnic::Vnic;

use super::plan::{PlannedFile, PlannedStep};
use super::step_context::StepContext;
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;

/// How far a step has come on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Nothing of it is there.
    Absent,
    /// It was begun and not ended.
    Partial,
    /// It is done.
    Done,
    /// Something is there that this step did not make.
    Foreign(String),
}

/// How far a step goes: what the host can have after it, in the order of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Links: the zone is not on the host yet, or no longer.
    Links,
    /// The configuration is written or deleted.
    Configuration,
    /// The files are installed or uninstalled.
    Files,
    /// What comes while the zone is installed and inactive, or about to be.
    Settled,
}

/// One step of a plan.
pub(crate) trait Step: Send + Sync {
    /// What the journal notes: unique within the plan.
    fn id(&self) -> String;

    /// How far the host has come once it is done.
    fn phase(&self) -> Phase;

    /// Its command and files, for reading.
    fn planned(&self) -> PlannedStep;

    /// How far it has come.
    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe>;

    /// Checks what must hold right before it runs, and leaves with `step_context.made` what the journal has to say by then.
    fn prepare(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Does it, from `Absent`.
    fn run(&self, step_context: &StepContext<'_>) -> Result<()>;

    /// Takes it back, from whatever it has come to; nothing to take back is no failure. What somebody else made is left, and is
    /// the error `recovery-needed`.
    fn undo(&self, step_context: &StepContext<'_>) -> Result<()>;
}

/// How plans show a step: the kind is what comes before the `:` of its id.
fn planned(id: String, command: &Invocation, files: Vec<PlannedFile>, undo: Option<&Invocation>) -> PlannedStep {
    let kind = id.split(':').next().unwrap_or_default().to_owned();
    PlannedStep { id, kind, argv: shown(command), files, undo: undo.map(shown).unwrap_or_default() }
}

fn shown(command: &Invocation) -> Vec<String> {
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    argv
}

/// The error for a thing that somebody else made where zmgr's was expected.
pub(super) fn foreign(what: String) -> Error {
    Error::new(Code::RecoveryNeeded, what)
        .with_help("zmgr leaves alone what it did not make; look at it, then run the command again")
}
